//! How many of what there is: what metrics show.
//!
//! In: the engine's state. Out: [`Census`]. Guarantees: claims are counted as they come and go, so that a census costs nothing
//! per claim; counts of a Subnet are those of its status.

use super::claims::Slot;
use super::engine::Engine;
use super::rival::Left;
use api::slim::Str;
use ledger::{Counts, Family};
use std::collections::BTreeMap;

/// How a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Asked for, and not known to be granted.
    Asked,
    /// Held, and no pod uses it.
    Retained,
    /// A pod uses it.
    InUse,
    /// Its pod has let it go.
    LetGo,
    /// It was freed, and rests before it is given out again.
    Resting,
}

impl Standing {
    /// As metrics call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Retained => "retained",
            Self::InUse => "in-use",
            Self::LetGo => "let-go",
            Self::Resting => "resting",
        }
    }

    pub(super) fn of(slot: &Slot) -> (Str, Self) {
        match slot {
            Slot::Planned(claim) | Slot::Asked(claim) => (claim.title.kind.clone(), Self::Asked),
            Slot::Standing(claim) => {
                let standing = if claim.cooling_since().is_some() {
                    Self::Resting
                } else if claim.is_unused() {
                    Self::Retained
                } else if claim.is_let_go() && claim.target().is_none() {
                    Self::LetGo
                } else {
                    Self::InUse
                };
                (claim.title.kind.clone(), standing)
            }
        }
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Census {
    /// Claims by kind of holder and how they stand.
    pub claims: BTreeMap<(Str, Standing), u64>,
    /// Claims whose release waits for a proof.
    pub awaiting_proof: u64,
    /// NICs that were refused an address, by the reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Addresses by Subnet and family.
    pub subnets: Vec<(Str, Family, Counts)>,
    /// Subnets that are left to Kube-OVN's controller, since it works and manages their wire.
    pub left: Vec<Left>,
}

impl Engine {
    /// Counts.
    #[must_use]
    pub fn census(&self) -> Census {
        let length = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let of_subnet = |name: &Str| {
            let counts = |family| Some((name.clone(), family, self.counts(name, family)?));
            Family::BOTH.into_iter().filter_map(counts).collect::<Vec<_>>()
        };
        Census {
            claims: self.state.claims.tally().clone(),
            awaiting_proof: length(self.waits.len()),
            refused: self.refused_by_reason(),
            subnets: self.state.books.names().filter(|name| self.state.serves(name)).flat_map(of_subnet).collect(),
            left: self.left_to_rival(),
        }
    }

    fn refused_by_reason(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::from(REASONS.map(|reason| (reason, 0)));
        self.refusals().for_each(|(_, why)| *counts.entry(reason(why)).or_default() += 1);
        counts
    }
}

/// Any other reason: the API server refuses the claim, or the lender of an address has none.
const OTHER: &str = "Other";
/// Why a NIC is refused: Kube-OVN's words (`Refusal::kube_ovn_word`), and those that are ours.
const REASONS: [&str; 6] =
    ["AddressConflict", "AddressOutOfRange", "InvalidIPFamily", "NoAvailableAddress", "NoSubnet", OTHER];

/// The reason with which a refusal begins. Of several Subnets the first one's counts: it is the first that was tried.
fn reason(why: &str) -> &'static str {
    let word = why.split_once(':').map_or(why, |(word, _)| word);
    REASONS.into_iter().find(|reason| *reason == word).unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_counted_by_the_word_that_it_begins_with() {
        let conflict =
            "AddressConflict: Subnet a: 10.0.0.9 is held by Pod d/p; NoAvailableAddress: Subnet b: it is full";
        assert_eq!(reason(conflict), "AddressConflict");
        assert_eq!(reason("NoSubnet: no Subnet serves it"), "NoSubnet");
        assert_eq!(reason("Vip v has no address: AddressConflict: Subnet a: ..."), OTHER);
        let word = ledger::Refusal::<u8, u8>::NoMac.kube_ovn_word();
        assert_eq!(reason(word), word);
    }
}
