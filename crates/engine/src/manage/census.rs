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
                } else if claim.is_let_go() && claim.target.is_none() {
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
    /// NICs that were refused an address.
    pub refused: u64,
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
            refused: length(self.refusals().count()),
            subnets: self.state.books.names().filter(|name| self.state.serves(name)).flat_map(of_subnet).collect(),
            left: self.left_to_rival(),
        }
    }
}
