//! What a pod may ask for by its annotations, and what it gets or is told: each row a pod alone on its networks.

use super::stage::{lists, object, tell};
use api::slim::Kind;
use engine::manage::{Action, Engine, Input, Settings};
use serde_json::{Map, Value, json};

const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";
const DEFAULT: &str = "v1.multus-cni.io/default-network";

fn subnet((name, cidr, gateway, provider): (&str, &str, &str, &str)) -> Input {
    let spec = json!({"cidrBlock": cidr, "gateway": gateway, "provider": provider});
    let meta = json!({"name": name, "uid": name, "resourceVersion": "1"});
    Input::Seen(object(Kind::Subnet, &json!({"metadata": meta, "spec": spec})))
}

/// Two Subnets of one network, one with both families, one of another network.
const SUBNETS: [(&str, &str, &str, &str); 4] = [
    ("a", "10.0.0.0/29", "10.0.0.1", "macvlan.default"),
    ("b", "10.1.0.0/29", "10.1.0.1", "macvlan.default"),
    ("dual", "10.2.0.0/29,fd00::/125", "10.2.0.1,fd00::1", "dual.default"),
    ("other", "10.3.0.0/29", "10.3.0.1", "other.default"),
];

/// An annotation of the network `macvlan`, or one that is written in full.
fn annotations(rows: &[(&str, &str)]) -> Value {
    let key = |name: &str| match name.contains('/') {
        true => name.to_owned(),
        false => format!("macvlan.default.kubernetes.io/{name}"),
    };
    let mut all: Map<String, Value> = rows.iter().map(|(name, text)| (key(name), json!(text))).collect();
    all.entry(NETWORKS).or_insert(json!("macvlan"));
    all.into()
}

fn pod(annotations: &Value) -> Input {
    let meta = json!({"name": "p", "namespace": "default", "uid": "p", "resourceVersion": "5",
        "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": annotations});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

/// What is claimed for the pod: NIC, address and MAC of each; and what it is told.
fn served(engine: &mut Engine, inputs: impl IntoIterator<Item = Input>) -> (Vec<String>, Vec<String>) {
    let commands = tell(engine, inputs);
    let claims = commands.iter().filter_map(|command| match &command.action {
        Action::CreateClaim(claim) => {
            let mac = claim.mac.map(|mac| format!(" {mac}")).unwrap_or_default();
            Some(format!("{} {}{mac}", claim.nic.name, claim.key.addr))
        }
        _ => None,
    });
    let mut claims: Vec<String> = claims.collect();
    claims.sort();
    (claims, engine.refusals().map(|(nic, why)| format!("{}: {why}", nic.name)).collect())
}

fn asks(rows: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let inputs = SUBNETS.map(subnet).into_iter().chain([pod(&annotations(rows))]).chain(lists());
    served(&mut Engine::new(Settings::default()), inputs)
}

/// What it asks for, and what it gets of that: NIC, address and MAC.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

const MAC: &str = "02:00:00:00:00:07";

#[test]
fn what_is_asked_for_in_any_of_the_ways_that_there_are_is_given() {
    let rows: &[Row<'_>] = &[
        (&[], &["net1 10.0.0.2"]),
        // Addresses: of the interface, of the network, in Multus' words; the first of them counts.
        (&[("ip_address", "10.0.0.5")], &["net1 10.0.0.5"]),
        (&[("ip_address", "10.1.0.5")], &["net1 10.1.0.5"]),
        (&[("ip_address.net1", "10.0.0.5")], &["net1 10.0.0.5"]),
        (&[("ip_address.net1", "10.0.0.5"), ("ip_address", "10.0.0.6")], &["net1 10.0.0.5"]),
        (&[("ip_address.lab", "10.0.0.5"), (NETWORKS, "macvlan@lab")], &["lab 10.0.0.5"]),
        (&[("ip_address.net2", "10.0.0.5"), (NETWORKS, "macvlan,macvlan")], &["net1 10.0.0.2", "net2 10.0.0.5"]),
        (&[(NETWORKS, r#"[{"name":"macvlan","ips":["10.0.0.5/29"]}]"#)], &["net1 10.0.0.5"]),
        (&[(NETWORKS, r#"[{"name":"macvlan","ips":["10.0.0.5"]}]"#), ("ip_address", "10.0.0.6")], &["net1 10.0.0.6"]),
        (&[("ip_address", "10.0.0.5"), (DEFAULT, "macvlan"), (NETWORKS, "")], &["eth0 10.0.0.5"]),
        // Lists.
        (&[("ip_pool", "10.0.0.5")], &["net1 10.0.0.5"]),
        (&[("ip_pool", "10.0.0.1,10.0.0.5")], &["net1 10.0.0.5"]),
        (&[("ip_pool", "10.0.0.1;10.1.0.5")], &["net1 10.1.0.5"]),
        // MACs.
        (&[("mac_address", MAC)], &["net1 10.0.0.2 02:00:00:00:00:07"]),
        (&[("mac_address.net1", MAC)], &["net1 10.0.0.2 02:00:00:00:00:07"]),
        (&[("mac_address.net1", MAC), ("mac_address", "02:00:00:00:00:08")], &["net1 10.0.0.2 02:00:00:00:00:07"]),
        (
            &[("mac_address.net2", MAC), (NETWORKS, "macvlan,macvlan")],
            &["net1 10.0.0.2", "net2 10.0.0.3 02:00:00:00:00:07"],
        ),
        (&[("mac_address", "0200.0000.0007")], &["net1 10.0.0.2 02:00:00:00:00:07"]),
        (&[(NETWORKS, r#"[{"name":"macvlan","mac":"02-00-00-00-00-07"}]"#)], &["net1 10.0.0.2 02:00:00:00:00:07"]),
        // Families.
        (&[(NETWORKS, "dual"), (DUAL_FAMILY, "ipv4")], &["net1 10.2.0.2"]),
        (&[(NETWORKS, "dual"), (DUAL_FAMILY, "ipv6")], &["net1 fd00::2"]),
        (&[(NETWORKS, "dual"), (DUAL_FAMILY, "IPv6")], &["net1 fd00::2"]),
        (&[(NETWORKS, "dual"), (DUAL_FAMILY, " IPV4 ")], &["net1 10.2.0.2"]),
        // Subnets.
        (&[("logical_switch", "b")], &["net1 10.1.0.2"]),
        // What others write, and what is of no consequence for addresses.
        (&[("allocated", "true")], &["net1 10.0.0.2"]),
        (&[("routes", "nonsense"), ("default_route", "true")], &["net1 10.0.0.2"]),
    ];
    for (asked, given) in rows {
        assert_eq!(asks(asked), (given.iter().map(|&one| one.to_owned()).collect(), Vec::new()), "{asked:?}");
    }
}

const DUAL_FAMILY: &str = "dual.default.kubernetes.io/ip_family";

/// What it asks for, and what it is told, each of these words: it gets nothing.
type Refused<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn what_cannot_be_had_or_read_is_refused_by_its_name_and_nothing_else_is_given_for_it() {
    let rows: &[Refused<'_>] = &[
        (&[("ip_address", "10.0.0.x")], &["macvlan.default.kubernetes.io/ip_address", "`10.0.0.x` is no address"]),
        (&[("ip_address.net1", "?")], &["macvlan.default.kubernetes.io/ip_address.net1", "`?` is no address"]),
        (&[(NETWORKS, r#"[{"name":"macvlan","ips":["x"]}]"#)], &[NETWORKS, "`x` is no address"]),
        (&[("ip_pool", "10.0.0.5,x")], &["macvlan.default.kubernetes.io/ip_pool", "`x` is no address"]),
        (&[("ip_address", "10.0.0.1")], &["AddressConflict", "gateway"]),
        (&[("ip_address", "10.9.0.1")], &["AddressOutOfRange"]),
        (&[("mac_address", "02:zz")], &["macvlan.default.kubernetes.io/mac_address", "`02:zz` is no MAC"]),
        (&[("mac_address.net1", "02:zz")], &["macvlan.default.kubernetes.io/mac_address.net1", "`02:zz` is no MAC"]),
        (&[("mac_address", "01:00:5e:00:00:01")], &["mac_address", "01:00:5e:00:00:01 names a group"]),
        (&[("mac_address", "ff:ff:ff:ff:ff:ff")], &["mac_address", "names a group"]),
        (&[("mac_address", "00:00:00:00:00:00")], &["mac_address", "00:00:00:00:00:00 is nobody's"]),
        (&[(NETWORKS, r#"[{"name":"macvlan","mac":"nonsense"}]"#)], &[NETWORKS, "`nonsense` is no MAC"]),
        (&[(NETWORKS, r#"[{"name":"macvlan","mac":"01:00:5e:00:00:01"}]"#)], &[NETWORKS, "names a group"]),
        (&[(DEFAULT, r#"[{"name":"macvlan","mac":"nonsense"}]"#), (NETWORKS, "")], &[DEFAULT, "`nonsense` is no MAC"]),
        (&[("ip_family", "ipv6")], &["requested ip family IPv6 does not match subnet a protocol IPv4"]),
        (&[(NETWORKS, "dual"), (DUAL_FAMILY, "dual")], &[DUAL_FAMILY, "`dual` is no family"]),
        (&[(NETWORKS, "dual"), (DUAL_FAMILY, "6")], &[DUAL_FAMILY, "`6` is no family"]),
        (&[("logical_switch", "later")], &["Subnet later"]),
        (
            &[("logical_switch", "other")],
            &["macvlan.default.kubernetes.io/logical_switch", "Subnet other", "other.default"],
        ),
        // Nobody knows for which of two NICs it is.
        (&[("ip_address", "10.0.0.5"), (NETWORKS, "macvlan,macvlan")], &["ip_address", "ip_address.net1"]),
        (&[("mac_address", MAC), (NETWORKS, "macvlan,macvlan")], &["mac_address", "mac_address.net2"]),
        // The networks themselves.
        (&[(NETWORKS, r#"[{"name":"macvlan",}]"#)], &[NETWORKS, "cannot be read", "column 20"]),
        (&[(NETWORKS, r#""macvlan""#)], &[NETWORKS, "cannot be read"]),
        (&[(NETWORKS, "macvlan;other")], &[NETWORKS, "cannot be read", "`macvlan;other`"]),
        (&[(NETWORKS, "macvlan,default/")], &[NETWORKS, "cannot be read", "`default/`"]),
        (&[(NETWORKS, "macvlan"), (DEFAULT, "[{")], &[DEFAULT, "cannot be read"]),
    ];
    for (asked, says) in rows {
        let (given, told) = asks(asked);
        assert_eq!(given, [""; 0], "{asked:?}: {told:?}");
        let told = told.join("; ");
        assert!(says.iter().all(|words| told.contains(words)), "{asked:?}: {told:?}");
    }
}

#[test]
fn a_subnet_that_a_pod_names_is_waited_for_although_its_network_has_another_one() {
    let mut engine = Engine::new(Settings::default());
    let named = annotations(&[("logical_switch", "later")]);
    let (given, told) = served(&mut engine, [subnet(SUBNETS[0]), pod(&named)].into_iter().chain(lists()));
    assert!(given.is_empty() && told[0].contains("Subnet later"), "{given:?} {told:?}");
    let made = [subnet(("later", "10.9.0.0/29", "10.9.0.1", "macvlan.default"))];
    assert_eq!(served(&mut engine, made), (vec!["net1 10.9.0.2".to_owned()], Vec::new()));
}

#[test]
fn a_pod_whose_network_is_of_nobody_here_is_told_nothing_whatever_it_asks_for() {
    for asked in
        [("nobody.default.kubernetes.io/logical_switch", "later"), ("nobody.default.kubernetes.io/mac_address", "x")]
    {
        assert_eq!(asks(&[(NETWORKS, "nobody"), asked]), (Vec::new(), Vec::new()), "{asked:?}");
    }
}

#[test]
fn an_object_that_asks_for_a_mac_that_no_interface_can_have_is_refused() {
    for (mac, says) in
        [("02:zz", "`02:zz` is no MAC"), ("01:00:5e:00:00:01", "names a group"), ("00:00:00:00:00:00", "is nobody's")]
    {
        let meta = |name: &str| json!({"name": name, "uid": name, "resourceVersion": "5"});
        let vip = json!({"metadata": meta("v"), "spec": {"subnet": "a", "macAddress": mac}});
        let eip = json!({"metadata": meta("e"), "spec": {"externalSubnet": "a", "natGwDp": "gw", "macAddress": mac}});
        let reservation = json!({"metadata": meta("q.default.macvlan.default"), "spec": {"podName": "q", "namespace": "default",
            "subnet": "a", "ipAddress": "10.0.0.5", "v4IpAddress": "10.0.0.5", "macAddress": mac}});
        for (kind, object) in [(Kind::Vip, vip), (Kind::IptablesEip, eip), (Kind::Ip, reservation)] {
            let read = api::slim::read(kind, object.to_string().as_bytes()).unwrap().object;
            let inputs = [subnet(SUBNETS[0]), Input::Seen(read)].into_iter().chain(lists());
            let (given, told) = served(&mut Engine::new(Settings::default()), inputs);
            assert!(given.is_empty() && told.iter().any(|why| why.contains(says)), "{kind}: {given:?} {told:?}");
        }
    }
}
