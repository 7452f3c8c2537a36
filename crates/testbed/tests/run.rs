//! Claims about runs that need none of the bed's programs: slots, and that nothing stays behind.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use common::{processes, processes_with};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testbed::run::{Run, sweep};
use testbed::{Look, wait};

const SOON: Duration = Duration::from_secs(60);

/// Set in the process that plays the owner of a run and is killed, to where it says what its folder is. By this the test
/// finds it and all that it starts.
const OWNER: &str = "IPLEDGER_TESTBED_TEST_OWNER";

#[test]
fn two_runs_have_nothing_in_common() {
    let (one, other) = (Run::begin().unwrap(), Run::begin().unwrap());
    assert_ne!(one.slot(), other.slot());
    assert_ne!(one.folder(), other.folder());
    assert_ne!(one.loopback(), other.loopback());
}

#[test]
fn a_run_that_ends_takes_its_processes_and_files_along() {
    let run = Run::begin().unwrap();
    let mine = run.folder().join("mine");
    std::fs::write(&mine, "").unwrap();
    // In a process group of its own, frozen, and with a child: what is hard to end.
    let mut command = Command::new("sh");
    let name = format!("ended-{}", std::process::id());
    command.args(["-c", "sleep 1000 & kill -STOP $$"]).env(OWNER, &name).process_group(0);
    let mut child = run.mark(&mut command).spawn().unwrap();
    wait_for_processes(&name, 2);
    drop(run);
    assert!(!mine.exists());
    child.wait().unwrap();
    wait_for_processes(&name, 0);
}

#[test]
fn nothing_stays_behind_when_the_owner_is_killed() {
    let Some(mut owner) = start_owner("nothing_stays_behind_when_the_owner_is_killed") else { return };
    owner.kill();
    wait("the supervisor to clean up", SOON, || {
        Ok(if owner.folder.exists() { Look::NotYet("the folder is there".into()) } else { Look::Done(()) })
    })
    .unwrap();
    wait_for_processes(&owner.name, 0);
}

#[test]
fn the_next_run_cleans_up_when_the_supervisor_is_killed_too() {
    let test = "the_next_run_cleans_up_when_the_supervisor_is_killed_too";
    let Some(mut owner) = start_owner(test) else { return };
    let supervisor = supervisor_of(&owner.folder);
    let killed = Command::new("kill").args(["-9", &supervisor.to_string()]).status().unwrap();
    assert!(killed.success());
    owner.kill();
    wait_for_processes(&owner.name, 1);
    assert!(owner.folder.exists());
    let mut clean = Command::new(env!("CARGO_BIN_EXE_bed"));
    let said = clean.arg("clean").env("IPLEDGER_TESTBED_RUNS", &owner.runs).output().unwrap();
    assert!(String::from_utf8_lossy(&said.stderr).contains("what 1 killed beds had left"), "{said:?}");
    assert!(!owner.folder.exists());
    wait_for_processes(&owner.name, 0);
}

#[test]
fn a_sweep_leaves_a_run_alone_that_lives() {
    let run = Run::begin().unwrap();
    sweep().unwrap();
    assert!(run.logs().is_dir());
}

/// A process that owns a run with one process in it, in a folder of runs that nobody else sweeps.
struct Owner {
    child: Child,
    name: String,
    runs: PathBuf,
    folder: PathBuf,
}

/// Runs this same test as another process, which becomes the owner: there, None is returned if it is told to end.
fn start_owner(test: &str) -> Option<Owner> {
    if let Ok(said) = std::env::var(OWNER) {
        let run = Run::begin().unwrap();
        let mut command = Command::new("sleep");
        let mut sleeper = run.mark(command.arg("1000")).spawn().unwrap();
        let draft = format!("{said}.draft");
        std::fs::write(&draft, run.folder().to_str().unwrap()).unwrap();
        std::fs::rename(draft, said).unwrap();
        sleeper.wait().unwrap();
        return None;
    }
    let runs = std::env::temp_dir().join(format!("ipledger-owner-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&runs).unwrap();
    let said = runs.join("said");
    let name = said.to_str().unwrap().to_owned();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).env(OWNER, &name).env("IPLEDGER_TESTBED_RUNS", &runs);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let folder = wait("the owner to begin its run", SOON, || {
        let folder = std::fs::read_to_string(&said).map(PathBuf::from);
        Ok(folder.map_or_else(|error| Look::NotYet(error.to_string()), Look::Done))
    })
    .unwrap();
    assert!(folder.starts_with(&runs));
    Some(Owner { child, name, runs, folder })
}

impl Owner {
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = std::fs::remove_dir_all(&self.runs);
    }
}

fn supervisor_of(folder: &Path) -> u32 {
    let found = processes(|process| {
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        words.contains(&"ipledger-testbed-supervisor".into()) && words.iter().any(|word| Path::new(&**word) == folder)
    });
    assert_eq!(found.len(), 1);
    found[0]
}

fn wait_for_processes(name: &str, number: usize) {
    wait(&format!("{number} processes with {OWNER}={name}"), SOON, || {
        let found = processes_with(OWNER, name);
        Ok(if found.len() == number { Look::Done(()) } else { Look::NotYet(format!("{found:?}")) })
    })
    .unwrap();
}
