//! Stories of StatefulSets: kept addresses, and addresses that cannot be kept.

use super::shared::Story;
use crate::stage::managed::{CLAIMS, PODS, SUBNETS};
use serde_json::json;
use testbed::{IMAGE, Look, need};

const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";

/// A StatefulSet whose pods are bound to a node at once.
fn set(name: &str, network: &str, replicas: usize, node: &str) -> serde_json::Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
        "spec": {
            "replicas": replicas, "serviceName": name, "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {"k8s.v1.cni.cncf.io/networks": network}},
                "spec": {"nodeName": node, "terminationGracePeriodSeconds": 0, "tolerations": [{"operator": "Exists"}],
                    "containers": [{"name": "c", "image": IMAGE}]},
            },
        },
    })
}

fn address_of(story: &Story, subnet: &str, holder: &str) -> String {
    story.wait(&format!("a claim of {holder}"), || {
        let claims = story.claims_on(subnet);
        let found = claims.iter().find(|(_, held)| *held == holder).map(|(address, _)| address.clone());
        found.map_or_else(|| Look::NotYet(format!("{claims:?}")), Look::Done)
    })
}

fn end(story: Story, set: &str, networks: &[&str]) {
    story.delete(&format!("{SETS}/{set}"));
    story.wait_no_pods();
    story.ends(networks);
}

#[test]
fn r01_an_ordinal_whose_pods_go_before_they_are_told_keeps_its_address() {
    need!(Controllers);
    let story = Story::on(&[("r01", "10.51.0.0/28")]);
    story.post(SETS, &set("r01", "r01", 1, "node1"));
    let first = address_of(&story, "r01", "StatefulSet r01-0");
    story.wait_told("r01-0", "r01", &first);
    for _ in 0..10 {
        let before =
            story.admin.get(&format!("{PODS}/r01-0")).map(|pod| pod["metadata"]["uid"].clone()).unwrap_or_default();
        let _ = story.admin.delete(&format!("{PODS}/r01-0?gracePeriodSeconds=0"));
        story.wait("the next pod", || match story.admin.get(&format!("{PODS}/r01-0")) {
            Ok(pod) if pod["metadata"]["uid"] != before => Look::Done(()),
            other => Look::NotYet(format!("{other:?}")),
        });
        assert_eq!(story.claims_on("r01").keys().collect::<Vec<_>>(), [&first]);
    }
    story.wait_told("r01-0", "r01", &first);
    end(story, "r01", &["r01"]);
}

#[test]
fn r01_an_ordinal_whose_subnet_has_other_addresses_gets_one_of_them() {
    need!(Controllers);
    let story = Story::on(&[("r01", "10.51.0.0/28")]);
    story.post(SETS, &set("r01", "r01", 1, "node1"));
    story.wait_told("r01-0", "r01", "10.51.0.2");
    story
        .admin
        .patch(
            &format!("{SUBNETS}/r01"),
            &json!({"spec": {"cidrBlock": "10.51.1.0/28", "gateway": "10.51.1.1", "excludeIps": ["10.51.1.1"]}}),
        )
        .unwrap();
    let _ = story.admin.delete(&format!("{PODS}/r01-0?gracePeriodSeconds=0"));
    story.wait_told("r01-0", "r01", "10.51.1.2");
    story.wait_on("r01", &[("10.51.1.2", "StatefulSet r01-0")]);
    end(story, "r01", &["r01"]);
}

#[test]
fn r02_an_ordinal_that_was_absent_while_the_controller_was_killed_comes_back_with_its_address() {
    need!(Controllers);
    let mut story = Story::on(&[("r02", "10.52.0.0/28")]);
    story.post(SETS, &set("r02", "r02", 3, "node1"));
    story.wait_number_on("r02", 3);
    let kept = address_of(&story, "r02", "StatefulSet r02-1");
    story.wait_told("r02-1", "r02", &kept);
    story.delete(&format!("{PODS}/r02-1?gracePeriodSeconds=0"));
    story.kill();
    // Others want addresses before everything else.
    (0..5).for_each(|at| drop(story.pod(&format!("a-r02-{at}"), "r02")));
    story.start();
    story.wait_number_on("r02", 8);
    story.wait_told("r02-1", "r02", &kept);
    story.assert_books("r02");
    end(story, "r02", &["r02"]);
}

#[test]
fn w04_an_ordinal_on_another_node_gets_its_address_once_its_node_is_gone_and_never_has_two() {
    need!(Controllers);
    let story = Story::on(&[("w04", "10.54.0.0/28")]);
    story.bed.apply("apiVersion: v1\nkind: Node\nmetadata: {name: w04-a}\n").unwrap();
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "ipledger-agent-w04-a"}, "spec": {"holderIdentity": "w04-a"}});
    story.post("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases", &lease);
    story.post(SETS, &set("w04", "w04", 1, "w04-a"));
    let first = address_of(&story, "w04", "StatefulSet w04-0");
    let before = story.admin.get(&format!("{PODS}/w04-0")).unwrap()["metadata"]["uid"].clone();
    // The node dies: its pod is deleted by force, and the next one is on another node. No agent says a word.
    let template = json!({"spec": {"template": {"spec": {"nodeName": "node2"}}}});
    story.admin.patch(&format!("{SETS}/w04"), &template).unwrap();
    let _ = story.admin.delete(&format!("{PODS}/w04-0?gracePeriodSeconds=0"));
    let next = story.wait("the next pod on the other node", || match story.admin.get(&format!("{PODS}/w04-0")) {
        Ok(pod) if pod["metadata"]["uid"] != before && pod["spec"]["nodeName"] == "node2" => {
            Look::Done(pod["metadata"]["uid"].clone())
        }
        Ok(pod) if pod["metadata"]["uid"] != before => {
            let _ = story.admin.delete(&format!("{PODS}/w04-0?gracePeriodSeconds=0"));
            Look::NotYet("it is on the old node".to_owned())
        }
        other => Look::NotYet(format!("{other:?}")),
    });
    let claim = || story.admin.get(&format!("{CLAIMS}/w04.default.{first}")).unwrap();
    story.wait("the claim to say what it waits for", || {
        let conditions = claim()["status"]["conditions"].to_string();
        if conditions.contains("w04-a") { Look::Done(()) } else { Look::NotYet(claim()["status"].to_string()) }
    });
    assert_ne!(claim()["status"]["occupant"]["podUID"], next, "the first pod may still be on the wire");
    assert_eq!(story.claims_on("w04").len(), 1);
    story.bed.kubectl(&["delete", "node", "w04-a"]).unwrap();
    story.wait("the next pod to be the occupant", || {
        let status = claim()["status"].clone();
        if status["occupant"]["podUID"] == next { Look::Done(()) } else { Look::NotYet(status.to_string()) }
    });
    story.wait_told("w04-0", "w04", &first);
    assert_eq!(story.claims_on("w04").len(), 1);
    story.delete("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/ipledger-agent-w04-a");
    end(story, "w04", &["w04"]);
}
