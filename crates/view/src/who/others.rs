//! Objects that name an address without recording it: requests, rules, gateways, pools, status ranges.
//!
//! In: the world and an address. Out: mentions that do not count, with the reason. Guarantees: one pass over the objects.

use super::mention::{Mentions, text_names};
use api::names::annotations;
use api::slim::{Field, Kind, Subnet};
use engine::record::is_finished;
use engine::requests::pending;
use engine::{Context, ObjRef};
use ledger::{Addr, Family};

/// Finds every object that names an address without recording it.
pub(super) fn others(context: &Context<'_>, addr: Addr, mentions: &mut Mentions) {
    for request in pending(context).into_iter().filter(|request| request.addr == addr) {
        mentions.other(&request.object, request.field, "asks for it; not granted", "");
    }
    pods(context, addr, mentions);
    annotated(context, addr, mentions);
    eips(context, addr, mentions);
    rules(context, addr, mentions);
    for subnet in context.world.subnets.iter() {
        of_subnet(subnet, addr, mentions);
    }
    pools(context, addr, mentions);
    for rule in context.world.switch_lb_rules.iter().filter(|rule| text_names(&rule.spec.vip, addr)) {
        let object = ObjRef::of(Kind::SwitchLbRule, rule);
        mentions.other(&object, "spec.vip".to_owned(), "a load balancer's address, which IPAM does not give", "");
    }
}

/// Pods whose annotation names it and that use nothing: finished, or on their node's network.
fn pods(context: &Context<'_>, addr: Addr, mentions: &mut Mentions) {
    for pod in context.world.pods.iter().filter(|pod| is_finished(pod) || pod.spec.host_network) {
        let named =
            pod.meta.annotations.iter().find(|(key, value)| key.ends_with("/ip_address") && text_names(value, addr));
        let Some((key, _)) = named else { continue };
        let note = if pod.spec.host_network {
            "it is on its node's network"
        } else {
            "it has come to its end and uses nothing"
        };
        mentions.other(&ObjRef::of(Kind::Pod, pod), key.to_owned(), note, pod.status.phase.as_str());
    }
}

/// Annotations of anything: requests that are not pending any more, lists and pools to choose from.
fn annotated(context: &Context<'_>, addr: Addr, mentions: &mut Mentions) {
    for (kind, meta) in context.world.metas() {
        for (key, value) in meta.annotations.iter() {
            let is_about = key.contains("/ip_address") || key.ends_with("/ip_pool");
            if !is_about || !text_names(value, addr) {
                continue;
            }
            let object =
                ObjRef { kind, namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid.to_string() };
            let note = if key.ends_with("/ip_pool") { "a list to choose from" } else { "not allocated" };
            mentions.other(&object, key.to_owned(), note, "");
        }
    }
    let templates =
        context.world.stateful_sets.iter().map(|set| (Kind::StatefulSet, &set.meta, &set.spec.template.meta));
    let deployments = context.world.deployments.iter().map(|d| (Kind::Deployment, &d.meta, &d.spec.template.meta));
    for (kind, meta, template) in templates.chain(deployments) {
        for (key, value) in template.annotations.iter() {
            let names_it = (key.contains("/ip_address") || key.ends_with("/ip_pool")) && text_names(value, addr);
            let multus = key == annotations::NETWORKS && value.contains(&addr.to_string());
            if names_it || multus {
                let object = ObjRef {
                    kind,
                    namespace: meta.namespace.clone(),
                    name: meta.name.clone(),
                    uid: meta.uid.to_string(),
                };
                mentions.other(&object, format!("template {key}"), "its pods may ask for it", "");
            }
        }
    }
}

/// EIPs and Vips whose spec names it and whose status does not.
fn eips(context: &Context<'_>, addr: Addr, mentions: &mut Mentions) {
    let is = |field: &Field<Addr>| field.get() == Some(&addr);
    let unlike = |status: &Field<Addr>| match status.get() {
        Some(given) => format!("asked for; it was given {given}"),
        None => "asked for; no address was given yet".to_owned(),
    };
    for eip in context.world.eips.iter() {
        let object = ObjRef::of(Kind::IptablesEip, eip);
        for (path, field) in [("spec.v4ip", &eip.spec.v4), ("spec.v6ip", &eip.spec.v6)] {
            if is(field) {
                mentions.other(&object, path.to_owned(), &unlike(&eip.status.ip), "");
            }
        }
    }
    for eip in context.world.ovn_eips.iter() {
        let object = ObjRef::of(Kind::OvnEip, eip);
        for (path, field, status) in
            [("spec.v4Ip", &eip.spec.v4, &eip.status.v4), ("spec.v6Ip", &eip.spec.v6, &eip.status.v6)]
        {
            if is(field) {
                mentions.other(&object, path.to_owned(), &unlike(status), "");
            }
        }
    }
    for vip in context.world.vips.iter() {
        let object = ObjRef::of(Kind::Vip, vip);
        for (path, field, status) in
            [("spec.v4ip", &vip.spec.v4, &vip.status.v4), ("spec.v6ip", &vip.spec.v6, &vip.status.v6)]
        {
            if is(field) {
                mentions.other(&object, path.to_owned(), &unlike(status), "");
            }
        }
    }
    for ip in context
        .world
        .ips
        .iter()
        .filter(|ip| ip.spec.ip_address.get().is_some_and(|pair| pair.iter().any(|a| a == addr)))
    {
        let object = ObjRef::of(Kind::Ip, ip);
        mentions.other(&object, "spec.ipAddress".to_owned(), "spec.v4IpAddress or spec.v6IpAddress says otherwise", "");
    }
}

/// NAT rules and gateways.
fn rules(context: &Context<'_>, addr: Addr, mentions: &mut Mentions) {
    let is = |field: &Field<Addr>| field.get() == Some(&addr);
    let world = context.world;
    let fips = world.fips.iter().map(|r| (ObjRef::of(Kind::IptablesFipRule, r), is(&r.spec.internal_ip), &r.status));
    let dnats = world.dnats.iter().map(|r| (ObjRef::of(Kind::IptablesDnatRule, r), is(&r.spec.internal_ip), &r.status));
    let snats = world.snats.iter().map(|r| {
        let inside = r.spec.internal_cidr.get().is_some_and(|cidr| cidr.0.network() == addr && cidr.0.last() == addr);
        (ObjRef::of(Kind::IptablesSnatRule, r), inside, &r.status)
    });
    for (object, inside, status) in fips.chain(dnats).chain(snats) {
        if inside {
            mentions.other(&object, "spec.internalIp".to_owned(), "translates to it", "");
        }
        if is(&status.v4) || is(&status.v6) {
            let says = if addr.family() == Family::V4 { "status.v4ip" } else { "status.v6ip" };
            mentions.other(&object, says.to_owned(), "its EIP's address when it was programmed", "");
        }
    }
    for gateway in
        world.gateways.iter().filter(|g| g.spec.lan_ip.get().is_some_and(|pair| pair.iter().any(|a| a == addr)))
    {
        let object = ObjRef::of(Kind::VpcNatGateway, gateway);
        mentions.other(&object, "spec.lanIp".to_owned(), "asked for; its pod has the record", "");
    }
}

/// A Subnet: its gateway, its excludes, and what its status lists.
fn of_subnet(subnet: &Subnet, addr: Addr, mentions: &mut Mentions) {
    let object = ObjRef::of(Kind::Subnet, subnet);
    if subnet.spec.gateway.get().is_some_and(|pair| pair.iter().any(|gateway| gateway == addr)) {
        mentions.other(&object, "spec.gateway".to_owned(), "configuration and status", "");
    }
    if subnet.spec.exclude_ips.iter().filter_map(Field::get).any(|exclude| exclude.range.contains(addr)) {
        mentions.other(&object, "spec.excludeIps".to_owned(), "configuration and status", "");
    }
    let status = &subnet.status;
    ranges(
        addr,
        [&status.v4_using_range, &status.v6_using_range, &status.v4_available_range, &status.v6_available_range],
        ["status.v4usingIPrange", "status.v6usingIPrange", "status.v4availableIPrange", "status.v6availableIPrange"],
        |path| mentions.other(&object, path.to_owned(), "configuration and status", ""),
    );
}

fn pools(context: &Context<'_>, addr: Addr, mentions: &mut Mentions) {
    for pool in context.world.pools.iter() {
        let object = ObjRef::of(Kind::IpPool, pool);
        if pool.spec.ips.iter().filter_map(Field::get).any(|entry| entry.0.contains(addr)) {
            mentions.other(&object, "spec.ips".to_owned(), "a pool to choose from", "");
        }
        let status = &pool.status;
        ranges(
            addr,
            [&status.v4_using_range, &status.v6_using_range, &status.v4_available_range, &status.v6_available_range],
            [
                "status.v4UsingIPRange",
                "status.v6UsingIPRange",
                "status.v4AvailableIPRange",
                "status.v6AvailableIPRange",
            ],
            |path| mentions.other(&object, path.to_owned(), "a pool to choose from", ""),
        );
    }
}

fn ranges(addr: Addr, texts: [&Option<Box<str>>; 4], paths: [&str; 4], mut found: impl FnMut(&str)) {
    for (text, path) in texts.into_iter().zip(paths) {
        if text.as_ref().is_some_and(|text| text_names(text, addr)) {
            found(path);
        }
    }
}
