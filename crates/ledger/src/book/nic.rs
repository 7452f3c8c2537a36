//! Who holds an address: one network interface of one holder.

use std::{fmt, hash::Hash};

/// One network interface of a holder. Orders by holder, then by name.
///
/// Both parts are the caller's types. Small ones (interned numbers) make a book fast and flat; texts work as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nic<H, N> {
    /// Who is entitled.
    pub holder: H,
    /// Which of its interfaces.
    pub name: N,
}

impl<H, N> Nic<H, N> {
    /// The interface `name` of `holder`.
    pub const fn new(holder: H, name: N) -> Self {
        Self { holder, name }
    }
}

impl<H: fmt::Display, N: fmt::Display> fmt::Display for Nic<H, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.holder, self.name)
    }
}

/// What can name a holder. One in a book is found by its hash, and shown in its order.
pub trait HolderKey: Ord + Clone + Hash {}

impl<T: Ord + Clone + Hash> HolderKey for T {}

/// What can name an interface of a holder. A holder has few on one subnet: one is found by trying them all.
pub trait NicName: Ord + Clone {}

impl<T: Ord + Clone> NicName for T {}
