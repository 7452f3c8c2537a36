//! The name of a claim, and the form of a wire's name in it.
//!
//! In: a wire's name, which users and Kube-OVN choose freely, and an address. Out: the object's name. Guarantees: the name
//! is a valid object name (RFC 1123 subdomain, at most 253 characters) whatever the wire is called; one wire and address
//! have one name; what the CRD checks without a hash function (`spec.wire`, '.', `spec.address`) is what this makes.

use ledger::Addr;
use std::borrow::Cow;

/// The longest `spec.wire`: what an object's name of 253 characters leaves beside '.' and an IPv6 address in full (39).
pub const MAX_WIRE: usize = 253 - 1 - 39;

/// Digits of the hash at the end of a short form.
const HASH_DIGITS: usize = 16;

/// A wire as it stands in `spec.wire` and in names: itself where it can, else a short form.
///
/// The short form is what is legible of the name, cut, then '-' and 16 hex digits of the FNV-1a hash of the whole. Should
/// two wires ever have one short form, they share their addresses: some are refused that were free, none is given twice.
#[must_use]
pub fn wire_in_name(wire: &str) -> Cow<'_, str> {
    if wire.len() <= MAX_WIRE && is_subdomain(wire) {
        return Cow::Borrowed(wire);
    }
    let mut legible = legible(wire);
    // ASCII only by now, so a cut at any byte is a cut between characters.
    legible.truncate(MAX_WIRE - HASH_DIGITS - 1);
    let stem = legible.trim_end_matches(['-', '.']);
    let joint = if stem.is_empty() { "wire-" } else { "-" };
    Cow::Owned(format!("{stem}{joint}{:016x}", fnv1a(wire.as_bytes())))
}

/// The name of the claim for an address on a wire.
#[must_use]
pub fn claim_name(wire: &str, address: Addr) -> String {
    format!("{}.{}", wire_in_name(wire), address.object_name_part())
}

/// The wire, as it stands in `spec.wire`, and the address that a claim of this name is for; none where it is no claim's name.
#[must_use]
pub fn read_claim_name(name: &str) -> Option<(&str, Addr)> {
    // IPv6 is one label in full, IPv4 is four.
    let v6 = name.rsplit_once('.').filter(|(_, last)| last.contains('-'));
    let dots = || name.rmatch_indices('.').map(|(at, _)| at).nth(3);
    let (wire, address) = match v6 {
        Some((wire, address)) => (wire, address.replace('-', ":").parse::<Addr>().ok()?),
        None => dots().and_then(|at| Some((&name[..at], name[at + 1..].parse::<Addr>().ok()?)))?,
    };
    (claim_name(wire, address) == name).then_some((wire, address))
}

/// Whether it is an RFC 1123 subdomain, length aside.
fn is_subdomain(text: &str) -> bool {
    text.split('.').all(|label| {
        let bytes = label.as_bytes();
        let ends = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        ends(bytes.first())
            && ends(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    })
}

/// The same letters as far as a name may have them, '-' for the others.
fn legible(text: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let labels = text.split('.').map(|label| label.chars().map(letter).collect::<String>());
    let labels: Vec<String> =
        labels.map(|label| label.trim_matches('-').to_owned()).filter(|l| !l.is_empty()).collect();
    labels.join(".")
}

/// A number that a text stands for: FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): no dependency, and the same for ever.
#[must_use]
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_claim_is_named_by_wire_and_address() {
        let name = |wire, addr: &str| claim_name(wire, addr.parse().unwrap());
        assert_eq!(name("macvlan.default", "172.17.0.11"), "macvlan.default.172.17.0.11");
        assert_eq!(name("macvlan.default", "fd00:25::9"), "macvlan.default.fd00-0025-0000-0000-0000-0000-0000-0009");
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // From the reference test vectors of its authors.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_wire_that_no_object_could_be_named_by_gets_a_short_form() {
        assert_eq!(wire_in_name("My_Net.Default"), "my-net.default-bc781f2930c0c9a4");
        let long = "n".repeat(250) + ".default";
        assert_eq!(wire_in_name(&long).len(), MAX_WIRE);
        assert_ne!(wire_in_name(&long), wire_in_name(&("n".repeat(251) + ".default")));
        assert!(wire_in_name("___").starts_with("wire-"));
    }

    proptest! {
        #[test]
        fn every_wire_makes_a_valid_name(wire in "\\PC{0,300}", bits: u128) {
            let short = wire_in_name(&wire);
            prop_assert!(is_subdomain(&short), "{short}");
            prop_assert_eq!(wire_in_name(&short), short.as_ref(), "the short form is its own");
            prop_assert!(claim_name(&wire, Addr::v6(bits)).len() <= 253);
        }

        #[test]
        fn a_name_says_its_wire_and_its_address(wire in "[a-z0-9.-]{0,20}", bits: u128, is_v6: bool) {
            let short = wire_in_name(&wire);
            #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
            let address = if is_v6 { Addr::v6(bits) } else { Addr::v4(bits as u32) };
            let name = claim_name(&wire, address);
            prop_assert_eq!(read_claim_name(&name), Some((short.as_ref(), address)));
        }

        #[test]
        fn what_is_no_claims_name_says_nothing(name in "\\PC{0,60}") {
            if let Some((wire, address)) = read_claim_name(&name) {
                prop_assert_eq!(claim_name(wire, address), name);
            }
        }
    }
}
