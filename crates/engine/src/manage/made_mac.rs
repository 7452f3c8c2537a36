//! MACs that are made here.
//!
//! In: the life of the pod that a NIC is for, the NIC, how often one was refused. Out: 64 bits to make a MAC from. Guarantees:
//! the same for the same, so that two controllers make one MAC; a pod that is made again under its name has another one;
//! clusters on one layer 2 do not share them, since UIDs are random.

use super::id::NicId;
use api::slim::Uid;

/// FNV-1a, 64 bits (draft-eastlake-fnv): offset basis and prime.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// What the MAC of a NIC is made from, for one attempt.
pub(super) fn entropy(seed: &Uid, nic: &NicId, attempt: u64) -> u64 {
    // Without a pod there is only the name of the holder.
    let text = match seed {
        Uid::None => format!("{} {} {attempt}", nic.holder, nic.name),
        seed => format!("{seed} {} {attempt}", nic.name),
    };
    mix(text.bytes().fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)))
}

/// Spreads the last bytes over all bits (the finalizer of splitmix64): a MAC takes the low ones.
fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manage::id::HolderId;
    use std::collections::BTreeSet;

    #[test]
    fn a_mac_is_the_same_for_the_same_and_another_one_for_anything_else() {
        let of = |pod: &str, nic: &str, attempt| {
            let uid = Uid::parse(pod);
            entropy(&uid, &NicId::new(HolderId::Pod(uid.clone()), nic.into()), attempt)
        };
        assert_eq!(of("a", "eth0", 0), of("a", "eth0", 0));
        let low = |entropy: u64| entropy & 0x3fff_ffff_ffff;
        let made: BTreeSet<u64> = (0..1000).map(|n| low(of(&n.to_string(), "eth0", 0))).collect();
        assert_eq!(made.len(), 1000);
        assert_ne!(of("a", "eth0", 0), of("a", "eth0", 1));
        assert_ne!(of("a", "eth0", 0), of("a", "ovn", 0));
    }
}
