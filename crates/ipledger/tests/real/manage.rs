//! The controller on a real API server with kube-controller-manager, with exactly the rights of config/rbac.yaml and under the
//! policies of config/policies.yaml.
//!
//! In: a control plane without nodes; nodes are objects, and their agents' word is given by script, truthfully: nothing is
//! on any wire. Out: claims about whole stories: who has which address, what is written, how often, what is left.

use crate::stage::managed::{CLAIMS, Managed};
use crate::stage::{SOON, file, ipledger};
use serde_json::json;
use std::collections::BTreeMap;
use testbed::{IMAGE, Look, User, need, wait};

const SUBNET: &str = "/apis/kubeovn.io/v1/subnets/ext";

const NETWORK: &str = r#"apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: macvlan, namespace: default}
spec: {config: '{"type":"macvlan","master":"eth1","ipam":{"type":"ipledger","provider":"macvlan.default"}}'}
---
apiVersion: kubeovn.io/v1
kind: Subnet
metadata: {name: ext}
spec: {cidrBlock: 172.17.0.5/29, provider: macvlan.default}
"#;

fn pod(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {{k8s.v1.cni.cncf.io/networks: macvlan{annotations}}}}}\n\
         spec: {{nodeName: node1, containers: [{{name: c, image: \"{IMAGE}\"}}]}}\n---\n"
    )
}

/// What so many pods with one attachment cost, beside the Subnet's status.
fn per_pod(pods: usize) -> BTreeMap<String, usize> {
    ["create addressclaims.ipledger.dev", "create ips.kubeovn.io", "patch pods"]
        .map(|what| (what.to_owned(), pods))
        .into()
}

#[test]
fn a_network_is_completed_its_pods_are_served_once_and_a_restart_writes_nothing() {
    need!(Controllers);
    let mut managed = Managed::start();
    managed.bed.apply(NETWORK).unwrap();
    managed.node("node1");
    let subnet = managed
        .bed
        .wait_for(SUBNET, "to be Ready", SOON, |subnet| {
            let conditions = subnet["status"]["conditions"].as_array();
            conditions.is_some_and(|all| all.iter().any(|said| said["type"] == "Ready" && said["status"] == "True"))
        })
        .unwrap_or_else(|error| panic!("{error}\n{}", managed.log()));
    let spec = &subnet["spec"];
    assert_eq!(
        (&spec["cidrBlock"], &spec["gateway"], &spec["excludeIps"], &spec["protocol"]),
        (&json!("172.17.0.0/29"), &json!("172.17.0.1"), &json!(["172.17.0.1"]), &json!("IPv4"))
    );
    let mark = managed.bed.audit().mark().unwrap();
    managed.bed.apply(&[pod("p1", ""), pod("p2", "")].concat()).unwrap();
    managed.wait_claims(&[("172.17.0.2", "Pod p1"), ("172.17.0.3", "Pod p2")]);
    managed.wait_using(2);
    managed
        .bed
        .wait_for("/api/v1/namespaces/default/pods/p2", "to be told", SOON, |pod| {
            pod["metadata"]["annotations"]["macvlan.default.kubernetes.io/ip_address"] == "172.17.0.3"
        })
        .unwrap();
    managed.bed.wait_for("/apis/kubeovn.io/v1/ips/p2.default.macvlan.default", "to be there", SOON, |_| true).unwrap();
    let mut writes = managed.bed.audit().writes(mark, "ipledger/").unwrap();
    writes.retain(|what, _| !what.contains("lease") && !what.contains("subnets"));
    assert_eq!(writes, per_pod(2), "one write per NIC, pod and IP object");
    // Nothing has changed: a new process has nothing to write but its Lease.
    managed.stop();
    let mark = managed.bed.audit().mark().unwrap();
    managed.go();
    managed.bed.apply(&pod("p3", "")).unwrap();
    managed.wait_claims(&[("172.17.0.2", "Pod p1"), ("172.17.0.3", "Pod p2"), ("172.17.0.4", "Pod p3")]);
    managed.wait_using(3);
    managed.bed.wait_for("/apis/kubeovn.io/v1/ips/p3.default.macvlan.default", "to be there", SOON, |_| true).unwrap();
    let mut writes = managed.bed.audit().writes(mark, "ipledger/").unwrap();
    writes.retain(|what, _| !what.contains("lease") && !what.contains("subnets"));
    assert_eq!(writes, per_pod(1), "what the one before did is not done again");
    assert!(!managed.log().contains("forbidden"), "{}", managed.log());
    assert_eq!(ipledger(&managed.bed, &User::admin(), &["audit", "--grace", "0s"]).code, 0);
}

#[test]
fn conflicts_are_told_gateways_eips_and_stateful_sets_give_back_what_they_had_in_any_order() {
    need!(Controllers);
    let mut managed = Managed::start();
    managed.bed.apply(NETWORK).unwrap();
    managed.node("node1");
    let objects = "apiVersion: kubeovn.io/v1\nkind: VpcNatGateway\nmetadata: {name: gw}\n\
        spec: {namespace: default, vpc: v, subnet: lan, externalSubnets: [ext]}\n---\n\
        apiVersion: kubeovn.io/v1\nkind: IptablesEIP\nmetadata: {name: shop}\nspec: {natGwDp: gw, externalSubnet: ext, v4ip: 172.17.0.6}\n";
    managed.bed.apply(objects).unwrap();
    managed.wait_claims(&[("172.17.0.2", "VpcNatGateway gw"), ("172.17.0.6", "IptablesEIP shop")]);
    managed
        .bed
        .wait_for("/apis/apps/v1/namespaces/default/statefulsets/vpc-nat-gw-gw", "to be made", SOON, |_| true)
        .unwrap();
    // A pod that asks for the EIP's address is told whose it is, keeps nothing, and is served once it is free.
    managed.bed.apply(&pod("thief", ", macvlan.default.kubernetes.io/ip_address: 172.17.0.6")).unwrap();
    wait("the pod to be told", SOON, || {
        let events = managed.bed.get("/api/v1/namespaces/default/events").unwrap();
        let told = events["items"].as_array().unwrap().iter().filter(|event| event["reason"] == "AcquireAddressFailed");
        let messages: Vec<String> = told.map(|event| event["message"].as_str().unwrap().to_owned()).collect();
        let said = messages.iter().any(|text| text.contains("AddressConflict") && text.contains("IptablesEIP shop"));
        Ok(if said { Look::Done(()) } else { Look::NotYet(messages.join("; ")) })
    })
    .unwrap_or_else(|error| panic!("{error}\n{}", managed.log()));
    managed.kill();
    managed.bed.kubectl(&["delete", "iptables-eip", "shop", "--wait=false"]).unwrap();
    managed.go();
    managed.wait_released(&[("172.17.0.2", "VpcNatGateway gw"), ("172.17.0.6", "Pod thief")]);
    // The Subnet first, its gateway and pod later: nothing hangs, and the Subnet goes with its last address.
    managed.bed.kubectl(&["delete", "subnet", "ext", "--wait=false"]).unwrap();
    managed.bed.kubectl(&["delete", "vpc-nat-gw", "gw", "--wait=false"]).unwrap();
    managed.wait_released(&[("172.17.0.6", "Pod thief")]);
    assert!(managed.bed.get(SUBNET).unwrap()["metadata"]["deletionTimestamp"].is_string());
    managed.delete_pod("thief");
    managed.wait_released(&[]);
    managed.bed.wait_gone(SUBNET, SOON).unwrap();
    managed.bed.wait_gone("/apis/kubeovn.io/v1/ips/thief.default.macvlan.default", SOON).unwrap();
    assert!(!managed.log().contains("forbidden"), "{}", managed.log());
}

#[test]
fn policies_keep_hands_off_claims_their_definition_and_protected_subnets() {
    need!(Controllers);
    let managed = Managed::start();
    managed.bed.apply(NETWORK).unwrap();
    managed.node("node1");
    managed.bed.apply(&pod("p1", "")).unwrap();
    managed.wait_claims(&[("172.17.0.2", "Pod p1")]);
    managed.wait_using(1);
    let refused = |arguments: &[&str], part: &str| {
        wait(&format!("{arguments:?} to be refused"), SOON, || {
            Ok(match managed.bed.kubectl(arguments) {
                Err(error) if error.to_string().contains(part) => Look::Done(()),
                // A policy is in force some moments after it was made.
                other => Look::NotYet(format!("{other:?}")),
            })
        })
        .unwrap();
    };
    let claim = "macvlan.default.172.17.0.2";
    refused(&["annotate", "addressclaim", claim, "x=y", "--overwrite"], "break-glass");
    refused(&["delete", "addressclaim", claim, "--dry-run=server"], "break-glass");
    managed.bed.kubectl(&["label", "addressclaim", claim, "ipledger.dev/break-glass=true"]).unwrap();
    managed.bed.kubectl(&["delete", "addressclaim", claim, "--dry-run=server"]).unwrap();
    managed.bed.kubectl(&["label", "addressclaim", claim, "ipledger.dev/break-glass-"]).unwrap();
    refused(&["annotate", "addressclaim", claim, "x=y", "--overwrite"], "break-glass");
    refused(&["delete", "crd", "addressclaims.ipledger.dev", "--dry-run=server"], "allow-deletion");
    managed.bed.kubectl(&["annotate", "subnet", "ext", "ipledger.dev/protected=true"]).unwrap();
    refused(&["delete", "subnet", "ext", "--dry-run=server"], "protected");
    managed.bed.kubectl(&["annotate", "subnet", "ext", "ipledger.dev/protected-"]).unwrap();
    managed.bed.kubectl(&["delete", "subnet", "ext", "--dry-run=server"]).unwrap();
}

#[test]
fn an_address_on_a_node_without_an_agent_waits_and_says_so_until_somebody_says_that_it_is_free() {
    need!(Controllers);
    let managed = Managed::start();
    managed.bed.apply(NETWORK).unwrap();
    managed.bed.apply("apiVersion: v1\nkind: Node\nmetadata: {name: node1}\n").unwrap();
    managed.bed.apply(&pod("p1", "")).unwrap();
    managed.wait_claims(&[("172.17.0.2", "Pod p1")]);
    let alive = ipledger(&managed.bed, &User::admin(), &["release", "172.17.0.2", "--yes"]);
    assert!(alive.code == 2 && alive.err.contains("pod default/p1 uses 172.17.0.2"), "{alive:?}");
    managed.delete_pod("p1");
    managed
        .bed
        .wait_for(&format!("{CLAIMS}/macvlan.default.172.17.0.2"), "to say what it waits for", SOON, |claim| {
            let conditions = claim["status"]["conditions"].as_array();
            conditions
                .is_some_and(|all| all.iter().any(|said| said["type"] == "Waiting" && said["reason"] == "NoAgent"))
        })
        .unwrap_or_else(|error| panic!("{error}\n{}", managed.log()));
    let shown = ipledger(&managed.bed, &User::admin(), &["release", "172.17.0.2"]);
    assert!(shown.code == 0 && shown.out.contains("Nothing was written"), "{shown:?}");
    assert!(shown.out.contains("node node1 has no agent"), "{shown:?}");
    let said = ipledger(&managed.bed, &User::admin(), &["release", "172.17.0.2", "--yes"]);
    assert_eq!(said.code, 0, "{said:?}");
    managed.wait_claims(&[]);
}

/// A StatefulSet whose pods are bound at once and go at once: there is no scheduler's choice and no kubelet.
fn stateful_set(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db, namespace: default}}\n\
         spec:\n  replicas: {replicas}\n  serviceName: db\n  podManagementPolicy: Parallel\n  selector: {{matchLabels: {{app: db}}}}\n  \
         template:\n    metadata:\n      labels: {{app: db}}\n      annotations: {{k8s.v1.cni.cncf.io/networks: macvlan}}\n    \
         spec:\n      nodeName: node1\n      terminationGracePeriodSeconds: 0\n      containers: [{{name: c, image: \"{IMAGE}\"}}]\n"
    )
}

#[test]
fn ordinals_keep_their_addresses_through_orphaning_and_give_them_back_when_the_set_has_no_place_for_them() {
    need!(Controllers);
    let mut managed = Managed::start();
    managed.bed.apply(NETWORK).unwrap();
    managed.node("node1");
    managed.bed.apply(&stateful_set(2)).unwrap();
    wait("two ordinals with addresses", SOON, || {
        let claims = managed.claims();
        Ok(if claims.len() == 2 { Look::Done(()) } else { Look::NotYet(format!("{claims:?}")) })
    })
    .unwrap_or_else(|error| panic!("{error}\n{}", managed.log()));
    let before = managed.claims();
    let of = |claims: &BTreeMap<String, String>, holder: &str| {
        claims.iter().find(|(_, held)| *held == holder).map(|(address, _)| address.clone())
    };
    // Deleted without its pods, the controller killed, made again: other UIDs, the same holders.
    managed.bed.kubectl(&["delete", "statefulset", "db", "--cascade=orphan"]).unwrap();
    managed.kill();
    managed.bed.apply(&stateful_set(2)).unwrap();
    managed.go();
    managed.bed.kubectl(&["delete", "pod", "db-0", "--wait=false"]).unwrap();
    wait("the next pod of ordinal 0 to have its address", SOON, || {
        managed.agents_speak();
        let pod = managed.bed.get("/api/v1/namespaces/default/pods/db-0")?;
        let told =
            pod["metadata"]["annotations"]["macvlan.default.kubernetes.io/ip_address"].as_str().map(str::to_owned);
        Ok(if told.is_some() && told == of(&before, "StatefulSet db-0") {
            Look::Done(())
        } else {
            Look::NotYet(format!("{told:?}"))
        })
    })
    .unwrap_or_else(|error| panic!("{error}\n{}", managed.log()));
    assert_eq!(managed.claims(), before);
    managed.bed.kubectl(&["scale", "statefulset", "db", "--replicas=1"]).unwrap();
    let first = of(&before, "StatefulSet db-0").unwrap();
    managed.wait_released(&[(&first, "StatefulSet db-0")]);
    managed.bed.kubectl(&["delete", "statefulset", "db"]).unwrap();
    managed.wait_released(&[]);
}

#[test]
fn what_kube_ovn_gave_out_is_taken_over_before_anything_is_chosen() {
    need!(Controllers);
    let mut managed = Managed::start();
    managed.kill();
    managed.node("node1");
    managed.bed.apply(NETWORK).unwrap();
    let told =
        ", macvlan.default.kubernetes.io/allocated: \"true\", macvlan.default.kubernetes.io/ip_address: 172.17.0.2";
    managed.bed.apply(&[pod("aaa", ""), pod("old", told)].concat()).unwrap();
    let ip = "apiVersion: kubeovn.io/v1\nkind: IP\nmetadata:\n  name: old.default.macvlan.default\n  \
        finalizers: [kubeovn.io/kube-ovn-controller]\n  labels: {ovn.kubernetes.io/subnet: ext}\n\
        spec: {podName: old, namespace: default, subnet: ext, v4IpAddress: 172.17.0.2, ipAddress: 172.17.0.2}\n";
    managed.bed.apply(ip).unwrap();
    managed.go();
    // `aaa` comes first by every order, and gets the next address all the same.
    managed.wait_claims(&[("172.17.0.2", "Pod old"), ("172.17.0.3", "Pod aaa")]);
    managed.delete_pod("old");
    managed.wait_released(&[("172.17.0.3", "Pod aaa")]);
    managed.bed.wait_gone("/apis/kubeovn.io/v1/ips/old.default.macvlan.default", SOON).unwrap();
    assert!(!managed.log().contains("forbidden"), "{}", managed.log());
}

#[test]
fn an_agent_speaks_for_its_own_node_only() {
    need!(Controllers);
    let managed = Managed::start();
    managed.bed.apply(NETWORK).unwrap();
    ["node1", "node2"].iter().for_each(|node| managed.node(node));
    managed.bed.apply(&pod("p1", "")).unwrap();
    managed.wait_claims(&[("172.17.0.2", "Pod p1")]);
    let agent = |node: &str| {
        let bound = ["--bound-object-kind=Node", "--bound-object-name", node];
        let arguments = [&["create", "token", "ipledger-agent", "--namespace=kube-system"][..], &bound].concat();
        let token = managed.bed.kubectl(&arguments).unwrap().trim().to_owned();
        managed.bed.requests(&User::with_token(format!("agent of {node}"), token)).unwrap()
    };
    let (own, other) = (agent("node1"), agent("node2"));
    // A policy is in force some moments after it was made.
    let refused = |agent: &testbed::Requests, path: &str, patch: &serde_json::Value, part: &str| {
        managed.wait(&format!("{patch} of {path} to be refused"), || match agent.patch(path, patch) {
            Err(error) if format!("{error:?}").contains(part) => Look::Done(()),
            done => Look::NotYet(format!("{done:?}")),
        });
    };
    let claim = format!("{CLAIMS}/macvlan.default.172.17.0.2");
    let said = json!({"status": {"letGo": {"podUID": "x", "at": "2026-01-01T00:00:00Z"}}});
    refused(&other, &claim, &said, "its own agent speaks for it");
    for occupant in [json!({"node": "node2"}), json!({"podUID": "y"}), json!(null)] {
        let moved = json!({"status": {"occupant": occupant}});
        refused(&own, &claim, &moved, "not for an agent to say");
    }
    own.patch(&claim, &said).unwrap_or_else(|error| panic!("{error}"));
    // While a machine migrates there are two pods, and the agent of each node speaks for its own.
    let moves = json!({"metadata": {"labels": {"ipledger.dev/break-glass": "true"}},
        "status": {"letGo": null, "target": {"occupant": {"podUID": "t", "node": "node2"}}}});
    managed.admin.patch(&claim, &moves).unwrap();
    let target_said = json!({"status": {"target": {"letGo": {"podUID": "t", "at": "2026-01-01T00:00:00Z"}}}});
    refused(&other, &claim, &said, "the source speaks for the source");
    refused(&own, &claim, &target_said, "the target speaks for the target");
    for target in [json!({"occupant": {"podUID": "u"}}), json!(null)] {
        let moved = json!({"status": {"target": target}});
        refused(&own, &claim, &moved, "not for an agent to say");
        refused(&other, &claim, &moved, "not for an agent to say");
    }
    own.patch(&claim, &said).unwrap_or_else(|error| panic!("{error}"));
    other.patch(&claim, &target_said).unwrap_or_else(|error| panic!("{error}"));
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    let renewed = json!({"spec": {"renewTime": "2026-01-01T00:00:00.000000Z"}});
    refused(&other, &format!("{leases}/ipledger-agent-node1"), &renewed, "agent's own node");
    refused(&other, &format!("{leases}/ipledger-controller"), &renewed, "agent's own node");
    own.patch(&format!("{leases}/ipledger-agent-node1"), &renewed).unwrap();
    let third =
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "ipledger-agent-node3"}});
    let made = other.post(leases, &third).unwrap_err();
    assert!(format!("{made:?}").contains("agent's own node"), "{made:?}");
}

#[test]
fn a_wire_is_left_alone_while_kube_ovns_controller_works_and_manages_it_and_taken_over_after() {
    need!(Controllers);
    let mut managed = Managed::idle();
    managed.node("node1");
    managed.bed.apply(&NETWORK.replace(r#""type":"ipledger""#, r#""type":"kube-ovn""#)).unwrap();
    managed.bed.apply(&pod("p1", "")).unwrap();
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "kube-ovn-controller"},
        "spec": {"holderIdentity": "kube-ovn-controller-0", "leaseDurationSeconds": 3600}});
    managed.admin.post(leases, &lease).unwrap();
    let mark = managed.bed.audit().mark().unwrap();
    managed.go();
    managed.wait("the log to say so", || {
        let log = managed.log();
        let said = ["left alone", "NetworkAttachmentDefinition default/macvlan", "kube-ovn-controller-0"];
        if said.iter().all(|part| log.contains(part)) { Look::Done(()) } else { Look::NotYet(log) }
    });
    // What is no wire of Kube-OVN's is served meanwhile.
    let free =
        NETWORK.replace("macvlan", "free").replace("name: ext", "name: free").replace("172.17.0.5", "172.18.0.5");
    managed
        .bed
        .apply(&[&free, "---\n", &pod("p2", "").replace("networks: macvlan", "networks: free")].concat())
        .unwrap();
    managed.wait_claims(&[("172.18.0.2", "Pod p2")]);
    managed.wait_using_of("free", 1);
    let calls = managed.bed.audit().calls(mark, "ipledger/").unwrap();
    let written = calls.iter().filter(|call| call.is_write() && (call.name == "ext" || call.name.starts_with("p1")));
    assert_eq!(written.count(), 0);
    assert_eq!(managed.bed.get(SUBNET).unwrap()["status"]["conditions"], json!(null));
    managed.bed.kubectl(&["delete", "lease", "kube-ovn-controller", "--namespace=kube-system"]).unwrap();
    managed.wait_claims(&[("172.17.0.2", "Pod p1"), ("172.18.0.2", "Pod p2")]);
    managed.wait_using(1);
    assert!(!managed.log().contains("forbidden"), "{}", managed.log());
}

#[test]
fn the_controller_audits_a_real_cluster_now_and_then_with_the_documented_rights() {
    need!(Controllers);
    let mut managed = Managed::idle();
    managed.bed.apply(NETWORK).unwrap();
    managed.node("node1");
    let leak = "apiVersion: kubeovn.io/v1\nkind: IP\n\
        metadata: {name: gone.default.macvlan.default, labels: {ovn.kubernetes.io/subnet: ext}}\n\
        spec: {podName: gone, namespace: default, subnet: ext, v4IpAddress: 172.17.0.4, ipAddress: 172.17.0.4}\n";
    managed.bed.apply(leak).unwrap();
    // As docs/metrics.md says.
    managed.bed.kubectl(&["apply", "-f", file("docs/audit-rbac.yaml").to_str().unwrap()]).unwrap();
    let binding = ["create", "clusterrolebinding", "ipledger-controller-audits", "--clusterrole=ipledger-audit"];
    let account = ["--serviceaccount=kube-system:ipledger-controller"];
    managed.bed.kubectl(&[&binding[..], &account].concat()).unwrap();
    let mark = managed.bed.audit().mark().unwrap();
    managed.go_with(&["--audit-every", "2s"]);
    let log = wait("the leak to be told", SOON, || {
        let log = managed.log();
        let told = log.lines().any(|line| line.contains("leaked-ip") && line.contains("172.17.0.4"));
        Ok(if told { Look::Done(log) } else { Look::NotYet(log) })
    })
    .unwrap();
    // A kind that it may not list, or that is not there, it would tell.
    let audited = log.lines().filter(|line| line.contains("audited:"));
    assert!(audited.clone().next().is_some() && audited.clone().all(|line| line.contains("unread=\"\"")), "{log}");
    assert!(!log.contains("forbidden") && !log.contains("cannot be audited"), "{log}");
    let mut writes = managed.bed.audit().writes(mark, "ipledger/").unwrap();
    writes.retain(|what, _| !what.contains("lease") && !what.contains("subnets"));
    assert_eq!(writes, BTreeMap::new(), "a leak is told, and `ipledger repair` takes it away");
}
