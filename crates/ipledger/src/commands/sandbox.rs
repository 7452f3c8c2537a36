//! `ipledger sandbox`.
//!
//! In: the shipped story, or manifests. Out: what happens as it happens, the Subnets' table, an audit. Guarantees: what is
//! told is what the controller decided; the exit code is that of the audit.

use crate::args::{Audit, Cli, Command, Display, Sandbox as Args};
use crate::narrate::Narrator;
use crate::output::{self, Exit};
use anyhow::{Context, Result, bail};
use clap::Parser as _;
use sandbox::{Options, SHIPPED, Sandbox, Step};
use std::path::PathBuf;
use tracing_subscriber::prelude::*;

/// Runs it.
pub(crate) fn run(args: &Args, display: &Display) -> Result<Exit> {
    tracing_subscriber::registry().with(Narrator).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start the sandbox")?;
    let steps = steps(&args.apply)?;
    let options = Options { kubeconfig: args.kubeconfig.clone(), nodes: usize::from(args.nodes) };
    let sandbox = runtime.block_on(Sandbox::start(&options)).context("cannot start the sandbox")?;
    output::print(&format!(
        "A Kubernetes API in this process, {} simulated nodes with agents, and IPLedger's controller: {}\n",
        args.nodes,
        args.kubeconfig.display()
    ))?;
    for step in &steps {
        output::print(&format!("\n{}\n", step.say))?;
        if !runtime.block_on(sandbox.play(step))? {
            bail!("the sandbox did not come to rest within 20 s: this is a bug in IPLedger");
        }
    }
    runtime.block_on(sandbox.counted());
    let exit = conclude(&args.kubeconfig, display)?;
    if args.keep {
        let name = args.kubeconfig.display();
        output::print(&format!("\nIt stays up until Ctrl-C: kubectl --kubeconfig {name} get addressclaims -o json\n"))?;
        runtime.block_on(async {
            super::run::stopped()?.await;
            anyhow::Ok(())
        })?;
    }
    runtime.block_on(sandbox.stop());
    Ok(exit)
}

/// What is played.
fn steps(files: &[PathBuf]) -> Result<Vec<Step>> {
    if files.is_empty() {
        return Ok(sandbox::steps(SHIPPED)?);
    }
    let step = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let apply = sandbox::read(&text).with_context(|| format!("cannot use {}", path.display()))?;
        Ok(Step { say: format!("{}: {} objects", path.display(), apply.len()), apply, delete: Vec::new() })
    };
    files.iter().map(step).collect()
}

/// The Subnets' table, and an audit of everything.
fn conclude(kubeconfig: &std::path::Path, display: &Display) -> Result<Exit> {
    output::print("\nWhat the Subnets say now, and an audit of everything:\n\n")?;
    let kubeconfig = kubeconfig.display().to_string();
    let show = ["ipledger", "show", "subnets", "--kubeconfig", &kubeconfig];
    if let Command::Show(args) = Cli::try_parse_from(show).context("show subnets")?.command {
        super::show::run(&args, display)?;
    }
    output::print("\n")?;
    super::audit::run(&audit(&kubeconfig)?, display)
}

fn audit(kubeconfig: &str) -> Result<Audit> {
    match Cli::try_parse_from(["ipledger", "audit", "--kubeconfig", kubeconfig, "--grace", "0s"])
        .context("audit")?
        .command
    {
        Command::Audit(args) => Ok(args),
        _ => bail!("`audit` is the audit"),
    }
}
