//! A proxy in front of the API server that does harm on request.
//!
//! In: HTTPS from clients that trust the run's authority. Out: the same requests at the API server, bearer tokens and all,
//! and its answers, but for what a [`Rule`] does to them. It speaks HTTP/1.1, opens one connection to the API server per
//! request, and refuses what upgrades a connection (exec, attach, port-forward). Nothing is retried.

mod live;
mod request;
mod rule;
mod serve;

pub use rule::{Fault, Rule, Select};

use crate::client::runtime;
use crate::error::{Error, Result};
use crate::pki::Pair;
use live::Live;
use rule::Table;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serve::Upstream;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A proxy that listens, or is down.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    tls: Arc<rustls::ServerConfig>,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

/// What all of its connections use.
pub(crate) struct Shared {
    rules: Arc<Table>,
    live: Arc<Live>,
    upstream: Upstream,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Proxy {
    pub(crate) fn start(address: SocketAddr, pair: &Pair, authority: &Path, server: &str) -> Result<Self> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Certificate {
            what: format!("the TLS of the proxy at {address}"),
            source: error,
        };
        let tls = server_config(pair).map_err(failed)?;
        let upstream = Upstream::new(server, authority).map_err(failed)?;
        let shared = Arc::new(Shared { rules: Arc::default(), live: Arc::default(), upstream });
        let mut proxy = Self { address, tls, shared, listening: None };
        proxy.come_up()?;
        Ok(proxy)
    }

    /// Its URL, for [`crate::ControlPlane::client_at`] and [`crate::ControlPlane::kubeconfig_at`].
    #[must_use]
    pub fn server(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Does harm to all requests that fit, until the rule is lifted.
    pub fn inject(&self, select: Select, fault: Fault) -> Rule {
        self.inject_times(select, fault, usize::MAX)
    }

    /// Does harm to the next so many requests that fit.
    pub fn inject_times(&self, select: Select, fault: Fault, times: usize) -> Rule {
        self.shared.rules.add(select, fault, times)
    }

    /// Closes the connections of all requests that fit and are under way, watches among them. Returns how many.
    pub fn cut(&self, select: &Select) -> usize {
        self.shared.live.cut(|info| select.fits(info))
    }

    /// Goes away: refuses connections and closes those that are open, as a server that has lost its power.
    pub fn go_down(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // The socket is closed when the task's last poll is over.
            let _ = crate::client::block(listening);
        }
        self.shared.live.cut(|_| true);
        self.shared.live.close_all();
    }

    /// Comes back at the same address.
    ///
    /// # Errors
    /// The address is taken.
    pub fn come_up(&mut self) -> Result<()> {
        if self.listening.is_some() {
            return Ok(());
        }
        let address = self.address;
        let entered = runtime().enter();
        let bind = || {
            let socket = std::net::TcpListener::bind(address)?;
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)
        };
        let listener = bind().map_err(Error::file("listen at", address.to_string()))?;
        drop(entered);
        self.listening =
            Some(runtime().spawn(serve::accept(listener, Arc::clone(&self.tls).into(), Arc::clone(&self.shared))));
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.go_down();
    }
}

fn server_config(pair: &Pair) -> Result<Arc<rustls::ServerConfig>, Box<dyn std::error::Error + Send + Sync>> {
    let chain = CertificateDer::pem_file_iter(&pair.certificate)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&pair.key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
