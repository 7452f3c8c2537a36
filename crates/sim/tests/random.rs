//! Some hundred random runs with fixed seeds: `cargo xtask sim` runs as many as you like.
#![allow(clippy::unwrap_used)]

use sim::random::{attempt, workload};
use std::ops::Range;

const STEPS: usize = 60;

fn runs(seeds: Range<u64>, controllers: u8) {
    eprintln!("seeds {seeds:?}, {controllers} controllers, {STEPS} steps each");
    for seed in seeds {
        let steps = workload(seed, STEPS, controllers);
        if let Err(violation) = attempt(controllers.into(), &steps) {
            panic!(
                "{violation:?}\ncargo xtask sim --from {seed} --seeds 1 --steps {STEPS} --controllers {controllers}"
            );
        }
    }
}

#[test]
fn nothing_breaks_with_one_controller() {
    runs(0..120, 1);
}

#[test]
fn nothing_breaks_with_two_controllers() {
    runs(1000..1120, 2);
}

#[test]
fn one_seed_gives_one_run() {
    assert_eq!(workload(7, 50, 2), workload(7, 50, 2));
    assert_ne!(workload(7, 50, 2), workload(8, 50, 2));
}
