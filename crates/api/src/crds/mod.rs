//! The CustomResourceDefinitions that IPLedger installs.
//!
//! In: the types of [`crate::schema`]. Out: one CRD per kind, and its YAML. Guarantees: structural schemas; names, columns
//! and subresources of the `kubeovn.io` kinds are Kube-OVN's own, and fields that a newer Kube-OVN adds survive; the same
//! bytes every time. Kube-OVN's chart installs the same `kubeovn.io` CRDs; where they exist, they stay as they are.

mod adapt;

use crate::schema;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

/// First line of a generated file.
const HEADER: &str =
    "# Generated from crates/api/src/schema by `cargo xtask crds --write`: change the types, not this.\n";

/// Every CRD: the kinds of `kubeovn.io` in the order of [`crate::slim::Kind`], then AddressClaim.
#[must_use]
pub fn all() -> Vec<CustomResourceDefinition> {
    let mut crds = vec![
        schema::Subnet::crd(),
        schema::IP::crd(),
        schema::IPPool::crd(),
        schema::Vip::crd(),
        schema::Vpc::crd(),
        schema::VpcNatGateway::crd(),
        schema::IptablesEIP::crd(),
        schema::IptablesFIPRule::crd(),
        schema::IptablesDnatRule::crd(),
        schema::IptablesSnatRule::crd(),
        schema::OvnEip::crd(),
        schema::OvnFip::crd(),
        schema::OvnSnatRule::crd(),
        schema::OvnDnatRule::crd(),
        schema::Vlan::crd(),
        schema::ProviderNetwork::crd(),
        schema::QoSPolicy::crd(),
        schema::SwitchLBRule::crd(),
    ];
    crds.iter_mut().for_each(adapt::to_kube_ovn);
    crds.push(address_claim());
    crds
}

/// The CRD of AddressClaim.
#[must_use]
pub fn address_claim() -> CustomResourceDefinition {
    let mut crd = schema::AddressClaim::crd();
    adapt::to_ipledger(&mut crd);
    crd
}

/// A CRD as the YAML file that is committed.
#[must_use]
pub fn to_yaml(crd: &CustomResourceDefinition) -> String {
    let yaml = serde_saphyr::to_string(crd).expect("a CRD is plain maps, lists and scalars");
    format!("{HEADER}{yaml}")
}

/// The name of that file, as `kubeovn.io_subnets.yaml`.
#[must_use]
pub fn file_name(crd: &CustomResourceDefinition) -> String {
    format!("{}_{}.yaml", crd.spec.group, crd.spec.names.plural)
}
