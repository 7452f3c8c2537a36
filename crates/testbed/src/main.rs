//! `bed`: the test bed's own command, behind `cargo xtask testbed`.
//!
//! In: `build`, `ensure`, `up`, `list` or `clean`. Out: programs in the cache; a bed that runs until Ctrl-C, with its kubeconfig
//! printed; the beds that run; nothing left of those that were killed.

use anyhow::{Context, Result, bail};
use std::process::{Command, ExitCode};
use testbed::recipe::{MODULES, SPECS};
use testbed::{Assets, ControlPlane, MAX_NODES, Need, User, assets, build, packages, run};

const USAGE: &str =
    "usage: cargo xtask testbed [[build | ensure] [--specs] | up [--controllers] [--nodes N] | list | clean]
  build  build the programs that are not in the cache yet, install the Debian packages that nodes need (default)
  ensure the same, but do no more than say so where there is no Go
         --specs: Kubernetes' own specs of its API too, which the long tests run
  up     keep a bed running until Ctrl-C and print its kubeconfig
  list   the beds that run now
  clean  take away what killed beds left";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [] | ["build"] => build_all(false),
        ["--specs"] | ["build", "--specs"] => build_all(true),
        ["ensure"] => ensure(false),
        ["ensure", "--specs"] => ensure(true),
        ["up", options @ ..] => up(options),
        ["list"] => list(),
        ["clean"] => clean(),
        ["help" | "--help" | "-h"] => {
            say(USAGE);
            Ok(())
        }
        _ => {
            say(&format!("error: unknown arguments `{}`\n{USAGE}", words.join(" ")));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: test bed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn build_all(specs: bool) -> Result<()> {
    install_packages()?;
    let mut built = build::all(MODULES).context("cannot build the programs")?;
    if specs {
        built += build::all(SPECS).context("cannot build Kubernetes' own specs")?;
    }
    let cache = assets::cache_folder().unwrap_or_default();
    say(&format!("test bed: {built} programs built; all are in {}", cache.display()));
    Ok(())
}

/// What `cargo xtask test` calls. Without Go it is no failure: tests say by name what they lack.
fn ensure(specs: bool) -> Result<()> {
    let assets = Assets::find();
    let complete = assets.check(Need::Nodes).is_ok() && (!specs || assets.check(Need::Specs).is_ok());
    if complete || build::has_go() {
        return build_all(specs);
    }
    say("note: there is no Go to build the test bed with: tests that need it are skipped, or fail where CI=true");
    Ok(())
}

/// As root it installs them; else it says how, and goes on: control planes do not need them.
fn install_packages() -> Result<()> {
    let missing = packages::missing();
    if missing.is_empty() {
        return Ok(());
    }
    let install = packages::install_arguments(&missing);
    let shown = format!("apt-get {}", install.join(" "));
    let is_root = rustix::process::geteuid().is_root();
    if !is_root || packages::find_program("apt-get").is_none() {
        say(&format!("note: tests with nodes need packages that are missing. As root: {shown}"));
        return Ok(());
    }
    say(&format!("$ {shown}"));
    if !apt_get(&install)? {
        // The usual reason on a fresh machine: it has never fetched the lists of packages.
        apt_get(&["update"])?;
        if !apt_get(&install)? {
            bail!("`{shown}` failed: its own message stands above");
        }
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Result<bool> {
    let mut command = Command::new("apt-get");
    let status = command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
    Ok(status.context("cannot start apt-get")?.success())
}

fn up(options: &[&str]) -> Result<()> {
    let mut builder = ControlPlane::builder();
    let mut count = 0;
    match options {
        [] => {}
        ["--controllers"] => builder = builder.controllers(),
        ["--nodes", number] | ["--controllers", "--nodes", number] => {
            count = number
                .parse()
                .ok()
                .filter(|n| (1..=MAX_NODES).contains(n))
                .with_context(|| format!("--nodes takes a number from 1 to {MAX_NODES}, not `{number}`"))?;
            builder = builder.nodes();
        }
        _ => bail!("`up` does not take `{}`\n{USAGE}", options.join(" ")),
    }
    // From here on, so that Ctrl-C during the start ends it in good order too.
    let interrupted = interrupted()?;
    say("test bed: starting the control plane");
    let bed = builder.start()?;
    let mut nodes = Vec::new();
    for number in 1..=count {
        say(&format!("test bed: starting node{number}"));
        nodes.push(bed.node(number)?);
    }
    let kubeconfig = bed.kubeconfig(&User::admin())?;
    say(&format!(
        "test bed: ready; Ctrl-C ends it and takes everything away\n  logs: {}\n  kubectl: {}\n",
        bed.run().logs().display(),
        bed.assets().program("kubectl")?.display()
    ));
    // On standard output alone: `$(...)` and files take it from there.
    print_line(&format!("export KUBECONFIG={}", kubeconfig.display()));
    interrupted.recv().context("nobody listens for signals any more")?;
    say("test bed: ending");
    Ok(())
}

/// Tells when SIGINT, SIGTERM or SIGHUP comes.
fn interrupted() -> Result<std::sync::mpsc::Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot listen for signals")?;
    let (send, receive) = std::sync::mpsc::channel();
    let (ready, listening) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let [Ok(mut a), Ok(mut b), Ok(mut c)] = kinds.map(signal) else { return };
            let _ = ready.send(());
            tokio::select! { _ = a.recv() => {}, _ = b.recv() => {}, _ = c.recv() => {} }
            let _ = send.send(());
        });
    });
    listening.recv().context("cannot listen for signals")?;
    Ok(receive)
}

fn list() -> Result<()> {
    for (slot, folder) in run::living()? {
        let kubeconfig = std::fs::read_dir(folder.join("secrets")).into_iter().flatten().filter_map(|entry| {
            let path = entry.ok()?.path();
            path.file_name()?.to_str()?.starts_with("admin-at-").then_some(path)
        });
        let kubeconfig: Vec<_> = kubeconfig.map(|path| path.display().to_string()).collect();
        print_line(&format!("{slot}\t{}\t{}", folder.display(), kubeconfig.join(" ")));
    }
    Ok(())
}

fn clean() -> Result<()> {
    let swept = run::sweep()?;
    say(&format!("test bed: took away what {swept} killed beds had left"));
    Ok(())
}

fn say(text: &str) {
    eprintln!("{text}");
}

#[allow(clippy::print_stdout, reason = "what programs read goes to standard output")]
fn print_line(text: &str) {
    println!("{text}");
}
