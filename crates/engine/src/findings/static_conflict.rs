//! `static-conflict`: somebody asks for an address that is not to be had.
//!
//! In: requests that are not granted yet, and the records of each address. Out: one finding per requester and address.
//! Guarantees: a requester's own record is no conflict, and what an unread kind could make its own is only possible;
//! excluded addresses may be asked for; where the Subnets of a request are not known, nothing is concluded.

use super::duplicate_address::{may_be_lent_to, may_be_nic_of};
use super::out::{Out, few};
use crate::finding::{Certainty, Code, Finding, FindingId, ObjRef};
use crate::holder::{Holder, holder_of_pod, one_holder};
use crate::judge::Context;
use crate::record::{Record, Source, is_finished};
use crate::requests::{Request, pending};
use crate::world::subnets::SubnetId;
use api::slim::{Kind, Pod};
use ledger::Addr;
use std::collections::BTreeMap;

/// Why a request cannot be granted.
enum Obstacle<'a, 'w> {
    /// Others hold the address.
    Held(Vec<&'a Record<'w>>),
    /// It is the gateway.
    Gateway(SubnetId),
    /// It is in none of the Subnets that the request can be served from, or not usable there.
    Outside(Vec<SubnetId>),
    /// An older request asks for it.
    Asked(&'a Request<'w>),
}

impl Obstacle<'_, '_> {
    /// Whether all that hold the address may be in nobody's way: they are about to give it back, or have it so lately that the
    /// requester may be gone, or may be the requester itself.
    fn is_doubtful(&self, context: &Context<'_>, request: &Request<'_>) -> bool {
        match self {
            Self::Held(records) => records.iter().all(|record| {
                let ended = |pod: &Pod| is_finished(pod) && context.finished_lately(pod);
                let pod_goes = record.pod.is_some_and(|pod| context.world.is_going(&pod.meta) || ended(pod));
                pod_goes || context.is_moving(&record.source) || may_be_own(context, request, record)
            }),
            Self::Gateway(_) | Self::Outside(_) | Self::Asked(_) => false,
        }
    }

    /// The findings that there would be if what holds the address were leaked.
    fn leaks(&self) -> impl Iterator<Item = FindingId> {
        let records = match self {
            Self::Held(records) => records.as_slice(),
            Self::Gateway(_) | Self::Outside(_) | Self::Asked(_) => &[],
        };
        let objects = records.iter().map(|record| record.source.object());
        objects.flat_map(|object| {
            let subject = format!("{}/{}", object.kind.plural(), object.path());
            [Code::LeakedIp, Code::LeakedNic].map(|code| FindingId::new(code, &subject))
        })
    }
}

/// Finds requests that cannot be granted.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    let requests = pending(context);
    let mut first_askers: BTreeMap<(crate::world::subnets::WireId, Addr), &Request<'_>> = BTreeMap::new();
    for request in &requests {
        let Some(place) = place(context, request) else { continue };
        let subnet = place.as_ref().ok().copied();
        let obstacle = match place {
            Err(subnets) => Some(Obstacle::Outside(subnets)),
            Ok(id) => in_subnet(context, request, id).or_else(|| {
                let key = (context.subnets.get(id).wire, request.addr);
                let known = first_askers.get(&key).copied().filter(|known| !is_one_asker(known, request));
                first_askers.entry(key).or_insert(request);
                known.map(Obstacle::Asked)
            }),
        };
        if let Some(obstacle) = obstacle {
            let found = finding(context, request, &obstacle, subnet, out);
            out.push(found);
        }
    }
    let missing = context.missing(&[Kind::Subnet], "");
    if requests.iter().any(|request| request.subnets.is_empty()) && !missing.is_empty() {
        out.not_judged(Code::StaticConflict, missing, 0);
    }
}

/// The Subnet that a request is for: `Ok` the one that contains the address, `Err` those that do not; `None` where no
/// Subnet is known.
fn place(context: &Context<'_>, request: &Request<'_>) -> Option<Result<SubnetId, Vec<SubnetId>>> {
    let known = &request.subnets;
    if known.is_empty() {
        return None;
    }
    let usable = known.iter().copied().find(|&id| context.subnets.get(id).is_usable(request.addr));
    let readable = known.iter().all(|&id| context.subnets.get(id).object.spec.cidr.get().is_some());
    match usable {
        Some(id) => Some(Ok(id)),
        // A CIDR that is absent or unreadable could contain anything.
        None => readable.then(|| Err(known.clone())),
    }
}

fn in_subnet<'a, 'w>(context: &'a Context<'w>, request: &Request<'w>, id: SubnetId) -> Option<Obstacle<'a, 'w>> {
    let subnet = context.subnets.get(id);
    if subnet.gateway(request.addr.family()) == Some(request.addr) {
        return Some(Obstacle::Gateway(id));
    }
    let records = context.records.at(subnet.wire, request.addr);
    let others: Vec<&Record<'_>> = records.iter().filter(|record| !is_own(context, request, record)).collect();
    (!others.is_empty()).then_some(Obstacle::Held(others))
}

/// Whether two requests are of one holder: a gateway's LAN address is asked for by the gateway and by its pod.
fn is_one_asker(a: &Request<'_>, b: &Request<'_>) -> bool {
    let gateway = |request: &Request<'_>| matches!(request.holder, Holder::Gateway(_));
    a.holder == b.holder || (a.gateway.is_some() && a.gateway == b.gateway && (gateway(a) || gateway(b)))
}

/// Whether a record is the requester's own: of the same holder, of its pod, or of a Vip lent to it.
fn is_own(context: &Context<'_>, request: &Request<'_>, record: &Record<'_>) -> bool {
    if record.holder == request.holder {
        return true;
    }
    match (request.holder, record.source) {
        // The NIC of the gateway for which the LAN address or the EIP is asked.
        (Holder::Gateway(gateway), _) => crate::holder::gateway_of(&context.gateways, record) == Some(gateway),
        (Holder::Eip(_), Source::Ip(_) | Source::Pod(..)) => {
            request.gateway.is_some() && crate::holder::gateway_of(&context.gateways, record) == request.gateway
        }
        (Holder::Pod(..) | Holder::Vm(..), Source::Vip(vip)) => request.vip == Some(vip.meta.name.as_str()),
        (Holder::Pod(..) | Holder::Vm(..), Source::Pod(pod, _)) => holder_of_pod(pod) == request.holder,
        _ => context
            .records
            .at(record.wire, record.addr)
            .iter()
            .any(|own| own.holder == request.holder && one_holder(&context.gateways, own, record)),
    }
}

/// Whether a kind that was not read completely could show that a record is the requester's own: the rule of duplicates.
fn may_be_own(context: &Context<'_>, request: &Request<'_>, record: &Record<'_>) -> bool {
    match (request.holder, record.source) {
        (Holder::Eip(_) | Holder::Gateway(_), _) => {
            request.gateway.is_some_and(|gateway| may_be_nic_of(context, record, gateway))
        }
        (Holder::Vip(name), _) => {
            context.world.vips.named(name).is_some_and(|vip| may_be_lent_to(context, vip, record))
        }
        (Holder::Pod(..) | Holder::Vm(..), Source::Vip(vip)) => {
            context.world.is_unreadable(Kind::Vip, &vip.meta, &["metadata.labels"])
        }
        _ => false,
    }
}

fn finding(
    context: &Context<'_>,
    request: &Request<'_>,
    obstacle: &Obstacle<'_, '_>,
    id: Option<SubnetId>,
    out: &Out,
) -> Finding {
    let addr = request.addr;
    let mut objects = vec![request.object.clone()];
    let (reason, subnet) = match obstacle {
        Obstacle::Held(records) => {
            objects.extend(records.iter().map(|record| record.source.object()));
            let mut holders: Vec<String> = records.iter().map(|record| record.holder.to_string()).collect();
            holders.dedup();
            (format!("{} holds it", few(&holders, 3)), id)
        }
        Obstacle::Gateway(id) => {
            objects.push(ObjRef::of(Kind::Subnet, context.subnets.get(*id).object));
            (format!("it is the gateway of Subnet {}", context.subnets.get(*id).name()), Some(*id))
        }
        Obstacle::Outside(subnets) => {
            objects.extend(subnets.iter().map(|&id| ObjRef::of(Kind::Subnet, context.subnets.get(id).object)));
            let names = few(subnets.iter().map(|&id| context.subnets.get(id).name()), 3);
            (format!("it is no usable address of Subnet {names}"), subnets.first().copied())
        }
        Obstacle::Asked(other) => {
            objects.push(other.object.clone());
            (format!("{} asked for it before", other.object), id)
        }
    };
    objects.dedup();
    let subnet = subnet.map(|id| context.subnets.get(id));
    let subject = format!("{}/{}/{addr}", request.object.kind.plural(), request.object.path());
    let moving = context.world.is_recent(request.created) || obstacle.is_doubtful(context, request);
    let mut finding = Finding::new(Code::StaticConflict, &subject, Certainty::Proven.possible_if(moving), objects)
        .on(subnet.map(crate::world::subnets::SubnetOnWire::name), subnet.map(|s| context.subnets.wire_name(s.wire).as_str()))
        .at([addr])
        .says(
            format!("{} asks for {addr} ({}), but {reason}", request.object, request.field),
            "it waits for ever, and Kube-OVN tries again and again; with several holders of one record it may even be served, \
             and then two answer to one address",
            "ask for another address (`ipledger show subnet` lists the free ones), or remove the request",
        );
    finding.follows = obstacle.leaks().filter(|id| out.has(id)).collect();
    finding
}
