//! IP objects: one per NIC, named by Kube-OVN's port.
//!
//! In: the claims that a NIC keeps. Out: commands that make its IP object say the same. Guarantees: an IP object that is
//! written here carries its holder's UID, so that one left behind is known for what it is; a reservation is left alone.

use crate::holder::{IpRole, ip_role};
use crate::life::split_ordinal;
use crate::manage::call::{HOLDER_KIND, HOLDER_UID, labels_of_ip};
use crate::manage::claims::Claim;
use crate::manage::command::{Action, NewIp, ObjectId};
use crate::manage::engine::Engine;
use crate::manage::holders::foreign::node_of;
use crate::manage::holders::reservation::{self, is_reservation};
use crate::manage::holders::{self, Entitled, pod::recorded, primary::is_primary};
use crate::manage::id::{ClaimKey, GATEWAY, HolderId, STATEFUL_SET, VIP, VM};
use crate::manage::want::Want;
use crate::record::is_finished;
use crate::world::Shared;
use api::names;
use api::slim::{Field, Ip, IpSpec, Kind, Meta, Pod, PodType, Str, Uid};
use ledger::{AddrPair, AddrRange, Cidr, Family};
use std::sync::Arc;

/// The addresses of an IP object.
fn addrs(ip: &Ip) -> AddrPair {
    let mut pair = AddrPair::NONE;
    Family::BOTH.into_iter().for_each(|family| pair.set(family, recorded(ip, family)));
    pair
}

/// The holder that an IP object was written for: a pod by its UID, others by their kind and the name of their pod.
pub(super) fn holder_of(ip: &Ip) -> Option<HolderId> {
    if let Some(uid) = ip.meta.label(HOLDER_UID) {
        return Some(HolderId::Pod(Uid::parse(uid)));
    }
    let kind = ip.meta.label(HOLDER_KIND)?;
    Some(HolderId::named(kind, ip.spec.namespace.clone(), ip.spec.pod_name.clone()))
}

/// Whether an IP object may be the record of a pod: not one that names another life.
pub(in crate::manage) fn is_of_life(ip: &Ip, uid: &Uid, holder: &HolderId) -> bool {
    match ip.meta.label(HOLDER_UID).map(Uid::parse) {
        Some(of) => of == *uid || HolderId::Pod(of) == *holder,
        None => true,
    }
}

/// Whether an IP object says which life of a pod it is of, and it is this one: then it was written when that was served.
pub(in crate::manage) fn names_life(ip: &Ip, uid: &Uid) -> bool {
    ip.meta.label(HOLDER_UID).is_some_and(|of| Uid::parse(of) == *uid)
}

/// The holder that an IP object of Kube-OVN's keeps addresses for although it may have no pod now: an ordinal or a machine. An
/// older version wrote no type; whatever stands there, the name of an ordinal may be one.
fn kept_for(ip: &Ip) -> Option<HolderId> {
    let spec = &ip.spec;
    let kind = match spec.pod_type {
        PodType::VirtualMachine => VM,
        PodType::StatefulSet => STATEFUL_SET,
        _ if split_ordinal(&spec.pod_name).is_some() => STATEFUL_SET,
        _ => return None,
    };
    let is_of_pod = ip.meta.label(HOLDER_UID).is_some();
    let holder = || HolderId::named(kind, spec.namespace.clone(), spec.pod_name.clone());
    (!is_of_pod && !is_reservation(ip)).then(holder)
}

impl Engine {
    /// Takes in an IP object.
    pub(in crate::manage) fn ip_seen(&mut self, ip: Arc<Ip>) {
        self.ip_gone(&ip.meta.name);
        let ip = self.state.world.ips.put(ip);
        addrs(&ip).iter().for_each(|addr| {
            self.state.ips_at.insert(addr, ip.clone());
        });
        if let Some(holder) = kept_for(&ip) {
            self.state.kept.insert(holder, ip.clone());
        }
        if let Some(holder) = holder_of(&ip) {
            self.state.ips_of.insert(holder, ip.clone());
        }
        self.about_ip(&ip);
    }

    /// Forgets where an IP object is, before it goes or changes.
    pub(in crate::manage) fn ip_gone(&mut self, name: &Str) {
        let Some(ip) = self.state.world.ips.shared("", name).cloned() else { return };
        for addr in addrs(&ip).iter() {
            self.state.ips_at.remove(&addr, &ip);
        }
        if let Some(holder) = kept_for(&ip) {
            self.state.kept.remove(&holder, &ip);
        }
        if let Some(holder) = holder_of(&ip) {
            self.state.ips_of.remove(&holder, &ip);
            if let HolderId::Pod(uid) = &holder
                && !self.state.is_occupant(uid, &holder)
            {
                self.state.forget_pod_facts(uid);
            }
        }
        self.about_ip(&ip);
    }

    /// A Subnet came, or changed: whoever has a record in it is looked at. No provider leads to an ordinal without a pod, nor to a pod that
    /// cannot be read.
    pub(in crate::manage) fn about_records_in(&mut self, subnet: &Str) {
        let Some(spec) = self.state.books.spec(subnet) else { return };
        let blocks = Family::BOTH.into_iter().filter_map(|family| spec.cidr(family)).map(|cidr: Cidr| cidr.range());
        let within = |block: AddrRange| self.state.ips_at.within(block.first()..=block.last());
        let of_it = blocks.flat_map(within).filter(|ip| ip.spec.subnet == *subnet);
        let ips: Vec<Shared<Ip>> = of_it.cloned().collect();
        ips.iter().for_each(|ip| self.about_ip(ip));
    }

    /// A claim is gone: whose records say its address is looked at. Such a record may be another's than its holder's.
    pub(in crate::manage) fn about_records_of(&mut self, key: &ClaimKey) {
        let is_on_it = |ip: &&Shared<Ip>| self.state.books.wire(&ip.spec.subnet).is_none_or(|wire| *wire == key.wire);
        let holders = self.state.ips_at.of(&key.addr).filter(is_on_it).filter_map(|ip| holder_of(ip));
        self.dirty.extend(holders);
    }

    /// Whoever an IP object concerns is looked at: whose it is, and the pod of that name.
    fn about_ip(&mut self, ip: &Ip) {
        self.dirty.extend(holder_of(ip));
        self.dirty.extend(kept_for(ip));
        self.dirty.extend(node_of(ip));
        let reservation = reservation::holder(&ip.meta.name);
        if is_reservation(ip) || self.state.claims.of_holder(&reservation).next().is_some() {
            self.dirty.insert(reservation);
        }
        let pod = self.state.world.pods.get(&ip.spec.namespace, &ip.spec.pod_name);
        if let Some(pod) = pod.map(HolderId::of_pod) {
            // Whoever lends to the pod has what it was told, where that is on record.
            self.dirty.extend(self.state.lending.lenders(&pod).cloned());
            self.dirty.insert(pod);
        }
        let wire = self.state.books.wire(&ip.spec.subnet).cloned().unwrap_or_default();
        for addr in addrs(ip).iter() {
            let slot = self.state.claims.get(&ClaimKey { wire: wire.clone(), addr });
            self.dirty.extend(slot.map(|slot| slot.nic().holder.clone()));
        }
    }

    /// Makes the IP object of each NIC that has all its addresses say so.
    pub(super) fn project_ips(&mut self, entitled: &Entitled) {
        // What a launcher pod uses is on record for its virtual machine; and what nobody uses is not lent.
        let unused = entitled.occupant.pod_uid == Uid::None;
        let is_other = |want: &Want| want.lent.as_ref().is_some_and(|lent| unused || lent.nic.holder.is_vm());
        for want in entitled.wants.iter().filter(|want| want.has_records() && !is_other(want)) {
            let Some(ip) = self.record_of(entitled, want) else { continue };
            let holder = &want.nic.holder;
            match self.state.world.ips.named(&ip.name) {
                None => self.send(Action::CreateIp(Box::new(ip)), holder),
                Some(known) if is_reservation(known) || self.is_of_namesake(known, holder) => {}
                // It goes, and is made anew.
                Some(known) if known.meta.is_deleted() => {
                    let meta = known.meta.clone();
                    self.let_finish(Kind::Ip, &meta, true, holder);
                }
                Some(known) if says(known, &ip) => {}
                Some(known) => {
                    // What it says may be what the pod was told, by a pod that is newer than the one that is known.
                    let doubt = self.doubt_of_told(&known.spec).filter(|_| addrs(known) != ip.addrs);
                    let (uid, version) = (known.meta.uid.clone(), known.meta.resource_version.clone());
                    let said = known.spec.subnet.clone();
                    let update = Action::UpdateIp { ip: Box::new(ip), uid, version, said };
                    // While it is left alone a read is of no use, and each answer would lead to the next one.
                    let doubt = doubt.filter(|_| !self.flight.is_busy(&update.object()));
                    self.send(doubt.unwrap_or(update), holder);
                }
            }
        }
    }

    /// Whether an IP object says what a machine has that is called like this pod, or the other way: there is one name for both,
    /// and who has it keeps it.
    fn is_of_namesake(&self, known: &Ip, holder: &HolderId) -> bool {
        let other = holder_of(known).filter(|other| other.is_vm() != holder.is_vm());
        other.is_some_and(|other| {
            self.state.claims.of_holder(&other).any(|(key, _)| addrs(known).get(key.addr.family()) == Some(key.addr))
        })
    }

    /// The IP object of a NIC; none until all its claims stand.
    fn record_of(&self, entitled: &Entitled, want: &Want) -> Option<NewIp> {
        let is_told = || self.state.world.ips.named(&want.port).is_some_and(|ip| self.says_what_was_told(ip));
        let is_its = |claim: &Claim| claim.is_unused() || claim.has_user(&entitled.occupant.pod_uid);
        let is_used = || Family::BOTH.into_iter().filter_map(|family| self.kept(want, family)).all(is_its);
        let (subnet, addrs) = match self.served(want) {
            Some(served) if is_used() => served,
            // Its pod goes on with that, and there is no other record of it.
            _ if is_told() => return None,
            // What it keeps until there is another one in its place is on record, too.
            served => served.or_else(|| self.all_kept(want))?,
        };
        // Without a pod it stays the node of the last one.
        let last =
            || self.state.world.ips.named(&want.port).map(|ip| &ip.spec.node_name).filter(|node| !node.is_empty());
        let used = || Family::BOTH.into_iter().find_map(|family| Some(&self.kept(want, family)?.occupant.node));
        let now = Some(&entitled.occupant.node).filter(|node| !node.is_empty());
        Some(NewIp {
            name: want.port.clone(),
            holder: want.nic.holder.clone(),
            pod: entitled.title.name.clone(),
            namespace: entitled.title.namespace.clone(),
            subnet,
            node: now.or_else(last).or_else(used).cloned().unwrap_or_default(),
            addrs,
            // Kube-OVN keeps none where the dataplane is another's; the claim has it.
            mac: self.mac(want).filter(|_| is_primary(&want.annotations.0)),
            pod_type: [STATEFUL_SET, VM]
                .into_iter()
                .find(|kind| entitled.title.kind == *kind)
                .unwrap_or_default()
                .into(),
        })
    }

    /// The Subnet and the addresses of a NIC that has one in each family that it wants, and may go on with them.
    pub(in crate::manage) fn served(&self, want: &Want) -> Option<(Str, AddrPair)> {
        self.addresses(want, |claim| self.suits(want, claim))
    }

    /// The same, whether its next user may have them or not.
    fn all_kept(&self, want: &Want) -> Option<(Str, AddrPair)> {
        self.addresses(want, |_| true)
    }

    fn addresses(&self, want: &Want, counts: impl Fn(&Claim) -> bool) -> Option<(Str, AddrPair)> {
        let mut pair = AddrPair::NONE;
        let mut subnet = None;
        for family in Family::BOTH {
            if let Some(claim) = self.kept(want, family).filter(|claim| counts(claim)) {
                pair.set(family, Some(claim.key.addr));
                let containing = self.state.books.containing(&claim.key).unwrap_or(&claim.subnet);
                subnet = subnet.or_else(|| Some(containing.clone()));
            }
        }
        // Of what another manager gives out now nothing is said from here.
        let subnet = subnet.filter(|subnet| !self.state.books.is_foreign(subnet))?;
        let has = |family| self.state.books.spec(&subnet).is_some_and(|spec| spec.cidr(family).is_some());
        let wanted = |family: &Family| want.family.is_none_or(|only| only == *family) && has(*family);
        Family::BOTH
            .iter()
            .filter(|family| wanted(family))
            .all(|&family| pair.get(family).is_some())
            .then_some((subnet, pair))
    }

    /// Removes the IP objects that say what a claim says, before the claim goes; whether there are any, or may be once what is under way is
    /// done.
    pub(in crate::manage) fn remove_records(&mut self, claim: &Claim) -> bool {
        let ips = self.state.ips_at.of(&claim.key.addr);
        let of_claim = |ip: &&Ip| !is_reservation(ip) && self.is_of(ip, claim) && !self.outlasts(ip, Some(claim));
        let found: Vec<Meta> = ips.map(|ip| &**ip).filter(of_claim).map(|ip| ip.meta.clone()).collect();
        let mut any = false;
        for meta in &found {
            any |= self.remove_ip(meta, &claim.nic.holder);
        }
        if let Some(ip) = self.flight.record_asked(claim.key.addr, claim.users()) {
            self.flight.await_turn(ip, claim.nic.holder.clone());
            return true;
        }
        any
    }

    /// Whether an IP object says what a living pod was told, of a claim that was made again after the pod's was lost, or is asked for, and not for
    /// that pod: it is all that says so.
    pub(super) fn outlasts(&self, ip: &Ip, claim: Option<&Claim>) -> bool {
        let pod = self.state.world.pods.get(&ip.spec.namespace, &ip.spec.pod_name);
        // Its holder may have been an ordinal when it was written.
        let uses = |pod: &Pod| claim.is_some_and(|claim| claim.has_user(&pod.meta.uid));
        pod.is_some_and(|pod| !uses(pod)) && self.says_what_was_told(ip)
    }

    /// Whether the pod of a claim was told its address, by its record.
    pub(in crate::manage) fn was_told(&self, claim: &Claim) -> bool {
        let ips = self.state.ips_at.of(&claim.key.addr).map(|ip| &**ip);
        ips.filter(|ip| self.is_of(ip, claim)).any(|ip| self.says_what_was_told(ip))
    }

    /// Removes an IP object, and first the finalizer that Kube-OVN left on it, by which it would stay; whether it is still to go.
    /// One that was deleted and that somebody else's finalizer holds is in nobody's way.
    pub(super) fn remove_ip(&mut self, meta: &Meta, holder: &HolderId) -> bool {
        if meta.has_kubeovn_finalizer() {
            self.drop_finalizers(Kind::Ip, meta, holder);
        } else if meta.is_deleted() {
            return false;
        } else {
            let (name, uid, version) = (meta.name.clone(), meta.uid.clone(), meta.resource_version.clone());
            self.send(Action::DeleteIp { name, uid, version }, holder);
        }
        true
    }

    /// Whether an IP object is the record of a claim: written for its holder, or by Kube-OVN for the pod of that name. What
    /// a Vip or a gateway lent goes with it at the latest.
    fn is_of(&self, ip: &Ip, claim: &Claim) -> bool {
        let wire = self.state.books.wire(&ip.spec.subnet);
        let lends = [VIP, GATEWAY].contains(&claim.title.kind.as_str());
        match (holder_of(ip), wire) {
            (_, Some(wire)) if *wire != claim.key.wire => false,
            (_, Some(_)) if lends => true,
            (None, Some(_)) if claim.title.kind == Kind::Subnet.name() => {
                matches!(ip_role(ip), IpRole::U2o | IpRole::Mcast) && ip.spec.subnet == claim.title.name
            }
            (_, None) if lends => ip.spec.subnet == claim.subnet,
            (Some(holder), _) => holder == claim.nic.holder,
            (None, _) => ip.spec.pod_name == claim.title.name && ip.spec.namespace == claim.title.namespace,
        }
    }

    /// Removes IP objects that were written for a holder and say an address that it neither has nor uses. One that says what its
    /// pod was told stays: it is all that says so once the claim is lost, even where another holder has the address by then.
    pub(super) fn remove_orphans(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        if !self.state.ips_of.has(holder) {
            return;
        }
        let ips = self.state.ips_of.of(holder);
        let lent = entitled.into_iter().flat_map(|entitled| &entitled.wants).filter(|want| want.lent.is_some());
        let used: Vec<&ClaimKey> =
            lent.flat_map(|want| self.state.claims.of_nic(want.claimant())).map(|(key, _)| key).collect();
        let user = self.state.pod(holder).map(|pod| &pod.meta.uid);
        let is_kept = |ip: &Ip| {
            // The same address of another network is another one.
            let wire = self.state.books.wire(&ip.spec.subnet);
            let is_on_it = |key: &&ClaimKey| wire.is_none_or(|wire| *wire == key.wire);
            let held = self.state.claims.of_holder(holder).map(|(key, _)| key).chain(used.iter().copied());
            held.filter(is_on_it).any(|key| addrs(ip).get(key.addr.family()) == Some(key.addr))
                || user.is_some_and(|user| self.state.uses(user, ip))
                || self.says_what_was_told(ip)
        };
        let orphans = ips.filter(|ip| !is_reservation(ip) && !is_kept(ip));
        let orphans = orphans.filter(|ip| !self.state.books.is_foreign(&ip.spec.subnet));
        let found: Vec<(Meta, IpSpec)> = orphans.map(|ip| (ip.meta.clone(), ip.spec.clone())).collect();
        for (meta, spec) in found {
            let object = ObjectId::named(Kind::Ip, &meta.name);
            if self.flight.is_busy(&object) {
                self.flight.await_turn(object, holder.clone());
                continue;
            }
            let doubt = self.doubt_of(holder, &spec).filter(|_| entitled.is_none());
            // A fresh read counts for one look: of whose owner one says that it is gone, no other one is asked for.
            let told = || self.doubt_of_told(&spec).filter(|_| !self.state.disowned.contains(holder));
            match doubt.or_else(told) {
                Some(read) => self.send(read, holder),
                None => drop(self.remove_ip(&meta, holder)),
            }
        }
    }

    /// The fresh read that says whether the holder of an IP object is gone, or only not seen yet; none where that is known.
    fn doubt_of(&self, holder: &HolderId, ip: &IpSpec) -> Option<Action> {
        match holder {
            HolderId::Pod(uid) if !self.knows(uid, ip) => {
                let (namespace, name, uid) = (ip.namespace.clone(), ip.pod_name.clone(), uid.clone());
                Some(Action::ReadPod { namespace, name, uid })
            }
            HolderId::Named(_) if !self.state.disowned.contains(holder) => {
                let (kind, namespace, name) = holders::owner(holder)?;
                Some(Action::ReadOwner { kind, namespace, name })
            }
            _ => None,
        }
    }

    /// The fresh read that says what the living pod of an IP object was told: what is known of it may be older, and where none is known
    /// there may be one.
    fn doubt_of_told(&self, ip: &IpSpec) -> Option<Action> {
        let place = (ip.namespace.clone(), ip.pod_name.clone());
        let pod = self.state.world.pods.get(&place.0, &place.1);
        let is_known = place.1.is_empty() || pod.is_some_and(is_finished) || self.state.read_pods.contains(&place);
        let uid = pod.map(|pod| pod.meta.uid.clone()).unwrap_or_default();
        (!is_known).then(|| Action::ReadPod { namespace: place.0, name: place.1, uid })
    }

    /// Whether it is known what became of the pod that an IP object was written for.
    fn knows(&self, uid: &Uid, ip: &IpSpec) -> bool {
        let pod = self.state.world.pods.get(&ip.namespace, &ip.pod_name);
        self.state.gone_pods.contains(uid) || pod.is_some_and(|pod| pod.meta.uid == *uid)
    }

    /// Whether an IP object says what the living pod of its name was told, for the same NIC, and was not written for another pod of
    /// that name.
    fn says_what_was_told(&self, ip: &Ip) -> bool {
        let pod = self.state.world.pods.get(&ip.spec.namespace, &ip.spec.pod_name);
        let pod = pod.filter(|pod| is_of_life(ip, &pod.meta.uid, &HolderId::of_pod(pod)));
        // By itself, since its StatefulSet may not have been seen yet.
        let entitled = pod.and_then(|pod| holders::pod::entitled(&self.state, pod));
        entitled.zip(pod).is_some_and(|(entitled, pod)| {
            entitled.wants.iter().any(|want| want.port == ip.meta.name && want.told == addrs(ip))
                || self.was_told_where_no_subnet_is(pod, ip)
        })
    }

    /// Whether a pod was told what an IP object says by a provider all of whose Subnets are gone: none of its NICs wants anything there, and it
    /// goes on with what it has.
    fn was_told_where_no_subnet_is(&self, pod: &Pod, ip: &Ip) -> bool {
        let port = names::provider_of_port(&ip.meta.name, &pod.meta.name, &pod.meta.namespace);
        let told = pod.meta.annotations.iter().filter_map(|(key, text)| {
            let (provider, nic) = key.split_once(".kubernetes.io/ip_address")?;
            let is_its = port.and_then(|port| port.strip_prefix(provider)).is_some_and(|rest| rest == nic);
            let is_gone = self.state.books.of_provider(provider).next().is_none();
            Field::<AddrPair>::parse(text).get().copied().filter(|_| is_its && is_gone)
        });
        told.into_iter().any(|pair| pair == addrs(ip))
    }
}

/// Whether an IP object says what it should.
fn says(known: &Ip, ip: &NewIp) -> bool {
    let spec = &known.spec;
    addrs(known) == ip.addrs
        && spec.ip_address.get() == Some(&ip.addrs)
        && spec.pod_name == ip.pod
        && spec.namespace == ip.namespace
        && spec.subnet == ip.subnet
        && spec.node_name == ip.node
        && ip.mac.is_none_or(|mac| spec.mac.get() == Some(&mac))
        && holder_of(known).as_ref() == Some(&ip.holder)
        && labels_of_ip(ip).iter().all(|(key, value)| known.meta.label(key) == value.as_str())
}
