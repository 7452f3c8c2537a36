//! The status that Kube-OVN v1.17 writes: counters by counting objects, ranges by its allocator's memory.
//!
//! Written from the description of `calcSubnetStatusIP` and of the allocator, not from the engine, so that the two check
//! each other. The allocator is taken to remember what the objects say; tests that need it to be wrong patch the status.

use super::objects::merge;
use ledger::{Addr, AddrRange, AddrSet, Cidr, Family};
use serde_json::{Value, json};

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn texts<'a>(object: &'a Value, pointer: &str) -> Vec<&'a str> {
    let list = object.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn is(object: &Value, kind: &str) -> bool {
    text(object, "/kind") == kind
}

fn label<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.pointer("/metadata/labels")?.get(format!("ovn.kubernetes.io/{name}"))?.as_str()
}

/// Whether an IP object's address lies in an exclude that is not literally the gateway: ranges by their ends, single
/// addresses as text (`ContainsIPs`).
fn is_excluded(ip: &Value, subnet: &Value) -> bool {
    let gateways: Vec<&str> = text(subnet, "/spec/gateway").split(',').collect();
    let addresses = ["/spec/v4IpAddress", "/spec/v6IpAddress"].map(|field| text(ip, field));
    texts(subnet, "/spec/excludeIps").into_iter().filter(|entry| !gateways.contains(entry)).any(|entry| {
        if !entry.contains("..") {
            return addresses.contains(&entry);
        }
        let Ok(range) = AddrRange::parse_exclude(entry) else { return false };
        addresses.iter().filter_map(|address| address.parse().ok()).any(|addr: Addr| range.contains(addr))
    })
}

/// Objects that Kube-OVN counts for a Subnet.
fn count(objects: &[Value], subnet: &Value) -> u128 {
    let name = text(subnet, "/metadata/name");
    let counts = |object: &&Value| match text(object, "/kind") {
        "IP" => {
            (text(object, "/spec/subnet") == name || texts(object, "/spec/attachSubnets").contains(&name))
                && !is_excluded(object, subnet)
        }
        "Vip" => label(object, "subnet") == Some(name) && label(object, "ip_reserved") == Some(""),
        "IptablesEIP" | "OvnEip" => label(object, "subnet") == Some(name),
        _ => false,
    };
    objects.iter().filter(counts).count() as u128
}

/// The addresses that the allocator holds for a Subnet.
fn held(objects: &[Value], subnet: &str, family: Family) -> AddrSet {
    let mut held = AddrSet::new(family);
    for object in objects {
        let fields: &[&str] = match text(object, "/kind") {
            "IP" if text(object, "/spec/subnet") == subnet => &["/spec/v4IpAddress", "/spec/v6IpAddress"],
            "Vip" if text(object, "/spec/subnet") == subnet => &["/status/v4ip", "/status/v6ip"],
            "IptablesEIP" if label(object, "subnet") == Some(subnet) => &["/status/ip", "/spec/v6ip"],
            "OvnEip" if label(object, "subnet") == Some(subnet) => &["/status/v4Ip", "/status/v6Ip"],
            _ => &[],
        };
        for addr in fields.iter().filter_map(|field| text(object, field).parse().ok()) {
            held.insert(addr);
        }
    }
    held
}

/// A counter as the API server gives it back: beyond int64 it has become a double.
pub fn counter(value: u128) -> Value {
    #[allow(clippy::cast_precision_loss)] // as the server does
    i64::try_from(value).map_or_else(|_| json!(value as f64), |value| json!(value))
}

fn excludes(subnet: &Value, usable: &AddrSet) -> AddrSet {
    let mut set = AddrSet::new(usable.family());
    for entry in texts(subnet, "/spec/excludeIps") {
        let Ok(range) = AddrRange::parse_exclude(entry) else { continue };
        if range.family() == usable.family() {
            set.insert_range(range);
        }
    }
    set.intersection(usable)
}

fn usable(cidr: Cidr) -> AddrSet {
    let mut set = AddrSet::new(cidr.family());
    set.insert_range(cidr.usable());
    set
}

/// The block of a family.
fn cidr(subnet: &Value, family: Family) -> Option<Cidr> {
    let cidrs = text(subnet, "/spec/cidrBlock").split(',').filter_map(|cidr| cidr.parse::<Cidr>().ok());
    cidrs.into_iter().find(|cidr| cidr.family() == family)
}

fn number(set: &AddrSet) -> u128 {
    set.count().as_u128().unwrap_or(u128::MAX)
}

/// Writes the status of every Subnet and IPPool.
pub fn write_status(objects: &mut [Value]) {
    let read = objects.to_vec();
    for subnet in objects.iter_mut().filter(|object| is(object, "Subnet")) {
        for (family, prefix) in [(Family::V4, "v4"), (Family::V6, "v6")] {
            let (using, available, listed, free) = counted(&read, subnet, family);
            let status = json!({
                format!("{prefix}usingIPs"): counter(using),
                format!("{prefix}availableIPs"): counter(available),
                format!("{prefix}usingIPrange"): listed,
                format!("{prefix}availableIPrange"): free,
            });
            merge(subnet, json!({"status": status}));
        }
    }
    for pool in objects.iter_mut().filter(|object| is(object, "IPPool")) {
        write_pool(&read, pool);
    }
}

/// What the status of a Subnet says of a family: in use, free, and the ranges of both.
fn counted(objects: &[Value], subnet: &Value, family: Family) -> (u128, u128, String, String) {
    let Some(cidr) = cidr(subnet, family) else { return (0, 0, String::new(), String::new()) };
    let using = count(objects, subnet);
    let usable = usable(cidr);
    let excluded = excludes(subnet, &usable);
    let held = held(objects, text(subnet, "/metadata/name"), family).intersection(&usable);
    let available = number(&usable).saturating_sub(number(&excluded)).saturating_sub(using);
    let free = usable.difference(&held).difference(&excluded);
    (using, available, held.difference(&excluded).range_text(), free.range_text())
}

fn write_pool(objects: &[Value], pool: &mut Value) {
    let name = text(pool, "/spec/subnet").to_owned();
    let is_own = |object: &&Value| is(object, "Subnet") && text(object, "/metadata/name") == name;
    let Some(subnet) = objects.iter().find(is_own) else { return };
    for (family, prefix) in [(Family::V4, "v4"), (Family::V6, "v6")] {
        let mut entries = AddrSet::new(family);
        for entry in texts(pool, "/spec/ips").into_iter().filter_map(|entry| AddrRange::parse_pool_entry(entry).ok()) {
            entries.insert_range(entry);
        }
        let usable = cidr(subnet, family).map_or(AddrSet::new(family), usable);
        let entries = entries.intersection(&usable);
        let using = held(objects, &name, family).intersection(&entries);
        let available = entries.difference(&using).difference(&excludes(subnet, &usable));
        for (field, set) in [("Using", using), ("Available", available)] {
            let status = json!({
                format!("{prefix}{field}IPs"): counter(number(&set)),
                format!("{prefix}{field}IPRange"): set.range_text(),
            });
            merge(pool, json!({"status": status}));
        }
    }
}
