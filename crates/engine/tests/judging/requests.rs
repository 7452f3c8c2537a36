//! `static-conflict`: somebody asks for an address that is not to be had.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, finding};
use api::slim::Kind;
use engine::Certainty;
use serde_json::{Value, json};

/// A pod that asks for a macvlan address and does not have it yet.
fn asks(name: &str, patch: Value) -> Value {
    pod("default", name).but(networks("default/macvlan")).but(json!({"status": {"phase": "Pending"}})).but(patch)
}

fn annotation(key: &str, value: &str) -> Value {
    json!({"metadata": {"annotations": {key: value}}})
}

fn by_provider(address: &str) -> Value {
    annotation("macvlan.default.kubernetes.io/ip_address", address)
}

#[test]
fn every_way_to_ask_for_a_held_address_is_a_conflict() {
    let multus = |ips: &str| {
        networks(&format!(r#"[{{"name":"macvlan","namespace":"default","interface":"net1","ips":["{ips}"]}}]"#))
    };
    for way in [
        by_provider("172.17.0.11"),
        multus("172.17.0.11"),
        multus("172.17.0.11/24"),
        annotation("macvlan.default.kubernetes.io/ip_pool", "172.17.0.11"),
        networks("default/macvlan@net1")
            .but(annotation("macvlan.default.kubernetes.io/ip_address.net1", "172.17.0.11")),
        annotation(
            "v1.multus-cni.io/default-network",
            r#"[{"name":"macvlan","namespace":"default","ips":["172.17.0.11"]}]"#,
        )
        .but(json!({"metadata": {"annotations": {"k8s.v1.cni.cncf.io/networks": null}}})),
    ] {
        eprintln!("--- {way}");
        let report = example()
            .with(asks("q", way))
            .finds(&["error proven static-conflict:pods/default/q/172.17.0.11 @ Pod default/q = 172.17.0.11"]);
        let conflict = finding(&report, "static-conflict:pods/default/q/172.17.0.11");
        assert!(conflict.message.contains("pod default/p1 holds it"), "{}", conflict.message);
    }
    // A pool of several has others to give.
    example()
        .with(asks("q", annotation("macvlan.default.kubernetes.io/ip_pool", "172.17.0.11,172.17.0.50")))
        .finds(&[]);
}

#[test]
fn a_request_on_the_primary_network_is_looked_at_in_the_subnets_of_its_namespace() {
    let primary = |address: &str| {
        pod("default", "q")
            .but(json!({"status": {"phase": "Pending"}}))
            .but(annotation("ovn.kubernetes.io/ip_address", address))
    };
    example()
        .with(primary("10.16.0.11"))
        .finds(&["error proven static-conflict:pods/default/q/10.16.0.11 @ Pod default/q = 10.16.0.11"]);
    example().with(primary("10.16.0.99")).finds(&[]);
    example()
        .with(primary("10.50.0.9"))
        .finds(&["error proven static-conflict:pods/default/q/10.50.0.9 @ Pod default/q = 10.50.0.9"]);
    let named = primary("10.50.0.9").but(annotation("ovn.kubernetes.io/logical_switch", "lan1"));
    example().with(named).finds(&[]);
}

#[test]
fn the_gateway_and_what_is_not_usable_cannot_be_had() {
    for (address, why) in [
        ("172.17.0.1", "it is the gateway"),
        ("172.17.0.0", "no usable address"),
        ("172.17.0.255", "no usable address"),
        ("172.18.0.9", "no usable address"),
        ("fd00::9", "no usable address"),
    ] {
        let id = format!("static-conflict:pods/default/q/{address}");
        let report = example()
            .with(asks("q", by_provider(address)))
            .finds(&[&format!("error proven {id} @ Pod default/q = {address}")]);
        assert!(finding(&report, &id).message.contains(why), "{}", finding(&report, &id).message);
    }
}

#[test]
fn an_excluded_address_may_be_asked_for() {
    example().with(asks("q", by_provider("172.17.0.205"))).finds(&[]);
}

#[test]
fn of_two_who_ask_the_later_one_conflicts() {
    let report = example()
        .with_all([
            asks("q", by_provider("172.17.0.50")).but(created(AN_HOUR_AGO)),
            asks("r", by_provider("172.17.0.50")),
        ])
        .finds(&["error proven static-conflict:pods/default/q/172.17.0.50 @ Pod default/q = 172.17.0.50"]);
    assert!(report.findings[0].message.contains("Pod default/r asked for it before"), "{}", report.findings[0].message);
}

#[test]
fn eips_ovn_eips_vips_and_gateways_ask_as_well() {
    let on_ext = json!({"spec": {"externalSubnet": "ext"}});
    let bare = json!({"metadata": {"labels": null}, "status": null});
    let rows: [(Value, &str); 4] = [
        (
            waiting_eip("e", "gw1", "172.17.0.11").but(on_ext),
            "iptables-eips/e/172.17.0.11 @ IptablesEIP e = 172.17.0.11",
        ),
        (ovn_eip("o", "ext", "172.17.0.11").but(bare.clone()), "ovn-eips/o/172.17.0.11 @ OvnEip o = 172.17.0.11"),
        (vip("v", "ext", "172.17.0.11", "").but(bare), "vips/v/172.17.0.11 @ Vip v = 172.17.0.11"),
        (gateway("g", "vpc1", "lan1", "10.50.0.254"), "vpc-nat-gateways/g/10.50.0.254 @ VpcNatGateway g = 10.50.0.254"),
    ];
    for (object, expected) in rows {
        eprintln!("--- {expected}");
        example().with(object).finds(&[&format!("error proven static-conflict:{expected}")]);
    }
}

#[test]
fn who_has_an_address_already_asks_for_nothing() {
    // The retained address of its own ordinal, and a reservation that was made for it.
    let back = ordinal_pod("web", 1, "", "")[0].clone();
    let waiting = pod("default", "web-1")
        .but(networks("default/macvlan"))
        .but(owned_by("apps/v1", "StatefulSet", "web"))
        .but(by_provider("172.17.0.21"))
        .but(json!({"status": {"phase": "Pending"}}));
    assert_eq!(path_of(&back), path_of(&waiting));
    example().without("Pod default/web-1").with(waiting).finds(&[]);
    let reserved = reservation("default", "q", "macvlan.default", "ext", "172.17.0.50");
    example().with_all([reserved, asks("q", by_provider("172.17.0.50"))]).recounted().finds(&[]);
    // The Vip that it borrows.
    let borrows = asks("q", by_provider("172.17.0.40")).but(annotation("ovn.kubernetes.io/vip", "vip2"));
    example().with(borrows).finds(&[]);
    // The NIC of the gateway that an EIP is for: that is a double record once granted, and no conflict.
    example().with(waiting_eip("e", "gw1", "192.168.100.10")).finds(&[]);
    example()
        .with(waiting_eip("e", "gw1", "192.168.100.11"))
        .finds(&["error proven static-conflict:iptables-eips/e/192.168.100.11 @ IptablesEIP e = 192.168.100.11"]);
}

#[test]
fn what_was_granted_or_ended_is_no_request() {
    let granted = by_provider("172.17.0.99").but(annotation("macvlan.default.kubernetes.io/allocated", "true"));
    let report = example().with(asks("q", granted)).report();
    assert!(report.findings.iter().all(|finding| finding.code != engine::Code::StaticConflict));
    let held = || by_provider("172.17.0.11");
    example().with(asks("q", held()).but(finished("Failed", "Never", AN_HOUR_AGO))).finds(&[]);
    example().with(asks("q", held()).but(deleted(AN_HOUR_AGO))).finds(&[]);
    example().with(asks("q", held()).but(json!({"spec": {"hostNetwork": true}}))).finds(&[]);
    example()
        .with(
            waiting_eip("e", "gw1", "192.168.100.11")
                .but(deleted(JUST_NOW))
                .but(json!({"metadata": {"finalizers": [FINALIZER]}})),
        )
        .finds(&[]);
}

#[test]
fn a_request_that_was_made_just_now_is_only_possible() {
    example()
        .with(asks("q", by_provider("172.17.0.11")).but(created(JUST_NOW)))
        .finds(&["error possible static-conflict:pods/default/q/172.17.0.11 @ Pod default/q = 172.17.0.11"]);
}

#[test]
fn where_the_subnet_is_not_known_nothing_is_concluded() {
    let cluster = example()
        .with(asks("q", networks("other").but(annotation("other.default.kubernetes.io/ip_address", "172.17.0.11"))))
        .with(nad("default", "other", "eth7"));
    cluster.finds(&[]);
}

#[test]
fn the_ipv6_address_of_an_eip_asks_for_nothing() {
    // Kube-OVN allocates an EIP by its IPv4 address; an OvnEip's IPv6 address counts beside an IPv4 one.
    let six = json!({"spec": {"externalSubnet": "dual", "v6ip": "fd00:60::5"}});
    example().with(waiting_eip("e", "gw1", "").but(six)).finds(&[]);
    let bare = json!({"metadata": {"labels": null}, "status": null});
    let ovn = |v4: &str| ovn_eip("o", "dual", v4).but(bare.clone()).but(json!({"spec": {"v6Ip": "fd00:60::5"}}));
    example().with(ovn("")).finds(&[]);
    example()
        .with(ovn("10.60.0.50"))
        .finds(&["error proven static-conflict:ovn-eips/o/fd00:60::5 @ OvnEip o = fd00:60::5"]);
}

#[test]
fn an_address_that_is_being_given_back_is_only_possibly_in_the_way() {
    // A pod with a static address is made anew while the old one has its ten minutes to end.
    let line = |certainty: &str| {
        format!("error {certainty} static-conflict:pods/default/q/172.17.0.11 @ Pod default/q = 172.17.0.11")
    };
    let cluster = example().with(asks("q", by_provider("172.17.0.11")));
    cluster.clone().patched("Pod default/p1", deleted(FOUR_MINUTES_AGO)).finds(&[&line("possible")]);
    cluster.clone().patched("Pod default/p1", deleted(AN_HOUR_AGO)).finds(&[&line("proven")]);
    let ended = cluster.patched("Pod default/p1", finished("Succeeded", "Never", JUST_NOW)).report();
    assert_eq!(finding(&ended, "static-conflict:pods/default/q/172.17.0.11").certainty, engine::Certainty::Possible);
}

#[test]
fn a_request_that_a_leak_stands_in_the_way_of_follows_from_it() {
    example()
        .with(asks("q", by_provider("172.17.0.50")))
        .with(ip("default", "gone", "macvlan.default", "ext", "172.17.0.50"))
        .recounted()
        .finds(&[
            "error proven static-conflict:pods/default/q/172.17.0.50 @ Pod default/q = 172.17.0.50 < leaked-ip:ips/gone.default.macvlan.default",
            "warning likely leaked-ip:ips/gone.default.macvlan.default @ IP gone.default.macvlan.default = 172.17.0.50",
        ]);
}

#[test]
fn an_address_that_was_taken_just_now_may_have_been_given_up_by_who_asked() {
    let taken = |patch: Value| {
        example()
            .with(waiting_eip("e", "gw1", "192.168.100.77"))
            .with(reservation("default", "q", EXTERNAL, "ovn-vpc-external-network", "192.168.100.77").but(patch))
            .recounted()
    };
    let line = "static-conflict:iptables-eips/e/192.168.100.77 @ IptablesEIP e = 192.168.100.77";
    taken(json!({})).finds(&[&format!("error proven {line}")]);
    taken(created(JUST_NOW)).finds(&[&format!("error possible {line}")]);
}

#[test]
fn the_pod_of_a_gateway_asks_for_the_address_that_the_gateway_asks_for() {
    // The gateway was just made: its pod waits for its LAN address, and nothing is recorded yet.
    let starting = pod("kube-system", "vpc-nat-gw-g-0")
        .but(json!({"status": {"phase": "Pending"}}))
        .but(annotation("ovn.kubernetes.io/vpc_nat_gw", "g"))
        .but(annotation("ovn.kubernetes.io/logical_switch", "lan1"))
        .but(annotation("ovn.kubernetes.io/ip_address", "10.50.0.77"));
    let new = example().with(gateway("g", "vpc1", "lan1", "10.50.0.77")).with(starting);
    let report = new.report();
    let conflicts = report.findings.iter().filter(|finding| finding.code == engine::Code::StaticConflict);
    assert_eq!(conflicts.map(|finding| &finding.message).collect::<Vec<_>>(), Vec::<&String>::new());
    // A pod of another kind that asks for it is one.
    let other = pod("default", "q")
        .but(json!({"status": {"phase": "Pending"}}))
        .but(annotation("ovn.kubernetes.io/logical_switch", "lan1"))
        .but(annotation("ovn.kubernetes.io/ip_address", "10.50.0.77"));
    let report = example().with(gateway("g", "vpc1", "lan1", "10.50.0.77")).with(other).report();
    let conflicts = report.findings.iter().filter(|finding| finding.code == engine::Code::StaticConflict);
    assert_eq!(conflicts.count(), 1);
}

#[test]
fn a_holder_that_an_unread_kind_could_make_the_requester_is_only_possibly_in_the_way() {
    let certainty = |cluster: &Cluster, id: &str| finding(&cluster.report(), id).certainty;
    // A gateway's NIC by a name that only its pod, or its gateway, explains.
    let nic = ordinal_ip("kube-system", "natty-gw9-0", "macvlan.default", "ext", "172.17.0.50");
    let eip = waiting_eip("e9", "gw9", "172.17.0.50").but(json!({"spec": {"externalSubnet": "ext"}}));
    let of_eip = (example().with_all([nic, eip]), "static-conflict:iptables-eips/e9/172.17.0.50");
    let nic = ordinal_ip("kube-system", "natty-gw9-0", "ovn", "lan1", "10.50.0.50");
    let lan = (
        example().with_all([nic, gateway("gw9", "vpc1", "lan1", "10.50.0.50")]),
        "static-conflict:vpc-nat-gateways/gw9/10.50.0.50",
    );
    // A Vip may be lent to a pod, which would say so.
    let asks = vip("v9", "ext", "172.17.0.11", "02:00:00:00:00:99").but(json!({"status": null}));
    let of_vip = (example().without("Pod default/p1").with(asks), "static-conflict:vips/v9/172.17.0.11");
    for (cluster, id) in [of_eip, lan, of_vip] {
        assert_eq!(certainty(&cluster, id), Certainty::Proven, "{id}");
        assert_eq!(certainty(&cluster.partial(&[Kind::Pod]), id), Certainty::Possible, "{id}");
    }
    // What a pod says of its gateway goes before what its template says.
    let template =
        json!({"spec": {"template": {"metadata": {"annotations": {"ovn.kubernetes.io/vpc_nat_gw": "other"}}}}});
    let told = example().patched("StatefulSet kube-system/vpc-nat-gw-gw1", template);
    let untold = told.without("Pod kube-system/vpc-nat-gw-gw1-0").partial(&[Kind::Pod]);
    assert_eq!(certainty(&untold, "static-conflict:vpc-nat-gateways/gw1/10.50.0.254"), Certainty::Possible);
    // A stranger is in the way whatever was not read.
    let stranger = example().with(asks_on_ext("gw9")).partial(&[Kind::Pod, Kind::VpcNatGateway]);
    assert_eq!(certainty(&stranger, "static-conflict:iptables-eips/e8/172.17.0.11"), Certainty::Proven);
}

/// An EIP that asks for the address of p1.
fn asks_on_ext(gateway: &str) -> Value {
    waiting_eip("e8", gateway, "172.17.0.11").but(json!({"spec": {"externalSubnet": "ext"}}))
}
