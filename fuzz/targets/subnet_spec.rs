//! The texts of a subnet's spec, and the book that they make: one CIDR text, one gateway text, excludes by lines.
#![no_main]

use ledger::{Family, SpecError, SubnetBook, SubnetSpec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (cidr, gateway, excludes) = input;
    let excludes: Vec<_> = excludes.lines().collect();
    match SubnetSpec::parse(cidr, gateway, &excludes) {
        Ok(spec) => {
            let book = SubnetBook::<u32, u32>::new(spec.clone());
            for family in Family::BOTH {
                let counts = book.counts(family);
                assert_eq!(counts.is_some(), spec.cidr(family).is_some());
                assert!(counts.is_none_or(|counts| counts.balances()));
                assert_eq!(book.accounting(family).map(|sets| sets.counts()), counts);
            }
        }
        Err(SpecError::Cidr(error)) => assert!(error.position() <= cidr.len()),
        Err(SpecError::Gateway(error)) => assert!(error.position() <= gateway.len()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
