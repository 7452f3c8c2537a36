//! What should become of a claim.
//!
//! In: nothing. Out: [`Fate`], [`Proof`], [`Unread`]. Guarantees: a release always names its proof; what is not known keeps the claim.

use std::fmt;

/// What should become of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Its holder is entitled.
    Keep,
    /// It is safe to let go.
    Release(Proof),
    /// It would be released if that were known to be safe: what it waits for.
    Wait(Wait),
}

/// Why a release is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The agent of the pod's node promised that the pod does not use the address and will not again.
    LetGo,
    /// The pod is gone or finished, and after that its node is gone: fresh reads say so.
    NodeGone,
    /// The pod is gone or finished, and after that its node is out of service, by an administrator's taint: fresh reads say so.
    OutOfService,
    /// The time of its quarantine is over.
    TimeOver,
    /// The owner is gone or has no place for the holder any more: a fresh read says so, and no pod uses the address.
    Disowned,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LetGo => "its node's agent, or an operator, has said that the address is let go",
            Self::NodeGone => "its node is gone",
            Self::TimeOver => "the time of its quarantine is over",
            Self::OutOfService => "its node is out of service",
            Self::Disowned => "its holder is gone or has no place for it any more, and nobody uses it",
        })
    }
}

/// What a release waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// The word of the agent of this node.
    Agent(api::slim::Str),
    /// A fresh read of the pod that used it, on a node that may be given up.
    Pod {
        /// Its namespace.
        namespace: api::slim::Str,
        /// Its name.
        name: api::slim::Str,
        /// The life of the pod.
        uid: api::slim::Uid,
        /// Its node.
        node: api::slim::Str,
    },
    /// Somebody's decision: this node may be given up, and the claim does not say how its pod is called.
    NoName(api::slim::Str),
    /// A fresh read of this node, which the last list lacks or has as out of service.
    Node {
        /// Its name.
        node: api::slim::Str,
        /// The pod that used it, which is gone.
        pod: api::slim::Uid,
    },
    /// That the agent of this node is silent: the node may be given up.
    Silence(api::slim::Str),
    /// That the owner has been absent for long enough: until then.
    Grace(api::slim::Time),
    /// A fresh read of the object that would entitle the holder.
    Owner {
        /// Its kind.
        kind: api::slim::Kind,
        /// Its namespace; empty where the kind has none.
        namespace: api::slim::Str,
        /// Its name.
        name: api::slim::Str,
    },
    /// That this gateway says that the address is off its interface, and its rules are gone.
    Gateway(api::slim::Str),
    /// That this can be read: until then nobody knows what was given up.
    Unreadable(Box<Unread>),
    /// Somebody's decision: this node has no agent, and nobody else can know.
    NoAgent(api::slim::Str),
}

/// What cannot be read, so that nobody knows what a holder should hold: what it has it keeps, and gets nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Kind of the object.
    pub kind: api::slim::Kind,
    /// Its namespace.
    pub namespace: api::slim::Str,
    /// Its name.
    pub name: api::slim::Str,
    /// Where in it.
    pub place: Place,
    /// Why.
    pub reason: Box<str>,
}

/// Where an object says which networks are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In its spec.
    Spec,
    /// In this annotation.
    Annotation(&'static str),
    /// In this annotation of the pods that it makes.
    Template(&'static str),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Spec => f.write_str("the spec")?,
            Place::Annotation(annotation) => write!(f, "annotation {annotation}")?,
            Place::Template(annotation) => write!(f, "annotation {annotation} in the template")?,
        }
        let Self { kind, namespace, name, reason, .. } = self;
        write!(f, " of {kind} {namespace}/{name} cannot be read ({reason})")
    }
}
