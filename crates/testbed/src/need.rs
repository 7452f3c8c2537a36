//! What a test needs of the machine, said in its first line.
//!
//! In: a [`Need`]. Out: the test goes on, or it is reported as skipped, by name and with the reason, on the standard error
//! that the test runner does not swallow. In CI (`CI=true`) a test whose programs are missing fails: nobody reads skips
//! there, and a build would have helped. What no build gives (root, namespaces, kinds of links) is a skip there too.

use crate::assets::{Assets, Need};
use std::process::Command;
use std::sync::OnceLock;

/// Why a test cannot run here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Programs are missing. A build or an install brings them.
    #[error("{0}")]
    Programs(String),
    /// The machine or the user does not allow it.
    #[error("{0}")]
    Environment(String),
}

/// Why a test cannot run here. None: it can.
#[must_use]
pub fn obstacle(need: Need) -> Option<Obstacle> {
    if let Err(missing) = Assets::find().check(need) {
        return Some(Obstacle::Programs(missing.to_string()));
    }
    if need < Need::Nodes {
        return None;
    }
    if !rustix::process::geteuid().is_root() {
        return Some(Obstacle::Environment(
            "nodes need root (network and mount namespaces): run it as root".to_owned(),
        ));
    }
    let lacks: Vec<_> = crate::packages::missing();
    if !lacks.is_empty() {
        let message = format!("{} (Debian packages): apt-get install them", lacks.join(", "));
        return Some(Obstacle::Programs(message));
    }
    static PROBED: OnceLock<Option<String>> = OnceLock::new();
    PROBED.get_or_init(probe).clone().map(Obstacle::Environment)
}

/// Makes once what nodes are made of, in namespaces that end with it. Containers without CAP_SYS_ADMIN and kernels without
/// these links stop here.
fn probe() -> Option<String> {
    const MAKE: &str = "mount -t tmpfs tmpfs /run && ip link add name veth0 type veth peer name veth1 && \
        ip link add name bridge0 type bridge && ip link add name macvlan0 link veth0 type macvlan";
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", MAKE]);
    let failed = crate::process::output(&mut command).err()?;
    Some(format!(
        "this machine cannot make nodes (root without capabilities, or a kernel without these links): {failed}"
    ))
}

/// Reports a skip. True if the test must return.
///
/// # Panics
/// Where `CI` is `true` and programs are missing: there that is a failure.
#[doc(hidden)]
pub fn skipped(test: &str, need: Need) -> bool {
    let Some(obstacle) = obstacle(need) else { return false };
    if let Some(failure) = failure(test, &obstacle, std::env::var_os("CI").is_some_and(|ci| ci == "true")) {
        panic!("{failure}");
    }
    crate::say(&format!("SKIPPED {test}: {obstacle}"));
    true
}

fn failure(test: &str, obstacle: &Obstacle, in_ci: bool) -> Option<String> {
    match obstacle {
        Obstacle::Programs(_) if in_ci => {
            Some(format!("{test} cannot run, and in CI no such test is skipped: {obstacle}"))
        }
        Obstacle::Programs(_) | Obstacle::Environment(_) => None,
    }
}

/// Ends a test here, with a report, if the machine lacks what it needs: `testbed::need!(Nodes);`
#[macro_export]
macro_rules! need {
    ($need:ident) => {{
        fn here() {}
        let test = ::std::any::type_name_of_val(&here).trim_end_matches("::here");
        if $crate::need::skipped(test, $crate::Need::$need) {
            return;
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_ci_missing_programs_are_a_failure_and_a_machine_that_cannot_do_it_is_none() {
        let (programs, machine) = (Obstacle::Programs("no etcd".into()), Obstacle::Environment("no root".into()));
        let failure = |obstacle, in_ci| failure("a_test", obstacle, in_ci);
        assert!(failure(&programs, true).unwrap().contains("a_test cannot run"));
        assert_eq!([failure(&programs, false), failure(&machine, true), failure(&machine, false)], [None, None, None]);
    }

    #[test]
    fn the_name_of_a_test_is_found_by_itself() {
        fn here() {}
        let test = std::any::type_name_of_val(&here).trim_end_matches("::here");
        assert_eq!(test, "testbed::need::tests::the_name_of_a_test_is_found_by_itself");
    }
}
