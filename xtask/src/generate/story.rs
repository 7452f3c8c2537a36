//! The cluster: tenants with their workloads, macvlan networks, NAT gateways, and what else such clusters have.
//!
//! In: a plan. Out: every object, in an order that lets each be written at once; Subnets last, when their books are
//! closed; and what was planted. Guarantees: beside that consistent: an audit finds nothing else in it.

use super::book::Book;
use super::cluster::{Cluster, DUMPED, FINALIZER, Id, ovn};
use super::kubernetes::{self, Nic, Owner, Pod, Record, workload};
use super::plan::{APPS, ATTACHED, PODS, Plan, TURN};
use super::{extras, faults, gateways};
use anyhow::{Context, Result};
use serde_json::{Map, json};

/// The Subnets of the cluster.
pub(super) struct Books {
    pub(super) default: Book,
    pub(super) join: Book,
    pub(super) external: Book,
    pub(super) tenants: Vec<Book>,
    pub(super) networks: Vec<Book>,
    /// LANs of NAT gateways.
    pub(super) lans: Vec<Book>,
}

impl Books {
    fn new(cluster: &mut Cluster, plan: &Plan) -> Result<Self> {
        let mut ovn_book = |name: String, cidrs: (&str, Option<&str>), vpc: &str| -> Result<Book> {
            let mut book = Book::new(name, "ovn", cidrs, 0)?;
            vpc.clone_into(&mut book.vpc);
            book.created = cluster.some_time();
            Ok(book)
        };
        let default = ovn_book("ovn-default".to_owned(), ("10.255.0.0/16", None), "ovn-cluster")?;
        let join = ovn_book("join".to_owned(), ("100.64.0.0/16", None), "ovn-cluster")?;
        let mut external = ovn_book("external".to_owned(), ("192.0.0.0/18", None), "ovn-cluster")?;
        "vlan100".clone_into(&mut external.vlan);
        let tenants = (0..plan.tenants).map(|tenant| {
            let cidr = format!("{}/22", std::net::Ipv4Addr::from(0x0a00_0000 | tenant << 10));
            let v6 = (tenant % 8 == 3).then(|| format!("fd00:10:{tenant:x}::/64"));
            let mut book = ovn_book(tenant_name(tenant), (&cidr, v6.as_deref()), "ovn-cluster")?;
            book.namespaces = vec![tenant_name(tenant)];
            Ok(book)
        });
        let tenants = tenants.collect::<Result<Vec<_>>>()?;
        let lans = (0..plan.gateways)
            .map(|number| ovn_book(format!("lan-{number:05}"), ("192.168.0.0/24", None), &format!("vpc-{number:05}")));
        let lans = lans.collect::<Result<Vec<_>>>()?;
        let networks = (0..plan.networks).map(|number| {
            let cidr = format!("{}/20", std::net::Ipv4Addr::from(0xac10_0000 + (number << 12)));
            let mut book =
                Book::new(format!("ext-{number:04}"), &format!("net-{number:04}.default"), (&cidr, None), 9)?;
            book.created = cluster.some_time();
            Ok(book)
        });
        let networks = networks.collect::<Result<Vec<_>>>()?;
        Ok(Self { default, join, external, tenants, networks, lans })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Book> {
        let few = [&self.default, &self.join, &self.external];
        few.into_iter().chain(&self.tenants).chain(&self.networks).chain(&self.lans)
    }
}

pub(super) fn tenant_name(tenant: u32) -> String {
    format!("tenant-{tenant:05}")
}

/// Writes the cluster, with so many faults of each kind; gives what an audit finds in it.
///
/// # Errors
/// It does not fit into its Subnets, or a file cannot be written.
pub(super) fn write(cluster: &mut Cluster, plan: &Plan, faults: u32) -> Result<Vec<String>> {
    let mut books = Books::new(cluster, plan)?;
    base(cluster, plan, &mut books)?;
    for tenant in 0..plan.tenants {
        if tenant % 16 == 0 {
            eprintln!("  {} of {} objects", cluster.sink.objects(), plan.objects);
        }
        write_tenant(cluster, plan, tenant, &mut books)?;
    }
    for gateway in 0..plan.gateways {
        gateways::write(cluster, gateway, &mut books)?;
    }
    extras::write(cluster, plan, &mut books)?;
    let findings = faults::write(cluster, faults)?;
    fill(cluster, plan, books.all().count())?;
    for book in books.all() {
        cluster.put_subnet(book)?;
    }
    Ok(findings)
}

/// Namespaces, nodes, networks: what the rest stands on.
fn base(cluster: &mut Cluster, plan: &Plan, books: &mut Books) -> Result<()> {
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        kubernetes::namespace(cluster, name, &books.default)?;
    }
    for book in &books.tenants {
        kubernetes::namespace(cluster, &book.name, book)?;
    }
    let mut body = workload("kube-proxy", 0, "");
    body["spec"]["template"]["spec"]["hostNetwork"] = true.into();
    let id =
        Id { resource: "daemonsets", api: "apps/v1", kind: "DaemonSet", namespace: "kube-system", name: "kube-proxy" };
    let uid = cluster.put(&id, body)?;
    for number in 0..plan.nodes {
        kubernetes::node(cluster, number, &mut books.join)?;
        let node = super::cluster::node_name(number);
        let name = format!("kube-proxy-{}", cluster.random.suffix(5));
        let owner = Owner { kind: "DaemonSet", api: "apps/v1", name: "kube-proxy", uid: &uid };
        let pod = Pod {
            namespace: "kube-system",
            name: &name,
            app: "kube-proxy",
            node: &node,
            owner,
            nics: Vec::new(),
            phase: "Running",
            annotations: Map::new(),
            labels: Map::new(),
        };
        pod.put(cluster)?;
    }
    for (number, book) in books.networks.iter().enumerate() {
        attachment(cluster, &format!("bond0.{}", 200 + number), book)?;
    }
    vpc(cluster, "ovn-cluster", books.all().filter(|book| book.vpc == "ovn-cluster").map(|book| book.name.as_str()))
}

/// A macvlan attachment whose addresses Kube-OVN manages.
pub(super) fn attachment(cluster: &mut Cluster, master: &str, book: &Book) -> Result<()> {
    let config = json!({
        "cniVersion": "0.3.1",
        "ipam": { "provider": book.provider, "server_socket": "/run/openvswitch/kube-ovn-daemon.sock", "type": "kube-ovn" },
        "master": master, "mode": "bridge", "type": "macvlan"
    });
    let (name, namespace) = book.provider.split_once('.').context("an attachment has a namespace")?;
    let id = Id {
        resource: "network-attachment-definitions",
        api: "k8s.cni.cncf.io/v1",
        kind: "NetworkAttachmentDefinition",
        namespace,
        name,
    };
    cluster.put(&id, json!({ "spec": { "config": config.to_string() } }))?;
    Ok(())
}

/// A VPC with its Subnets.
pub(super) fn vpc<'a>(cluster: &mut Cluster, name: &str, subnets: impl Iterator<Item = &'a str>) -> Result<()> {
    let default = name == "ovn-cluster";
    let body = json!({
        "metadata": { "finalizers": [FINALIZER] },
        "spec": {},
        "status": {
            "bfdPort": {}, "default": default, "defaultLogicalSwitch": if default { "ovn-default" } else { "" },
            "enableBfd": false, "enableExternal": false, "router": name, "standby": true, "subnets": subnets.collect::<Vec<_>>()
        }
    });
    cluster.put(&ovn("vpcs", "Vpc", name), body)?;
    Ok(())
}

/// A workload about to be written.
struct App<'a> {
    tenant: u32,
    namespace: &'a str,
    name: String,
    /// Its place among those with a second NIC.
    attached: Option<u32>,
}

fn write_tenant(cluster: &mut Cluster, plan: &Plan, tenant: u32, books: &mut Books) -> Result<()> {
    let namespace = tenant_name(tenant);
    let first = tenant * APPS;
    for number in first..(first + APPS).min(plan.apps) {
        let attached = (number % TURN == 0).then_some(number / TURN);
        let app = App { tenant, namespace: &namespace, name: format!("app-{:02}", number - first), attached };
        write_app(cluster, &app, books)?;
    }
    Ok(())
}

fn write_app(cluster: &mut Cluster, app: &App<'_>, books: &mut Books) -> Result<()> {
    let network = app.attached.map(|number| (number * PODS / ATTACHED) as usize);
    let networks = network.map(|network| networks_annotation(&books.networks[network])).unwrap_or_default();
    let (owner_name, kind) = if app.attached.is_some() {
        (app.name.clone(), "StatefulSet")
    } else {
        (format!("{}-6f5d9c7b4", app.name), "ReplicaSet")
    };
    let uid = write_controllers(cluster, app, &owner_name, &networks)?;
    let owner = Owner { kind, api: "apps/v1", name: &owner_name, uid: &uid };
    for ordinal in 0..PODS {
        let name = match kind {
            "StatefulSet" => format!("{}-{ordinal}", app.name),
            _ => format!("{owner_name}-{}", cluster.random.suffix(5)),
        };
        write_pod(cluster, app, (&name, owner), network, books)?;
    }
    Ok(())
}

fn networks_annotation(book: &Book) -> String {
    book.provider.split_once('.').map(|(name, namespace)| format!("{namespace}/{name}")).unwrap_or_default()
}

/// The StatefulSet, or the Deployment and its ReplicaSet; gives the UID of what makes the pods.
fn write_controllers(cluster: &mut Cluster, app: &App<'_>, owner: &str, networks: &str) -> Result<String> {
    let id = |resource, kind, name| Id { resource, api: "apps/v1", kind, namespace: app.namespace, name };
    let mut body = workload(&app.name, PODS, networks);
    if app.attached.is_some() {
        body["spec"]["serviceName"] = app.name.as_str().into();
        return cluster.put(&id("statefulsets", "StatefulSet", &app.name), body);
    }
    let uid = cluster.put(&id("deployments", "Deployment", &app.name), body.clone())?;
    let deployment = Owner { kind: "Deployment", api: "apps/v1", name: &app.name, uid: &uid };
    body["metadata"]["ownerReferences"] = json!([deployment.reference()]);
    cluster.put(&id("replicasets", "ReplicaSet", owner), body)
}

/// A pod with one or two NICs, and their records.
fn write_pod(
    cluster: &mut Cluster,
    app: &App<'_>,
    (name, owner): (&str, Owner<'_>),
    network: Option<usize>,
    books: &mut Books,
) -> Result<()> {
    let node = cluster.some_node();
    let tenant = app.tenant as usize;
    let mac = cluster.random.mac();
    let first = books.tenants[tenant].give(cluster.random.one_in(40))?;
    let second = network.map(|network| books.networks[network].give(cluster.random.one_in(8))).transpose()?;
    let tenant = &books.tenants[tenant];
    let mut nics = vec![Nic { book: tenant, given: first, mac: mac.clone() }];
    if let (Some(network), Some(given)) = (network, second) {
        nics.push(Nic { book: &books.networks[network], given, mac: String::new() });
    }
    let pod_type = if owner.kind == "StatefulSet" { "StatefulSet" } else { "" };
    for nic in &nics {
        let record =
            Record { pod: name, namespace: app.namespace, node: &node, mac: &nic.mac, pod_type, reserved: false };
        record.put(cluster, nic.book, &nic.given)?;
    }
    let pod = Pod {
        namespace: app.namespace,
        name,
        app: &app.name,
        node: &node,
        owner,
        nics,
        phase: "Running",
        annotations: Map::new(),
        labels: Map::new(),
    };
    pod.put(cluster)
}

/// Old ReplicaSets, as every Deployment has up to ten of, until the number of objects is reached.
fn fill(cluster: &mut Cluster, plan: &Plan, subnets: usize) -> Result<()> {
    let present = cluster.sink.objects() + subnets as u64;
    for number in present..plan.objects {
        let name = format!("app-01-{}", cluster.random.suffix(9));
        let namespace = tenant_name(u32::try_from(number % u64::from(plan.tenants)).unwrap_or(0));
        let id = Id { resource: "replicasets", api: "apps/v1", kind: "ReplicaSet", namespace: &namespace, name: &name };
        cluster.put(&id, workload("app-01", 0, ""))?;
    }
    let _ = DUMPED;
    Ok(())
}
