//! The command line.
//!
//! In: arguments. Out: [`Cli`]. Guarantees: what can be checked without reading anything is checked here: kinds, codes,
//! numbers; the help is the documentation of every option and exit code.

mod audit;
mod claims;
mod look;
mod repair;
mod run;
mod sandbox;
mod source;

pub(crate) use audit::{Audit, Explain, FailOn, ReportFormat};
pub(crate) use claims::{Release, Reserve, Watch, Why, pod};
pub(crate) use look::{Show, ShowArgs, ShowWhat, ViewFormat, Who};
pub(crate) use repair::{Apply, Crds, DryRun, PlanFormat, Repair, RepairWhat, Snapshot};
pub(crate) use run::{Agent, Controller};
pub(crate) use sandbox::Sandbox;
pub(crate) use source::{Complete, Live, Source};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// IP address ledger for Kubernetes underlay networks: finds leaked, doubled and miscounted addresses, and explains them.
///
/// Reads a live cluster, or files of `kubectl get ... -o json`. Works on any Kube-OVN cluster.
#[derive(Debug, Parser)]
#[command(name = "ipledger", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) display: Display,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what is wrong with a cluster's addresses; writes nothing
    #[command(after_help = audit::after_help())]
    Audit(Audit),
    /// Tell the story of a finding: cause, how Kube-OVN gets there, how to repair
    Explain(Explain),
    /// Say who has an address, a pod or a MAC: every object that names it, and whether that counts
    #[command(after_help = look::WHO_EXAMPLES)]
    Who(Who),
    /// Show Subnets, pools and holders: true counts, maps, lists
    Show(Show),
    /// Say why an address is held and what keeps it, or what a pod has and was refused (clusters that IPLedger manages)
    Why(Why),
    /// Print each claim as it is made, changes hands or goes, until Ctrl-C
    Watch(Watch),
    /// Reserve an address for a pod: an IP object
    Reserve(Reserve),
    /// Say that an address whose release waits for a proof is not used any more: what no agent can say, you say
    Release(Release),
    /// Plan and apply the repairs that are provably safe
    Repair(Repair),
    /// Write what an audit needs of a live cluster into a file: slim and redacted, to keep or to send to somebody
    #[command(after_help = repair::SNAPSHOT_EXIT_CODES)]
    Snapshot(Snapshot),
    /// The CustomResourceDefinitions that IPLedger installs
    Crds {
        #[command(subcommand)]
        what: Crds,
    },
    /// The whole address manager in this process, without a cluster: plays a story and tells what happens
    #[command(after_help = sandbox::EXAMPLES)]
    Sandbox(Sandbox),
    /// Manage addresses: the controller, until it is asked to stop
    Controller(Box<Controller>),
    /// This node's agent: gives addresses to interfaces, and says when they are let go
    Agent(Box<Agent>),
    /// Print a script that completes this command in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a folder
    Man {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

/// How output looks.
#[derive(Debug, Clone, Args)]
pub(crate) struct Display {
    /// Colour: auto means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", help_heading = "Display")]
    pub(crate) color: Color,
    /// Use no characters beyond ASCII
    #[arg(long, global = true, help_heading = "Display")]
    pub(crate) ascii: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The command line as it was given; wrong use ends the process with 2, help and version with 0.
pub(crate) fn parse() -> Cli {
    let matches = command().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The command, under the name that it was called by: `kubectl ipledger` as a plugin of kubectl.
pub(crate) fn command() -> clap::Command {
    let called = std::env::args_os().next().map(PathBuf::from);
    let name = called.as_deref().and_then(|path| path.file_stem()).and_then(|name| name.to_str());
    match name {
        Some("kubectl-ipledger") => Cli::command().name("kubectl ipledger").bin_name("kubectl ipledger"),
        _ => Cli::command(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
