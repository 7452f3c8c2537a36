//! Claims about runs that need none of the bed's programs: slots, and that nothing stays behind.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use common::{marked, processes};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use testbed::run::{Run, runs_folder, sweep};
use testbed::{Look, wait};

const SOON: Duration = Duration::from_secs(30);

/// Set in the process that plays the owner of a run and is killed.
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
    let folder = run.folder().to_owned();
    // In a session of its own, frozen, and with a child: what is hard to end.
    let mut command = Command::new("sh");
    command.args(["-c", "sleep 1000 & kill -STOP $$"]).process_group(0);
    let mut child = run.mark(&mut command).spawn().unwrap();
    wait_for_marked(&folder, 2);
    drop(run);
    assert!(!folder.exists());
    child.wait().unwrap();
    wait_for_marked(&folder, 0);
}

#[test]
fn nothing_stays_behind_when_the_owner_is_killed() {
    let mut owner = start_owner("nothing_stays_behind_when_the_owner_is_killed");
    let Some(owner) = &mut owner else { return };
    wait_for_marked(&owner.folder, 1);
    owner.child.kill().unwrap();
    owner.child.wait().unwrap();
    wait_until_gone(&owner.folder);
}

#[test]
fn the_next_run_cleans_up_when_the_supervisor_is_killed_too() {
    let mut owner = start_owner("the_next_run_cleans_up_when_the_supervisor_is_killed_too");
    let Some(owner) = &mut owner else { return };
    let supervisor = supervisor_of(&owner.folder);
    let killed = Command::new("kill").args(["-9", &supervisor.to_string()]).status().unwrap();
    assert!(killed.success());
    owner.child.kill().unwrap();
    owner.child.wait().unwrap();
    assert!(owner.folder.exists(), "somebody else cleaned up already");
    assert_eq!(marked(&owner.folder).len(), 1);
    sweep().unwrap();
    assert!(!owner.folder.exists());
    wait_for_marked(&owner.folder, 0);
}

#[test]
fn a_sweep_leaves_a_run_alone_that_lives() {
    let run = Run::begin().unwrap();
    sweep().unwrap();
    assert!(run.logs().is_dir());
}

/// A process that owns a run with one process in it.
struct Owner {
    child: Child,
    folder: PathBuf,
}

/// Runs this same test as another process, which becomes the owner: there, None is returned after it was told to end.
fn start_owner(test: &str) -> Option<Owner> {
    if let Ok(said) = std::env::var(OWNER) {
        let run = Run::begin().unwrap();
        let mut command = Command::new("sleep");
        let mut sleeper = run.mark(command.arg("1000")).spawn().unwrap();
        std::fs::write(said, run.folder().to_str().unwrap()).unwrap();
        sleeper.wait().unwrap();
        return None;
    }
    let said = std::env::temp_dir().join(format!("ipledger-owner-{}-{test}", std::process::id()));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).env(OWNER, &said).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let folder = wait("the owner to begin its run", SOON, || {
        let text = std::fs::read_to_string(&said).unwrap_or_default();
        Ok(if text.is_empty() { Look::NotYet("it has said nothing".into()) } else { Look::Done(PathBuf::from(text)) })
    });
    std::fs::remove_file(&said).unwrap();
    let folder = folder.unwrap();
    assert!(folder.starts_with(runs_folder()));
    Some(Owner { child, folder })
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

fn wait_for_marked(folder: &Path, number: usize) {
    wait(&format!("{number} processes of {}", folder.display()), SOON, || {
        let found = marked(folder);
        Ok(if found.len() == number { Look::Done(()) } else { Look::NotYet(format!("{found:?}")) })
    })
    .unwrap();
}

fn wait_until_gone(folder: &Path) {
    wait(&format!("{} to be gone", folder.display()), SOON, || {
        Ok(if folder.exists() { Look::NotYet("it is there".into()) } else { Look::Done(()) })
    })
    .unwrap();
    wait_for_marked(folder, 0);
}
