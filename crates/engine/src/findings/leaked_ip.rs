//! `leaked-ip`: an IP object, Vip or claim whose holder is gone.
//!
//! In: every IP object, Vip and claim with the life of its holder. Out: one finding per object. Guarantees: absence is
//! concluded only of kinds that are known completely; reservations, retained addresses and what is in flight are no leaks.

use super::out::{Out, absence};
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::judge::Context;
use crate::life::{Gone, Life, Special};
use crate::repair::releases_nothing;
use crate::rest::{cooldown, cooling_since};
use crate::switch_lb::Served;
use api::slim::{AddressClaim, HasMeta, Kind, Vip};
use ledger::Addr;

/// Finds leaked records.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let world = context.world;
    for ip in world.ips.iter().filter(|ip| !ip.meta.is_deleted()) {
        let addrs = crate::record::addresses_of_ip(ip).collect();
        let life = context.life_of_ip(ip);
        // What cannot be read is held.
        if context.says_nothing(ip, &life) {
            continue;
        }
        let caution = match &life {
            Life::Gone(Gone::Special(special, subnet)) => Some(special_release(*special, subnet)),
            Life::Gone(_) => releases_nothing(&ip.meta).map(str::to_owned).or_else(|| context.shared_release(ip)),
            _ => None,
        };
        Leak { context, kind: Kind::Ip, object: ip, subnet: &ip.spec.subnet, addrs, caution }.judge(&life, out);
    }
    for claim in world.claims.iter().filter(|claim| !claim.meta.is_deleted()) {
        if world.is_unreadable(Kind::AddressClaim, &claim.meta, &["spec.holder"]) || rests(context, claim) {
            continue;
        }
        let addrs = claim.spec.address.get().copied().into_iter().collect();
        let finding =
            Leak { context, kind: Kind::AddressClaim, object: claim, subnet: &claim.spec.subnet, addrs, caution: None };
        finding.judge(&context.life_of_claim(claim), out);
    }
    for vip in world.vips.iter().filter(|vip| !vip.meta.is_deleted()) {
        health_check_vip(context, vip, out);
    }
    if world.ips.is_empty() && !world.coverage.is_complete(Kind::Ip) {
        out.not_judged(Code::LeakedIp, [Kind::Ip], 0);
    }
}

/// Whether a claim is kept although it was freed, since freed addresses of its Subnet rest for a while.
fn rests(context: &Context<'_>, claim: &AddressClaim) -> bool {
    let world = context.world;
    let since = cooling_since(&claim.status.conditions);
    let seconds = world.subnets.named(&claim.spec.subnet).and_then(|subnet| cooldown(subnet).ok());
    match (since, seconds, world.settings.now) {
        (Some(since), Some(seconds), Some(now)) => now.since(since) <= seconds.saturating_add(world.settings.grace),
        (Some(_), Some(seconds), None) => seconds > 0,
        (None, ..) | (_, None, _) => false,
    }
}

/// How a Subnet's own address is released: Kube-OVN's allocator knows it by another owner than the deletion names.
fn special_release(special: Special, subnet: &str) -> String {
    let field = match special {
        Special::U2o => "u2oInterconnection",
        Special::Mcast => "enableMulticastSnoop",
    };
    format!(
        "switch `{field}` of Subnet {subnet} on and off again, which releases it, and delete the object if it stays; deleting the object \
         alone does not free the address in the allocator's memory"
    )
}

/// Kube-OVN makes a Vip named like the Subnet for the health checks of SwitchLBRules, and can leave it behind.
fn health_check_vip(context: &Context<'_>, vip: &Vip, out: &mut Out) {
    if vip.meta.name != vip.spec.subnet {
        return;
    }
    let life = match context.rules_of_subnet(&vip.spec.subnet) {
        Served::Yes => return,
        Served::No => Life::Gone(Gone::SwitchLbRules),
        Served::Unknown(missing) => Life::Unknown(missing),
    };
    let addrs = [&vip.status.v4, &vip.status.v6].into_iter().filter_map(api::slim::Field::get).copied().collect();
    let caution = releases_nothing(&vip.meta).map(str::to_owned);
    Leak { context, kind: Kind::Vip, object: vip, subnet: &vip.spec.subnet, addrs, caution }.judge(&life, out);
}

/// A record that may be a leak.
struct Leak<'a, 'w, T> {
    context: &'a Context<'w>,
    kind: Kind,
    object: &'a T,
    subnet: &'a str,
    addrs: Vec<Addr>,
    /// What to do before it is deleted, or why that helps nobody.
    caution: Option<String>,
}

impl<T: HasMeta> Leak<'_, '_, T> {
    fn judge(self, life: &Life<'_>, out: &mut Out) {
        let reading = self.context.world.settings.reading;
        let new = self.context.world.is_new(self.object);
        match life {
            Life::Alive(_) | Life::Retained(_) | Life::Reserved => {}
            Life::Unknown(missing) => out.not_judged(Code::LeakedIp, missing.iter().copied(), 1),
            Life::Gone(gone) => {
                // A pod of that name that has no NIC, or a Subnet that says that it has no such address, contradicts the
                // record; all else is absence.
                let contradicted = matches!(gone, Gone::HostNetwork(..) | Gone::Special(..));
                let certainty = if contradicted { Certainty::Proven } else { absence(reading) };
                let how = match self.kind {
                    Kind::AddressClaim => "nothing needs the address any more",
                    _ => "Kube-OVN's controller then releases the address properly and removes the finalizer itself",
                };
                let simple = || format!("`kubectl delete {} {}`: {how}", self.kind.plural(), self.object.meta().name);
                let fix = self.caution.clone().unwrap_or_else(simple);
                out.push(self.finding(certainty.possible_if(new), &gone.to_string(), fix));
            }
            Life::Finished { pod, released } => {
                let lately = self.context.finished_lately(pod);
                // Kube-OVN is about to release it: in flight, unless that time is long over.
                let certainty = Certainty::Likely.possible_if(lately || new);
                let state =
                    format!("pod {}/{} is {} and uses nothing", pod.meta.namespace, pod.meta.name, pod.status.phase);
                let kept = if *released { "" } else { "; Kube-OVN takes such a pod for alive and keeps its address" };
                let fix = format!(
                    "`kubectl delete pod -n {} {}`: its addresses go with it",
                    pod.meta.namespace, pod.meta.name
                );
                let mut finding = self.finding(certainty, &format!("{state}{kept}"), fix);
                finding.objects.push(ObjRef::of(Kind::Pod, *pod));
                out.push(finding);
            }
        }
    }

    fn finding(&self, certainty: Certainty, reason: &str, fix: String) -> Finding {
        let object = ObjRef::of(self.kind, self.object);
        let id = self.context.subnets.named(self.subnet);
        let wire = id.map(|id| self.context.subnets.wire_name(self.context.subnets.get(id).wire).clone());
        let addrs = super::out::few(&self.addrs, 2);
        let what = if self.addrs.is_empty() { "no address".to_owned() } else { addrs };
        let message = format!("{object} keeps {what}: {reason}");
        Finding::new(Code::LeakedIp, &format!("{}/{}", self.kind.plural(), object.path()), certainty, vec![object])
            .on(id.map(|_| self.subnet), wire.as_deref())
            .at(self.addrs.iter().copied())
            .says(
                message,
                "the address is counted as used and given to nobody: enough of them and the Subnet is full",
                fix,
            )
    }
}
