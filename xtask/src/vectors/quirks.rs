//! Which choices of Kube-OVN's allocator the ledger makes too.

/// A quirk of the vectors by its id, whether the ledger does the same, and why. `docs/allocation.md` tells it at length.
pub(crate) struct Decision {
    pub(crate) id: &'static str,
    pub(crate) followed: bool,
    pub(crate) why: &'static str,
}

const fn follow(id: &'static str, why: &'static str) -> Decision {
    Decision { id, followed: true, why }
}

const fn refuse(id: &'static str, why: &'static str) -> Decision {
    Decision { id, followed: false, why }
}

/// Every quirk that has been decided. Others are judged when they turn up; they never fail a run.
pub(crate) const DECISIONS: &[Decision] = &[
    follow("v6-range-01", "end-to-end tests count on it: usable is network+1 to all-ones-1 in both families"),
    follow("order-01", "lowest first; end-to-end tests compare the first addresses"),
    follow("order-02", "as order-01"),
    follow(
        "fam-04",
        "a static IPv4 address on a dual subnet is common; the other family is filled from the default pool",
    ),
    follow("d-pool-15", "the word is the same; the ledger's outcome is one of its own (NoSuchPool)"),
    refuse("gw-01", "the gateway is always excluded, whether or not excludeIps lists it"),
    refuse("reuse-01", "the rule holds; the addresses rely on gw-01"),
    refuse("reuse-02", "the rule holds; the addresses rely on gw-01"),
    refuse("reuse-06", "the rule holds; the addresses rely on gw-01"),
    refuse("d-static-14", "one holder per address: a migrating VM is the one holder, its two pods are occupants"),
    refuse(
        "d-excl-03",
        "a reversed exclude is refused with its position: ignored, it would protect nothing in silence",
    ),
    refuse("d-reuse-09", "what was freed longest ago goes out first: the longest rest for every address"),
];

/// What was decided about the quirk `id`.
pub(crate) fn decision(id: &str) -> Option<&'static Decision> {
    DECISIONS.iter().find(|decision| decision.id == id)
}
