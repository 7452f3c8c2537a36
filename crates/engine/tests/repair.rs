//! Plans: what is safe is an action with its guards, and everything else is told to a person.

mod common;

use common::{Cluster, folder};
use engine::repair::{Action, Change, Guard, Plan, plan};
use engine::{Code, Context, World, judge};
use serde_json::{Value, json};

fn plan_of(world: &World) -> Plan {
    let plan = plan(&Context::new(world), &judge(world));
    eprintln!("{plan:#?}");
    plan
}

fn targets(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(|action| action.object.to_string()).collect()
}

fn subnet() -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": "ext", "resourceVersion": "5"},
        "spec": {"cidrBlock": "172.17.0.0/24", "gateway": "172.17.0.1", "excludeIps": ["172.17.0.1"], "provider": "macvlan.default"}})
}

fn nad() -> Value {
    json!({"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
        "metadata": {"name": "macvlan", "namespace": "default"}, "spec": {"config": "{\"type\":\"macvlan\",\"master\":\"eth1\"}"}})
}

fn ip(pod: &str, kind: &str, addr: &str) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": {"name": format!("{pod}.default.macvlan.default"), "uid": "11111111-1111-4111-8111-111111111111",
            "resourceVersion": "77", "creationTimestamp": "2026-11-01T00:00:00Z", "finalizers": ["kubeovn.io/kube-ovn-controller"]},
        "spec": {"podName": pod, "namespace": "default", "subnet": "ext", "podType": kind, "v4IpAddress": addr}})
}

/// Something newer than every other object, so that nothing is in flight.
fn later() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "creationTimestamp": "2026-11-02T00:00:00Z"}})
}

fn leaky(kind: &str, pod: &str) -> Cluster {
    Cluster::new().with(subnet()).with(nad()).with(later()).with(ip(pod, kind, "172.17.0.9"))
}

fn only(plan: &Plan) -> &Action {
    assert_eq!(plan.actions.len(), 1);
    &plan.actions[0]
}

#[test]
fn a_leaked_record_is_deleted_with_its_uid_and_version_once_its_pod_is_seen_gone() {
    let plan = plan_of(&leaky("", "p1").world());
    let action = only(&plan);
    assert_eq!(action.change, Change::Delete);
    assert_eq!(action.path(), "/apis/kubeovn.io/v1/ips/p1.default.macvlan.default");
    assert_eq!(
        action.body()["preconditions"],
        json!({"uid": "11111111-1111-4111-8111-111111111111", "resourceVersion": "77"})
    );
    let absent = Guard::Absent { kind: api::slim::Kind::Pod, namespace: "default".into(), name: "p1".into() };
    assert_eq!(action.guards, [absent]);
    assert_eq!(action.afterwards, "172.17.0.9 is available in Subnet ext again");
}

#[test]
fn an_ordinals_record_waits_for_its_statefulset_too() {
    let plan = plan_of(&leaky("StatefulSet", "web-3").world());
    let kinds: Vec<_> = only(&plan).guards.iter().map(|guard| guard.target().0.name()).collect();
    assert_eq!(kinds, ["Pod", "StatefulSet"]);
}

#[test]
fn an_address_that_a_living_holder_has_too_is_never_released() {
    let eip = json!({"apiVersion": "kubeovn.io/v1", "kind": "IptablesEIP",
        "metadata": {"name": "e1", "creationTimestamp": "2026-11-01T00:00:00Z", "labels": {"ovn.kubernetes.io/subnet": "ext"}},
        "spec": {"externalSubnet": "ext", "v4ip": "172.17.0.9"}, "status": {"ip": "172.17.0.9", "ready": true}});
    let plan = plan_of(&leaky("", "p1").with(eip).world());
    assert!(plan.actions.is_empty(), "{:?}", targets(&plan));
    let decision = plan.decisions.iter().find(|decision| decision.finding.as_str().starts_with("leaked-ip")).unwrap();
    assert!(
        decision.decide.contains("IptablesEIP e1") && decision.decide.contains("excludeIps"),
        "{}",
        decision.decide
    );
}

#[test]
fn a_record_without_kube_ovns_finalizer_is_left_to_a_person() {
    let mut without = ip("p1", "", "172.17.0.9");
    without["metadata"]["finalizers"] = json!([]);
    let plan = plan_of(&Cluster::new().with(subnet()).with(nad()).with(later()).with(without).world());
    assert!(plan.actions.is_empty());
    assert!(plan.decisions[0].decide.contains("finalizer"), "{:?}", plan.decisions);
}

#[test]
fn a_finding_promises_no_release_that_its_repair_knows_not_to_come() {
    let mut without = ip("p1", "", "172.17.0.9");
    without["metadata"]["finalizers"] = json!([]);
    let of_nobody = Cluster::new().with(subnet()).with(nad()).with(later()).with(without);
    // Its pod is there, and was made without that NIC.
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p1", "namespace": "default", "uid": "1",
        "creationTimestamp": "2026-11-01T00:00:00Z", "annotations": {"ovn.kubernetes.io/allocated": "true"}},
        "status": {"phase": "Running"}});
    for (code, cluster) in [(Code::LeakedIp, of_nobody.clone()), (Code::LeakedNic, of_nobody.with(pod))] {
        let world = cluster.world();
        let report = judge(&world);
        let finding = report.findings.iter().find(|finding| finding.code == code).unwrap();
        assert!(finding.fix.contains("would release nothing"), "{code}: {}", finding.fix);
        let plan = plan(&Context::new(&world), &report);
        let decision = plan.decisions.iter().find(|decision| decision.finding == finding.id).unwrap();
        assert_eq!(decision.decide, finding.fix);
    }
}

#[test]
fn what_is_only_possible_is_no_action() {
    let mut fresh = ip("p1", "", "172.17.0.9");
    fresh["metadata"]["creationTimestamp"] = json!("2026-11-01T23:59:30Z");
    let plan = plan_of(&Cluster::new().with(subnet()).with(nad()).with(later()).with(fresh).world());
    assert!(plan.actions.is_empty());
    assert!(plan.decisions[0].decide.contains("only possible"), "{:?}", plan.decisions);
}

#[test]
fn a_real_cluster_gets_the_gateways_leftovers_repaired_and_the_conflict_decided_by_people() {
    let plan = plan_of(&folder("testdata/clusters/kube-ovn-reservations"));
    assert_eq!(
        targets(&plan),
        ["IP vpc-nat-gw-c6-0.kube-system", "IP vpc-nat-gw-c6-0.kube-system.ovn-vpc-external-network.kube-system"]
    );
    let decided: Vec<&str> = plan.decisions.iter().map(|decision| decision.finding.as_str()).collect();
    assert_eq!(decided, ["duplicate-address:mv2.default/192.168.102.9"], "what follows from it goes with it");
}

#[test]
fn an_address_of_a_subnets_own_is_left_to_a_person() {
    // Kube-OVN's allocator knows it by another owner than the deletion of its object names.
    let name = "u2o-interconnection.ovn-cluster.ext";
    let mut u2o = ip(name, "", "172.17.0.9");
    u2o["metadata"]["name"] = json!(name);
    let plan = plan_of(&Cluster::new().with(subnet()).with(nad()).with(later()).with(u2o).world());
    assert!(plan.actions.is_empty(), "{:?}", targets(&plan));
    assert!(plan.decisions[0].decide.contains("u2oInterconnection"), "{:?}", plan.decisions);
}
