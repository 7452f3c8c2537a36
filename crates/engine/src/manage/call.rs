//! An action as an API call, and an answer as an outcome.
//!
//! In: [`Action`]; the status code and body of an answer. Out: [`Call`]; [`Outcome`]. Guarantees: the real client and the
//! simulated one send the same bytes and read answers the same way; a write says whose life it means (UID) where the API
//! lets it.

use super::command::{Action, NewClaim, NewIp, ObjectId, Occupant, Turn};
use super::event::found;
use super::id::HolderId;
use super::input::Outcome;
use super::project::conditions::standard;
use super::write::Form;
use api::names::{labels, leases};
use api::schema::{AddressClaimSpec, AddressClaimStatus, ClaimHolder, ClaimOccupant, ClaimProgrammed, IpSpec};
use api::slim::{Kind, Uid, read};
use ledger::Family;
use serde_json::{Map, Value, json};

/// How to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET one object.
    Get,
    /// POST to the collection.
    Create,
    /// PUT of one object.
    Replace,
    /// PATCH with a merge patch.
    MergePatch,
    /// DELETE one object.
    Delete,
}

/// One request to the API server.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// How.
    pub verb: Verb,
    /// Path of the object, or of the collection that it is created in.
    pub path: String,
    /// Body, where there is one.
    pub body: Option<Value>,
}

/// Label of claims, for selecting, and of those of reservations, Vips and EIPs for knowing for which life of these they are; and of IP objects, for
/// knowing whose one left behind was.
pub(super) const HOLDER_UID: &str = "ipledger.dev/holder-uid";

/// Label of claims, for selecting; and of IP objects of holders that are known by the name of their pod.
pub(super) const HOLDER_KIND: &str = "ipledger.dev/holder-kind";

/// Labels of claims, for selecting.
mod claim_labels {
    pub(super) const SUBNET: &str = "ipledger.dev/subnet";
    pub(super) const NODE: &str = "ipledger.dev/node";
    pub(super) const TARGET_NODE: &str = "ipledger.dev/target-node";
}

/// The longest label value, and the longest name of a label (Kubernetes, `validation.LabelValueMaxLength`).
pub(super) const LABEL: usize = 63;

impl Action {
    /// What is done.
    #[must_use]
    pub fn verb(&self) -> Verb {
        match self {
            Self::CreateClaim(_) | Self::CreateIp(_) | Self::CreateEvent(_) => Verb::Create,
            Self::ReadClaim(_)
            | Self::ReadNode { .. }
            | Self::ReadPod { .. }
            | Self::ReadOwner { .. }
            | Self::ReadAgent { .. }
            | Self::ReadEvent(_) => Verb::Get,
            Self::Occupy { .. }
            | Self::Migrate { .. }
            | Self::UpdateIp { .. }
            | Self::AnnotatePod { .. }
            | Self::CountEvent { .. } => Verb::MergePatch,
            Self::DeleteClaim { .. } | Self::DeleteIp { .. } => Verb::Delete,
            Self::Write(write) => match write.form {
                Form::Create => Verb::Create,
                Form::Patch | Form::Status => Verb::MergePatch,
            },
        }
    }

    /// The API call.
    #[must_use]
    pub fn call(&self) -> Call {
        Call { verb: self.verb(), path: self.path(), body: self.body() }
    }

    fn path(&self) -> String {
        let object = self.object();
        match self {
            Self::CreateEvent(event) => event.collection(),
            Self::ReadEvent(event) | Self::CountEvent { event, .. } => event.path(),
            Self::ReadAgent { namespace, node } => {
                format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{}{node}", leases::AGENT_PREFIX)
            }
            Self::Write(write) if write.form == Form::Status => format!("{}/status", path(&object)),
            _ if self.verb() == Verb::Create => collection(&object),
            _ => path(&object),
        }
    }

    fn body(&self) -> Option<Value> {
        Some(match self {
            Self::ReadClaim(_)
            | Self::ReadNode { .. }
            | Self::ReadPod { .. }
            | Self::ReadOwner { .. }
            | Self::ReadAgent { .. }
            | Self::ReadEvent(_) => return None,
            Self::CreateClaim(claim) => claim_body(claim),
            Self::CreateIp(ip) => ip_body(ip),
            Self::CreateEvent(event) => event.body(),
            Self::CountEvent { event, times } => event.count(*times),
            Self::Occupy { uid, version, occupant, replaces, conditions, .. } => {
                let mut body = occupy(uid, version, occupant, *replaces);
                if let Some(conditions) = conditions {
                    body["status"]["conditions"] = standard(conditions);
                }
                body
            }
            Self::Migrate { uid, version, turn, .. } => migrate(uid, version, turn),
            Self::UpdateIp { ip, uid, version, said } => ip_patch(ip, (uid, version), said),
            Self::DeleteClaim { uid, version, .. } | Self::DeleteIp { uid, version, .. } => {
                json!({"preconditions": {"uid": uid.to_string(), "resourceVersion": version.as_str()}})
            }
            Self::Write(write) => write.body(),
            Self::AnnotatePod { uid, version, set, .. } => {
                json!({"metadata": {"uid": uid.to_string(), "resourceVersion": version.as_str(), "annotations": set}})
            }
        })
    }

    /// What an answer means: the status code, and the body as JSON.
    #[must_use]
    pub fn outcome(&self, code: u16, body: &[u8]) -> Outcome {
        match code {
            200..=299 if matches!(self, Self::ReadEvent(_)) => found(body),
            200..=299 if matches!(self, Self::ReadAgent { .. }) => lease(body),
            200..=299 if self.is_event() => Outcome::Done(None),
            // A Status where the object is gone; the object where a finalizer holds it.
            200..=299 if self.verb() == Verb::Delete && is_status(body) => Outcome::Done(None),
            200..=299 => Outcome::Done(read(self.object().kind, body).ok().map(|parsed| parsed.object)),
            404 => Outcome::Missing,
            409 if self.verb() == Verb::Create => Outcome::Exists,
            409 => Outcome::Changed,
            // A patch names the life that it is for; of another one the server says that it cannot become that.
            422 if is_of_another_life(body) => Outcome::Changed,
            400..=499 if !matches!(code, 408 | 425 | 429) => Outcome::Refused(message(body)),
            _ => Outcome::Unknown,
        }
    }
}

impl Action {
    /// Whether it is about telling: best effort.
    pub(super) fn is_event(&self) -> bool {
        matches!(self, Self::ReadEvent(_) | Self::CreateEvent(_) | Self::CountEvent { .. })
    }
}

/// When a Lease was renewed last.
fn lease(body: &[u8]) -> Outcome {
    let lease = serde_json::from_slice::<Value>(body);
    lease.map_or(Outcome::Unknown, |lease| {
        Outcome::Lease(lease["spec"]["renewTime"].as_str().unwrap_or_default().into())
    })
}

/// Whether an answer is a Status, and no object.
fn is_status(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|answer| answer["kind"] == "Status")
}

/// Whether a Status says that the object has another UID than the patch (apimachinery `ValidateObjectMetaAccessorUpdate`).
fn is_of_another_life(body: &[u8]) -> bool {
    let status: Value = serde_json::from_slice(body).unwrap_or_default();
    let causes = status["details"]["causes"].as_array();
    causes.is_some_and(|causes| causes.iter().any(|cause| cause["field"] == "metadata.uid"))
}

/// The server's words.
fn message(body: &[u8]) -> Box<str> {
    let status: Value = serde_json::from_slice(body).unwrap_or_default();
    status["message"].as_str().unwrap_or("the server gives no reason").into()
}

/// The path of all objects of a kind, in the namespace of one of them.
fn collection(object: &ObjectId) -> String {
    let (api_version, plural) = (object.kind.api_version(), object.kind.plural());
    let root = if api_version.contains('/') { "/apis" } else { "/api" };
    match object.kind.namespaced() {
        true => format!("{root}/{api_version}/namespaces/{}/{plural}", object.namespace),
        false => format!("{root}/{api_version}/{plural}"),
    }
}

fn path(object: &ObjectId) -> String {
    format!("{}/{}", collection(object), object.name)
}

/// The patch that gives a claim another occupant, and its label the occupant's node. The next pod of a gateway has not
/// programmed it yet.
fn occupy(uid: &Uid, version: &str, occupant: &Occupant, replaces: bool) -> Value {
    let mut labels = Map::new();
    label(&mut labels, claim_labels::NODE, &occupant.node);
    let mut status = json!({"occupant": occupant_body(occupant, "")});
    if replaces {
        status["programmed"] = Value::Null;
    }
    json!({
        "metadata": {"uid": uid.to_string(), "resourceVersion": version, "labels": labels},
        "status": status,
    })
}

/// An occupant in full, so that nothing is left of the one before.
fn occupant_body(occupant: &Occupant, sandbox: &str) -> Value {
    let Occupant { pod_uid, namespace, name, node } = occupant;
    json!({"podUID": pod_uid.to_string(), "namespace": namespace.as_str(), "name": name.as_str(), "node": node.as_str(),
        "sandbox": some(sandbox)})
}

/// The patch that lets the target of a live migration use a claim beside its occupant, or leaves one of them alone with it. Labels go
/// along: by them the agents of both nodes find the claim.
fn migrate(uid: &Uid, version: &str, turn: &Turn) -> Value {
    let mut labels = Map::new();
    let status = match turn {
        Turn::Join(target) => {
            label(&mut labels, claim_labels::TARGET_NODE, &target.node);
            json!({"target": {"occupant": occupant_body(target, ""), "letGo": null}})
        }
        Turn::Stay => json!({"target": null}),
        Turn::Move(target, sandbox) => {
            label(&mut labels, claim_labels::NODE, &target.node);
            json!({"occupant": occupant_body(target, sandbox), "target": null})
        }
    };
    if !matches!(turn, Turn::Join(_)) {
        labels.insert(claim_labels::TARGET_NODE.to_owned(), Value::Null);
    }
    json!({
        "metadata": {"uid": uid.to_string(), "resourceVersion": version, "labels": labels},
        "status": status,
    })
}

/// A text as a label value; left out where it is none.
fn label(labels: &mut Map<String, Value>, key: &str, value: &str) {
    if !value.is_empty() && value.len() <= LABEL {
        labels.insert(key.to_owned(), value.into());
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn claim_body(claim: &NewClaim) -> Value {
    let uid = match &claim.nic.holder {
        HolderId::Pod(uid) => uid.to_string(),
        HolderId::Named(_) => String::new(),
    };
    let life = if claim.life == Uid::None { uid.clone() } else { claim.life.to_string() };
    let mut labels = Map::new();
    label(&mut labels, claim_labels::SUBNET, &claim.subnet);
    label(&mut labels, HOLDER_KIND, &claim.title.kind);
    label(&mut labels, HOLDER_UID, &life);
    label(&mut labels, claim_labels::NODE, &claim.occupant.node);
    let spec = AddressClaimSpec {
        wire: claim.key.wire.to_string(),
        address: claim.key.addr.expanded(),
        subnet: claim.subnet.to_string(),
        holder: ClaimHolder {
            kind: claim.title.kind.to_string(),
            namespace: some(&claim.title.namespace),
            name: claim.title.name.to_string(),
            uid: some(&uid),
            nic: some(&claim.nic.name),
        },
        mac: claim.mac.map(|mac| mac.to_string()),
    };
    let occupant = ClaimOccupant {
        pod_uid: some(&claim.occupant.pod_uid.to_string()),
        namespace: some(&claim.occupant.namespace),
        name: some(&claim.occupant.name),
        node: some(&claim.occupant.node),
        sandbox: None,
    };
    let programmed =
        claim.programmed.as_deref().map(|gateway| ClaimProgrammed { gateway: gateway.to_owned(), at: None });
    let status = AddressClaimStatus { occupant: Some(occupant), programmed, ..AddressClaimStatus::default() };
    json!({
        "apiVersion": Kind::AddressClaim.api_version(),
        "kind": "AddressClaim",
        "metadata": {"name": claim.key.object_name(), "labels": labels},
        "spec": spec,
        "status": status,
    })
}

/// The labels of an IP object.
pub(super) fn labels_of_ip(ip: &NewIp) -> Map<String, Value> {
    let mut labels = Map::new();
    label(&mut labels, labels::SUBNET, &ip.subnet);
    label(&mut labels, labels::NODE_NAME, &ip.node);
    labels.insert(labels::IP_RESERVED.to_owned(), "false".into());
    match &ip.holder {
        HolderId::Pod(uid) => label(&mut labels, HOLDER_UID, &uid.to_string()),
        HolderId::Named(of) => label(&mut labels, HOLDER_KIND, &of.kind),
    }
    if ip.subnet.len() <= LABEL {
        labels.insert(ip.subnet.to_string(), "".into());
    }
    labels
}

/// What an IP object says.
fn spec_of_ip(ip: &NewIp) -> IpSpec {
    let text = |family| ip.addrs.get(family).map(|addr| addr.to_string());
    IpSpec {
        pod_name: some(&ip.pod),
        namespace: some(&ip.namespace),
        subnet: some(&ip.subnet),
        node_name: some(&ip.node),
        ip_address: some(&ip.addrs.to_string()),
        v4_ip_address: text(Family::V4),
        v6_ip_address: text(Family::V6),
        mac_address: ip.mac.map(|mac| mac.to_string()),
        pod_type: some(&ip.pod_type),
        ..IpSpec::default()
    }
}

/// An IP object in full.
fn ip_body(ip: &NewIp) -> Value {
    json!({
        "apiVersion": Kind::Ip.api_version(),
        "kind": "IP",
        "metadata": {"name": ip.name.as_str(), "labels": labels_of_ip(ip)},
        "spec": spec_of_ip(ip),
    })
}

/// The patch that makes the IP object of a UID, which said that Subnet, the same.
fn ip_patch(ip: &NewIp, (uid, version): (&Uid, &str), said: &str) -> Value {
    let (mut labels, mut spec) = (labels_of_ip(ip), json!(spec_of_ip(ip)));
    // It may have been written for another holder: a pod that was an ordinal, an ordinal that was a pod; and where there are both families.
    for key in [HOLDER_UID, HOLDER_KIND, said].into_iter().filter(|key| !key.is_empty()) {
        labels.entry(key).or_insert(Value::Null);
    }
    for (family, key) in [(Family::V4, "v4IpAddress"), (Family::V6, "v6IpAddress")] {
        if ip.addrs.get(family).is_none() {
            spec[key] = Value::Null;
        }
    }
    json!({"metadata": {"uid": uid.to_string(), "resourceVersion": version, "labels": labels}, "spec": spec})
}
