//! Items of docs/failures.md that are about what an engine is told in the first place: parts of a list, all of it, very much.
#![allow(clippy::unwrap_used)]

use api::slim::{Kind, Object, Time, read};
use engine::manage::{Action, Command, Engine, Input, NEEDED, Outcome, Settings};

const NOW: Time = Time(1_800_000_000);

/// No Kube-OVN works beside it.
fn without_rival(engine: &mut Engine) {
    engine.step(Input::RivalSeen(None), NOW);
    engine.step(Input::RivalGateways(false), NOW);
}

fn object(kind: Kind, json: &str) -> Object {
    read(kind, json.as_bytes()).unwrap().object
}

fn subnet(cidr: &str) -> Object {
    let spec = format!(
        r#"{{"cidrBlock":"{cidr}","gateway":"10.0.0.1","excludeIps":["10.0.0.1"],"provider":"macvlan.default","protocol":"IPv4"}}"#
    );
    object(Kind::Subnet, &format!(r#"{{"metadata":{{"name":"ext","uid":"s","resourceVersion":"1"}},"spec":{spec}}}"#))
}

fn is_delete(command: &Command) -> bool {
    matches!(command.action, Action::DeleteClaim { .. })
}

/// The claim of a machine that no list shows, after the grace: what is asked for.
fn with_claim_of_a_machine_that_is_not_listed() -> (Engine, Time, Vec<Command>) {
    let mut engine = Engine::new(Settings::default());
    let claim = r#"{"metadata":{"name":"macvlan.default.10.0.0.2","uid":"c","resourceVersion":"5"},
        "spec":{"wire":"macvlan.default","address":"10.0.0.2","subnet":"ext",
        "holder":{"kind":"VirtualMachine","namespace":"d","name":"v","nic":"macvlan.default"}},"status":{}}"#;
    engine.step(Input::Seen(object(Kind::AddressClaim, claim)), NOW);
    engine.step(Input::Seen(subnet("10.0.0.0/24")), NOW);
    for kind in NEEDED {
        engine.step(Input::Listed(kind), NOW);
    }
    without_rival(&mut engine);
    let mut asked = engine.step(Input::AgentsListed, NOW);
    let later = Time(NOW.0 + 3600);
    asked.extend(engine.step(Input::Tick, later));
    // What the Subnet says of itself is not what this is about.
    asked.retain(|command| !matches!(command.action, Action::Write(_)));
    (engine, later, asked)
}

/// G02.
#[test]
fn g02_a_list_that_lacks_a_machine_proves_nothing_and_neither_does_a_read_without_an_answer() {
    let (mut engine, later, asked) = with_claim_of_a_machine_that_is_not_listed();
    let [Command { id, action: Action::ReadOwner { kind: Kind::VirtualMachine, .. } }] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    let mut after = engine.step(Input::Done(*id, Outcome::Unknown), later);
    after.extend(engine.step(Input::Unlisted(Kind::VirtualMachine), later));
    after.extend(engine.step(Input::Tick, Time(later.0 + 3600)));
    assert!(!after.iter().any(is_delete), "{after:?}");
    // The machine is there: it was only the list that lacked it.
    let (mut engine, later, asked) = with_claim_of_a_machine_that_is_not_listed();
    let vm = r#"{"metadata":{"name":"v","namespace":"d","uid":"v","resourceVersion":"9"},"spec":{"template":{"spec":{"networks":[
        {"name":"n","multus":{"networkName":"default/macvlan"}}]}}}}"#;
    let there = Outcome::Done(Some(object(Kind::VirtualMachine, vm)));
    assert!(!engine.step(Input::Done(asked[0].id, there), later).iter().any(is_delete));
    // And where a fresh read finds none, it goes.
    let (mut engine, later, asked) = with_claim_of_a_machine_that_is_not_listed();
    assert!(engine.step(Input::Done(asked[0].id, Outcome::Missing), later).iter().any(is_delete));
}

/// Y02.
#[test]
fn y02_nothing_is_chosen_or_released_before_every_kind_is_listed() {
    let pod = r#"{"metadata":{"name":"p","namespace":"d","uid":"p","resourceVersion":"7",
        "annotations":{"k8s.v1.cni.cncf.io/networks":"default/macvlan"}},"spec":{"nodeName":"n"}}"#;
    for missing in NEEDED {
        let mut engine = Engine::new(Settings::default());
        let mut asked = engine.step(Input::Seen(subnet("10.0.0.0/24")), NOW);
        asked.extend(engine.step(Input::Seen(object(Kind::Pod, pod)), NOW));
        for kind in NEEDED.into_iter().filter(|kind| *kind != missing) {
            asked.extend(engine.step(Input::Listed(kind), NOW));
        }
        without_rival(&mut engine);
        asked.extend(engine.step(Input::AgentsListed, NOW));
        asked.extend(engine.step(Input::Tick, Time(NOW.0 + 3600)));
        assert_eq!(asked, [], "without {missing:?}");
        let chosen = engine.step(Input::Listed(missing), Time(NOW.0 + 3600));
        assert!(chosen.iter().any(|command| matches!(command.action, Action::CreateClaim(_))), "{chosen:?}");
    }
}

/// B03.
#[test]
fn b03_a_start_with_twenty_thousand_pods_that_have_what_they_need_asks_for_nothing_about_them() {
    let mut engine = Engine::new(Settings::default());
    engine.step(Input::Seen(subnet("10.0.0.0/10")), NOW);
    for number in 0..20_000_u32 {
        let addr = std::net::Ipv4Addr::from_bits(0x0a00_0002 + number);
        let pod = format!(
            r#"{{"metadata":{{"name":"p{number}","namespace":"d","uid":"u{number}","resourceVersion":"7","annotations":{{
            "k8s.v1.cni.cncf.io/networks":"default/macvlan","macvlan.default.kubernetes.io/allocated":"true",
            "macvlan.default.kubernetes.io/ip_address":"{addr}","macvlan.default.kubernetes.io/cidr":"10.0.0.0/10",
            "macvlan.default.kubernetes.io/gateway":"10.0.0.1"}}}},"spec":{{"nodeName":"n"}},"status":{{"phase":"Running"}}}}"#
        );
        let claim = format!(
            r#"{{"metadata":{{"name":"macvlan.default.{addr}","uid":"c{number}","resourceVersion":"5"}},
            "spec":{{"wire":"macvlan.default","address":"{addr}","subnet":"ext",
            "holder":{{"kind":"Pod","namespace":"d","name":"p{number}","uid":"u{number}","nic":"net1"}}}},
            "status":{{"occupant":{{"podUID":"u{number}","node":"n"}}}}}}"#
        );
        let asked = [(Kind::Pod, &pod), (Kind::AddressClaim, &claim)]
            .map(|(kind, json)| engine.step(Input::Seen(object(kind, json)), NOW))
            .concat();
        assert_eq!(asked, []);
    }
    let mut asked = Vec::new();
    for kind in NEEDED {
        asked.extend(engine.step(Input::Listed(kind), NOW));
    }
    without_rival(&mut engine);
    asked.extend(engine.step(Input::AgentsListed, NOW));
    let touches_claims = |command: &&Command| {
        matches!(command.action, Action::CreateClaim(_) | Action::Occupy { .. } | Action::AnnotatePod { .. })
            || is_delete(command)
    };
    assert_eq!(asked.iter().filter(touches_claims).count(), 0, "{:?}", asked.first());
}
