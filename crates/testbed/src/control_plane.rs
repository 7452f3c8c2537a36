//! A Kubernetes control plane as child processes: etcd, kube-apiserver and, where asked for, kube-controller-manager and
//! kube-scheduler.
//!
//! In: what is wanted. Out: a control plane that has answered `/readyz`, an address and certificates of its own, users, a
//! kubeconfig for each, and the audit log. Guarantees: everything ends and goes when this value is dropped or its process
//! dies. Faults are calls on [`Part`]s: kill, restart, freeze, thaw.

use crate::assets::{Assets, Need};
use crate::audit::Audit;
use crate::error::{Error, Result};
use crate::fabric::Fabric;
use crate::lines;
use crate::node::Node;
use crate::pki::Authority;
use crate::process::Process;
use crate::proxy::Proxy;
use crate::run::{API_PORT, FIRST_PROXY_PORT, Run};
use crate::user::User;
use crate::wait::{Look, wait};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A start takes about five seconds on two idle cores; on cores that compile at the same time, many times that.
const READY_DEADLINE: Duration = Duration::from_secs(120);

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
        let mut plane = ControlPlane::launch(assets, run, fabric, self.controllers)?;
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

    /// Starts etcd and kube-apiserver, without waiting.
    fn launch(assets: Assets, run: Arc<Run>, fabric: Option<Fabric>, controllers: bool) -> Result<Self> {
        let address = if fabric.is_some() { run.fabric_address(1) } else { run.loopback() };
        let authority = Authority::new(&run.folder().join("secrets"))?;
        let etcd = Process::start(&run, "etcd", lines::etcd(&assets, &run)?)?;
        let line = lines::api_server(&assets, &run, &authority, address, controllers)?;
        let api_server = Process::start(&run, "kube-apiserver", line)?;
        Ok(Self {
            etcd,
            api_server,
            controller_manager: None,
            scheduler: None,
            fabric,
            audit: Audit::new(&run.folder().join("audit.log")),
            authority,
            server: format!("https://{address}:{API_PORT}"),
            proxies: AtomicU16::new(FIRST_PROXY_PORT),
            assets,
            run,
        })
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
        let (manager, scheduler) = (User::controller_manager(), User::scheduler());
        let manager = lines::controller_manager(&self.assets, &self.run, &self.authority, &self.kubeconfig(&manager)?)?;
        self.controller_manager = Some(Process::start(&self.run, "kube-controller-manager", manager)?);
        let scheduler = lines::scheduler(&self.assets, &self.kubeconfig(&scheduler)?)?;
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
