//! Taking in what was seen.
//!
//! In: [`Input`]. Out: the state follows, and whoever it concerns is looked at. Guarantees: what is no later than what
//! is known changes nothing.

use super::claims::Claim;
use super::command::ObjectId;
use super::engine::Engine;
use super::holders::unnamed::told_nics;
use super::holders::{self, foreign};
use super::id::{HolderId, STATEFUL_SET};
use super::input::{Input, Outcome};
use crate::networks::{Attachment, networks_of_meta};
use crate::world::is_known;
use api::slim::{Kind, Meta, Object, Pod, Str, Uid};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Engine {
    /// Takes in one thing.
    pub(super) fn observe(&mut self, input: Input) {
        match input {
            Input::Seen(object) => {
                let id = id_of(&object);
                self.hearsay.shown(&id);
                self.seen(&id, object);
            }
            Input::Gone { kind, namespace, name, uid } => self.shown_gone(&ObjectId { kind, namespace, name }, &uid),
            Input::Lacking(kind, uids) => {
                self.known_as(kind, &uids).into_iter().for_each(|(id, uid)| self.shown_gone(&id, &uid));
            }
            Input::Listed(kind) => {
                let waited = self.flight.listed(kind);
                self.dirty.extend(waited);
                self.listed(|engine| {
                    engine.listed.insert(kind);
                });
            }
            Input::Unlisted(kind) => {
                self.listed.remove(&kind);
            }
            Input::AgentsListed => self.listed(|engine| engine.agents_listed = true),
            Input::AgentSeen { node, renewed } => self.agent_seen(&node, Some(&renewed)),
            Input::AgentGone(node) => self.agent_seen(&node, None),
            Input::RivalSeen(tenure) => self.rival_seen(tenure),
            Input::RivalGateways(enabled) => self.rival_gateways_seen(enabled),
            Input::Done(id, outcome) => {
                if let Some(sent) = self.flight.done(id) {
                    let is_refused = matches!(outcome, Outcome::Refused(_));
                    self.done(&sent, outcome);
                    let waited = self.flight.waited(&sent.action.object());
                    // Who was refused asks again later, and not because it was looked at meanwhile.
                    self.dirty.extend(waited.into_iter().filter(|holder| !(is_refused && *holder == sent.holder)));
                }
            }
            Input::Tick => {}
        }
    }

    /// A watch or a list has shown that a life of an object is gone.
    fn shown_gone(&mut self, id: &ObjectId, uid: &Uid) {
        self.hearsay.gone(id, uid);
        self.gone(id, uid);
    }

    /// The objects of a kind that are known by these UIDs.
    fn known_as(&self, kind: Kind, uids: &BTreeSet<Uid>) -> Vec<(ObjectId, Uid)> {
        if kind == Kind::AddressClaim {
            let claims = self.state.claims.standing().filter(|claim| uids.contains(&claim.uid));
            return claims.map(|claim| (ObjectId::claim(&claim.key), claim.uid.clone())).collect();
        }
        let metas = self.state.world.metas_of(kind).filter(|meta| uids.contains(&meta.uid));
        let id = |meta: &Meta| ObjectId { kind, namespace: meta.namespace.clone(), name: meta.name.clone() };
        metas.map(|meta| (id(meta), meta.uid.clone())).collect()
    }

    /// Once everything is listed, everybody is looked at.
    pub(super) fn listed(&mut self, note: impl FnOnce(&mut Self)) {
        let before = self.is_ready();
        note(self);
        if !before && self.is_ready() {
            self.look_at_everybody();
        }
    }

    /// Renewals are many, and concern nobody: who waits for silence is looked at by the clock.
    fn agent_seen(&mut self, node: &Str, renewed: Option<&Str>) {
        if self.state.agents.seen(node, renewed, self.now) {
            self.about_node(node);
        }
    }

    /// Whoever waits for something about a node is looked at.
    fn about_node(&mut self, node: &Str) {
        self.dirty.extend(self.state.at_node.remove(node).unwrap_or_default());
    }

    /// A node that may have an address of its own is looked at. Nodes change often, and few have one.
    fn about_address_of_node(&mut self, name: &Str) {
        let own = foreign::holder(Kind::Node, name);
        self.dirty.extend(own.filter(|own| foreign::has_node_any(&self.state, own)));
    }

    /// An object as a list, a watch or a fresh read has it.
    pub(super) fn seen(&mut self, id: &ObjectId, object: Object) {
        self.flight.seen(id);
        let waited = self.flight.waited(id);
        self.dirty.extend(waited);
        // What is read once more, as an owner is for each of its ordinals, concerns nobody once more.
        if is_known(&self.state.world, &object) {
            return;
        }
        match object {
            Object::AddressClaim(claim) => {
                if let Some(claim) = Claim::of(&claim) {
                    self.claim_seen(claim);
                }
            }
            Object::Pod(pod) => self.pod_seen(pod),
            Object::Subnet(subnet) => self.subnet_seen(subnet),
            Object::IpPool(pool) => self.pool_seen(pool),
            Object::Vlan(vlan) => {
                let name = vlan.meta.name.clone();
                self.state.world.put(Object::Vlan(vlan));
                self.vlan_changed(&name);
            }
            Object::Ip(ip) => self.ip_seen(ip),
            Object::Node(node) => {
                let name = node.meta.name.clone();
                self.state.agents.forget_silence(&name);
                self.state.world.put(Object::Node(node));
                self.about_node(&name);
                self.about_address_of_node(&name);
            }
            Object::StatefulSet(set) => {
                let (namespace, name) = (set.meta.namespace.clone(), set.meta.name.clone());
                self.about_workload(&set.spec.template.meta);
                self.state.world.put(Object::StatefulSet(set));
                self.about_set(&namespace, &name);
            }
            Object::Namespace(namespace) => {
                let name = namespace.meta.name.clone();
                self.state.namespaces.see(&name, Some(&namespace.meta.labels));
                self.state.world.put(Object::Namespace(namespace));
                self.namespaces_changed([name]);
            }
            Object::IptablesEip(eip) => self.eip_seen(eip),
            Object::VpcNatGateway(gateway) => self.gateway_seen(gateway),
            rule @ (Object::IptablesFipRule(_) | Object::IptablesDnatRule(_) | Object::IptablesSnatRule(_)) => {
                self.rule_seen(rule);
            }
            nad @ Object::NetworkAttachmentDefinition(_) => self.attachment_seen(nad),
            Object::VirtualMachineInstanceMigration(migration) => {
                let (namespace, vmi) = (migration.meta.namespace.clone(), migration.spec.vmi_name.clone());
                self.state.world.put(Object::VirtualMachineInstanceMigration(migration));
                self.about_migrations(&namespace, &vmi);
            }
            // Other kinds decide nothing yet, unless they are holders by their name.
            other => {
                let holder = holders::of_object(id.kind, &id.namespace, &id.name);
                if let Some(holder) = holder {
                    self.state.world.put(other);
                    self.about(holder);
                    if id.kind == Kind::VirtualMachineInstance {
                        self.about_migrations(&id.namespace, &id.name);
                    }
                }
            }
        }
    }

    /// A holder is looked at, and whoever uses its addresses.
    pub(super) fn about(&mut self, holder: HolderId) {
        self.dirty.extend(self.state.lending.users(&holder).cloned());
        self.dirty.insert(holder);
    }

    /// The ordinals of a StatefulSet are looked at: those with a claim, and those with a pod.
    fn about_set(&mut self, namespace: &Str, set: &str) {
        self.dirty.extend(self.state.claims.of_set(namespace, set).cloned());
        let pods = self.state.pods.range(HolderId::first_of_set(namespace, set)..).map(|(holder, _)| holder);
        self.dirty.extend(pods.take_while(|holder| holder.is_of_set(namespace, set)).cloned());
        let kept = self.state.kept.keys_from(HolderId::first_of_set(namespace, set)..);
        self.dirty.extend(kept.take_while(|holder| holder.is_of_set(namespace, set)).cloned());
    }

    fn pod_seen(&mut self, pod: Arc<Pod>) {
        let holder = HolderId::of_pod(&pod);
        let before = self.state.world.pods.get(&pod.meta.namespace, &pod.meta.name);
        let before = before.map(|before| (HolderId::of_pod(before), before.meta.uid.clone()));
        match before {
            Some((of, _)) if of != holder => self.forget_pod(&of),
            // The next pod of an ordinal, seen before it was told that the one before is gone.
            Some((_, uid)) if uid != pod.meta.uid => self.about_records(&Meta { uid, ..pod.meta.clone() }),
            _ => {}
        }
        for provider in providers(&pod) {
            self.state.at_provider.entry(provider).or_default().insert(holder.clone());
        }
        self.gateway_pod_seen(&pod.meta);
        self.state.migrations.seen(&holder, &pod.meta);
        self.about_records(&pod.meta);
        self.state.pods.insert(holder.clone(), Arc::clone(&pod));
        self.state.world.pods.put(pod);
        self.dirty.insert(holder);
    }

    /// An IP object may have been written for the ordinal that a pod was, or for the pod before it was one: those are looked at, too.
    fn about_records(&mut self, pod: &Meta) {
        let ordinal = HolderId::named(STATEFUL_SET, pod.namespace.clone(), pod.name.clone());
        let both = [ordinal, HolderId::Pod(pod.uid.clone())].into_iter();
        self.dirty.extend(both.filter(|holder| self.state.ips_of.has(holder)));
    }

    fn forget_pod(&mut self, holder: &HolderId) {
        let providers: Vec<Str> = self.state.pod(holder).map(providers).unwrap_or_default();
        for provider in providers {
            if let Some(holders) = self.state.at_provider.get_mut(&provider) {
                holders.remove(holder);
            }
        }
        if let Some(meta) = self.state.pod(holder).map(|pod| pod.meta.clone()) {
            self.gateway_pod_gone(&meta);
            self.state.migrations.gone(holder, &meta);
            self.about_records(&meta);
        }
        self.state.pods.remove(holder);
        self.state.told_reads.remove(holder);
        self.dirty.insert(holder.clone());
    }

    /// A life of an object that is over.
    pub(super) fn gone(&mut self, id: &ObjectId, uid: &Uid) {
        self.flight.gone(id);
        let waited = self.flight.waited(id);
        self.dirty.extend(waited);
        if id.kind == Kind::AddressClaim {
            return self.claim_object_gone(id, uid);
        }
        if self.state.world.uid(id.kind, &id.namespace, &id.name) != Some(uid) {
            return;
        }
        let mut left: Vec<Str> = Vec::new();
        match id.kind {
            Kind::Pod => {
                if let Some(holder) = self.state.world.pods.get(&id.namespace, &id.name).map(HolderId::of_pod) {
                    self.forget_pod(&holder);
                }
            }
            Kind::Ip => self.ip_gone(&id.name),
            Kind::StatefulSet => {
                let set = self.state.world.stateful_sets.get(&id.namespace, &id.name);
                if let Some(template) = set.map(|set| set.spec.template.meta.clone()) {
                    self.about_workload(&template);
                }
            }
            Kind::IpPool => {
                self.pool_gone(&id.name);
                self.written.forget(id);
            }
            Kind::IptablesEip => {
                left.extend(self.forget_eip(&id.name));
                self.written.forget(id);
            }
            Kind::IptablesFipRule | Kind::IptablesDnatRule | Kind::IptablesSnatRule => {
                self.rule_gone(id.kind, &id.name);
                self.written.forget(id);
            }
            Kind::VpcNatGateway => left.extend(self.forget_gateway(&id.name)),
            Kind::Subnet => {
                self.subnet_changed(&id.name);
                self.state.books.forget(&id.name);
                let namespaces = self.state.namespaces.forget(&self.state.world, &id.name);
                self.namespaces_changed(namespaces);
                self.written.forget(id);
            }
            Kind::Namespace => {
                self.state.namespaces.see(&id.name, None);
                self.written.forget(id);
            }
            _ => {}
        }
        self.state.world.remove(id.kind, &id.namespace, &id.name);
        match id.kind {
            Kind::Vlan => self.vlan_changed(&id.name),
            Kind::Subnet => {
                self.rival_off(&id.name);
                self.look_at_resting(&id.name);
                self.try_faulty(&id.name);
            }
            Kind::NetworkAttachmentDefinition => self.attachment_changed(&id.namespace, &id.name),
            Kind::Node => {
                self.about_node(&id.name);
                self.about_address_of_node(&id.name);
            }
            Kind::StatefulSet => self.about_set(&id.namespace, &id.name),
            // Nobody joins by one that is gone, and who has joined goes by its own proof.
            Kind::VirtualMachineInstanceMigration => {}
            _ => holders::of_object(id.kind, &id.namespace, &id.name).into_iter().for_each(|holder| self.about(holder)),
        }
        left.iter().for_each(|subnet| self.about_rival_on(subnet));
    }
}

/// Which object it is.
pub(super) fn id_of(object: &Object) -> ObjectId {
    let meta = object.meta();
    ObjectId { kind: object.kind(), namespace: meta.namespace.clone(), name: meta.name.clone() }
}

/// The providers of a pod's attachments; where nobody can read which these are, of those for which it was told an address.
fn providers(pod: &Pod) -> Vec<Str> {
    let networks = networks_of_meta(&pod.meta, &pod.meta.namespace);
    let provider = |attachment: &Attachment<'_>| format!("{}.{}", attachment.name, attachment.namespace).into();
    let told = told_nics(&pod.meta).filter(|_| !networks.malformed.is_empty()).map(|(provider, _)| provider.into());
    networks.attachments.iter().map(provider).chain(told).collect()
}

/// Whether a version is later than another; where they are no numbers, whatever comes is.
pub(super) fn newer(version: &Str, known: &Str) -> bool {
    match (version.parse::<u64>(), known.parse::<u64>()) {
        (Ok(version), Ok(known)) => version > known,
        _ => true,
    }
}
