//! Numbers that look random and are the same on every run.
//!
//! In: a seed. Out: numbers, UIDs, MAC addresses and name suffixes. Guarantees: the same seed and the same questions in the
//! same order give the same answers on every machine.

use std::fmt::Write as _;

/// Letters that Kubernetes draws name suffixes from: no vowels, nothing that looks like another.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixing steps per number.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `odds` times.
    pub(super) fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }

    /// A version 4 UUID.
    pub(super) fn uid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            0x8000 | b >> 48 & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    }

    /// A locally administered unicast address.
    pub(super) fn mac(&mut self) -> String {
        let bits = self.next();
        let mut text = format!("{:02x}", bits >> 40 & 0xfc | 0x02);
        for shift in [32, 24, 16, 8, 0] {
            let _ = write!(text, ":{:02x}", bits >> shift & 0xff);
        }
        text
    }

    /// The end of a generated name.
    pub(super) fn suffix(&mut self, length: usize) -> String {
        let letters = LETTERS.len() as u64;
        (0..length).map(|_| LETTERS[usize::try_from(self.below(letters)).unwrap_or(0)] as char).collect()
    }

    /// Hexadecimal digits, as in image digests and container ids.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            let _ = write!(text, "{:016x}", self.next());
        }
        text.truncate(digits);
        text
    }
}
