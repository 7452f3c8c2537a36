//! `malformed-object`: what cannot be read is said, and the rest is used.

use crate::common::example::example;
use crate::common::objects::*;
use serde_json::json;

#[test]
fn a_field_that_cannot_be_read_is_named_with_its_path() {
    for (path, patch, expected) in [
        (
            "Subnet ext",
            json!({"spec": {"excludeIps": ["172.17.0.1", "<nil>", "172.17.0.200..172.17.0.210"]}}),
            "subnets/ext/spec.excludeIps[1]",
        ),
        (
            "IPPool pool1",
            json!({"spec": {"ips": ["172.17.0.110..172.17.0.100", "172.17.0.100..172.17.0.110"]}}),
            "ippools/pool1/spec.ips[0]",
        ),
        (
            "Pod default/p1",
            json!({"metadata": {"creationTimestamp": "yesterday"}}),
            "pods/default/p1/metadata.creationTimestamp",
        ),
        ("IP p1.default", json!({"spec": {"macAddress": "not a mac"}}), "ips/p1.default/spec.macAddress"),
        (
            "NetworkAttachmentDefinition default/dual",
            json!({"spec": {"config": "macvlan"}}),
            "network-attachment-definitions/default/dual/spec.config",
        ),
        (
            "IptablesDnatRule dnat1",
            json!({"spec": {"externalPort": "many"}}),
            "iptables-dnat-rules/dnat1/spec.externalPort",
        ),
        ("Subnet ext", json!({"status": {"v4usingIPs": "many"}}), "subnets/ext/status.v4usingIPs"),
        ("Pod default/p1", json!({"spec": {"hostNetwork": "perhaps"}}), "pods/default/p1/spec.hostNetwork"),
    ] {
        eprintln!("--- {expected}");
        example().patched(path, patch).finds(&[&format!("warning proven malformed-object:{expected} @ {path}")]);
    }
}

#[test]
fn an_address_that_cannot_be_read_is_held_and_never_taken_as_absent() {
    // The pod uses an address that nothing legible records; the IP object is not called a leak, nor its address free.
    let report = example()
        .patched(
            "IP p1.default.macvlan.default",
            json!({"spec": {"v4IpAddress": "172.17.0.300", "ipAddress": "172.17.0.300"}}),
        )
        .report();
    let ids = crate::common::ids(&report);
    assert!(ids.contains(&"malformed-object:ips/p1.default.macvlan.default/spec.v4IpAddress"), "{ids:?}");
    assert!(!ids.iter().any(|id| id.starts_with("leaked-")), "{ids:?}");
}

#[test]
fn annotations_that_cannot_be_read_are_named() {
    let annotated = |key: &str, value: &str| {
        example().patched("Pod default/d1", json!({"metadata": {"annotations": {key: value}}}))
    };
    annotated("k8s.v1.cni.cncf.io/networks", "[{\"name\":3}]").finds(&[
        "warning proven malformed-object:pods/default/d1/metadata.annotations[k8s.v1.cni.cncf.io/networks] @ Pod default/d1",
    ]);
    annotated("dual.default.kubernetes.io/ip_address", "10.60.0.five").finds(&[
        "warning proven malformed-object:pods/default/d1/metadata.annotations[dual.default.kubernetes.io/ip_address] @ Pod default/d1",
    ]);
}

#[test]
fn an_object_without_a_name_is_unreadable() {
    example()
        .with(json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {}, "spec": {}}))
        .finds(&["warning proven malformed-object:ips/(no name)/the whole object @ IP (no name)"]);
}

#[test]
fn two_unreadable_objects_are_two_findings() {
    let nameless = || json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {}, "spec": {}});
    let report = example().with_all([nameless(), nameless()]).report();
    // Both have no name to be told apart by: one line says it, the coverage counts them.
    assert_eq!(report.findings.len(), 1);
}

#[test]
fn of_two_readings_of_an_object_only_the_later_one_is_judged() {
    let at = |version: &str, address: &str| {
        ip("default", "p1", "macvlan.default", "ext", address).but(json!({"metadata": {"resourceVersion": version}}))
    };
    let cluster = |first, second| example().without("IP p1.default.macvlan.default").with_all([first, second]);
    cluster(at("9", "not an address"), at("10", "172.17.0.11")).finds(&[]);
    cluster(at("10", "172.17.0.11"), at("9", "not an address")).finds(&[]);
    // Without versions the later one in the input.
    cluster(at("", "not an address"), at("", "172.17.0.11")).finds(&[]);
}

#[test]
fn absent_null_and_empty_are_one() {
    example().patched("IP p1.default", json!({"spec": {"attachSubnets": [], "macAddress": ""}})).finds(&[]);
    let mut cluster = example();
    for object in &mut cluster.objects {
        if object["kind"] == "IP" {
            object["spec"]["attachSubnets"] = serde_json::Value::Null;
            object["spec"]["macAddress"] = serde_json::Value::Null;
        }
    }
    cluster.finds(&[]);
}

/// Two fields of an IP object that cannot be read.
fn unreadable(ip: &str) -> [String; 2] {
    ["spec.ipAddress", "spec.v4IpAddress"]
        .map(|field| format!("warning proven malformed-object:ips/{ip}/{field} @ IP {ip}"))
}

#[test]
fn an_address_that_cannot_be_read_explains_what_would_be_lost_or_missing() {
    let bad = json!({"spec": {"v4IpAddress": "172.17.0.300", "ipAddress": "172.17.0.300"}});
    for ip in ["p1.default.macvlan.default", "vm2.default.macvlan.default"] {
        // Of a running pod, whose own word is on record, and of a stopped VM, whose address nothing legible records.
        let lines = unreadable(ip);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        example().patched(&format!("IP {ip}"), bad.clone()).finds(&lines);
    }
    // It explains one address and not two.
    let cluster = example().patched("IP vm2.default.macvlan.default", bad);
    let report = cluster.patched("Subnet ext", json!({"status": {"v4usingIPs": 9, "v4availableIPs": 233}})).report();
    assert!(crate::common::ids(&report).contains(&"count-mismatch:ext/v4"));
}

#[test]
fn the_networks_of_a_template_are_read_as_well() {
    let set = stateful_set("default", "s", 0).but(json!({"spec": {"template": networks("[{\"name\":3}]")}}));
    example().with(set).finds(&[
        "warning proven malformed-object:statefulsets/default/s/spec.template.metadata.annotations[k8s.v1.cni.cncf.io/networks] @ StatefulSet default/s",
    ]);
}

#[test]
fn who_cannot_be_read_is_not_called_gone() {
    // Each field alone would make a leak of the record, were it taken as absent.
    let ip = "IP p1.default.macvlan.default";
    for (path, patch, field) in [
        (ip, json!({"spec": {"podName": 7}}), "spec.podName"),
        (ip, json!({"spec": {"namespace": ["default"]}}), "spec.namespace"),
        ("IP web-1.default", json!({"spec": {"podType": {}}}), "spec.podType"),
        ("StatefulSet default/web", json!({"spec": {"replicas": "two"}}), "spec.replicas"),
    ] {
        let cluster = example().patched(path, patch).without("Pod default/web-1");
        let ids: Vec<String> = cluster.report().findings.iter().map(|finding| finding.id.to_string()).collect();
        assert!(ids.iter().any(|id| id.starts_with("malformed-object:") && id.ends_with(field)), "{ids:?}");
        assert!(ids.iter().all(|id| id.starts_with("malformed-object:")), "{ids:?}");
    }
    // The labels, of which one makes it a reservation.
    let labels =
        reservation("default", "r", "macvlan.default", "ext", "172.17.0.50").but(json!({"metadata": {"labels": 3}}));
    example().with(labels).recounted().finds(&[
        "warning proven malformed-object:ips/r.default.macvlan.default/metadata.labels @ IP r.default.macvlan.default",
    ]);
    let holder = claim("macvlan.default", "172.17.0.50", "ext", json!("p1"));
    let report = example().with(holder).report();
    assert!(report.findings.iter().all(|finding| finding.code != engine::Code::LeakedIp));
}

#[test]
fn a_record_without_a_name_of_its_holder_is_held() {
    let nameless =
        ip("default", "gone", "macvlan.default", "ext", "172.17.0.50").but(json!({"spec": {"podName": null}}));
    example().with(nameless).recounted().finds(&[]);
    // The names of a Subnet's own addresses say enough.
    let name = "u2o-interconnection.ovn-cluster.external";
    let own = special_ip(name, name, "default", "external", "10.70.0.20").but(json!({"spec": {"podName": null}}));
    let wanted = json!({"spec": {"u2oInterconnection": true}, "status": {"u2oInterconnectionIP": "10.70.0.20"}});
    example().patched("Subnet external", wanted).with(own).recounted().finds(&[]);
}

#[test]
fn where_the_addresses_to_give_cannot_be_read_their_counts_are_only_possibly_wrong() {
    let counting = |cluster: &crate::common::Cluster| {
        let report = cluster.report();
        let counting = report.findings.iter().filter(|finding| finding.counts_for(engine::Severity::Warning));
        counting.map(|finding| finding.id.to_string()).collect::<Vec<_>>()
    };
    for (path, patch, id) in [
        (
            "Subnet ext",
            json!({"spec": {"excludeIps": "172.17.0.200..172.17.0.210"}}),
            "malformed-object:subnets/ext/spec.excludeIps",
        ),
        (
            "Subnet ext",
            json!({"spec": {"excludeIps": ["172.17.0.1", "172.17.0.200-172.17.0.210"]}}),
            "malformed-object:subnets/ext/spec.excludeIps[1]",
        ),
        (
            "IPPool pool1",
            json!({"spec": {"ips": ["172.17.0.100-172.17.0.110"]}}),
            "malformed-object:ippools/pool1/spec.ips[0]",
        ),
    ] {
        assert_eq!(counting(&example().patched(path, patch)), [id]);
    }
}

#[test]
fn a_launcher_whose_owner_cannot_be_read_is_known_by_its_annotation() {
    let owner =
        json!({"metadata": {"ownerReferences": "vm1", "annotations": {"ovn.kubernetes.io/virtualmachine": "vm1"}}});
    let launcher = "Pod default/virt-launcher-vm1-abcde";
    example().patched(launcher, owner).finds(&[&format!(
        "warning proven malformed-object:pods/default/virt-launcher-vm1-abcde/metadata.ownerReferences @ {launcher}"
    )]);
}

#[test]
fn a_subnet_without_a_block_contains_nobody_and_leaves_nobody_outside() {
    example().patched("Subnet lan1", json!({"spec": {"cidrBlock": null}, "status": null})).finds(&[]);
}
