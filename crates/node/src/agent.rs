//! The agent of a node: answers the plugin, and gives its word.
//!
//! In: a connection, [`Options`]. Out: a socket for the plugin, the node's Lease, the agent's word on claims. Guarantees: an
//! address is answered only after its claim was read and named this pod as occupant, and after that is on disk; what is
//! answered and what is promised exclude each other.

use crate::kubernetes::{self, Unanswered};
use crate::lease::Lease;
use crate::part::Part;
use crate::protocol::{Ask, Reply, ReplyIp, SOCKET};
use crate::store::{Interface, Store};
use crate::{serve, word};
use api::schema::claim_name;
use api::slim::{Field, Str, Uid};
use cluster::{Cluster, Collection};
use ledger::{Addr, AddrPair, Family};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long ADD waits for its addresses, as Kube-OVN's daemon does. Much shorter than the kubelet's patience (two minutes),
/// so that the reason comes out while somebody looks at the pod.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks where no watch tells: the claim of an address whose last user has just let go.
const LOOK: Duration = Duration::from_millis(250);

/// Where an agent is, and what it keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of its node.
    pub node: String,
    /// Namespace of the agents' Leases.
    pub namespace: String,
    /// What it must not forget; it must outlive a restart of the machine.
    pub folder: PathBuf,
    /// Where it listens.
    pub socket: PathBuf,
}

impl Options {
    /// The usual places.
    #[must_use]
    pub fn new(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            namespace: "kube-system".to_owned(),
            folder: "/var/lib/ipledger".into(),
            socket: SOCKET.into(),
        }
    }
}

/// Why an agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Its folder.
    #[error("cannot use the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its socket.
    #[error("cannot listen on {}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its Lease: without it the controller does not wait for this agent's word.
    #[error("cannot make the Lease of this node's agent: {0}")]
    Lease(String),
}

/// See the module.
#[derive(Debug)]
pub struct Agent {
    pub(crate) cluster: Cluster,
    pub(crate) node: String,
    pub(crate) store: Mutex<Store>,
    /// This node's claims as the watches have shown them: address and user, by name and part.
    seen: std::sync::Mutex<BTreeMap<(Str, Part), (Addr, Uid)>>,
}

/// What keeps an interface from its addresses.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there is no pod {0}")]
    NoPod(String),
    #[error(
        "the pod was told no address for {0} yet: is the controller running, and has the Subnet a free one? `kubectl describe pod` tells"
    )]
    NotTold(String),
    #[error("the address {0} is not claimed for this pod yet")]
    NotClaimed(Addr),
    #[error(
        "this pod was promised not to use {0} any more: was etcd put back to a time before it ended? Delete the pod"
    )]
    Promised(Addr),
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    #[error("cannot write down what was given out: {0}")]
    Store(String),
}

impl Refused {
    /// Whether waiting can help.
    fn may_pass(&self) -> bool {
        matches!(self, Self::NotTold(_) | Self::NotClaimed(_) | Self::Unanswered(_))
    }
}

impl Agent {
    /// Runs for ever.
    ///
    /// # Errors
    /// [`AgentError`]: its folder, its socket or its Lease cannot be used.
    pub async fn run(cluster: Cluster, options: &Options) -> Result<(), AgentError> {
        let folder = |source| AgentError::Folder { path: options.folder.clone(), source };
        let store = Store::open(&options.folder).map_err(folder)?;
        let agent = Arc::new(Self {
            cluster,
            node: options.node.clone(),
            store: Mutex::new(store),
            seen: std::sync::Mutex::default(),
        });
        let socket = |source| AgentError::Socket { path: options.socket.clone(), source };
        if let Some(parent) = options.socket.parent() {
            std::fs::create_dir_all(parent).map_err(socket)?;
        }
        if options.socket.exists() {
            std::fs::remove_file(&options.socket).map_err(socket)?;
        }
        let listener = UnixListener::bind(&options.socket).map_err(socket)?;
        let lease = Lease::new(&agent.cluster, &options.namespace, &agent.node);
        lease.renew().await?;
        tokio::spawn(lease.keep());
        tokio::spawn(serve::serve(listener, Arc::clone(&agent)));
        word::keep(agent).await;
        Ok(())
    }

    /// CNI ADD: waits until the pod was told its addresses, and each has a claim that names it.
    pub(crate) async fn add(&self, ask: &Ask) -> Result<Reply, Refused> {
        let until = Instant::now() + PATIENCE;
        loop {
            let refused = match self.look(ask).await {
                Ok(reply) => return Ok(reply),
                Err(refused) => refused,
            };
            if !refused.may_pass() || Instant::now() >= until {
                return Err(refused);
            }
            // Woken up by the pod; it is looked at again in any case.
            let _ = tokio::time::timeout(LOOK, self.pod_changes(ask)).await;
        }
    }

    /// Returns at the next change of the pod.
    async fn pod_changes(&self, ask: &Ask) {
        let path = format!("/api/v1/namespaces/{}/pods", ask.pod_namespace);
        let pods = Collection::at("pods", &path).with_fields(&format!("metadata.name={}", ask.pod_name));
        if let Ok(mut watching) = self.cluster.watch(&pods, "").await {
            // Without a version the first event is the pod as it is.
            if watching.next().await.is_ok() {
                let _ = watching.next().await;
            }
        }
    }

    async fn look(&self, ask: &Ask) -> Result<Reply, Refused> {
        let name = format!("{}/{}", ask.pod_namespace, ask.pod_name);
        let pod = kubernetes::pod(&self.cluster, &ask.pod_namespace, &ask.pod_name).await?;
        let pod = pod.filter(|pod| ask.pod_uid.is_empty() || pod["metadata"]["uid"] == ask.pod_uid.as_str());
        let pod = pod.ok_or(Refused::NoPod(name))?;
        let told = Told::of(&pod, ask).ok_or_else(|| Refused::NotTold(ask.if_name.clone()))?;
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let mut claims = Vec::new();
        for addr in told.addrs.iter() {
            let pod_uid = Uid::parse(uid);
            let name = self.name_of(&told.provider, addr, &pod_uid);
            let claim = kubernetes::claim(&self.cluster, &name).await?.ok_or(Refused::NotClaimed(addr))?;
            // A gateway puts its EIPs on an interface by itself: no annotation of its pod asks for them.
            let is_eip = claim.spec.holder.kind == "IptablesEIP";
            if is_eip || !claim.status.may_use(&pod_uid) {
                return Err(Refused::NotClaimed(addr));
            }
            claims.push(name);
        }
        self.note(ask, uid, &told, claims).await?;
        Ok(told.reply())
    }

    /// The name of the claim by which a pod has an address. The wire of a Subnet may be called other than its provider: what
    /// the watch has shown of this node's claims says how. What that claim says is read anew.
    fn name_of(&self, provider: &Str, addr: Addr, pod: &Uid) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names =
            seen.iter().filter(|(_, (of, user))| *of == addr && user == pod).map(|((name, _), _)| name.to_string());
        names.next().unwrap_or_else(|| claim_name(provider, addr))
    }

    /// Notes what a watch shows of a claim; none: it is gone.
    pub(crate) fn saw(&self, claim: &(Str, Part), user: Option<(Addr, Uid)>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match user {
            Some(user) => drop(seen.insert(claim.clone(), user)),
            None => drop(seen.remove(claim)),
        }
    }

    /// Writes down what is given out, unless the opposite was promised.
    async fn note(&self, ask: &Ask, uid: &str, told: &Told, claims: Vec<String>) -> Result<(), Refused> {
        let mut store = self.store.lock().await;
        for (addr, claim) in told.addrs.iter().zip(&claims) {
            if store.is_promised(uid, claim) {
                return Err(Refused::Promised(addr));
            }
        }
        let interface = Interface {
            container: ask.container_id.clone(),
            name: ask.if_name.clone(),
            net_ns: ask.net_ns.clone(),
            pod_uid: uid.to_owned(),
            pod_namespace: ask.pod_namespace.clone(),
            pod_name: ask.pod_name.clone(),
            claims,
        };
        tracing::info!(pod = ask.pod_name, nic = ask.if_name, addresses = %told.addrs, "given");
        store.note(interface).map_err(|error| Refused::Store(error.to_string()))
    }
}

/// What a pod was told about an interface.
struct Told {
    provider: Str,
    addrs: AddrPair,
    cidrs: Vec<String>,
    mac: String,
}

impl Told {
    /// Reads the pod's annotations; those of the interface before those of the provider.
    fn of(pod: &Value, ask: &Ask) -> Option<Self> {
        let annotations = &pod["metadata"]["annotations"];
        let provider = &ask.provider;
        let own = |name: &str| annotations[format!("{provider}.kubernetes.io/{name}.{}", ask.if_name)].as_str();
        let any = |name: &str| annotations[format!("{provider}.kubernetes.io/{name}")].as_str();
        let value = |name: &str| own(name).or_else(|| any(name));
        if value("allocated") != Some("true") {
            return None;
        }
        Some(Self {
            provider: provider.as_str().into(),
            addrs: *Field::<AddrPair>::parse(value("ip_address")?).get()?,
            cidrs: value("cidr").unwrap_or_default().split(',').map(str::to_owned).collect(),
            mac: value("mac_address").unwrap_or_default().to_owned(),
        })
    }

    fn reply(&self) -> Reply {
        let ip = |addr: Addr| {
            let cidr = self.cidrs.iter().find(|cidr| cidr.contains(':') == (addr.family() == Family::V6));
            ReplyIp {
                protocol: if addr.family() == Family::V6 { "IPv6" } else { "IPv4" }.to_owned(),
                ip: addr.to_string(),
                cidr: cidr.cloned().unwrap_or_default(),
                gateway: String::new(),
            }
        };
        Reply { ips: self.addrs.iter().map(ip).collect(), mac_address: self.mac.clone(), error: String::new() }
    }
}
