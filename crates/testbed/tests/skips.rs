//! Claims about tests that cannot run here: who is skipped, who fails, and what is enough.
//!
//! In: the test program of this file, run again with other programs to be found. Out: what it says of one of its tests.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use testbed::{Assets, ControlPlane, need};

/// Set where the test below is run again.
const CHILD: &str = "IPLEDGER_TESTBED_TEST_SKIPS";

/// The test that is run again. By itself it shows nothing that others do not show.
#[test]
fn a_control_plane_starts() {
    need!(ControlPlane);
    if std::env::var_os(CHILD).is_some() {
        ControlPlane::start().unwrap().kubectl(&["get", "namespaces"]).unwrap();
    }
}

/// How a run ends that finds no programs but these, and what it says.
fn again(test: &str, programs: &[&str], ci: bool) -> (bool, String) {
    let folder = Folder::new(&format!("{test}-{}-{ci}", programs.len()));
    for program in programs {
        symlink(Assets::find().program(program).unwrap(), folder.0.join("assets").join(program)).unwrap();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).env(CHILD, "1").env("IPLEDGER_TESTBED", folder.0.join("cache"));
    command.env("KUBEBUILDER_ASSETS", folder.0.join("assets")).env_remove("RUST_BACKTRACE");
    if ci {
        command.env("CI", "true")
    } else {
        command.env_remove("CI")
    };
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(said.contains("running 1 test"), "{said}");
    (output.status.success(), said)
}

/// A folder that goes when the test does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ipledger-skips-{}-{name}", std::process::id()));
        std::fs::create_dir_all(path.join("assets")).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn without_programs_a_test_is_skipped_by_name_with_the_reason_and_the_remedy() {
    let (passed, said) = again("a_control_plane_starts", &[], false);
    assert!(passed, "{said}");
    let line = said.lines().find(|line| line.contains("SKIPPED")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("SKIPPED skips::a_control_plane_starts: the test bed lacks etcd, kube-apiserver, kubectl"));
    assert!(line.contains("cargo xtask testbed"), "{line}");
}

#[test]
fn in_ci_a_test_without_programs_fails() {
    let (passed, said) = again("a_control_plane_starts", &[], true);
    assert!(!passed, "{said}");
    assert!(said.contains("cannot run, and in CI no such test is skipped"), "{said}");
}

#[test]
fn kubebuilder_assets_are_enough_for_a_control_plane() {
    need!(ControlPlane);
    let (passed, said) = again("a_control_plane_starts", &["etcd", "kube-apiserver", "kubectl"], true);
    assert!(passed && !said.contains("SKIPPED"), "{said}");
}
