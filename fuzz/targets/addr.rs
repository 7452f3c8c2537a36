//! An address in any spelling: one value, one spelling per use, and an error that points into the text.
#![no_main]

use ledger::{Addr, Family};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Addr>() {
        Ok(addr) => {
            assert_eq!(addr.to_string().parse(), Ok(addr));
            assert_eq!(addr.expanded().parse(), Ok(addr));
            assert_eq!(addr.object_name_part(), addr.expanded().replace(':', "-"));
            assert_eq!(Addr::from_bits(addr.family(), addr.bits()), addr);
            assert_eq!(addr.next().and_then(Addr::prev).unwrap_or(addr), addr);
            // ::ffff:0:0/96 is IPv4 in text.
            assert!(addr.family() == Family::V4 || addr.bits() >> 32 != 0xffff);
        }
        Err(error) => {
            assert!(error.position() <= text.len());
            assert!(!error.to_string().is_empty());
        }
    }
});
