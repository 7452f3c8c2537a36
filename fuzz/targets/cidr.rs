//! A CIDR: host bits are cut, and what is usable lies within.
#![no_main]

use ledger::Cidr;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Cidr>() {
        Ok(cidr) => {
            assert_eq!(cidr.to_string().parse(), Ok(cidr));
            assert_eq!(Cidr::new(cidr.last(), cidr.prefix_len()), Some(cidr));
            let (all, usable) = (cidr.range(), cidr.usable());
            assert!(all.contains(usable.first()) && all.contains(usable.last()));
            let ends = all.count().checked_sub(usable.count()).and_then(|ends| ends.as_u128());
            assert_eq!(ends, Some(if cidr.prefix_len() + 1 >= cidr.family().width() { 0 } else { 2 }));
        }
        Err(error) => assert!(error.position() <= text.len()),
    }
});
