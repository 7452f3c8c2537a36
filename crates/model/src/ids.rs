//! UIDs and generated names out of a seed.
//!
//! In: a seed. Out: UIDs of the usual shape and the five-letter suffixes of `generateName`. Guarantees: two generators
//! with one seed give the same answers in the same order.

/// The letters `k8s.io/apimachinery/pkg/util/rand` draws from: no vowels, nothing that looks like another letter.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// `k8s.io/apiserver/pkg/storage/names/generate.go`: names are cut so that the suffix still fits a DNS label.
const MAX_BASE: usize = 63 - 5;

/// A seeded source of identifiers: SplitMix64.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Debug, Clone)]
pub struct Ids {
    state: u64,
}

impl Ids {
    /// A source that depends on nothing but `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A random (version 4) UUID.
    pub fn uid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        let bits = bits & !(0xf_u128 << 76) & !(0x3_u128 << 62) | (0x4_u128 << 76) | (0x2_u128 << 62);
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// `base` and five letters, as the API server makes names out of `metadata.generateName`.
    pub fn name(&mut self, base: &str) -> String {
        let mut cut = base.len().min(MAX_BASE);
        while !base.is_char_boundary(cut) {
            cut -= 1;
        }
        let mut name = base[..cut].to_owned();
        let mut bits = self.next();
        for _ in 0..5 {
            name.push(char::from(LETTERS[usize::try_from(bits % 27).unwrap_or(0)]));
            bits /= 27;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let (mut a, mut b) = (Ids::new(7), Ids::new(7));
        assert_eq!(a.uid(), b.uid());
        assert_eq!(a.name("x-"), b.name("x-"));
        assert_ne!(a.uid(), Ids::new(8).uid());
    }

    #[test]
    fn a_uid_is_a_version_4_uuid() {
        let uid = Ids::new(1).uid();
        assert_eq!(uid.len(), 36);
        assert_eq!(&uid[14..15], "4");
        assert!(matches!(&uid[19..20], "8" | "9" | "a" | "b"), "{uid}");
    }

    #[test]
    fn a_long_base_is_cut_to_fit_a_label() {
        assert_eq!(Ids::new(1).name(&"a".repeat(100)).len(), 63);
        assert!(Ids::new(1).name(&"\u{e4}".repeat(100)).len() <= 63);
    }
}
