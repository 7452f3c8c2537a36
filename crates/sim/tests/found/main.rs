//! What random runs found: the shortest story of each defect, as it was shrunk.
#![allow(clippy::unwrap_used)]

mod claims;
mod lagging;
mod lenders;
mod macs;
mod nodes;
mod owners;
mod primary;
mod records;
mod resting;
mod storage;
mod subnets;
mod told;
mod unreadable;

use sim::random::{Step, replay, replay_overtaken};

fn holds(controllers: usize, steps: &[Step]) {
    replay(controllers, steps).unwrap_or_else(|violation| panic!("{violation:?}"));
}

/// The same where anything may happen between what an ADD looks at and what it does.
fn holds_overtaken(controllers: usize, steps: &[Step]) {
    replay_overtaken(controllers, steps).unwrap_or_else(|violation| panic!("{violation:?}"));
}
