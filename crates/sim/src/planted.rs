//! Bugs that are planted, to show that the oracle finds them.
//!
//! In: nothing. Out: [`Planted`]. Guarantees: without one everything does what it always does; the rules that an agent and an
//! executor keep are left out here, those of the engine there.

use engine::manage::Bug;

/// A rule that somebody leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// The engine does.
    Engine(Bug),
    /// The agent says that an address is let go while it is on the interface.
    EarlyWord,
    /// The agent keeps no tombstone: a pod that was let go is added again.
    NoTombstone,
    /// The agent forgets what it promised of an address that a living pod does not use.
    NoPromise,
    /// ADD believes the annotation and reads no claim.
    BlindAdd,
    /// A delete names neither the life nor the version that it was decided on.
    BlindDelete,
    /// A patch names neither.
    BlindPatch,
}

impl Planted {
    /// All.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let others =
            [Self::EarlyWord, Self::NoTombstone, Self::NoPromise, Self::BlindAdd, Self::BlindDelete, Self::BlindPatch];
        Bug::ALL.into_iter().map(Self::Engine).chain(others).collect()
    }

    /// What the engine leaves out.
    pub(crate) const fn of_engine(self) -> Option<Bug> {
        match self {
            Self::Engine(bug) => Some(bug),
            _ => None,
        }
    }
}
