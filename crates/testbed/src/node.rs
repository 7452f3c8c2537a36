//! A node: containerd, kubelet and Multus in network, mount and process namespaces of their own.
//!
//! In: a control plane with a fabric, a number. Out: a Node object that is Ready. Inside, the node looks like a machine: its
//! own `/run` and `/var/lib`, `eth0` to the control plane, `wire0` as master for macvlan, primary pod network by bridge and
//! host-local (`10.244.<number>.0/24`). Guarantees: the end of its first process ends every process in it, containers
//! included. Faults: kill, restart, freeze and thaw its parts; [`Node::power_off`] and [`Node::boot`].

use crate::control_plane::ControlPlane;
use crate::error::{Error, Result};
use crate::image;
use crate::node_config as config;
use crate::process::{Line, Process, output};
use crate::run::Run;
use crate::user::{MAX_NODES, User};
use crate::wait::{Look, wait};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// What a bed with nodes has before its first node, as YAML: the kind NetworkAttachmentDefinition, and the rights of Multus.
/// A test without nodes applies it where it wants networks.
pub const CLUSTER_OBJECTS: &str = include_str!("cluster-objects.yaml");

const INIT: &str = include_str!("node-init.sh");

/// A node takes about five seconds on two idle cores.
const READY_DEADLINE: Duration = Duration::from_secs(120);

/// A node's processes that a test can do harm to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodePart {
    /// containerd. Containers go on without it, kept by their shims.
    Containerd,
    /// kubelet
    Kubelet,
}

/// A node that runs, or is powered off.
#[derive(Debug)]
pub struct Node {
    name: String,
    number: u8,
    folder: PathBuf,
    run: Arc<Run>,
    fabric: u32,
    programs: Programs,
    machine: Option<Machine>,
}

/// What runs while the power is on.
#[derive(Debug)]
struct Machine {
    init: Process,
    containerd: Process,
    kubelet: Process,
}

#[derive(Debug)]
struct Programs {
    containerd: PathBuf,
    ctr: PathBuf,
    kubelet: PathBuf,
    /// For containerd's shim, runc, and what CNI plugins call.
    path: std::ffi::OsString,
}

impl Node {
    pub(crate) fn start(plane: &ControlPlane, number: u8, server: &str) -> Result<Self> {
        let fabric = plane.fabric().ok_or_else(|| {
            Error::Misuse("this bed was started without nodes: ControlPlane::builder().nodes().start()".to_owned())
        })?;
        if !(1..=MAX_NODES).contains(&number) {
            return Err(Error::Misuse(format!("there is no node {number}: nodes have the numbers 1 to {MAX_NODES}")));
        }
        let name = format!("node{number}");
        let run = plane.shared_run();
        let folder = run.folder().join(&name);
        let mut node =
            Self { name, number, folder, fabric: fabric.id(), programs: Programs::find(plane)?, run, machine: None };
        node.write_files(plane, server)?;
        image::make(node.run.folder())?;
        node.boot()?;
        node.wait_ready(plane)?;
        Ok(node)
    }

    /// `node<number>`, the name of its Node object.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Kills a part with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// The node is off, or the process stays.
    pub fn kill9(&mut self, part: NodePart) -> Result<()> {
        self.part_mut(part)?.kill9()
    }

    /// Starts a killed part again.
    ///
    /// # Errors
    /// The node is off, or the process does not start.
    pub fn restart(&mut self, part: NodePart) -> Result<()> {
        self.part_mut(part)?.restart()
    }

    /// Freezes a part (SIGSTOP).
    ///
    /// # Errors
    /// The node is off, or the process does not run.
    pub fn freeze(&mut self, part: NodePart) -> Result<()> {
        self.part_mut(part)?.freeze()
    }

    /// Lets a frozen part go on.
    ///
    /// # Errors
    /// The node is off, or the process does not run.
    pub fn thaw(&mut self, part: NodePart) -> Result<()> {
        self.part_mut(part)?.thaw()
    }

    /// Takes the power away: every process of the node, containers too, ends at once; its disk stays.
    /// Its addresses leave the wire when the kernel has taken the network namespaces apart: moments later.
    ///
    /// # Errors
    /// A process stays.
    pub fn power_off(&mut self) -> Result<()> {
        let Some(mut machine) = self.machine.take() else { return Ok(()) };
        // The namespace's first process takes all others along; the two clients see that their processes are gone.
        machine.init.kill9()?;
        machine.containerd.kill9()?;
        machine.kubelet.kill9()
    }

    /// Gives it power: the first process, its links, containerd with the image, kubelet. [`Node::wait_ready`] waits further.
    ///
    /// # Errors
    /// It is on already, or something does not start.
    pub fn boot(&mut self) -> Result<()> {
        if self.machine.is_some() {
            return Err(Error::Misuse(format!("{} is on", self.name)));
        }
        let init = self.start_init()?;
        let id = init.id().ok_or_else(|| Error::Misuse(format!("the first process of {} ended", self.name)))?;
        self.connect(id)?;
        let mut containerd = self.start_inside(id, "containerd", &self.containerd_line())?;
        self.import_image(id, &mut containerd)?;
        let kubelet = self.start_inside(id, "kubelet", &self.kubelet_line())?;
        self.machine = Some(Machine { init, containerd, kubelet });
        Ok(())
    }

    /// Waits until its Node object is Ready and takes pods.
    ///
    /// # Errors
    /// [`Error::Deadline`] with the Node's status, [`Error::Died`] if a part ended.
    pub fn wait_ready(&mut self, plane: &ControlPlane) -> Result<()> {
        let path = format!("/api/v1/nodes/{}", self.name);
        wait(&format!("{} to be ready", self.name), READY_DEADLINE, || {
            if let Some(machine) = &mut self.machine {
                machine.containerd.check()?;
                machine.kubelet.check()?;
            }
            Ok(match plane.get(&path) {
                Ok(node) if is_ready(&node) => Look::Done(()),
                Ok(node) => Look::NotYet(format!("{} {}", node["spec"]["taints"], node["status"]["conditions"])),
                Err(error) => Look::NotYet(crate::chain(&error)),
            })
        })
    }

    /// Runs a command inside the node.
    ///
    /// # Errors
    /// The node is off, or [`Error::Failed`] with what the command said.
    pub fn exec<S: AsRef<OsStr>>(&self, command: &[S]) -> Result<String> {
        output(self.command()?.args(command))
    }

    /// A command that runs inside the node's namespaces, to add program and arguments to.
    ///
    /// # Errors
    /// The node is off.
    pub fn command(&self) -> Result<Command> {
        let id = self.machine.as_ref().and_then(|machine| machine.init.id());
        let id = id.ok_or_else(|| Error::Misuse(format!("{} is off", self.name)))?;
        let mut command = Command::new("nsenter");
        command.args(inside(id)).env("PATH", &self.programs.path);
        self.run.mark(&mut command);
        Ok(command)
    }

    fn part_mut(&mut self, part: NodePart) -> Result<&mut Process> {
        let machine = self.machine.as_mut().ok_or_else(|| Error::Misuse(format!("{} is off", self.name)))?;
        Ok(match part {
            NodePart::Containerd => &mut machine.containerd,
            NodePart::Kubelet => &mut machine.kubelet,
        })
    }

    fn start_init(&self) -> Result<Process> {
        let booted = self.folder.join("booted");
        if booted.exists() {
            std::fs::remove_file(&booted).map_err(Error::file("remove", &booted))?;
        }
        // If unshare itself is killed, so is its child.
        let line =
            ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", "sh", "-c", INIT, "init"];
        let line = line.into_iter().fold(Line::new("unshare"), Line::arg).arg(&self.folder);
        let line = line.arg(format!("{}/{}", self.run.cgroup(), self.name));
        let mut init = Process::start(&self.run, &format!("{}-init", self.name), line)?;
        wait(&format!("the first process of {}", self.name), Duration::from_secs(20), || {
            init.check()?;
            Ok(if booted.exists() { Look::Done(()) } else { Look::NotYet("it makes its mounts".to_owned()) })
        })?;
        init.follow_child()?;
        Ok(init)
    }

    fn connect(&self, id: u32) -> Result<()> {
        let ports = [format!("node{}", self.number), format!("wire{}", self.number)];
        crate::fabric::plug(self.fabric, id, "eth0", "cluster", &ports[0])?;
        crate::fabric::plug(self.fabric, id, "wire0", "wire", &ports[1])?;
        let ip = |words: &[&str]| {
            let target = id.to_string();
            output(Command::new("nsenter").args(["--target", &target, "--net", "--", "ip"]).args(words)).map(drop)
        };
        ip(&["address", "add", &format!("{}/24", self.address()), "dev", "eth0"])?;
        ip(&["link", "set", "eth0", "up"])?;
        ip(&["link", "set", "wire0", "up"])?;
        ip(&["route", "add", "default", "via", &self.run.fabric_address(1).to_string()])
    }

    /// `198.18.<slot>.11` and on.
    fn address(&self) -> std::net::Ipv4Addr {
        self.run.fabric_address(10 + self.number)
    }

    fn start_inside(&self, id: u32, name: &str, line: &Line) -> Result<Process> {
        let mut outer = inside(id).iter().fold(Line::new("nsenter"), Line::arg).arg(&line.program);
        outer = line.arguments.iter().fold(outer, Line::arg).env("PATH", &self.programs.path);
        let mut process = Process::start(&self.run, &format!("{}-{name}", self.name), outer)?;
        process.follow_child()?;
        Ok(process)
    }

    fn containerd_line(&self) -> Line {
        Line::new(&self.programs.containerd).arg("--config").arg(self.folder.join("containerd.toml"))
    }

    fn kubelet_line(&self) -> Line {
        Line::new(&self.programs.kubelet)
            .flag("config", self.folder.join("kubelet.json"))
            .flag("kubeconfig", self.folder.join("kubelet.kubeconfig"))
            .flag("hostname-override", &self.name)
            .flag("node-ip", self.address().to_string())
            .flag("root-dir", "/var/lib/kubelet")
            .flag("cert-dir", "/var/lib/kubelet/pki")
    }

    fn import_image(&self, id: u32, containerd: &mut Process) -> Result<()> {
        let tar_file = self.run.folder().join("busybox.tar");
        wait(&format!("containerd of {}", self.name), READY_DEADLINE, || {
            containerd.check()?;
            let mut ctr = Command::new("nsenter");
            ctr.args(inside(id))
                .arg(&self.programs.ctr)
                .args(["--namespace", "k8s.io", "images", "import"])
                .arg(&tar_file);
            Ok(output(&mut ctr).map_or_else(|error| Look::NotYet(error.to_string()), |_| Look::Done(())))
        })
    }

    fn write_files(&self, plane: &ControlPlane, server: &str) -> Result<()> {
        let net = self.folder.join("cni");
        for folder in ["var-lib/kubelet", "var-log", "cni"] {
            let folder = self.folder.join(folder);
            std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        }
        let plugins = cni_folder(plane)?;
        let kubeconfig = |user: User| user.kubeconfig(server, &plane.authority().file());
        let multus = self.folder.join("multus.kubeconfig");
        write(&multus, &kubeconfig(User::multus()))?;
        write(&self.folder.join("kubelet.kubeconfig"), &kubeconfig(User::kubelet(&self.name)))?;
        write(&net.join("00-multus.conf"), &config::multus(self.number, &multus, &plugins).to_string())?;
        write(&self.folder.join("kubelet.json"), &config::kubelet(self.address()).to_string())?;
        write(&self.folder.join("containerd.toml"), &config::containerd(&plugins, &net))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Err(error) = self.power_off() {
            crate::say(&format!("test bed: {} stays on until the run ends: {}", self.name, crate::chain(&error)));
        }
    }
}

impl Programs {
    fn find(plane: &ControlPlane) -> Result<Self> {
        let assets = plane.assets();
        let path = |name| -> Result<PathBuf> {
            let path = assets.program(name)?;
            // These folders are the node's own inside it.
            let hidden = ["/var/lib/", "/var/log/", "/run/"].iter().any(|folder| path.starts_with(folder));
            let message =
                || format!("{} is hidden inside a node: set IPLEDGER_TESTBED to another folder", path.display());
            if hidden { Err(Error::Misuse(message())) } else { Ok(path.to_owned()) }
        };
        let mut folders = vec![assets.folder_of("containerd")?.to_owned()];
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        folders.extend(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from));
        let joined = std::env::join_paths(folders).map_err(|error| Error::Misuse(format!("PATH: {error}")))?;
        Ok(Self { containerd: path("containerd")?, ctr: path("ctr")?, kubelet: path("kubelet")?, path: joined })
    }
}

/// nsenter's arguments. The network namespace is entered this way and not by `ip netns exec`, which mounts `/sys` anew and
/// so hides the cgroups.
fn inside(id: u32) -> [String; 6] {
    let words = ["--target", &id.to_string(), "--net", "--mount", "--pid", "--"];
    words.map(str::to_owned)
}

fn is_ready(node: &Value) -> bool {
    let conditions = node["status"]["conditions"].as_array();
    let ready = conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"));
    ready && node["spec"]["taints"].as_array().is_none_or(Vec::is_empty)
}

/// The run's folder of CNI plugins: links to all that were built. A test adds its own by a link.
fn cni_folder(plane: &ControlPlane) -> Result<PathBuf> {
    let folder = plane.run().folder().join("cni-bin");
    std::fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    let names = crate::recipe::MODULES.iter().filter(|module| matches!(module.name, "multus" | "cni-plugins"));
    for (name, _) in names.flat_map(|module| module.programs) {
        let link = folder.join(name);
        if !link.exists() {
            symlink(plane.assets().program(name)?, &link).map_err(Error::file("link", &link))?;
        }
    }
    Ok(folder)
}

fn write(path: &Path, content: &str) -> Result<()> {
    std::fs::write(path, content).map_err(Error::file("write", path))
}
