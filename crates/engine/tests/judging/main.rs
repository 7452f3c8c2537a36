//! The rules of judging, as claims: from a clean cluster one thing is broken, and exactly its findings are found.
//!
//! One target for all themes: linking it once costs less than linking it twenty times.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)] // A test that cannot go on fails; objects are written where they are passed.

#[path = "../common/mod.rs"]
mod common;

mod claims;
mod clean;
mod counts;
mod coverage;
mod duplicates;
mod families;
mod gateways;
mod healthy;
mod labels;
mod leaked_ips;
mod leaked_nics;
mod malformed;
mod missing_records;
mod networks;
mod places;
mod pools;
mod properties;
mod ranges;
mod references;
mod requests;
mod rules;
mod stuck;
