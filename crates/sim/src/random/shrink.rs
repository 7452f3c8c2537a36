//! From a run that fails to a short one.
//!
//! In: steps that fail. Out: fewer steps that fail in the same way. Guarantees: none of the steps that are left can be left out
//! alone; ends after a bounded number of runs.
//! Source: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", 2002, in its simple form.

use super::attempt;
use super::step::{ALL, Step};
use crate::oracle::Violation;

/// Runs that are spent on one failure at most.
const RUNS: usize = 3_000;

/// The invariant that a violation is of: its first word.
fn sort(violation: &Violation) -> &str {
    violation.0.split([':', ' ']).next().unwrap_or_default()
}

/// Fewer steps, which fail in the same way, and how.
#[must_use]
pub fn shrink(controllers: usize, steps: &[Step], violation: &Violation) -> (Vec<Step>, Violation) {
    let mut best = (steps.to_vec(), violation.clone());
    let mut runs = 0;
    let mut part = best.0.len().div_ceil(2);
    while part > 0 && runs < RUNS {
        let before = best.0.len();
        let mut at = 0;
        while at < best.0.len() && runs < RUNS {
            let mut less = best.0.clone();
            less.drain(at..(at + part).min(less.len()));
            runs += 1;
            if !better(controllers, less, &mut best) {
                at += part;
            }
        }
        // Once more with single steps, as long as that helps.
        part = if part > 1 { part / 2 } else { usize::from(best.0.len() < before) };
    }
    calm(controllers, &mut best);
    best
}

/// Lets everybody rest after a step, or nobody do anything, where that fails too: such a story is easier to read.
fn calm(controllers: usize, best: &mut (Vec<Step>, Violation)) {
    for at in 0..best.0.len() {
        for turns in [ALL, 0] {
            let mut other = best.0.clone();
            if other[at].1 == turns && other[at].2 == 0 {
                break;
            }
            (other[at].1, other[at].2) = (turns, 0);
            if better(controllers, other, best) {
                break;
            }
        }
    }
}

/// Takes other steps where they fail in the same way.
fn better(controllers: usize, steps: Vec<Step>, best: &mut (Vec<Step>, Violation)) -> bool {
    match attempt(controllers, &steps) {
        Err(violation) if sort(&violation) == sort(&best.1) => {
            *best = (steps, violation);
            true
        }
        _ => false,
    }
}
