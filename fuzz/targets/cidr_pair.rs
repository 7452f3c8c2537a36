//! One or two of different families, in either order.
#![no_main]

use ledger::CidrPair;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<CidrPair>() {
        Ok(pair) => {
            assert!(!pair.is_none());
            assert_eq!(pair.to_string().parse(), Ok(pair));
            assert_eq!(pair.iter().count() == 2, pair.is_dual());
        }
        Err(error) => assert!(error.position() <= text.len()),
    }
});
