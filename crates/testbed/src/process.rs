//! One process of the bed.
//!
//! In: a name, a program and its arguments. Out: a child that writes into its own log file and that a test can kill, freeze,
//! thaw and start again with the same arguments. It carries the run's mark, so it ends with the run at the latest.

use crate::error::{Error, Result};
use crate::run::Run;
use crate::wait::{Look, wait};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a killed process may stay. SIGKILL takes milliseconds; a machine with other work on it, more.
const DEATH_DEADLINE: Duration = Duration::from_secs(20);

/// The bed's addresses are this machine's own: no HTTP proxy that the environment names is asked for any.
pub(crate) const NO_PROXY: &str = "*";

/// A command line that can be run again.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<std::ffi::OsString>,
    pub(crate) environment: Vec<(String, std::ffi::OsString)>,
}

impl Line {
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), environment: Vec::new() }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// `--name=value`
    pub(crate) fn flag(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let mut flag = std::ffi::OsString::from(format!("--{name}="));
        flag.push(value);
        self.arg(flag)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }
}

/// A process of the bed, running or not.
#[derive(Debug)]
pub struct Process {
    name: String,
    line: Line,
    folder: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    /// The process behind a wrapper that forks, where the line has one.
    inner: Option<Pid>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(run: &Run, name: &str, line: Line) -> Result<Self> {
        let log = run.logs().join(format!("{name}.log"));
        let mut process =
            Self { name: name.to_owned(), line, folder: run.folder().to_owned(), log, child: None, inner: None };
        process.spawn()?;
        Ok(process)
    }

    /// Its name, which is that of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its output goes. It is appended to by every start.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        let outer = self.child.as_ref().map(Child::id);
        outer.map(|outer| self.inner.map_or(outer, |inner| inner.as_raw_nonzero().get().unsigned_abs()))
    }

    /// Kills it with SIGKILL and waits until it is gone. Nothing happens if it does not run.
    ///
    /// # Errors
    /// The signal is refused, or the process stays.
    pub fn kill9(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if let Some(mut child) = self.child.take() {
            let name = &self.name;
            wait(&format!("{name} to end after SIGKILL"), DEATH_DEADLINE, || {
                Ok(match child.try_wait().map_err(Error::file("wait for", name))? {
                    Some(_) => Look::Done(()),
                    None => Look::NotYet(format!("process {} is there", child.id())),
                })
            })?;
        }
        self.inner = None;
        Ok(())
    }

    /// Starts it again with the same command line. It must have been killed before, or have ended.
    ///
    /// # Errors
    /// It still runs, or cannot be started.
    pub fn restart(&mut self) -> Result<()> {
        if self.ended()?.is_none() && self.child.is_some() {
            return Err(Error::Misuse(format!("{} still runs: kill it before it is started again", self.name)));
        }
        self.spawn()
    }

    /// Freezes it (SIGSTOP): it keeps its connections and answers nothing.
    ///
    /// # Errors
    /// It does not run.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// It does not run.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)?;
        // A wrapper that waits for its child has stopped together with it.
        let wrapper = self.inner.and(self.child.as_ref()).and_then(|child| pid(child.id()));
        wrapper.map_or(Ok(()), |wrapper| self.send(wrapper, Signal::CONT))
    }

    /// [`Error::Died`] if it ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => {
                let (name, log) = (self.name.clone(), self.log.clone());
                Err(Error::Died { name, status, tail: tail(&log, 15), log })
            }
        }
    }

    /// How it ended, if it did so without being asked to.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let name = &self.name;
        self.child.as_mut().map_or(Ok(None), |child| child.try_wait().map_err(Error::file("wait for", name)))
    }

    /// Tells that the line's program is a wrapper that forks: signals go to its child from now on.
    pub(crate) fn follow_child(&mut self) -> Result<()> {
        let outer = self.child.as_ref().map(Child::id).unwrap_or_default();
        let children = PathBuf::from(format!("/proc/{outer}/task/{outer}/children"));
        let child = wait(&format!("the process of {}", self.name), Duration::from_secs(20), || {
            self.check()?;
            let text = std::fs::read_to_string(&children).map_err(Error::file("read", &children))?;
            let child = text.split_whitespace().next().and_then(|text| text.parse().ok());
            Ok(child.map_or_else(|| Look::NotYet("no child yet".to_owned()), Look::Done))
        })?;
        self.inner = pid(child);
        Ok(())
    }

    fn spawn(&mut self) -> Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.map_err(Error::file("open", &self.log))?;
        let errors = log.try_clone().map_err(Error::file("open", &self.log))?;
        let mut command = Command::new(&self.line.program);
        command.args(&self.line.arguments).envs(self.line.environment.iter().map(|(name, value)| (name, value)));
        command.env("NO_PROXY", NO_PROXY).env(crate::run::MARK, &self.folder).current_dir(&self.folder);
        // Its own process group: Ctrl-C in a terminal ends the test, and the supervisor ends this.
        command.process_group(0).stdin(Stdio::null()).stdout(log).stderr(errors);
        let program = self.line.program.display().to_string();
        let wrapped = self.inner.is_some();
        self.child = Some(command.spawn().map_err(|source| Error::Start { program, source })?);
        if wrapped { self.follow_child() } else { Ok(()) }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let Some(target) = self.id().and_then(pid) else {
            return if signal == Signal::KILL { Ok(()) } else { Err(self.is_not_running()) };
        };
        self.send(target, signal)
    }

    fn send(&self, target: Pid, signal: Signal) -> Result<()> {
        match kill_process(target, signal) {
            Ok(()) => Ok(()),
            Err(rustix::io::Errno::SRCH) if signal == Signal::KILL => Ok(()),
            Err(rustix::io::Errno::SRCH) => Err(self.is_not_running()),
            Err(error) => Err(Error::file("signal", &self.name)(error.into())),
        }
    }

    fn is_not_running(&self) -> Error {
        Error::Misuse(format!("{} does not run", self.name))
    }
}

fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(id.cast_signed())
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Runs a command to its end and gives back what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let program = words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    match command.stdin(Stdio::null()).output() {
        Err(source) => Err(Error::Start { program, source }),
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Error::Failed { program, status: output.status, said })
        }
    }
}
