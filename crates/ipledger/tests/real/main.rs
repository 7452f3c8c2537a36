//! The binary against a real API server, as a user runs it.
//!
//! In: the test bed's programs. Out: claims about reading, repairing, and installing that a scripted server cannot judge:
//! rights, pages, preconditions, dry runs, definitions.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod audit;
mod crds;
mod deployment;
mod manage;
mod many;
mod proof;
mod repair;
mod skeleton;
mod stage;
