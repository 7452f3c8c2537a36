//! `ipledger crds`.
//!
//! In: nothing, or a live cluster. Out: the CustomResourceDefinitions as YAML, or a line on each that was installed or
//! removed. Guarantees: one of `kubeovn.io` that exists is never touched, and never deleted.

use crate::args::{Crds, Live};
use crate::live;
use crate::output::{self, Exit};
use crate::progress::Progress;
use anyhow::Result;
use cluster::DryRun;
use cluster::crds::{Installed, Removed, UninstallOptions};

/// Runs it.
pub(crate) fn run(what: &Crds) -> Result<Exit> {
    match what {
        Crds::Print => {
            let documents: Vec<String> = api::crds::all().iter().map(api::crds::to_yaml).collect();
            output::print(&documents.join("---\n"))?;
            Ok(Exit::Clean)
        }
        Crds::Install { dry_run, live } => install(live, dry(*dry_run)),
        Crds::Uninstall { with_claims, dry_run, live } => {
            uninstall(live, UninstallOptions { dry_run: dry(*dry_run), with_claims: *with_claims })
        }
    }
}

fn dry(dry_run: bool) -> DryRun {
    if dry_run { DryRun::Server } else { DryRun::Off }
}

fn install(live: &Live, dry_run: DryRun) -> Result<Exit> {
    let progress = Progress::start("connecting");
    let connection = live::connect(live)?;
    let installing = connection.cluster.install_crds(
        dry_run,
        |retry| progress.say(&retry.to_string()),
        |name, _| progress.say(&format!("installed {name}")),
    );
    let outcomes = connection.runtime.block_on(installing)?;
    drop(progress);
    let lines: Vec<String> = outcomes.iter().map(|(name, outcome)| format!("{name}: {}", installed(outcome))).collect();
    output::print(&lines.join("\n"))?;
    let all = outcomes.iter().all(|(_, outcome)| outcome.is_there());
    Ok(if all { Exit::Clean } else { Exit::Partial })
}

fn installed(outcome: &Installed) -> String {
    match outcome {
        Installed::Created => "created".to_owned(),
        Installed::Kept { lacks } if lacks.is_empty() => "exists, left as it is".to_owned(),
        Installed::Kept { lacks } => format!("exists, left as it is; it lacks {}", list(lacks)),
        Installed::Updated => "brought up to date".to_owned(),
        Installed::Unchanged => "up to date".to_owned(),
        Installed::Newer { lacks } => format!("of a newer IPLedger, left as it is; this program lacks {}", list(lacks)),
        Installed::Terminating => "is being deleted: install again when it is gone".to_owned(),
        Installed::NotServed { why } => format!("created, but not served: {why}"),
        Installed::Failed(error) => format!("failed: {error}"),
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn uninstall(live: &Live, options: UninstallOptions) -> Result<Exit> {
    let progress = Progress::start("connecting");
    let connection = live::connect(live)?;
    let removing = connection.cluster.uninstall_crds(options, |retry| progress.say(&retry.to_string()));
    let outcomes = connection.runtime.block_on(removing)?;
    drop(progress);
    let said = |outcome: &Removed| match outcome {
        Removed::Deleted => "deleted",
        Removed::Absent => "was not there",
        Removed::Kept => "of kubeovn.io, stays",
    };
    let lines: Vec<String> = outcomes.iter().map(|(name, outcome)| format!("{name}: {}", said(outcome))).collect();
    output::print(&lines.join("\n"))?;
    Ok(Exit::Clean)
}
