//! Connecting to a cluster the way kubectl does.
//!
//! In: a kubeconfig path, context, user and groups to act as. Out: a client. Guarantees: `KUBECONFIG` and the default path
//! are honoured, in-cluster credentials come last; kube's own retries are off, so that every call has one deadline and one
//! outcome; every refusal says what to do.

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use std::path::PathBuf;
use std::time::Duration;

/// How to connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// A kubeconfig file; else `KUBECONFIG`, else `~/.kube/config`, else in-cluster credentials.
    pub kubeconfig: Option<PathBuf>,
    /// A context of it; else its current one.
    pub context: Option<String>,
    /// A user to act as (`--as`).
    pub as_user: Option<String>,
    /// Groups to act as (`--as-group`).
    pub as_groups: Vec<String>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be read.
    #[error("the kubeconfig {0} cannot be read")]
    Unreadable(String, #[source] KubeconfigError),
    /// The context is not in it.
    #[error("the kubeconfig has no context `{context}`; it has {known}")]
    NoContext {
        /// The context asked for.
        context: String,
        /// Those that there are.
        known: String,
    },
    /// The context or its user cannot be used.
    #[error("the kubeconfig cannot be used")]
    Unusable(#[source] KubeconfigError),
    /// There is neither.
    #[error(
        "no cluster to read: there is no kubeconfig (set KUBECONFIG, or give --kubeconfig), and this is no pod; to audit files \
         name them: `ipledger audit FILE...`"
    )]
    Nowhere,
    /// The client cannot be made.
    #[error("the client for {0} cannot be made")]
    Client(String, #[source] kube::Error),
}

/// A connection attempt longer than this is not going to succeed on a network where audits run.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects.
///
/// # Errors
/// Which part of the configuration is missing or unusable.
pub async fn connect(options: &ConnectOptions) -> Result<Client, ConnectError> {
    let mut config = config(options).await?;
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    if options.as_user.is_some() {
        config.auth_info.impersonate.clone_from(&options.as_user);
    }
    if !options.as_groups.is_empty() {
        config.auth_info.impersonate_groups = Some(options.as_groups.clone());
    }
    let url = config.cluster_url.to_string();
    Client::try_from(config).map_err(|error| ConnectError::Client(url, error))
}

async fn config(options: &ConnectOptions) -> Result<Config, ConnectError> {
    let read = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path).map_err(|e| ConnectError::Unreadable(path.display().to_string(), e)),
        None => {
            Kubeconfig::read().map_err(|e| ConnectError::Unreadable("(KUBECONFIG or ~/.kube/config)".to_owned(), e))
        }
    };
    let kubeconfig = match read {
        Ok(kubeconfig) => kubeconfig,
        // Without one, and with nothing of it asked for, a pod's own credentials are what is meant.
        Err(error) if options.kubeconfig.is_none() && options.context.is_none() => {
            let missing = matches!(
                &error,
                ConnectError::Unreadable(_, KubeconfigError::ReadConfig(..) | KubeconfigError::FindPath)
            );
            return if missing { Config::incluster().map_err(|_| ConnectError::Nowhere) } else { Err(error) };
        }
        Err(error) => return Err(error),
    };
    if let Some(context) = &options.context
        && !kubeconfig.contexts.iter().any(|known| known.name == *context)
    {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|known| known.name.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(ConnectError::NoContext { context: context.clone(), known });
    }
    let choice = KubeConfigOptions { context: options.context.clone(), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &choice).await.map_err(ConnectError::Unusable)
}
