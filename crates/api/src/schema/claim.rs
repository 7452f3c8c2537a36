//! AddressClaim: the record that one holder has one address on one wire.
//!
//! In: nothing. Out: [`AddressClaim`] and the rules that its CRD makes the API server hold it to. Guarantees: one spelling
//! per address and the name made of wire and address, so that creating it is the lock; `spec` never changes. The rules
//! run on Kubernetes 1.25 and later: they use no IP functions (1.31), and every string in them has a longest length, from
//! which the server reckons their cost. (1.25 takes the result of `replace` for endless: it may be compared with something
//! short, not added to anything.) Only IPLedger writes claims; people read them, and make one by hand to hold an address.

#![allow(unreachable_pub)] // KubeSchema keeps a copy of each struct inside a function.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A dotted quad without leading zeros, or eight groups of four lower-case hex digits.
macro_rules! address {
    () => {
        r"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|[0-9a-f]{4}(:[0-9a-f]{4}){7})$"
    };
}

/// The claim; it never changes.
#[derive(CustomResource, KubeSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "ipledger.dev",
    version = "v1alpha1",
    kind = "AddressClaim",
    plural = "addressclaims",
    singular = "addressclaim",
    shortname = "claim",
    status = "AddressClaimStatus",
    derive = "PartialEq",
    derive = "Default",
    doc = "The record that one holder has one address on one wire. Its name is <wire>.<address>, IPv6 in full with ':' as '-', so no address of a wire can have two.",
    validation = Rule::new("self.metadata.name == (self.spec.wire + '.' + self.spec.address).replace(':', '-')")
        .message("metadata.name must be spec.wire, '.', and spec.address with ':' as '-'"),
    printcolumn(name = "Address", type_ = "string", json_path = ".spec.address"),
    printcolumn(name = "Subnet", type_ = "string", json_path = ".spec.subnet"),
    printcolumn(name = "Holder", type_ = "string", json_path = ".spec.holder.kind"),
    printcolumn(name = "Namespace", type_ = "string", json_path = ".spec.holder.namespace"),
    printcolumn(name = "Name", type_ = "string", json_path = ".spec.holder.name"),
    printcolumn(name = "NIC", type_ = "string", json_path = ".spec.holder.nic"),
    printcolumn(name = "Node", type_ = "string", json_path = ".status.occupant.node"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Wire", type_ = "string", json_path = ".spec.wire", priority = "1"),
    printcolumn(name = "Mac", type_ = "string", json_path = ".spec.mac", priority = "1"),
    printcolumn(name = "Let-Go", type_ = "date", json_path = ".status.letGo.at", priority = "1")
)]
#[x_kube(validation = Rule::new("self == oldSelf")
    .message("spec is immutable: release this claim and make another"))]
#[serde(rename_all = "camelCase")]
pub struct AddressClaimSpec {
    /// The layer-2 network in which the address is unique. A name that is too long for an object's name, or not made of
    /// its letters, stands here in its short form (docs/crds.md).
    #[schemars(
        length(min = 1, max = 213),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub wire: String,
    /// The address in its one spelling: a dotted quad without leading zeros, or all eight groups of four lower-case hex
    /// digits.
    #[schemars(length(min = 7, max = 39), regex(pattern = address!()))]
    #[x_kube(validation = Rule::new("!self.startsWith('0000:0000:0000:0000:0000:ffff:')")
        .message("an IPv4-mapped IPv6 address is the IPv4 address: write it as one"))]
    pub address: String,
    /// The Subnet that it was made for, which may be gone or have another name by now.
    #[schemars(length(min = 1, max = 253))]
    pub subnet: String,
    /// Who is entitled to the address.
    pub holder: ClaimHolder,
    /// The MAC that goes with it, in lower case; empty where none is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 17), regex(pattern = r"^([0-9a-f]{2}(:[0-9a-f]{2}){5})?$"))]
    pub mac: Option<String>,
}

/// Who is entitled to an address. A Pod is its UID; every other holder is its kind, namespace, name and NIC.
#[derive(KubeSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("self.kind != 'Pod' || (has(self.uid) && self.uid != '')")
    .message("a Pod is held by its UID: spec.holder.uid is missing"))]
#[serde(rename_all = "camelCase")]
pub struct ClaimHolder {
    /// Pod, StatefulSet, VirtualMachine, VpcNatGateway, IptablesEIP, Vip, Reservation, IPAMClaim, OvnEip, Node, Subnet or
    /// Quarantine.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[A-Z][A-Za-z0-9]*$"))]
    pub kind: String,
    /// Its namespace, where the kind has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub namespace: Option<String>,
    /// Its name; of a StatefulSet the ordinal's, as web-0, which is also its pod's.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// UID of a Pod; the config hash of a static Pod. Other kinds have none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub uid: Option<String>,
    /// Its NIC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub nic: Option<String>,
}

/// Who uses the address now, and who does no longer.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressClaimStatus {
    /// The pod that uses the address, where that is not the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupant: Option<ClaimOccupant>,
    /// What the node's agent has promised: that the pod does not use the address and will not again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub let_go: Option<ClaimLetGo>,
    /// While a virtual machine migrates: the pod that it moves to, which uses the address beside the occupant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ClaimTarget>,
    /// The NAT gateway that has the address of an EIP on its interface, or may have: it says so before it adds the address, and
    /// takes it back once the address, its rules and its connections are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programmed: Option<ClaimProgrammed>,
    /// For how long a claim of kind Quarantine is kept; for ever, where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<ClaimQuarantine>,
    /// What the address waits for, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Option<Vec<Condition>>,
}

/// The pod that uses an address.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimOccupant {
    /// Its UID.
    #[serde(default, rename = "podUID", skip_serializing_if = "Option::is_none")]
    pub pod_uid: Option<String>,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name: where to read whether it is there, should its node be given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Its sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
}

/// The target of a live migration.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimTarget {
    /// The pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occupant: Option<ClaimOccupant>,
    /// What the agent of its node has promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub let_go: Option<ClaimLetGo>,
}

/// An address that answered on the wire without a claim.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimQuarantine {
    /// It is kept until then; whoever still hears it puts that off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// A NAT gateway that has an address, or may have.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimProgrammed {
    /// Its name.
    #[serde(default)]
    #[schemars(length(max = 253))]
    pub gateway: String,
    /// Since when; absent where the gateway had the address before it was claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// The promise of a node's agent about one pod.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimLetGo {
    /// UID of the pod.
    #[serde(default, rename = "podUID", skip_serializing_if = "Option::is_none")]
    pub pod_uid: Option<String>,
    /// When it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}
