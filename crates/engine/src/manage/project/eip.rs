//! IptablesEIPs: what they were given.
//!
//! In: the claims of an EIP. Out: a patch of its spec and labels, and one of its status. Guarantees: `ready` is the gateway's to
//! say; until it does, a condition says what is waited for; one that a rule is for has Kube-OVN's finalizer, and goes after its rules.

use super::ready::{Ready, ready};
use super::vip::changed;
use crate::manage::command::{Action, ObjectId};
use crate::manage::engine::Engine;
use crate::manage::holders::Entitled;
use crate::manage::holders::eip::{is_used, subnet_of};
use crate::manage::id::HolderId;
use crate::manage::write::Write;
use crate::record::or_default;
use api::names::{CONTROLLER_NAMESPACE, FINALIZER, labels};
use api::slim::{Field, IptablesEip, Kind, Str};
use ledger::{AddrPair, Family};
use serde_json::{Map, Value, json};

impl Engine {
    /// Makes an EIP say what it holds.
    pub(super) fn project_eip(&mut self, name: &Str, entitled: Option<&Entitled>) {
        self.about_rules_of(name);
        let (Some(entitled), Some(eip)) = (entitled, self.state.world.eips.named(name)) else { return };
        let (eip, holder) = (eip.clone(), &entitled.holder);
        self.mark_ready(&eip, holder);
        if eip.meta.is_deleted() && !is_used(&self.state, name) {
            return self.finish_eip(&eip, entitled);
        }
        let eip = &eip;
        let Some(want) = entitled.wants.first() else { return };
        let served = self.served(want);
        if served.is_some() && self.takes_over(want) {
            return;
        }
        let (object, status) = match served {
            Some((subnet, addrs)) => (self.eip_lacks(eip, &subnet, addrs), self.eip_status(eip, addrs)),
            None => match self.waiting.told(&want.nic) {
                Some(why) => {
                    let said = Ready::no("AcquireAddressFailed", why);
                    (None, ready(&eip.status.conditions, &said, eip.meta.generation, self.now))
                }
                None => return,
            },
        };
        // One after the other: each names the version that it was decided on.
        match object {
            Some(patch) => {
                self.send(Action::Write(Box::new(Write::new(Kind::IptablesEip, &eip.meta, patch))), holder);
            }
            None if status.is_empty() => {}
            None => {
                let write = Write::of_status(Kind::IptablesEip, &eip.meta, json!({"status": status}));
                self.send_status(ObjectId::named(Kind::IptablesEip, name), write);
            }
        }
    }

    /// Marks the claims of an EIP that is ready: its gateway has the address, whoever programmed it.
    fn mark_ready(&mut self, eip: &IptablesEip, holder: &HolderId) {
        let standing = self.state.claims.of_holder(holder).filter_map(|(_, slot)| slot.standing());
        let unmarked = standing.filter(|claim| eip.status.ready && claim.programmed().is_none());
        let patch = json!({"status": {"programmed": {"gateway": eip.spec.nat_gw.as_str()}}});
        let writes: Vec<Write> = unmarked.map(|claim| Write::of_claim(claim, patch.clone())).collect();
        for write in writes {
            self.send(Action::Write(Box::new(write)), holder);
        }
    }

    /// Takes Kube-OVN's finalizer off an EIP that is being deleted, once the claim of an address that its gateway has
    /// remembers that.
    fn finish_eip(&mut self, eip: &IptablesEip, entitled: &Entitled) {
        let subnet = subnet_of(eip);
        let addrs = [&eip.status.ip, &eip.spec.v6].into_iter().filter_map(Field::get).copied();
        let is_recorded = !eip.status.ready || (self.is_marked(&entitled.holder) && self.are_claimed(&subnet, addrs));
        // Of a Subnet that is not there nobody knows whose it was: it is Kube-OVN's to finish while its gateways work.
        let is_orphan = self.state.may_serve(&subnet) && !self.state.rival.has_gateways();
        if self.state.serves(&subnet) || is_orphan {
            self.let_finish(Kind::IptablesEip, &eip.meta, is_recorded, &entitled.holder);
        }
    }

    /// Whether every claim of an EIP says that its gateway has the address.
    fn is_marked(&self, holder: &HolderId) -> bool {
        let mut claims = self.state.claims.of_holder(holder).filter_map(|(_, slot)| slot.standing());
        claims.all(|claim| claim.programmed().is_some())
    }

    /// What the spec and the labels of an EIP lack.
    fn eip_lacks(&self, eip: &IptablesEip, subnet: &Str, addrs: AddrPair) -> Option<Value> {
        let spec = &eip.spec;
        let v4 = addrs.get(Family::V4).map(|addr| addr.to_string()).unwrap_or_default();
        let mut wanted = vec![
            (labels::SUBNET, subnet.as_str()),
            (labels::VPC_NAT_GW_NAME, spec.nat_gw.as_str()),
            (labels::EIP_V4_IP, v4.as_str()),
        ];
        if !spec.qos_policy.is_empty() {
            wanted.push((labels::QOS, spec.qos_policy.as_str()));
        }
        wanted.retain(|(key, value)| value.len() <= super::LABEL && eip.meta.label(key) != Some(value));
        let labels: Map<String, Value> = wanted.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        let gateway = self.state.world.gateways.named(&spec.nat_gw);
        let namespace = gateway.map(|gateway| or_default(&gateway.spec.namespace, CONTROLLER_NAMESPACE));
        let mut fill = Map::new();
        let mut put = |name: &str, lacks: bool, value: Option<String>| {
            if let Some(value) = value.filter(|_| lacks) {
                fill.insert(name.to_owned(), value.into());
            }
        };
        put("externalSubnet", spec.external_subnet.is_empty(), Some(subnet.to_string()));
        put("v4ip", spec.v4.is_absent(), addrs.get(Family::V4).map(|addr| addr.to_string()));
        put("v6ip", spec.v6.is_absent(), addrs.get(Family::V6).map(|addr| addr.to_string()));
        put("namespace", spec.namespace.is_empty(), namespace.map(str::to_owned));
        let finalizers = self.eip_finalizers(eip);
        if labels.is_empty() && fill.is_empty() && finalizers.is_none() {
            return None;
        }
        let mut patch = json!({"metadata": {"labels": labels}, "spec": fill});
        if let Some(finalizers) = finalizers {
            patch["metadata"]["finalizers"] = json!(finalizers);
        }
        Some(patch)
    }

    /// The finalizers of an EIP that a rule is for, where it lacks Kube-OVN's: it is not to go under its rules.
    fn eip_finalizers<'a>(&self, eip: &'a IptablesEip) -> Option<Vec<&'a str>> {
        let meta = &eip.meta;
        let lacks = !meta.is_deleted() && !meta.has_kubeovn_finalizer() && self.state.rules.name(&meta.name);
        lacks.then(|| meta.finalizers.iter().map(Str::as_str).chain([FINALIZER]).collect())
    }

    /// What an EIP that was deleted waits for.
    fn eip_waits_for(&self, eip: &IptablesEip) -> Option<String> {
        let mut rules = self.state.rules.of_eip(&eip.meta.name);
        let (kind, rule) = rules.next().filter(|_| eip.meta.is_deleted())?;
        let others = if rules.next().is_some() { " and other rules" } else { "" };
        Some(format!("it is being deleted and waits for {kind} {rule}{others}"))
    }

    /// What the status of an EIP with addresses lacks.
    fn eip_status(&self, eip: &IptablesEip, addrs: AddrPair) -> Map<String, Value> {
        let changed = changed(&[("spec.v4ip", &eip.spec.v4), ("spec.v6ip", &eip.spec.v6)], addrs);
        let gateway = &eip.spec.nat_gw;
        let awaited = match self.state.world.gateways.named(gateway) {
            Some(_) => "waiting for the gateway".to_owned(),
            None => format!("waiting for VpcNatGateway {gateway}, which is not there"),
        };
        let waits = self.eip_waits_for(eip).map(|why| ("Terminating", why));
        let told = waits.or_else(|| changed.map(|why| ("AddressChangeRefused", why)));
        let said = match (&told, eip.status.ready) {
            (Some((reason, why)), true) => Ready::yes(reason, why),
            (Some((reason, why)), false) => Ready::no(reason, why),
            (None, true) => Ready::yes("Programmed", ""),
            (None, false) => Ready::no("WaitingForGateway", &awaited),
        };
        let mut status = ready(&eip.status.conditions, &said, eip.meta.generation, self.now);
        if let Some(addr) = addrs.get(Family::V4).filter(|addr| eip.status.ip.get() != Some(addr)) {
            status.insert("ip".to_owned(), json!(addr.to_string()));
            status.insert("ready".to_owned(), json!(eip.status.ready));
        }
        let kinds = self.state.rules.kinds(&eip.meta.name);
        if eip.status.nat != kinds {
            status.insert("nat".to_owned(), json!(kinds));
        }
        status
    }
}
