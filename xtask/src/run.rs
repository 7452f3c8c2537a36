//! Child processes.
//!
//! In: a program, its arguments and environment. Out: its success, or an error that names the whole command line. Output
//! goes straight to the terminal, so a long command shows its own progress; or it is read, as a whole or line by line.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A command line in the making.
pub(crate) struct Run {
    command: Command,
    shown: String,
}

impl Run {
    /// A command that runs `program` from the workspace's root.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let shown = program.as_ref().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.current_dir(crate::workspace::root());
        Self { command, shown }
    }

    /// The cargo that runs this tool, free of the environment that cargo gave to this tool alone.
    pub(crate) fn cargo() -> Self {
        let mut run = Self::new("cargo");
        for variable in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            run.command.env_remove(variable);
        }
        run
    }

    /// One more argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    /// More arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// One variable of the environment, shown with the command line since it is needed to run it by hand.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.shown = format!("{name}='{}' {}", value.as_ref().to_string_lossy(), self.shown);
        self.command.env(name, value);
        self
    }

    /// Takes a variable out of the environment.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Another folder than the workspace's root.
    pub(crate) fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it with its output on the terminal.
    ///
    /// # Errors
    /// The program cannot be started, or it ends with a failure.
    pub(crate) fn go(mut self) -> Result<()> {
        eprintln!("$ {}", self.shown);
        let start = Instant::now();
        let status =
            self.command.status().with_context(|| format!("cannot start `{}`: is it installed?", self.shown))?;
        if !status.success() {
            bail!("`{}` failed ({status}) after {:.0?}: its own message stands above", self.shown, start.elapsed());
        }
        Ok(())
    }

    /// Runs it and hands over each line that it prints, on standard output and standard error in one. Whether it succeeds is
    /// given back.
    ///
    /// # Errors
    /// The program cannot be started, or its output cannot be read.
    pub(crate) fn lines(mut self, mut each: impl FnMut(&str)) -> Result<bool> {
        eprintln!("$ {}", self.shown);
        let (read, write) = std::io::pipe().context("make a pipe")?;
        self.command.stdout(write.try_clone().context("make a pipe")?).stderr(write);
        let child = self.command.spawn();
        let mut child = child.with_context(|| format!("cannot start `{}`: is it installed?", self.shown))?;
        // The command holds the ends that are written to, and the pipe ends with the last of them.
        drop(self.command);
        for line in BufReader::new(read).split(b'\n') {
            let line = line.with_context(|| format!("read what `{}` prints", self.shown))?;
            each(&String::from_utf8_lossy(&line));
        }
        Ok(child.wait().with_context(|| format!("wait for `{}`", self.shown))?.success())
    }

    /// Runs it and gives back what it printed.
    ///
    /// # Errors
    /// The program cannot be started, ends with a failure (its error output is in the message), or prints no UTF-8.
    pub(crate) fn output(mut self) -> Result<String> {
        let output =
            self.command.output().with_context(|| format!("cannot start `{}`: is it installed?", self.shown))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` failed ({}): {}", self.shown, output.status, said.trim());
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{}` printed text that is not UTF-8", self.shown))
    }
}
