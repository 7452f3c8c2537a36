//! A node: its kubelet and runtime, and its agent, which is also what the CNI plugin asks.
//!
//! In: the server, the wire. Out: addresses on and off interfaces; the agent's word. Guarantees: the six rules of release
//! as far as they are the agent's: let go is said after the address is off, after a fresh read says that the pod is gone
//! or finished, and with a tombstone that outlives the agent; ADD reads each claim by its name before it answers.

use crate::controller::slim;
use crate::given::Given;
use crate::net::wires_of;
use crate::planted::Planted;
use crate::setup::{LEASES, agent_lease, create};
use crate::wire::Wire;
use api::names::PRIMARY_PROVIDER;
use api::schema::claim_name;
use api::slim::{AddressClaim, Field, Kind, Object, Uid};
use ledger::{Addr, AddrPair};
use model::cluster::{Kubelet, SandboxId, WireEvent};
use model::{Request, Server, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where claims are.
pub(crate) const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";

/// A node.
#[derive(Debug)]
pub struct Node {
    pub(crate) name: String,
    kubelet: Kubelet,
    /// Pods that were let go: no sandbox of theirs gets an address any more.
    tombstones: BTreeSet<String>,
    /// Addresses that a living pod does not use, and was promised not to use: by pod and claim.
    forsworn: BTreeSet<(String, String)>,
    /// What the agent gave to sandboxes.
    given: Given,
    /// Whether it makes claims again that vanish, and asks the wire before it gives an address out.
    vigilant: bool,
    connected: bool,
    powered: bool,
    /// What the agent leaves out.
    pub(crate) planted: Option<Planted>,
    /// Whether the runtime asks for the primary network too.
    primary: bool,
    /// The revision at which the last failed ADDs were tried.
    tried: u64,
    /// The revision, and how often the wire had changed, when the agent had nothing to say.
    silent_at: Option<(u64, u64)>,
    /// When the agent renewed its Lease last.
    renewed: Timestamp,
    /// ADDs that have looked, and have put nothing on an interface yet.
    looked: BTreeMap<SandboxId, Vec<(String, Addr)>>,
    /// Steps that were taken, where an ADD may be overtaken by what else happens on the node.
    hesitates: Option<u64>,
}

/// Steps of a node that an ADD takes from what it looks at to what it does, at the most: enough for its address to be let go, given to
/// another pod and used there.
const HESITATION: u64 = 8;

/// Seconds after which an agent renews its Lease.
const RENEWAL: i64 = 10;

impl Node {
    /// A node with an agent.
    pub fn register(server: &mut Server, name: &str, now: Timestamp) -> Self {
        let kubelet = Kubelet::register(server, name, now);
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": agent_lease(name)}, "spec": {"holderIdentity": name}});
        create(server, LEASES, lease, now);
        Self {
            name: name.to_owned(),
            kubelet,
            tombstones: BTreeSet::new(),
            forsworn: BTreeSet::new(),
            given: Given::default(),
            vigilant: false,
            connected: true,
            powered: true,
            planted: None,
            primary: false,
            tried: 0,
            silent_at: None,
            renewed: now,
            looked: BTreeMap::new(),
            hesitates: None,
        }
    }

    /// Cuts it off from the API server, or connects it again.
    pub(crate) fn set_connected(&mut self, connected: bool) {
        self.connected = connected;
        self.kubelet.set_connected(connected);
    }

    /// Its runtime asks for the primary network of each pod from now on.
    pub(crate) fn ask_for_primary(&mut self) {
        self.primary = true;
    }

    /// Takes its power: what ran on it answers no more.
    pub(crate) fn power_off(&mut self, wire: &mut Wire) {
        self.powered = false;
        self.kubelet.crash();
        self.kubelet.links().for_each(|sandbox| wire.remove(sandbox));
        self.looked.clear();
    }

    /// An ADD may be overtaken from now on: between what it looks at and what it does, anything may happen.
    pub(crate) fn hesitate(&mut self) {
        self.hesitates = Some(0);
    }

    /// What has begun is done before anything else from now on.
    pub(crate) fn hurry(&mut self) {
        self.hesitates = None;
    }

    /// The sandboxes to which addresses are about to be given.
    pub(crate) fn about_to_give(&self) -> impl Iterator<Item = (&SandboxId, &[(String, Addr)])> {
        self.looked.iter().map(|(sandbox, addrs)| (sandbox, addrs.as_slice()))
    }

    /// Gives it power again, if it has none.
    pub(crate) fn boot(&mut self) {
        if !self.powered {
            self.powered = true;
            self.kubelet.boot();
        }
    }

    /// Its agent says that it is there, if it is time for that: whatever else happens, so that it is never late. A Lease that is gone
    /// is made again.
    pub(crate) fn renew(&mut self, server: &mut Server, now: Timestamp) {
        if self.is_cut_off() || now.secs() - self.renewed.secs() < RENEWAL {
            return;
        }
        self.renewed = now;
        let path = format!("{LEASES}/{}", agent_lease(&self.name));
        let spec = json!({"holderIdentity": self.name, "renewTime": now.to_string().replace('Z', ".000000Z")});
        let answer = server.handle(Request::merge_patch(path, json!({"spec": spec})), now);
        if answer.code == 404 {
            let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": {"name": agent_lease(&self.name)}, "spec": spec});
            create(server, LEASES, lease, now);
        }
    }

    /// Whether it has no power.
    pub(crate) fn is_off(&self) -> bool {
        !self.powered
    }

    /// Whether nobody can reach it.
    pub(crate) fn is_cut_off(&self) -> bool {
        !self.connected || !self.powered
    }

    /// Its agent makes claims again that vanish, and asks the wire before it gives an address out.
    pub(crate) fn watch_over_claims(&mut self) {
        self.vigilant = true;
        // Where the storage was put back, revisions are used a second time.
        self.silent_at = None;
    }

    /// Whether its agent makes the claim again by which it gave an address to a sandbox, should that vanish.
    pub(crate) fn watches_over(&self, sandbox: &SandboxId, net: &str, addr: Addr) -> bool {
        self.vigilant && !self.is_cut_off() && self.given.has(sandbox, net, addr)
    }

    /// Whether its agent has promised that a pod gets no address any more, or not that of a claim.
    pub(crate) fn refuses(&self, uid: &str, claim: &str) -> bool {
        self.tombstones.contains(uid) || self.forsworn.contains(&(uid.to_owned(), claim.to_owned()))
    }

    /// The containers of a pod end.
    pub(crate) fn exit(&mut self, uid: &str) {
        self.kubelet.exit(uid, true);
    }

    /// Does the next thing that is due; whether there was one.
    pub fn step(&mut self, server: &mut Server, wire: &mut Wire, now: Timestamp) -> bool {
        if !self.powered {
            return false;
        }
        self.kubelet.observe(server);
        if self.connected && server.revision() > self.tried {
            self.tried = server.revision();
            self.kubelet.retry();
        }
        if self.goes_on() {
            return self.finish_add(server, wire);
        }
        // A kubelet ends no sandbox whose ADD is not done: what it has heard since then, the ADD has not.
        let events = if self.looked.is_empty() { self.kubelet.step(server, now) } else { None };
        match events {
            Some(events) => {
                events.into_iter().for_each(|event| self.happen(server, wire, event, now));
                true
            }
            None if self.connected && self.speak(server, wire, now) => true,
            // Where nothing else is to be done it may still take its time.
            None => self.hesitates.is_none() && self.finish_add(server, wire),
        }
    }

    /// What the runtime does on the wire.
    fn happen(&mut self, server: &mut Server, wire: &mut Wire, event: WireEvent, now: Timestamp) {
        match event {
            WireEvent::Add(sandbox) => self.add(server, wire, sandbox, now),
            WireEvent::Release(_) => {}
            WireEvent::LinkGone(sandbox) => wire.remove(&sandbox),
        }
    }

    /// The agent makes a claim again, or gives its word; whether there was anything to say.
    fn speak(&mut self, server: &mut Server, wire: &Wire, now: Timestamp) -> bool {
        (self.vigilant && self.given.reassert(server, wire, now)) || self.say_let_go(server, wire, now)
    }

    /// Whether an ADD that has looked goes on now: once in so many steps of the node.
    fn goes_on(&mut self) -> bool {
        let Some(steps) = self.hesitates.as_mut().filter(|_| !self.looked.is_empty()) else { return false };
        *steps += 1;
        (*steps).is_multiple_of(HESITATION)
    }

    /// CNI ADD looks: the addresses that the pod was told, each proven by its claim.
    fn add(&mut self, server: &mut Server, wire: &mut Wire, sandbox: SandboxId, now: Timestamp) {
        match self.addresses(server, &sandbox, now) {
            Some(addrs) => {
                self.looked.insert(sandbox, addrs);
                if self.hesitates.is_none() {
                    self.finish_add(server, wire);
                }
            }
            None => self.kubelet.add_failed(&sandbox),
        }
    }

    /// CNI ADD goes on: what it saw is noted and put on the interface, unless the pod was let go meanwhile; whether there was one.
    fn finish_add(&mut self, server: &Server, wire: &mut Wire) -> bool {
        let Some((sandbox, addrs)) = self.looked.pop_first() else { return false };
        let uid = &sandbox.pod_uid;
        // The last net: an address that somebody answers to is not given out, whatever the claims say.
        let may_have = |(net, addr): &(String, Addr)| {
            let is_promised = self.forsworn.contains(&(uid.clone(), claim_name(net, *addr)));
            // The source of a migration answers for the machine, and its target is to.
            let is_target = || is_target(server, (net, *addr), uid);
            !(is_promised || self.vigilant && wire.is_answered(net, *addr) && !is_target())
        };
        if self.tombstones.contains(uid) || !addrs.iter().all(may_have) {
            self.kubelet.add_failed(&sandbox);
            return true;
        }
        for (net, addr) in &addrs {
            wire.add(net, *addr, &sandbox);
            self.given.note(server, (net, *addr), &sandbox);
        }
        true
    }

    fn addresses(&self, server: &mut Server, sandbox: &SandboxId, now: Timestamp) -> Option<Vec<(String, Addr)>> {
        if !self.connected || self.tombstones.contains(&sandbox.pod_uid) {
            return None;
        }
        let path = format!("/api/v1/namespaces/{}/pods/{}", sandbox.namespace, sandbox.name);
        let pod = get(server, &path, now)?;
        let wanted = pod["metadata"]["annotations"]["k8s.v1.cni.cncf.io/networks"].as_str().unwrap_or_default();
        let mut all = Wanted::all(wanted, &sandbox.namespace);
        if self.primary && pod["metadata"]["annotations"]["v1.multus-cni.io/default-network"].is_null() {
            all.push(Wanted { provider: PRIMARY_PROVIDER.to_owned(), interface: None });
        }
        let mut addrs = Vec::new();
        for wanted in all {
            addrs.extend(self.told(server, sandbox, (&pod, &wanted), now)?);
        }
        Some(addrs)
    }

    /// The addresses that a pod was told for one network, each proven by its claim.
    fn told(
        &self,
        server: &mut Server,
        sandbox: &SandboxId,
        (pod, Wanted { provider, interface }): (&Value, &Wanted),
        now: Timestamp,
    ) -> Option<Vec<(String, Addr)>> {
        let annotations = &pod["metadata"]["annotations"];
        let value = |name: &str| {
            let own = interface.as_ref().map(|interface| format!("{provider}.kubernetes.io/{name}.{interface}"));
            let own = own.and_then(|key| annotations[key].as_str());
            own.or_else(|| annotations[format!("{provider}.kubernetes.io/{name}")].as_str())
        };
        let text = value("ip_address").filter(|_| value("allocated") == Some("true"))?;
        let wires = wires_of(provider);
        let uid = Uid::parse(&sandbox.pod_uid);
        let mut addrs = Vec::new();
        for addr in Field::<AddrPair>::parse(text).get()?.iter() {
            // A claim says what the wire is called.
            let is_there = |wire: &&str| is_claimed(server, wire, addr);
            let wire = wires.iter().copied().find(is_there).or(wires.first().copied())?;
            let name = claim_name(wire, addr);
            if self.forsworn.contains(&(sandbox.pod_uid.clone(), name.clone())) {
                return None;
            }
            if self.planted == Some(Planted::BlindAdd) {
                addrs.push((wire.to_owned(), addr));
                continue;
            }
            let object = get(server, &format!("{CLAIMS}/{name}"), now)?;
            let claim = claim_of(&object)?;
            // An EIP is the gateway's program's to add, not the plugin's.
            let is_eip = claim.spec.holder.kind == "IptablesEIP";
            if is_eip || !claim.status.may_use(&uid) {
                return None;
            }
            addrs.push((wire.to_owned(), addr));
        }
        Some(addrs)
    }

    /// Says of one pod that it has let its addresses go, where that is so; whether it said anything.
    fn say_let_go(&mut self, server: &mut Server, wire: &Wire, now: Timestamp) -> bool {
        // Its word follows from objects and from the wire alone.
        let seen = Some((server.revision(), wire.changes()));
        if self.silent_at == seen {
            return false;
        }
        for object in server.objects("ipledger.dev", "addressclaims") {
            let Some(claim) = claim_of(&object) else { continue };
            let own = claim.status.users().filter(|(user, said)| user.node == self.name && **said != user.pod_uid);
            let own: Vec<Uid> = own.map(|(user, _)| user.pod_uid.clone()).collect();
            let Some(pod) = own.iter().find(|pod| self.has_let_go(server, wire, (&claim, pod))) else { continue };
            let word = json!({"letGo": {"podUID": pod.to_string(), "at": now.to_string()}});
            let is_first = claim.status.occupant.pod_uid == *pod;
            let body = json!({
                "metadata": {"uid": claim.meta.uid.to_string(), "resourceVersion": claim.meta.resource_version.as_str()},
                "status": if is_first { word } else { json!({"target": word}) },
            });
            let response = server.handle(Request::merge_patch(format!("{CLAIMS}/{}", claim.meta.name), body), now);
            return response.code == 200;
        }
        self.silent_at = seen;
        false
    }

    /// Whether the agent can give its word of a pod, which it keeps from then on.
    fn has_let_go(&mut self, server: &Server, wire: &Wire, (claim, pod): (&AddressClaim, &Uid)) -> bool {
        let uid = pod.to_string();
        // A gateway puts its EIPs on an interface by itself: they are there while the pod has any.
        let is_on = wire.has_address(claim, &uid) || (claim.spec.holder.kind == "IptablesEIP" && wire.has_pod(&uid));
        if is_on && self.planted != Some(Planted::EarlyWord) {
            return false;
        }
        // By its UID, in a list that is fresh: the holder may have another name than its pod.
        let pods = server.objects("", "pods");
        let pod = pods.iter().find(|pod| pod["metadata"]["uid"] == uid.as_str()).map(|pod| (**pod).clone());
        let ended = |pod: &Value| matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        match pod.as_ref().filter(|pod| !ended(pod)) {
            None if self.planted == Some(Planted::NoTombstone) => {}
            None => drop(self.tombstones.insert(uid)),
            Some(pod) if self.planted == Some(Planted::NoPromise) && is_surplus(pod, (claim, &uid), wire) => {}
            Some(pod) if is_surplus(pod, (claim, &uid), wire) => {
                self.forsworn.insert((uid, claim.meta.name.to_string()));
            }
            Some(_) => return false,
        }
        true
    }
}

/// An attachment that a pod asks for.
struct Wanted {
    provider: String,
    interface: Option<String>,
}

impl Wanted {
    /// All of them: a list of `namespace/name@interface`, or JSON (Multus).
    fn all(text: &str, namespace: &str) -> Vec<Self> {
        if let Ok(Value::Array(items)) = serde_json::from_str(text) {
            let of = |item: &Value| Self {
                provider: format!(
                    "{}.{}",
                    item["name"].as_str().unwrap_or_default(),
                    item["namespace"].as_str().unwrap_or(namespace)
                ),
                interface: item["interface"].as_str().map(str::to_owned),
            };
            return items.iter().map(of).collect();
        }
        let of = |text: &str| {
            let (place, interface) =
                text.split_once('@').map_or((text, None), |(place, name)| (place, Some(name.to_owned())));
            let (namespace, name) = place.split_once('/').unwrap_or((namespace, place));
            Self { provider: format!("{name}.{namespace}"), interface }
        };
        text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(of).collect()
    }
}

/// Whether a living pod's sandbox runs without an address that is claimed for it, and the pod was told another one.
fn is_surplus(pod: &Value, (claim, uid): (&AddressClaim, &str), wire: &Wire) -> bool {
    let Some(addr) = claim.spec.address.get() else { return false };
    let told = pod["metadata"]["annotations"].as_object().into_iter().flatten();
    let mut told = told.filter(|(key, _)| key.contains("/ip_address")).filter_map(|(_, text)| text.as_str());
    let names =
        |text: &str| Field::<AddrPair>::parse(text).get().is_some_and(|pair| pair.get(addr.family()) == Some(*addr));
    // An EIP is the gateway's to add and to remove: no sandbox is told of it.
    claim.spec.holder.kind != "IptablesEIP" && wire.has_pod(uid) && !told.any(names)
}

/// Whether the claim of an address says that a pod is the target of a migration.
fn is_target(server: &Server, (net, addr): (&str, Addr), uid: &str) -> bool {
    let claim = server.object("ipledger.dev", "addressclaims", "", &claim_name(net, addr));
    claim.is_some_and(|claim| claim["status"]["target"]["occupant"]["podUID"] == uid)
}

/// Whether an address of a wire is claimed.
fn is_claimed(server: &Server, wire: &str, addr: Addr) -> bool {
    server.object("ipledger.dev", "addressclaims", "", &claim_name(wire, addr)).is_some()
}

/// A fresh read.
fn get(server: &mut Server, path: &str, now: Timestamp) -> Option<Value> {
    let response = server.handle(Request::get(path), now);
    (response.code == 200).then(|| response.value())
}

/// A claim in its slim form.
pub(crate) fn claim_of(object: &Value) -> Option<AddressClaim> {
    match slim(Kind::AddressClaim, object)? {
        Object::AddressClaim(claim) => Some(Arc::unwrap_or_clone(claim)),
        _ => None,
    }
}
