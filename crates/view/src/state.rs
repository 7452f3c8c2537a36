//! What an address is, told by its shape.
//!
//! In: a state. Out: its word, its shape in Unicode and in ASCII, its colour. Guarantees: no two states share a shape, so
//! that a map reads without colour.

use crate::look::{Look, Role};
use serde::Serialize;

/// What an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A living holder has it.
    Used,
    /// Its pod is not there; a StatefulSet, VM or gateway keeps the address for the next one.
    Kept,
    /// A person reserved it.
    Reserved,
    /// It is on record, and its holder is gone.
    Leaked,
    /// Several holders have it on record.
    Conflict,
    /// It is on record; whether its holder lives is not known.
    Unknown,
    /// Free.
    Available,
    /// On no record, and listed as in use by the status: Kube-OVN's allocator gives it to nobody.
    Lost,
    /// The gateway of the Subnet.
    Gateway,
    /// Excluded, and nobody uses it.
    Excluded,
    /// Nobody may use it: network, broadcast, outside the Subnet.
    Unusable,
}

impl State {
    /// Every state, in the order of the legend.
    pub const ALL: [Self; 11] = [
        Self::Used,
        Self::Kept,
        Self::Reserved,
        Self::Leaked,
        Self::Conflict,
        Self::Unknown,
        Self::Available,
        Self::Lost,
        Self::Gateway,
        Self::Excluded,
        Self::Unusable,
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Kept => "kept",
            Self::Reserved => "reserved",
            Self::Leaked => "leaked",
            Self::Conflict => "conflict",
            Self::Unknown => "unknown",
            Self::Available => "available",
            Self::Lost => "lost",
            Self::Gateway => "gateway",
            Self::Excluded => "excluded",
            Self::Unusable => "not usable",
        }
    }

    /// What a run of such addresses is.
    #[must_use]
    pub const fn of_run(self) -> &'static str {
        match self {
            Self::Lost => "available, lost to Kube-OVN",
            other => other.word(),
        }
    }

    /// What it means, for the legend.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Kept => "kept for a pod that is not there",
            Self::Reserved => "reserved",
            Self::Leaked => "leaked: nobody uses it",
            Self::Conflict => "conflict: several holders",
            Self::Unknown => "on record, holder not known",
            Self::Available => "available",
            Self::Lost => "available, but Kube-OVN gives it to nobody",
            Self::Gateway => "gateway",
            Self::Excluded => "excluded",
            Self::Unusable => "not usable",
        }
    }

    /// Its shape.
    #[must_use]
    pub fn shape(self, look: &Look) -> &'static str {
        let (rich, ascii) = match self {
            Self::Used => ("\u{25a0}", "#"),
            Self::Kept => ("\u{25a3}", "k"),
            Self::Reserved => ("\u{25c6}", "r"),
            Self::Leaked => ("\u{25b2}", "!"),
            Self::Conflict => ("\u{2716}", "X"),
            Self::Unknown => ("?", "?"),
            Self::Available => ("\u{b7}", "."),
            Self::Lost => ("\u{25cb}", "o"),
            Self::Gateway => ("G", "G"),
            Self::Excluded => ("x", "x"),
            Self::Unusable => ("-", "-"),
        };
        look.pick(rich, ascii)
    }

    /// Its colour.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Used => Role::Used,
            Self::Kept | Self::Reserved => Role::Info,
            Self::Leaked | Self::Lost | Self::Unknown => Role::Warning,
            Self::Conflict => Role::Error,
            Self::Available => Role::Free,
            Self::Gateway => Role::Title,
            Self::Excluded | Self::Unusable => Role::Dim,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn states_are_told_apart_by_their_shape_alone() {
        for ascii in [false, true] {
            let look = Look { ascii, ..Look::default() };
            let shapes: BTreeSet<&str> = State::ALL.iter().map(|state| state.shape(&look)).collect();
            assert_eq!(shapes.len(), State::ALL.len());
            assert!(shapes.iter().all(|shape| shape.chars().count() == 1 && (!ascii || shape.is_ascii())));
        }
    }
}
