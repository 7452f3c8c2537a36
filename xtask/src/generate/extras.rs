//! What such clusters have beside pods and gateways: Vips, pools, reservations, virtual machines, jobs that are done, an
//! underlay with EIPs of OVN.
//!
//! In: how many of each. Out: their objects. Each kind goes round the tenants.

use super::book::{Book, Given};
use super::cluster::{Cluster, FINALIZER, Id, ovn};
use super::kubernetes::{Nic, Owner, Pod, Record, workload};
use super::plan::Plan;
use super::story::{Books, tenant_name};
use anyhow::Result;
use ledger::AddrRange;
use serde_json::{Map, json};

/// Addresses of a pool.
const POOL: u32 = 20;

/// Writes all of it.
///
/// # Errors
/// A Subnet is full, or a file cannot be written.
pub(super) fn write(cluster: &mut Cluster, plan: &Plan, books: &mut Books) -> Result<()> {
    let tenant = |number: u32| (number % plan.tenants) as usize;
    for number in 0..plan.vips {
        vip(cluster, number, tenant(number), books)?;
    }
    for number in 0..plan.reservations {
        reservation(cluster, number, tenant(number), books)?;
    }
    for number in 0..plan.machines {
        machine(cluster, number, tenant(number), books)?;
    }
    for number in 0..plan.jobs {
        job(cluster, number, tenant(number))?;
    }
    underlay(cluster)?;
    for number in 0..plan.ovn_eips {
        ovn_eip(cluster, number, books)?;
    }
    for number in 0..plan.pools {
        pool(cluster, number as usize, books)?;
    }
    Ok(())
}

fn vip(cluster: &mut Cluster, number: u32, tenant: usize, books: &mut Books) -> Result<()> {
    let book = &mut books.tenants[tenant];
    let Given { v4, v6 } = book.give(false)?;
    let mac = cluster.random.mac();
    let body = json!({
        "metadata": { "finalizers": [FINALIZER], "labels": { "ovn.kubernetes.io/ip_reserved": "", "ovn.kubernetes.io/subnet": book.name } },
        "spec": { "macAddress": mac, "namespace": book.name, "subnet": book.name, "type": "", "v4ip": v4, "v6ip": v6 },
        "status": { "mac": mac, "type": "", "v4ip": v4, "v6ip": v6 }
    });
    cluster.put(&ovn("vips", "Vip", &format!("vip-{number:05}")), body)?;
    Ok(())
}

fn reservation(cluster: &mut Cluster, number: u32, tenant: usize, books: &mut Books) -> Result<()> {
    let book = &mut books.tenants[tenant];
    let given = book.give(false)?;
    let (pod, mac) = (format!("reserved-{number:05}"), cluster.random.mac());
    let record = Record { pod: &pod, namespace: &book.name.clone(), node: "", mac: &mac, pod_type: "", reserved: true };
    record.put(cluster, book, &given)
}

/// A virtual machine that runs, with the pod that is its occupant.
fn machine(cluster: &mut Cluster, number: u32, tenant: usize, books: &mut Books) -> Result<()> {
    let given = books.tenants[tenant].give(false)?;
    let book = &books.tenants[tenant];
    let namespace = book.name.as_str();
    let (name, node, mac) = (format!("vm-{number:05}"), cluster.some_node(), cluster.random.mac());
    let networks = json!([{ "name": "default", "pod": {} }]);
    let id = |resource, kind| Id { resource, api: "kubevirt.io/v1", kind, namespace, name: &name };
    let spec = json!({ "domain": { "devices": { "interfaces": [{ "bridge": {}, "name": "default" }] }, "memory": { "guest": "2Gi" } }, "networks": networks });
    let body = json!({ "spec": { "runStrategy": "Always", "template": { "metadata": { "labels": { "kubevirt.io/domain": name } }, "spec": spec } }, "status": { "printableStatus": "Running", "ready": true } });
    let uid = cluster.put(&id("virtualmachines", "VirtualMachine"), body)?;
    let vm = Owner { kind: "VirtualMachine", api: "kubevirt.io/v1", name: &name, uid: &uid };
    let body = json!({
        "metadata": { "ownerReferences": [vm.reference()] }, "spec": spec,
        "status": { "conditions": [], "interfaces": [{ "ipAddress": given.v4, "mac": mac, "name": "default" }], "nodeName": node, "phase": "Running" }
    });
    let uid = cluster.put(&id("virtualmachineinstances", "VirtualMachineInstance"), body)?;
    let record = Record { pod: &name, namespace, node: &node, mac: &mac, pod_type: "VirtualMachine", reserved: false };
    record.put(cluster, book, &given)?;
    let pod_name = format!("virt-launcher-{name}-{}", cluster.random.suffix(5));
    let mut annotations = Map::new();
    annotations.insert("ovn.kubernetes.io/virtualmachine".to_owned(), name.as_str().into());
    annotations.insert("kubevirt.io/domain".to_owned(), name.as_str().into());
    let mut labels = Map::new();
    labels.insert("kubevirt.io".to_owned(), "virt-launcher".into());
    labels.insert("vm.kubevirt.io/name".to_owned(), name.as_str().into());
    let pod = Pod {
        namespace,
        name: &pod_name,
        app: "compute",
        node: &node,
        owner: Owner { kind: "VirtualMachineInstance", api: "kubevirt.io/v1", name: &name, uid: &uid },
        nics: vec![Nic { book, given, mac }],
        phase: "Running",
        annotations,
        labels,
    };
    pod.put(cluster)
}

/// A job that is done, with its pod: finished pods use no address.
fn job(cluster: &mut Cluster, number: u32, tenant: usize) -> Result<()> {
    let namespace = tenant_name(u32::try_from(tenant).unwrap_or(0));
    let name = format!("backup-{number:05}");
    let mut body = workload(&name, 1, "");
    body["spec"] =
        json!({ "backoffLimit": 6, "completions": 1, "parallelism": 1, "template": body["spec"]["template"] });
    body["status"] = json!({ "succeeded": 1 });
    let id = Id { resource: "jobs", api: "batch/v1", kind: "Job", namespace: &namespace, name: &name };
    let uid = cluster.put(&id, body)?;
    let (pod_name, node) = (format!("{name}-{}", cluster.random.suffix(5)), cluster.some_node());
    let pod = Pod {
        namespace: &namespace,
        name: &pod_name,
        app: &name,
        node: &node,
        owner: Owner { kind: "Job", api: "batch/v1", name: &name, uid: &uid },
        nics: Vec::new(),
        phase: "Succeeded",
        annotations: Map::new(),
        labels: Map::new(),
    };
    pod.put(cluster)
}

/// The VLAN that OVN's own EIPs are on.
fn underlay(cluster: &mut Cluster) -> Result<()> {
    let body = json!({
        "metadata": { "finalizers": [FINALIZER] }, "spec": { "defaultInterface": "bond1" },
        "status": { "ready": true, "vlans": ["vlan100"] }
    });
    cluster.put(&ovn("provider-networks", "ProviderNetwork", "provider"), body)?;
    let body = json!({
        "metadata": { "finalizers": [FINALIZER] }, "spec": { "id": 100, "provider": "provider" },
        "status": { "conflict": false, "subnets": ["external"] }
    });
    cluster.put(&ovn("vlans", "Vlan", "vlan100"), body)?;
    Ok(())
}

fn ovn_eip(cluster: &mut Cluster, number: u32, books: &mut Books) -> Result<()> {
    let book = &mut books.external;
    let given = book.give(false)?;
    let (name, mac) = (format!("oeip-{number:05}"), cluster.random.mac());
    let labels = json!({ "ovn.kubernetes.io/eip_v4_ip": given.v4, "ovn.kubernetes.io/ovn_eip_type": "nat", "ovn.kubernetes.io/subnet": book.name });
    let body = json!({
        "metadata": { "finalizers": [FINALIZER], "labels": labels },
        "spec": { "externalSubnet": book.name, "macAddress": mac, "type": "nat", "v4Ip": given.v4, "v6Ip": "" },
        "status": { "macAddress": mac, "nat": "snat", "ready": true, "type": "nat", "v4Ip": given.v4, "v6Ip": "" }
    });
    cluster.put(&ovn("ovn-eips", "OvnEip", &name), body)?;
    let body = json!({
        "metadata": { "finalizers": [FINALIZER] },
        "spec": { "ovnEip": name, "v4IpCidr": "10.0.0.0/22", "vpc": "ovn-cluster", "vpcSubnet": "tenant-00000" },
        "status": { "ready": true, "v4Eip": given.v4, "v4IpCidr": "10.0.0.0/22", "vpc": "ovn-cluster" }
    });
    cluster.put(&ovn("ovn-snat-rules", "OvnSnatRule", &format!("osnat-{number:05}")), body)?;
    Ok(())
}

/// A pool of the first addresses of a tenant's Subnet, in use by its first pods.
fn pool(cluster: &mut Cluster, tenant: usize, books: &Books) -> Result<()> {
    let book = &books.tenants[tenant];
    put_pool(cluster, &format!("pool-{tenant:05}"), book, book.first_addresses(POOL)?)
}

/// A pool of a Subnet, its status as it should be.
///
/// # Errors
/// It cannot be written.
pub(super) fn put_pool(cluster: &mut Cluster, name: &str, book: &Book, range: AddrRange) -> Result<()> {
    let mut status = book.pool_counters(range);
    let time = cluster.some_time();
    status["conditions"] = json!([{ "lastTransitionTime": time, "lastUpdateTime": time, "reason": "UpdateIPAMSucceeded", "status": "True", "type": "Ready" }]);
    let body = json!({
        "metadata": { "finalizers": [FINALIZER], "generation": 1 },
        "spec": { "enableAddressSet": false, "ips": [format!("{}..{}", range.first(), range.last())], "namespaces": [book.name], "subnet": book.name },
        "status": status
    });
    cluster.put(&ovn("ippools", "IPPool", name), body)?;
    Ok(())
}
