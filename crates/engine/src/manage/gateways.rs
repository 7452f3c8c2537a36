//! What belongs to NAT gateways: their pods, their EIPs, the Subnets that they stand between.
//!
//! In: VpcNatGateways, IptablesEIPs and pods as they are seen and go. Out: lookups; whoever it concerns is looked at.
//! Guarantees: follows the objects at once; a pod is a gateway's by the name and namespace that a gateway's pod has, not by its
//! annotation alone, which anybody can write.

use super::engine::Engine;
use super::holders::{eip, gateway};
use super::id::HolderId;
use super::state::State;
use crate::gateways::external_subnet;
use crate::record::is_finished;
use api::names::annotations;
use api::slim::{IptablesEip, Meta, Object, Pod, Str, VpcNatGateway};
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    /// Pods that say that they are a gateway's: namespace and name.
    pods: BTreeMap<Str, BTreeSet<(Str, Str)>>,
    eips: BTreeMap<Str, BTreeSet<Str>>,
    by_subnet: BTreeMap<Str, BTreeSet<Str>>,
}

/// Takes an element out of a set in a map, and the set too once it is empty.
fn take<V: Ord>(map: &mut BTreeMap<Str, BTreeSet<V>>, key: &Str, value: &V) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}

impl State {
    /// The pods of a gateway that are bound and have not finished, in order of their names.
    pub(super) fn gateway_pods(&self, gateway: &str) -> impl Iterator<Item = &Pod> {
        let pods = self.gateways.pods.get(gateway).into_iter().flatten();
        let pods = pods.filter_map(|(namespace, name)| self.world.pods.get(namespace, name));
        pods.filter(|pod| {
            let bound = !pod.spec.node_name.is_empty() && !is_finished(pod);
            let meta = &pod.meta;
            bound && gateway::ordinal_of(self, meta, (&meta.namespace, &meta.name)).is_some()
        })
    }
}

/// The Subnets of a gateway.
fn subnets(gateway: &VpcNatGateway) -> [Str; 2] {
    [external_subnet(gateway).into(), gateway.spec.subnet.clone()]
}

impl Engine {
    pub(super) fn eip_seen(&mut self, eip: IptablesEip) {
        let name = eip.meta.name.clone();
        self.forget_eip(&name);
        self.state.gateways.eips.entry(eip.spec.nat_gw.clone()).or_default().insert(name.clone());
        self.state.world.put(Object::IptablesEip(Box::new(eip)));
        self.dirty.insert(eip::holder(&name));
    }

    /// Forgets of which gateway an EIP is, before it goes or changes.
    pub(super) fn forget_eip(&mut self, name: &Str) {
        let Some(gateway) = self.state.world.eips.named(name).map(|eip| eip.spec.nat_gw.clone()) else { return };
        take(&mut self.state.gateways.eips, &gateway, name);
    }

    pub(super) fn gateway_seen(&mut self, gateway: VpcNatGateway) {
        let name = gateway.meta.name.clone();
        self.forget_gateway(&name);
        for subnet in subnets(&gateway) {
            self.state.gateways.by_subnet.entry(subnet).or_default().insert(name.clone());
        }
        let ordinals = gateway::ordinals(&gateway);
        self.state.world.put(Object::VpcNatGateway(Box::new(gateway)));
        self.dirty.extend(ordinals.map(|ordinal| gateway::holder(&name, ordinal)));
        self.about_gateway(&name);
    }

    /// Forgets where a gateway stands, before it goes or changes; its ordinals are looked at.
    pub(super) fn forget_gateway(&mut self, name: &Str) {
        let Some(subnets) = self.state.world.gateways.named(name).map(subnets) else { return };
        subnets.iter().for_each(|subnet| take(&mut self.state.gateways.by_subnet, subnet, name));
        self.about_gateway(name);
    }

    pub(super) fn gateway_pod_seen(&mut self, meta: &Meta) {
        let Some(gateway) = meta.annotation(annotations::VPC_NAT_GW).map(Str::from) else { return };
        let pod = (meta.namespace.clone(), meta.name.clone());
        self.state.gateways.pods.entry(gateway.clone()).or_default().insert(pod);
        self.about_gateway(&gateway);
    }

    pub(super) fn gateway_pod_gone(&mut self, meta: &Meta) {
        let Some(gateway) = meta.annotation(annotations::VPC_NAT_GW).map(Str::from) else { return };
        take(&mut self.state.gateways.pods, &gateway, &(meta.namespace.clone(), meta.name.clone()));
        self.about_gateway(&gateway);
    }

    /// The gateway whose workload this is the template of is looked at.
    pub(super) fn about_workload(&mut self, template: &Meta) {
        if let Some(gateway) = template.annotation(annotations::VPC_NAT_GW) {
            self.dirty.insert(gateway::holder(gateway, 0));
        }
    }

    /// The gateways on a Subnet are looked at: their workloads name its gateway.
    pub(super) fn about_gateways_on(&mut self, subnet: &Str) {
        let gateways = self.state.gateways.by_subnet.get(subnet).into_iter().flatten();
        self.dirty.extend(gateways.map(|name| gateway::holder(name, 0)));
    }

    /// Whoever has addresses on a gateway is looked at: its ordinals, its EIPs, and its pods.
    fn about_gateway(&mut self, gateway: &Str) {
        let eips = self.state.gateways.eips.get(gateway).into_iter().flatten();
        self.dirty.extend(eips.map(|name| eip::holder(name)));
        self.dirty.insert(gateway::holder(gateway, 0));
        let holders: Vec<HolderId> = self.state.claims.of_gateway(gateway).cloned().collect();
        let users = holders.iter().flat_map(|holder| self.state.lending.users(holder)).cloned();
        self.dirty.extend(users.collect::<Vec<_>>());
        self.dirty.extend(holders);
    }
}
