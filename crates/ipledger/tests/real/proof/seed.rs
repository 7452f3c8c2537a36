//! Chance that can be had again.
//!
//! In: `IPLEDGER_SEED`, or the clock. Out: numbers. Guarantees: the seed is printed, and gives the same numbers again; what the
//! processes make of them depends on their timing too.

use model::Ids;
use std::time::{SystemTime, UNIX_EPOCH};

/// See the module.
pub(super) struct Seed(Ids);

impl Seed {
    pub(super) fn new(what: &str) -> Self {
        let given = std::env::var("IPLEDGER_SEED").ok().and_then(|text| text.parse().ok());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::from(time.subsec_nanos()));
        let seed = given.unwrap_or_else(clock);
        eprintln!("{what}: IPLEDGER_SEED={seed}");
        Self(Ids::new(seed))
    }

    /// Another one that depends on this one.
    pub(super) fn fork(&mut self) -> Self {
        Self(Ids::new(self.0.next()))
    }

    /// Less than that.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.next() % bound.max(1)
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
