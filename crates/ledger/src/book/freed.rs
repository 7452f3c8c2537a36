//! The addresses that were given back, in the lines in which they wait to go out again.
//!
//! In: addresses that are given back, each with a time, and those that are claimed again. Out: whether one was in use
//! before, and which has waited longest in a line. Guarantee: an address is here once and in one line at most, and a
//! line is in the order of the times. What is about one address takes the same time however many there are; for ranges,
//! which only a change of the rules asks for, it looks at all. Who may be in which line, its caller knows.

use super::table::{NONE, Table};
use crate::{runs::Runs, word::Word};

/// Addresses that wait, the one that was given back longest ago first: notes of one [`Freed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    oldest: u32,
    newest: u32,
}

impl Line {
    pub(super) const EMPTY: Self = Self { oldest: NONE, newest: NONE };
}

/// An address, since when it is free, and the number of its note, which stays the same until it is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since<W> {
    pub(super) at: W,
    pub(super) time: u64,
    pub(super) note: u32,
}

#[derive(Clone, Copy, Debug)]
struct Note<W> {
    at: W,
    time: u64,
    /// The notes beside it in its line. One that is its own neighbour is in no line.
    older: u32,
    /// As `older`. Of a note that stands for no address: the next such one.
    newer: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Freed<W> {
    /// The notes by their addresses.
    by_addr: Table,
    notes: Vec<Note<W>>,
    /// The first note that stands for no address.
    spare: u32,
}

/// Neighbours go far apart: addresses come in runs.
fn spread<W: Word>(at: W) -> u32 {
    // The golden ratio of 2^64: multiples of it fill the upper bits most evenly.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let bits = at.bits();
    #[expect(clippy::cast_possible_truncation, reason = "both halves count, then the upper bits")]
    let hash = ((((bits >> 64) as u64).wrapping_mul(STEP) ^ bits as u64).wrapping_mul(STEP) >> 32) as u32;
    hash
}

impl<W: Word> Freed<W> {
    pub(super) const fn new() -> Self {
        Self { by_addr: Table::new(), notes: Vec::new(), spare: NONE }
    }

    fn note(&self, note: u32) -> &Note<W> {
        &self.notes[note as usize]
    }

    fn note_mut(&mut self, note: u32) -> &mut Note<W> {
        &mut self.notes[note as usize]
    }

    /// The note of `at`, if it is free and was in use before.
    pub(super) fn find(&self, at: W) -> Option<u32> {
        if self.by_addr.is_empty() {
            return None;
        }
        self.by_addr.under(spread(at)).find(|&note| self.note(note).at == at)
    }

    /// `at`, which is not here, is free since then. It waits in no line yet.
    pub(super) fn insert(&mut self, at: W, time: u64) -> u32 {
        let id = if self.spare == NONE {
            // Each takes tens of bytes: memory ends before the numbers do.
            u32::try_from(self.notes.len()).ok().filter(|&id| id != NONE).expect("fewer than 2^32 - 1 freed addresses")
        } else {
            self.spare
        };
        let note = Note { at, time, older: id, newer: id };
        match self.notes.get_mut(id as usize) {
            None => self.notes.push(note),
            Some(place) => self.spare = std::mem::replace(place, note).newer,
        }
        self.by_addr.insert(spread(at), id);
        id
    }

    /// The address of a note is claimed. `line`: the one that it waits in, if it is in any.
    pub(super) fn remove(&mut self, id: u32, line: &mut Line) {
        self.leave(id, line);
        self.by_addr.remove(spread(self.note(id).at), id);
        self.note_mut(id).newer = std::mem::replace(&mut self.spare, id);
    }

    /// Takes a note out of its line, if it is in any.
    pub(super) fn leave(&mut self, id: u32, line: &mut Line) {
        let Note { older, newer, .. } = *self.note(id);
        if older == id {
            return;
        }
        self.link(older, newer, line);
        let note = self.note_mut(id);
        (note.older, note.newer) = (id, id);
    }

    /// Makes two notes neighbours. None stands for an end of the line.
    fn link(&mut self, older: u32, newer: u32, line: &mut Line) {
        match older {
            NONE => line.oldest = newer,
            _ => self.note_mut(older).newer = newer,
        }
        match newer {
            NONE => line.newest = older,
            _ => self.note_mut(newer).older = older,
        }
    }

    /// Puts a note that is in no line at the end of one: no time there is later than its own.
    pub(super) fn queue(&mut self, id: u32, line: &mut Line) {
        self.queue_before(NONE, id, line);
    }

    /// Puts notes that are in no line into one, each at its time. They come in the order of their times.
    pub(super) fn merge(&mut self, ids: impl IntoIterator<Item = u32>, line: &mut Line) {
        let mut next = line.oldest;
        for id in ids {
            while next != NONE && self.note(next).time < self.note(id).time {
                next = self.note(next).newer;
            }
            self.queue_before(next, id, line);
        }
    }

    fn queue_before(&mut self, newer: u32, id: u32, line: &mut Line) {
        let older = if newer == NONE { line.newest } else { self.note(newer).older };
        self.link(older, id, line);
        self.link(id, newer, line);
    }

    /// The addresses of a line, the one that has waited longest first.
    pub(super) fn waiting(&self, line: Line) -> impl Iterator<Item = W> + '_ {
        let note = |id: u32| (id != NONE).then(|| self.note(id));
        std::iter::successors(note(line.oldest), move |before| note(before.newer)).map(|note| note.at)
    }

    /// Those of `ranges`, in the order of their times.
    pub(super) fn within(&self, ranges: &Runs<W>) -> Vec<Since<W>> {
        let all = self.by_addr.all().map(|id| Since { at: self.note(id).at, time: self.note(id).time, note: id });
        let mut within: Vec<_> = all.filter(|since| ranges.find(since.at).is_some()).collect();
        within.sort_unstable_by_key(|since| since.time);
        within
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Two lines and what waits in neither, beside maps by address and by time.
        #[test]
        fn a_line_is_in_the_order_of_the_times_whoever_leaves_and_joins(
            steps in proptest::collection::vec((0_u32..24, 0_usize..4), 0..200),
        ) {
            let mut freed = Freed::new();
            let mut lines = [Line::EMPTY; 2];
            // The time of an address, and its line: none is no line.
            let mut naive = BTreeMap::<u32, (u64, Option<usize>)>::new();
            for (time, (at, what)) in (0_u64..).zip(steps) {
                let known = naive.get(&at).copied();
                prop_assert_eq!(freed.find(at).is_some(), known.is_some());
                match (what, known) {
                    (line @ (0 | 1), None) => {
                        let note = freed.insert(at, time);
                        freed.queue(note, &mut lines[line]);
                        naive.insert(at, (time, Some(line)));
                    }
                    (2, None) => {
                        freed.insert(at, time);
                        naive.insert(at, (time, None));
                    }
                    (3, Some((_, line))) => {
                        freed.remove(freed.find(at).unwrap(), &mut lines[line.unwrap_or(0)]);
                        naive.remove(&at);
                    }
                    // All addresses from this one on change over to one line.
                    (line @ (0 | 1), Some(_)) => {
                        let moved = freed.within(&Runs::from_sorted([(at, u32::MAX)]));
                        for since in &moved {
                            let (time, had) = naive[&since.at];
                            prop_assert_eq!(since.time, time);
                            freed.leave(since.note, &mut lines[had.unwrap_or(0)]);
                            naive.insert(since.at, (time, Some(line)));
                        }
                        freed.merge(moved.iter().map(|since| since.note), &mut lines[line]);
                    }
                    _ => {}
                }
                for (number, line) in lines.iter().enumerate() {
                    let own = naive.iter().filter(|(_, of)| of.1 == Some(number));
                    let by_time: BTreeMap<_, _> = own.map(|(at, (time, _))| (*time, *at)).collect();
                    prop_assert_eq!(freed.waiting(*line).collect::<Vec<_>>(), by_time.into_values().collect::<Vec<_>>());
                }
            }
            prop_assert!(freed.notes.len() <= 24, "places are used again");
        }
    }
}
