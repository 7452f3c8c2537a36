//! NAT gateways with their VPC, LAN, workload, EIPs and rules.
//!
//! In: the number of a gateway. Out: its objects, as Kube-OVN leaves them: a StatefulSet of one pod with a NIC on the
//! LAN and one outside, both on record, and EIPs that are on record by themselves.

use super::book::{Book, Given};
use super::cluster::{Cluster, FINALIZER, Id, ovn};
use super::kubernetes::{Nic, Owner, Pod, Record, workload};
use super::plan::EIPS;
use super::story::{Books, vpc};
use anyhow::Result;
use serde_json::{Map, Value, json};

/// Writes gateway `number` of the cluster, on a network that has room for it.
///
/// # Errors
/// A Subnet is full, or a file cannot be written.
pub(super) fn write(cluster: &mut Cluster, number: u32, books: &mut Books) -> Result<()> {
    let network = number as usize % books.networks.len();
    let (lan, outer) = (&mut books.lans[number as usize], &mut books.networks[network]);
    put(cluster, &format!("gw-{number:05}"), lan, outer, EIPS).map(|_| ())
}

/// Writes a gateway and all that belongs to it; gives its address outside.
///
/// # Errors
/// A Subnet is full, or a file cannot be written.
pub(super) fn put(cluster: &mut Cluster, gateway: &str, lan: &mut Book, outer: &mut Book, eips: u32) -> Result<Given> {
    vpc(cluster, &lan.vpc, std::iter::once(lan.name.as_str()))?;
    let (lan_given, outer_given) = (lan.give(false)?, outer.give(false)?);
    let workload_name = format!("vpc-nat-gw-{gateway}");
    let pod_name = format!("{workload_name}-0");
    let node = cluster.some_node();
    let gateway_uid = put_gateway(cluster, (gateway, &workload_name), (lan, outer), (&lan_given.v4, &node))?;

    let (name, namespace) = outer.provider.split_once('.').unwrap_or_default();
    let mut body = workload(&workload_name, 1, &format!("{namespace}/{name}"));
    body["metadata"]["ownerReferences"] =
        json!([Owner { kind: "VpcNatGateway", api: "kubeovn.io/v1", name: gateway, uid: &gateway_uid }.reference()]);
    body["metadata"]["labels"]["ovn.kubernetes.io/vpc-nat-gw"] = "true".into();
    let annotations = &mut body["spec"]["template"]["metadata"]["annotations"];
    annotations["ovn.kubernetes.io/vpc_nat_gw"] = gateway.into();
    annotations["ovn.kubernetes.io/logical_switch"] = lan.name.as_str().into();
    let id = Id {
        resource: "statefulsets",
        api: "apps/v1",
        kind: "StatefulSet",
        namespace: "kube-system",
        name: &workload_name,
    };
    let uid = cluster.put(&id, body)?;

    let mac = cluster.random.mac();
    let nics = vec![
        Nic { book: lan, given: lan_given, mac },
        Nic { book: outer, given: outer_given.clone(), mac: String::new() },
    ];
    for nic in &nics {
        let record = Record {
            pod: &pod_name,
            namespace: "kube-system",
            node: &node,
            mac: &nic.mac,
            pod_type: "StatefulSet",
            reserved: false,
        };
        record.put(cluster, nic.book, &nic.given)?;
    }
    let pod = Pod {
        namespace: "kube-system",
        name: &pod_name,
        app: &workload_name,
        node: &node,
        owner: Owner { kind: "StatefulSet", api: "apps/v1", name: &workload_name, uid: &uid },
        nics,
        phase: "Running",
        annotations: text_map(&[
            ("ovn.kubernetes.io/vpc_nat_gw", gateway),
            ("ovn.kubernetes.io/vpc_nat_gw_init", "true"),
        ]),
        labels: text_map(&[("ovn.kubernetes.io/vpc-nat-gw", "true")]),
    };
    pod.put(cluster)?;
    for eip in 0..eips {
        let address = outer.give(false)?;
        put_eip(cluster, gateway, eip, outer, &address)?;
    }
    Ok(outer_given)
}

fn text_map(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect()
}

fn put_gateway(
    cluster: &mut Cluster,
    (gateway, workload): (&str, &str),
    (lan, outer): (&Book, &Book),
    (lan_ip, node): (&str, &str),
) -> Result<String> {
    let external = &outer.name;
    let body = json!({
        "metadata": {
            "finalizers": [FINALIZER], "generation": 2,
            "labels": { "ovn.kubernetes.io/qos": "", "ovn.kubernetes.io/subnet": lan.name, "ovn.kubernetes.io/vpc": lan.vpc }
        },
        "spec": { "externalSubnets": [external], "lanIp": lan_ip, "replicas": 1, "selector": ["kubernetes.io/os: linux"], "subnet": lan.name, "vpc": lan.vpc },
        "status": {
            "affinity": {}, "externalSubnets": [external], "lanIp": lan_ip, "qosPolicy": "", "ready": true, "replicas": 1,
            "selector": ["kubernetes.io/os: linux"],
            "workload": { "apiVersion": "apps/v1", "kind": "StatefulSet", "name": workload, "nodes": [node] }
        }
    });
    cluster.put(&ovn("vpc-nat-gateways", "VpcNatGateway", gateway), body)
}

/// The name of an EIP of a gateway.
pub(super) fn eip_name(gateway: &str, number: u32) -> String {
    format!("eip-{}-{number}", gateway.trim_start_matches("gw-"))
}

/// An EIP: the first has a FIP rule, the second three DNAT rules, the others an SNAT rule.
///
/// # Errors
/// A file cannot be written.
pub(super) fn put_eip(cluster: &mut Cluster, gateway: &str, number: u32, book: &Book, given: &Given) -> Result<()> {
    let name = eip_name(gateway, number);
    let (rules, nat) = match number {
        0 => (vec![rule("iptables-fip-rules", "IptablesFIPRule", json!({ "internalIp": "192.168.0.10" }))], "fip"),
        1 => {
            let ports = ["80", "443", "8443"];
            let dnat = ports.map(|port| {
                let spec = json!({ "externalPort": port, "internalIp": "192.168.0.11", "internalPort": "8080", "protocol": "tcp", "type": "exclusive" });
                rule("iptables-dnat-rules", "IptablesDnatRule", spec)
            });
            (dnat.to_vec(), "dnat")
        }
        _ => {
            let spec = json!({ "internalCIDR": format!("192.168.0.{}/28", (number - 2) * 16) });
            (vec![rule("iptables-snat-rules", "IptablesSnatRule", spec)], "snat")
        }
    };
    let labels = json!({
        "ovn.kubernetes.io/eip_v4_ip": given.v4, "ovn.kubernetes.io/subnet": book.name, "ovn.kubernetes.io/vpc-nat-gw-name": gateway
    });
    let body = json!({
        "metadata": { "finalizers": [FINALIZER], "generation": 2, "labels": labels },
        "spec": { "externalSubnet": book.name, "macAddress": cluster.random.mac(), "namespace": "kube-system", "natGwDp": gateway, "qosPolicy": "", "v4ip": given.v4, "v6ip": "" },
        "status": { "ip": given.v4, "nat": nat, "qosPolicy": "", "ready": true, "redo": "" }
    });
    cluster.put(&ovn("iptables-eips", "IptablesEIP", &name), body)?;
    for (index, rule) in rules.into_iter().enumerate() {
        put_rule(cluster, &rule, &format!("{name}-{index}"), &name, &given.v4, gateway)?;
    }
    Ok(())
}

/// A rule in the making.
#[derive(Clone)]
pub(super) struct Rule {
    resource: &'static str,
    kind: &'static str,
    spec: Value,
}

pub(super) fn rule(resource: &'static str, kind: &'static str, spec: Value) -> Rule {
    Rule { resource, kind, spec }
}

/// Writes a rule of an EIP, programmed.
///
/// # Errors
/// It cannot be written.
pub(super) fn put_rule(
    cluster: &mut Cluster,
    rule: &Rule,
    name: &str,
    eip: &str,
    v4: &str,
    gateway: &str,
) -> Result<()> {
    let mut spec = rule.spec.clone();
    spec["eip"] = eip.into();
    let mut status = rule.spec.clone();
    for (field, value) in [("natGwDp", gateway), ("redo", ""), ("v4ip", v4), ("v6ip", "")] {
        status[field] = value.into();
    }
    status["ready"] = true.into();
    if let Some(status) = status.as_object_mut() {
        status.remove("type");
    }
    let body = json!({
        "metadata": {
            "annotations": { "ovn.kubernetes.io/vpc_eip": eip }, "finalizers": [FINALIZER], "generation": 1,
            "labels": { "ovn.kubernetes.io/eip_v4_ip": v4, "ovn.kubernetes.io/vpc-nat-gw-name": gateway }
        },
        "spec": spec, "status": status
    });
    cluster.put(&ovn(rule.resource, rule.kind, name), body)?;
    Ok(())
}
