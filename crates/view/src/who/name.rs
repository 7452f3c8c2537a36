//! What a pod, another holder, or a MAC has.
//!
//! In: a name with or without a namespace, or a MAC. Out: [`NameAnswer`]: the pods of that name, and every record of theirs.
//! Guarantees: one pass over the records; a pod without any record is shown, too.

use crate::holder::{LifeWord, life, name_of};
use crate::lens::Lens;
use crate::object::ObjectName;
use crate::subnet::FindingLine;
use api::slim::{Kind, Pod};
use engine::ObjRef;
use engine::holder::{Holder, gateway_of};
use engine::networks::networks_of_meta;
use engine::record::{Nic, Record, Source};
use ledger::Mac;
use serde::Serialize;

/// What a name, or a MAC, has.
#[derive(Debug, Clone, Serialize)]
pub struct NameAnswer {
    /// What was asked for.
    pub query: String,
    /// The pods of that name.
    pub pods: Vec<PodLine>,
    /// Their records.
    pub records: Vec<NameRow>,
    /// What the audit found about these objects.
    pub findings: Vec<FindingLine>,
    /// Where else to look for something of that name.
    pub hints: Vec<String>,
}

/// A pod.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodLine {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Phase.
    pub phase: String,
    /// Node.
    pub node: String,
    /// Whether it is on its node's network.
    pub host_network: bool,
    /// The networks that it asks for beside the primary one.
    pub networks: Vec<String>,
}

/// A record.
#[derive(Debug, Clone, Serialize)]
pub struct NameRow {
    /// The address; empty where only the MAC is on record.
    pub address: String,
    /// The MAC.
    pub mac: String,
    /// The Subnet that it counts for.
    pub subnet: Option<String>,
    /// The wire.
    pub wire: String,
    /// The NIC: its provider, where it is known.
    pub nic: String,
    /// Who is entitled to it.
    pub holder: String,
    /// Whether the holder lives.
    pub life: LifeWord,
    /// The object that says so.
    pub object: ObjectName,
}

/// What a holder of that name has.
#[must_use]
pub fn name(lens: &Lens<'_, '_>, namespace: Option<&str>, name: &str) -> NameAnswer {
    let query = namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"));
    let of = |found: &str| namespace.is_none_or(|wanted| wanted == found);
    let pods = lens.context.world.pods.iter().filter(|pod| pod.meta.name == name && of(&pod.meta.namespace));
    let records: Vec<&Record<'_>> =
        lens.context.records.iter().filter(|record| is_of(lens, record, namespace, name)).collect();
    let nics = lens.context.records.nics().iter().filter(|nic| is_of(lens, &nic.who, namespace, name));
    let mut answer = answer(lens, query, pods.map(pod_line).collect(), &records, nics);
    answer.hints = hints(lens, namespace, name);
    answer
}

/// What has that name and holds no address itself: a Subnet, a pool, a StatefulSet, a pod of another namespace.
fn hints(lens: &Lens<'_, '_>, namespace: Option<&str>, name: &str) -> Vec<String> {
    let world = lens.context.world;
    let mut hints = Vec::new();
    if namespace.is_none() && lens.context.subnets.named(name).is_some() {
        hints.push(format!("there is a Subnet of that name: `ipledger show subnet {name}`"));
    }
    if namespace.is_none() && world.pools.named(name).is_some() {
        hints.push("there is an IPPool of that name: `ipledger show pools`".to_owned());
    }
    let of = |found: &str| namespace.is_none_or(|wanted| wanted == found);
    for set in world.stateful_sets.iter().filter(|set| set.meta.name == name && of(&set.meta.namespace)) {
        let namespace = &set.meta.namespace;
        hints.push(format!(
            "there is a StatefulSet of that name: ask for a pod of it, `ipledger who {namespace}/{name}-0`"
        ));
    }
    if let Some(wanted) = namespace {
        let elsewhere = world.pods.iter().filter(|pod| pod.meta.name == name && pod.meta.namespace != wanted);
        hints.extend(elsewhere.take(4).map(|pod| format!("there is a pod {}/{name}", pod.meta.namespace)));
    }
    hints
}

/// Whether a record is of a holder, or in an object, of that name.
fn is_of(lens: &Lens<'_, '_>, record: &Record<'_>, namespace: Option<&str>, name: &str) -> bool {
    let in_namespace = |found: &str| namespace.is_none_or(|wanted| wanted == found);
    let by_holder = match record.holder {
        Holder::Pod(found, holder) | Holder::Vm(found, holder) => holder == name && in_namespace(found),
        Holder::Node(holder)
        | Holder::U2o(holder)
        | Holder::Mcast(holder)
        | Holder::Eip(holder)
        | Holder::OvnEip(holder)
        | Holder::Vip(holder)
        | Holder::Gateway(holder)
        | Holder::Claimed(_, holder) => holder == name && namespace.is_none(),
    };
    let meta = record.source.meta();
    let by_object = || meta.name == name && in_namespace(&meta.namespace);
    by_holder || by_object() || (namespace.is_none() && gateway_of(&lens.context.gateways, record) == Some(name))
}

fn pod_line(pod: &Pod) -> PodLine {
    let networks = networks_of_meta(&pod.meta, &pod.meta.namespace);
    PodLine {
        namespace: pod.meta.namespace.to_string(),
        name: pod.meta.name.to_string(),
        uid: pod.meta.uid.to_string(),
        phase: if pod.meta.is_deleted() { "Terminating".to_owned() } else { pod.status.phase.to_string() },
        node: pod.spec.node_name.to_string(),
        host_network: pod.spec.host_network,
        networks: networks.attachments.iter().map(|net| format!("{}/{}", net.namespace, net.name)).collect(),
    }
}

/// Who has a MAC.
#[must_use]
pub fn mac(lens: &Lens<'_, '_>, wanted: Mac) -> NameAnswer {
    let records: Vec<&Record<'_>> =
        lens.context.records.iter().filter(|record| record.source.mac() == Some(wanted)).collect();
    let nics = lens.context.records.nics().iter().filter(|nic| nic.mac == wanted);
    answer(lens, wanted.to_string(), Vec::new(), &records, nics)
}

fn answer<'r, 'w: 'r>(
    lens: &Lens<'_, '_>,
    query: String,
    pods: Vec<PodLine>,
    records: &[&Record<'_>],
    nics: impl Iterator<Item = &'r Nic<'w>>,
) -> NameAnswer {
    let with_addr = records.iter().map(|record| row(lens, record, record.addr.to_string()));
    let mut rows: Vec<NameRow> = with_addr.chain(nics.map(|nic| row(lens, &nic.who, String::new()))).collect();
    rows.dedup_by(|a, b| a.object == b.object && a.address == b.address && a.nic == b.nic);
    let is_about = |object: &ObjRef| {
        let of_record = |row: &NameRow| {
            row.object.kind == object.kind.name()
                && row.object.namespace == object.namespace
                && row.object.name == object.name
        };
        let of_pod =
            |pod: &PodLine| object.kind == Kind::Pod && pod.namespace == object.namespace && pod.name == object.name;
        rows.iter().any(of_record) || pods.iter().any(of_pod)
    };
    let findings = lens.report.findings.iter().filter(|finding| finding.objects.iter().any(is_about));
    let findings = super::findings_in(findings);
    NameAnswer { query, pods, records: rows, findings, hints: Vec::new() }
}

/// What a record says; `address`: empty of a NIC that has none.
fn row(lens: &Lens<'_, '_>, record: &Record<'_>, address: String) -> NameRow {
    let (context, bare) = (lens.context, address.is_empty());
    let nic = match record.source {
        Source::Pod(_, provider) => provider.to_owned(),
        Source::Ip(ip) => api::names::provider_of_port(&ip.meta.name, &ip.spec.pod_name, &ip.spec.namespace)
            .unwrap_or_default()
            .to_owned(),
        Source::Claim(claim) => claim.spec.holder.nic.to_string(),
        _ => String::new(),
    };
    NameRow {
        address,
        mac: record.source.mac().map_or_else(String::new, |mac| mac.to_string()),
        subnet: record.subnet.or(record.said.filter(|_| bare)).map(|id| context.subnets.get(id).name().to_owned()),
        wire: context.subnets.wire_name(record.wire).to_string(),
        nic,
        holder: name_of(context, record).text(),
        life: life(context, record).word(),
        object: ObjectName::from(&record.source.object()),
    }
}
