//! The MAC addresses of one layer 2.
//!
//! In: NICs, with the MAC that they ask for or with entropy to make one. Out: the MAC that each NIC has, and who has a
//! MAC. Guarantee: no two NICs have one MAC; a NIC keeps its MAC as long as any subnet of this layer 2 has the NIC.
//!
//! A wire has one such book, shared by its subnets. Kube-OVN keeps one per subnet, which lets two subnets of one wire
//! give out one MAC.

use std::collections::BTreeMap;

use super::{HolderKey, Nic, NicName, Refusal};
use crate::Mac;

/// How often a made MAC may meet one that is taken. With a million taken out of 2^46, one attempt fails with
/// probability 1 in 70 million; a source that is not random is what this bounds.
const ATTEMPTS: usize = 64;

/// Which MAC a request wants.
pub enum MacPick<'a> {
    /// None: the network has its own way to MACs, as macvlan has. A MAC that the NIC has already, it keeps.
    None,
    /// The one that the NIC has, else a random one, made out of what this answers.
    Any(&'a mut dyn FnMut() -> u64),
    /// This one.
    This(Mac),
}

/// The MACs of one layer 2, and the NICs that have them.
#[derive(Clone, Debug)]
pub struct MacBook<H, N> {
    by_mac: BTreeMap<Mac, Nic<H, N>>,
    by_nic: BTreeMap<Nic<H, N>, Share>,
}

#[derive(Clone, Copy, Debug)]
struct Share {
    mac: Mac,
    /// How many subnets have the NIC with its MAC.
    subnets: u32,
}

impl<H: HolderKey, N: NicName> MacBook<H, N> {
    /// An empty book.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_mac: BTreeMap::new(), by_nic: BTreeMap::new() }
    }

    /// How many MACs are taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_mac.len()
    }

    /// Whether none is taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_mac.is_empty()
    }

    /// Who has `mac`.
    #[must_use]
    pub fn holder_of(&self, mac: Mac) -> Option<&Nic<H, N>> {
        self.by_mac.get(&mac)
    }

    /// The MAC of `nic`.
    #[must_use]
    pub fn mac_of(&self, nic: &Nic<H, N>) -> Option<Mac> {
        self.by_nic.get(nic).map(|share| share.mac)
    }

    /// Puts on record that `nic` has `mac`, as a claim says; for the subnet that will release it.
    ///
    /// # Errors
    /// The NIC that has the MAC already, if it is another one. Nothing changes then.
    pub(super) fn record(&mut self, nic: &Nic<H, N>, mac: Mac, first: bool) -> Result<(), Nic<H, N>> {
        match self.by_mac.get(&mac) {
            Some(by) if by != nic => Err(by.clone()),
            _ => {
                self.give(nic, mac, first);
                Ok(())
            }
        }
    }

    /// Which MAC `nic` would get. Changes nothing.
    pub(super) fn plan(&self, nic: &Nic<H, N>, pick: MacPick<'_>) -> Result<Option<Mac>, Refusal<H, N>> {
        match (pick, self.mac_of(nic)) {
            (MacPick::None, has) => Ok(has),
            (MacPick::Any(_), Some(has)) => Ok(Some(has)),
            (MacPick::This(mac), _) => match self.by_mac.get(&mac) {
                Some(by) if by != nic => Err(Refusal::MacHeld { mac, by: by.clone() }),
                _ => Ok(Some(mac)),
            },
            (MacPick::Any(entropy), None) => {
                let mut made = std::iter::repeat_with(|| Mac::from_entropy(entropy())).take(ATTEMPTS);
                made.find(|mac| !self.by_mac.contains_key(mac)).map(Some).ok_or(Refusal::NoMac)
            }
        }
    }

    /// Gives `nic` a MAC that [`plan`](Self::plan) found free, in place of what it has. `first`: for a subnet that has
    /// not had the NIC with a MAC.
    pub(super) fn give(&mut self, nic: &Nic<H, N>, mac: Mac, first: bool) {
        let share = self.by_nic.entry(nic.clone()).or_insert(Share { mac, subnets: 0 });
        share.subnets += u32::from(first);
        let before = std::mem::replace(&mut share.mac, mac);
        if before != mac {
            self.by_mac.remove(&before);
        }
        self.by_mac.insert(mac, nic.clone());
    }

    /// One subnet fewer has `nic`; the last one takes its MAC along.
    pub(super) fn release(&mut self, nic: &Nic<H, N>) {
        let Some(share) = self.by_nic.get_mut(nic) else { return };
        share.subnets = share.subnets.saturating_sub(1);
        if share.subnets == 0 {
            let mac = share.mac;
            self.by_nic.remove(nic);
            self.by_mac.remove(&mac);
        }
    }
}

impl<H: HolderKey, N: NicName> Default for MacBook<H, N> {
    fn default() -> Self {
        Self::new()
    }
}
