//! `ipledger repair`.
//!
//! In: a source, or a plan and a live cluster. Out: a plan on stdout; or what became of each of its actions. Guarantees:
//! planning writes nothing, and says which leaks could not be judged; applying shows the plan and asks first, and audits
//! again when it is done.

use crate::args::{Apply, Display, DryRun, PlanFormat, Repair, RepairWhat, Source};
use crate::live::{self, Connection};
use crate::output::{self, Exit};
use crate::progress::Progress;
use crate::source;
use anyhow::{Context as _, Result, bail};
use cluster::Outcome;
use engine::repair::{Action, Plan};
use engine::world::DEFAULT_GRACE;
use engine::{Code, Context};
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use view::plan::PlanDocument;

/// Runs it.
pub(crate) fn run(args: &Repair, display: &Display) -> Result<Exit> {
    match &args.what {
        RepairWhat::Plan { source, output } => plan(source, *output, display),
        RepairWhat::Apply(args) => apply(args, display),
    }
}

fn plan(from: &Source, format: PlanFormat, display: &Display) -> Result<Exit> {
    let progress = Progress::start("reading");
    let read = source::read(from, &progress)?;
    let context = Context::new(&read.world);
    let report = read.report(&context);
    let plan = engine::repair::plan(&context, &report);
    drop(progress);
    match format {
        PlanFormat::Yaml => output::print_yaml(&PlanDocument::from(&plan))?,
        PlanFormat::Json => output::print_json(&PlanDocument::from(&plan))?,
        PlanFormat::Table => output::print(&view::plan::render(&plan, &output::look(display)))?,
    }
    let repaired = [Code::LeakedIp, Code::LeakedNic, Code::LabelDrift];
    for line in report.not_judged.iter().filter(|line| repaired.contains(&line.code)) {
        let kinds: Vec<&str> = line.missing.iter().map(|kind| kind.plural()).collect();
        output::note(&format!("{} was not judged: {} are not known to be all", line.code, kinds.join(", ")));
    }
    Ok(output::warn_unreadable(&read.unreadable))
}

fn apply(args: &Apply, display: &Display) -> Result<Exit> {
    let given = args.plan.as_deref().map(read_plan).transpose()?;
    let connection = live::connect(&args.live)?;
    let plan = match given {
        Some(plan) => plan,
        None => plan_now(&connection)?,
    };
    output::print(&view::plan::render(&plan, &output::look(display)))?;
    if plan.actions.is_empty() {
        return Ok(Exit::Clean);
    }
    if args.dry_run == DryRun::None && !args.yes && !agreed(plan.actions.len())? {
        output::note("nothing was done");
        return Ok(Exit::Findings);
    }
    carry_out(&connection, &plan, args.dry_run)
}

/// Reads a plan from a file.
fn read_plan(path: &Path) -> Result<Plan> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.with_context(|| format!("cannot read the plan {}", path.display()))?;
    // JSON is YAML, and JSON's reader has the better errors for it.
    let document: PlanDocument = if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).with_context(|| format!("{} is no plan", path.display()))?
    } else {
        serde_saphyr::from_str(&text).with_context(|| format!("{} is no plan", path.display()))?
    };
    Plan::try_from(&document).with_context(|| format!("the plan {} cannot be carried out", path.display()))
}

/// What is planned for the cluster as it is now.
fn plan_now(connection: &Connection) -> Result<Plan> {
    let progress = Progress::start("reading");
    let (_, confirmed) = connection.read(DEFAULT_GRACE, &progress)?;
    let context = Context::new(&confirmed.world);
    Ok(engine::repair::plan(&context, &confirmed.report))
}

/// Asks on the terminal.
fn agreed(actions: usize) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("stdin is no terminal to ask on: look at the plan, then add --yes");
    }
    let what = if actions == 1 { "this action".to_owned() } else { format!("these {actions} actions") };
    let mut err = io::stderr().lock();
    write!(err, "Carry out {what}? [y/N] ").and_then(|()| err.flush()).context("cannot ask")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn carry_out(connection: &Connection, plan: &Plan, dry_run: DryRun) -> Result<Exit> {
    let mode = if dry_run == DryRun::Server { cluster::DryRun::Server } else { cluster::DryRun::Off };
    let mut told = Ok(());
    let mut tell = |action: &Action, outcome: &Outcome| {
        if told.is_ok() {
            told = output::print(&format!("{}\n", line(action, outcome, dry_run)));
        }
    };
    let applied = connection.runtime.block_on(cluster::apply(&connection.cluster, plan, mode, &mut tell));
    told?;
    if !applied.is_complete(plan) {
        let left = plan.actions.len() - applied.outcomes.len();
        output::note(&format!("stopped; {left} later actions were not begun. Audit again, and plan anew"));
        return Ok(Exit::Findings);
    }
    if dry_run == DryRun::Server {
        return Ok(Exit::Clean);
    }
    audit_again(connection, plan)
}

fn line(action: &Action, outcome: &Outcome, dry_run: DryRun) -> String {
    let what = match (outcome, dry_run) {
        (Outcome::Done, DryRun::None) => format!("done: {}", action.afterwards),
        (Outcome::Done, DryRun::Server) => "would be done: the server agrees".to_owned(),
        (Outcome::Already, _) => "done already".to_owned(),
        (Outcome::Stopped(why), _) => format!("NOT done: {why}"),
    };
    view::text::clean(&format!("{}  {what}", action.object)).into_owned()
}

/// What is still there of what the plan was to mend.
fn audit_again(connection: &Connection, plan: &Plan) -> Result<Exit> {
    let progress = Progress::start("auditing again");
    let (_, confirmed) = connection.read(DEFAULT_GRACE, &progress)?;
    drop(progress);
    let mended: BTreeSet<&str> = plan.actions.iter().map(|action| action.finding.as_str()).collect();
    let left = confirmed.report.findings.iter().filter(|finding| mended.contains(finding.id.as_str()));
    let left: Vec<&str> = left.map(|finding| finding.id.as_str()).collect();
    if left.is_empty() {
        output::print("audited again: none of it is left\n")?;
        return Ok(output::warn_unreadable(&confirmed.unreadable));
    }
    output::print(&format!("audited again: still there: {}\n", left.join(", ")))?;
    Ok(Exit::Findings)
}
