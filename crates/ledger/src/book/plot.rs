//! One family of a subnet, address by address: what is claimed, by which slot, and what is excluded and idle. All else
//! is free.
//!
//! In: claims, releases, excluded ranges. Out: who has an address, the first free one, counts, and the longest free
//! runs of any block. Guarantee: an address is claimed once, or idle, or free; free runs are not stored, they are the
//! gaps. Addresses outside the subnet may be claimed as well: a claim is a fact.

use crate::{
    runs::{Run, Runs},
    tree::{Entry, Kind, Rare, Tree},
    word::Word,
};

/// Instead of a slot: excluded, and claimed by nobody.
const IDLE: u32 = u32::MAX;

/// Taken addresses: a claim is a run of one with the slot of its NIC, idle ones are runs. The longest gaps are sought.
#[derive(Clone, Copy, Default)]
struct Taken;

/// How many addresses of a part are claimed, and how many are idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally<W> {
    pub(super) claimed: W,
    pub(super) idle: W,
}

impl<W: Word> Kind<W> for Taken {
    type Value = u32;
    type Count = Tally<W>;
    type Ends = Rare<W>;
    const GAPS: bool = true;

    fn count((first, last, slot): Entry<W, u32>) -> Tally<W> {
        let length = last.sub(first).add(W::from_bits(1));
        if slot == IDLE {
            Tally { claimed: W::default(), idle: length }
        } else {
            Tally { claimed: length, idle: W::default() }
        }
    }

    fn plus(a: Tally<W>, b: Tally<W>) -> Tally<W> {
        Tally { claimed: a.claimed.add(b.claimed), idle: a.idle.add(b.idle) }
    }

    fn minus(a: Tally<W>, b: Tally<W>) -> Tally<W> {
        Tally { claimed: a.claimed.sub(b.claimed), idle: a.idle.sub(b.idle) }
    }
}

#[derive(Clone)]
pub(super) struct Plot<W: Word> {
    tree: Tree<W, Taken>,
}

impl<W: Word> Plot<W> {
    pub(super) const fn new() -> Self {
        Self { tree: Tree::new() }
    }

    /// Which slot claims `at`.
    pub(super) fn slot_of(&self, at: W) -> Option<u32> {
        self.tree.find(at).map(|(_, _, slot)| slot).filter(|&slot| slot != IDLE)
    }

    /// Claims `at` for `slot`, unless another slot or the same claims it: that is the error.
    pub(super) fn claim(&mut self, at: W, slot: u32) -> Result<(), u32> {
        let place = self.tree.seek(at);
        let claim = (at, at, slot);
        match self.tree.below(&place).filter(|entry| at <= entry.1) {
            None => self.tree.insert(&place, claim),
            Some((first, last, IDLE)) => {
                let below = at.prev().filter(|&before| first <= before).map(|before| (first, before, IDLE));
                let above = at.next().filter(|&behind| behind <= last).map(|behind| (behind, last, IDLE));
                match below {
                    None => self.tree.replace(&place, claim),
                    Some(below) => {
                        self.tree.replace(&place, below);
                        self.tree.insert(&place, claim);
                    }
                }
                if let Some(above) = above {
                    let place = self.tree.seek(at);
                    self.tree.insert(&place, above);
                }
            }
            Some((_, _, by)) => return Err(by),
        }
        Ok(())
    }

    /// Ends the claim of `at`, which is idle from now on or else free; whose it was.
    pub(super) fn release(&mut self, at: W, idle: bool) -> Option<u32> {
        let place = self.tree.seek(at);
        let (_, _, slot) = self.tree.below(&place).filter(|entry| at <= entry.1 && entry.2 != IDLE)?;
        self.tree.remove(&place);
        if idle {
            self.put_idle((at, at));
        }
        Some(slot)
    }

    /// Makes what is free of `range` idle.
    pub(super) fn exclude(&mut self, range: Run<W>) {
        let mut gaps = Vec::new();
        self.tree.gaps_between(range.0, range.1, &mut |gap| gaps.push(gap));
        for gap in gaps {
            self.put_idle(gap);
        }
    }

    /// Makes what is idle of `range` free.
    pub(super) fn include(&mut self, range: Run<W>) {
        let met = self.tree.walk_between(range.0, range.1).filter(|entry| entry.2 == IDLE);
        for (first, last, _) in met.collect::<Vec<_>>() {
            let place = self.tree.seek(first);
            let below = range.0.prev().filter(|&before| first <= before).map(|before| (first, before, IDLE));
            let above = range.1.next().filter(|&behind| behind <= last).map(|behind| (behind, last, IDLE));
            match (below, above) {
                (None, None) => self.tree.remove(&place),
                (Some(rest), None) | (None, Some(rest)) => self.tree.replace(&place, rest),
                (Some(below), Some(above)) => {
                    self.tree.replace(&place, below);
                    self.tree.insert(&place, above);
                }
            }
        }
    }

    /// Makes a free run idle: one run with the idle ones that it touches.
    fn put_idle(&mut self, (mut first, mut last): Run<W>) {
        let place = self.tree.seek(first);
        if let Some(above) = self.tree.above(&place).filter(|entry| entry.2 == IDLE && last.next() == Some(entry.0)) {
            let place = self.tree.seek(above.0);
            self.tree.remove(&place);
            last = above.1;
        }
        let place = self.tree.seek(first);
        match self.tree.below(&place).filter(|entry| entry.2 == IDLE && entry.1.next() == Some(first)) {
            Some(below) => {
                first = below.0;
                self.tree.replace(&place, (first, last, IDLE));
            }
            None => self.tree.insert(&place, (first, last, IDLE)),
        }
    }

    /// The lowest address from `at` on that is neither claimed nor idle.
    pub(super) fn first_free_from(&self, at: W) -> Option<W> {
        self.tree.first_gap_from(at)
    }

    /// How many addresses are claimed and idle, in all.
    pub(super) fn tally(&self) -> Tally<W> {
        self.tree.sum().map(|sum| sum.count).unwrap_or_default()
    }

    /// How many addresses from `first` to `last` are claimed and idle.
    pub(super) fn tally_between(&self, (first, last): Run<W>) -> Tally<W> {
        self.tree.count_between(first, last).unwrap_or_default()
    }

    /// The free runs from `first` to `last`, longest first, the lower first among equals.
    pub(super) fn longest_free_between(&self, (first, last): Run<W>) -> impl Iterator<Item = Run<W>> + '_ {
        self.tree.longest_between(first, last)
    }

    /// The free addresses of `range`.
    pub(super) fn free_in(&self, range: Run<W>) -> Runs<W> {
        let mut free = Vec::new();
        self.tree.gaps_between(range.0, range.1, &mut |gap| free.push(gap));
        Runs::from_sorted(free)
    }

    /// The idle addresses.
    pub(super) fn idle(&self) -> Runs<W> {
        let mut idle = Vec::new();
        self.tree.walk_where(|tally| tally.idle > W::default(), &mut |(first, last, _)| idle.push((first, last)));
        Runs::from_sorted(idle)
    }

    /// The claims from `first` to `last` in order, with their slots.
    pub(super) fn claims_between(&self, (first, last): Run<W>) -> impl DoubleEndedIterator<Item = (W, u32)> + '_ {
        self.tree.walk_between(first, last).filter(|entry| entry.2 != IDLE).map(|(at, _, slot)| (at, slot))
    }
}

impl<W: Word> std::fmt::Debug for Plot<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries =
            self.tree.walk().map(|(first, last, slot)| (W::range((first, last)), (slot != IDLE).then_some(slot)));
        f.debug_map().entries(entries).finish()
    }
}
