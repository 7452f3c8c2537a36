//! The live cluster: connecting, listing, looking again, carrying out a plan.
//!
//! In: a kubeconfig or in-cluster credentials. Out: raw objects, kind by kind, and the outcomes of calls. Guarantees:
//! records are listed before their holders; what is missing, forbidden or failing is told apart and told by name; nothing
//! is written but what a plan says, with its preconditions. This crate decides nothing: it asks `engine`.

mod apply;
mod call;
mod confirm;
mod connect;
mod list;
mod reading;

pub use apply::{Applied, DryRun, Outcome, apply};
pub use call::{Answer, CallError, get};
pub use confirm::{Confirmed, confirm};
pub use connect::{ConnectError, ConnectOptions, connect};
pub use kube::Client;
pub use list::{Listed, ORDER, Why, list};
pub use reading::{Live, Progress, read};
