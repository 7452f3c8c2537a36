//! What cannot be had is refused with the reason and the holder, what can be had is given: by the controller, whatever was
//! admitted before.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::{Value, json};
use sim::{Act, End, Fault, Story, run};

fn condition<'a>(end: &'a End, object: &str, kind: &str) -> &'a Value {
    let conditions = end.statuses[object]["conditions"].as_array().unwrap();
    conditions.iter().find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

/// M01.
#[test]
fn m01_of_two_subnets_that_are_made_at_once_and_overlap_one_is_ready() {
    let block = |name: &str, cidr: &str| subnet(name, cidr, "lan.default");
    let at_once =
        Act::Together(vec![block("s1", "10.0.0.0/24"), block("s2", "10.0.0.128/25"), block("s3", "10.0.1.0/24")]);
    let pods = ["a", "b"].map(|name| pod_with(name, "node1", json!({NETWORKS: "lan"}))).to_vec();
    let end = sweep("m01", all([vec![at_once], pods]));
    let ready = |name: &str| condition(&end, name, "Ready")["status"].as_str().unwrap().to_owned();
    assert_eq!((ready("s1").as_str(), ready("s2").as_str(), ready("s3").as_str()), ("True", "False", "True"));
    assert_eq!(condition(&end, "s2", "Ready")["message"], "10.0.0.128/25 overlaps Subnet s1 on wire lan.default");
    assert_eq!(ranges(&end, "s1")[0], "10.0.0.2-10.0.0.3");
}

/// M03.
#[test]
fn m03_the_addresses_of_the_network_itself_and_of_its_gateways_are_refused_in_any_spelling() {
    let asks = |name: &str, addr: &str| {
        let annotations = json!({NETWORKS: "dual", "dual.default.kubernetes.io/ip_address": addr});
        pod_with(name, "node1", annotations)
    };
    for (addr, says) in [
        ("10.9.0.1", "10.9.0.1 is the gateway"),
        ("fd00::1", "fd00::1 is the gateway"),
        ("FD00:0:0:0::0001", "fd00::1 is the gateway"),
        ("10.9.0.0", "10.9.0.0"),
        ("10.9.0.7", "10.9.0.7"),
        ("fd00::", "fd00::"),
        ("10.9.0.2", "10.9.0.2 is held by VpcNatGateway gw"),
    ] {
        let end = sweep("m03", vec![dual(), gateway("gw", &["dual"]), asks("p", addr)]);
        assert_eq!((end.pods["p"].1.len(), end.claims.len()), (0, 2), "{addr}");
        assert!(told(&end, "p").contains(says), "{addr}: {}", told(&end, "p"));
    }
}

/// M04.
#[test]
fn m04_excluded_is_not_chosen_and_another_namespaces_is_not_given_at_all() {
    let acts = vec![
        patch(SUBNETS, "ext", json!({"spec": {"excludeIps": ["172.17.0.1", "172.17.0.2"]}})),
        pool("theirs", "ext", &["172.17.0.3"], &["other"]),
        pod("any"),
        fixed("excluded", "172.17.0.2"),
        fixed("forbidden", "172.17.0.3"),
    ];
    let end = sweep("m04", acts);
    assert_eq!((end.addresses["any"][0].as_str(), end.addresses["excluded"][0].as_str()), ("172.17.0.4", "172.17.0.2"));
    assert_eq!(end.pods["forbidden"].0, "Pending");
    assert!(told(&end, "forbidden").contains("theirs"), "{}", told(&end, "forbidden"));
}

/// M05.
#[test]
fn m05_an_excluded_address_is_given_by_name_although_none_is_available() {
    let everything = json!({"spec": {"excludeIps": ["172.17.0.1..172.17.0.6"]}});
    let acts = vec![patch(SUBNETS, "ext", everything), fixed("p", "172.17.0.4")];
    let end = sweep("m05", all([acts, crowd(1)]));
    assert_eq!((end.pods["p"].0.as_str(), served(&end), counts(&end, "ext")), ("Running", 0, &json!([1, 0, 0, 0])));
}

/// M06.
#[test]
fn m06_what_is_no_address_and_no_range_is_refused_where_it_stands_and_nobody_else_suffers() {
    let bad =
        ["172.17.0.5..172.17.0.3", "172.17.0.2..fd00::2", "fe80::1%eth0", "172.17.0.300", "x", "172.17.0.4-172.17.0.5"];
    for text in bad {
        let refused = vec![
            subnet_with("s1", json!({"cidrBlock": text, "provider": "s.default"})),
            subnet_with("s2", json!({"cidrBlock": "10.7.0.0/29", "provider": "s.default", "excludeIps": [text]})),
            pool("bad", "ext", &[text], &[]),
            fixed("p", text),
            pod_with("q", "node1", json!({"macvlan.default.kubernetes.io/ip_pool": "bad"})),
        ];
        let end = sweep("m06", all([refused, crowd(1)]));
        for object in ["s1", "s2", "bad"] {
            assert_eq!(condition(&end, object, "Ready")["status"], "False", "{object} {text}");
        }
        assert_eq!((end.claims.len(), served(&end)), (1, 1), "{text}: {end:#?}");
        assert!(told(&end, "p").starts_with("net1: "), "{text}");
    }
}

/// M07.
#[test]
fn m07_two_spellings_of_an_address_are_one_address_for_every_kind_that_names_it() {
    let spec = json!({"cidrBlock": "FD00:0:0::/125", "gateway": "FD00::0001", "provider": "six.default",
        "excludeIps": ["fd00:0::2", "FD00::3..fd00:0:0:0:0:0:0:3"]});
    let asks = |name: &str, addr: &str| {
        pod_with(name, "node1", json!({NETWORKS: "six", "six.default.kubernetes.io/ip_address": addr}))
    };
    let vip = kube_ovn("Vip", "v", json!({"subnet": "six", "namespace": "default", "v6ip": "fd00:0:0:0::4"}));
    let acts = vec![
        subnet_with("six", spec),
        asks("p", "FD00::0004"),
        asks("q", "fd00:0::4"),
        Act::Create(VIPS.to_owned(), vip),
        pod_with("any", "node1", json!({NETWORKS: "six"})),
    ];
    let end = sweep("m07", acts);
    assert_eq!(
        (end.addresses["p"][0].as_str(), end.addresses["any"][0].as_str(), end.claims.len()),
        ("fd00::4", "fd00::5", 2)
    );
    assert!(told(&end, "q").contains("fd00::4 is held by Pod default/p"), "{}", told(&end, "q"));
    assert!(end.told["Vip v "].contains("fd00::4 is held by Pod default/p"), "{:?}", end.told);
}

/// M08.
#[test]
fn m08_an_eip_on_a_subnet_that_is_not_there_has_no_address_and_says_so_until_it_is() {
    let spec = json!({"externalSubnet": "later", "natGwDp": "gw", "v4ip": "10.7.0.5"});
    let early = vec![Act::Create(EIPS.to_owned(), kube_ovn("IptablesEIP", "e", spec))];
    let end = sweep("m08, early", early.clone());
    assert_eq!(end.claims.len(), 0);
    assert!(end.told["IptablesEIP e "].contains("later"), "{:?}", end.told);
    let end = sweep("m08", all([early, vec![subnet("later", "10.7.0.0/29", "later.default")]]));
    assert_eq!(end.addresses["e"], ["10.7.0.5"]);
}

/// M12.
#[test]
fn m12_a_gateway_that_is_made_again_and_a_pod_that_names_a_pool_are_refused_nothing() {
    let spec = json!({"namespace": "default", "vpc": "v", "subnet": "lan", "externalSubnets": ["ext"]});
    let made = Act::Create(GATEWAYS.to_owned(), kube_ovn("VpcNatGateway", "gw", spec));
    let often = all((0..2).map(|_| vec![made.clone(), delete(GATEWAYS, "gw")]));
    let from = pod_with("p", "node1", json!({"macvlan.default.kubernetes.io/ip_pool": "pool-a"}));
    let end = sweep("m12", all([often, vec![made, pool("pool-a", "ext", &["172.17.0.6"], &[]), from]]));
    assert_eq!((end.pods[&pod_of("gw")].0.as_str(), end.pods["p"].0.as_str()), ("Running", "Running"));
    // A pod that waits for the one before it is told so; it conflicts with nobody.
    assert!(
        !end.events.iter().any(|event| event["message"].as_str().unwrap().contains("Conflict")),
        "{:?}",
        end.events
    );
    assert_eq!(end.addresses["p"], ["172.17.0.6"]);
}

/// M13.
#[test]
fn m13_names_of_any_length_are_served_and_given_back() {
    for length in [1, 63, 64, 253] {
        // A label of a DNS name ends at 63 characters.
        let name: String = (1..=length).map(|at| if at % 60 == 0 && at < length { '.' } else { 'n' }).collect();
        // A StatefulSet has at most 52 characters: its pods carry its name and a hash of ten in a label. The gateway's is called shorter.
        let gw = &name;
        // Longer ones have no IP object: it is called after the pod, its Namespace and its network.
        let p = &name[..length.min(253 - ".default.wide.default".len())];
        let spec = json!({"externalSubnet": name, "natGwDp": gw});
        let made = vec![
            subnet(&name, "10.7.0.0/27", "wide.default"),
            Act::Create(EIPS.to_owned(), kube_ovn("IptablesEIP", &name, spec)),
            vip(&name, &name, ""),
            pool(&name, &name, &["10.7.0.9"], &[]),
            pod_with(p, "node1", json!({NETWORKS: "wide", "wide.default.kubernetes.io/ip_pool": name})),
            gateway(gw, &[&name]),
        ];
        let end = run(&Story { name: "m13, made", acts: made.clone() }, Fault::None).unwrap();
        assert_eq!((end.claims.len(), end.pods[p].0.as_str()), (4, "Running"), "{length}: {end:#?}");
        let objects =
            [(EIPS, name.as_str()), (VIPS, &name), (POOLS, &name), (PODS, p), (GATEWAYS, gw), (SUBNETS, &name)];
        let end = sweep("m13", all([made, objects.map(|(kind, name)| delete(kind, name)).to_vec()]));
        assert_empty(&end);
        assert_eq!((end.subnets.len(), end.leaving.as_slice()), (1, &[][..]), "{length}");
    }
}

/// M14.
#[test]
fn m14_the_subnet_and_the_pool_that_a_pod_is_served_from_belong_together_in_whatever_order_they_were_made() {
    let pools = [
        ("a1", "ext", "172.17.0.3"),
        ("a2", "ext", "172.17.0.4"),
        ("b1", "ext2", "10.7.0.3"),
        ("b2", "ext2", "10.7.0.4"),
    ];
    let made = |(name, subnet, addr): &(&str, &str, &str)| pool(name, subnet, &[addr], &["default"]);
    let asks = |subnet: &str, pool: &str| {
        let mut annotations = json!({});
        for (key, value) in [("logical_switch", subnet), ("ip_pool", pool)] {
            if !value.is_empty() {
                annotations[format!("macvlan.default.kubernetes.io/{key}")] = json!(value);
            }
        }
        pod_with("p", "node1", annotations)
    };
    let (of_ext, of_ext2) = (["172.17.0.3", "172.17.0.4"], ["10.7.0.3", "10.7.0.4"]);
    for (subnet_asked, pool_asked, gets) in [
        ("", "a2", &of_ext[1..]),
        ("", "b1", &of_ext2[..1]),
        ("ext", "", &of_ext[..]),
        ("ext2", "", &of_ext2[..]),
        ("ext2", "b2", &of_ext2[1..]),
        ("ext2", "a1", &[]),
        ("", "", &of_ext[..]),
    ] {
        for is_reversed in [false, true] {
            let mut acts: Vec<Act> = pools.iter().map(made).collect();
            if is_reversed {
                acts.reverse();
            }
            acts.insert(0, subnet("ext2", "10.7.0.0/29", "macvlan.default"));
            acts.push(asks(subnet_asked, pool_asked));
            let end = sweep("m14", acts);
            let has = end.addresses.get("p").map(|addrs| addrs[0].as_str());
            let is_right = has.map_or(gets.is_empty(), |has| gets.contains(&has));
            assert!(is_right, "{subnet_asked:?} {pool_asked:?} reversed {is_reversed}: {has:?} {:?}", end.told);
        }
    }
}
