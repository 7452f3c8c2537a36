//! What a hand may break.
//!
//! In: claims that somebody deletes by hand, the wire at that moment. Out: whose address on the wire needs no claim for now.
//! Guarantees: a pod is excused for the address that it had when its claim was deleted, and only until a claim for it is
//! there again or the address is off its interface; one that ran with an address which was on record must have its claim again at rest,
//! unless somebody else has it by then, or the record was touched by hand too; and so must everyone over whose claim an agent watches.

use crate::cluster::Cluster;
use crate::net::{is_wire_of, network_of, port};
use crate::node::{CLAIMS, Node};
use crate::oracle::{Violation, asks_unreadably};
use crate::wire::Wire;
use api::slim::{AddressClaim, Uid};
use ledger::{Addr, Cidr};
use model::{Server, cluster::SandboxId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Excuses {
    /// By wire, address and the pod's UID: the pod, and whether its address is on record beside the claim.
    forsaken: BTreeMap<(String, Addr, String), Forsaken>,
    /// Claims that were deleted by hand once: two who both have the address on record cannot both have it again.
    lost: BTreeSet<String>,
    /// Who used an address that only its claim said when that was deleted by hand, or lost with the storage: wire, address, the pod's UID.
    unrecorded: BTreeSet<(String, Addr, String)>,
    /// The storage was put back once: so it is with every claim since then.
    all_lost: bool,
    /// Pods whose records were changed by hand: namespace and name.
    touched: BTreeSet<(String, String)>,
}

#[derive(Debug)]
struct Forsaken {
    pod: SandboxId,
    recorded: bool,
}

/// Who answers to an address, or is about to: wire, address, sandbox.
type User = (String, Addr, SandboxId);

fn users(wire: &Wire, nodes: &[Node]) -> Vec<User> {
    let on = wire.iter().flat_map(|(net, addr, pods)| pods.iter().map(move |pod| (net.to_owned(), addr, pod.clone())));
    let soon = nodes.iter().flat_map(Node::about_to_give);
    let soon = soon.flat_map(|(pod, addrs)| addrs.iter().map(|(net, addr)| (net.clone(), *addr, pod.clone())));
    on.chain(soon).collect()
}

impl Excuses {
    /// Somebody deletes a claim by hand: of all that use the address now.
    pub(crate) fn deleted(&mut self, claim: &str, server: &Server, wire: &Wire, nodes: &[Node]) {
        self.lost.insert(claim.to_owned());
        for (net, addr, pod) in
            users(wire, nodes).iter().filter(|(net, addr, _)| api::schema::claim_name(net, *addr) == claim)
        {
            let key = (net.clone(), *addr, pod.pod_uid.clone());
            self.note_unrecorded(server, &key, pod);
            // One that is not shown running, so that nobody can know that it has the address, may be told another one meanwhile.
            let recorded = is_recorded(server, net, *addr, pod) && wire.has_sandbox(net, *addr, pod);
            let recorded = recorded && is_shown_running(server, pod);
            self.forsaken.entry(key).or_insert(Forsaken { pod: pod.clone(), recorded });
        }
    }

    /// The storage was put back: of all that use an address whose claim says nothing of them any more.
    pub(crate) fn put_back(&mut self, server: &Server, wire: &Wire, nodes: &[Node]) {
        self.all_lost = true;
        for (net, addr, pod) in
            users(wire, nodes).iter().filter(|(net, addr, pod)| !is_claimed(server, net, *addr, &pod.pod_uid))
        {
            let key = (net.clone(), *addr, pod.pod_uid.clone());
            self.note_unrecorded(server, &key, pod);
            // What is on record is from another time, too: nobody can be held to it.
            self.forsaken.insert(key, Forsaken { pod: pod.clone(), recorded: false });
        }
    }

    /// Takes note of one whose address only a claim said that is gone.
    fn note_unrecorded(&mut self, server: &Server, key: &(String, Addr, String), pod: &SandboxId) {
        if !is_recorded(server, &key.0, key.1, pod) {
            self.unrecorded.insert(key.clone());
        }
    }

    /// Somebody changed by hand what is on record of a pod.
    pub(crate) fn touched(&mut self, namespace: &str, pod: &str) {
        self.record_gone(namespace, pod);
        self.touched.insert((namespace.to_owned(), pod.to_owned()));
    }

    /// What is on record of a pod goes, by right or not: if its claim is lost already, nothing says any more that it was its.
    pub(crate) fn record_gone(&mut self, namespace: &str, pod: &str) {
        let its = self.forsaken.values_mut().filter(|of| of.pod.namespace == namespace && of.pod.name == pod);
        its.for_each(|of| of.recorded = false);
    }

    /// Whether a claim of this name went once, and nobody let go.
    pub(crate) fn was_lost(&self, claim: &str) -> bool {
        self.all_lost || self.lost.contains(claim)
    }

    /// Whether only a claim that was deleted by hand said that a pod uses an address.
    fn was_unrecorded(&self, net: &str, addr: Addr, uid: &str) -> bool {
        self.unrecorded.contains(&(net.to_owned(), addr, uid.to_owned()))
    }

    /// Whether somebody changed by hand what is on record of a pod.
    pub(crate) fn was_touched(&self, namespace: &str, pod: &str) -> bool {
        self.touched.contains(&(namespace.to_owned(), pod.to_owned()))
    }

    /// Whether a pod may use an address without a claim.
    pub(crate) fn holds(&self, net: &str, addr: Addr, uid: &str) -> bool {
        self.forsaken.contains_key(&(net.to_owned(), addr, uid.to_owned()))
    }

    /// Drops those that have their claim again, and those that are off the wire.
    pub(crate) fn settle(&mut self, server: &Server, wire: &Wire, nodes: &[Node]) {
        if self.forsaken.is_empty() {
            return;
        }
        let users = users(wire, nodes);
        self.forsaken.retain(|(net, addr, uid), _| {
            let is_on = users.iter().any(|(on, at, pod)| (on, at, &pod.pod_uid) == (net, addr, uid));
            is_on && !is_claimed(server, net, *addr, uid)
        });
    }

    /// At rest nobody is without a claim whose address was on record and is free, or that an agent watches over; where no Subnet has it,
    /// nobody can tell by a record.
    pub(crate) fn at_rest(&self, server: &Server, nodes: &[Node]) -> Result<(), Violation> {
        let lost = self.forsaken.iter().find(|((net, addr, _), of)| {
            let is_watched = || nodes.iter().any(|node| node.watches_over(&of.pod, net, *addr));
            let is_known = of.recorded && has_subnet(server, net, *addr) || is_watched();
            is_known && claim(server, net, *addr).is_none()
        });
        match lost {
            Some(((net, addr, _), of)) => {
                Err(Violation(format!("CONVERGENCE: the claim of {addr} on {net} is not healed for {:?}", of.pod)))
            }
            None => Ok(()),
        }
    }

    /// Whether a pod is without a claim for something that it uses.
    pub(crate) fn has_pod(&self, uid: &str) -> bool {
        self.forsaken.keys().any(|(_, _, of)| of == uid)
    }
}

/// Whether what follows from a claim cannot be written yet: nobody knows its Subnet; or its pod has another claim for the same NIC, as the same
/// holder, as the ordinal that it was or is, by the reservation for it, or by a name that nobody can read any more, and was never on the wire,
/// since the agent says only of a pod that runs which of them it does not use; or a hand deleted the claim and changed the pod's record, or
/// there was none, so that it runs with this address and is told another one, which it or somebody else has; or its lender keeps it, and its
/// living pod was promised not to use it: what that was told of it may be on record until another pod has it; or a hand had its pod, which never
/// ran, told what somebody else has: it waits for that; or a hand has the pod told what a reservation for it says, or what its IP object says by
/// another hand and no Subnet has, or has and gave to it by that: both that it has on record agree then, and nothing says that they are wrong.
pub(crate) fn is_unsettled(cluster: &Cluster, claims: &[AddressClaim], claim: &AddressClaim) -> bool {
    let (spec, occupant) = (&claim.spec, &claim.status.occupant);
    let Some(addr) = spec.address.get() else { return true };
    let is_beside = |other: &AddressClaim| {
        let at = other.spec.address.get().filter(|at| **at != *addr && at.family() == addr.family());
        at.is_some() && other.spec.wire == spec.wire
    };
    let is_of_pod =
        |other: &AddressClaim| is_beside(other) && other.status.occupant.pod_uid == claim.status.occupant.pod_uid;
    let pod = user(claim);
    let object = cluster.server.object("", "pods", pod.0, pod.1);
    let is_unread = object.as_ref().is_some_and(|pod| asks_unreadably(&pod["metadata"]));
    let by_name = || object.as_ref().and_then(|pod| pod["metadata"]["uid"].as_str()).map(Uid::parse);
    let said = Some(&occupant.pod_uid).filter(|said| **said != Uid::None).cloned();
    let uid = said.or_else(by_name).unwrap_or_default().to_string();
    let is_like_it = |other: &AddressClaim| {
        is_beside(other) && other.spec.holder == spec.holder
            || is_of_pod(other) && (is_unread || is_one_nic(claim, other))
    };
    let told = object.as_ref().map(|pod| told(pod, &spec.wire)).unwrap_or_default();
    let is_told =
        |other: &AddressClaim| is_beside(other) && other.spec.address.get().is_some_and(|at| told == at.to_string());
    let is_touched = cluster.excuses.was_touched(pod.0, pod.1);
    let is_misled = is_touched && cluster.excuses.was_lost(&claim.meta.name)
        || cluster.excuses.was_unrecorded(&spec.wire, *addr, &uid);
    let is_given = |said: Addr| claims.iter().any(|other| is_like_it(other) && other.spec.address.get() == Some(&said));
    // A machine's record is called after the machine.
    let of_machine = spec.holder.kind == "VirtualMachine";
    let of = if of_machine { (spec.holder.namespace.as_str(), spec.holder.name.as_str()) } else { pod };
    let is_forged = is_touched && is_told_on_record(&cluster.server, (of, &told), (&spec.wire, *addr), is_given);
    let is_promised = occupant.pod_uid == claim.status.let_go.pod_uid && cluster.wire.has_pod(&uid);
    let is_off_wire = !cluster.wire.has_pod(&uid);
    let is_surplus = is_off_wire && claims.iter().any(is_like_it);
    let is_misdirected = is_touched && is_off_wire && claims.iter().any(is_told);
    is_surplus
        || is_misdirected
        || is_forged
        || is_promised
        || (is_misled && claims.iter().any(|other| is_of_pod(other) || is_told(other)))
        || !has_subnet(&cluster.server, &spec.wire, *addr)
}

/// The pod that uses a claim: namespace and name. That of an ordinal which was made again while nobody can read its pod says none.
fn user(claim: &AddressClaim) -> (&str, &str) {
    let (occupant, holder) = (&claim.status.occupant, &claim.spec.holder);
    let is_named = !occupant.name.is_empty() || holder.kind != "StatefulSet";
    if is_named { (&occupant.namespace, &occupant.name) } else { (&holder.namespace, &holder.name) }
}

/// What a pod is told on a network.
fn told(pod: &Value, net: &str) -> String {
    let told = &pod["metadata"]["annotations"][format!("{}.kubernetes.io/ip_address", network_of(net))];
    told.as_str().unwrap_or_default().to_owned()
}

/// Whether a pod is told another address than this one, which is what a reservation for it says, or what its IP object says and no Subnet has, or
/// has and gave to it.
fn is_told_on_record(
    server: &Server,
    ((namespace, name), told): ((&str, &str), &str),
    (net, addr): (&str, Addr),
    is_given: impl Fn(Addr) -> bool,
) -> bool {
    let Some(ip) = server.object("kubeovn.io", "ips", "", &port(namespace, name, net)) else { return false };
    // A person may write a reservation's address in either place.
    let places = ["ipAddress", "v4IpAddress", "v6IpAddress"].map(|field| &ip["spec"][field]);
    let said = places.into_iter().find(|said| !said.is_null()).unwrap_or(&Value::Null);
    let is_reserved = ip["metadata"]["labels"]["ovn.kubernetes.io/ip_reserved"] != "false";
    let parsed = said.as_str().and_then(|said| said.parse().ok());
    let is_so = || parsed.is_some_and(|said| !has_subnet(server, net, said) || is_given(said));
    *said == told && *said != addr.to_string() && (is_reserved || is_so())
}

/// Whether two claims are for one NIC of a pod, one as an ordinal's and one as its own: it lost its StatefulSet, or was taken over by one; or one
/// as its own and one by the reservation for it: two controllers looked for that, and one had not seen it yet.
fn is_one_nic(claim: &AddressClaim, other: &AddressClaim) -> bool {
    let nic = |claim: &AddressClaim| {
        let holder = claim.spec.holder.clone();
        ["Pod", "StatefulSet"].contains(&&*holder.kind).then_some((holder.namespace, holder.name, holder.nic))
    };
    let is_reserved = |by: &AddressClaim, own: &AddressClaim| {
        let port = nic(own).map(|(namespace, name, _)| port(&namespace, &name, &own.spec.wire));
        by.spec.holder.kind == "Reservation" && port.is_some_and(|port| by.spec.holder.name == *port)
    };
    nic(claim).is_some_and(|of| nic(other) == Some(of)) || is_reserved(claim, other) || is_reserved(other, claim)
}

/// Whether an address is of a Subnet.
pub(crate) fn has_subnet(server: &Server, net: &str, addr: Addr) -> bool {
    server.objects("kubeovn.io", "subnets").iter().any(|subnet| {
        let cidr = subnet["spec"]["cidrBlock"].as_str().unwrap_or_default();
        let mut cidrs = cidr.split(',').filter_map(|text| text.parse::<Cidr>().ok());
        is_wire_of(net, subnet["spec"]["provider"].as_str().unwrap_or_default())
            && cidrs.any(|cidr| cidr.usable().contains(addr))
    })
}

fn claim(server: &Server, net: &str, addr: Addr) -> Option<std::sync::Arc<Value>> {
    server.object("ipledger.dev", "addressclaims", "", &api::schema::claim_name(net, addr))
}

/// Whether there is a claim for a pod again; of an EIP with the mark that its gateway has the address.
fn is_claimed(server: &Server, net: &str, addr: Addr, uid: &str) -> bool {
    claim(server, net, addr).is_some_and(|claim| {
        let is_eip = claim["spec"]["holder"]["kind"] == "IptablesEIP";
        let status = &claim["status"];
        let is_user = [&status["occupant"], &status["target"]["occupant"]].iter().any(|user| user["podUID"] == uid);
        is_user && (!is_eip || status["programmed"].is_object())
    })
}

/// Whether a pod's annotation and an IP object agree on an address.
fn is_recorded(server: &Server, net: &str, addr: Addr, pod: &SandboxId) -> bool {
    let ip = server.object("kubeovn.io", "ips", "", &port(&pod.namespace, &pod.name, net));
    let pod =
        server.object("", "pods", &pod.namespace, &pod.name).filter(|of| of["metadata"]["uid"] == pod.pod_uid.as_str());
    let (Some(ip), Some(pod)) = (ip, pod) else { return false };
    let text = addr.to_string();
    let said = told(&pod, net);
    let allocated = pod["metadata"]["annotations"][format!("{}.kubernetes.io/allocated", network_of(net))] == "true";
    let field = if addr.family() == ledger::Family::V4 { "v4IpAddress" } else { "v6IpAddress" };
    let alive = pod["metadata"]["deletionTimestamp"].is_null() && !ended(&pod);
    alive && allocated && said.split(',').any(|part| part == text) && ip["spec"][field] == text.as_str()
}

/// Whether the API says of a pod that it runs.
fn is_shown_running(server: &Server, pod: &SandboxId) -> bool {
    let object = server.object("", "pods", &pod.namespace, &pod.name);
    object.is_some_and(|of| of["metadata"]["uid"] == pod.pod_uid.as_str() && of["status"]["phase"] == "Running")
}

fn ended(pod: &Value) -> bool {
    matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// The name of the claim at a path, if it is one.
pub(crate) fn claim_at(path: &str) -> Option<&str> {
    path.strip_prefix(CLAIMS)?.strip_prefix('/')
}
