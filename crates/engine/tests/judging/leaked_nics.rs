//! `leaked-nic`: the holder lives and has that NIC no longer. Order of authority: the pod that exists, then the template,
//! then the gateway's or VM's spec.

use crate::common::example::example;
use crate::common::not_judged;
use crate::common::objects::*;
use api::slim::Kind;
use serde_json::json;

const P1: &str =
    "warning proven leaked-nic:ips/p1.default.macvlan.default @ IP p1.default.macvlan.default = 172.17.0.11";

#[test]
fn a_pod_that_was_made_without_the_nic_does_not_have_it() {
    // Deleted and made again under its name, without the network.
    let bare = pod("default", "p1").but(nic("ovn", "ovn-default", "10.16.0.11"));
    example().without("Pod default/p1").with(bare).finds(&[P1]);
}

#[test]
fn nothing_detaches_a_nic_from_a_running_pod() {
    // The annotation that asked for it was removed; the interface is still in the pod.
    example()
        .patched("Pod default/p1", json!({"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": null}}}))
        .finds(&[]);
}

#[test]
fn a_pod_that_was_not_served_yet_says_nothing() {
    let new = pod("default", "p1").but(created(JUST_NOW)).but(json!({"status": {"phase": "Pending"}}));
    example().without("Pod default/p1").with(new).finds(&[]);
}

#[test]
fn a_template_speaks_only_for_the_pod_that_is_not_there() {
    let changed = example().patched(
        "StatefulSet default/web",
        json!({"spec": {"template": {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": null}}}}}),
    );
    changed.clone().finds(&[]);
    let line = "leaked-nic:ips/web-1.default.macvlan.default @ IP web-1.default.macvlan.default = 172.17.0.21";
    changed.clone().without("Pod default/web-1").finds(&[&format!("warning likely {line}")]);
    changed.clone().without("Pod default/web-1").ordered().finds(&[&format!("warning proven {line}")]);
    let report = changed.without("Pod default/web-1").partial(&[Kind::Pod]).finds(&[]);
    assert!(not_judged(&report).contains(&"leaked-nic: Pod (1)".to_owned()), "{:?}", not_judged(&report));
}

#[test]
fn a_template_that_names_another_subnet_gives_up_the_address_on_the_old_one() {
    let moved = example().patched(
        "StatefulSet default/web",
        json!({"spec": {"template": {"metadata": {"annotations": {"ovn.kubernetes.io/logical_switch": "join"}}}}}),
    );
    moved.clone().finds(&[]);
    moved
        .without("Pod default/web-1")
        .finds(&["warning likely leaked-nic:ips/web-1.default @ IP web-1.default = 10.16.0.21"]);
}

#[test]
fn a_default_network_takes_the_place_of_the_primary_one() {
    let replaced = example().patched(
        "StatefulSet default/web",
        json!({"spec": {"template": {"metadata": {"annotations": {"v1.multus-cni.io/default-network": "default/dual"}}}}}),
    );
    replaced
        .without("Pod default/web-1")
        .finds(&["warning likely leaked-nic:ips/web-1.default @ IP web-1.default = 10.16.0.21"]);
}

#[test]
fn both_grammars_of_the_networks_annotation_are_read() {
    for text in [
        "macvlan",
        "default/macvlan",
        "default/macvlan@net7",
        " kube-system/other , macvlan@net1 ",
        r#"[{"name":"macvlan","namespace":"default","interface":"net1","ips":["172.17.0.21/24"]}]"#,
        r#"[{"name":"macvlan"}]"#,
    ] {
        eprintln!("--- {text}");
        let set = json!({"spec": {"template": {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": text}}}}});
        let cluster = example().patched("StatefulSet default/web", set).without("Pod default/web-1");
        cluster.with(nad("kube-system", "other", "eth7")).finds(&[]);
    }
    // Of another namespace it is another network.
    let other = json!({"spec": {"template": {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": "kube-system/macvlan"}}}}});
    let cluster = example().patched("StatefulSet default/web", other).with(nad("kube-system", "macvlan", "eth7"));
    cluster.without("Pod default/web-1").finds(&[
        "warning likely leaked-nic:ips/web-1.default.macvlan.default @ IP web-1.default.macvlan.default = 172.17.0.21",
    ]);
}

/// IP object of the outer NIC of gw1.
const OUTER: &str = "ips/vpc-nat-gw-gw1-0.kube-system.ovn-vpc-external-network.kube-system @ IP vpc-nat-gw-gw1-0.kube-system.ovn-vpc-external-network.kube-system = 192.168.100.10";

#[test]
fn a_gateway_that_moves_gives_up_the_old_address_once_its_pod_is_made_anew() {
    let moved = example().patched("VpcNatGateway gw1", json!({"spec": {"externalSubnets": ["ext"]}}));
    // Its pod still has the old NIC; its template will make it again.
    moved.clone().finds(&[]);
    moved.clone().without("Pod kube-system/vpc-nat-gw-gw1-0").finds(&[]);
    // The template was changed as well, and the pod is being replaced.
    let template = json!({"spec": {"template": {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": "default/macvlan"}}}}});
    let replaced = moved.clone().patched("StatefulSet kube-system/vpc-nat-gw-gw1", template.clone());
    replaced.clone().finds(&[]);
    replaced.without("Pod kube-system/vpc-nat-gw-gw1-0").finds(&[&format!("warning likely leaked-nic:{OUTER}")]);
    // The new pod runs, on the new network.
    let new_pod = gateway_pod("gw1", "vpc-nat-gw-gw1-0", "lan1", "10.50.0.254", "172.17.0.70")
        .but(json!({"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": "default/macvlan",
            "ovn-vpc-external-network.kube-system.kubernetes.io/allocated": null,
            "ovn-vpc-external-network.kube-system.kubernetes.io/ip_address": null}}}))
        .but(nic("macvlan.default", "", "172.17.0.70"));
    moved
        .clone()
        .patched("StatefulSet kube-system/vpc-nat-gw-gw1", template)
        .without("Pod kube-system/vpc-nat-gw-gw1-0")
        .with(new_pod)
        .with(ordinal_ip("kube-system", "vpc-nat-gw-gw1-0", "macvlan.default", "ext", "172.17.0.70"))
        .recounted()
        .finds(&[&format!("warning proven leaked-nic:{OUTER}")]);
    // No pod and no workload: the gateway's own spec decides.
    moved
        .without_all(&["Pod kube-system/vpc-nat-gw-gw1-0", "StatefulSet kube-system/vpc-nat-gw-gw1"])
        .finds(&[&format!("warning likely leaked-nic:{OUTER}")]);
}

#[test]
fn the_nic_of_a_bgp_speaker_is_no_leaked_nic() {
    // It is in the pod's networks, and in no field of the gateway that names a Subnet.
    let pod_name = "vpc-nat-gw-gw1-0";
    let both = "kube-system/ovn-vpc-external-network,default/dual";
    let annotations = json!({"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": both}}});
    let speaker = example()
        .patched("VpcNatGateway gw1", json!({"spec": {"bgpSpeaker": {"enabled": true, "asn": 65000}}}))
        .patched("StatefulSet kube-system/vpc-nat-gw-gw1", json!({"spec": {"template": annotations}}))
        .patched(&format!("Pod kube-system/{pod_name}"), annotations)
        .patched(&format!("Pod kube-system/{pod_name}"), nic("dual.default", "", "10.60.0.9,fd00:60::9"))
        .with(ordinal_ip("kube-system", pod_name, "dual.default", "dual", "10.60.0.9,fd00:60::9"))
        .recounted();
    speaker.clone().finds(&[]);
    let restarting = speaker.without("Pod kube-system/vpc-nat-gw-gw1-0");
    restarting.clone().finds(&[]);
    restarting.without("StatefulSet kube-system/vpc-nat-gw-gw1").finds(&[]);
}

#[test]
fn a_stopped_vm_that_lost_a_network_gives_up_its_address() {
    let networks = |list: serde_json::Value| {
        example().patched("VirtualMachine default/vm2", json!({"spec": {"template": {"spec": {"networks": list}}}}))
    };
    networks(json!([{"name": "default", "pod": {}}])).finds(&[
        "warning likely leaked-nic:ips/vm2.default.macvlan.default @ IP vm2.default.macvlan.default = 172.17.0.31",
    ]);
    // Without its namespace the network is one of the VM's own.
    networks(json!([{"name": "a", "multus": {"networkName": "macvlan"}}])).finds(&[]);
    networks(json!([{"name": "a", "multus": {"networkName": "macvlan", "default": true}}]))
        .finds(&["warning likely leaked-nic:ips/vm2.default @ IP vm2.default = 10.16.0.31"]);
}

#[test]
fn a_running_vm_keeps_what_its_launcher_was_given() {
    example()
        .patched(
            "VirtualMachine default/vm1",
            json!({"spec": {"template": {"spec": {"networks": [{"name": "default", "pod": {}}]}}}}),
        )
        .finds(&[]);
}

#[test]
fn names_with_dots_are_cut_by_the_pod_and_not_at_dots() {
    let dotted = |name: &str| macvlan_pod("default", name, "10.16.0.50", "172.17.0.50");
    example().with_all(dotted("web.v1")).recounted().finds(&[]);
    let [_, first, second] = dotted("web.v1");
    let bare = pod("default", "web.v1").but(nic("ovn", "ovn-default", "10.16.0.50"));
    example().with_all([bare, first, second]).recounted().finds(&[
        "warning proven leaked-nic:ips/web.v1.default.macvlan.default @ IP web.v1.default.macvlan.default = 172.17.0.50",
    ]);
}

#[test]
fn one_ovn_network_attached_twice_has_a_nic_per_interface() {
    // Kube-OVN then adds the interface to the provider, on the pod and in the name of the IP object.
    let provider = |interface: &str| format!("lan.default.ovn.{interface}");
    let pod = pod("default", "q")
        .but(networks("lan@eth1,lan@eth2"))
        .but(nic("ovn", "ovn-default", "10.16.0.50"))
        .but(json!({"metadata": {"annotations": {
            "lan.default.ovn.eth1.kubernetes.io/allocated": "true", "lan.default.ovn.eth1.kubernetes.io/ip_address": "10.81.0.5",
            "lan.default.ovn.eth2.kubernetes.io/allocated": "true", "lan.default.ovn.eth2.kubernetes.io/ip_address": "10.81.0.6"}}}));
    example()
        .with(subnet("lan", "10.81.0.0/24", "10.81.0.1", "lan.default.ovn"))
        .with(nad_with("default", "lan", &json!({"type": "kube-ovn", "provider": "lan.default.ovn"})))
        .with(pod)
        .with(ip("default", "q", "ovn", "ovn-default", "10.16.0.50"))
        .with(ip("default", "q", &provider("eth1"), "lan", "10.81.0.5"))
        .with(ip("default", "q", &provider("eth2"), "lan", "10.81.0.6"))
        .recounted()
        .finds(&[]);
}
