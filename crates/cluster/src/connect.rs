//! From a kubeconfig, or from the credentials of a pod, to a `Cluster`.
//!
//! In: [`ConnectOptions`] as kubectl's flags, and the environment. Out: a connection that has sent nothing yet. Guarantees:
//! kubectl's order (`--kubeconfig`, then the files of KUBECONFIG, then `~/.kube/config`, then the pod's service account)
//! and its rules: files of KUBECONFIG that do not exist are passed over, groups need a user. An error says what was looked
//! at and what to do. kube's own retry is off.

use crate::call::{Cluster, Patience};
use crate::proxy::ProxyEnv;
use http::{HeaderValue, header};
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

/// What the cluster's audit log and its priority-and-fairness rules know the client by.
const USER_AGENT: &str = concat!("ipledger/", env!("CARGO_PKG_VERSION"));

/// How to reach a cluster, and as whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// A kubeconfig (`--kubeconfig`).
    pub kubeconfig: Option<PathBuf>,
    /// A context in it (`--context`).
    pub context: Option<String>,
    /// A user to act as (`--as`).
    pub as_user: Option<String>,
    /// Groups to act as (`--as-group`).
    pub as_groups: Vec<String>,
    /// How long to wait, and how often to try.
    pub patience: Patience,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No kubeconfig, and no pod.
    #[error(
        "no cluster to read: there is no kubeconfig ({}), and this is no pod. Give one with --kubeconfig, or set KUBECONFIG; to \
         audit files name them: `ipledger audit FILE...`",
        list(looked, "no home directory to look in")
    )]
    NoConfiguration {
        /// Where one was looked for.
        looked: Vec<PathBuf>,
    },
    /// A kubeconfig that cannot be read.
    #[error("cannot read the kubeconfig {}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<KubeconfigError>,
    },
    /// Files of KUBECONFIG that do not go together.
    #[error("cannot combine the files of KUBECONFIG")]
    Combine {
        /// Why.
        source: Box<KubeconfigError>,
    },
    /// No context of that name.
    #[error("the kubeconfig has no context {context:?}; it has: {}", list(there, "none at all"))]
    NoSuchContext {
        /// The name.
        context: String,
        /// Those that exist.
        there: Vec<String>,
    },
    /// No context is chosen.
    #[error("the kubeconfig has no current context: choose one with --context; it has: {}", list(there, "none at all"))]
    NoContextChosen {
        /// Those that exist.
        there: Vec<String>,
    },
    /// `--context` where there is no kubeconfig.
    #[error("there is no kubeconfig to look for the context {context:?} in (looked at {})", list(looked, "nothing"))]
    ContextWithoutKubeconfig {
        /// The name.
        context: String,
        /// Where a kubeconfig was looked for.
        looked: Vec<PathBuf>,
    },
    /// `--as-group` without `--as`.
    #[error("--as-group needs --as: a group is acted for together with a user")]
    GroupWithoutUser,
    /// A context that leads nowhere.
    #[error("the context {context:?} cannot be used")]
    Context {
        /// The context.
        context: String,
        /// Why.
        source: Box<KubeconfigError>,
    },
    /// The credentials of a pod.
    #[error("cannot use the service account of this pod")]
    InCluster {
        /// Why.
        source: InClusterError,
    },
    /// A proxy that is no URL.
    #[error("the proxy {proxy:?} is no URL")]
    Proxy {
        /// The text.
        proxy: String,
        /// Why.
        source: http::uri::InvalidUri,
    },
    /// Certificates, keys, or names that no header can carry.
    #[error("cannot set up a connection to {server}")]
    Client {
        /// The server.
        server: String,
        /// Why.
        source: Box<kube::Error>,
    },
}

/// Things by name, or what to say where there are none.
fn list<T: std::fmt::Debug>(things: &[T], none: &str) -> String {
    let mut text = String::new();
    for thing in things {
        let comma = if text.is_empty() { "" } else { ", " };
        write!(text, "{comma}{thing:?}").expect("text grows");
    }
    if text.is_empty() { none.to_owned() } else { text }
}

/// What the environment says about clusters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    kubeconfig: Option<OsString>,
    home: Option<PathBuf>,
    in_pod: bool,
    proxy: ProxyEnv,
}

impl Environment {
    fn of_process() -> Self {
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()),
            home: std::env::home_dir(),
            in_pod: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some(),
            proxy: ProxyEnv::of_process(),
        }
    }

    /// The files to look at, and whether one that does not exist is passed over.
    fn files(&self, options: &ConnectOptions) -> (Vec<PathBuf>, bool) {
        if let Some(path) = &options.kubeconfig {
            return (vec![path.clone()], false);
        }
        if let Some(list) = &self.kubeconfig {
            return (std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(), true);
        }
        (self.home.iter().map(|home| home.join(".kube/config")).collect(), true)
    }
}

/// Makes a connection. Nothing is sent yet.
///
/// # Errors
/// [`ConnectError`]: no configuration, one that cannot be read, or no such context in it.
pub async fn connect(options: &ConnectOptions) -> Result<Cluster, ConnectError> {
    connect_in(options, &Environment::of_process()).await
}

async fn connect_in(options: &ConnectOptions, environment: &Environment) -> Result<Cluster, ConnectError> {
    if options.as_user.is_none() && !options.as_groups.is_empty() {
        return Err(ConnectError::GroupWithoutUser);
    }
    let mut config = configuration(options, environment).await?;
    config.default_retry = false;
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(USER_AGENT)));
    if let Some(user) = &options.as_user {
        config.auth_info.impersonate = Some(user.clone());
        config.auth_info.impersonate_groups = Some(options.as_groups.clone()).filter(|groups| !groups.is_empty());
        config.auth_info.impersonate_uid = None;
        config.auth_info.impersonate_user_extra = None;
    }
    let server = config.cluster_url.to_string();
    let client = Client::try_from(config)
        .map_err(|source| ConnectError::Client { server: server.clone(), source: Box::new(source) })?;
    Ok(Cluster::new(client, server, options.patience))
}

async fn configuration(options: &ConnectOptions, environment: &Environment) -> Result<Config, ConnectError> {
    let (files, skip_missing) = environment.files(options);
    if let Some(kubeconfig) = read(&files, skip_missing)? {
        return of_context(kubeconfig, options.context.as_deref(), &environment.proxy).await;
    }
    if let Some(context) = options.context.clone() {
        return Err(ConnectError::ContextWithoutKubeconfig { context, looked: files });
    }
    if !environment.in_pod {
        return Err(ConnectError::NoConfiguration { looked: files });
    }
    Config::incluster_env().map_err(|source| ConnectError::InCluster { source })
}

/// Reads and combines files. `None` where none of them exists.
fn read(files: &[PathBuf], skip_missing: bool) -> Result<Option<Kubeconfig>, ConnectError> {
    let mut combined: Option<Kubeconfig> = None;
    for path in files {
        if skip_missing && !path.exists() {
            continue;
        }
        let next = Kubeconfig::read_from(path)
            .map_err(|source| ConnectError::Kubeconfig { path: path.clone(), source: Box::new(source) })?;
        combined = Some(match combined {
            None => next,
            Some(first) => first.merge(next).map_err(|source| ConnectError::Combine { source: Box::new(source) })?,
        });
    }
    Ok(combined)
}

async fn of_context(kubeconfig: Kubeconfig, wanted: Option<&str>, proxies: &ProxyEnv) -> Result<Config, ConnectError> {
    let there: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    let current = kubeconfig.current_context.clone().filter(|context| !context.is_empty());
    let Some(context) = wanted.map(str::to_owned).or(current) else {
        return Err(ConnectError::NoContextChosen { there });
    };
    if !there.contains(&context) {
        return Err(ConnectError::NoSuchContext { context, there });
    }
    let own_proxy = proxy_of(&kubeconfig, &context);
    let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|source| ConnectError::Context { context, source: Box::new(source) })?;
    let proxy = own_proxy.or_else(|| proxies.to(&config.cluster_url).map(str::to_owned));
    let url = |proxy: String| proxy.parse().map_err(|source| ConnectError::Proxy { proxy, source });
    config.proxy_url = proxy.map(url).transpose()?;
    Ok(config)
}

/// `proxy-url` of a context's cluster.
fn proxy_of(kubeconfig: &Kubeconfig, context: &str) -> Option<String> {
    let context = kubeconfig.contexts.iter().find(|named| named.name == context)?.context.as_ref()?;
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == context.cluster)?.cluster.as_ref()?;
    cluster.proxy_url.clone().filter(|proxy| !proxy.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubeconfig(folder: &tempfile::TempDir, name: &str, current: &str) -> PathBuf {
        let path = folder.path().join(name);
        let text = format!(
            "apiVersion: v1\nkind: Config\n{current}clusters: [{{name: {name}, cluster: {{server: 'https://{name}:6443'}}}}]\n\
             users: [{{name: {name}, user: {{}}}}]\ncontexts: [{{name: {name}, context: {{cluster: {name}, user: {name}}}}}]\n"
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    fn environment(files: &[PathBuf]) -> Environment {
        let kubeconfig = Some(std::env::join_paths(files).unwrap());
        Environment { kubeconfig, ..Environment::default() }
    }

    #[tokio::test]
    async fn the_files_of_kubeconfig_are_combined_and_those_that_do_not_exist_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let a = kubeconfig(&folder, "a", "");
        let b = kubeconfig(&folder, "b", "current-context: b\n");
        let files = environment(&[folder.path().join("missing"), a, b]);
        let cluster = connect_in(&ConnectOptions::default(), &files).await.unwrap();
        assert_eq!(cluster.server(), "https://b:6443/");
        let options = ConnectOptions { context: Some("a".into()), ..ConnectOptions::default() };
        assert_eq!(connect_in(&options, &files).await.unwrap().server(), "https://a:6443/");
    }

    #[tokio::test]
    async fn the_kubeconfig_at_home_comes_after_the_variable_and_before_the_pod() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".kube")).unwrap();
        let config = kubeconfig(&home, "config", "current-context: config\n");
        std::fs::rename(config, home.path().join(".kube/config")).unwrap();
        let environment = Environment { home: Some(home.path().to_owned()), in_pod: true, ..Environment::default() };
        let cluster = connect_in(&ConnectOptions::default(), &environment).await.unwrap();
        assert_eq!(cluster.server(), "https://config:6443/");
    }

    #[tokio::test]
    async fn without_anything_it_says_where_it_looked_and_what_to_do() {
        let environment = Environment { home: Some(PathBuf::from("/home/ann")), ..Environment::default() };
        let error = connect_in(&ConnectOptions::default(), &environment).await.unwrap_err();
        insta::assert_snapshot!(error, @r#"no cluster to read: there is no kubeconfig ("/home/ann/.kube/config"), and this is no pod. Give one with --kubeconfig, or set KUBECONFIG; to audit files name them: `ipledger audit FILE...`"#);
        let options = ConnectOptions { context: Some("prod".into()), ..ConnectOptions::default() };
        let error = connect_in(&options, &Environment { in_pod: true, ..environment }).await.unwrap_err();
        insta::assert_snapshot!(error, @r#"there is no kubeconfig to look for the context "prod" in (looked at "/home/ann/.kube/config")"#);
    }
}
