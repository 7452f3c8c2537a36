//! How the controller runs: a file, and flags of the same names.
//!
//! In: YAML or JSON. Out: [`Config`]. Guarantees: an unknown or unreadable setting is an error that names it, never a
//! default; a value is written as the flag has it. Which cluster, and as whom, is no setting: a file is for any.

use crate::duration;
use api::names::DEFAULT_SUBNET;
use api::names::leases::RENEWAL;
use engine::manage::{GatewaySettings, PrimaryNetwork, Settings, Wires};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// All wires, in the list of those that are managed.
const ALL: &str = "*";

/// One renewal may be lost, and the next one come late.
const LEAST_SILENCE: i64 = 3 * RENEWAL;

/// Settings of the controller. Field names in a file are those of the flags, without the dashes in front.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Namespace of the controller's Lease and of the agents' Leases.
    pub namespace: String,
    /// Name of its Lease; empty: no lease, for tests and for a cluster of one.
    pub lease: String,
    /// Where health, readiness and metrics are served; none: nowhere.
    pub listen: Option<SocketAddr>,
    /// Calls at a time.
    pub parallel_calls: usize,
    /// Wires that are managed, as claims name them (`macvlan.default`); `*`: all. The others are only read.
    pub wires: Vec<String>,
    /// Seconds for which an owner must be absent before it counts as gone.
    #[serde(deserialize_with = "duration::of_file")]
    pub grace: i64,
    /// Seconds after which what the server refused is tried again.
    #[serde(deserialize_with = "duration::of_file")]
    pub retry: i64,
    /// Seconds after which a release that waits says so.
    #[serde(deserialize_with = "duration::of_file")]
    pub patience: i64,
    /// Seconds without a renewal of its Lease after which a node's agent counts as silent: only then is it believed that the node is gone.
    #[serde(deserialize_with = "duration::of_file")]
    pub silence: i64,
    /// Seconds between two audits of the cluster, whose findings are counted among the metrics; 0: none.
    #[serde(deserialize_with = "duration::of_file")]
    pub audit_every: i64,
    /// Serve the primary network (provider `ovn`) too; else it is only read.
    pub primary_network: bool,
    /// With it, the Subnet of Namespaces that none is bound to.
    pub default_subnet: String,
    /// Image of the pods of NAT gateways; empty: none are made.
    pub gateway_image: String,
    /// What runs in them; empty: what Kube-OVN's image is told.
    pub gateway_command: Vec<String>,
    /// Manage wires that Kube-OVN's controller, which works, manages too; else they are left to it.
    pub beside_kube_ovn: bool,
    /// Compute and show, but write nothing.
    pub dry_run: bool,
    /// How the log is written.
    pub log_format: LogFormat,
    /// How much of it.
    pub log_level: LogLevel,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// An object per line, for programs.
    Json,
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// What keeps it from working.
    Error,
    /// What should be looked at.
    Warn,
    /// Each decision that matters.
    #[default]
    Info,
    /// Each call.
    Debug,
}

impl Default for Config {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            namespace: "kube-system".to_owned(),
            lease: "ipledger-controller".to_owned(),
            listen: Some(SocketAddr::from(([0, 0, 0, 0], 10_670))),
            // kube-apiserver's priority level for such clients has some hundred seats: this leaves most of them to others.
            parallel_calls: 64,
            wires: vec![ALL.to_owned()],
            grace: settings.grace,
            retry: settings.retry,
            patience: settings.patience,
            silence: settings.silence,
            // It reads every object of some thirty kinds, which a small cluster does not notice and a large one does.
            audit_every: 0,
            primary_network: false,
            default_subnet: DEFAULT_SUBNET.to_owned(),
            gateway_image: String::new(),
            gateway_command: Vec::new(),
            beside_kube_ovn: false,
            dry_run: false,
            log_format: LogFormat::default(),
            log_level: LogLevel::default(),
        }
    }
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It does not say what it should.
    #[error("the configuration {} cannot be used: {reason}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// An agent that renews its Lease might count as silent.
    #[error(
        "silence is {silence} s, and an agent renews its Lease every {RENEWAL} s: at least {LEAST_SILENCE} s, since one renewal may be lost"
    )]
    Silence {
        /// What is configured.
        silence: i64,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`]: it cannot be read, or holds an unknown setting or a wrong value.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        serde_saphyr::from_str(&text)
            .map_err(|error| ConfigError::Parse { path: path.to_owned(), reason: error.to_string() })
    }

    /// Whether it can be worked with.
    ///
    /// # Errors
    /// [`ConfigError`]: a value that would do harm.
    pub fn checked(self) -> Result<Self, ConfigError> {
        if self.silence < LEAST_SILENCE {
            return Err(ConfigError::Silence { silence: self.silence });
        }
        Ok(self)
    }

    /// What the engine needs of it.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let command = self.gateway_command.iter().map(Into::into).collect();
        let gateway = GatewaySettings { image: self.gateway_image.as_str().into(), command };
        let primary = match self.primary_network {
            true => PrimaryNetwork::Served { default_subnet: self.default_subnet.as_str().into() },
            false => PrimaryNetwork::Read,
        };
        let wires = match self.wires.iter().any(|wire| wire == ALL) {
            true => Wires::All,
            false => Wires::These(self.wires.iter().map(Into::into).collect()),
        };
        let agents = self.namespace.as_str().into();
        let (grace, retry, patience, silence) = (self.grace, self.retry, self.patience, self.silence);
        let beside_kube_ovn = self.beside_kube_ovn;
        Settings {
            gateway,
            wires,
            primary,
            agents,
            grace,
            retry,
            patience,
            silence,
            beside_kube_ovn,
            ..Settings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_file_leaves_out_has_its_default_and_what_it_misspells_is_refused() {
        let folder = std::env::temp_dir().join(format!("ipledger-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("config.yaml");
        std::fs::write(&path, "namespace: net\nparallel-calls: 8\n").unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config, Config { namespace: "net".to_owned(), parallel_calls: 8, ..Config::default() });
        std::fs::write(&path, "parallel_calls: 8\n").unwrap();
        let error = Config::read(&path).unwrap_err().to_string();
        assert!(error.contains("parallel_calls"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_writes_times_and_logs_as_the_flags_do() {
        let read = |text| serde_saphyr::from_str::<Config>(text).map_err(|error| error.to_string());
        let config =
            read("grace: 60s\nretry: 2m\npatience: '1h'\nsilence: 45\nlog-format: json\nlog-level: debug\n").unwrap();
        assert_eq!((config.grace, config.retry, config.patience, config.silence), (60, 120, 3600, 45));
        assert_eq!((config.log_format, config.log_level), (LogFormat::Json, LogLevel::Debug));
        for text in ["grace: soon\n", "grace: -5\n", "grace: 1.5\n"] {
            assert!(read(text).unwrap_err().contains("a number of seconds, or one with s, m or h"), "{text}");
        }
        assert!(read("log-format: xml\n").is_err() && read("kubeconfig: f\n").is_err());
    }

    #[test]
    fn an_agent_that_renews_never_counts_as_silent() {
        assert_eq!(Config::default().silence, 40);
        let of = |silence| Config { silence, ..Config::default() }.checked();
        assert_eq!(of(30).unwrap().settings().silence, 30);
        let error = of(29).unwrap_err().to_string();
        assert!(error.contains("29 s") && error.contains("every 10 s") && error.contains("at least 30 s"), "{error}");
    }

    #[test]
    fn wires_are_all_unless_some_are_named() {
        assert_eq!(Config::default().settings().wires, Wires::All);
        let wires = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let some = Config { wires: wires(&["macvlan.default", "vlan100"]), ..Config::default() };
        assert_eq!(some.settings().wires, Wires::These(["macvlan.default".into(), "vlan100".into()].into()));
        let all = Config { wires: wires(&["macvlan.default", "*"]), ..Config::default() };
        assert_eq!(all.settings().wires, Wires::All);
    }
}
