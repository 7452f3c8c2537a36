//! The whole address manager in one process, without a cluster.
//!
//! In: [`Options`], manifests or a story. Out: a Kubernetes API on loopback with a kubeconfig, on which the real controller
//! works through the real client, beside simulated schedulers, controllers and nodes. Guarantees: nothing but loopback is
//! listened on, and nothing is left behind but the kubeconfig while it runs; what controller and client do is what they do
//! on a cluster; the API server, the nodes and their agents are models (docs/api-model/).

mod manifest;
mod parts;
mod story;

pub use manifest::{ManifestError, read};
pub use story::{SHIPPED, Step, StoryError, steps};

use cluster::{Cluster, ConnectError, ConnectOptions, Patience};
use controller::{Config, RunError};
use model::{Options as ModelOptions, Server};
use model_http::{Model, system_time};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How a sandbox is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the kubeconfig is written.
    pub kubeconfig: PathBuf,
    /// How many nodes there are.
    pub nodes: usize,
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Loopback cannot be listened on.
    #[error("cannot listen on 127.0.0.1")]
    Listen(#[source] io::Error),
    /// The kubeconfig cannot be written.
    #[error("cannot write the kubeconfig {}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The client cannot connect.
    #[error("cannot connect to the sandbox's own API server")]
    Connect(#[from] ConnectError),
}

/// A sandbox that runs.
#[derive(Debug)]
pub struct Sandbox {
    model: Model,
    cluster: Cluster,
    kubeconfig: Kubeconfig,
    stop: Option<oneshot::Sender<()>>,
    controller: JoinHandle<Result<(), RunError>>,
}

/// Without a write for so long everybody is at rest: the parts answer each other within milliseconds.
const QUIET: Duration = Duration::from_millis(120);
/// The status of a Subnet is written at most once a second.
const COUNTED: Duration = Duration::from_millis(2100);
/// Longer than any story takes from one step to its rest.
const RESTLESS: Duration = Duration::from_secs(20);

impl Sandbox {
    /// Starts it: definitions, nodes with agents, the controller.
    ///
    /// # Errors
    /// [`SandboxError`]: nothing to listen on, nowhere to write, or the client does not connect.
    pub async fn start(options: &Options) -> Result<Self, SandboxError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(SandboxError::Listen)?;
        let server = format!("http://{}", listener.local_addr().map_err(SandboxError::Listen)?);
        let kubeconfig = Kubeconfig::write(&options.kubeconfig, &server)?;
        let model = Model::new(Server::new(1, ModelOptions::default()), system_time);
        tokio::spawn(model_http::serve(model.clone(), listener));
        parts::start(model.clone(), options.nodes);
        let patience = Patience { deadline: Duration::from_secs(10), ..Patience::default() };
        let path = options.kubeconfig.clone();
        let connect = ConnectOptions { kubeconfig: Some(path), patience, ..ConnectOptions::default() };
        let cluster = cluster::connect(&connect).await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let asked = async {
            // A sender that is dropped asks too.
            let _ = stopped.await;
        };
        // Nobody makes a sandbox to wait a minute for a StatefulSet that may come back.
        let config = Config {
            lease: String::new(),
            listen: None,
            grace: 0,
            retry: 1,
            // Nothing is pulled: its nodes are simulated.
            gateway_image: "ipledger".to_owned(),
            ..Config::default()
        };
        let controller = tokio::spawn(controller::run(cluster.clone(), config, asked));
        let sandbox = Self { model, cluster, kubeconfig, stop: Some(stop), controller };
        sandbox.rest().await;
        Ok(sandbox)
    }

    /// The kubeconfig of its API server.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig.0
    }

    /// A connection to its API server.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Waits until nobody has anything to do; false if that took too long.
    pub async fn rest(&self) -> bool {
        self.is_quiet(QUIET).await
    }

    /// Waits until the counts are written too, which may wait for a second.
    pub async fn counted(&self) -> bool {
        self.is_quiet(COUNTED).await
    }

    async fn is_quiet(&self, quiet: Duration) -> bool {
        let mut revisions = self.model.subscribe();
        let restless = async { while tokio::time::timeout(quiet, revisions.changed()).await.is_ok() {} };
        tokio::time::timeout(RESTLESS, restless).await.is_ok()
    }

    /// Ends it.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let _ = self.controller.await;
    }
}

/// A kubeconfig that goes with its sandbox, however that ends: it leads nowhere any more.
#[derive(Debug)]
struct Kubeconfig(PathBuf);

impl Kubeconfig {
    fn write(path: &Path, server: &str) -> Result<Self, SandboxError> {
        let written = std::fs::write(path, text(server));
        written.map_err(|source| SandboxError::Kubeconfig { path: path.to_owned(), source })?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: ipledger-sandbox\n\
         clusters:\n- name: ipledger-sandbox\n  cluster: {{server: {server:?}}}\n\
         users:\n- name: ipledger-sandbox\n  user: {{}}\n\
         contexts:\n- name: ipledger-sandbox\n  context: {{cluster: ipledger-sandbox, user: ipledger-sandbox}}\n"
    )
}
