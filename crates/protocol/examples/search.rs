//! The protocol searched to the end: `cargo xtask protocol`.
//!
//! In: nothing (the worlds that take seconds, and each rule left out), `--long` (all), or names of worlds. Out: progress each
//! second; one line for each world, one story for each rule left out, and exit code 1 where one is not as it should be.

use protocol::catalog::{Break, CASES, WORLDS, World};
use protocol::{Found, Invariant, Progress, Rules, search};
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (options, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.starts_with("--"));
    let known = |name: &&String| WORLDS.iter().any(|world| world.name == **name);
    let unknown = names.iter().find(|name| !known(name)).or(options.iter().find(|option| **option != "--long"));
    if let Some(unknown) = unknown {
        let all: Vec<&str> = WORLDS.iter().map(|world| world.name).collect();
        eprintln!("error: unknown {unknown}: it takes --long, or names of worlds: {}", all.join(", "));
        return ExitCode::from(2);
    }
    let long = !options.is_empty();
    let is_chosen = |world: &&World| match names.is_empty() {
        true => long || !world.long,
        false => names.iter().any(|name| *name == world.name),
    };
    let mut good = true;
    for world in WORLDS.iter().filter(is_chosen) {
        good &= hold(world);
    }
    if names.is_empty() {
        good &= without_rules(long);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A world with all rules.
fn hold(world: &World) -> bool {
    let start = Instant::now();
    let found = search(world.shape, Rules::ALL, &Invariant::ALL, &mut teller(world.name));
    tell(world.name, &found, start.elapsed());
    found.story.is_none()
}

/// Each rule left out, with one family and with two.
fn without_rules(long: bool) -> bool {
    let mut good = true;
    for case in &CASES {
        let long = case.dual_long.filter(|_| long);
        let places = [("v4", Some(case.v4)), ("dual", Some(case.dual)), ("dual to the end", long)];
        for (families, place) in places {
            let Some(Break { invariant, shape }) = place else { continue };
            let words: Vec<&str> = case.left_out.iter().map(|rule| rule.words()).collect();
            let name = format!("rule {} left out ({}), {families}", case.number, words.join("; "));
            let start = Instant::now();
            let found = search(shape, Rules::without(case.left_out), &[invariant], &mut teller(&name));
            tell(&name, &found, start.elapsed());
            good &= found.story.is_some();
        }
    }
    good
}

/// Tells each second how far a search is.
fn teller(name: &str) -> impl FnMut(Progress) + Send {
    let (name, mut told) = (name.to_owned(), Instant::now());
    move |progress| {
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            eprint!("\r{name}: {} states, depth {}, {:.0?} ", progress.states, progress.depth, progress.time);
        }
    }
}

fn tell(name: &str, found: &Found, time: Duration) {
    eprintln!("\r{name}: {} states, {} steps, depth {}, {time:.1?}", found.states, found.steps, found.depth);
    let Some((what, story)) = &found.story else { return };
    eprintln!("  broken in {} steps: {what}", story.len());
    story.iter().enumerate().for_each(|(at, line)| eprintln!("  {:2}. {line}", at + 1));
}
