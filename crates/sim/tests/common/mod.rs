//! Sweeps: a story, then the story with every fault at every write.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests; each test file uses its part")]

use sim::{Act, End, Fault, Story, run, run_with};

/// Runs a story without faults, then with every fault at every write: the end is the same each time.
pub fn sweep(name: &'static str, acts: Vec<Act>) -> End {
    let story = Story { name, acts };
    let clean = run(&story, Fault::None).unwrap_or_else(|violation| panic!("{name}: {violation:?}"));
    every_fault(1, &story, &clean);
    // Two controllers that know nothing of each other come to the same end, in more writes.
    let two = run_with(2, &story, Fault::None).unwrap_or_else(|violation| panic!("{name}, two: {violation:?}"));
    assert!(two.is_like(&clean), "{name}, two controllers: {two:#?}\none: {clean:#?}");
    clean
}

pub fn every_fault(controllers: usize, story: &Story, clean: &End) {
    let (name, mut write) = (story.name, 0);
    loop {
        write += 1;
        for fault in Fault::all_at(write) {
            let end = run_with(controllers, story, fault)
                .unwrap_or_else(|violation| panic!("{name}, {controllers} controllers, {fault:?}: {violation:?}"));
            assert!(
                end.is_like(clean),
                "{name}, {controllers} controllers, {fault:?}: {end:#?}\nwithout fault: {clean:#?}"
            );
            // Past the last write nothing goes wrong any more.
            if end.all_writes() < write {
                return;
            }
        }
    }
}
