//! Random runs by the thousand: `cargo xtask sim`.
//!
//! In: `--seeds N`, `--from S`, `--steps M`, `--controllers N` (0: one and two in turn). Out: progress each second; the first seed that
//! fails, with its steps as few as can be found, and exit code 1.

use sim::random::{Step, attempt, shrink, workload};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What is asked for.
struct Plan {
    from: u64,
    seeds: u64,
    steps: usize,
    controllers: u8,
    /// How many failing seeds end the search.
    failures: u64,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let plan = match plan(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
    };
    let (start, mut told, mut failed) = (Instant::now(), Instant::now(), 0);
    for (done, seed) in (plan.from..plan.from + plan.seeds).enumerate() {
        let controllers = controllers(&plan, seed);
        let steps = workload(seed, plan.steps, controllers);
        if let Err(violation) = attempt(controllers.into(), &steps) {
            failed += 1;
            tell(seed, controllers, &steps, &violation);
            if failed == plan.failures {
                return ExitCode::FAILURE;
            }
        }
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            eprint!("\r{} of {} runs, {} failed, {:.0?} ", done + 1, plan.seeds, failed, start.elapsed());
        }
    }
    let (seeds, last) = (plan.seeds, plan.from + plan.seeds.saturating_sub(1));
    let (steps, from) = (plan.steps, plan.from);
    eprintln!("\r{seeds} runs of {steps} steps (seeds {from} to {last}), {failed} failed, {:.0?}", start.elapsed());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn controllers(plan: &Plan, seed: u64) -> u8 {
    match plan.controllers {
        0 => 1 + u8::from(seed % 2 == 1),
        given => given,
    }
}

/// Tells of a seed that fails, as a test would have it.
fn tell(seed: u64, controllers: u8, steps: &[Step], violation: &sim::Violation) {
    eprintln!("\rseed {seed}, {controllers} controllers: {}", violation.0);
    let (short, violation) = shrink(controllers.into(), steps, violation);
    eprintln!("in {} steps: {}", short.len(), violation.0);
    short.iter().for_each(|step| eprintln!("    {step:?},"));
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Result<Plan, String> {
    let mut plan = Plan { from: 0, seeds: 1000, steps: 200, controllers: 0, failures: 1 };
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
        let number: u64 = value.parse().map_err(|_| format!("{argument} needs a number, not `{value}`"))?;
        match argument.as_str() {
            "--from" => plan.from = number,
            "--seeds" => plan.seeds = number,
            "--failures" => plan.failures = number,
            "--steps" => plan.steps = usize::try_from(number).map_err(|error| error.to_string())?,
            "--controllers" => plan.controllers = u8::try_from(number).map_err(|error| error.to_string())?,
            _ => {
                return Err(format!(
                    "unknown option {argument}: it takes --seeds N, --from S, --steps M, --controllers N, --failures N"
                ));
            }
        }
    }
    Ok(plan)
}
