//! What a pod of this node is to a claim: its occupant, or the target of a live migration.
//!
//! In: claims. Out: who it is, whether its agent has given its word, and where that stands. Guarantees: the two parts of a claim are of
//! two agents, and the word on one leaves what is said of the other as it is.

use api::slim::{AddressClaim, Uid};
use serde_json::{Value, json};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The pod that uses the address; while its machine migrates, the source.
    Occupant,
    /// The pod to which its machine migrates.
    Target,
}

impl Part {
    /// The label of a claim that says on which node the pod is.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Occupant => "ipledger.dev/node",
            Self::Target => "ipledger.dev/target-node",
        }
    }

    /// The pod, and of which one the agent has given its word.
    pub(crate) fn of(self, claim: &AddressClaim) -> (&Uid, &Uid) {
        let status = &claim.status;
        match self {
            Self::Occupant => (&status.occupant.pod_uid, &status.let_go.pod_uid),
            Self::Target => (&status.target.occupant.pod_uid, &status.target.let_go.pod_uid),
        }
    }

    /// The status of a claim in which the agent gives its word.
    pub(crate) fn word(self, uid: &str, at: &str) -> Value {
        let word = json!({"letGo": {"podUID": uid, "at": at}});
        match self {
            Self::Occupant => word,
            Self::Target => json!({"target": word}),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use api::slim::read_claim;

    #[test]
    fn each_agent_reads_and_writes_what_is_said_of_its_own_pod() {
        let claim = br#"{"metadata":{"name":"w.10.0.0.1"},"status":{"occupant":{"podUID":"s","node":"n1"},"letGo":{"podUID":"s"},
            "target":{"occupant":{"podUID":"t","node":"n2"}}}}"#;
        let claim = read_claim(claim).unwrap();
        let (source, target) = (Uid::parse("s"), Uid::parse("t"));
        assert_eq!(Part::Occupant.of(&claim), (&source, &source));
        assert_eq!(Part::Target.of(&claim), (&target, &Uid::None));
        assert!(claim.status.may_use(&target) && !claim.status.may_use(&source));
        assert_eq!(Part::Target.word("t", "now")["target"]["letGo"]["podUID"], "t");
        assert_eq!(Part::Occupant.word("s", "now")["letGo"]["podUID"], "s");
    }
}
