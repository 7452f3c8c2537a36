//! Stories of NAT rules. There is no gateway program: what holds waits for it.
#![allow(clippy::unwrap_used)]

mod common;

use common::{hand_overs, sweep};
use serde_json::{Value, json};
use sim::{Act, End, Story};

const EIPS: &str = "/apis/kubeovn.io/v1/iptables-eips";
const FIPS: &str = "/apis/kubeovn.io/v1/iptables-fip-rules";
const DNATS: &str = "/apis/kubeovn.io/v1/iptables-dnat-rules";
const SNATS: &str = "/apis/kubeovn.io/v1/iptables-snat-rules";
const FINALIZER: &str = "kubeovn.io/kube-ovn-controller";
const WAITS: &str = "waiting for the gateway";

fn eip() -> Act {
    let eip = json!({"apiVersion": "kubeovn.io/v1", "kind": "IptablesEIP", "metadata": {"name": "e"},
        "spec": {"externalSubnet": "ext", "natGwDp": "gw", "v4ip": "172.17.0.5"}});
    Act::Create(EIPS.to_owned(), eip)
}

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "kubeovn.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn fip(name: &str) -> Value {
    object("IptablesFIPRule", name, &json!({"eip": "e", "internalIp": "10.0.1.7"}))
}

fn dnat(name: &str) -> Value {
    let spec =
        json!({"eip": "e", "externalPort": "80", "protocol": "TCP", "internalIp": "10.0.1.8", "internalPort": "8080"});
    object("IptablesDnatRule", name, &spec)
}

fn snat(name: &str) -> Value {
    object("IptablesSnatRule", name, &json!({"eip": "e", "internalCIDR": "10.0.1.9"}))
}

fn create(path: &str, rule: Value) -> Act {
    Act::Create(path.to_owned(), rule)
}

fn delete(path: &str, name: &str) -> Act {
    Act::Delete(format!("{path}/{name}"), None)
}

/// A story, with every fault at every write, and with one that takes over at every write.
fn swept(name: &'static str, acts: &[Act]) -> End {
    let end = sweep(name, acts.to_vec());
    assert!(hand_overs(&Story { name, acts: acts.to_vec() }).is_like(&end), "{name}");
    end
}

fn said<'a>(end: &'a End, rule: &str) -> &'a str {
    end.rules[rule]["said"].as_str().unwrap()
}

#[test]
fn a_rule_that_comes_before_its_eip_waits_for_it_and_then_for_the_gateway() {
    let mut acts = vec![create(FIPS, fip("f"))];
    let early = swept("a rule without its eip", &acts);
    assert_eq!(said(&early, "IptablesFIPRule f"), "EIP e is not there");
    assert_eq!((early.rules["IptablesFIPRule f"]["status"].clone(), early.writes), (json!({"ready": false}), 1));
    acts.push(eip());
    let up = swept("and then its eip", &acts);
    assert_eq!(
        up.rules["IptablesFIPRule f"],
        json!({
            "labels": {"ovn.kubernetes.io/vpc-nat-gw-name": "gw", "ovn.kubernetes.io/eip_v4_ip": "172.17.0.5"},
            "finalizers": null, "said": WAITS,
            "status": {"ready": false, "v4ip": "172.17.0.5", "natGwDp": "gw", "internalIp": "10.0.1.7"},
        })
    );
    assert_eq!(up.eips["e"], json!({"finalizers": [FINALIZER], "nat": "fip"}));
    let writes = up.writes - early.writes;
    assert_eq!(
        writes, 6,
        "a claim; that there is no address yet; of the EIP and of the rule, the object and its status"
    );
}

#[test]
fn every_kind_of_rule_says_what_it_is_for_and_its_eip_which_kinds_use_it() {
    let acts = [eip(), create(DNATS, dnat("d")), create(SNATS, snat("s"))];
    let up = swept("a dnat and an snat", &acts);
    let dnat = &up.rules["IptablesDnatRule d"];
    assert_eq!(dnat["labels"]["ovn.kubernetes.io/vpc_dnat_eport"], "80");
    assert_eq!(
        dnat["status"],
        json!({"ready": false, "v4ip": "172.17.0.5", "natGwDp": "gw", "protocol": "TCP", "internalIp": "10.0.1.8",
            "internalPort": "8080", "externalPort": "80"})
    );
    assert_eq!(up.rules["IptablesSnatRule s"]["status"]["internalCIDR"], "10.0.1.9/32", "always with its length");
    assert_eq!(up.eips["e"]["nat"], "dnat,snat");
}

#[test]
fn an_eip_that_is_deleted_while_rules_name_it_goes_after_the_last_of_them() {
    let mut acts = vec![eip(), create(DNATS, dnat("d")), create(SNATS, snat("s")), delete(EIPS, "e")];
    let waits = swept("deleted in use", &acts);
    assert_eq!(waits.leaving, ["iptables-eips e"]);
    assert_eq!(waits.addresses["e"], ["172.17.0.5"]);
    assert_eq!(
        waits.eip_words["e"], "it is being deleted and waits for IptablesDnatRule d and other rules",
        "whoever deleted it is told what for"
    );
    assert_eq!(said(&waits, "IptablesDnatRule d"), WAITS, "they go on");
    acts.push(delete(DNATS, "d"));
    let one = swept("one of its rules is gone", &acts);
    assert_eq!(one.eip_words["e"], "it is being deleted and waits for IptablesSnatRule s");
    acts.push(delete(SNATS, "s"));
    let gone = swept("both are", &acts);
    assert_eq!((gone.leaving.len(), gone.claims.len(), gone.eips.len()), (0, 0, 0));
}

#[test]
fn an_eip_without_an_address_does_not_wait_for_its_rules() {
    let pod = sim::pod("p", "node1", &json!({"macvlan.default.kubernetes.io/ip_address": "172.17.0.5"}));
    let mut refused = eip();
    if let Act::Create(_, eip) = &mut refused {
        eip["metadata"]["finalizers"] = json!([FINALIZER]);
    }
    let mut acts = vec![create("/api/v1/namespaces/default/pods", pod), refused, create(FIPS, fip("f"))];
    let told = swept("an eip without an address", &acts);
    assert_eq!(said(&told, "IptablesFIPRule f"), "EIP e has no IPv4 address yet");
    acts.push(delete(EIPS, "e"));
    let gone = swept("deleted without an address", &acts);
    assert_eq!((gone.leaving.len(), gone.eips.len()), (0, 0));
    assert_eq!(said(&gone, "IptablesFIPRule f"), "EIP e is not there");
}

#[test]
fn an_eip_and_its_rules_go_when_their_subnet_is_gone() {
    let subnet = "/apis/kubeovn.io/v1/subnets/ext";
    let unheld = Act::Patch(subnet.to_owned(), json!({"metadata": {"finalizers": null}}));
    let acts = [eip(), create(FIPS, fip("f")), Act::Delete(subnet.to_owned(), None), unheld, delete(EIPS, "e")];
    let waits = swept("its subnet is gone", &acts);
    assert_eq!((waits.leaving.as_slice(), waits.subnets.len()), (&["iptables-eips e".to_owned()][..], 0));
    let gone = swept("and its rule", &[&acts[..], &[delete(FIPS, "f")]].concat());
    assert_eq!((gone.leaving.len(), gone.eips.len(), gone.claims.len()), (0, 0, 0));
}

#[test]
fn a_rule_that_is_deleted_goes_at_once_whatever_kube_ovn_left_on_it() {
    let mut adopted = fip("f");
    adopted["metadata"]["finalizers"] = json!([FINALIZER]);
    let up = vec![eip(), create(FIPS, adopted)];
    let gone = swept("never programmed", &[up.clone(), vec![delete(FIPS, "f")]].concat());
    assert_eq!((gone.rules.len(), gone.leaving.len()), (0, 0));
    assert_eq!(gone.eips["e"], json!({"finalizers": [FINALIZER], "nat": ""}), "nothing uses it any more");
    assert_eq!(gone.addresses["e"], ["172.17.0.5"], "and it stays");
    // The EIP counts as programmed, and its claim waits for the gateway: the rule need not.
    let ready = |path: &str| Act::Patch(format!("{path}/status"), json!({"status": {"ready": true}}));
    let both = vec![ready(&format!("{EIPS}/e")), ready(&format!("{FIPS}/f")), delete(FIPS, "f"), delete(EIPS, "e")];
    let gone = swept("programmed", &[up, both].concat());
    assert_eq!((gone.rules.len(), gone.leaving.len(), gone.eips.len()), (0, 0, 0));
    assert_eq!(gone.addresses["e"], ["172.17.0.5"], "its gateway has not said that it is off its interface");
}

#[test]
fn of_two_rules_in_conflict_the_older_holds_and_the_younger_once_it_is_gone() {
    let mut acts = vec![eip(), create(FIPS, fip("a")), create(DNATS, dnat("b")), create(DNATS, dnat("c"))];
    let first = swept("a fip before dnats", &acts);
    assert_eq!(said(&first, "IptablesFIPRule a"), WAITS);
    for dnat in ["IptablesDnatRule b", "IptablesDnatRule c"] {
        assert_eq!(said(&first, dnat), "EIP e is held by IptablesFIPRule a");
    }
    assert_eq!(first.eips["e"]["nat"], "fip");
    acts.push(delete(FIPS, "a"));
    let next = swept("the fip is gone", &acts);
    assert_eq!(said(&next, "IptablesDnatRule b"), WAITS);
    assert_eq!(said(&next, "IptablesDnatRule c"), "tcp/80 of EIP e is held by IptablesDnatRule b");
    assert_eq!(next.eips["e"]["nat"], "dnat");
    acts.push(Act::Patch(format!("{DNATS}/b"), json!({"spec": {"externalPort": "81"}})));
    let moved = swept("the first has another port", &acts);
    assert_eq!(said(&moved, "IptablesDnatRule c"), WAITS);
    assert_eq!(moved.rules["IptablesDnatRule b"]["status"]["externalPort"], "81");
}
