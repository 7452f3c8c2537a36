//! A Kubernetes control plane as child processes: etcd, kube-apiserver and, where asked for, kube-controller-manager and
//! kube-scheduler.
//!
//! In: what is wanted. Out: a control plane that has answered `/readyz`, an address and certificates of its own, users, a
//! kubeconfig for each, and the audit log. Guarantees: everything ends and goes when this value is dropped or its process
//! dies. Faults are calls on [`Part`]s: kill, restart, freeze, thaw.

use crate::assets::{Assets, Need};
use crate::audit::{Audit, POLICY};
use crate::error::{Error, Result};
use crate::fabric::Fabric;
use crate::node::Node;
use crate::pki::Authority;
use crate::process::{Line, Process};
use crate::proxy::Proxy;
use crate::run::{API_PORT, ETCD_PEER_PORT, ETCD_PORT, FIRST_PROXY_PORT, Run};
use crate::user::User;
use crate::wait::{Look, wait};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A start takes about five seconds on two idle cores; on cores that compile at the same time, many times that.
const READY_DEADLINE: Duration = Duration::from_secs(120);

/// The services' network. Nothing routes it here; the API server wants one.
const SERVICES: &str = "10.96.0.0/16";

/// One of the control plane's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// etcd
    Etcd,
    /// kube-apiserver
    ApiServer,
    /// kube-controller-manager
    ControllerManager,
    /// kube-scheduler
    Scheduler,
}

/// What is wanted of a control plane.
#[derive(Debug, Clone, Copy, Default)]
pub struct Builder {
    controllers: bool,
    nodes: bool,
}

/// A control plane that runs.
#[derive(Debug)]
pub struct ControlPlane {
    // Fields drop from first to last, and the run, which takes everything away, must be last.
    etcd: Process,
    api_server: Process,
    controller_manager: Option<Process>,
    scheduler: Option<Process>,
    fabric: Option<Fabric>,
    audit: Audit,
    authority: Authority,
    server: String,
    proxies: AtomicU16,
    assets: Assets,
    run: Arc<Run>,
}

impl Builder {
    /// Runs kube-controller-manager and kube-scheduler too: StatefulSets, garbage collection, namespaces that end.
    #[must_use]
    pub fn controllers(self) -> Self {
        Self { controllers: true, ..self }
    }

    /// Makes the network for nodes and puts the API server on it, so that [`ControlPlane::node`] works. Needs root.
    /// Implies [`Builder::controllers`], since pods want a scheduler.
    #[must_use]
    pub fn nodes(self) -> Self {
        Self { controllers: true, nodes: true }
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// A program is missing, does not start, or is not ready in time.
    pub fn start(self) -> Result<ControlPlane> {
        let assets = Assets::find();
        let need = match self {
            Self { nodes: true, .. } => Need::Nodes,
            Self { controllers: true, .. } => Need::Controllers,
            _ => Need::ControlPlane,
        };
        assets.check(need)?;
        if self.nodes && !rustix::process::geteuid().is_root() {
            return Err(Error::NeedsRoot { what: "a bed with nodes (network and mount namespaces)" });
        }
        let run = Arc::new(Run::begin()?);
        let fabric = if self.nodes { Some(Fabric::start(&run)?) } else { None };
        let address = if self.nodes { run.fabric_address(1) } else { run.loopback() };
        let secrets = run.folder().join("secrets");
        let authority = Authority::new(&secrets)?;
        let server = format!("https://{address}:{API_PORT}");
        let etcd = Process::start(&run, "etcd", etcd_line(&assets, &run)?)?;
        let line = api_server_line(&assets, &run, &authority, address, self.controllers)?;
        let api_server = Process::start(&run, "kube-apiserver", line)?;
        let mut plane = ControlPlane {
            etcd,
            api_server,
            controller_manager: None,
            scheduler: None,
            fabric,
            audit: Audit::new(&run.folder().join("audit.log")),
            authority,
            server,
            proxies: AtomicU16::new(FIRST_PROXY_PORT),
            assets,
            run,
        };
        plane.wait_ready()?;
        if self.controllers {
            plane.start_controllers()?;
        }
        if self.nodes {
            plane.apply(crate::node::CLUSTER_OBJECTS)?;
        }
        Ok(plane)
    }
}

impl ControlPlane {
    /// etcd and kube-apiserver, ready to answer.
    ///
    /// # Errors
    /// A program is missing, does not start, or is not ready in time.
    pub fn start() -> Result<Self> {
        Builder::default().start()
    }

    /// To ask for more than [`ControlPlane::start`] gives.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The API server's URL.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The certificate of the authority that signed the API server's and the proxies' certificates, as PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> String {
        self.authority.pem()
    }

    /// The run: its folder, its logs, and the mark for processes of the test's own.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    pub(crate) fn shared_run(&self) -> Arc<Run> {
        Arc::clone(&self.run)
    }

    /// The programs that the bed uses.
    #[must_use]
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// What the API server was asked.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The network of the nodes, if there is one.
    #[must_use]
    pub fn fabric(&self) -> Option<&Fabric> {
        self.fabric.as_ref()
    }

    /// One of the processes, to look at.
    ///
    /// # Errors
    /// The bed was started without it.
    pub fn process(&self, part: Part) -> Result<&Process> {
        let process = match part {
            Part::Etcd => Some(&self.etcd),
            Part::ApiServer => Some(&self.api_server),
            Part::ControllerManager => self.controller_manager.as_ref(),
            Part::Scheduler => self.scheduler.as_ref(),
        };
        process.ok_or_else(|| Error::Misuse(format!("this bed was started without {part:?}")))
    }

    /// Kills a process with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// The bed has no such process, or it stays.
    pub fn kill9(&mut self, part: Part) -> Result<()> {
        self.process_mut(part)?.kill9()?;
        if part == Part::ApiServer { self.audit.server_died() } else { Ok(()) }
    }

    /// Starts a killed process again. After etcd and the API server it waits until the API server is ready.
    ///
    /// # Errors
    /// The process still runs, does not start, or is not ready in time.
    pub fn restart(&mut self, part: Part) -> Result<()> {
        self.process_mut(part)?.restart()?;
        match part {
            // One alone cannot be ready.
            Part::Etcd | Part::ApiServer if self.etcd.id().is_none() || self.api_server.id().is_none() => Ok(()),
            Part::Etcd | Part::ApiServer => self.wait_ready(),
            Part::ControllerManager | Part::Scheduler => Ok(()),
        }
    }

    /// Freezes a process (SIGSTOP): its connections stay and nothing answers.
    ///
    /// # Errors
    /// The bed has no such process, or it does not run.
    pub fn freeze(&self, part: Part) -> Result<()> {
        self.process(part)?.freeze()
    }

    /// Lets a frozen process go on.
    ///
    /// # Errors
    /// The bed has no such process, or it does not run.
    pub fn thaw(&self, part: Part) -> Result<()> {
        self.process(part)?.thaw()
    }

    /// Starts a proxy in front of the API server that can do harm on request.
    ///
    /// # Errors
    /// It cannot listen, or its certificate cannot be made.
    pub fn proxy(&self) -> Result<Proxy> {
        let port = self.proxies.fetch_add(1, Ordering::Relaxed);
        let name = format!("proxy-{port}");
        let address = if self.fabric.is_some() { self.run.fabric_address(1) } else { self.run.loopback() };
        let pair = self.authority.server(&name, &[address.to_string(), "localhost".to_owned()])?;
        Proxy::start((address, port).into(), &pair, &self.authority.file(), &self.server)
    }

    /// Starts a node: `number` is 1 to 8, its name `node<number>`. Waits until it is Ready.
    ///
    /// # Errors
    /// The bed was started without [`Builder::nodes`], or the node does not become ready.
    pub fn node(&self, number: u8) -> Result<Node> {
        Node::start(self, number, self.server())
    }

    /// As [`ControlPlane::node`], with the node's own way to the API server: a proxy of its own can cut it off.
    ///
    /// # Errors
    /// As [`ControlPlane::node`].
    pub fn node_behind(&self, number: u8, proxy: &Proxy) -> Result<Node> {
        Node::start(self, number, &proxy.server())
    }

    /// A kubeconfig file for a user, at the API server itself.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn kubeconfig(&self, user: &User) -> Result<PathBuf> {
        self.kubeconfig_at(user, &self.server)
    }

    /// A kubeconfig file for a user at another address: that of a [`Proxy`].
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn kubeconfig_at(&self, user: &User, server: &str) -> Result<PathBuf> {
        let place: String = server.chars().filter(char::is_ascii_digit).collect();
        let name = format!("{}-at-{place}.kubeconfig", user.name.replace(':', "-"));
        let path = self.run.folder().join("secrets").join(name);
        // By renaming, since a process that reads it now must not see half of it.
        let draft = path.with_extension(format!("{:?}", std::thread::current().id()));
        std::fs::write(&draft, user.kubeconfig(server, &self.authority.file()))
            .map_err(Error::file("write", &draft))?;
        std::fs::rename(&draft, &path).map_err(Error::file("write", &path))?;
        Ok(path)
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Waits until the API server says that it is ready and its namespace `default` is there.
    fn wait_ready(&mut self) -> Result<()> {
        let (etcd, api_server) = (&mut self.etcd, &mut self.api_server);
        let probe = crate::client::Requests::new(&self.server, self.authority.der(), &User::admin())?;
        wait("the API server to be ready", READY_DEADLINE, || {
            etcd.check()?;
            api_server.check()?;
            let seen = probe.get_text("/readyz").and_then(|_| probe.get_text("/api/v1/namespaces/default"));
            Ok(seen.map_or_else(|error| Look::NotYet(crate::chain(&error)), |_| Look::Done(())))
        })
    }

    fn process_mut(&mut self, part: Part) -> Result<&mut Process> {
        let process = match part {
            Part::Etcd => Some(&mut self.etcd),
            Part::ApiServer => Some(&mut self.api_server),
            Part::ControllerManager => self.controller_manager.as_mut(),
            Part::Scheduler => self.scheduler.as_mut(),
        };
        process.ok_or_else(|| Error::Misuse(format!("this bed was started without {part:?}")))
    }

    fn start_controllers(&mut self) -> Result<()> {
        let secrets = self.run.folder().join("secrets");
        let manager = Line::new(self.assets.program("kube-controller-manager")?)
            .flag("kubeconfig", self.kubeconfig(&User::controller_manager())?)
            .flag("service-account-private-key-file", secrets.join("service-accounts.key"))
            .flag("root-ca-file", self.authority.file())
            .flag("leader-elect", "false")
            .flag("secure-port", "0")
            // A node that is gone is noticed in seconds, not in the 40 that a large cluster wants.
            .flag("node-monitor-grace-period", "16s");
        self.controller_manager = Some(Process::start(&self.run, "kube-controller-manager", manager)?);
        let scheduler = Line::new(self.assets.program("kube-scheduler")?)
            .flag("kubeconfig", self.kubeconfig(&User::scheduler())?)
            .flag("leader-elect", "false")
            .flag("secure-port", "0");
        self.scheduler = Some(Process::start(&self.run, "kube-scheduler", scheduler)?);
        // Before that, the API server refuses every pod.
        let account = "/api/v1/namespaces/default/serviceaccounts/default";
        self.wait_for(account, "to be made by kube-controller-manager", READY_DEADLINE, |_| true).map(drop)
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The run's folder goes in a moment, and with it the logs that say why.
            crate::say(&logs(&self.run.logs()));
        }
    }
}

/// The last lines of each log, for a test that fails.
fn logs(folder: &Path) -> String {
    let mut text = String::from("the ends of the test bed's logs (IPLEDGER_TESTBED_KEEP=<folder> keeps them whole):\n");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    files.sort();
    for file in files {
        text += &format!("--- {}\n{}\n", file.display(), crate::process::tail(&file, 12));
    }
    text
}

fn etcd_line(assets: &Assets, run: &Run) -> Result<Line> {
    let (client, peer) = (url(run.loopback(), ETCD_PORT), url(run.loopback(), ETCD_PEER_PORT));
    let line = Line::new(assets.program("etcd")?)
        .flag("name", "bed")
        .flag("data-dir", run.folder().join("etcd"))
        .flag("listen-client-urls", &client)
        .flag("advertise-client-urls", &client)
        .flag("listen-peer-urls", &peer)
        .flag("initial-advertise-peer-urls", &peer)
        .flag("initial-cluster", format!("bed={peer}"))
        .flag("log-level", "warn")
        // The data lives as long as a test. What was answered survives kill -9 all the same: it is in the page cache.
        .arg("--unsafe-no-fsync");
    Ok(line)
}

fn api_server_line(
    assets: &Assets,
    run: &Run,
    authority: &Authority,
    address: Ipv4Addr,
    controllers: bool,
) -> Result<Line> {
    let secrets = run.folder().join("secrets");
    let (tokens, policy) = (secrets.join("tokens.csv"), secrets.join("audit-policy.yaml"));
    std::fs::write(&tokens, User::token_file()).map_err(Error::file("write", &tokens))?;
    std::fs::write(&policy, POLICY).map_err(Error::file("write", &policy))?;
    let hosts = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.96.0.1"];
    let hosts: Vec<_> = hosts.map(str::to_owned).into_iter().chain([address.to_string()]).collect();
    let serving = authority.server("kube-apiserver", &hosts)?;
    let signing = authority.service_account_key()?;
    let line = Line::new(assets.program("kube-apiserver")?)
        .flag("etcd-servers", url(run.loopback(), ETCD_PORT))
        .flag("bind-address", address.to_string())
        .flag("advertise-address", address.to_string())
        .flag("secure-port", API_PORT.to_string())
        .flag("tls-cert-file", &serving.certificate)
        .flag("tls-private-key-file", &serving.key)
        .flag("cert-dir", secrets.join("generated"))
        .flag("token-auth-file", &tokens)
        .flag("service-account-issuer", "https://kubernetes.default.svc")
        .flag("service-account-key-file", &signing.certificate)
        .flag("service-account-signing-key-file", &signing.key)
        .flag("service-cluster-ip-range", SERVICES)
        .flag("authorization-mode", "Node,RBAC")
        .flag("enable-admission-plugins", "NodeRestriction")
        .flag("allow-privileged", "true")
        .flag("kubelet-preferred-address-types", "InternalIP")
        .flag("audit-policy-file", &policy)
        .flag("audit-log-path", run.folder().join("audit.log"))
        // Written before the next step of the request, so that a reader can tell that nothing is missing.
        .flag("audit-log-mode", "blocking")
        // One file for the whole run; in MB.
        .flag("audit-log-maxsize", "4096");
    // The service `kubernetes` cannot lead to a loopback address, and only pods would use it.
    let line = if address.is_loopback() { line.flag("endpoint-reconciler-type", "none") } else { line };
    // Pods of a namespace without the account `default` are refused, and only kube-controller-manager makes it.
    Ok(if controllers { line } else { line.flag("disable-admission-plugins", "ServiceAccount") })
}

fn url(address: Ipv4Addr, port: u16) -> String {
    format!("http://{address}:{port}")
}
