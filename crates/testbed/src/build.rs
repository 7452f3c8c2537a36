//! Building the bed's programs from Go modules.
//!
//! In: the recipe, Go, the module proxy that Go is configured with. Out: each module's programs in the cache, in a folder
//! named by its key, so that a later run finds them. A program appears there when it is complete, never before. Guarantees:
//! progress at least every few seconds; two builders at once wait for each other.

use crate::assets::{cache_folder, module_folder};
use crate::error::{Error, Result};
use crate::recipe::Module;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Builds what is not in the cache yet of these modules. Returns how many programs it built.
///
/// # Errors
/// There is no cache folder, no Go, or a build fails (Go's own message is part of the error).
pub fn all(modules: &'static [Module]) -> Result<usize> {
    let cache = cache_folder().ok_or_else(|| {
        Error::Misuse("no folder for the test bed's programs: set IPLEDGER_TESTBED, XDG_CACHE_HOME or HOME".to_owned())
    })?;
    std::fs::create_dir_all(&cache).map_err(Error::file("create", &cache))?;
    let lock = cache.join("lock");
    let lock = File::create(&lock).map_err(Error::file("create", &lock))?;
    if lock.try_lock().is_err() {
        crate::say("another build of the test bed runs: waiting for it");
        lock.lock().map_err(Error::file("lock", &cache))?;
    }
    let missing = missing(&cache, modules)?;
    let total = missing.len();
    if total > 0 {
        crate::say(&format!("test bed: building {total} programs into {}", cache.display()));
        check_go()?;
    }
    for (number, (module, program, package)) in missing.into_iter().enumerate() {
        one(&cache, module, program, package, &format!("[{}/{total}]", number + 1))?;
    }
    Ok(total)
}

/// Whether Go is there.
#[must_use]
pub fn has_go() -> bool {
    check_go().is_ok()
}

type Missing = (&'static Module, &'static str, &'static str);

fn missing(cache: &Path, modules: &'static [Module]) -> Result<Vec<Missing>> {
    let mut missing = Vec::new();
    for module in modules {
        let folder = module_folder(cache, module)?;
        let absent = module.programs.iter().filter(|(program, _)| !folder.join(program).is_file());
        missing.extend(absent.map(|(program, package)| (module, *program, *package)));
    }
    Ok(missing)
}

fn check_go() -> Result<()> {
    crate::process::output(Command::new("go").arg("version")).map(drop)
}

fn one(cache: &Path, module: &Module, program: &str, package: &str, place: &str) -> Result<()> {
    let folder = module_folder(cache, module)?;
    std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    let draft = folder.join(format!(".{program}"));
    let mut command = Command::new("go");
    command.args(["build", "-v", "-mod=readonly", "-trimpath", "-tags", module.tags, "-ldflags", module.ldflags, "-o"]);
    command.arg(&draft).arg(package).current_dir(module.source());
    // Static programs: they run in any mount namespace, and no C compiler is needed.
    command.env("CGO_ENABLED", "0");
    let start = Instant::now();
    let progress = Progress::start(format!("{place} {program}"));
    let result = run(&mut command, &progress);
    progress.end();
    result?;
    std::fs::rename(&draft, folder.join(program)).map_err(Error::file("rename", &draft))?;
    crate::say(&format!("{place} {program}: built in {:.0?}", start.elapsed()));
    Ok(())
}

/// Runs `go build -v`, which names each package that it compiles, and counts them.
fn run(command: &mut Command, progress: &Progress) -> Result<()> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let program = words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|source| Error::Start { program: program.clone(), source })?;
    let stderr = child.stderr.take().expect("it was asked for");
    let mut said = Vec::new();
    for line in BufReader::new(stderr).lines().map_while(std::io::Result::ok) {
        // What is not the name of a package or a download is a complaint.
        if line.contains(' ') && !line.starts_with("go: downloading") {
            said.push(line);
        } else {
            progress.step(&line);
        }
    }
    let status = child.wait().map_err(Error::file("wait for", &program))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed { program, status, said: said.join("\n") })
}

/// A line that tells every second (on a terminal) or every ten (elsewhere) how far a build is.
struct Progress {
    steps: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
    ended: std::sync::mpsc::Sender<()>,
    teller: std::thread::JoinHandle<()>,
}

impl Progress {
    fn start(what: String) -> Self {
        let (steps, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        let (ended, end) = std::sync::mpsc::channel();
        let (counted, named) = (Arc::clone(&steps), Arc::clone(&last));
        let terminal = std::io::stderr().is_terminal();
        let pause = Duration::from_secs(if terminal { 1 } else { 10 });
        let teller = std::thread::spawn(move || {
            let start = Instant::now();
            let timeout = Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            while end.recv_timeout(pause) == timeout {
                let steps = counted.load(Ordering::Relaxed);
                let name = named.lock().map(|name| name.clone()).unwrap_or_default();
                let line = format!("{what}: {:.0?}, {steps} packages, now {name}", start.elapsed());
                if terminal { eprint_over(&line) } else { crate::say(&line) }
            }
            if terminal {
                eprint_over("");
            }
        });
        Self { steps, last, ended, teller }
    }

    fn step(&self, name: &str) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut last) = self.last.lock() {
            name.clone_into(&mut last);
        }
    }

    fn end(self) {
        let _ = self.ended.send(());
        let _ = self.teller.join();
    }
}

/// Writes over the current line of a terminal.
fn eprint_over(line: &str) {
    let short: String = line.chars().take(100).collect();
    let _ = write!(std::io::stderr(), "\r\x1b[K{short}");
}
