//! A MAC that claims of several NICs of a wire say, or would.
//!
//! In: a want, the claims of its wire. Out: a refusal of a MAC that another NIC has; of two claims with one MAC the one that loses it, told and waited
//! for. Guarantees: a MAC that is asked for by name is checked against all claims of the wire; where two controllers granted it at once, the
//! younger claim loses it, unless its pod was told of it: that may run with it, and the finding `duplicate-mac` tells; whoever loses it keeps its
//! claim, and its pod is not told of that before the other one is gone.

use super::claims::{Claim, Slot};
use super::engine::Engine;
use super::id::{HolderId, NicId};
use super::want::{AskMac, Want};
use api::slim::Str;
use ledger::{Family, Refusal};

impl Engine {
    /// Why a want does not get the MAC that it asks for on the wire of a Subnet, if another NIC has that.
    pub(super) fn held_mac(&self, subnet: &str, want: &Want) -> Option<Refusal<HolderId, Str>> {
        let AskMac::This(mac) = want.mac else { return None };
        let mut holders = self.state.claims.with_mac(self.state.books.wire(subnet)?, mac).map(Slot::nic);
        holders.find(|nic| **nic != want.nic).map(|by| Refusal::MacHeld { mac, by: by.clone() })
    }

    /// Tells a pod's NIC whose its MAC is, if it is not its own, and waits for that.
    pub(super) fn wait_for_mac(&mut self, want: &Want) {
        let Some((claim, by)) = self.lost_mac(want) else { return };
        let subnet = self.state.books.containing(&claim.key).unwrap_or(&claim.subnet).clone();
        let Some(refusal) = claim.mac.map(|mac| Refusal::MacHeld { mac, by: by.clone() }) else { return };
        self.waiting.tell(&want.nic, self.in_full(&subnet, &refusal));
        self.waiting.for_subnet(&subnet, &want.nic.holder);
    }

    /// The claim of a pod's NIC whose MAC is another NIC's, and that NIC.
    pub(super) fn lost_mac<'a>(&'a self, want: &'a Want) -> Option<(&'a Claim, &'a NicId)> {
        let claimant = want.claimant();
        let mut slots = self.state.claims.of_nic(claimant);
        let (key, mac) = slots.find_map(|(key, slot)| Some((key, slot.mac()?)))?;
        let others = || self.state.claims.with_mac(&key.wire, mac).filter(|slot| slot.nic() != claimant);
        // There is nearly never one.
        others().next()?;
        let user = &self.state.pod(&want.nic.holder)?.meta.uid;
        self.served(want)?;
        let mut kept = Family::BOTH.into_iter().filter_map(|family| self.kept(want, family));
        let is_told = |claim: &Claim| claim.in_use || want.told.get(claim.key.addr.family()) == Some(claim.key.addr);
        let claim = kept.find(|claim| claim.mac == Some(mac)).filter(|claim| !is_told(claim))?;
        let is_before = |other: &&Claim| {
            let is_older = || (other.created, &other.key) < (claim.created, &claim.key);
            !other.has_user(user) && (other.in_use || self.was_told(other) || is_older())
        };
        let by = others().filter_map(Slot::standing).find(is_before)?;
        Some((claim, &by.nic))
    }
}
