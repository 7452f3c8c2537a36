//! A MAC address in any spelling.
#![no_main]

use ledger::Mac;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Mac>() {
        Ok(mac) => {
            assert_eq!(mac.to_string().parse(), Ok(mac));
            assert_eq!(mac.to_string().replace(':', ""), text.to_ascii_lowercase().replace([':', '-', '.'], ""));
        }
        Err(error) => assert!(error.position() <= text.len()),
    }
});
