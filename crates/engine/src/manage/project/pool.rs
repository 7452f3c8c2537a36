//! IPPools: their status, and the finalizer that Kube-OVN left on them.
//!
//! In: the pools of the books, the objects. Out: one write of the status, as for Subnets; a deleted pool is let go at once.
//! Guarantees: the counts are those of the pool's own addresses; a pool that is refused counts nothing, since nothing can be
//! taken from it. Pools need no finalizer of ours: their addresses return to the Subnet with the object.

use super::conditions::{Say, error, with};
use super::subnet::subject;
use super::tally::{Form, Tally};
use crate::manage::command::ObjectId;
use crate::manage::engine::Engine;
use crate::manage::state::Wires;
use crate::manage::waiting::Notice;
use api::slim::{IpPool, Kind, Str};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Names an IPPool where a holder is expected: who is looked at again.
pub(in crate::manage) const POOL: &str = "IPPool";

impl Engine {
    /// Takes in an IPPool.
    pub(in crate::manage) fn pool_seen(&mut self, pool: Arc<IpPool>) {
        let name = pool.meta.name.clone();
        let mut bound = self.bound(&name);
        let changed = self.state.books.put_pool(&pool);
        self.state.world.pools.put(pool);
        if !changed.is_empty() {
            bound.extend(self.bound(&name));
            self.namespaces_changed(bound);
            self.dirty.extend(self.waiting.at_notice(&Notice::Pool(name)).cloned());
        }
        self.pools_changed(changed);
    }

    /// The Namespaces that a pool is bound to.
    fn bound(&self, pool: &str) -> BTreeSet<Str> {
        self.state.books.pools.namespaces(pool).cloned().collect()
    }

    /// An IPPool is gone.
    pub(in crate::manage) fn pool_gone(&mut self, name: &str) {
        let bound = self.bound(name);
        let changed = self.state.books.forget_pool(name);
        self.namespaces_changed(bound);
        self.pools_changed(changed);
    }

    /// Whoever waits for an address of these Subnets is looked at.
    fn pools_changed(&mut self, subnets: impl IntoIterator<Item = Str>) {
        for subnet in subnets {
            self.waiters_of(&subnet);
        }
    }

    /// Writes what follows for the IPPools for which something changed.
    pub(super) fn project_pools(&mut self) {
        for name in self.state.books.pools.take_touched() {
            let pool = self.state.world.pools.named(&name).filter(|pool| self.manages_pool(pool)).cloned();
            pool.into_iter().for_each(|pool| self.project_pool(&pool));
        }
    }

    /// Whether a pool is of a Subnet that is managed. One without a Subnet may be anybody's.
    fn manages_pool(&self, pool: &IpPool) -> bool {
        match self.state.world.subnets.named(&pool.spec.subnet) {
            Some(subnet) => self.manages(subnet),
            None => self.settings.wires == Wires::All,
        }
    }

    fn project_pool(&mut self, pool: &IpPool) {
        let meta = &pool.meta;
        if meta.is_deleted() {
            return self.let_finish(Kind::IpPool, meta, true, &subject(POOL, &meta.name));
        }
        let id = ObjectId::named(Kind::IpPool, &meta.name);
        if self.may_write(&id, POOL) {
            self.write_pool_status(pool, id);
        }
    }

    fn write_pool_status(&mut self, pool: &IpPool, id: ObjectId) {
        let (meta, status) = (&pool.meta, &pool.status);
        let fault = self.state.books.pools.fault(&meta.name);
        let book = self.state.books.book(&pool.spec.subnet);
        let tally = Tally::of(|family| book?.pool_accounting(Some(meta.name.as_str()), family));
        let reason = if fault.is_some() { "UpdateIPAMFailed" } else { "UpdateIPAMSucceeded" };
        let message = fault.unwrap_or_default();
        let mut say = vec![Say { type_: "Ready", status: fault.is_none(), reason, message }];
        say.extend(error(&status.conditions, fault, reason));
        let conditions = with(&status.conditions, &say, meta.generation, self.now);
        if tally.is_in_pool(status) && *conditions == *status.conditions {
            return;
        }
        self.write_status(id, meta, tally.fields(Form::IpPool), &conditions);
    }
}
