//! The deletion of any object, in any order, ends.

use crate::cast::*;
use crate::common::sampled as sweep;
use serde_json::{Value, json};
use sim::{Act, End, Fault, Story, run};

fn assert_gone(end: &End) {
    assert_empty(end);
    assert_eq!((end.subnets.len(), end.pools.len(), end.leaving.as_slice()), (0, 0, &[][..]), "{end:#?}");
}

/// All orders of some acts.
fn orders(acts: &[Act]) -> Vec<Vec<Act>> {
    if acts.is_empty() {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for at in 0..acts.len() {
        let mut rest = acts.to_vec();
        let first = rest.remove(at);
        found.extend(orders(&rest).into_iter().map(|order| all([vec![first.clone()], order])));
    }
    found
}

fn lan() -> Act {
    subnet("lan", "10.0.1.0/24", "lan.default")
}

/// X01.
#[test]
fn x01_an_eip_its_gateway_and_their_subnets_can_be_deleted_in_any_order_whether_or_not_a_pod_ran() {
    let nodes = "/api/v1/nodes";
    let cordon = |node| patch(nodes, node, json!({"spec": {"unschedulable": true}}));
    let made = vec![lan(), gateway("gw", &["ext"]), eip("e", "172.17.0.5"), eip("f", ""), vip("v", "ext", "")];
    let gone = [(EIPS, "e"), (GATEWAYS, "gw"), (SUBNETS, "ext"), (SUBNETS, "lan"), (EIPS, "f"), (VIPS, "v")];
    let gone = gone.map(|(kind, name)| delete(kind, name));
    let ran = all([made.clone(), vec![program("172.17.0.5")]]);
    let never_ran = all([vec![cordon("node1"), cordon("node2")], made]);
    for order in orders(&gone[..4]) {
        let acts = all([order, gone[4..].to_vec()]);
        for before in [&ran, &never_ran] {
            // An EIP that goes under a living gateway waits for its program's word.
            let acts = all([before.clone(), acts.clone(), vec![unprogram("172.17.0.5")]]);
            assert_gone(&run(&Story { name: "x01", acts }, Fault::None).unwrap());
        }
    }
    let at_once = vec![Act::Together(gone.to_vec()), unprogram("172.17.0.5")];
    assert_gone(&sweep("x01, at once", all([ran.clone(), at_once])));
    let parents_first = vec![2, 3, 1, 5, 0, 4].into_iter().map(|at: usize| gone[at].clone()).collect();
    assert_gone(&sweep("x01, parents first", all([never_ran, parents_first])));
}

/// X02.
#[test]
fn x02_what_was_made_by_one_file_can_be_deleted_by_it() {
    let made = vec![lan(), gateway("gw", &["ext"]), eip("e", ""), pod("p")];
    let gone = [(SUBNETS, "ext"), (SUBNETS, "lan"), (GATEWAYS, "gw"), (EIPS, "e"), (PODS, "p")];
    let gone = Act::Together(gone.map(|(kind, name)| delete(kind, name)).to_vec());
    for acts in [vec![gone.clone()], outage(vec![gone])] {
        assert_gone(&sweep("x02", all([made.clone(), acts])));
    }
}

/// X03.
#[test]
fn x03_what_belongs_to_a_vpc_that_is_not_there_is_served_and_goes_like_anything_else() {
    let spec = json!({"cidrBlock": "10.7.0.0/29", "provider": "in.default", "vpc": "never-made"});
    let made = vec![
        subnet_with("in", spec),
        pod_with("p", "node1", json!({NETWORKS: "in"})),
        gateway("gw", &["in"]),
        vip("v", "in", ""),
    ];
    let end = sweep("x03, made", made.clone());
    assert_eq!((end.claims.len(), end.pods["p"].0.as_str()), (3, "Running"));
    let gone = [(SUBNETS, "in"), (SUBNETS, "ext"), (VIPS, "v"), (GATEWAYS, "gw"), (PODS, "p")];
    assert_gone(&sweep("x03", all([made, gone.map(|(kind, name)| delete(kind, name)).to_vec()])));
}

/// X04.
#[test]
fn x04_what_has_ipv6_only_goes_at_once_and_nobody_elses_address_keeps_it() {
    let vip6 = |name: &str| vip(name, "six", "");
    let six = |at: u8| format!("fd01:0000:0000:0000:0000:0000:0000:000{at}");
    let made = vec![
        subnet("six", "fd01::/125", "six.default"),
        vip6("a"),
        vip6("b"),
        ovn_eip("o"),
        held("OvnEip", "o", "six.default", &six(5)),
        ovn_eip("o2"),
        held("OvnEip", "o2", "six.default", &six(6)),
    ];
    let finalizer = json!({"metadata": {"finalizers": [FINALIZER]}});
    let acts = all([made, vec![patch(VIPS, "a", finalizer), delete(VIPS, "a"), delete(OVN_EIPS, "o")]]);
    let end = sweep("x04", acts.clone());
    assert_eq!((end.claims.len(), end.leaving.as_slice()), (2, &[][..]));
    let gone = [(VIPS, "b"), (OVN_EIPS, "o2"), (SUBNETS, "six"), (SUBNETS, "ext")];
    assert_gone(&sweep("x04, all", all([acts, gone.map(|(kind, name)| delete(kind, name)).to_vec()])));
}

/// X05.
#[test]
fn x05_a_subnet_waits_for_exactly_those_who_have_an_address_of_it_and_names_one() {
    let one = |family: &str| {
        let annotations = json!({NETWORKS: "dual", "dual.default.kubernetes.io/ip_family": family});
        pod_with("h", "node1", annotations)
    };
    let of_eip = json!({"externalSubnet": "dual", "natGwDp": "gw"});
    let own = json!({"status": {"u2oInterconnectionIP": "10.9.0.2"}});
    for (holder, remove, says) in [
        (vec![one("ipv4")], vec![delete(PODS, "h")], "10.9.0.2 of Pod default/h"),
        (vec![one("ipv6")], vec![delete(PODS, "h")], "fd00::2 of Pod default/h"),
        (vec![vip("h", "dual", "")], vec![delete(VIPS, "h")], "of Vip h"),
        (
            vec![Act::Create(EIPS.to_owned(), kube_ovn("IptablesEIP", "h", of_eip))],
            vec![delete(EIPS, "h")],
            "of IptablesEIP h",
        ),
        (vec![gateway("h", &["dual"])], vec![delete(GATEWAYS, "h")], "of VpcNatGateway h"),
        (
            vec![ovn_eip("h"), held("OvnEip", "h", "dual.default", "10.9.0.4")],
            vec![delete(OVN_EIPS, "h")],
            "of OvnEip h",
        ),
        (vec![patch(SUBNETS, "dual/status", own)], Vec::new(), ""),
    ] {
        let acts = all([vec![dual()], holder, vec![delete(SUBNETS, "dual")]]);
        let waits = sweep("x05, waits", acts.clone());
        assert_eq!(waits.subnets.contains_key("dual"), !says.is_empty(), "{says}");
        if let Some(status) = waits.statuses.get("dual") {
            let conditions = status["conditions"].as_array().unwrap();
            let ready = conditions.iter().find(|condition| condition["type"] == "Ready").unwrap();
            assert!(ready["message"].as_str().unwrap().contains(says), "{says}: {ready}");
        }
        let gone = sweep("x05", all([acts, remove]));
        assert_eq!((gone.subnets.contains_key("dual"), gone.leaving.as_slice()), (false, &[][..]), "{says}");
    }
}

/// X08.
#[test]
fn x08_a_subnet_that_goes_with_its_last_holder_misses_no_wake_up() {
    let gone = |order: [usize; 2]| {
        let both = [delete(SUBNETS, "ext"), delete(EIPS, "e")];
        Act::Together(order.map(|at| both[at].clone()).to_vec())
    };
    for order in [[0, 1], [1, 0]] {
        assert_gone(&sweep("x08", vec![eip("e", ""), gone(order)]));
        assert_gone(&sweep("x08, unseen", vec![eip("e", ""), Act::Deaf, gone(order), Act::Pass(5), Act::Relist]));
        assert_gone(&sweep("x08, during an outage", all([vec![eip("e", "")], outage(vec![gone(order)])])));
    }
}

/// X09.
#[test]
fn x09_one_object_of_each_kind_that_is_made_and_deleted_leaves_nothing_that_a_finalizer_holds() {
    let made = vec![
        pod("p"),
        set("db", 1),
        vip("v", "ext", ""),
        reserve("r", "172.17.0.6"),
        pool("blue", "other", &["10.9.0.5"], &[]),
        subnet("other", "10.9.0.0/29", "other.default"),
        gateway("gw", &["other"]),
        eip("e", ""),
    ];
    let kinds: [(&str, String); 9] = [
        (PODS, "p".to_owned()),
        (SETS, "db".to_owned()),
        (VIPS, "v".to_owned()),
        (IPS, port("r")),
        (POOLS, "blue".to_owned()),
        (GATEWAYS, "gw".to_owned()),
        (EIPS, "e".to_owned()),
        (SUBNETS, "other".to_owned()),
        (SUBNETS, "ext".to_owned()),
    ];
    let gone: Vec<Act> = kinds.iter().map(|(kind, name)| delete(kind, name)).collect();
    let machines = all([start("m"), stop("m", "launcher-m-1"), vec![delete(VMS, "m")]]);
    assert_gone(&sweep("x09", all([machines.clone(), made.clone(), gone.clone()])));
    assert_gone(&sweep("x09, at once", all([machines, made, vec![Act::Together(gone)]])));
    let nobody: Value = sweep("x09, subnets only", vec![delete(SUBNETS, "ext")]).subnets.len().into();
    assert_eq!(nobody, 0);
}
