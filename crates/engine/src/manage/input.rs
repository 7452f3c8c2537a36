//! What a step takes in.
//!
//! In: nothing. Out: [`Input`] and [`Outcome`]. Guarantees: an answer that did not come is [`Outcome::Unknown`], and is
//! never mistaken for a refusal.

use super::command::CommandId;
use api::slim::{Kind, Object, Str, Uid};
use std::collections::BTreeSet;

/// One thing that became known.
#[derive(Debug, Clone)]
pub enum Input {
    /// An object, from a list or a watch.
    Seen(Object),
    /// An object that a watch saw go.
    Gone {
        /// Its kind.
        kind: Kind,
        /// Its namespace; empty for cluster-scoped kinds.
        namespace: Str,
        /// Its name.
        name: Str,
        /// Its UID, so that a later object of that name is not taken for it.
        uid: Uid,
    },
    /// Objects of a kind that were given, and that a new list lacks, by their UIDs: no more of each need be remembered by whoever lists.
    Lacking(Kind, BTreeSet<Uid>),
    /// All objects of a kind have been given once.
    Listed(Kind),
    /// A kind is not known any more: its definition is gone, or it may not be listed. Nothing is decided until it is
    /// listed again.
    Unlisted(Kind),
    /// A node has an agent: the agent's Lease for it exists.
    AgentSeen {
        /// The node.
        node: Str,
        /// When the agent renewed it last, by the agent's clock: only that it changes counts. A version would be used a second time
        /// after the storage was put back.
        renewed: Str,
    },
    /// The agent's Lease for a node is gone.
    AgentGone(Str),
    /// All agents have been given once.
    AgentsListed,
    /// The Lease of Kube-OVN's controller as it is now; none: there is no such Lease.
    RivalSeen(Option<Tenure>),
    /// Whether Kube-OVN's NAT gateways are enabled.
    RivalGateways(bool),
    /// What became of a command.
    Done(CommandId, Outcome),
    /// Time has passed.
    Tick,
}

/// What a Lease says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// Who holds it; empty: nobody.
    pub holder: Str,
    /// When it was renewed last, by the holder's clock: only that it changes counts.
    pub renewed: Str,
    /// For how many seconds it is held after that.
    pub seconds: i64,
}

/// What became of a command.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Done; with the object as it is now, where the answer holds it.
    Done(Option<Object>),
    /// An object of that name is there already.
    Exists,
    /// The Lease of an agent as a read found it: when it was renewed last.
    Lease(Str),
    /// An Event as a read found it: what it says, and how often it was said.
    Event(Box<str>, u64),
    /// There is no such object.
    Missing,
    /// It has changed: a precondition does not hold any more.
    Changed,
    /// The server refuses, and will again: its words.
    Refused(Box<str>),
    /// No answer, or one that says to try again: it may have been done.
    Unknown,
}
