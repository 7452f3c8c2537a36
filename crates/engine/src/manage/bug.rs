//! Bugs that tests plant, to show that they would be found.
//!
//! In: nothing. Out: [`Bug`]. Guarantees: for tests only: nothing that a user can set leads to one, and without one each place that asks
//! for it does what it always does.

/// A rule that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// The occupant moves because a newer pod is there.
    MoveOccupant,
    /// A machine moves to its target because KubeVirt is about to move it.
    MoveMachine,
    /// A second address of a NIC goes at once.
    FreeSurplus,
    /// Losing the title is letting go.
    LoseTitle,
    /// A pod that is not seen has let go.
    TrustAbsence,
    /// An owner that is not seen is gone: neither a grace nor a fresh read.
    SkipRead,
    /// What a pod says that it was given was given to it.
    BelieveAnnotation,
    /// Whose the word of an agent is does not matter, if it is about that address.
    AnyWord,
    /// A create without an answer was not done.
    ForgetUnknown,
    /// Free choices come before records, and do not wait for them.
    ChooseFirst,
    /// What is used is the number of objects that say so.
    CountObjects,
}

impl Bug {
    /// All.
    pub const ALL: [Self; 11] = [
        Self::MoveOccupant,
        Self::MoveMachine,
        Self::FreeSurplus,
        Self::LoseTitle,
        Self::TrustAbsence,
        Self::SkipRead,
        Self::BelieveAnnotation,
        Self::AnyWord,
        Self::ForgetUnknown,
        Self::ChooseFirst,
        Self::CountObjects,
    ];
}
