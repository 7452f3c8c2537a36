//! Taking in a Subnet, and a Vlan: what may be given out, and by whom.
//!
//! In: a Subnet as it is now. Out: its book follows; whoever has an address of it, or waits for one, is looked at. Guarantees: what was given out
//! stays, whatever becomes of the Subnet; one that could not be used because of another is tried again.

use super::engine::Engine;
use super::holders::{self, foreign};
use super::id::HolderId;
use super::waiting::Notice;
use api::slim::{Kind, Str, Subnet};
use ledger::SubnetBook;
use std::sync::Arc;

impl Engine {
    pub(super) fn subnet_seen(&mut self, subnet: Arc<Subnet>) {
        let name = subnet.meta.name.clone();
        self.rival_on(&subnet);
        self.rest_changed(&subnet);
        let ours = self.manages(&subnet);
        let changed = self.state.books.put(&self.state.world, &subnet, &self.state.claims, ours);
        let namespaces = self.state.namespaces.put(&self.state.world, &subnet);
        self.namespaces_changed(namespaces);
        let own = holders::of_object(Kind::Subnet, "", &name);
        let own = own.filter(|own| foreign::has_own(&subnet) || self.state.claims.of_holder(own).next().is_some());
        self.dirty.extend(own);
        self.state.world.subnets.put(subnet);
        if changed {
            self.subnet_changed(&name);
            self.try_faulty(&name);
        }
    }

    /// Subnets that could not be used because of another one are tried again: they are few.
    pub(super) fn try_faulty(&mut self, changed: &Str) {
        let faulty: Vec<Str> = self.state.books.faulty().filter(|name| *name != changed).cloned().collect();
        for name in faulty {
            let Some(subnet) = self.state.world.subnets.named(&name).cloned() else { continue };
            let ours = self.manages(&subnet);
            self.state.books.put(&self.state.world, &subnet, &self.state.claims, ours);
            if self.state.books.fault(&name).is_none() {
                self.subnet_changed(&name);
                // What it was before may have been in the way of others.
                return self.try_faulty(&name);
            }
        }
    }

    /// Whether a Subnet is managed: one whose Vlan is gone stays what it was.
    pub(super) fn manages(&self, subnet: &Subnet) -> bool {
        let known = subnet.spec.vlan.is_empty() || self.state.world.vlans.named(&subnet.spec.vlan).is_some();
        let ours = self.settings.manages(&self.state.world, subnet) || (!known && self.state.serves(&subnet.meta.name));
        ours && !self.is_left(subnet)
    }

    /// Whoever waits for a Subnet is looked at, and those that wait for an address of it one after the other.
    pub(super) fn waiters_of(&mut self, subnet: &Str) {
        self.dirty.extend(self.waiting.at_subnet(subnet).cloned());
        self.freed.extend(self.waiting.lacks_of(subnet).cloned());
    }

    /// The Subnets or IPPools of Namespaces changed, or what these are told of them: whoever waits for that is looked at.
    pub(super) fn namespaces_changed(&mut self, names: impl IntoIterator<Item = Str>) {
        for name in names {
            self.dirty.extend(self.waiting.at_notice(&Notice::Namespace(name.clone())).cloned());
            self.written.namespaces.touch(name);
        }
    }

    /// Whoever has a NIC of its provider, or waits for it, is looked at.
    pub(super) fn subnet_changed(&mut self, name: &Str) {
        self.waiters_of(name);
        self.about_gateways_on(name);
        // Nearly every pod has a NIC on the primary network, and few of them on this Subnet; and of a pod that cannot be read no network is known.
        let nics = self.state.books.book(name).into_iter().flat_map(SubnetBook::claims);
        let holders: Vec<HolderId> = nics.map(|(_, nic)| nic.holder.clone()).collect();
        holders.into_iter().for_each(|holder| self.about(holder));
        if let Some(provider) = self.state.books.provider(name).cloned() {
            self.dirty.extend(self.state.at_provider.get(&provider).into_iter().flatten().cloned());
            self.dirty.extend(self.waiting.at_notice(&Notice::Provider(provider)).cloned());
        }
        self.about_records_in(name);
    }

    /// The wire of a Subnet with a Vlan is that of the Vlan.
    pub(super) fn vlan_changed(&mut self, vlan: &Str) {
        let on_it = self.state.world.subnets.iter().filter(|subnet| subnet.spec.vlan == *vlan);
        for subnet in on_it.cloned().collect::<Vec<_>>() {
            self.subnet_seen(Arc::new(subnet));
        }
    }
}
