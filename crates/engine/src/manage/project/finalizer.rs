//! Finalizers that Kube-OVN left on objects which are being deleted.
//!
//! In: an object, its claims. Out: one patch that takes Kube-OVN's finalizers off it. Guarantees: not before the claims say
//! what the object said, since the object is gone after that; finalizers of others stay.

use crate::manage::command::Action;
use crate::manage::engine::Engine;
use crate::manage::id::{ClaimKey, HolderId};
use crate::manage::write::Write;
use api::names;
use api::slim::{Kind, Meta, Str};
use ledger::Addr;
use serde_json::json;

impl Engine {
    /// Lets an object that is being deleted go, once each of its addresses is claimed, or used by nobody.
    pub(super) fn let_finish(&mut self, kind: Kind, meta: &Meta, is_recorded: bool, holder: &HolderId) {
        if meta.is_deleted() && meta.has_kubeovn_finalizer() && is_recorded {
            self.drop_finalizers(kind, meta, holder);
        }
    }

    /// Takes Kube-OVN's finalizers off an object.
    pub(super) fn drop_finalizers(&mut self, kind: Kind, meta: &Meta, holder: &HolderId) {
        let rest = meta.finalizers.iter().filter(|finalizer| !names::is_kubeovn_finalizer(finalizer));
        let rest: Vec<&str> = rest.map(Str::as_str).collect();
        let write = Write::new(kind, meta, json!({"metadata": {"finalizers": rest}}));
        self.send(Action::Write(Box::new(write)), holder);
    }

    /// Whether all these addresses of a Subnet are claimed.
    pub(super) fn are_claimed(&self, subnet: &str, addrs: impl IntoIterator<Item = Addr>) -> bool {
        let Some(wire) = self.state.books.wire(subnet) else { return true };
        let claim = |addr| self.state.claims.get(&ClaimKey { wire: wire.clone(), addr });
        addrs.into_iter().all(|addr| claim(addr).is_some_and(|slot| slot.standing().is_some()))
    }
}
