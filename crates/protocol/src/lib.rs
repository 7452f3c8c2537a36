//! The claim protocol, small enough to be searched exhaustively.
//!
//! In: [`Shape`] (how small), [`Rules`] (which of them are kept). Out: [`Found`]: that every reachable state keeps the
//! invariants, or the shortest way to one that does not. Guarantees: deterministic; no clock, no randomness, no I/O; each
//! rule of release is asked for in one place, so that it can be left out. What is modelled and what is not: docs/proof.md.

mod agent;
pub mod catalog;
mod controller;
mod kubelet;
mod people;
mod property;
mod protocol;
mod rules;
mod search;
mod server;
mod shape;
mod state;
mod step;
mod view;
mod words;

pub use property::{Deed, Invariant};
pub use rules::{Rule, Rules};
pub use search::{Found, Progress, search, search_for};
pub use shape::Shape;
