//! A node's part: the agent, and the IPAM plugin that asks it.
//!
//! In: CNI calls on this node, the claims and pods of this node. Out: addresses for interfaces, each proven by its claim; the
//! agent's word about who has let go. Guarantees: the six rules of release, as far as they are the agent's: ADD reads each
//! claim by its name before it answers; "let go" is said after the address is off, after a fresh read says that the pod is
//! gone or finished, and with a tombstone on disk, after which no sandbox of that pod gets an address any more.
//!
//! So far this is a walking skeleton: it sees an address off by the end of its network namespace, and does not probe the
//! wire, or re-assert claims.

mod agent;
mod kubernetes;
mod lease;
mod part;
mod plugin;
mod protocol;
mod serve;
mod store;
mod word;

pub use agent::{Agent, AgentError, Options};
pub use plugin::plugin;
