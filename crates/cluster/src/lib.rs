//! The live cluster: connecting, listing, looking again, carrying out a plan, installing what IPLedger needs.
//!
//! In: a kubeconfig or the credentials of a pod, and what to do. Out: objects kind by kind, typed outcomes of every kind and
//! call. Guarantees: reading never writes; every call has a deadline and a bounded number of attempts, and only reads are
//! repeated; records are listed before their holders; what is missing, forbidden or failing is told apart and told by
//! name, and stops nothing else; what is written is what a plan says, with its preconditions, and
//! CustomResourceDefinitions: one of `kubeovn.io` that exists is neither changed nor deleted. This crate decides nothing
//! about addresses: it asks `engine`.

pub mod crds;

mod apply;
mod call;
mod claims;
mod confirm;
mod connect;
mod dry_run;
mod json;
mod list;
mod order;
mod path;
mod proxy;
mod reading;
mod release;
mod reread;
mod served;
mod watch;

pub use apply::{Applied, Outcome, apply};
pub use call::{Answer, CallError, Cause, Cluster, Patience, Refusal, Retry};
pub use claims::{FoundPod, Word};
pub use confirm::{Confirmed, confirm};
pub use connect::{ConnectError, ConnectOptions, connect};
pub use dry_run::DryRun;
pub use list::{Event, First, Forbidden, Intake, Listing, PAGE, RbacRule};
pub use order::{ORDER, in_order};
pub use reading::{Live, Progress, read};
pub use reread::{ObjectName, Reread};
pub use watch::{Change, Collection, Pages, WatchEnd, Watching};
