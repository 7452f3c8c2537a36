//! A process of ours in a test.
//!
//! In: a command line. Out: a child that writes into a log of the run and can be killed, asked to stop, frozen. Guarantees: it
//! ends with this value at the latest, and with the run should the test itself be killed.

use super::SOON;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use testbed::{ControlPlane, Look, wait};

/// See the module.
pub(crate) struct Part(Child);

impl Part {
    pub(crate) fn start(bed: &ControlPlane, name: &str, mut command: Command) -> Self {
        let log = bed.run().logs().join(format!("{name}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        command.env("NO_PROXY", "*").stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        bed.run().mark(&mut command);
        Self(command.spawn().unwrap())
    }

    /// The address manager.
    pub(crate) fn controller(bed: &ControlPlane, name: &str, kubeconfig: &Path, arguments: &[&str]) -> Self {
        Self::controller_of(Path::new(env!("CARGO_BIN_EXE_ipledger")), bed, name, kubeconfig, arguments)
    }

    /// The same of another build.
    pub(crate) fn controller_of(
        binary: &Path,
        bed: &ControlPlane,
        name: &str,
        kubeconfig: &Path,
        arguments: &[&str],
    ) -> Self {
        let mut command = Command::new(binary);
        command.args(["controller", "--listen", "127.0.0.1:0", "--kubeconfig"]).arg(kubeconfig).args(arguments);
        Self::start(bed, name, command)
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill9(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to stop, and waits for that.
    pub(crate) fn stop(self) {
        self.signal("-TERM");
        assert!(self.wait_end().success());
    }

    /// SIGSTOP: its connections stay, and it does nothing.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// The memory that it holds, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait_end(mut self) -> ExitStatus {
        wait("the process to end", SOON, || {
            let ended = self.0.try_wait().unwrap();
            Ok(ended.map_or_else(|| Look::NotYet(format!("process {} runs", self.0.id())), Look::Done))
        })
        .unwrap()
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
