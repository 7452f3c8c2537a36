//! Who holds an address: one network interface of one holder.

use std::{fmt, sync::Arc};

/// One network interface of a holder. Orders by holder, then by name, so that the NICs of a holder are neighbours.
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

/// What can name a holder.
pub trait HolderKey: Ord + Clone {}

impl<T: Ord + Clone> HolderKey for T {}

/// What can name an interface of a holder.
pub trait NicName: Ord + Clone {
    /// A value that is not above any other: where the NICs of a holder begin.
    fn least() -> Self;
}

macro_rules! nic_name {
    ($($type:ty: $least:expr),* $(,)?) => {
        $(impl NicName for $type {
            fn least() -> Self {
                $least
            }
        })*
    };
}

nic_name! {
    u8: 0, u16: 0, u32: 0, u64: 0,
    String: Self::new(), Box<str>: "".into(), Arc<str>: "".into(), &'static str: "", (): (),
}
