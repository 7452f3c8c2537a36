//! Judging a cluster: the world of observed objects, who holds which address, and what is wrong.
//!
//! In: slim objects and how completely each kind was read. Out: a [`World`] with its indexes, and a [`Report`] of
//! findings and of each Subnet's true counts. Guarantees: pure and deterministic, no I/O, no clock (the time is an
//! argument); presence convicts, absence only where a kind is known completely; no input panics; work grows with the
//! number of objects, not with its square. Writes nothing.

pub mod accounts;
pub mod explain;
pub mod finding;
pub mod findings;
pub mod gateways;
mod gone;
pub mod holder;
pub mod judge;
pub mod life;
pub mod manage;
pub mod networks;
pub mod record;
pub mod repair;
pub mod report;
pub mod requests;
mod rest;
pub mod second_look;
mod switch_lb;
pub mod world;

pub use finding::{Certainty, Code, Finding, FindingId, ObjRef, Severity};
pub use judge::{Context, judge};

pub use report::Report;
pub use world::World;
