//! Whether the holder of a record lives.
//!
//! In: an IP object, Vip or claim, and the world. Out: [`Life`]. Guarantees: a holder is gone only where the kinds that
//! could show it are known completely; a StatefulSet's ordinal, a stopped VM, a gateway without a pod and a reservation
//! keep their addresses; anything unknown is unknown, with the kinds that are missing.

use crate::gateways::is_highly_available;
pub use crate::gone::{Gone, Special};
use crate::holder::{IpRole, ip_role, vm_of_pod};
use crate::judge::Context;
use crate::record::is_finished;
use crate::world::pod_changed;
use api::names::{self, labels};
use api::slim::{AddressClaim, Ip, Kind, Phase, Pod, PodType, RestartPolicy, StatefulSet};
use std::fmt;

/// Whether a holder lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life<'w> {
    /// Its pod, node or Subnet is there; the pod, where it is a pod's.
    Alive(Option<&'w Pod>),
    /// Its pod is not there, and another object keeps the address for the next one.
    Retained(Retainer<'w>),
    /// A person reserved the address.
    Reserved,
    /// Its pod has come to its end.
    Finished {
        /// The pod.
        pod: &'w Pod,
        /// Whether Kube-OVN releases the address of such a pod by itself.
        released: bool,
    },
    /// It is gone.
    Gone(Gone<'w>),
    /// It cannot be told: these kinds are not known completely.
    Unknown(Vec<Kind>),
}

/// What keeps an address without a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retainer<'w> {
    /// A StatefulSet.
    StatefulSet(&'w StatefulSet),
    /// A VM: namespace and name.
    Vm(&'w str, &'w str),
    /// A NAT gateway.
    Gateway(&'w str),
}

impl fmt::Display for Retainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StatefulSet(set) => write!(f, "StatefulSet {}/{}", set.meta.namespace, set.meta.name),
            Self::Vm(namespace, name) => write!(f, "VM {namespace}/{name}"),
            Self::Gateway(name) => write!(f, "VpcNatGateway {name}"),
        }
    }
}

/// The ordinals of a StatefulSet: the first, and the one after the last.
#[must_use]
pub fn ordinals(set: &StatefulSet) -> (i64, i64) {
    let start = set.spec.ordinals.start;
    (start, start.saturating_add(set.spec.replicas.unwrap_or(1)))
}

/// `web-0` to `web` and 0. A number with leading noughts is no ordinal: no StatefulSet writes one.
pub(crate) fn split_ordinal(pod_name: &str) -> Option<(&str, i64)> {
    let (set, ordinal) = pod_name.rsplit_once('-')?;
    let plain = ordinal.bytes().all(|byte| byte.is_ascii_digit()) && (ordinal == "0" || !ordinal.starts_with('0'));
    if plain { Some((set, ordinal.parse().ok()?)) } else { None }
}

/// The kinds without which the absence of a pod says nothing of its address: an ordinal may be a StatefulSet's or a
/// gateway's.
fn needed(is_ordinal: bool, set_is_known: bool) -> &'static [Kind] {
    match (is_ordinal, set_is_known) {
        (true, false) => &[Kind::Pod, Kind::StatefulSet, Kind::VpcNatGateway],
        (true, true) => &[Kind::Pod, Kind::VpcNatGateway],
        (false, _) => &[Kind::Pod],
    }
}

/// Whether an IP object is a reservation: by its label, by a finalizer that is not Kube-OVN's, or by none at all where
/// other IP objects have Kube-OVN's.
#[must_use]
pub fn is_reservation(ip: &Ip, finalizers_in_use: bool) -> bool {
    let meta = &ip.meta;
    if meta.label(labels::IP_RESERVED) == Some("true") {
        return true;
    }
    if meta.finalizers.is_empty() {
        return finalizers_in_use;
    }
    // Somebody else holds it, be it beside Kube-OVN.
    meta.finalizers.iter().any(|finalizer| !names::is_kubeovn_finalizer(finalizer))
}

/// Whether any IP object of the cluster has Kube-OVN's finalizer; where none has, finalizers say nothing.
#[must_use]
pub fn finalizers_in_use<'a>(mut ips: impl Iterator<Item = &'a Ip>) -> bool {
    ips.any(|ip| ip.meta.has_kubeovn_finalizer())
}

/// Whether Kube-OVN takes a finished pod for dead and releases its addresses (its `isPodAlive`): Succeeded unless it is
/// restarted always, Failed only if it is never restarted or was evicted.
fn is_dead_to_kubeovn(pod: &Pod) -> bool {
    let policy = pod.spec.restart_policy;
    match pod.status.phase {
        Phase::Succeeded => policy != RestartPolicy::Always,
        Phase::Failed => policy == RestartPolicy::Never || pod.status.reason == "Evicted",
        _ => false,
    }
}

impl<'w> Context<'w> {
    /// Whether the holder of an IP object lives.
    #[must_use]
    pub fn life_of_ip(&self, ip: &'w Ip) -> Life<'w> {
        if is_reservation(ip, self.finalizers_in_use) {
            return Life::Reserved;
        }
        let spec = &ip.spec;
        let role = ip_role(ip);
        // Without a name nobody can say that its holder is gone; pods and VMs always have a namespace.
        if matches!(role, IpRole::PodNic(_) | IpRole::VmNic(_))
            && (spec.namespace.is_empty() || spec.pod_name.is_empty())
        {
            return Life::Reserved;
        }
        match role {
            IpRole::Node(node) => self.by_name(Kind::Node, node, Gone::Node(node)),
            IpRole::U2o => self.life_of_special(ip, Special::U2o),
            IpRole::Mcast => self.life_of_special(ip, Special::Mcast),
            IpRole::VmNic(_) => self.life_of_vm(&spec.namespace, &spec.pod_name),
            IpRole::PodNic(_) => {
                self.life_of_pod_name(&spec.namespace, &spec.pod_name, spec.pod_type == PodType::StatefulSet)
            }
        }
    }

    /// A Subnet's own address lives while the Subnet wants it, or still says that it has it.
    fn life_of_special(&self, ip: &'w Ip, special: Special) -> Life<'w> {
        let name = ip.spec.subnet.as_str();
        if name.is_empty() {
            return Life::Reserved;
        }
        let Some(subnet) = self.world.subnets.named(name) else {
            return self.by_name(Kind::Subnet, name, Gone::Subnet(name));
        };
        if special.is_of(subnet) { Life::Alive(None) } else { Life::Gone(Gone::Special(special, name)) }
    }

    fn by_name(&self, kind: Kind, name: &'w str, gone: Gone<'w>) -> Life<'w> {
        if self.world.find(kind, "", name).is_some() {
            Life::Alive(None)
        } else if self.world.coverage.is_complete(kind) {
            Life::Gone(gone)
        } else {
            Life::Unknown(vec![kind])
        }
    }

    /// A VM is there as VirtualMachine, as VirtualMachineInstance, or as a launcher pod that has not come to its end.
    fn life_of_vm(&self, namespace: &'w str, name: &'w str) -> Life<'w> {
        // Without `--keep-vm-ip` the record names the launcher pod, and ends with it.
        if let Some(pod) = self.world.pods.get(namespace, name).filter(|pod| vm_of_pod(pod).is_some()) {
            return if is_finished(pod) { Life::Finished { pod, released: false } } else { Life::Alive(Some(pod)) };
        }
        if let Some(pod) = self.vm_pod(namespace, name) {
            return Life::Alive(Some(pod));
        }
        if self.world.vms.get(namespace, name).is_some() || self.world.vmis.get(namespace, name).is_some() {
            return Life::Retained(Retainer::Vm(namespace, name));
        }
        match self.missing(&[Kind::VirtualMachine, Kind::VirtualMachineInstance, Kind::Pod], namespace) {
            missing if missing.is_empty() => Life::Gone(Gone::Vm(namespace, name)),
            missing => Life::Unknown(missing),
        }
    }

    /// A launcher pod of a VM that has not come to its end.
    #[must_use]
    pub fn vm_pod(&self, namespace: &str, vm: &str) -> Option<&'w Pod> {
        let pods = self.vm_pods.get(&(namespace, vm))?;
        pods.iter().copied().find(|pod| !is_finished(pod))
    }

    /// Those of the kinds that are not known completely in a namespace.
    #[must_use]
    pub fn missing(&self, kinds: &[Kind], namespace: &str) -> Vec<Kind> {
        let coverage = &self.world.coverage;
        kinds
            .iter()
            .copied()
            .filter(|&kind| {
                !if kind.namespaced() { coverage.is_complete_in(kind, namespace) } else { coverage.is_complete(kind) }
            })
            .collect()
    }

    /// Whether the holder of a pod's address lives: the pod, else the StatefulSet or gateway that keeps it.
    fn life_of_pod_name(&self, namespace: &'w str, name: &'w str, is_ordinal: bool) -> Life<'w> {
        if let Some(pod) = self.world.pods.get(namespace, name) {
            return self.life_of_pod(pod);
        }
        if let Some(retainer) = self.retainer_of(namespace, name) {
            return Life::Retained(retainer);
        }
        let ordinal = split_ordinal(name);
        let set = ordinal.and_then(|(set, ordinal)| Some((self.world.stateful_sets.get(namespace, set)?, ordinal)));
        let missing = self.missing(needed(is_ordinal, set.is_some()), namespace);
        if !missing.is_empty() {
            return Life::Unknown(missing);
        }
        // A gateway that is there with several replicas is not gone: only its one pod of old is.
        let gateway = self.gateways.of_name(name).filter(|gateway| self.world.gateways.named(gateway).is_none());
        Life::Gone(match (set, gateway) {
            (Some((set, ordinal)), _) => Gone::Ordinal { set, ordinal },
            (None, Some(gateway)) => Gone::Gateway(gateway),
            (None, None) => match ordinal.filter(|_| is_ordinal) {
                Some((set, _)) => Gone::StatefulSet(namespace, set),
                None => Gone::Pod(namespace, name),
            },
        })
    }

    /// The StatefulSet or gateway that keeps the addresses of a pod of that name.
    fn retainer_of(&self, namespace: &str, name: &'w str) -> Option<Retainer<'w>> {
        if let Some((set, ordinal)) = split_ordinal(name)
            && let Some(set) = self.world.stateful_sets.get(namespace, set)
        {
            let (first, after) = ordinals(set);
            if (first..after).contains(&ordinal) {
                return Some(Retainer::StatefulSet(set));
            }
        }
        // Of several replicas the pods are plain ones of a Deployment, and nothing keeps their addresses.
        let named = self.gateways.of_name(name)?;
        let gateway = self.world.gateways.named(named)?;
        (!is_highly_available(gateway)).then_some(Retainer::Gateway(named))
    }

    fn life_of_pod(&self, pod: &'w Pod) -> Life<'w> {
        let meta = &pod.meta;
        if pod.spec.host_network {
            return Life::Gone(Gone::HostNetwork(&meta.namespace, &meta.name));
        }
        if !is_finished(pod) {
            return Life::Alive(Some(pod));
        }
        // The ordinal of a StatefulSet and the NIC of a VM outlive each of their pods.
        if meta.owner("apps", "StatefulSet").is_some() {
            if let Some(retainer) = self.retainer_of(&meta.namespace, &meta.name) {
                return Life::Retained(retainer);
            }
            return match self.missing(&[Kind::StatefulSet, Kind::VpcNatGateway], &meta.namespace) {
                missing if missing.is_empty() => Life::Finished { pod, released: false },
                missing => Life::Unknown(missing),
            };
        }
        if let Some(vm) = vm_of_pod(pod) {
            return match self.life_of_vm(&meta.namespace, vm) {
                Life::Gone(_) => Life::Finished { pod, released: false },
                other => other,
            };
        }
        Life::Finished { pod, released: is_dead_to_kubeovn(pod) }
    }

    /// Whether a pod came to its end so lately that Kube-OVN may be about to release it.
    #[must_use]
    pub fn finished_lately(&self, pod: &Pod) -> bool {
        self.world.is_recent(pod_changed(pod).or(pod.meta.created.get().copied()))
    }

    /// Whether what an IP object, or the StatefulSet that would keep its address, says of its holder cannot be read.
    #[must_use]
    pub fn says_nothing(&self, ip: &Ip, life: &Life<'_>) -> bool {
        const WHOSE: [&str; 5] =
            ["metadata.labels", "metadata.finalizers", "spec.podName", "spec.namespace", "spec.podType"];
        const ORDINALS: [&str; 2] = ["spec.replicas", "spec.ordinals"];
        let world = self.world;
        let of_set = match life {
            Life::Gone(Gone::Ordinal { set, .. }) => world.is_unreadable(Kind::StatefulSet, &set.meta, &ORDINALS),
            _ => false,
        };
        of_set || world.is_unreadable(Kind::Ip, &ip.meta, &WHOSE)
    }

    /// Whether the holder of a claim lives: a pod by its UID, everything else by name.
    #[must_use]
    pub fn life_of_claim(&self, claim: &'w AddressClaim) -> Life<'w> {
        let holder = &claim.spec.holder;
        let (namespace, name) = (holder.namespace.as_str(), holder.name.as_str());
        if let Some(pod) = self.occupant(claim) {
            return Life::Alive(Some(pod));
        }
        match holder.kind.as_str() {
            "Pod" => match self.pods_by_uid.get(&holder.uid) {
                Some(pod) if holder.uid != api::slim::Uid::None => self.life_of_pod(pod),
                _ => match self.missing(&[Kind::Pod], namespace) {
                    missing if missing.is_empty() => Life::Gone(Gone::Pod(namespace, name)),
                    missing => Life::Unknown(missing),
                },
            },
            "StatefulSet" => self.life_of_pod_name(namespace, name, true),
            "VirtualMachine" => self.life_of_vm(namespace, name),
            // A reservation is a user's IP object.
            "Reservation" => match self.by_name(Kind::Ip, name, Gone::Other(Kind::Ip, name)) {
                Life::Alive(_) => Life::Reserved,
                other => other,
            },
            // A quarantine ends by itself; of a kind that is not read here nobody can say that it is gone.
            kind => match Kind::ALL.into_iter().find(|known| known.name() == kind && !known.namespaced()) {
                Some(kind) => self.by_name(kind, name, Gone::Other(kind, name)),
                None => Life::Reserved,
            },
        }
    }

    /// The pod that uses a claim, where it is there and has not come to its end.
    fn occupant(&self, claim: &AddressClaim) -> Option<&'w Pod> {
        let uid = &claim.status.occupant.pod_uid;
        if *uid == api::slim::Uid::None {
            return None;
        }
        self.pods_by_uid.get(uid).copied().filter(|pod| !is_finished(pod))
    }
}
