//! How a story ended, in a form in which two runs of it can be compared.
//!
//! In: the server. Out: [`End`]. Guarantees: which address a free choice took does not count: a controller that was
//! restarted does not know which ones were used before.

use crate::cluster::Cluster;
use crate::oracle::{claims, pods};
use model::Server;
use serde_json::{Value, json};
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Of each pod: whether it runs, and the NICs that have an address.
    pub pods: BTreeMap<String, (String, Vec<String>)>,
    /// Claims by holder's name and NIC.
    pub claims: Vec<(String, String)>,
    /// IP objects by name.
    pub ips: Vec<String>,
    /// What Subnets say of themselves: spec, finalizers, counts, conditions.
    pub subnets: BTreeMap<String, Value>,
    /// What IPPools say.
    pub pools: BTreeMap<String, Value>,
    /// The whole status of Subnets and IPPools. Not compared.
    pub statuses: BTreeMap<String, Value>,
    /// Status of claims by name. Not compared.
    pub claim_statuses: BTreeMap<String, Value>,
    /// `spec` of IP objects by name. Not compared.
    pub ip_specs: BTreeMap<String, Value>,
    /// Annotations of pods by name. Not compared.
    pub annotations: BTreeMap<String, Value>,
    /// What NAT rules say, by kind and name: labels, finalizers, status.
    pub rules: BTreeMap<String, Value>,
    /// What EIPs say of their rules, by name: finalizers, `nat`.
    pub eips: BTreeMap<String, Value>,
    /// Why EIPs are not ready, by name. Not compared.
    pub eip_words: BTreeMap<String, String>,
    /// Annotations of Namespaces by name, where they have any.
    pub namespaces: BTreeMap<String, Value>,
    /// Events. Not compared: they are best effort.
    pub events: Vec<Value>,
    /// Objects that are being deleted, by kind and name.
    pub leaving: Vec<String>,
    /// Addresses on the wire.
    pub answers: usize,
    /// Addresses by the name of their holder. Not compared.
    pub addresses: BTreeMap<String, Vec<String>>,
    /// Why a NIC has nothing, by holder and NIC, in the words of the first controller. Not compared.
    pub told: BTreeMap<String, String>,
    /// Writes of the controller for holders: all but those of Subnets, IPPools and Events. Not compared.
    pub writes: u64,
    /// Writes of Subnets and IPPools. Not compared.
    pub account_writes: u64,
    /// Writes of Events. Not compared.
    pub event_writes: u64,
}

impl End {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let claims = claims(cluster);
        let nics = |uid: &api::slim::Uid| {
            let mine = claims.iter().filter(|claim| claim.status.users().any(|(user, _)| user.pod_uid == *uid));
            mine.map(|claim| claim.spec.holder.nic.to_string()).collect::<Vec<_>>()
        };
        let pods = pods(cluster);
        let pods =
            pods.iter().map(|pod| (pod.meta.name.to_string(), (pod.status.phase.to_string(), nics(&pod.meta.uid))));
        let mut by_holder: Vec<(String, String)> = claims
            .iter()
            .map(|claim| (claim.spec.holder.name.to_string(), claim.spec.holder.nic.to_string()))
            .collect();
        by_holder.sort();
        let mut addresses: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for claim in &claims {
            let address = claim.spec.address.get().map(ToString::to_string).unwrap_or_default();
            addresses.entry(claim.spec.holder.name.to_string()).or_default().push(address);
        }
        let told = cluster.engines().take(1).flat_map(|engine| engine.refusals().collect::<Vec<_>>());
        let told = told.map(|(nic, why)| (format!("{} {}", nic.holder, nic.name), why.to_owned())).collect();
        let ip_objects = cluster.server.objects("kubeovn.io", "ips");
        let ips = ip_objects.iter().filter_map(|ip| ip["metadata"]["name"].as_str().map(str::to_owned)).collect();
        let objects = |group, kind| cluster.server.objects(group, kind);
        let (subnets, pools) = (objects("kubeovn.io", "subnets"), objects("kubeovn.io", "ippools"));
        Self {
            pods: pods.collect(),
            claims: by_holder,
            ips,
            subnets: named(&subnets, said),
            pools: named(&pools, said),
            statuses: named(&[subnets, pools].concat(), |object| object["status"].clone()),
            claim_statuses: named(&objects("ipledger.dev", "addressclaims"), |claim| claim["status"].clone()),
            ip_specs: named(&ip_objects, |ip| ip["spec"].clone()),
            annotations: named(&objects("", "pods"), |pod| pod["metadata"]["annotations"].clone()),
            rules: rules(&cluster.server),
            eips: named(
                &objects("kubeovn.io", "iptables-eips"),
                |eip| json!({"finalizers": eip["metadata"]["finalizers"], "nat": eip["status"]["nat"].as_str().unwrap_or_default()}),
            ),
            eip_words: words(&objects("kubeovn.io", "iptables-eips")),
            namespaces: annotated(&objects("", "namespaces")),
            events: objects("", "events").iter().map(|event| Value::clone(event)).collect(),
            leaving: leaving(&cluster.server),
            answers: cluster.wire.iter().count(),
            addresses,
            told,
            writes: cluster.writes.all - cluster.writes.accounts - cluster.writes.events,
            account_writes: cluster.writes.accounts,
            event_writes: cluster.writes.events,
        }
    }

    /// Whether two runs ended the same, however many writes they took.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.compared() == other.compared()
    }

    /// All writes of the controller.
    #[must_use]
    pub fn all_writes(&self) -> u64 {
        self.writes + self.account_writes + self.event_writes
    }

    fn compared(&self) -> Self {
        Self {
            statuses: BTreeMap::new(),
            claim_statuses: BTreeMap::new(),
            ip_specs: BTreeMap::new(),
            annotations: BTreeMap::new(),
            eip_words: BTreeMap::new(),
            events: Vec::new(),
            addresses: BTreeMap::new(),
            told: BTreeMap::new(),
            writes: 0,
            account_writes: 0,
            event_writes: 0,
            ..self.clone()
        }
    }
}

/// The objects of any kind that are being deleted and still there.
fn leaving(server: &Server) -> Vec<String> {
    let of_kind = |kind: &model::cluster::Kind| {
        let objects = server.objects(&kind.group, &kind.plural).into_iter();
        let leaving = objects.filter(|object| !object["metadata"]["deletionTimestamp"].is_null());
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        leaving.map(|object| format!("{} {}", kind.plural, name(&object))).collect::<Vec<_>>()
    };
    server.kinds().iter().flat_map(of_kind).collect()
}

/// The NAT rules of all kinds, without times.
fn rules(server: &Server) -> BTreeMap<String, Value> {
    let of_kind = |kind: &str| {
        let objects = server.objects("kubeovn.io", kind).into_iter();
        let show = |rule: &Value| {
            let (meta, mut status) = (&rule["metadata"], rule["status"].clone());
            if let Some(status) = status.as_object_mut() {
                status.remove("conditions");
            }
            let all = json!({"labels": meta["labels"], "finalizers": meta["finalizers"], "status": status, "said": message(rule)});
            (
                format!("{} {}", rule["kind"].as_str().unwrap_or_default(), meta["name"].as_str().unwrap_or_default()),
                all,
            )
        };
        objects.map(|rule| show(&rule)).collect::<Vec<_>>()
    };
    ["iptables-fip-rules", "iptables-dnat-rules", "iptables-snat-rules"].into_iter().flat_map(of_kind).collect()
}

/// What the only condition of an object says.
fn message(object: &Value) -> String {
    object["status"]["conditions"][0]["message"].as_str().unwrap_or_default().to_owned()
}

fn words<T: Borrow<Value>>(objects: &[T]) -> BTreeMap<String, String> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    objects.iter().map(|object| (name(object.borrow()), message(object.borrow()))).collect()
}

/// The annotations of those objects that have any.
fn annotated<T: Borrow<Value>>(objects: &[T]) -> BTreeMap<String, Value> {
    let mut all = named(objects, |object| object["metadata"]["annotations"].clone());
    all.retain(|_, annotations| !annotations.is_null());
    all
}

/// Objects by name.
fn named<T: Borrow<Value>>(objects: &[T], show: fn(&Value) -> Value) -> BTreeMap<String, Value> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    objects.iter().map(|object| (name(object.borrow()), show(object.borrow()))).collect()
}

/// What a Subnet or an IPPool says, without what depends on the time or on a free choice: an error that is over may have been too
/// short to be told.
fn said(object: &Value) -> Value {
    let status = &object["status"];
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let conditions = conditions.filter(|said| said["type"] != "Error" || said["status"] == "True");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let conditions: Vec<String> =
        conditions.map(|said| format!("{}={}", text(&said["type"]), text(&said["status"]))).collect();
    let is_pool = object["kind"] == "IPPool";
    let count = |family: &str, subnet: &str, pool: &str| {
        status[format!("{family}{}IPs", if is_pool { pool } else { subnet })].clone()
    };
    let both = |family| [count(family, "using", "Using"), count(family, "available", "Available")];
    let counts = [both("v4"), both("v6")].concat();
    json!({
        "spec": object["spec"], "finalizers": object["metadata"]["finalizers"], "conditions": conditions,
        "counts": counts,
    })
}
