//! Arguments of the parts that run for long: `controller`, `agent`.
//!
//! In: arguments. Out: [`Controller`], [`Agent`]. Guarantees: a flag has the name of the setting in the configuration file,
//! and wins over it.

use super::Live;
use clap::{Args, ValueEnum};
use controller::duration;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `ipledger controller`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Controller {
    /// Configuration file: YAML whose keys are the flags below and those of Log, without the dashes in front; flags win over it.
    /// Which cluster, and as whom (Source), is said by flags alone
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Namespace of the Leases of controller and agents (default: kube-system)
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// Name of the controller's Lease; empty: work without one (default: ipledger-controller)
    #[arg(long, value_name = "NAME")]
    pub(crate) lease: Option<String>,
    /// Where /healthz, /readyz and /metrics are served (default: 0.0.0.0:10670)
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// API calls at a time (default: 64)
    #[arg(long, value_name = "NUMBER")]
    pub(crate) parallel_calls: Option<usize>,
    /// Wires that are managed, as claims name them, separated by commas; the others are only read (default: *, all)
    #[arg(long, value_name = "WIRES", value_delimiter = ',')]
    pub(crate) wires: Option<Vec<String>>,
    /// How long an owner must be absent before it counts as gone (default: 60s)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) grace: Option<i64>,
    /// How long to wait before a call that the API server refused is tried again (default: 10s)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) retry: Option<i64>,
    /// How long a release may wait before its claim says so (default: 10s)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) patience: Option<i64>,
    /// How long an agent must have gone without renewing its Lease before its node may count as lost (default: 40s; at least 30s)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) silence: Option<i64>,
    /// Audit the whole cluster so often: findings go to /metrics, new ones to the log too; 0: never (default: 0).
    /// It reads the kinds that `ipledger audit` reads: docs/metrics.md says which rights that takes
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) audit_every: Option<i64>,
    /// Serve the primary network (provider `ovn`) too: addresses and annotations; no OVN is programmed
    #[arg(long)]
    pub(crate) primary_network: bool,
    /// With it: the Subnet of Namespaces that none is bound to (default: ovn-default)
    #[arg(long, value_name = "NAME")]
    pub(crate) default_subnet: Option<String>,
    /// Image of the NAT gateways' pods (default: none is made)
    #[arg(long, value_name = "IMAGE")]
    pub(crate) gateway_image: Option<String>,
    /// What runs in them: words separated by commas (default: sleep,infinity)
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    pub(crate) gateway_command: Option<Vec<String>>,
    /// Also manage wires that a running Kube-OVN controller manages; without this flag they are left to it
    #[arg(long)]
    pub(crate) beside_kube_ovn: bool,
    /// Compute and show what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) log: Log,
    #[command(flatten)]
    pub(crate) live: Live,
}

/// `ipledger agent`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Agent {
    /// Name of this node
    #[arg(long, value_name = "NAME", env = "NODE_NAME")]
    pub(crate) node: String,
    /// Namespace of the agents' Leases
    #[arg(long, value_name = "NAME", default_value = "kube-system")]
    pub(crate) namespace: String,
    /// Folder of what it must not forget; it must outlive a restart of the machine
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/ipledger")]
    pub(crate) folder: PathBuf,
    /// Socket on which the IPAM plugin asks
    #[arg(long, value_name = "FILE", default_value = "/run/ipledger/agent.sock")]
    pub(crate) socket: PathBuf,
    #[command(flatten)]
    pub(crate) log: Log,
    #[command(flatten)]
    pub(crate) live: Live,
}

/// How it logs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Log {
    /// Lines for people, or JSON for machines; to standard error (default: text)
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Log")]
    pub(crate) log_format: Option<LogFormat>,
    /// How much is told (default: info)
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Log")]
    pub(crate) log_level: Option<LogLevel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

impl From<LogFormat> for controller::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

impl From<LogLevel> for controller::LogLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
        }
    }
}
