//! The address manager on the modelled API server, step by step, with nodes, a wire and faults.
//!
//! In: a [`Story`] (what people do), a [`Fault`]. Out: [`End`], or the first [`Violation`] of an invariant. Guarantees:
//! deterministic; no clock, no thread, no I/O; the wire is in it: which sandbox answers to which address at every moment;
//! UNIQUENESS and ACCOUNTING are checked after every write, everything else once the cluster is at rest.

mod cluster;
mod controller;
mod decision;
mod end;
mod excuse;
mod fault;
mod given;
mod holders;
mod migrations;
mod net;
mod node;
mod oracle;
mod planted;
pub mod random;
mod setup;
mod status;
mod story;
mod unanswered;
mod wire;

pub use cluster::{Cluster, run, run_with, run_with_standby};
pub use end::End;
pub use fault::Fault;
pub use node::Node;
pub use oracle::Violation;
pub use planted::Planted;
pub use setup::{pod, stateful_set};
pub use story::{Act, Story};
pub use wire::Wire;
