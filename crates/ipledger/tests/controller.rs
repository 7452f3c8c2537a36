//! The controller as somebody starts it: its file, its flags, its log, and what it does before it writes anything. The API
//! server is the model.
#![allow(clippy::unwrap_used, unreachable_pub, dead_code, reason = "the helpers of tests are tests")]

mod lab;
mod support;

use lab::Lab;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

impl Lab {
    /// Starts the controller, and waits for a line of its log that has these words; all lines up to it.
    fn log_until(&self, arguments: &[&str], words: &[&str]) -> Vec<String> {
        let mut controller = Running(controller(&self.path("kubeconfig"), arguments).spawn().unwrap());
        let lines = BufReader::new(controller.0.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut told = Vec::new();
        for line in lines {
            let found = words.iter().all(|word| line.contains(word));
            told.push(line);
            if found {
                return told;
            }
        }
        panic!("no line says {words:?}:\n{}", told.join("\n"));
    }
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn controller(kubeconfig: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    command.arg("controller").args(arguments).arg("--kubeconfig").arg(kubeconfig);
    command.args(["--listen", "127.0.0.1:0"]).env("NO_PROXY", "*").stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What a controller that does not start says.
fn refused(kubeconfig: &Path, arguments: &[&str]) -> String {
    let output = controller(kubeconfig, arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

#[test]
fn a_dry_run_tells_whom_it_would_give_which_address_and_writes_nothing() {
    let lab = Lab::new();
    let before = lab.revision();
    lab.log_until(&["--dry-run"], &["would claim", "address=10.7.0.10", "holder=Pod default/p1"]);
    assert_eq!(lab.revision(), before, "nothing was written");
}
