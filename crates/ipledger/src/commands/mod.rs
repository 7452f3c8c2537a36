//! The subcommands, one file each.
//!
//! In: parsed arguments. Out: an exit code. Guarantees: each does its reading, one library function, and its writing.

mod audit;
mod claims;
mod crds;
mod explain;
mod manual;
mod repair;
pub(crate) mod run;
mod sandbox;
mod show;
mod snapshot;
mod watch;
mod who;

use crate::args::{Cli, Command};
use crate::output::Exit;
use anyhow::Result;

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli) -> Result<Exit> {
    match cli.command {
        Command::Audit(args) => audit::run(&args, &cli.display),
        Command::Explain(args) => explain::run(&args, &cli.display),
        Command::Who(args) => who::run(&args, &cli.display),
        Command::Show(args) => show::run(&args, &cli.display),
        Command::Why(args) => claims::why(&args),
        Command::Watch(args) => watch::watch(&args),
        Command::Reserve(args) => claims::reserve(&args),
        Command::Release(args) => claims::release(&args),
        Command::Repair(args) => repair::run(&args, &cli.display),
        Command::Snapshot(args) => snapshot::run(&args),
        Command::Crds { what } => crds::run(&what),
        Command::Sandbox(args) => sandbox::run(&args, &cli.display),
        Command::Controller(args) => run::controller(&args),
        Command::Agent(args) => run::agent(&args),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { folder } => manual::man(folder.as_deref()),
    }
}
