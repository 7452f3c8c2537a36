//! Faults on request: so many of each kind that an audit has a code for.
//!
//! In: how many of each. Out: their objects, and the id of each finding that they are to make, with those that follow.
//! Guarantees: each fault is on a network of its own, so that it makes the findings that are named here and changes nothing
//! of what is around it.

use super::book::{Book, Given};
use super::cluster::{Cluster, FINALIZER, Id, ovn};
use super::kubernetes::{Nic, Owner, Pod, Record, workload};
use super::{extras, gateways, story};
use anyhow::{Context, Result};
use ledger::AddrRange;
use serde_json::{Map, Value, json};

/// The network of every fault: on networks of their own, they may all have one.
const BLOCK: &str = "198.18.0.0/26";
/// Where the pods of faults are.
const NAMESPACE: &str = "default";
/// What makes them.
const OWNER: &str = "faulty-6f5d9c7b4";

/// How a fault is planted.
type Plant = fn(&mut Site<'_>) -> Result<()>;

/// Every code of an audit, and how to make a finding of it.
const FAULTS: &[(&str, Plant)] = &[
    ("duplicate-address", |site| duplicate(site, BLOCK, 2)),
    ("double-record", double_record),
    ("missing-record", missing_record),
    ("static-conflict", static_conflict),
    ("leaked-ip", leaked_ip),
    ("leaked-nic", leaked_nic),
    ("over-capacity", over_capacity),
    ("count-mismatch", count_mismatch),
    ("range-mismatch", range_mismatch),
    ("outside-subnet", |site| out_of_place(site, "198.18.0.200")),
    ("gateway-in-use", |site| out_of_place(site, "198.18.0.1")),
    ("duplicate-mac", duplicate_mac),
    ("excluded-in-use", excluded_in_use),
    ("overlapping-subnets", overlapping_subnets),
    ("pool-overlap", |site| pools(site, ("198.18.0.10", "198.18.0.19"), ("198.18.0.15", "198.18.0.24"))),
    ("pool-outside-subnet", |site| pools(site, ("198.18.0.10", "198.18.0.19"), ("198.18.0.60", "198.18.0.70"))),
    ("suspected-same-wire", suspected_same_wire),
    ("missing-reference", missing_reference),
    ("stuck-terminating", stuck_terminating),
    ("rule-conflict", rule_conflict),
    ("label-drift", label_drift),
    ("malformed-object", malformed_object),
];

/// Writes so many faults of each kind; gives the ids of the findings.
///
/// # Errors
/// A file cannot be written.
pub(super) fn write(cluster: &mut Cluster, each: u32) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    if each == 0 {
        return Ok(findings);
    }
    let id = Id { resource: "replicasets", api: "apps/v1", kind: "ReplicaSet", namespace: NAMESPACE, name: OWNER };
    let owner = cluster.put(&id, workload("faulty", 0, ""))?;
    for (code, plant) in FAULTS {
        for number in 0..each {
            let name = format!("{code}-{number:04}");
            plant(&mut Site { cluster, owner: &owner, name, findings: &mut findings })?;
        }
    }
    findings.sort();
    Ok(findings)
}

/// Where a fault is planted.
struct Site<'a> {
    cluster: &'a mut Cluster,
    /// UID of what makes its pods.
    owner: &'a str,
    /// The code and a number: the name of all that is made here.
    name: String,
    findings: &'a mut Vec<String>,
}

impl Site<'_> {
    fn expect(&mut self, code: &str, subject: &str) {
        self.findings.push(format!("{code}:{subject}"));
    }

    /// The counts of a Subnet differ as well.
    fn expect_count(&mut self, book: &Book) {
        self.expect("count-mismatch", &format!("{}/v4", book.name));
    }

    /// A macvlan network on an interface of its own.
    fn network(&mut self, block: &str) -> Result<Book> {
        let name = self.name.clone();
        self.network_on(&name, &name, block, 0)
    }

    fn network_on(&mut self, name: &str, master: &str, block: &str, reserved: u32) -> Result<Book> {
        let book = self.subnet(name, &format!("{name}.default"), block, reserved)?;
        story::attachment(self.cluster, master, &book)?;
        Ok(book)
    }

    fn subnet(&mut self, name: &str, provider: &str, block: &str, reserved: u32) -> Result<Book> {
        let mut book = Book::new(name.to_owned(), provider, (block, None), reserved)?;
        book.created = self.cluster.some_time();
        Ok(book)
    }

    /// The LAN of a gateway.
    fn lan(&mut self) -> Result<Book> {
        let mut book = self.subnet(&format!("{}-lan", self.name), "ovn", "192.168.0.0/24", 0)?;
        book.vpc = format!("{}-vpc", self.name);
        Ok(book)
    }

    fn pod_name(&self, number: u32) -> String {
        format!("{}-{number}", self.name)
    }

    fn pod(&mut self, name: &str, book: &Book, given: &Given, mac: &str) -> Result<()> {
        let nics = vec![Nic { book, given: given.clone(), mac: mac.to_owned() }];
        self.put_pod(name, nics, "Running", Map::new())
    }

    fn put_pod(&mut self, name: &str, nics: Vec<Nic<'_>>, phase: &'static str, asks: Map<String, Value>) -> Result<()> {
        let node = self.cluster.some_node();
        let owner = Owner { kind: "ReplicaSet", api: "apps/v1", name: OWNER, uid: self.owner };
        let app = "faulty";
        let labels = Map::new();
        Pod { namespace: NAMESPACE, name, app, node: &node, owner, nics, phase, annotations: asks, labels }
            .put(self.cluster)
    }

    /// The IP object of a pod, as it is to be; its name with it.
    fn record(&mut self, pod: &str, book: &Book, given: &Given, mac: &str) -> (String, Value) {
        let node = self.cluster.some_node();
        let record = Record { pod, namespace: NAMESPACE, node: &node, mac, pod_type: "", reserved: false };
        (record.port(book), record.body(book, given))
    }

    fn put_record(&mut self, pod: &str, book: &Book, given: &Given, mac: &str) -> Result<String> {
        let (name, body) = self.record(pod, book, given, mac);
        self.cluster.put(&ovn("ips", "IP", &name), body)?;
        Ok(name)
    }

    /// A pod and its IP object.
    fn holder(&mut self, number: u32, book: &Book, given: &Given, mac: &str) -> Result<()> {
        let pod = self.pod_name(number);
        self.put_record(&pod, book, given, mac)?;
        self.pod(&pod, book, given, mac)
    }

    fn gateway(&self) -> String {
        format!("gw-{}", self.name)
    }
}

/// An address of which only IPv4 is given.
fn v4(address: &str) -> Given {
    Given { v4: address.to_owned(), v6: String::new() }
}

/// One address, recorded for several pods: Kube-OVN counts the records.
fn duplicate(site: &mut Site<'_>, block: &str, pods: u32) -> Result<()> {
    let mut book = site.network(block)?;
    let given = book.give(false)?;
    book.records = u64::from(pods);
    for number in 0..pods {
        site.holder(number, &book, &given, "")?;
    }
    site.expect("duplicate-address", &format!("{}/{}", book.provider, given.v4));
    site.expect_count(&book);
    site.cluster.put_subnet(&book)
}

/// Two usable addresses, and three records of one of them.
fn over_capacity(site: &mut Site<'_>) -> Result<()> {
    duplicate(site, "198.18.0.0/30", 3)?;
    site.expect("over-capacity", &format!("{}/v4", site.name));
    Ok(())
}

/// An EIP with the address of its own gateway's NIC: the case of kube-ovn#4747.
fn double_record(site: &mut Site<'_>) -> Result<()> {
    let (mut lan, mut book, gateway) = (site.lan()?, site.network(BLOCK)?, site.gateway());
    let given = gateways::put(site.cluster, &gateway, &mut lan, &mut book, 0)?;
    gateways::put_eip(site.cluster, &gateway, 0, &book, &given)?;
    book.records += 1;
    site.expect("double-record", &format!("{}/{}", book.provider, given.v4));
    site.expect_count(&book);
    site.cluster.put_subnet(&lan)?;
    site.cluster.put_subnet(&book)
}

/// A pod whose IP object is gone: the allocator still has its address, and the count is one short.
fn missing_record(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let (given, pod) = (book.give(false)?, site.pod_name(0));
    site.pod(&pod, &book, &given, "")?;
    book.records -= 1;
    site.expect("missing-record", &format!("pod/{NAMESPACE}/{pod}/{}", book.provider));
    site.expect_count(&book);
    site.cluster.put_subnet(&book)
}

/// A pod that waits for an address which another one has.
fn static_conflict(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let given = book.give(false)?;
    site.holder(0, &book, &given, "")?;
    let mut asks = Map::new();
    asks.insert(format!("{}.kubernetes.io/ip_address", book.provider), given.v4.as_str().into());
    asks.insert("k8s.v1.cni.cncf.io/networks".to_owned(), format!("default/{}", site.name).into());
    let pod = site.pod_name(1);
    site.put_pod(&pod, Vec::new(), "Pending", asks)?;
    site.expect("static-conflict", &format!("pods/{NAMESPACE}/{pod}/{}", given.v4));
    site.cluster.put_subnet(&book)
}

/// An IP object whose pod is gone.
fn leaked_ip(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let (given, pod) = (book.give(false)?, site.pod_name(0));
    let name = site.put_record(&pod, &book, &given, "")?;
    site.expect("leaked-ip", &format!("ips/{name}"));
    site.cluster.put_subnet(&book)
}

/// An IP object of a NIC that its pod was made without.
fn leaked_nic(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let name = format!("{}-b", site.name);
    let mut lost = site.network_on(&name, &name, BLOCK, 0)?;
    let given = book.give(false)?;
    site.holder(0, &book, &given, "")?;
    let (given, pod) = (lost.give(false)?, site.pod_name(0));
    let name = site.put_record(&pod, &lost, &given, "")?;
    site.expect("leaked-nic", &format!("ips/{name}"));
    site.cluster.put_subnet(&book)?;
    site.cluster.put_subnet(&lost)
}

/// A status that has one record less than there is.
fn count_mismatch(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let given = book.give(false)?;
    site.holder(0, &book, &given, "")?;
    book.records = 0;
    site.expect_count(&book);
    site.cluster.put_subnet(&book)
}

/// An address that the allocator gave out, and that no object explains.
fn range_mismatch(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    book.give(false)?;
    book.records = 0;
    site.expect("range-mismatch", &format!("{}/v4", book.name));
    site.cluster.put_subnet(&book)
}

/// A pod with an address that is not for pods. Kube-OVN counts it by the Subnet that it names, unless it is excluded.
fn out_of_place(site: &mut Site<'_>, address: &str) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let given = v4(address);
    site.holder(0, &book, &given, "")?;
    if address == book.gateway_text() {
        site.expect("gateway-in-use", &format!("{}/{address}", book.provider));
    } else {
        book.records = 1;
        site.expect("outside-subnet", &format!("ips/{}.{NAMESPACE}.{}/{address}", site.pod_name(0), book.provider));
    }
    site.expect_count(&book);
    site.cluster.put_subnet(&book)
}

/// Two pods with one hardware address.
fn duplicate_mac(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let mac = site.cluster.random.mac();
    for number in 0..2 {
        let given = book.give(false)?;
        site.holder(number, &book, &given, &mac)?;
    }
    site.expect("duplicate-mac", &format!("{}/{mac}", book.provider));
    site.cluster.put_subnet(&book)
}

/// A pod on an address that is excluded, which Kube-OVN does not count.
fn excluded_in_use(site: &mut Site<'_>) -> Result<()> {
    let name = site.name.clone();
    let book = site.network_on(&name, &name, BLOCK, 3)?;
    site.holder(0, &book, &v4("198.18.0.3"), "")?;
    site.expect("excluded-in-use", &book.name);
    site.expect_count(&book);
    site.cluster.put_subnet(&book)
}

/// Two Subnets of one network.
fn overlapping_subnets(site: &mut Site<'_>) -> Result<()> {
    let book = site.network(BLOCK)?;
    let other = site.subnet(&format!("{}-b", site.name), &book.provider, "198.18.0.32/27", 0)?;
    site.expect("overlapping-subnets", &format!("{}/{}", book.name, other.name));
    site.cluster.put_subnet(&book)?;
    site.cluster.put_subnet(&other)
}

/// Two pools of one Subnet, of which the second is at fault.
fn pools(site: &mut Site<'_>, one: (&str, &str), other: (&str, &str)) -> Result<()> {
    let book = site.network(BLOCK)?;
    let names = ["a", "b"].map(|which| format!("{}-{which}", site.name));
    for (name, (first, last)) in names.iter().zip([one, other]) {
        extras::put_pool(site.cluster, name, &book, AddrRange::new(first.parse()?, last.parse()?)?)?;
    }
    if site.name.starts_with("pool-overlap") {
        site.expect("pool-overlap", &names.join("/"));
    } else {
        site.expect("pool-outside-subnet", &names[1]);
    }
    site.cluster.put_subnet(&book)
}

/// Two networks on one interface.
fn suspected_same_wire(site: &mut Site<'_>) -> Result<()> {
    let (name, other) = (site.name.clone(), format!("{}-b", site.name));
    for network in [&name, &other] {
        let book = site.network_on(network, &name, BLOCK, 0)?;
        site.cluster.put_subnet(&book)?;
    }
    site.expect("suspected-same-wire", &format!("{name}/{other}"));
    Ok(())
}

/// An EIP of a gateway that does not exist.
fn missing_reference(site: &mut Site<'_>) -> Result<()> {
    let (mut book, gateway) = (site.network(BLOCK)?, site.gateway());
    let given = book.give(false)?;
    gateways::put_eip(site.cluster, &gateway, 0, &book, &given)?;
    site.expect("missing-reference", &format!("vpc-nat-gateways/{gateway}"));
    site.cluster.put_subnet(&book)
}

/// A VPC that was deleted and still has a Subnet.
fn stuck_terminating(site: &mut Site<'_>) -> Result<()> {
    let book = site.lan()?;
    let deleted = site.cluster.some_time();
    let body = json!({
        "metadata": { "creationTimestamp": deleted, "deletionTimestamp": deleted, "finalizers": [FINALIZER] },
        "spec": {},
        "status": { "default": false, "router": book.vpc, "standby": true, "subnets": [book.name] }
    });
    site.cluster.put(&ovn("vpcs", "Vpc", &book.vpc), body)?;
    site.expect("stuck-terminating", &format!("vpcs/{}", book.vpc));
    site.cluster.put_subnet(&book)
}

/// A second FIP on an EIP.
fn rule_conflict(site: &mut Site<'_>) -> Result<()> {
    let (mut lan, mut book, gateway) = (site.lan()?, site.network(BLOCK)?, site.gateway());
    gateways::put(site.cluster, &gateway, &mut lan, &mut book, 1)?;
    let eip = gateways::eip_name(&gateway, 0);
    let address = book.v4.taken.last().context("the EIP has an address")?.to_string();
    let rule = gateways::rule("iptables-fip-rules", "IptablesFIPRule", json!({ "internalIp": "192.168.0.99" }));
    gateways::put_rule(site.cluster, &rule, &format!("{eip}-9"), &eip, &address, &gateway)?;
    site.expect("rule-conflict", &format!("{eip}/fip"));
    site.cluster.put_subnet(&lan)?;
    site.cluster.put_subnet(&book)
}

/// An IP object that is labelled with the name of another Subnet.
fn label_drift(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let (given, pod) = (book.give(false)?, site.pod_name(0));
    let (name, mut body) = site.record(&pod, &book, &given, "");
    body["metadata"]["labels"]["ovn.kubernetes.io/subnet"] = "ovn-default".into();
    site.cluster.put(&ovn("ips", "IP", &name), body)?;
    site.pod(&pod, &book, &given, "")?;
    site.expect("label-drift", &format!("ips/{name}"));
    site.cluster.put_subnet(&book)
}

/// An IP object with a hardware address that is none.
fn malformed_object(site: &mut Site<'_>) -> Result<()> {
    let mut book = site.network(BLOCK)?;
    let (given, pod) = (book.give(false)?, site.pod_name(0));
    let name = site.put_record(&pod, &book, &given, "none")?;
    site.pod(&pod, &book, &given, "")?;
    site.expect("malformed-object", &format!("ips/{name}/spec.macAddress"));
    site.cluster.put_subnet(&book)
}
