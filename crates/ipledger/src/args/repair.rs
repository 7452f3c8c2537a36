//! Arguments of `repair`, `snapshot` and `crds`.
//!
//! In: arguments. Out: [`Repair`], [`Snapshot`], [`Crds`].

use super::{Live, Source};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

pub(super) const SNAPSHOT_EXIT_CODES: &str = "\
Exit codes: 0 all kinds are in it, 2 it could not be made, 3 some kinds could not be listed (the manifest in it says which)";

const PLAN_EXIT_CODES: &str = "\
Exit codes: 0 planned (also where there is nothing to do), 2 wrong use,
  3 planned, but the input could not be read in full (stderr says what)";

const APPLY_EXIT_CODES: &str = "\
Exit codes:
  0  every action is done, and the audit afterwards finds none of what the plan was to mend
  1  it stopped at something that changed, or what the plan was to mend is still there
  2  wrong use, or a cluster that cannot be reached
  3  every action is done, but the audit afterwards could not read the cluster in full

It may be interrupted at any point and run again: what is done already is passed over.";

#[derive(Debug, Args)]
pub(crate) struct Repair {
    #[command(subcommand)]
    pub(crate) what: RepairWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RepairWhat {
    /// Print what is provably safe to do, in order, and what a person has to decide; writes nothing
    #[command(after_help = PLAN_EXIT_CODES)]
    Plan {
        #[command(flatten)]
        source: Source,
        /// Output format
        #[arg(short, long, value_enum, default_value_t = PlanFormat::Yaml, value_name = "FORMAT")]
        output: PlanFormat,
    },
    /// Carry out a plan: show it, ask, read everything again before each call, stop at anything that changed, audit again
    #[command(after_help = APPLY_EXIT_CODES)]
    Apply(Apply),
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan, as `repair plan` printed it (yaml or json), or - for stdin; none: what is planned for the cluster now
    #[arg(value_name = "PLAN")]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) live: Live,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// server: the API server checks every call and changes nothing
    #[arg(long, value_enum, default_value_t = DryRun::None, value_name = "WHERE", require_equals = true)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DryRun {
    None,
    Server,
}

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    /// The file; compressed if its name ends with .gz; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) live: Live,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Crds {
    /// Print them as YAML
    Print,
    /// Create those that are missing; one of kubeovn.io that exists is never touched
    Install {
        /// Let the API server check every call and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        live: Live,
    },
    /// Delete that of AddressClaim, if no claim is left; those of kubeovn.io always stay
    Uninstall {
        /// Delete the claims that are left with it: nobody knows then who has which address
        #[arg(long)]
        with_claims: bool,
        /// Let the API server check every call and change nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        live: Live,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For `repair apply`
    Yaml,
    /// For `repair apply`
    Json,
    /// For people
    Table,
}
