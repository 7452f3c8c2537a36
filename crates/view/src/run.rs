//! Short names for runs of addresses: `192.168.102.6 to .8`.
//!
//! In: addresses of one run. Out: text. Guarantees: a run can be told from the text alone; the second end is shortened
//! only by what it shares with the first.

use ledger::{Addr, AddrRange, Family};

/// A run as people say it: `192.168.102.6 to .8`, `fd00::6 to fd00::8`, or the one address.
#[must_use]
pub(crate) fn run_text(range: AddrRange) -> String {
    let (first, last) = (range.first(), range.last());
    if first == last {
        return first.to_string();
    }
    format!("{first} to {}", short_end(first, last))
}

/// The last address without what it has in common with the first.
fn short_end(first: Addr, last: Addr) -> String {
    let text = last.to_string();
    if last.family() != Family::V4 {
        return text;
    }
    let start = first.to_string();
    let shared = start.split('.').zip(text.split('.')).take_while(|(a, b)| a == b).count();
    let rest: Vec<&str> = text.split('.').skip(shared).collect();
    if shared == 0 { text } else { format!(".{}", rest.join(".")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(a: &str, b: &str) -> String {
        run_text(AddrRange::new(a.parse().unwrap(), b.parse().unwrap()).unwrap())
    }

    #[test]
    fn the_second_end_leaves_out_what_it_shares() {
        assert_eq!(run("192.168.102.6", "192.168.102.8"), "192.168.102.6 to .8");
        assert_eq!(run("10.0.1.6", "10.0.3.8"), "10.0.1.6 to .3.8");
        assert_eq!(run("10.0.0.1", "10.0.0.1"), "10.0.0.1");
        assert_eq!(run("fd00::6", "fd00::8"), "fd00::6 to fd00::8");
    }
}
