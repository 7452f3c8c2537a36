//! Kube-OVN's controller on the same cluster: what is left to it, and for how long.

use super::stage::{NOW, at, object, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Input, NEEDED, PrimaryNetwork, Settings, Tenure, Verb};
use serde_json::{Value, json};

fn subnet(name: &str, cidr: &str, provider: &str, annotations: &Value) -> Input {
    Input::Seen(object(
        Kind::Subnet,
        &json!({"metadata": {"name": name, "uid": name, "resourceVersion": "1", "annotations": annotations},
            "spec": {"cidrBlock": cidr, "provider": provider}}),
    ))
}

fn nad(version: &str, ipam: &str) -> Input {
    let config = json!({"type": "macvlan", "ipam": {"type": ipam, "provider": "mv.d"}}).to_string();
    let meta = json!({"name": "mv", "namespace": "d", "uid": "nad", "resourceVersion": version});
    Input::Seen(object(Kind::NetworkAttachmentDefinition, &json!({"metadata": meta, "spec": {"config": config}})))
}

fn pod() -> Input {
    let meta = json!({"name": "p", "namespace": "d", "uid": "p", "resourceVersion": "1",
        "annotations": {"k8s.v1.cni.cncf.io/networks": "mv"}});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

fn eip() -> Input {
    let spec = json!({"externalSubnet": "mv", "natGwDp": "gw"});
    Input::Seen(object(
        Kind::IptablesEip,
        &json!({"metadata": {"name": "e", "uid": "e", "resourceVersion": "1"}, "spec": spec}),
    ))
}

fn held(renewed: &str) -> Input {
    Input::RivalSeen(Some(Tenure { holder: "kube-ovn-controller-0".into(), renewed: renewed.into(), seconds: 30 }))
}

/// An engine that has listed everything, after these inputs; what it asks for.
fn listed(settings: Settings, inputs: Vec<Input>) -> (Engine, Vec<Command>) {
    let mut engine = Engine::new(settings);
    let lists = NEEDED.map(Input::Listed).into_iter().chain([Input::AgentsListed]);
    let asked = tell(&mut engine, inputs.into_iter().chain(lists));
    (engine, asked)
}

fn beside(ipam: &str, enabled: bool, more: Vec<Input>) -> Vec<Input> {
    let network = vec![subnet("mv", "10.0.0.0/24", "mv.d", &json!({})), nad("1", ipam), pod()];
    [network, more, vec![held("1"), Input::RivalGateways(enabled)]].concat()
}

fn paths(asked: &[Command]) -> Vec<String> {
    asked.iter().map(|command| command.action.call().path).collect()
}

fn claims(asked: &[Command]) -> usize {
    asked.iter().filter(|command| matches!(command.action, Action::CreateClaim(_))).count()
}

#[test]
fn nothing_is_written_on_a_wire_whose_attachment_asks_kube_ovn_while_its_controller_works() {
    let (mut engine, asked) = listed(Settings::default(), beside("kube-ovn", false, Vec::new()));
    assert_eq!(paths(&asked), Vec::<String>::new());
    let left = engine.census().left;
    assert_eq!(left.len(), 1, "{left:?}");
    let message = &left[0].message;
    for part in
        ["kube-ovn-controller-0", "kube-system/kube-ovn-controller", "NetworkAttachmentDefinition d/mv", "`ipledger`"]
    {
        assert!(message.contains(part), "{part}: {message}");
    }
    // It renews: nothing changes, however long.
    for second in (10..100).step_by(10) {
        assert_eq!(paths(&engine.step(held(&second.to_string()), at(second))), Vec::<String>::new());
    }
    assert_eq!(claims(&engine.step(nad("2", "ipledger"), at(100))), 1, "the attachment asks IPLedger now");
    assert!(engine.census().left.is_empty());
}

#[test]
fn a_wire_whose_attachment_asks_ipledger_is_managed_beside_kube_ovn() {
    let (engine, asked) = listed(Settings::default(), beside("ipledger", false, Vec::new()));
    assert_eq!(claims(&asked), 1);
    assert!(engine.census().left.is_empty());
}

#[test]
fn whoever_is_told_to_manages_the_wire_all_the_same() {
    let settings = Settings { beside_kube_ovn: true, ..Settings::default() };
    let (engine, asked) = listed(settings, beside("kube-ovn", true, vec![eip()]));
    assert_eq!(claims(&asked), 2, "the pod's and the EIP's");
    assert!(engine.census().left.is_empty());
}

#[test]
fn nothing_is_chosen_before_it_is_known_whether_kube_ovn_works() {
    for missing in 0..2 {
        let mut inputs = beside("ipledger", false, Vec::new());
        let last = inputs.split_off(inputs.len() - 2);
        let (late, now): (Vec<_>, Vec<_>) = last.into_iter().enumerate().partition(|(at, _)| *at == missing);
        inputs.extend(now.into_iter().map(|(_, input)| input));
        let (mut engine, asked) = listed(Settings::default(), inputs);
        assert!(!engine.is_ready() && asked.is_empty(), "{asked:?}");
        assert_eq!(claims(&engine.step(late[0].1.clone(), NOW)), 1);
    }
}

#[test]
fn a_lease_that_nobody_renews_holds_nobody_off_for_longer_than_it_says() {
    let (mut engine, _) = listed(Settings::default(), beside("kube-ovn", false, Vec::new()));
    assert_eq!(engine.next_due(), Some(at(30)));
    assert_eq!(claims(&engine.step(Input::Tick, at(29))), 0);
    assert_eq!(claims(&engine.step(Input::Tick, at(30))), 1);
    assert_eq!(engine.next_due().filter(|due| *due <= at(30)), None, "nothing is due in the past");
}

#[test]
fn a_lease_that_is_given_up_holds_nobody_off() {
    let given_up = Input::RivalSeen(Some(Tenure { holder: "".into(), renewed: "2".into(), seconds: 1 }));
    for over in [given_up, Input::RivalSeen(None)] {
        let (mut engine, _) = listed(Settings::default(), beside("kube-ovn", false, Vec::new()));
        assert_eq!(claims(&engine.step(over, at(1))), 1);
    }
}

#[test]
fn a_controller_that_comes_back_has_its_wire_and_what_is_claimed_there_stays() {
    let (mut engine, asked) = listed(Settings::default(), beside("kube-ovn", false, Vec::new()));
    assert!(asked.is_empty());
    let asked = engine.step(Input::RivalSeen(None), at(1));
    let create = asked.iter().find(|command| matches!(command.action, Action::CreateClaim(_))).unwrap();
    let mut body = create.action.call().body.unwrap();
    body["metadata"]["uid"] = "c".into();
    body["metadata"]["resourceVersion"] = "4".into();
    let outcome = create.action.outcome(201, &serde_json::to_vec(&body).unwrap());
    assert_eq!(paths(&engine.step(held("7"), at(2))), Vec::<String>::new());
    assert_eq!(paths(&engine.step(Input::Done(create.id, outcome), at(2))), Vec::<String>::new());
    let gone =
        Input::Gone { kind: Kind::Pod, namespace: "d".into(), name: "p".into(), uid: api::slim::Uid::parse("p") };
    let mut asked = engine.step(gone, at(3));
    asked.extend(engine.step(Input::Tick, at(25)));
    // What no watch has shown yet may be read.
    asked.retain(|command| command.action.call().verb != Verb::Get);
    assert_eq!(paths(&asked), Vec::<String>::new());
}

#[test]
fn eips_on_a_wire_are_kube_ovns_only_while_its_gateways_are_enabled() {
    let (engine, asked) = listed(Settings::default(), beside("ipledger", true, vec![eip()]));
    assert_eq!(paths(&asked), Vec::<String>::new());
    let left = engine.census().left;
    assert!(left[0].message.contains("IptablesEIP e") && left[0].message.contains("ovn-vpc-nat-gw-config"), "{left:?}");
    let (mut engine, asked) = listed(Settings::default(), beside("ipledger", false, vec![eip()]));
    assert_eq!(claims(&asked), 2, "the pod's and the EIP's");
    engine.step(Input::RivalGateways(true), NOW);
    assert_eq!(engine.census().left.len(), 1);
    let gone = Input::Gone {
        kind: Kind::IptablesEip,
        namespace: "".into(),
        name: "e".into(),
        uid: api::slim::Uid::parse("e"),
    };
    engine.step(gone, NOW);
    assert!(engine.census().left.is_empty());
}

#[test]
fn the_primary_network_is_kube_ovns_while_it_works_and_its_pods_are_told_nothing() {
    let primary = PrimaryNetwork::Served { default_subnet: "s".into() };
    let plain = json!({"metadata": {"name": "p", "namespace": "d", "uid": "p", "resourceVersion": "1"}, "spec": {"nodeName": "n1"}});
    let inputs = vec![
        subnet("s", "10.0.0.0/24", "ovn", &json!({})),
        Input::Seen(object(Kind::Pod, &plain)),
        held("1"),
        Input::RivalGateways(false),
    ];
    let (mut engine, asked) = listed(Settings { primary, ..Settings::default() }, inputs);
    assert_eq!(paths(&asked), Vec::<String>::new());
    assert!(engine.census().left[0].message.contains("--primary-network"), "{:?}", engine.census().left);
    assert_eq!(claims(&engine.step(Input::RivalSeen(None), at(1))), 1);
}

#[test]
fn a_subnet_is_left_alone_because_of_another_one_on_its_wire() {
    let other = subnet("other", "10.0.1.0/24", "free.d", &json!({"ipledger.dev/wire": "mv.d"}));
    let apart = subnet("apart", "10.0.2.0/24", "apart.d", &json!({}));
    let (mut engine, asked) = listed(Settings::default(), beside("kube-ovn", false, vec![other, apart]));
    assert!(paths(&asked).iter().all(|path| path.contains("/subnets/apart")), "{asked:?}");
    let names = |engine: &Engine| engine.census().left.iter().map(|left| left.subnet.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&engine), ["mv", "other"]);
    let gone =
        Input::Gone { kind: Kind::Subnet, namespace: "".into(), name: "mv".into(), uid: api::slim::Uid::parse("mv") };
    let asked = engine.step(gone, at(1));
    assert!(paths(&asked).iter().any(|path| path.contains("/subnets/other")), "{asked:?}");
    assert!(names(&engine).is_empty());
}

#[test]
fn pods_of_an_attachment_without_a_subnet_are_told_so_once_kube_ovn_does_not_tell_them_any_more() {
    let inputs = vec![nad("1", "kube-ovn"), pod(), held("1"), Input::RivalGateways(false)];
    let (mut engine, asked) = listed(Settings::default(), inputs);
    assert_eq!(paths(&asked), Vec::<String>::new());
    let asked = engine.step(Input::RivalSeen(None), at(1));
    let told = asked.iter().find_map(|command| match &command.action {
        // It may have been told before: that is read first.
        Action::ReadEvent(event) => Some(event.message.to_string()),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some("NoSubnet: provider mv.d is not bound to any subnet"), "{asked:?}");
}
