//! Claims that outlive the object of their holder: for which life of it they are.
//!
//! In: a reservation, a Vip or an EIP that says no address yet, the claims that it keeps. Out: patches of those that were made for the one of that name
//! before it. Guarantees: nothing is said of such a claim before it was written to. Whoever is about to delete it, by an older proof that the
//! one before is gone, did that first, and the patch finds no claim; or is refused, since the claim has another version by then. A read in
//! place of the patch would leave a gap between it and what is said.

use super::call::{HOLDER_UID, LABEL};
use super::command::Action;
use super::engine::Engine;
use super::id::{EIP, HolderId, RESERVATION, VIP};
use super::state::State;
use super::want::{Class, Want};
use super::write::Write;
use api::slim::Uid;
use ledger::Family;
use serde_json::json;

/// Whether holders of a kind are objects that say themselves which addresses they have, and whose claims say for which life of them they are.
pub(super) fn says_life(kind: &str) -> bool {
    [RESERVATION, VIP, EIP].contains(&kind)
}

impl State {
    /// The life of the object that a holder is, where its claims say that.
    pub(super) fn life_of(&self, holder: &HolderId) -> Uid {
        let Some(of) = holder.name() else { return Uid::None };
        let meta = match of.kind.as_str() {
            RESERVATION => self.world.ips.named(&of.name).map(|ip| &ip.meta),
            VIP => self.world.vips.named(&of.name).map(|vip| &vip.meta),
            EIP => self.world.eips.named(&of.name).map(|eip| &eip.meta),
            _ => None,
        };
        meta.map(|meta| meta.uid.clone()).unwrap_or_default()
    }
}

impl Engine {
    /// Takes over the claims that one who says no address yet keeps from the one before; whether there are any.
    pub(super) fn takes_over(&mut self, want: &Want) -> bool {
        if want.class == Class::Record {
            return false;
        }
        let life = self.state.life_of(&want.nic.holder);
        let text = life.to_string();
        if text.len() > LABEL {
            return false;
        }
        let kept = Family::BOTH.into_iter().filter_map(|family| self.kept(want, family));
        let former = kept.filter(|claim| *claim.life() != life);
        let patch = json!({"metadata": {"labels": {HOLDER_UID: text}}});
        let writes: Vec<Write> = former.map(|claim| Write::of_claim(claim, patch.clone())).collect();
        let any = !writes.is_empty();
        writes.into_iter().for_each(|write| self.send(Action::Write(Box::new(write)), &want.nic.holder));
        any
    }
}
