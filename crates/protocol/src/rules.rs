//! The rules of release, each of which can be left out.
//!
//! In: nothing. Out: [`Rules`]. Guarantees: every place of the model that keeps a rule asks here, and no rule is asked for
//! under two names. Numbers are those of the design ("Release needs proof").

use std::fmt;

/// A rule, or the part of one that can be broken by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A pod's absence is no proof: only the word of its node's agent is. (The sentence before the six rules.)
    AbsenceIsNoProof,
    /// 1: the address is seen off its interface first; IPAM DEL, which comes before that, is not enough.
    OffInterface,
    /// 1: a fresh read says that the pod is gone or finished.
    FreshRead,
    /// 1: a durable tombstone refuses every later ADD of that pod.
    Tombstone,
    /// 1: the word is about one pod UID, and proves nothing about another.
    OneUid,
    /// 1: a pod that the agent has never seen gets the same treatment.
    NeverSeen,
    /// 2: ADD reads the claim before it answers; what the pod was told is not enough.
    AddReads,
    /// 3: the occupant moves with proof that the one before let go, never because a newer pod exists.
    OccupantProof,
    /// 4: a surplus claim goes only when the agent says that the pod does not use it.
    SurplusProof,
    /// 4: and will not: later ADDs of that pod with that address are refused.
    SurplusPromise,
    /// 5: losing the title is not letting go: a fresh read of the owner must say so.
    OwnerRead,
    /// 5: losing the title is not letting go: the occupant must have let go.
    TitleProof,
    /// 6: a delete carries the claim's UID.
    DeleteUid,
    /// 6: a delete carries the claim's resourceVersion.
    DeleteVersion,
    /// All addresses of a NIC are planned and told together or not at all. (No rule of release: two families need it.)
    Together,
    /// The address of the second family is asked for once the claim of the first stands. (No rule of release either.)
    FamilyOrder,
    /// What moves the occupant carries the claim's UID and resourceVersion. (As built; the design says it of deletes.)
    OccupyVersion,
}

impl Rule {
    /// It in words, as what is left out.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::AbsenceIsNoProof => "absence is no proof",
            Self::OffInterface => "the address is seen off its interface first",
            Self::FreshRead => "a fresh read says that the pod is gone",
            Self::Tombstone => "a tombstone refuses later ADDs",
            Self::OneUid => "the word is about one pod UID",
            Self::NeverSeen => "a pod that was never seen is let go too",
            Self::AddReads => "ADD reads the claim",
            Self::OccupantProof => "the occupant moves with proof",
            Self::SurplusProof => "a surplus claim goes on the agent's word",
            Self::SurplusPromise => "what is surplus is forsworn",
            Self::OwnerRead => "the owner is read afresh",
            Self::TitleProof => "losing the title is not letting go",
            Self::DeleteUid => "a delete carries the UID",
            Self::DeleteVersion => "a delete carries the resourceVersion",
            Self::Together => "all addresses of a NIC together or not at all",
            Self::FamilyOrder => "the second family is asked for once the first stands",
            Self::OccupyVersion => "what moves the occupant carries UID and resourceVersion",
        }
    }

    /// All.
    pub const ALL: [Self; 17] = [
        Self::AbsenceIsNoProof,
        Self::OffInterface,
        Self::FreshRead,
        Self::Tombstone,
        Self::OneUid,
        Self::NeverSeen,
        Self::AddReads,
        Self::OccupantProof,
        Self::SurplusProof,
        Self::SurplusPromise,
        Self::OwnerRead,
        Self::TitleProof,
        Self::DeleteUid,
        Self::DeleteVersion,
        Self::OccupyVersion,
        Self::Together,
        Self::FamilyOrder,
    ];
}

/// Which rules are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    left_out: u32,
}

impl Rules {
    /// Every rule is kept.
    pub const ALL: Self = Self { left_out: 0 };

    /// Every rule but these.
    #[must_use]
    pub fn without(rules: &[Rule]) -> Self {
        Self { left_out: rules.iter().fold(0, |bits, rule| bits | bit(*rule)) }
    }

    /// Whether a rule is kept.
    #[must_use]
    pub const fn keep(self, rule: Rule) -> bool {
        self.left_out & bit(rule) == 0
    }
}

const fn bit(rule: Rule) -> u32 {
    1 << rule as u32
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out: Vec<Rule> = Rule::ALL.into_iter().filter(|rule| !self.keep(*rule)).collect();
        if left_out.is_empty() { f.write_str("all rules") } else { write!(f, "without {left_out:?}") }
    }
}
