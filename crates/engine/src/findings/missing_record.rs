//! `missing-record`: a live holder uses an address that nothing records for it.
//!
//! In: the records of each address. Out: one finding per holder and NIC of pods, VMs, nodes and u2o interconnections.
//! Guarantees: another holder's record of the same address does not help; EIPs, Vips and OvnEips have no IP object by
//! design and are never missed.

use super::out::{Out, absence};
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::holder::{Holder, one_holder};
use crate::judge::Context;
use crate::record::{Record, Source, names_of_ports};
use crate::world::pod_changed;
use api::slim::{Ip, Kind, Phase, Pod};

/// Finds holders without a record.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let complete = context.world.coverage.is_complete(Kind::Ip);
    let mut unjudged = 0;
    for group in context.records.groups() {
        for user in group.iter().filter(|record| uses(context, record)) {
            if group.iter().any(|record| records(context, record, user)) {
                continue;
            }
            let own = own_ip(context, user);
            // The record of the NIC names the address on another wire, such as that of a Subnet which is gone from one of the
            // two; or it cannot be read, is told as such, and may name this very address.
            let names_it = |ip: &Ip| crate::record::addresses_of_ip(ip).any(|addr| addr == user.addr);
            if own.is_some_and(|ip| names_it(ip) || crate::record::is_unreadable(context.world, ip, user.addr.family()))
            {
                continue;
            }
            // An IP object of the NIC that names another address contradicts the pod; none at all is absence.
            if own.is_none() && !complete {
                unjudged += 1;
                continue;
            }
            push(finding(context, user, own, group), out);
        }
    }
    if unjudged > 0 || (!complete && context.world.ips.is_empty()) {
        out.not_judged(Code::MissingRecord, [Kind::Ip], unjudged);
    }
}

/// Whether a record is a user's own word: a pod's, a node's, a Subnet's u2o.
fn uses(context: &Context<'_>, record: &Record<'_>) -> bool {
    match record.source {
        // A pod whose state cannot be read may have come to its end.
        Source::Pod(pod, _) => !context.world.is_unreadable(Kind::Pod, &pod.meta, &["status.phase"]),
        Source::Node(_) => true,
        Source::Subnet(_) => matches!(record.holder, Holder::U2o(_)),
        Source::Ip(_) | Source::Eip(_) | Source::OvnEip(_) | Source::Vip(_) | Source::Claim(_) => false,
    }
}

/// Whether a record is an IP object or claim of the user.
fn records(context: &Context<'_>, record: &Record<'_>, user: &Record<'_>) -> bool {
    match record.source {
        Source::Ip(_) => record.holder == user.holder,
        Source::Claim(_) => one_holder(&context.gateways, record, user),
        _ => false,
    }
}

/// Whether a pod that does not run yet came a step further just now: its list may be newer than that of the records.
fn is_starting(context: &Context<'_>, pod: &Pod) -> bool {
    pod.status.phase != Phase::Running && context.world.is_recent(pod_changed(pod))
}

/// One finding per holder and NIC: the other family, and the other pods of a VM, join the first.
fn push(mut finding: Finding, out: &mut Out) {
    if let Some(known) = out.get(&finding.id) {
        finding.certainty = finding.certainty.min(known.certainty);
        let mut addresses = known.addresses.clone();
        addresses.extend(finding.addresses.iter().filter(|addr| !known.addresses.contains(addr)).cloned());
        finding.addresses = addresses;
        let others: Vec<ObjRef> =
            known.objects.iter().filter(|object| !finding.objects.contains(object)).cloned().collect();
        finding.objects.extend(others);
    }
    out.replace(finding);
}

/// The IP object of the user's NIC, whatever it says.
fn own_ip<'w>(context: &Context<'w>, user: &Record<'w>) -> Option<&'w Ip> {
    let ips = &context.world.ips;
    match user.source {
        Source::Pod(pod, provider) => names_of_ports(pod, provider).find_map(|port| ips.named(&port)),
        Source::Node(node) => ips.named(&format!("node-{}", node.meta.name)),
        Source::Subnet(subnet) => {
            let vpc = &subnet.status.u2o_vpc;
            let vpc = if vpc.is_empty() { &subnet.spec.vpc } else { vpc };
            ips.named(&format!("u2o-interconnection.{vpc}.{}", subnet.meta.name))
        }
        Source::Ip(_) | Source::Eip(_) | Source::OvnEip(_) | Source::Vip(_) | Source::Claim(_) => None,
    }
}

/// Holder and NIC: `Pod default/p1 macvlan.default`.
fn subject(user: &Record<'_>) -> String {
    match user.source {
        Source::Pod(_, provider) => match user.holder {
            Holder::Vm(namespace, name) => format!("vm/{namespace}/{name}/{provider}"),
            Holder::Pod(namespace, name) => format!("pod/{namespace}/{name}/{provider}"),
            other => format!("{other}/{provider}"),
        },
        _ => user.holder.to_string().replace(' ', "/"),
    }
}

fn finding(context: &Context<'_>, user: &Record<'_>, own: Option<&Ip>, group: &[Record<'_>]) -> Finding {
    let moving = user.source.meta().is_deleted()
        || context.world.is_recent(user.source.created())
        || matches!(user.source, Source::Pod(pod, _) if is_starting(context, pod));
    let certainty = match own {
        Some(ip) => Certainty::Proven.possible_if(ip.meta.is_deleted() || context.world.is_new(ip)),
        None => absence(context.world.settings.reading),
    }
    .possible_if(moving);
    let mut objects = vec![user.source.object()];
    let said = match own {
        Some(ip) => {
            objects.push(ObjRef::of(Kind::Ip, ip));
            let other: Vec<String> = crate::record::addresses_of_ip(ip).map(|addr| addr.to_string()).collect();
            let other = if other.is_empty() { "no address".to_owned() } else { other.join(",") };
            format!("its IP object {} says {other}", ip.meta.name)
        }
        None => "no IP object or claim records it".to_owned(),
    };
    let strangers = group.iter().filter(|record| record.holder != user.holder).map(|record| record.source.object());
    objects.extend(strangers);
    objects.dedup();
    let taken =
        if group.iter().any(|record| record.holder != user.holder) { "; another holder's record names it" } else { "" };
    let subnet = user.subnet.or(user.said).map(|id| context.subnets.get(id).name());
    Finding::new(Code::MissingRecord, &subject(user), certainty, objects)
        .on(subnet, Some(context.subnets.wire_name(user.wire)))
        .at([user.addr])
        .says(
            format!("{} uses {}, but {said}{taken}", user.holder, user.addr),
            "whoever allocates from the IP objects takes the address for free: after a restart of the controller it can be given \
             to somebody else while this holder answers to it",
            "delete and recreate the pod when that is possible, so that it gets an address with a record; until then reserve \
             the address with an IP object for this NIC. Do not restart kube-ovn-controller to mend it: a restart forgets every \
             address whose record it cannot rebuild",
        )
}
