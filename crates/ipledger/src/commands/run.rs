//! `ipledger controller`, `ipledger agent`, and the IPAM plugin.
//!
//! In: arguments, signals; for the plugin its environment and standard input. Out: a part that runs until it is asked to
//! stop. Guarantees: SIGTERM and Ctrl-C end it properly; logs go to standard error.

use crate::args::{Agent, Controller};
use crate::live;
use crate::output::{self, Exit};
use anyhow::{Context, Result};
use cluster::Patience;
use controller::{Config, LogFormat, LogLevel};
use std::io::{IsTerminal as _, Read as _};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

/// For one answer. The API server itself gives up after a minute; whoever waits for an address should not wait that long
/// for a lost packet.
const DEADLINE: Duration = Duration::from_secs(15);

/// Runs the controller.
pub(crate) fn controller(args: &Controller) -> Result<Exit> {
    let config = config(args)?;
    start_log(config.log_format, config.log_level);
    let patience = Patience { deadline: DEADLINE, ..Patience::default() };
    let connection = live::connect_with(&args.live, patience)?;
    connection.runtime.block_on(async {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), server = connection.cluster.server(), "controller starts");
        controller::run(connection.cluster.clone(), config, stopped()?).await.context("the controller stopped")
    })?;
    Ok(Exit::Clean)
}

/// The file, and the flags over it.
fn config(args: &Controller) -> Result<Config> {
    let file = args.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
    let config = Config {
        namespace: args.namespace.clone().unwrap_or(file.namespace),
        lease: args.lease.clone().unwrap_or(file.lease),
        listen: args.listen.or(file.listen),
        parallel_calls: args.parallel_calls.unwrap_or(file.parallel_calls),
        wires: args.wires.clone().unwrap_or(file.wires),
        grace: args.grace.unwrap_or(file.grace),
        retry: args.retry.unwrap_or(file.retry),
        patience: args.patience.unwrap_or(file.patience),
        silence: args.silence.unwrap_or(file.silence),
        audit_every: args.audit_every.unwrap_or(file.audit_every),
        beside_kube_ovn: args.beside_kube_ovn || file.beside_kube_ovn,
        dry_run: args.dry_run || file.dry_run,
        primary_network: args.primary_network || file.primary_network,
        default_subnet: args.default_subnet.clone().unwrap_or(file.default_subnet),
        gateway_image: args.gateway_image.clone().unwrap_or(file.gateway_image),
        gateway_command: args.gateway_command.clone().unwrap_or(file.gateway_command),
        log_format: args.log.log_format.map_or(file.log_format, Into::into),
        log_level: args.log.log_level.map_or(file.log_level, Into::into),
    };
    Ok(config.checked()?)
}

/// Runs the agent.
pub(crate) fn agent(args: &Agent) -> Result<Exit> {
    let log = &args.log;
    start_log(log.log_format.map(Into::into).unwrap_or_default(), log.log_level.map(Into::into).unwrap_or_default());
    let patience = Patience { deadline: DEADLINE, ..Patience::default() };
    let connection = live::connect_with(&args.live, patience)?;
    let options = node::Options {
        node: args.node.clone(),
        namespace: args.namespace.clone(),
        folder: args.folder.clone(),
        socket: args.socket.clone(),
    };
    connection.runtime.block_on(async {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), node = options.node, "agent starts");
        tokio::select! {
            ended = node::Agent::run(connection.cluster.clone(), &options) => ended.context("the agent stopped"),
            () = stopped()? => Ok(()),
        }
    })?;
    Ok(Exit::Clean)
}

/// Whether this process was called as a CNI plugin: by a runtime, with nothing on its command line.
pub(crate) fn is_plugin() -> bool {
    std::env::var_os("CNI_COMMAND").is_some() && std::env::args_os().len() == 1
}

/// Runs the IPAM plugin.
pub(crate) fn plugin() -> Result<Exit> {
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input).context("cannot read the network configuration")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the plugin")?;
    let (said, well) = runtime.block_on(node::plugin(|name| std::env::var(name).ok(), &input));
    output::print(&said)?;
    Ok(if well { Exit::Clean } else { Exit::Failed })
}

/// Ends when the process is asked to stop.
pub(super) fn stopped() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn start_log(format: LogFormat, level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Libraries beneath tell what only their authors want to know.
    let ours = tracing_subscriber::filter::Targets::new()
        .with_targets(["controller", "node", "ipledger", "sandbox"].map(|target| (target, level)));
    use tracing_subscriber::prelude::*;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = lines.with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(ours);
    match format {
        LogFormat::Text => registry.with(lines).init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).init(),
    }
}
