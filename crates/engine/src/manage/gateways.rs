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
use api::slim::{IptablesEip, Kind, Meta, Pod, Str, VpcNatGateway};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    /// Pods that say that they are a gateway's: namespace and name.
    pods: BTreeMap<Str, BTreeSet<(Str, Str)>>,
    eips: BTreeMap<Str, BTreeSet<Str>>,
    by_subnet: BTreeMap<Str, BTreeSet<Str>>,
    eips_by_subnet: BTreeMap<Str, BTreeSet<Str>>,
}

impl Gateways {
    /// An EIP or a gateway on a Subnet, if there is any.
    pub(super) fn first_on(&self, subnet: &str) -> Option<(Kind, Str)> {
        let first = |map: &BTreeMap<Str, BTreeSet<Str>>| map.get(subnet)?.first().cloned();
        let eip = first(&self.eips_by_subnet).map(|name| (Kind::IptablesEip, name));
        eip.or_else(|| first(&self.by_subnet).map(|name| (Kind::VpcNatGateway, name)))
    }
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
    pub(super) fn eip_seen(&mut self, eip: Arc<IptablesEip>) {
        let (name, subnet) = (eip.meta.name.clone(), eip::subnet_of(&eip));
        let before = self.forget_eip(&name);
        self.state.gateways.eips.entry(eip.spec.nat_gw.clone()).or_default().insert(name.clone());
        self.state.gateways.eips_by_subnet.entry(subnet.clone()).or_default().insert(name.clone());
        self.state.world.eips.put(eip);
        self.dirty.insert(eip::holder(&name));
        before.into_iter().chain([subnet]).for_each(|subnet| self.about_rival_on(&subnet));
    }

    /// Forgets of which gateway an EIP is, and on which Subnet, before it goes or changes; the Subnet.
    pub(super) fn forget_eip(&mut self, name: &Str) -> Option<Str> {
        let eip = self.state.world.eips.named(name)?;
        let (gateway, subnet) = (eip.spec.nat_gw.clone(), eip::subnet_of(eip));
        take(&mut self.state.gateways.eips, &gateway, name);
        take(&mut self.state.gateways.eips_by_subnet, &subnet, name);
        Some(subnet)
    }

    pub(super) fn gateway_seen(&mut self, gateway: Arc<VpcNatGateway>) {
        let name = gateway.meta.name.clone();
        let before = self.forget_gateway(&name);
        let now = subnets(&gateway);
        for subnet in now.clone() {
            self.state.gateways.by_subnet.entry(subnet).or_default().insert(name.clone());
        }
        let ordinals = gateway::ordinals(&gateway);
        self.state.world.gateways.put(gateway);
        self.dirty.extend(ordinals.map(|ordinal| gateway::holder(&name, ordinal)));
        self.about_gateway(&name);
        before.into_iter().chain(now).for_each(|subnet| self.about_rival_on(&subnet));
    }

    /// Forgets where a gateway stands, before it goes or changes; its ordinals are looked at. The Subnets where it stood.
    pub(super) fn forget_gateway(&mut self, name: &Str) -> Vec<Str> {
        let Some(subnets) = self.state.world.gateways.named(name).map(subnets) else { return Vec::new() };
        subnets.iter().for_each(|subnet| take(&mut self.state.gateways.by_subnet, subnet, name));
        self.about_gateway(name);
        subnets.into()
    }

    pub(super) fn gateway_pod_seen(&mut self, meta: &Meta) {
        let Some(gateway) = meta.annotation(annotations::VPC_NAT_GW).map(Str::from) else { return };
        let pod = (meta.namespace.clone(), meta.name.clone());
        self.state.gateways.pods.entry(gateway.clone()).or_default().insert(pod);
        // It may be one that its gateway has no place for any more.
        let ordinal = gateway::ordinal_of(&self.state, meta, (&meta.namespace, &meta.name));
        self.dirty.extend(ordinal.map(|(name, ordinal)| gateway::holder(name, ordinal)));
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
