//! Which claim a NIC keeps, and who uses it.
//!
//! In: a want, the claims of its NIC. Out: the one of each family that stays, whether it suits, a new occupant. Guarantees: what an interface has comes
//! first, then what the pod was told; no claim changes hands before the pod that had it has let go.

use super::bug::Bug;
use super::claims::Claim;
use super::command::Action;
use super::engine::Engine;
use super::fate::Fate;
use super::holders::pod::recorded;
use super::holders::primary::is_primary;
use super::holders::{Entitled, occupant, owner};
use super::id::HolderId;
use super::project::is_of_life;
use super::want::Want;
use api::names::port_name;
use api::slim::{Ip, Kind, Str, Uid};
use ledger::Family;

impl Engine {
    /// Gives the addresses of a holder to the pod that uses them now, once the one before has let go.
    pub(super) fn occupy(&mut self, entitled: &Entitled) {
        let holder = &entitled.holder;
        let standing = self.state.claims.of_holder(holder).filter_map(|(_, slot)| slot.shared());
        let others = standing.filter(|claim| self.is_to_move(entitled, claim));
        for claim in others.cloned().collect::<Vec<_>>() {
            match occupant::fate(&self.state, &claim) {
                Fate::Wait(wait) if !claim.is_unused() && !self.state.has(Bug::MoveOccupant) => {
                    self.claim_waits(&claim, &wait);
                    self.wait(holder, wait);
                }
                _ => {
                    // In one write with that: a claim that a pod uses never says that it rests.
                    let conditions = Some(self.said_when_kept(&claim)).filter(|said| **said != *claim.conditions());
                    let replaces = claim.programmed().is_some() && !claim.is_unused();
                    let (key, uid, version) = (claim.key.clone(), claim.uid.clone(), claim.version.clone());
                    let occupant = entitled.occupant.clone();
                    self.send(Action::Occupy { key, uid, version, occupant, replaces, conditions }, holder);
                }
            }
        }
    }

    /// Whether a claim is to go from the pod that has it to the one that its holder has now.
    pub(super) fn is_to_move(&self, entitled: &Entitled, claim: &Claim) -> bool {
        let has_next = entitled.may_grow && entitled.occupant.pod_uid != Uid::None;
        let is_other = has_next && claim.target().is_none() && !claim.occupant.is(&entitled.occupant);
        is_other && self.is_suited(entitled, claim)
    }

    /// Whether a claim is the one that its NIC keeps: of several in one family the one that the agent saw on the interface, else
    /// one that the present pod was not promised away, else the one that the pod was told, else one that suits it, else the one that its lender
    /// says, else the one that its IP object says, else the oldest. One that no interface has, and that came late to a NIC with another address
    /// on record, is not kept even alone.
    pub(super) fn is_kept(&self, entitled: &Entitled, claim: &Claim) -> bool {
        let Some(want) = entitled.want(&claim.nic) else { return false };
        let is_left = !want.nic.holder.has_pods() && claim.is_idle() && self.is_beside_record(want, claim);
        let kept = self.kept(want, claim.key.addr.family());
        !is_left && kept.is_some_and(|kept| kept.key == claim.key)
    }

    /// Whether a claim is the one that its NIC keeps, and the next user of the NIC may have it.
    fn is_suited(&self, entitled: &Entitled, claim: &Claim) -> bool {
        let suits = |want: &Want| self.suits(want, claim) && entitled.may_use(want, claim.key.addr);
        self.is_kept(entitled, claim) && entitled.want(&claim.nic).is_some_and(suits)
    }

    /// Whether a NIC may go on with a claim on its network. An ordinal or a machine moves with its next pod, if that asks for something else and
    /// neither uses the claim nor was told of it: it is kept until there is another one in its place. Nobody else moves, and no pod that runs.
    /// A pod that was told what is on record goes on with that, where its claim was lost and can be made again.
    pub(super) fn suits(&self, want: &Want, claim: &Claim) -> bool {
        let moves = want.lent.is_none() && want.nic.holder.has_pods();
        let is_told = want.told.get(claim.key.addr.family()) == Some(claim.key.addr);
        let may_stay = match moves {
            true => {
                let is_asked = self.state.books.is_asked(want, &claim.key) && !self.runs_beside(want, claim);
                let is_lost = want.record() == Some(want.told) && self.is_beside_record(want, claim);
                !is_lost && (is_asked || self.uses(&want.nic.holder, claim))
            }
            false => {
                let lender = want.lent.as_ref().map(|lent| &lent.nic.holder);
                // What its machine keeps for it, it goes on with.
                let is_kept = || lender.is_some_and(|lender| lender.has_pods() && self.uses(lender, claim));
                let is_beside = self.is_beside_record(want, claim) || self.runs_beside(want, claim);
                !is_beside || is_kept()
            }
        };
        is_told || may_stay
    }

    /// Whether a claim came beside what a NIC has on record, and the claim of that is lost: who runs with what it was told goes on with that.
    /// So does a reservation whose pod was told something else than it says.
    fn is_beside_record(&self, want: &Want, claim: &Claim) -> bool {
        let recorded = want.record().and_then(|pair| claim.beside(pair));
        recorded.is_some_and(|key| self.state.claims.may_be_of(&key, &want.nic)) && !self.state.runs_with(want, claim)
    }

    /// Whether the pod of a holder, or the one that uses what a gateway or a machine lends, was told what is on record, and runs with that, whoever
    /// has it by now, and a claim came beside it.
    fn runs_beside(&self, want: &Want, claim: &Claim) -> bool {
        let told = want.record().filter(|pair| *pair == want.told);
        let holder = &want.nic.holder;
        let user = || self.state.borrower(holder).filter(|_| holder.has_by_pod());
        let runs = || self.state.runs(holder) || user().is_some_and(|(user, _)| self.state.runs(user));
        told.and_then(|pair| claim.beside(pair)).is_some() && runs()
    }

    /// Whether the present pod of a holder uses a claim.
    fn uses(&self, holder: &HolderId, claim: &Claim) -> bool {
        !claim.is_let_go() && self.user(holder).is_some_and(|user| claim.has_user(&user))
    }

    /// The present pod of a holder.
    fn user(&self, holder: &HolderId) -> Option<Uid> {
        let own = self.state.pod(holder).map(|pod| pod.meta.uid.clone());
        own.or_else(|| self.state.borrower(holder).map(|(_, occupant)| occupant.pod_uid))
    }

    /// The claim that a NIC keeps in a family. Who borrows goes on with none that it let go of: the lender may keep that one or another.
    pub(super) fn kept<'a>(&'a self, want: &'a Want, family: Family) -> Option<&'a Claim> {
        let standing = self.state.claims.of_nic(want.claimant()).filter_map(|(_, slot)| slot.standing());
        let is_user = |claim: &Claim| want.lent.as_ref().is_none_or(|lent| claim.may_use(&lent.to));
        let is_its = |claim: &&Claim| claim.key.addr.family() == family && is_user(claim);
        let mut standing = standing.filter(|claim| is_its(claim) && self.is_on_its_network(want, claim));
        let first = standing.next()?;
        // There is nearly always one.
        let Some(second) = standing.next() else { return Some(first) };
        let holder = &want.claimant().holder;
        let user = self.user(holder);
        let told = |claim: &Claim| want.told.get(family) == Some(claim.key.addr);
        // A hand may have taken what the pod was told, which it has read by then.
        let of_life = |ip: &&Ip| is_of_life(ip, user.as_ref().unwrap_or(&Uid::None), holder);
        let written = self.state.world.ips.named(&port_of(want)).filter(of_life).and_then(|ip| recorded(ip, family));
        let is_written = |claim: &Claim| written == Some(claim.key.addr);
        let is_forsworn = |claim: &Claim| claim.is_let_go() && user.as_ref() == Some(&claim.occupant.pod_uid);
        let is_said = |claim: &Claim| self.is_said(want, claim.key.addr.into());
        let key = |claim: &&Claim| {
            let by_pod = (!claim.in_use, is_forsworn(claim), !told(claim), !self.suits(want, claim));
            (by_pod, !is_said(claim), !is_written(claim), claim.created, claim.key.clone())
        };
        [first, second].into_iter().chain(standing).min_by_key(key)
    }

    /// Whether a claim of a pod's NIC may be on the network of that NIC: the Subnet that its address is of is not another network's. One that was
    /// made again while nobody could read how the pod's NICs are called may have the name of another NIC.
    pub(super) fn is_on_its_network(&self, want: &Want, claim: &Claim) -> bool {
        let provider = &want.annotations.0;
        let has_other_name = provider.is_empty() || is_primary(provider);
        let is_its = || self.state.books.network(&claim.key).is_none_or(|network| network == provider);
        !matches!(claim.nic.holder, HolderId::Pod(_)) || has_other_name || is_its()
    }
}

/// The IP object that says what a NIC has: the machine's, where a launcher pod uses that.
fn port_of(want: &Want) -> Str {
    let lender = want.lent.as_ref().map(|lent| &lent.nic.holder).filter(|lender| lender.is_vm());
    let machine = lender.and_then(owner);
    let port = |(_, namespace, name): (Kind, Str, Str)| {
        let (provider, suffix) = &want.annotations;
        Str::from(port_name(&name, &namespace, provider) + suffix)
    };
    machine.map_or_else(|| want.port.clone(), port)
}
