//! An entry of a pool: `a`, a CIDR or `a..b`.
#![no_main]

use ledger::{AddrRange, Cidr};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match AddrRange::parse_pool_entry(text) {
        Ok(range) => {
            assert!(range.contains(range.first()) && range.contains(range.last()));
            if let Ok(cidr) = text.parse::<Cidr>() {
                assert_eq!(range, cidr.range());
            }
        }
        Err(error) => assert!(error.position() <= text.len()),
    }
});
