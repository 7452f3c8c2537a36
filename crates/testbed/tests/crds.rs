//! Claims about the CRDs of `config/crds` that only a real API server can judge.
//!
//! In: the files as a user applies them. Out: what the API server says of their schemas and rules, and what kubectl shows.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use testbed::{ControlPlane, need};

const SOON: Duration = Duration::from_secs(60);

/// Per resource: a spec that is allowed, and the columns that `kubectl get` prints.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("ips", "IP", "{subnet: s, v4IpAddress: 10.0.0.2}", "NAME V4IP V6IP MAC NODE SUBNET"),
    (
        "subnets",
        "Subnet",
        "{protocol: IPv4, cidrBlock: 10.0.0.0/24, excludeIps: [10.0.0.1]}",
        "NAME PROVIDER VPC VLAN PROTOCOL CIDR PRIVATE NAT DEFAULT GATEWAYTYPE V4USED V4AVAILABLE V6USED V6AVAILABLE \
         EXCLUDEIPS U2OINTERCONNECTIONIP",
    ),
    (
        "ippools",
        "IPPool",
        "{subnet: s, ips: [10.0.0.2]}",
        "NAME SUBNET ENABLEADDRESSSET IPS V4USED V4AVAILABLE V6USED V6AVAILABLE",
    ),
    ("vips", "Vip", "{subnet: s}", "NAME NAMESPACE V4IP V6IP MAC SUBNET TYPE"),
    (
        "vpcs",
        "Vpc",
        "{}",
        "NAME ENABLEEXTERNAL ENABLEBFD STANDBY SUBNETS EXTRAEXTERNALSUBNETS NAMESPACES DEFAULTSUBNET AGE",
    ),
    (
        "vpc-nat-gateways",
        "VpcNatGateway",
        "{vpc: v, subnet: s}",
        "NAME NAMESPACE VPC SUBNET IPS REPLICAS READY BFD AGE",
    ),
    ("iptables-eips", "IptablesEIP", "{natGwDp: g}", "NAME NAMESPACE EXTERNALSUBNET IP MAC NAT NATGWDP READY"),
    (
        "iptables-fip-rules",
        "IptablesFIPRule",
        "{eip: e, internalIp: 10.0.0.2}",
        "NAME EIP V4IP INTERNALIP V6IP READY NATGWDP",
    ),
    (
        "iptables-dnat-rules",
        "IptablesDnatRule",
        "{eip: e, externalPort: '80', internalPort: '80', internalIp: 10.0.0.2, protocol: tcp}",
        "NAME EIP PROTOCOL V4IP V6IP INTERNALIP EXTERNALPORT INTERNALPORT TYPE NATGWDP READY",
    ),
    (
        "iptables-snat-rules",
        "IptablesSnatRule",
        "{eip: e, internalCIDR: 10.0.0.0/24}",
        "NAME EIP V4IP V6IP INTERNALCIDR NATGWDP READY",
    ),
    ("ovn-eips", "OvnEip", "{externalSubnet: s}", "NAME V4IP V6IP MAC TYPE NAT READY EXTERNALSUBNET"),
    ("vlans", "Vlan", "{id: 7, provider: p}", "NAME ID PROVIDER CONFLICT"),
    ("provider-networks", "ProviderNetwork", "{defaultInterface: eth1}", "NAME DEFAULTINTERFACE READY"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/crds")
}

/// One control plane with the CRDs for all tests of this file.
fn bed() -> &'static ControlPlane {
    static BED: OnceLock<ControlPlane> = OnceLock::new();
    BED.get_or_init(|| {
        let bed = ControlPlane::start().unwrap();
        let folder = folder();
        bed.kubectl(&["create", "-k", folder.to_str().unwrap()]).unwrap();
        bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
        bed
    })
}

fn definitions() -> Vec<Value> {
    let list = bed().get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").unwrap();
    list["items"].as_array().unwrap().clone()
}

#[test]
fn the_api_server_accepts_every_crd_and_finds_their_schemas_structural() {
    need!(ControlPlane);
    // One file per definition, and which of them `kubectl apply -k` takes.
    let files = std::fs::read_dir(folder()).unwrap().count() - 1;
    let definitions = definitions();
    assert_eq!(definitions.len(), files);
    for definition in &definitions {
        let name = &definition["metadata"]["name"];
        for (kind, wanted) in
            [("Established", Some("True")), ("NamesAccepted", Some("True")), ("NonStructuralSchema", None)]
        {
            let mut conditions = definition["status"]["conditions"].as_array().unwrap().iter();
            let condition = conditions.find(|condition| condition["type"] == kind);
            assert_eq!(condition.map(|c| c["status"].as_str().unwrap()), wanted, "{name} {kind}: {condition:?}");
        }
    }
}

#[test]
fn applying_the_crds_again_changes_nothing() {
    need!(ControlPlane);
    let bed = bed();
    let folder = folder();
    let folder = folder.to_str().unwrap();
    bed.kubectl(&["apply", "--server-side", "--force-conflicts", "-k", folder]).unwrap();
    let generations = |definitions: &[Value]| -> Vec<Value> {
        definitions.iter().map(|definition| definition["metadata"]["generation"].clone()).collect()
    };
    let before = definitions();
    bed.kubectl(&["apply", "--server-side", "-k", folder]).unwrap();
    assert_eq!(generations(&before), generations(&definitions()));
    assert!(
        generations(&before).iter().all(|generation| *generation == 1),
        "the server defaults what the files leave out"
    );
}

#[test]
fn kubectl_get_prints_the_columns_that_users_know() {
    need!(ControlPlane);
    let bed = bed();
    for (resource, kind, spec, columns) in KINDS {
        bed.apply(&format!("apiVersion: kubeovn.io/v1\nkind: {kind}\nmetadata: {{name: one}}\nspec: {spec}\n"))
            .unwrap();
        // Discovery of a CRD made a moment ago may lag: apply has found it already.
        let printed = bed.kubectl(&["get", &format!("{resource}.kubeovn.io")]).unwrap();
        let header: Vec<_> = printed.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(header, columns.split_whitespace().collect::<Vec<_>>(), "{resource}");
    }
}

#[test]
fn short_names_work_with_kubectl() {
    need!(ControlPlane);
    for name in
        ["subnet", "ip", "eip", "fip", "dnat", "snat", "vip", "vpc", "vpc-nat-gw", "ippool", "vlan", "pn", "claim"]
    {
        bed().kubectl(&["get", name]).unwrap();
    }
}

/// A claim that is allowed, to break in one place.
fn claim(wire: &str, address: &str) -> Value {
    json!({
        "apiVersion": "ipledger.dev/v1alpha1",
        "kind": "AddressClaim",
        "metadata": {"name": format!("{wire}.{}", address.replace(':', "-"))},
        "spec": {
            "wire": wire, "address": address, "subnet": "ext",
            "holder": {"kind": "Pod", "namespace": "default", "name": "p1", "uid": "6f0c", "nic": "net1"},
        },
    })
}

const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";

fn refusal(claim: &Value) -> String {
    let error = bed().post(CLAIMS, claim).unwrap_err();
    assert_eq!(error.status_code(), Some(422), "{}", testbed::chain(&error));
    testbed::chain(&error)
}

#[test]
fn a_claim_in_the_one_spelling_is_accepted_once() {
    need!(ControlPlane);
    for address in ["172.17.0.11", "fd00:0025:0000:0000:0000:0000:0000:0009"] {
        let claim = claim("accepted.default", address);
        bed().post(CLAIMS, &claim).unwrap();
        let second = bed().post(CLAIMS, &claim).unwrap_err();
        assert_eq!(second.status_code(), Some(409), "the name is the lock: {}", testbed::chain(&second));
    }
}

#[test]
fn another_spelling_of_an_address_is_refused() {
    need!(ControlPlane);
    let spellings = [
        "172.17.0.011",
        "172.17.0",
        "172.17.0.256",
        "172.17.0.11/24",
        "fd00:25::9",
        "FD00:0025:0000:0000:0000:0000:0000:0009",
        "fd00:0025:0000:0000:0000:0000:0000:009",
    ];
    for address in spellings {
        let mut claim = claim("spelled.default", address);
        // A name that is allowed, so that it is the address that is refused.
        claim["metadata"]["name"] =
            format!("spelled.default.{}", address.to_lowercase().replace([':', '/'], "-")).into();
        let refusal = refusal(&claim);
        assert!(refusal.contains("spec.address"), "{address}: {refusal}");
    }
    let mapped = refusal(&claim("spelled.default", "0000:0000:0000:0000:0000:ffff:ac11:000b"));
    assert!(mapped.contains("IPv4-mapped"), "{mapped}");
}

#[test]
fn a_claim_whose_name_is_not_its_wire_and_address_is_refused() {
    need!(ControlPlane);
    for name in ["named.default.172.17.0.12", "other.default.172.17.0.11", "172.17.0.11"] {
        let mut claim = claim("named.default", "172.17.0.11");
        claim["metadata"]["name"] = name.into();
        let refusal = refusal(&claim);
        assert!(refusal.contains("metadata.name must be"), "{name}: {refusal}");
    }
}

#[test]
fn a_claim_of_a_pod_without_its_uid_is_refused() {
    need!(ControlPlane);
    let mut claim = claim("held.default", "172.17.0.11");
    claim["spec"]["holder"].as_object_mut().unwrap().remove("uid");
    let refusal = refusal(&claim);
    assert!(refusal.contains("uid"), "{refusal}");
    claim["spec"]["holder"]["kind"] = "VpcNatGateway".into();
    bed().post(CLAIMS, &claim).unwrap();
}

#[test]
fn the_spec_of_a_claim_never_changes_and_its_status_does() {
    need!(ControlPlane);
    let made = bed().post(CLAIMS, &claim("fixed.default", "172.17.0.11")).unwrap();
    let name = made["metadata"]["name"].as_str().unwrap();
    let patch = |patch: &str| bed().kubectl(&["patch", "claim", name, "--type=merge", "-p", patch]);
    for change in [
        r#"{"spec":{"subnet":"other"}}"#,
        r#"{"spec":{"holder":{"name":"p2"}}}"#,
        r#"{"spec":{"mac":"02:00:00:00:00:01"}}"#,
    ] {
        let refused = patch(change).unwrap_err().to_string();
        assert!(refused.contains("immutable"), "{change}: {refused}");
    }
    // Labels and occupant change in one write: there is no status subresource.
    patch(
        r#"{"metadata":{"labels":{"ipledger.dev/node":"node1"}},"status":{"occupant":{"podUID":"1","node":"node1"}}}"#,
    )
    .unwrap();
    let claim = bed().get(&format!("{CLAIMS}/{name}")).unwrap();
    assert_eq!(claim["status"]["occupant"]["node"], "node1");
    assert_eq!(claim["metadata"]["labels"]["ipledger.dev/node"], "node1");
    bed().wait_for(&format!("{CLAIMS}/{name}"), "to be there", SOON, |_| true).unwrap();
}
