//! The kinds of holders: each a file with what its holders want and what becomes of their claims.
//!
//! In: the state, a holder or a claim. Out: wants, fates. Guarantees: a kind knows nothing of the others.

pub(super) mod pod;
pub(super) mod stateful_set;

use super::command::Occupant;
use super::id::Title;
use super::want::Want;
use api::slim::Time;

/// A holder that is there, and what it should hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entitled {
    pub(super) title: Title,
    pub(super) occupant: Occupant,
    pub(super) wants: Vec<Want>,
    /// When it came: the order in which an exhausted Subnet is served.
    pub(super) arrival: Option<Time>,
    /// Whether it may be given more than it has: not while it is on its way out.
    pub(super) may_grow: bool,
}
