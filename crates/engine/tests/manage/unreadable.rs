//! A template that cannot be read, and no pod that says more.

use super::stage::{at, claim_of_set, claim_on_wire, gives_up, lists, object, seen, subnet, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, Settings};
use serde_json::{Value, json};

/// The StatefulSet `db` of so many, whose template has these annotations.
fn set(version: &str, replicas: u8, annotations: &Value) -> Input {
    let spec = json!({"replicas": replicas, "template": {"metadata": {"annotations": annotations}}});
    let meta = json!({"name": "db", "namespace": "default", "uid": "set", "resourceVersion": version});
    Input::Seen(object(Kind::StatefulSet, &json!({"metadata": meta, "spec": spec})))
}

/// What is asked for in the minutes after it was seen.
fn asked(set: Input) -> (Engine, Vec<Command>) {
    let mut engine = Engine::new(Settings::default());
    let mut asked =
        tell(&mut engine, [subnet(&json!({})), set, claim_of_set("3", None, &json!([]))].into_iter().chain(lists()));
    for seconds in [15, 90, 180] {
        asked.extend(engine.step(Input::Tick, at(seconds)));
    }
    (engine, asked)
}

#[test]
fn an_ordinal_keeps_its_address_while_nobody_can_read_what_its_next_pod_will_ask_for() {
    for (annotation, text) in [
        ("k8s.v1.cni.cncf.io/networks", "[{\"name\":\"lab\",}]"),
        ("k8s.v1.cni.cncf.io/networks", "lab;other"),
        ("v1.multus-cni.io/default-network", "[{"),
    ] {
        let (mut engine, commands) = asked(set("2", 1, &json!({annotation: text})));
        assert!(!gives_up(&commands), "{commands:?}");
        let said: Vec<String> = commands
            .iter()
            .filter_map(|command| match &command.action {
                Action::Write(write) if write.kind == Kind::AddressClaim => Some(write.patch.to_string()),
                _ => None,
            })
            .collect();
        let place = format!("annotation {annotation} in the template of StatefulSet default/db cannot be read");
        assert!(said.len() == 1 && said[0].contains("Unreadable") && said[0].contains(&place), "{said:?}");
        // What it says once it can be read counts: it has that NIC no more.
        let commands = engine.step(set("9", 1, &json!({})), at(200));
        assert!(gives_up(&commands), "{commands:?}");
    }
}

#[test]
fn an_ordinal_that_its_set_has_no_place_for_is_given_up_whatever_the_template_says() {
    let (_, commands) = asked(set("2", 0, &json!({"k8s.v1.cni.cncf.io/networks": "[{"})));
    assert!(gives_up(&commands), "{commands:?}");
}

#[test]
fn a_claim_that_has_the_name_of_another_nic_is_not_told_to_that() {
    let other = json!({"cidrBlock": "10.1.0.0/29", "gateway": "10.1.0.1", "provider": "other.default"});
    let other = json!({"metadata": {"name": "t", "uid": "t", "resourceVersion": "2"}, "spec": other});
    let networks = json!({"k8s.v1.cni.cncf.io/networks": "macvlan,other"});
    let meta =
        json!({"name": "p", "namespace": "default", "uid": "p", "resourceVersion": "4", "annotations": networks});
    let pod = json!({"metadata": meta, "spec": {"nodeName": "n1"}});
    // Made again while the annotation could not be read: it was the only address that the pod had been told.
    let holder = json!({"kind": "Pod", "namespace": "default", "name": "p", "uid": "p", "nic": "net1"});
    let claim = json!({"metadata": {"name": "other.default.10.1.0.2", "uid": "c", "resourceVersion": "5"},
        "spec": {"wire": "other.default", "address": "10.1.0.2", "subnet": "t", "holder": holder},
        "status": {"occupant": {"podUID": "p", "namespace": "default", "name": "p", "node": "n1"}}});
    let world = [(Kind::Subnet, other), (Kind::Pod, pod), (Kind::AddressClaim, claim)];
    let world = world.map(|(kind, json)| Input::Seen(object(kind, &json)));
    let mut engine = Engine::new(Settings::default());
    let commands = tell(&mut engine, [subnet(&json!({}))].into_iter().chain(world).chain(lists()));
    let asked = commands.iter().filter_map(|command| match &command.action {
        Action::CreateClaim(claim) => Some(format!("{} {}", claim.nic.name, claim.key.addr)),
        _ => None,
    });
    assert_eq!(asked.collect::<Vec<_>>(), ["net1 10.0.0.2", "net2 10.1.0.3"]);
    assert!(!commands.iter().any(|command| matches!(command.action, Action::AnnotatePod { .. } | Action::CreateIp(_))));
}

#[test]
fn a_claim_on_a_wire_with_a_name_of_its_own_is_of_the_network_that_its_record_names_once_no_subnet_is_there() {
    let spec = json!({"podName": "db-0", "namespace": "default", "subnet": "s", "ipAddress": "10.0.0.2",
        "v4IpAddress": "10.0.0.2", "podType": "StatefulSet"});
    let labels = json!({"ipledger.dev/holder-kind": "StatefulSet", "ovn.kubernetes.io/ip_reserved": "false"});
    let meta = json!({"name": "db-0.default.macvlan.default", "uid": "ip", "resourceVersion": "4", "labels": labels});
    let world = [
        set("2", 1, &json!({"k8s.v1.cni.cncf.io/networks": "[{"})),
        claim_on_wire("lab", "3", None, &json!([])),
        seen(Kind::Ip, &meta, &spec),
    ];
    let mut engine = Engine::new(Settings::default());
    let commands = tell(&mut engine, world.into_iter().chain(lists()));
    let made = commands.iter().filter_map(|command| match &command.action {
        Action::CreateIp(ip) => Some(ip.name.to_string()),
        _ => None,
    });
    assert_eq!(made.collect::<Vec<_>>(), Vec::<String>::new());
}
