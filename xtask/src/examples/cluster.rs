//! A cluster in the making: objects, a clock, and what the allocator has in memory.
//!
//! In: objects without the part of their metadata that an API server adds. Out: the lists that `kubectl get -o json`
//! prints. UIDs come from names and times from the story, so that every run makes the same bytes.

use super::counts;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// All that Kube-OVN's documentation has people dump, in the order of the reference; an empty one is a file as well.
const RESOURCES: &[&str] = &[
    "subnets",
    "ips",
    "ippools",
    "vips",
    "vpcs",
    "vpc-nat-gateways",
    "iptables-eips",
    "iptables-fip-rules",
    "iptables-dnat-rules",
    "iptables-snat-rules",
    "ovn-eips",
    "ovn-fips",
    "ovn-snat-rules",
    "ovn-dnat-rules",
    "vlans",
    "provider-networks",
    "qos-policies",
    "switch-lb-rules",
    "pods",
    "nodes",
    "namespaces",
    "statefulsets",
    "deployments",
    "replicasets",
    "daemonsets",
    "jobs",
    "network-attachment-definitions",
];

/// What a new object is called.
pub(super) struct Id<'a> {
    pub(super) resource: &'static str,
    pub(super) api: &'static str,
    pub(super) kind: &'static str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

/// See the module.
pub(super) struct Cluster {
    seed: &'static str,
    /// Seconds since 1970.
    now: i64,
    revision: u64,
    /// By resource, then by `namespace/name`: the order in which an API server lists.
    objects: BTreeMap<&'static str, BTreeMap<String, Value>>,
    /// By Subnet: the addresses that the allocator has as taken, which is what status ranges are printed from.
    memory: BTreeMap<String, BTreeSet<IpAddr>>,
}

impl Cluster {
    /// An empty cluster. `seed` makes its UIDs and hardware addresses differ from those of the others.
    pub(super) fn new(seed: &'static str, start: &str) -> Self {
        let now = start.parse::<jiff::Timestamp>().expect("the story starts at a time").as_second();
        Self { seed, now, revision: 1000, objects: BTreeMap::new(), memory: BTreeMap::new() }
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, seconds: i64) {
        self.now += seconds;
    }

    /// The present time as Kubernetes writes it.
    pub(super) fn time(&self) -> String {
        jiff::Timestamp::from_second(self.now).expect("the story is of this century").to_string()
    }

    /// Adds an object: `metadata` may hold labels, annotations and the like; the rest of the body is taken as it is.
    pub(super) fn add(&mut self, id: &Id<'_>, mut body: Value) {
        let metadata = &mut body["metadata"];
        metadata["creationTimestamp"] = self.time().into();
        metadata["name"] = id.name.into();
        if !id.namespace.is_empty() {
            metadata["namespace"] = id.namespace.into();
        }
        metadata["uid"] = self.uid(&format!("{}/{}/{}@{}", id.kind, id.namespace, id.name, self.now)).into();
        metadata["resourceVersion"] = self.next_revision().into();
        if metadata["generation"].is_null() {
            metadata["generation"] = 1.into();
        }
        body["apiVersion"] = id.api.into();
        body["kind"] = id.kind.into();
        let objects = self.objects.entry(id.resource).or_default();
        let replaced = objects.insert(format!("{}/{}", id.namespace, id.name), body);
        assert!(replaced.is_none(), "the story makes {} {} twice", id.kind, id.name);
    }

    /// An object that the story has made.
    pub(super) fn get(&self, resource: &str, namespace: &str, name: &str) -> &Value {
        let found = self.objects.get(resource).and_then(|objects| objects.get(&format!("{namespace}/{name}")));
        found.unwrap_or_else(|| panic!("the story has no {resource} {namespace}/{name}"))
    }

    /// Changes an object, as an update does.
    pub(super) fn edit(&mut self, resource: &str, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let revision = self.next_revision();
        let found = self.objects.get_mut(resource).and_then(|objects| objects.get_mut(&format!("{namespace}/{name}")));
        let object = found.unwrap_or_else(|| panic!("the story has no {resource} {namespace}/{name}"));
        change(object);
        object["metadata"]["resourceVersion"] = revision.into();
    }

    /// Removes an object, and nothing that belongs to it.
    pub(super) fn remove(&mut self, resource: &str, namespace: &str, name: &str) {
        let removed = self.objects.get_mut(resource).and_then(|objects| objects.remove(&format!("{namespace}/{name}")));
        assert!(removed.is_some(), "the story has no {resource} {namespace}/{name}");
    }

    /// Asks for the deletion of an object that has a finalizer: it stays, terminating.
    pub(super) fn terminate(&mut self, resource: &str, name: &str) {
        let time = self.time();
        self.edit(resource, "", name, |object| {
            object["metadata"]["deletionTimestamp"] = time.into();
            object["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            object["metadata"]["generation"] = 3.into();
        });
    }

    /// The allocator takes an address.
    pub(super) fn remember(&mut self, subnet: &str, address: &str) {
        for part in address.split(',').filter(|part| !part.is_empty()) {
            let address = part.parse().unwrap_or_else(|_| panic!("`{part}` is no address"));
            self.memory.entry(subnet.to_owned()).or_default().insert(address);
        }
    }

    /// The allocator forgets an address.
    pub(super) fn forget(&mut self, subnet: &str, address: &str) {
        let address = address.parse().unwrap_or_else(|_| panic!("`{address}` is no address"));
        assert!(self.memory.entry(subnet.to_owned()).or_default().remove(&address), "{address} was not in memory");
    }

    /// Counts all Subnets and pools as Kube-OVN does: the last step of a story.
    pub(super) fn count(&mut self) {
        let none = BTreeMap::new();
        let of = |resource: &str| self.objects.get(resource).unwrap_or(&none).values().cloned().collect::<Vec<_>>();
        let records = counts::Records {
            ips: of("ips"),
            labelled: ["vips", "iptables-eips", "ovn-eips"].iter().flat_map(|resource| of(resource)).collect(),
        };
        let empty = BTreeSet::new();
        for subnet in self.objects.get_mut("subnets").into_iter().flat_map(BTreeMap::values_mut) {
            let name = counts::text(&subnet["metadata"]["name"]);
            counts::count_subnet(subnet, &records, self.memory.get(&name).unwrap_or(&empty));
        }
        let subnets = self.objects.get("subnets").cloned().unwrap_or_default();
        for pool in self.objects.get_mut("ippools").into_iter().flat_map(BTreeMap::values_mut) {
            let name = counts::text(&pool["spec"]["subnet"]);
            let subnet = subnets.get(&format!("/{name}")).unwrap_or(&Value::Null);
            counts::count_pool(pool, subnet, self.memory.get(&name).unwrap_or(&empty));
        }
    }

    /// The lists as `kubectl get RESOURCE -A -o json` prints them.
    pub(super) fn files(&self) -> Vec<(&'static str, String)> {
        let unknown = self.objects.keys().find(|resource| !RESOURCES.contains(*resource));
        assert!(unknown.is_none(), "no file for {unknown:?}");
        let items = |resource| self.objects.get(resource).map_or_else(Vec::new, |of| of.values().collect());
        RESOURCES.iter().map(|resource| (*resource, print(&items(resource)))).collect()
    }

    /// A hardware address that belongs to a name.
    pub(super) fn mac(&self, name: &str) -> String {
        let bytes = self.hash(name).to_be_bytes();
        // Locally administered, unicast.
        let first = bytes[0] & 0xfc | 0x02;
        let rest = bytes[1..6].iter().map(|byte| format!(":{byte:02x}"));
        format!("{first:02x}{}", rest.collect::<String>())
    }

    fn next_revision(&mut self) -> String {
        self.revision += 7;
        self.revision.to_string()
    }

    fn uid(&self, name: &str) -> String {
        let (high, low) = (self.hash(name), self.hash(&format!("{name}#")));
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
        let (d, e) = ((low >> 48) & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
        format!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}")
    }

    /// FNV-1a, then the finalizer of splitmix64, so that similar names look nothing alike.
    fn hash(&self, name: &str) -> u64 {
        let bytes = self.seed.bytes().chain(name.bytes());
        let fnv =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mixed = (fnv ^ fnv >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

/// Prints a list with kubectl's indentation, and numbers beyond 64 bits as the API server does.
fn print(items: &[&Value]) -> String {
    let list = json!({ "apiVersion": "v1", "items": items, "kind": "List", "metadata": { "resourceVersion": "" } });
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(&list, &mut serializer).expect("a value can be printed");
    let mut text = String::from_utf8(bytes).expect("JSON is UTF-8");
    text.push('\n');
    text.replace(&format!("\"{}", counts::BARE), "").replace(&format!("{}\"", counts::BARE), "")
}
