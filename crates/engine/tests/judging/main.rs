//! The rules of judging, as claims: from a clean cluster one thing is broken, and exactly its findings are found.
//!
//! One target for all themes: linking it once costs less than linking it twenty times.

#[path = "../common/mod.rs"]
mod common;

mod claims;
mod clean;
mod counts;
mod coverage;
mod duplicates;
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
