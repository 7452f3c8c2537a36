//! The range text of a status, of either family: what is read is written back in the one form that it has.
#![no_main]

use ledger::{AddrSet, Count, Family};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &str)| {
    let (v6, text) = input;
    let family = if v6 { Family::V6 } else { Family::V4 };
    match AddrSet::parse_range_text(family, text) {
        Ok(set) => {
            let written = set.range_text();
            assert_eq!(AddrSet::parse_range_text(family, &written).as_ref(), Ok(&set));
            let sum = set.ranges().try_fold(Count::ZERO, |sum, range| sum.checked_add(range.count()));
            assert_eq!(sum, Some(set.count()));
            let gaps = set.ranges().zip(set.ranges().skip(1));
            assert!(gaps.into_iter().all(|(lower, upper)| lower.last().next() < Some(upper.first())));
        }
        Err(error) => assert!(error.position() <= text.len()),
    }
});
