//! Chance that can be had again.
//!
//! In: `IPLEDGER_SEED`, or the clock. Out: numbers. Guarantees: the seed is printed, and gives the same numbers again; what the
//! processes make of them depends on their timing too.

use std::time::{SystemTime, UNIX_EPOCH};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Seed(u64);

impl Seed {
    pub(super) fn new(what: &str) -> Self {
        let given = std::env::var("IPLEDGER_SEED").ok().and_then(|text| text.parse().ok());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::from(time.subsec_nanos()));
        let seed = given.unwrap_or_else(clock);
        eprintln!("{what}: IPLEDGER_SEED={seed}");
        Self(seed)
    }

    /// Another one that depends on this one.
    pub(super) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Less than that.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
