//! Annotations of pods: which addresses each NIC has.
//!
//! In: the claims that a pod's NICs keep. Out: one patch with the annotations of all NICs that have what they want.
//! Guarantees: written once for all NICs of a pod; not before each of them is served or refused, its claims name the pod, nothing else is
//! asked for it, and who lends it says so; and what it was told before not unless a fresh read shows that it has no claim of that.

use crate::manage::claims::{Claim, Slot};
use crate::manage::command::Action;
use crate::manage::engine::Engine;
use crate::manage::holders::{self, Entitled, primary::is_primary};
use crate::manage::id::{ClaimKey, HolderId};
use crate::manage::taken::says_life;
use crate::manage::want::Want;
use crate::record::provider_value;
use api::names::DEFAULT_VPC;
use api::slim::{Pod, Str};
use ledger::{AddrPair, Family, Mac};
use std::collections::BTreeMap;

impl Engine {
    /// Tells a pod its addresses.
    pub(super) fn project_annotations(&mut self, entitled: &Entitled) {
        let Some(first) = entitled.wants.first() else { return };
        let holder = &first.nic.holder;
        let Some(pod) = self.state.pod(holder) else { return };
        let (mut set, mut unread) = (BTreeMap::new(), Vec::new());
        for want in entitled.wants.iter().filter(|want| want.has_records()) {
            match self.served(want) {
                // It is told once the MAC is its own.
                Some(_) if self.lost_mac(want).is_some() => {}
                Some((_, addrs)) if !self.may_be_told(pod, want, addrs) => return,
                Some((subnet, addrs)) => {
                    unread.extend(self.unread_told(pod, want, addrs));
                    self.annotate(pod, want, &subnet, addrs, &mut set);
                }
                None if self.waiting.told(&want.nic).is_some() => {}
                None => return,
            }
        }
        if set.is_empty() {
            return;
        }
        let (namespace, name, uid) = (pod.meta.namespace.clone(), pod.meta.name.clone(), pod.meta.uid.clone());
        let version = pod.meta.resource_version.clone();
        if !unread.is_empty() {
            return self.read_told(holder, version, unread);
        }
        self.send(Action::AnnotatePod { namespace, name, uid, version, set }, holder);
    }

    /// Whether a pod may be told addresses of a NIC now.
    fn may_be_told(&self, pod: &Pod, want: &Want, addrs: AddrPair) -> bool {
        !self.is_asking(want) && self.is_user(want, pod, addrs) && (want.told == addrs || self.is_said(want, addrs))
    }

    /// What the pod was told beside what it has, and is not known to have: another controller may have claimed that for it, and it may start with
    /// that. A fresh read of such a claim counts as long as the pod is not changed.
    fn unread_told(&self, pod: &Pod, want: &Want, addrs: AddrPair) -> Vec<ClaimKey> {
        let kept = addrs.iter().filter_map(|addr| self.kept(want, addr.family()));
        let beside = kept.filter_map(|claim| {
            let told = want.told.get(claim.key.addr.family()).filter(|told| *told != claim.key.addr)?;
            Some(ClaimKey { wire: claim.key.wire.clone(), addr: told })
        });
        let reads = self.state.told_reads.get(&want.nic.holder);
        let reads = reads.filter(|(version, _)| *version == pod.meta.resource_version);
        let is_known = |key: &ClaimKey| {
            let standing = self.state.claims.get(key).and_then(Slot::standing);
            let is_its = |claim: &Claim| claim.has_user(&pod.meta.uid) || claim.nic == *want.claimant();
            standing.is_some_and(is_its) || reads.is_some_and(|(_, read)| read.contains(key))
        };
        beside.filter(|key| !is_known(key)).collect()
    }

    /// Reads the claims of what a pod of that version was told.
    fn read_told(&mut self, holder: &HolderId, version: Str, unread: Vec<ClaimKey>) {
        let (of, read) = self.state.told_reads.entry(holder.clone()).or_default();
        if *of != version {
            *of = version;
            read.clear();
        }
        unread.into_iter().for_each(|key| self.send(Action::ReadClaim(key), holder));
    }

    /// Whether a reservation or a Vip that lends addresses says them, or will not: of two controllers that each claimed one for it, the one whose
    /// address it says tells its pod.
    pub(in crate::manage) fn is_said(&self, want: &Want, addrs: AddrPair) -> bool {
        let says_life = |lender: &&HolderId| lender.name().is_some_and(|of| says_life(&of.kind));
        let lender = want.lent.as_ref().map(|lent| &lent.nic.holder).filter(says_life);
        let lender = lender.and_then(|lender| holders::entitled(&self.state, lender)).filter(|lender| lender.may_grow);
        let Some(own) = lender.and_then(|lender| lender.wants.into_iter().next()) else { return true };
        match own.record() {
            Some(said) => addrs.iter().all(|addr| said.get(addr.family()).is_none_or(|said| said == addr)),
            None => self.served(&own).is_none(),
        }
    }

    /// Whether another address was asked for, and nobody knows yet whether it was given: its pod may have been told that by hand, and run with it
    /// as soon as the claim is there.
    pub(in crate::manage) fn is_asking(&self, want: &Want) -> bool {
        self.state.claims.of_nic(want.claimant()).any(|(_, slot)| matches!(slot, Slot::Asked(_)))
    }

    /// Whether the claims of addresses name a pod: before, another controller may let them go, and what a pod was told it asks for again.
    fn is_user(&self, want: &Want, pod: &Pod, addrs: AddrPair) -> bool {
        let mut kept = addrs.iter().filter_map(|addr| self.kept(want, addr.family()));
        kept.all(|claim| claim.has_user(&pod.meta.uid))
    }

    /// The annotations of one NIC, if any of them is not there yet.
    fn annotate(&self, pod: &Pod, want: &Want, subnet: &Str, addrs: AddrPair, set: &mut BTreeMap<String, String>) {
        let (provider, suffix) = &want.annotations;
        let text = addrs.to_string();
        let is = |name: &str, value: &str| {
            provider_value(&pod.meta.annotations, provider, &format!("{name}{suffix}")) == Some(value)
        };
        let primary = if is_primary(provider) { self.primary_annotations(want, subnet) } else { Vec::new() };
        let is_told = primary.iter().filter(|(name, _)| is_read(name)).all(|(name, value)| is(name, value));
        if is("allocated", "true") && is("ip_address", &text) && is_told {
            return;
        }
        let mut put = |name: &str, value: String| {
            set.insert(format!("{provider}.kubernetes.io/{name}{suffix}"), value);
        };
        put("allocated", "true".to_owned());
        put("ip_address", text);
        if let Some(spec) = self.state.books.spec(subnet) {
            put("cidr", spec.cidrs().to_string());
            put("gateway", spec.gateways().to_string());
        }
        if let Some(mac) = want.mac.named() {
            put("mac_address", mac.to_string());
        }
        primary.into_iter().for_each(|(name, value)| put(name, value));
    }

    /// What a pod is told of its NIC on the primary network beside that (Kube-OVN `pkg/controller/pod.go`,
    /// reconcileAllocateSubnets). It is routed as soon as it has an address: nothing is programmed from here.
    fn primary_annotations(&self, want: &Want, subnet: &Str) -> Vec<(&'static str, String)> {
        let spec = self.state.world.subnets.named(subnet).map(|subnet| &subnet.spec);
        let vpc = spec.map(|spec| spec.vpc.as_str()).filter(|vpc| !vpc.is_empty()).unwrap_or(DEFAULT_VPC);
        let mac = self.mac(want).map(|mac| ("mac_address", mac.to_string()));
        let mut all = vec![
            ("logical_switch", subnet.to_string()),
            ("logical_router", vpc.to_owned()),
            ("pod_nic_type", "veth-pair".to_owned()),
            ("routed", "true".to_owned()),
        ];
        all.extend(mac);
        all
    }

    /// The MAC that the claims of a NIC have.
    pub(super) fn mac(&self, want: &Want) -> Option<Mac> {
        Family::BOTH.into_iter().find_map(|family| self.kept(want, family)?.mac)
    }
}

/// Whether an annotation is one that is read, so that it can be compared.
fn is_read(name: &str) -> bool {
    matches!(name, "logical_switch" | "mac_address")
}
