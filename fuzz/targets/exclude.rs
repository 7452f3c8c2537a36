//! An entry of `excludeIps`: `a` or `a..b`.
#![no_main]

use ledger::AddrRange;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match AddrRange::parse_exclude(text) {
        Ok(range) => {
            assert_eq!(AddrRange::new(range.first(), range.last()), Ok(range));
            let written = format!("{}..{}", range.first(), range.last());
            assert_eq!(AddrRange::parse_exclude(&written), Ok(range));
            // Whatever an exclude may be, a pool entry may be as well.
            assert_eq!(AddrRange::parse_pool_entry(text), Ok(range));
        }
        Err(error) => assert!(error.position() <= text.len()),
    }
});
