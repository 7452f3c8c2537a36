//! A real Kubernetes for tests: control planes and nodes as child processes, with faults as calls.
//!
//! In: the programs that `cargo xtask testbed` builds. Out: [`ControlPlane`]s and [`Node`]s that live as long as their value,
//! a [`Proxy`] that does harm on request, the [`Audit`] log as a list of calls, and waits with a deadline. Guarantees: two
//! runs on one machine do not meet, and nothing stays behind, whatever signal ends the test. `docs/testing.md` tells a
//! newcomer how to use it.
//!
//! ```no_run
//! fn main() -> testbed::Result<()> {
//!     let bed = testbed::ControlPlane::start()?;
//!     let mark = bed.audit().mark()?;
//!     bed.kubectl(&["create", "configmap", "one"])?;
//!     assert_eq!(bed.audit().writes(mark, "kubectl")?["create configmaps"], 1);
//!     Ok(())
//! }
//! ```

pub mod assets;
pub mod build;
pub mod need;
pub mod packages;
pub mod recipe;
pub mod run;

mod audit;
mod client;
mod control_plane;
mod error;
mod fabric;
mod image;
mod kubectl;
mod lines;
mod node;
mod node_config;
mod pki;
mod process;
mod proxy;
mod storage;
mod user;
mod wait;

pub use assets::{Assets, Need};
pub use audit::{Audit, Call, Mark};
pub use client::Requests;
pub use control_plane::{Builder, ControlPlane, Part};
pub use error::{Error, Result};
pub use fabric::Fabric;
pub use image::IMAGE;
pub use node::{CLUSTER_OBJECTS, Node, NodePart};
pub use process::Process;
pub use proxy::{Fault, Proxy, Rule, Select};
pub use run::Run;
pub use storage::Backup;
pub use user::{MAX_NODES, User};
pub use wait::{Look, wait};

/// Says something to the person at the terminal, past a test runner that keeps what tests print.
fn say(text: &str) {
    use std::io::Write;
    // Nobody is left to tell if this fails.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// An error with all its causes.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut texts: Vec<_> = causes.map(ToString::to_string).collect();
    // Some libraries repeat their cause in their own text.
    texts.dedup_by(|next, previous| previous.ends_with(next.as_str()));
    texts.join(": ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
