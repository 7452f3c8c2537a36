//! Stories of the primary network, each with every fault at every write.
#![allow(clippy::unwrap_used)]

mod common;

use common::sweep;
use serde_json::{Value, json};
use sim::{Act, End};

const PODS: &str = "/api/v1/namespaces/default/pods";
const SUBNETS: &str = "/apis/kubeovn.io/v1/subnets";
const POOLS: &str = "/apis/kubeovn.io/v1/ippools";

fn subnet(name: &str, spec: &Value) -> Act {
    let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": name}, "spec": spec});
    Act::Create(SUBNETS.to_owned(), body)
}

/// The default Subnet, with six addresses beside its gateway.
fn default_subnet() -> Act {
    subnet("ovn-default", &json!({"cidrBlock": "10.16.0.0/29", "default": true}))
}

/// A pod that has the primary network only.
fn pod(name: &str, annotations: &Value) -> Act {
    Act::Create(PODS.to_owned(), body(name, annotations))
}

fn body(name: &str, annotations: &Value) -> Value {
    let mut pod = sim::pod(name, "node1", annotations);
    pod["metadata"]["annotations"].as_object_mut().unwrap().remove("k8s.v1.cni.cncf.io/networks");
    pod
}

fn delete(name: &str) -> Act {
    Act::Delete(format!("{PODS}/{name}"), None)
}

fn told<'a>(end: &'a End, pod: &str, name: &str) -> &'a Value {
    &end.annotations[pod][format!("ovn.kubernetes.io/{name}")]
}

#[test]
fn a_pod_has_an_address_of_the_default_subnet_when_it_is_bound() {
    let up = sweep("primary", vec![Act::ServePrimary, default_subnet(), pod("p", &json!({}))]);
    assert_eq!(up.pods["p"], ("Running".to_owned(), vec!["eth0".to_owned()]));
    for (name, value) in [
        ("allocated", "true"),
        ("ip_address", "10.16.0.2"),
        ("cidr", "10.16.0.0/29"),
        ("gateway", "10.16.0.1"),
        ("logical_switch", "ovn-default"),
        ("logical_router", "ovn-cluster"),
        ("pod_nic_type", "veth-pair"),
        ("routed", "true"),
    ] {
        assert_eq!(told(&up, "p", name), value, "{name}");
    }
    let mac = told(&up, "p", "mac_address").as_str().unwrap();
    assert!(mac.len() == 17 && u8::from_str_radix(&mac[..2], 16).unwrap() & 3 == 2, "{mac} is local, and of one NIC");
    assert_eq!(up.ip_specs["p.default"]["macAddress"], mac);
    assert_eq!(up.ip_specs["p.default"]["v4IpAddress"], "10.16.0.2");
    let spec = &up.subnets["ovn-default"]["spec"];
    assert_eq!((&spec["provider"], &spec["vpc"]), (&json!("ovn"), &json!("ovn-cluster")));
    let down = sweep("primary, deleted", vec![Act::ServePrimary, default_subnet(), pod("p", &json!({})), delete("p")]);
    assert_eq!((down.claims.len(), down.ips.len(), down.answers), (0, 0, 0));
}

#[test]
fn without_the_flag_the_primary_network_is_left_alone() {
    let end = sweep("read only", vec![default_subnet(), pod("p", &json!({}))]);
    assert_eq!((end.claims.len(), end.ips.len()), (0, 0));
    assert_eq!(end.subnets["ovn-default"]["spec"].get("gateway"), None);
    assert_eq!(end.namespaces.len(), 0);
}

#[test]
fn an_address_and_a_mac_that_are_asked_for_are_given_and_kept_from_others() {
    let fixed =
        json!({"ovn.kubernetes.io/ip_address": "10.16.0.5", "ovn.kubernetes.io/mac_address": "02:00:00:00:00:07"});
    let same_mac = json!({"ovn.kubernetes.io/mac_address": "02:00:00:00:00:07"});
    let acts = vec![Act::ServePrimary, default_subnet(), pod("first", &fixed), pod("second", &same_mac)];
    let end = sweep("static", acts.clone());
    assert_eq!(told(&end, "first", "ip_address"), "10.16.0.5");
    assert_eq!(end.ip_specs["first.default"]["macAddress"], "02:00:00:00:00:07");
    assert_eq!(end.pods["second"], ("Pending".to_owned(), Vec::new()));
    assert!(end.told.values().any(|why| why.contains("AddressConflict")), "{:?}", end.told);
    let served = sweep("static, one after the other", [acts, vec![delete("first")]].concat());
    assert_eq!(served.pods["second"].0, "Running");
}

#[test]
fn the_gateway_a_wrong_family_and_a_mac_that_is_none_are_refused_in_the_words_that_are_looked_for() {
    for (annotation, value, says) in [
        ("ip_address", "10.16.0.1", "AddressConflict"),
        ("ip_pool", "10.16.0.1", "AddressConflict"),
        ("ip_family", "ipv6", "requested ip family IPv6 does not match subnet ovn-default protocol IPv4"),
        ("mac_address", "01:00:5e:00:00:01", "names a group"),
        ("mac_address", "none", "is no MAC"),
    ] {
        let annotations = json!({format!("ovn.kubernetes.io/{annotation}"): value});
        let end = sweep("refused", vec![Act::ServePrimary, default_subnet(), pod("p", &annotations)]);
        assert_eq!((end.claims.len(), end.ips.len()), (0, 0), "{value}");
        assert_eq!(told(&end, "p", "allocated"), &Value::Null);
        assert!(end.told.values().any(|why| why.contains(says)), "{:?}", end.told);
        assert_eq!(end.events[0]["reason"], "AcquireAddressFailed");
    }
}

#[test]
fn a_pod_without_a_subnet_is_served_as_soon_as_there_is_one() {
    let waits = sweep("no Subnet", vec![Act::ServePrimary, pod("p", &json!({}))]);
    assert_eq!(waits.told.values().next().unwrap(), "NoSubnet: no Subnet serves it");
    let served = sweep("a Subnet, later", vec![Act::ServePrimary, pod("p", &json!({})), default_subnet()]);
    assert_eq!(served.pods["p"].0, "Running");
}

#[test]
fn a_namespace_takes_from_its_subnets_and_from_the_next_when_one_is_full() {
    // A gateway and one address each.
    let bound = |name, cidr| subnet(name, &json!({"cidrBlock": cidr, "namespaces": ["default"]}));
    let acts = vec![
        Act::ServePrimary,
        default_subnet(),
        bound("b", "10.17.0.0/30"),
        bound("a", "10.18.0.0/30"),
        pod("p1", &json!({})),
        pod("p2", &json!({})),
        pod("p3", &json!({})),
    ];
    let end = sweep("bound", acts.clone());
    assert_eq!(told(&end, "p1", "logical_switch"), "b", "the older one first");
    assert_eq!(told(&end, "p2", "logical_switch"), "a");
    assert_eq!(end.pods["p3"].0, "Pending", "the default Subnet is for others");
    let namespace = &end.namespaces["default"];
    assert_eq!(namespace["ovn.kubernetes.io/logical_switch"], "b,a");
    assert_eq!(namespace["ovn.kubernetes.io/cidr"], "10.17.0.0/30;10.18.0.0/30");
    assert_eq!(namespace["ovn.kubernetes.io/exclude_ips"], "10.17.0.1;10.18.0.1");
    assert_eq!(end.namespaces["kube-system"]["ovn.kubernetes.io/logical_switch"], "ovn-default");
    let served = sweep("bound, and one is free again", [acts, vec![delete("p2")]].concat());
    assert_eq!(told(&served, "p3", "logical_switch"), "a");
}

#[test]
fn a_subnet_and_a_pool_that_a_pod_names_are_the_ones_that_it_is_served_from() {
    let other = subnet("other", &json!({"cidrBlock": "10.17.0.0/28"}));
    let pool = json!({"apiVersion": "kubeovn.io/v1", "kind": "IPPool", "metadata": {"name": "pool"},
        "spec": {"subnet": "other", "ips": ["10.17.0.9"]}});
    let acts = vec![
        Act::ServePrimary,
        default_subnet(),
        pod("early", &json!({"ovn.kubernetes.io/ip_pool": "pool"})),
        pod("late", &json!({"ovn.kubernetes.io/logical_switch": "other"})),
        other,
        Act::Create(POOLS.to_owned(), pool),
    ];
    let end = sweep("named", acts);
    assert_eq!(told(&end, "early", "ip_address"), "10.17.0.9");
    assert_eq!(told(&end, "early", "ip_pool"), "pool", "as it was written");
    assert_eq!(told(&end, "late", "logical_switch"), "other");
}

#[test]
fn a_namespace_with_pools_is_told_them_and_takes_from_the_next_when_one_is_empty() {
    let pool = |name: &str, ip: &str| {
        let body = json!({"apiVersion": "kubeovn.io/v1", "kind": "IPPool", "metadata": {"name": name},
            "spec": {"subnet": "ovn-default", "ips": [ip], "namespaces": ["default"]}});
        Act::Create(POOLS.to_owned(), body)
    };
    let acts = vec![
        Act::ServePrimary,
        default_subnet(),
        pool("one", "10.16.0.5"),
        pool("two", "10.16.0.4"),
        pod("p1", &json!({})),
        pod("p2", &json!({})),
        Act::Delete(format!("{POOLS}/two"), None),
    ];
    let end = sweep("pools", acts);
    assert_eq!(
        (told(&end, "p1", "ip_address"), told(&end, "p2", "ip_address")),
        (&json!("10.16.0.5"), &json!("10.16.0.4"))
    );
    assert_eq!(end.namespaces["default"]["ovn.kubernetes.io/ip_pool"], "one");
}

#[test]
fn a_namespace_gets_and_loses_a_subnet_by_its_labels() {
    let selects = json!({"cidrBlock": "10.17.0.0/28", "namespaceSelectors": [{"matchLabels": {"team": "a"}}]});
    let label = |value: Value| {
        Act::Patch("/api/v1/namespaces/default".to_owned(), json!({"metadata": {"labels": {"team": value}}}))
    };
    let acts =
        vec![Act::ServePrimary, default_subnet(), subnet("team", &selects), label(json!("a")), pod("p", &json!({}))];
    let has = sweep("selected", acts.clone());
    assert_eq!(told(&has, "p", "logical_switch"), "team");
    assert_eq!(has.namespaces["default"]["ovn.kubernetes.io/logical_switch"], "team");
    let lost = sweep("selected no longer", [acts, vec![label(Value::Null), pod("q", &json!({}))]].concat());
    assert_eq!(lost.namespaces["default"]["ovn.kubernetes.io/logical_switch"], "ovn-default");
    assert_eq!(
        (told(&lost, "p", "logical_switch"), told(&lost, "q", "logical_switch")),
        (&json!("team"), &json!("ovn-default"))
    );
}

#[test]
fn an_ordinal_keeps_its_primary_address_and_shows_its_mac() {
    let sets = "/apis/apps/v1/namespaces/default/statefulsets";
    let acts = vec![Act::ServePrimary, default_subnet(), Act::Create(sets.to_owned(), sim::stateful_set("web", 1))];
    let first = sweep("ordinal", acts.clone());
    let again = sweep("ordinal, again", [acts, vec![delete("web-0")]].concat());
    assert_eq!(again.pods["web-0"].0, "Running");
    assert_eq!(again.ip_specs["web-0.default"]["v4IpAddress"], first.ip_specs["web-0.default"]["v4IpAddress"]);
    assert_eq!(again.ip_specs["web-0.default"]["podType"], "StatefulSet");
    assert_eq!(again.ip_specs["web-0.default"]["macAddress"], *told(&again, "web-0", "mac_address"));
}

#[test]
fn a_machine_has_its_primary_address_and_mac_under_its_own_name() {
    let kubevirt = "/apis/kubevirt.io/v1/namespaces/default";
    let networks = json!([{"name": "default", "pod": {}}]);
    let vm = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "vm", "namespace": "default"},
        "spec": {"template": {"metadata": {}, "spec": {"networks": networks}}}});
    let vmi = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "metadata": {"name": "vm", "namespace": "default"}, "spec": {"networks": networks}});
    let instance = || Act::Create(format!("{kubevirt}/virtualmachineinstances"), vmi.clone());
    let owner = format!("{kubevirt}/virtualmachineinstances/vm");
    let launcher = |name: &str| Act::CreateOwned(PODS.to_owned(), body(name, &json!({})), owner.clone());
    let acts = vec![
        Act::ServePrimary,
        default_subnet(),
        Act::Create(format!("{kubevirt}/virtualmachines"), vm),
        instance(),
        launcher("a"),
        Act::Delete(owner.clone(), None),
        delete("a"),
        instance(),
        launcher("b"),
    ];
    let end = sweep("machine", acts);
    assert_eq!(end.claims, [("vm".to_owned(), "ovn".to_owned())]);
    assert_eq!(end.ips, ["vm.default"]);
    assert_eq!(*told(&end, "b", "ip_address"), end.ip_specs["vm.default"]["v4IpAddress"]);
    assert_eq!(*told(&end, "b", "mac_address"), end.ip_specs["vm.default"]["macAddress"]);
}

#[test]
fn a_vip_and_a_reservation_have_macs_and_lend_them_with_their_addresses() {
    let vip = json!({"apiVersion": "kubeovn.io/v1", "kind": "Vip", "metadata": {"name": "v"},
        "spec": {"subnet": "ovn-default", "namespace": "default"}});
    let ip = json!({"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {"name": "q.default"},
        "spec": {"podName": "q", "namespace": "default", "subnet": "ovn-default", "v4IpAddress": "10.16.0.6"}});
    let acts = vec![
        Act::ServePrimary,
        default_subnet(),
        Act::Create("/apis/kubeovn.io/v1/vips".to_owned(), vip),
        Act::Create("/apis/kubeovn.io/v1/ips".to_owned(), ip),
        pod("p", &json!({"ovn.kubernetes.io/vip": "v"})),
        pod("q", &json!({})),
    ];
    let end = sweep("lent", acts);
    assert_eq!(end.pods["p"], ("Running".to_owned(), vec![String::new()]), "the NIC is the Vip's");
    assert_eq!(end.ip_specs["p.default"]["macAddress"], *told(&end, "p", "mac_address"));
    assert_eq!(end.ip_specs["q.default"]["macAddress"], *told(&end, "q", "mac_address"));
    assert_eq!(*told(&end, "q", "ip_address"), "10.16.0.6");
    assert!(told(&end, "p", "mac_address").is_string() && told(&end, "q", "mac_address").is_string());
}

#[test]
fn a_gateway_has_its_inner_address_on_the_primary_network() {
    let gateway = json!({"apiVersion": "kubeovn.io/v1", "kind": "VpcNatGateway", "metadata": {"name": "gw"},
        "spec": {"namespace": "default", "subnet": "ovn-default", "lanIp": "10.16.0.6", "externalSubnets": ["ext"]}});
    let acts = vec![
        Act::ServePrimary,
        default_subnet(),
        Act::Create("/apis/kubeovn.io/v1/vpc-nat-gateways".to_owned(), gateway),
    ];
    let end = sweep("gateway", acts);
    assert_eq!(end.claims, [("gw".to_owned(), "0/ext".to_owned()), ("gw".to_owned(), "0/ovn-default".to_owned())]);
    assert_eq!(end.pods["vpc-nat-gw-gw-0"].0, "Running");
    assert_eq!(end.ip_specs["vpc-nat-gw-gw-0.default"]["v4IpAddress"], "10.16.0.6");
}

#[test]
fn what_kube_ovn_gave_on_the_primary_network_is_kept_when_it_is_taken_over() {
    let mac = "02:00:00:00:00:09";
    let ip = json!({"apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": {"name": "p.default", "finalizers": ["kubeovn.io/kube-ovn-controller"],
            "labels": {"ovn.kubernetes.io/subnet": "ovn-default", "ovn.kubernetes.io/ip_reserved": "false", "ovn-default": ""}},
        "spec": {"podName": "p", "namespace": "default", "subnet": "ovn-default", "ipAddress": "10.16.0.2",
            "v4IpAddress": "10.16.0.2", "macAddress": mac}});
    let has = json!({"ovn.kubernetes.io/allocated": "true", "ovn.kubernetes.io/routed": "true",
        "ovn.kubernetes.io/ip_address": "10.16.0.2", "ovn.kubernetes.io/mac_address": mac,
        "ovn.kubernetes.io/logical_switch": "ovn-default"});
    let acts = vec![
        default_subnet(),
        Act::Create("/apis/kubeovn.io/v1/ips".to_owned(), ip),
        pod("p", &has),
        Act::ServePrimary,
        pod("q", &json!({})),
    ];
    let end = sweep("taken over", acts);
    assert_eq!(end.addresses["p"], ["10.16.0.2"]);
    assert_eq!(end.ip_specs["p.default"]["macAddress"], mac);
    assert_eq!(*told(&end, "q", "ip_address"), "10.16.0.3");
}

#[test]
fn both_families_have_one_mac_and_a_pod_may_have_one_of_them_only() {
    let dual = subnet("ovn-default", &json!({"cidrBlock": "10.16.0.0/29,fd00::/125"}));
    let one = json!({"ovn.kubernetes.io/ip_family": "ipv6"});
    let end = sweep("dual", vec![Act::ServePrimary, dual, pod("p", &json!({})), pod("q", &one)]);
    assert_eq!(*told(&end, "p", "ip_address"), "10.16.0.2,fd00::2");
    assert_eq!(*told(&end, "q", "ip_address"), "fd00::3");
    assert_eq!(end.claims.len(), 3);
    assert_ne!(told(&end, "p", "mac_address"), told(&end, "q", "mac_address"));
}
