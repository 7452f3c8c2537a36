//! The network between nodes, and the wire.
//!
//! In: a run. Out: one network namespace that holds two bridges: `cluster`, which connects the nodes with the control plane
//! (`198.18.<slot>.1`, at the end of a veth pair in the host's namespace), and `wire`, the physical network that macvlan's
//! masters are plugged into, with nothing else on it. Guarantees: the host's namespace sees one link, `ilb<slot>`, and no
//! packet leaves the machine. The kernel removes all of it when the namespace's only process ends.

use crate::error::{Error, Result};
use crate::process::{Line, Process, output};
use crate::run::Run;
use crate::wait::{Look, wait};
use std::ffi::OsStr;
use std::process::Command;
use std::time::Duration;

/// The namespace with the bridges.
#[derive(Debug)]
pub struct Fabric {
    /// Does nothing but keep the namespace.
    holder: Process,
}

impl Fabric {
    pub(crate) fn start(run: &Run) -> Result<Self> {
        let line = Line::new("unshare").arg("--net").arg("sleep").arg("infinity");
        let holder = Process::start(run, "fabric", line)?;
        let id = holder.id().ok_or_else(|| Error::Misuse("the fabric's process has ended".to_owned()))?;
        wait("the fabric's network namespace", Duration::from_secs(20), || {
            let [its, ours] = [format!("/proc/{id}/ns/net"), "/proc/self/ns/net".to_owned()].map(std::fs::read_link);
            let (its, ours) =
                (its.map_err(Error::file("read", "ns/net"))?, ours.map_err(Error::file("read", "ns/net"))?);
            Ok(if its == ours { Look::NotYet("it is in ours".to_owned()) } else { Look::Done(()) })
        })?;
        let fabric = Self { holder };
        fabric.exec(&["ip", "link", "set", "lo", "up"])?;
        for bridge in ["cluster", "wire"] {
            // No snooping: without a querier it drops IPv6 neighbour discovery after some minutes.
            fabric.exec(&["ip", "link", "add", bridge, "type", "bridge", "mcast_snooping", "0"])?;
            fabric.exec(&["ip", "link", "set", bridge, "up"])?;
        }
        fabric.connect_host(run)?;
        Ok(fabric)
    }

    /// The process whose network namespace it is.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.holder.id().expect("nobody stops the process that holds the namespace")
    }

    /// Runs a command in the namespace: `ip address add ... dev wire` makes a neighbour for pods on the wire.
    ///
    /// # Errors
    /// [`Error::Failed`] with what the command said.
    pub fn exec<S: AsRef<OsStr>>(&self, command: &[S]) -> Result<String> {
        output(self.command().args(command))
    }

    /// A command that runs in the namespace, to add program and arguments to: for what runs longer, as tcpdump.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.id().to_string(), "--net", "--"]);
        command
    }

    fn connect_host(&self, run: &Run) -> Result<()> {
        let (link, ours) = (format!("ilb{}", run.slot()), self.id().to_string());
        let address = format!("{}/24", run.fabric_address(1));
        let ip = |arguments: &[&str]| output(Command::new("ip").args(arguments)).map(drop);
        ip(&["link", "add", &link, "type", "veth", "peer", "name", "host", "netns", &ours])?;
        ip(&["address", "add", &address, "dev", &link])?;
        ip(&["link", "set", &link, "up"])?;
        self.exec(&["ip", "link", "set", "host", "master", "cluster", "up"]).map(drop)
    }
}

/// Plugs a namespace into one of a fabric's bridges by a veth pair. `link` is the name inside it, `port` at the bridge.
/// Namespaces are named by a process in them.
pub(crate) fn plug(fabric: u32, namespace: u32, link: &str, bridge: &str, port: &str) -> Result<()> {
    let (inside, ours) = (namespace.to_string(), fabric.to_string());
    let mut add = Command::new("ip");
    add.args(["link", "add", link, "netns", &inside, "type", "veth", "peer", "name", port, "netns", &ours]);
    // A port of a node that was powered off a moment ago may still be there.
    wait(&format!("port {port} of the fabric"), Duration::from_secs(20), || {
        Ok(output(&mut add).map_or_else(|error| Look::NotYet(error.to_string()), |_| Look::Done(())))
    })?;
    let mut join = Command::new("nsenter");
    output(join.args(["--target", &ours, "--net", "--", "ip", "link", "set", port, "master", bridge, "up"])).map(drop)
}
