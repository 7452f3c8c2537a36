//! Vips: what they were given, and to whom they are lent.
//!
//! In: the claims of a Vip, the pod that borrows it. Out: one patch of spec, status and labels (a Vip has no subresource);
//! the IP objects of former borrowers gone. Guarantees: what a person asked for stays as it is written, and where it is not
//! what the Vip has, a condition says so.

use super::ip::holder_of;
use super::ready::{Ready, ready};
use crate::manage::command::Action;
use crate::manage::engine::Engine;
use crate::manage::holders::reservation::is_reservation;
use crate::manage::holders::{self, Entitled};
use crate::manage::id::HolderId;
use crate::manage::want::Want;
use crate::manage::write::Write;
use crate::record::is_finished;
use api::names::labels;
use api::slim::{Field, Ip, Kind, Meta, Str, Vip};
use ledger::{Addr, AddrPair, Family, Mac};
use serde_json::{Map, Value, json};

impl Engine {
    /// Makes a Vip say what it holds.
    pub(super) fn project_vip(&mut self, name: &Str, entitled: Option<&Entitled>) {
        let (Some(entitled), Some(vip)) = (entitled, self.state.world.vips.named(name)) else { return };
        if vip.meta.is_deleted() {
            let meta = vip.meta.clone();
            if self.state.serves(&vip.spec.subnet) {
                self.let_finish(Kind::Vip, &meta, true, &entitled.holder);
            }
            return;
        }
        let Some(want) = entitled.wants.first() else { return };
        let served = self.served(want);
        if served.is_some() && self.takes_over(want) {
            return;
        }
        let Some(vip) = self.state.world.vips.named(name) else { return };
        let patch = match served {
            Some((subnet, addrs)) => self.given(vip, want, &subnet, addrs, &self.port_of_borrower(entitled)),
            None => self.waiting.told(&want.nic).and_then(|why| self.refused_vip(vip, why)),
        };
        if let Some(patch) = patch {
            let write = Write::new(Kind::Vip, &vip.meta, patch);
            self.send(Action::Write(Box::new(write)), &entitled.holder);
        }
        self.remove_borrowed(&entitled.holder);
    }

    /// The port that has the addresses of a lender now; empty where none has.
    fn port_of_borrower(&self, entitled: &Entitled) -> Str {
        let user = self.state.borrower(&entitled.holder).filter(|_| self.is_on(entitled));
        let of_user = user.and_then(|(user, _)| holders::entitled(&self.state, user));
        let lent = |want: &Want| want.lent.as_ref().is_some_and(|lent| lent.nic.holder == entitled.holder);
        of_user.and_then(|user| user.wants.into_iter().find(lent)).map(|want| want.port).unwrap_or_default()
    }

    /// What a Vip with addresses lacks; none where it says everything.
    fn given(&self, vip: &Vip, want: &Want, subnet: &Str, addrs: AddrPair, port: &Str) -> Option<Value> {
        let mut patch = Patch::default();
        for (label, value) in [(labels::SUBNET, subnet), (labels::IP_RESERVED, port)] {
            // A name that is too long for a label is left out: the claim says whose it is.
            if value.len() <= super::LABEL && vip.meta.label(label) != Some(value) {
                patch.labels.insert(label.to_owned(), json!(value.as_str()));
            }
        }
        patch.fill(&vip.spec.v4, &vip.status.v4, "v4ip", addrs.get(Family::V4));
        patch.fill(&vip.spec.v6, &vip.status.v6, "v6ip", addrs.get(Family::V6));
        patch.fill_mac(vip, want.mac.named().or_else(|| self.mac(want)));
        if vip.status.type_ != vip.spec.type_ {
            patch.status.insert("type".to_owned(), json!(vip.spec.type_.as_str()));
        }
        let changed = changed(&[("spec.v4ip", &vip.spec.v4), ("spec.v6ip", &vip.spec.v6)], addrs);
        let said = match &changed {
            None => Ready::yes("AddressAllocated", ""),
            Some(why) => Ready::yes("AddressChangeRefused", why),
        };
        patch.status.extend(ready(&vip.status.conditions, &said, 0, self.now));
        patch.body()
    }

    /// What a Vip without addresses does not say yet.
    fn refused_vip(&self, vip: &Vip, why: &str) -> Option<Value> {
        let said = Ready::no("AcquireAddressFailed", why);
        let patch = Patch { status: ready(&vip.status.conditions, &said, 0, self.now), ..Patch::default() };
        patch.body()
    }

    /// Removes the IP objects that say that a pod has an address of a lender, and does not use it any more. Those of a pod that no
    /// watch has shown are judged on its own behalf, after a fresh read; those that say what their pod was told before its claim was lost stay.
    fn remove_borrowed(&mut self, holder: &HolderId) {
        let mut found: Vec<Meta> = Vec::new();
        for (key, slot) in self.state.claims.of_holder(holder) {
            let ips = self.state.ips_at.of(&key.addr).map(|ip| &**ip);
            let on_wire = |ip: &&Ip| self.state.books.wire(&ip.spec.subnet) == Some(&key.wire);
            let is_unknown = |ip: &Ip| holder_of(ip).is_some_and(|of| !self.state.pods.contains_key(&of));
            let outlasts = |ip: &Ip| self.outlasts(ip, slot.standing());
            let former =
                |ip: &&Ip| !is_reservation(ip) && !self.borrows(holder, ip) && !is_unknown(ip) && !outlasts(ip);
            found.extend(ips.filter(on_wire).filter(former).map(|ip| ip.meta.clone()));
        }
        for meta in &found {
            self.remove_ip(meta, holder);
        }
    }

    /// Whether the pod that an IP object is of uses the addresses of a lender, or would. Of one that cannot be read its claim says that.
    fn borrows(&self, lender: &HolderId, ip: &Ip) -> bool {
        let pod = self.state.world.pods.get(&ip.spec.namespace, &ip.spec.pod_name).filter(|pod| !is_finished(pod));
        pod.is_some_and(|pod| {
            let user = HolderId::of_pod(pod);
            let asks = self.state.lending.users(lender).any(|other| *other == user);
            asks || holders::unread(&self.state, &user).is_some() && self.state.is_occupant(&pod.meta.uid, lender)
        })
    }
}

/// Why the spec is not what the object has; none where it is, or says nothing.
pub(super) fn changed(spec: &[(&str, &Field<Addr>)], addrs: AddrPair) -> Option<String> {
    let differs = |(name, field): &(&str, &Field<Addr>)| {
        let asked = field.get().filter(|asked| addrs.get(asked.family()) != Some(**asked))?;
        Some(format!("{name}: {asked} is not taken over, since {addrs} is given; delete the object and make another"))
    };
    spec.iter().find_map(differs)
}

/// A patch as it is put together.
#[derive(Default)]
struct Patch {
    labels: Map<String, Value>,
    spec: Map<String, Value>,
    status: Map<String, Value>,
}

impl Patch {
    /// Says an address in the status, and in the spec where that asks for none.
    fn fill(&mut self, spec: &Field<Addr>, status: &Field<Addr>, name: &str, addr: Option<Addr>) {
        let Some(addr) = addr else { return };
        if spec.is_absent() {
            self.spec.insert(name.to_owned(), json!(addr.to_string()));
        }
        if status.get() != Some(&addr) {
            self.status.insert(name.to_owned(), json!(addr.to_string()));
        }
    }

    fn fill_mac(&mut self, vip: &Vip, mac: Option<Mac>) {
        let Some(mac) = mac else { return };
        if vip.spec.mac.is_absent() {
            self.spec.insert("macAddress".to_owned(), json!(mac.to_string()));
        }
        if vip.status.mac.get() != Some(&mac) {
            self.status.insert("mac".to_owned(), json!(mac.to_string()));
        }
    }

    /// The patch; none where nothing is to be said.
    fn body(self) -> Option<Value> {
        let parts = [("spec", self.spec), ("status", self.status)].into_iter().filter(|(_, part)| !part.is_empty());
        let mut body: Map<String, Value> = parts.map(|(name, part)| (name.to_owned(), part.into())).collect();
        if !self.labels.is_empty() {
            body.insert("metadata".to_owned(), json!({"labels": self.labels}));
        }
        (!body.is_empty()).then(|| body.into())
    }
}
