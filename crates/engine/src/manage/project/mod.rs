//! What is derived from claims: recomputed, never edited by difference, never read back as a decision.
//!
//! In: the state. Out: IP objects and annotations that say what the claims say. Guarantees: written after the claims; in
//! one write per object; not at all where the object says so already. Kube-OVN's own tools read the same objects;
//! reservations that users made are not touched.

mod claim;
pub(super) mod conditions;
mod defaults;
mod eip;
mod event;
mod finalizer;
mod gateway;
mod ip;
mod namespace;
mod pod;
mod pool;
mod ready;
mod reservation;
mod rule;
mod subnet;
mod tally;
mod unbound;
mod vip;
mod workload;

pub(super) use claim::Waits;
pub(super) use defaults::gateways;
pub(super) use event::Told;
pub(in crate::manage) use ip::{is_of_life, names_life};
use namespace::NAMESPACE;
use pool::POOL;
use subnet::SUBNET;
pub(super) use subnet::Written;

use super::call::LABEL;
use super::command::ObjectId;
use super::engine::Engine;
use super::holders::{Entitled, is_foreign};
use super::id::{EIP, GATEWAY, HolderId, HolderName, RESERVATION, VIP};
use super::rule::{DNAT, FIP, SNAT, kind_of};

impl Engine {
    /// Writes what follows from a holder's claims.
    pub(super) fn project(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        if self.state.claims.of_holder(holder).any(|(key, _)| self.flight.is_deleting(&ObjectId::claim(key))) {
            // Of what may be gone nothing is said: the holder is looked at again once that is known.
            return;
        }
        let Some(HolderName { kind, name, .. }) = holder.name() else { return self.project_pod(holder, entitled) };
        match kind.as_str() {
            RESERVATION => {
                self.project_reservation(name, entitled);
                self.tell(holder, entitled);
            }
            VIP => self.project_vip(name, entitled),
            EIP => self.project_eip(name, entitled),
            GATEWAY => {
                self.project_gateway(name, entitled);
                self.tell(holder, entitled);
            }
            SUBNET => self.state.books.touch(name),
            NAMESPACE => self.written.namespaces.touch(name.clone()),
            POOL => self.state.books.pools.touch_named(name),
            FIP | DNAT | SNAT => {
                kind_of(kind).into_iter().for_each(|kind| self.project_rule(&(kind, name.clone())));
            }
            kind if is_foreign(kind) => {}
            _ => self.project_pod(holder, entitled),
        }
    }

    /// Writes what follows from the claims whose user is a pod.
    fn project_pod(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        if let Some(entitled) = entitled.filter(|entitled| !entitled.occupant.node.is_empty()) {
            self.project_ips(entitled);
            self.project_annotations(entitled);
        } else if let Some(entitled) = entitled.filter(|entitled| !self.has_namesake(entitled)) {
            // Nobody uses its addresses now, its next pod neither, which has no node yet: they stay on record.
            self.project_ips(entitled);
        }
        self.remove_orphans(holder, entitled);
        self.tell(holder, entitled);
    }

    /// Whether there is a pod of the name of a holder which is not of it: the record of that name is its own.
    fn has_namesake(&self, entitled: &Entitled) -> bool {
        let pod = self.state.world.pods.get(&entitled.title.namespace, &entitled.title.name);
        pod.is_some_and(|pod| HolderId::of_pod(pod) != entitled.holder)
    }

    /// Writes what follows from all claims of a Subnet or a pool, after everything else.
    pub(super) fn project_accounts(&mut self) {
        self.project_namespaces();
        self.project_subnets();
        self.project_pools();
    }
}
