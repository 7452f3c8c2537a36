//! A decimal count up to 2^128, and its arithmetic.
#![no_main]

use ledger::Count;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, u128, u128)| {
    let (text, a, b) = input;
    match text.parse::<Count>() {
        Ok(count) => {
            assert_eq!(count.to_string().parse(), Ok(count));
            assert_eq!(
                count.to_string(),
                if text.trim_start_matches('0').is_empty() { "0" } else { text.trim_start_matches('0') }
            );
            let rest = Count::MAX.checked_sub(count);
            assert_eq!(rest.and_then(|rest| rest.checked_add(count)), Some(Count::MAX));
        }
        Err(error) => assert!(error.position() <= text.len()),
    }
    let (a, b) = (Count::from(a), Count::from(b));
    if let Some(sum) = a.checked_add(b) {
        assert_eq!(sum.checked_sub(a), Some(b));
        assert!(sum >= a && sum >= b);
    }
});
