//! Sweeps: a story, then the story with every fault at every write; with `SIM_TWO_CONTROLLERS` set, with two controllers too.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests; each test file uses its part")]

use sim::{Act, End, Fault, Story, Violation, run, run_with, run_with_standby};

/// Runs a story without faults, then with every fault at every write: the end is the same each time.
pub fn sweep(name: &'static str, acts: Vec<Act>) -> End {
    sweep_by(name, acts, |_| 1)
}

/// The same, but at every second, third ... write of a story with more than 20, 40 ... writes: the work stays bearable.
pub fn sampled(name: &'static str, acts: Vec<Act>) -> End {
    sweep_by(name, acts, |writes| 1 + writes / 20)
}

fn sweep_by(name: &'static str, acts: Vec<Act>, stride: fn(u64) -> u64) -> End {
    let story = Story { name, acts };
    let clean = run(&story, Fault::None).unwrap_or_else(|violation| panic!("{name}: {violation:?}"));
    let stride = stride(clean.all_writes());
    faults(1, &story, &clean, stride);
    if std::env::var_os("SIM_TWO_CONTROLLERS").is_some() {
        faults(2, &story, &clean, stride);
    }
    // Two controllers that know nothing of each other come to the same end, in more writes.
    let two = run_with(2, &story, Fault::None).unwrap_or_else(|violation| panic!("{name}, two: {violation:?}"));
    assert!(two.is_like(&clean), "{name}, two controllers: {two:#?}\none: {clean:#?}");
    clean
}

pub fn every_fault(controllers: usize, story: &Story, clean: &End) {
    faults(controllers, story, clean, 1);
}

fn faults(controllers: usize, story: &Story, clean: &End, stride: u64) {
    let run = |story: &Story, fault| run_with(controllers, story, fault);
    faults_in(&format!("{}, {controllers} controllers", story.name), story, clean, (stride, &Fault::all_at, &run));
}

/// A run at each write with a controller that takes over there from the one that wrote: the end is the same each time.
pub fn hand_overs(story: &Story) -> End {
    let name = format!("{}, with one that stands by", story.name);
    let clean = run_with_standby(story, Fault::None).unwrap_or_else(|violation| panic!("{name}: {violation:?}"));
    faults_in(&name, story, &clean, (1, &Fault::hand_overs_at, &run_with_standby));
    clean
}

type Run<'a> = &'a dyn Fn(&Story, Fault) -> Result<End, Violation>;

fn faults_in<const N: usize>(
    name: &str,
    story: &Story,
    clean: &End,
    (stride, all_at, run): (u64, &dyn Fn(u64) -> [Fault; N], Run<'_>),
) {
    for write in (1..).step_by(usize::try_from(stride).unwrap()) {
        for fault in all_at(write) {
            let end = run(story, fault).unwrap_or_else(|violation| panic!("{name}, {fault:?}: {violation:?}"));
            assert!(end.is_like(clean), "{name}, {fault:?}: {end:#?}\nwithout fault: {clean:#?}");
            // Past the last write nothing goes wrong any more.
            if end.all_writes() < write {
                return;
            }
        }
    }
}
