//! Random runs by the thousand: `cargo xtask sim`.
//!
//! In: `--seeds N`, `--from S`, `--steps M`, `--controllers N` (0: one and two in turn), `--threads N` (0: one for each processor). Out:
//! progress each second; the first seed that fails, with its steps as few as can be found, and exit code 1. Guarantee: what a seed does is the
//! same on any number of threads; which of two failing seeds is told first is not.

use sim::random::{Step, attempt, shrink, workload};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A run is a million small pieces of JSON.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is asked for.
struct Plan {
    from: u64,
    seeds: u64,
    steps: usize,
    controllers: u8,
    /// How many failing seeds end the search.
    failures: u64,
    threads: usize,
}

/// How far the search is.
struct Search {
    plan: Plan,
    begun: Instant,
    next: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    /// When progress was told last. Whoever writes a line holds it.
    told: Mutex<Instant>,
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
    let count = || AtomicU64::new(0);
    let (begun, threads) = (Instant::now(), plan.threads);
    let search = Search { plan, begun, next: count(), done: count(), failed: count(), told: Mutex::new(begun) };
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(|| search.go()))));
    search.finish()
}

impl Search {
    /// Runs one seed after the other, until there is none left or enough have failed.
    fn go(&self) {
        let (plan, relaxed) = (&self.plan, Ordering::Relaxed);
        while self.failed.load(relaxed) < plan.failures {
            let at = self.next.fetch_add(1, relaxed);
            if at >= plan.seeds {
                return;
            }
            let seed = plan.from + at;
            let controllers = controllers(plan, seed);
            let steps = workload(seed, plan.steps, controllers);
            if let Err(violation) = attempt(controllers.into(), &steps)
                && self.failed.fetch_add(1, relaxed) < plan.failures
            {
                self.tell(seed, controllers, &steps, &violation);
            }
            self.done.fetch_add(1, relaxed);
            self.progress();
        }
    }

    /// Tells of a seed that fails, as a test would have it. The other threads go on while its steps become fewer.
    fn tell(&self, seed: u64, controllers: u8, steps: &[Step], violation: &sim::Violation) {
        let alone = || self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let say = |_: MutexGuard<'_, Instant>| eprintln!("\rseed {seed}, {controllers} controllers: {}", violation.0);
        say(alone());
        let (short, violation) = shrink(controllers.into(), steps, violation);
        let _alone = alone();
        eprintln!("\rseed {seed}, in {} steps: {}", short.len(), violation.0);
        short.iter().for_each(|step| eprintln!("    {step:?},"));
    }

    /// Tells how far it is, once a second.
    fn progress(&self) {
        let Ok(mut told) = self.told.try_lock() else { return };
        if told.elapsed() > Duration::from_secs(1) {
            *told = Instant::now();
            let (done, failed) = (self.done.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
            eprint!("\r{done} of {} runs, {failed} failed, {:.0?} ", self.plan.seeds, self.begun.elapsed());
        }
    }

    /// Tells what was done.
    fn finish(self) -> ExitCode {
        let (plan, done, failed) = (self.plan, self.done.into_inner(), self.failed.into_inner());
        let (from, last) = (plan.from, plan.from + plan.seeds.saturating_sub(1));
        let (steps, took) = (plan.steps, self.begun.elapsed());
        eprintln!("\r{done} runs of {steps} steps (seeds {from} to {last}), {failed} failed, {took:.0?}");
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn controllers(plan: &Plan, seed: u64) -> u8 {
    match plan.controllers {
        0 => 1 + u8::from(seed % 2 == 1),
        given => given,
    }
}

fn plan(mut arguments: impl Iterator<Item = String>) -> Result<Plan, String> {
    let mut plan = Plan { from: 0, seeds: 1000, steps: 200, controllers: 0, failures: 1, threads: 0 };
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
        let number: u64 = value.parse().map_err(|_| format!("{argument} needs a number, not `{value}`"))?;
        match argument.as_str() {
            "--from" => plan.from = number,
            "--seeds" => plan.seeds = number,
            "--failures" => plan.failures = number,
            "--steps" => plan.steps = usize::try_from(number).map_err(|error| error.to_string())?,
            "--threads" => plan.threads = usize::try_from(number).map_err(|error| error.to_string())?,
            "--controllers" => plan.controllers = u8::try_from(number).map_err(|error| error.to_string())?,
            _ => {
                return Err(format!(
                    "unknown option {argument}: it takes --seeds N, --from S, --steps M, --controllers N, --threads N, --failures N"
                ));
            }
        }
    }
    if plan.threads == 0 {
        plan.threads = thread::available_parallelism().map_or(1, usize::from);
    }
    Ok(plan)
}
