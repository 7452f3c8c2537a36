//! How small the searched world is.
//!
//! In: numbers. Out: [`Shape`]. Guarantees: every bound of the search is a field here; nothing else limits what is tried.

use crate::state::{ADDRS, Addr, PODS, Pod};

/// The bounds of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Pods, over all time, that hold addresses by themselves.
    pub plain: u8,
    /// Pods, over all time, of one ordinal of a StatefulSet: one after the other, each with a UID of its own.
    pub ordinal: u8,
    /// Addresses of each family.
    pub addresses: u8,
    /// Whether a NIC wants an address of both families.
    pub dual: bool,
    /// Controllers, none of which knows of the others.
    pub controllers: u8,
    /// Requests that lose their reply and are applied later, or never.
    pub late: u8,
    /// Times that a controller dies and starts again with a fresh list.
    pub crashes: u8,
    /// Sandboxes of each pod, over all time.
    pub sandboxes: u8,
    /// Claims of each address, over all time.
    pub births: u8,
    /// Times that the StatefulSet is deleted or made again.
    pub owner_changes: u8,
    /// Whether it is remembered who did what: more states, for those who look for a deed and not for a flaw.
    pub traced: bool,
}

impl Shape {
    /// Two pods, one address, one controller, and nothing goes wrong but what people and nodes do.
    pub const SMALL: Self = Self {
        plain: 2,
        ordinal: 0,
        addresses: 1,
        dual: false,
        controllers: 1,
        late: 0,
        crashes: 0,
        sandboxes: 2,
        births: 3,
        owner_changes: 0,
        traced: false,
    };

    /// All pods, those of the ordinal first.
    pub(crate) fn pods(&self) -> impl Iterator<Item = Pod> + use<> {
        (0..(self.plain + self.ordinal).min(PODS)).map(Pod)
    }

    /// Whether a pod is one of the ordinal's.
    pub(crate) const fn is_ordinal(&self, pod: Pod) -> bool {
        pod.0 < self.ordinal
    }

    /// The families, by number.
    pub(crate) fn families(&self) -> impl Iterator<Item = u8> + use<> {
        0..1 + u8::from(self.dual)
    }

    /// The addresses of a family.
    pub(crate) fn of_family(&self, family: u8) -> impl Iterator<Item = Addr> + use<> {
        let first = family * self.addresses;
        (first..first + self.addresses).map(Addr)
    }

    /// The family of an address.
    pub(crate) const fn family(&self, addr: Addr) -> u8 {
        addr.0 / self.addresses
    }

    /// All addresses.
    pub(crate) fn addrs(&self) -> impl Iterator<Item = Addr> + use<> {
        let count = self.addresses * (1 + u8::from(self.dual));
        (0..count.min(ADDRS)).map(Addr)
    }
}
