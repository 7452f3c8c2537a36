//! Reservations: what they were given.
//!
//! In: the claims of a reservation, the pod on it. Out: one patch that fills in its addresses, its labels, and the node of its
//! pod. Guarantees: what somebody else wrote stays; no finalizer, since the claim outlives the object.

use crate::manage::command::Action;
use crate::manage::engine::Engine;
use crate::manage::holders::Entitled;
use crate::manage::holders::pod::recorded;
use crate::manage::holders::primary::is_primary;
use crate::manage::id::HolderId;
use crate::manage::write::Write;
use crate::record::addresses_of_ip;
use api::names::labels;
use api::slim::{Ip, Kind, Str};
use ledger::{AddrPair, Family, Mac};
use serde_json::{Map, Value, json};

impl Engine {
    /// Makes a reservation say what it holds.
    pub(super) fn project_reservation(&mut self, name: &Str, entitled: Option<&Entitled>) {
        let (Some(entitled), Some(ip)) = (entitled, self.state.world.ips.named(name)) else { return };
        if ip.meta.is_deleted() {
            return self.finish_reservation(&ip.clone(), &entitled.holder);
        }
        let Some(want) = entitled.wants.first() else { return };
        let Some((subnet, addrs)) = self.served(want) else { return };
        if self.takes_over(want) {
            return;
        }
        let Some(ip) = self.state.world.ips.named(name) else { return };
        // The pod before this one may still be there: its node stays until the next one has the address.
        let node = if self.is_on(entitled) { &entitled.occupant.node } else { &ip.spec.node_name };
        let mac = self.mac(want).filter(|_| is_primary(&want.annotations.0));
        if let Some(patch) = patch(ip, &subnet, node, (addrs, mac)) {
            let write = Write::new(Kind::Ip, &ip.meta, patch);
            self.send(Action::Write(Box::new(write)), &entitled.holder);
        }
    }

    /// Takes Kube-OVN's finalizer off a reservation that is being deleted, once its pod has a record of its own.
    fn finish_reservation(&mut self, ip: &Ip, holder: &HolderId) {
        let spec = &ip.spec;
        let no_pod = self.state.world.pods.get(&spec.namespace, &spec.pod_name).is_none();
        let is_recorded = no_pod || self.are_claimed(&spec.subnet, addresses_of_ip(ip));
        if self.state.serves(&spec.subnet) {
            self.let_finish(Kind::Ip, &ip.meta, is_recorded, holder);
        }
    }

    /// Whether the pod that should use the addresses of a holder is the occupant of all of them.
    pub(super) fn is_on(&self, entitled: &Entitled) -> bool {
        let standing = self.state.claims.of_holder(&entitled.holder).filter_map(|(_, slot)| slot.standing());
        let mut any = false;
        standing.inspect(|_| any = true).all(|claim| claim.occupant.is(&entitled.occupant)) && any
    }
}

/// What a reservation lacks; none where it says everything.
fn patch(ip: &Ip, subnet: &Str, node: &Str, (addrs, mac): (AddrPair, Option<Mac>)) -> Option<Value> {
    let mut wanted = vec![(labels::IP_RESERVED, "true"), (labels::SUBNET, subnet.as_str()), (subnet.as_str(), "")];
    if !node.is_empty() {
        wanted.push((labels::NODE_NAME, node));
    }
    // A name that is too long for a label is left out, as on every IP object.
    wanted.retain(|(key, value)| key.len().max(value.len()) <= super::LABEL);
    let labelled = wanted.iter().all(|(key, value)| ip.meta.label(key) == Some(value));
    let says = Family::BOTH.iter().all(|&family| recorded(ip, family) == addrs.get(family));
    let says_mac = mac.is_none_or(|mac| ip.spec.mac.get() == Some(&mac));
    if labelled && says && says_mac && ip.spec.node_name == *node {
        return None;
    }
    let labels: Map<String, Value> = wanted.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let mut spec = json!({"ipAddress": addrs.to_string(), "nodeName": node.as_str()});
    if let Some(mac) = mac {
        spec["macAddress"] = json!(mac.to_string());
    }
    for (field, family) in [("v4IpAddress", Family::V4), ("v6IpAddress", Family::V6)] {
        if let Some(addr) = addrs.get(family) {
            spec[field] = json!(addr.to_string());
        }
    }
    Some(json!({"metadata": {"labels": labels}, "spec": spec}))
}
