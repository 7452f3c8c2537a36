//! Overviews: all Subnets, all pools, all holders.
//!
//! In: a [`crate::Lens`]. Out: a view model each, and its table. Guarantees: one pass over the records; the same numbers
//! as the report.

mod holders;
mod pools;
mod subnets;

pub use holders::{HolderRow, HoldersView, holders};
pub use pools::{PoolRow, PoolsView, pools};
pub use subnets::{SubnetRow, SubnetsView, subnets};

use ledger::Count;

/// A count as people read it: exact while it is short, else the power of two next to it.
fn short(count: Count) -> String {
    /// Counts of up to ten digits stay exact: all of IPv4 is one.
    const EXACT: u128 = 10_000_000_000;
    match count.as_u128() {
        Some(exact) if exact < EXACT => exact.to_string(),
        Some(large) => {
            let (floor, half) = (large.ilog2(), large >> (large.ilog2() - 1) & 1);
            format!("~2^{}", floor + u32::try_from(half).unwrap_or(0))
        }
        None => "2^128".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_counts_are_told_by_their_power_of_two() {
        assert_eq!(short(Count::from(65_534_u64)), "65534");
        assert_eq!(short(Count::from((1_u128 << 64) - 2)), "~2^64");
        assert_eq!(short(Count::from(1_u128 << 80)), "~2^80");
    }
}
