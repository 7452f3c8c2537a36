//! What objects say of themselves: conditions beside those of others, labels that somebody changed, a status that follows its spec.

use super::stage::{at, lists, object, subnet, tell};
use api::slim::Kind;
use engine::manage::{Action, Command, Engine, Form, Input, Outcome, Settings};
use serde_json::{Value, json};

/// What is written on an object of a kind.
fn written(asked: &[Command], kind: Kind, form: Form) -> Option<Value> {
    asked.iter().find_map(|command| match &command.action {
        Action::Write(write) if write.kind == kind && write.form == form => command.action.call().body,
        _ => None,
    })
}

/// A condition of somebody else's.
fn theirs() -> Value {
    json!({"type": "Announced", "status": "True", "reason": "Bgp", "message": "by the speaker"})
}

fn claim(kind: &str, name: &str) -> Input {
    let meta = json!({"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": "3"});
    let holder = json!({"kind": kind, "name": name});
    let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": holder});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {}})))
}

/// An EIP that says what it has, so that only its status may lack something.
fn eip(version: &str, generation: u32, conditions: &Value) -> Input {
    let labels = json!({"ovn.kubernetes.io/subnet": "s", "ovn.kubernetes.io/vpc-nat-gw-name": "gw",
        "ovn.kubernetes.io/eip_v4_ip": "10.0.0.2"});
    let meta = json!({"name": "e", "uid": "e", "resourceVersion": version, "generation": generation, "labels": labels});
    let spec = json!({"externalSubnet": "s", "natGwDp": "gw", "v4ip": "10.0.0.2", "namespace": "kube-system"});
    let status = json!({"ip": "10.0.0.2", "conditions": conditions});
    Input::Seen(object(Kind::IptablesEip, &json!({"metadata": meta, "spec": spec, "status": status})))
}

fn gateway(version: &str, generation: u32, spec: &Value, status: &Value) -> Input {
    let meta = json!({"name": "gw", "uid": "gw", "resourceVersion": version, "generation": generation,
        "labels": {"ovn.kubernetes.io/subnet": "", "ovn.kubernetes.io/vpc": "", "ovn.kubernetes.io/qos": ""}});
    Input::Seen(object(Kind::VpcNatGateway, &json!({"metadata": meta, "spec": spec, "status": status})))
}

#[test]
fn an_eip_says_what_it_waits_for_beside_what_others_say_and_about_which_generation() {
    let mut engine = Engine::new(Settings::default());
    let cluster = [subnet(&json!({})), claim("IptablesEIP", "e"), eip("4", 7, &json!([theirs()]))];
    let asked = tell(&mut engine, cluster.into_iter().chain(lists()));
    let body = written(&asked, Kind::IptablesEip, Form::Status).expect("it waits for its gateway");
    let conditions = &body["status"]["conditions"];
    assert_eq!(conditions[0], theirs());
    assert_eq!(conditions[1]["type"], "Ready");
    assert_eq!(conditions[1]["message"], "waiting for VpcNatGateway gw, which is not there");
    assert_eq!(conditions[1]["observedGeneration"], 7);
    tell(&mut engine, asked.iter().map(|command| Input::Done(command.id, Outcome::Done(None))));
    let asked = tell(&mut engine, [eip("5", 7, conditions)]);
    assert_eq!(written(&asked, Kind::IptablesEip, Form::Status), None, "it says so already");
    // At most once a second.
    let asked = engine.step(eip("6", 8, conditions), at(1));
    let body = written(&asked, Kind::IptablesEip, Form::Status).expect("a change of the spec is answered");
    assert_eq!(body["status"]["conditions"][1]["observedGeneration"], 8);
}

#[test]
fn a_vip_says_what_it_has_beside_what_others_say() {
    let mut engine = Engine::new(Settings::default());
    let meta = json!({"name": "v", "uid": "v", "resourceVersion": "4", "generation": 3,
        "labels": {"ovn.kubernetes.io/subnet": "s", "ovn.kubernetes.io/ip_reserved": ""}});
    let vip = json!({"metadata": meta, "spec": {"subnet": "s", "v4ip": "10.0.0.2"},
        "status": {"v4ip": "10.0.0.2", "conditions": [theirs()]}});
    let cluster = [subnet(&json!({})), claim("Vip", "v"), Input::Seen(object(Kind::Vip, &vip))];
    let asked = tell(&mut engine, cluster.into_iter().chain(lists()));
    let body = written(&asked, Kind::Vip, Form::Patch).expect("it has its address");
    let conditions = &body["status"]["conditions"];
    assert_eq!((&conditions[0], &conditions[1]["type"]), (&theirs(), &json!("Ready")));
    // Its status is no subresource: to say of which generation would make the next one.
    assert_eq!(conditions[1].get("observedGeneration"), None);
}

#[test]
fn the_status_of_a_gateway_follows_where_its_pods_may_run() {
    let spec = json!({"externalSubnets": ["s"], "selector": ["zone: a"], "noDefaultEIP": true,
        "tolerations": [{"key": "edge", "operator": "Exists"}]});
    let mut engine = Engine::new(Settings::default());
    let cluster = [subnet(&json!({})), gateway("4", 1, &spec, &json!({}))];
    let asked = tell(&mut engine, cluster.into_iter().chain(lists()));
    let status = written(&asked, Kind::VpcNatGateway, Form::Status).expect("it says what it is")["status"].clone();
    tell(&mut engine, asked.iter().map(|command| Input::Done(command.id, Outcome::Done(None))));
    let asked = tell(&mut engine, [gateway("5", 1, &spec, &status)]);
    assert_eq!(written(&asked, Kind::VpcNatGateway, Form::Status), None, "it says so already");
    let affinity = json!({"nodeAffinity": {}});
    let changes = [("selector", json!(["zone: b"])), ("tolerations", json!(null)), ("affinity", affinity.clone())];
    let wanted = [json!(["zone: b"]), json!([]), affinity];
    for (at, ((field, value), wanted)) in changes.into_iter().zip(wanted).enumerate() {
        let mut spec = spec.clone();
        spec[field] = value;
        let mut engine = Engine::new(Settings::default());
        let version = format!("{}", 6 + at);
        let cluster = [subnet(&json!({})), gateway(&version, 2, &spec, &status)];
        let asked = tell(&mut engine, cluster.into_iter().chain(lists()));
        let body = written(&asked, Kind::VpcNatGateway, Form::Status);
        let body = body.unwrap_or_else(|| panic!("{field} has changed"));
        assert_eq!(body["status"][field], wanted, "{field}");
    }
}

fn pod() -> Input {
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
    let meta =
        json!({"name": "p", "namespace": "default", "uid": "p", "resourceVersion": "3", "annotations": annotations});
    Input::Seen(object(Kind::Pod, &json!({"metadata": meta, "spec": {"nodeName": "n1"}})))
}

fn claim_of_pod() -> Input {
    let meta = json!({"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": "3"});
    let holder = json!({"kind": "Pod", "namespace": "default", "name": "p", "uid": "p", "nic": "net1"});
    let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": holder});
    let occupant = json!({"podUID": "p", "namespace": "default", "name": "p", "node": "n1"});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {"occupant": occupant}})))
}

#[test]
fn a_label_of_an_ip_object_that_somebody_changed_is_written_once_again() {
    let cluster = || [subnet(&json!({})), claim_of_pod(), pod()].into_iter();
    let mut engine = Engine::new(Settings::default());
    let asked = tell(&mut engine, cluster().chain(lists()));
    let create = asked.iter().find(|command| matches!(command.action, Action::CreateIp(_))).expect("its record");
    let mut right = create.action.call().body.unwrap();
    right["metadata"]["uid"] = "i".into();
    right["metadata"]["resourceVersion"] = "7".into();
    let update = |ip: &Value| {
        let mut engine = Engine::new(Settings::default());
        let ip = Input::Seen(object(Kind::Ip, ip));
        let asked = tell(&mut engine, cluster().chain([ip]).chain(lists()));
        asked
            .iter()
            .find(|command| matches!(command.action, Action::UpdateIp { .. }))
            .map(|command| command.action.call())
    };
    assert_eq!(update(&right), None, "a start without news writes nothing");
    for (label, wrong) in [
        ("ovn.kubernetes.io/subnet", json!("other")),
        ("ovn.kubernetes.io/node-name", json!("n2")),
        ("ovn.kubernetes.io/ip_reserved", json!("no")),
        ("s", json!("x")),
    ] {
        for wrong in [wrong, Value::Null] {
            let mut ip = right.clone();
            ip["metadata"]["labels"][label] = wrong.clone();
            if wrong.is_null() {
                ip["metadata"]["labels"].as_object_mut().unwrap().remove(label);
            }
            let call = update(&ip).unwrap_or_else(|| panic!("{label}: {wrong} stays"));
            assert_eq!(call.body.unwrap()["metadata"]["labels"][label], right["metadata"]["labels"][label], "{label}");
        }
    }
}

#[test]
fn an_ip_object_that_a_subnet_of_both_families_left_says_one_of_them_after_one_patch() {
    let cluster = || [subnet(&json!({})), claim_of_pod(), pod()].into_iter();
    let asked = tell(&mut Engine::new(Settings::default()), cluster().chain(lists()));
    let create = asked.iter().find(|command| matches!(command.action, Action::CreateIp(_))).expect("its record");
    let mut left = create.action.call().body.unwrap();
    left["metadata"]["uid"] = "i".into();
    left["metadata"]["resourceVersion"] = "7".into();
    left["metadata"]["labels"]["two"] = "".into();
    left["spec"]["subnet"] = "two".into();
    left["spec"]["ipAddress"] = "10.0.0.2,fd00::4".into();
    left["spec"]["v6IpAddress"] = "fd00::4".into();
    let mut engine = Engine::new(Settings::default());
    let read = tell(&mut engine, cluster().chain([Input::Seen(object(Kind::Ip, &left))]).chain(lists()));
    // What the pod was told by now is read first: it may be the other one.
    let read = read.iter().find(|command| matches!(command.action, Action::ReadPod { .. })).expect("a doubt");
    let Input::Seen(known) = pod() else { panic!("a pod is seen") };
    let asked = tell(&mut engine, [Input::Done(read.id, Outcome::Done(Some(known)))]);
    let update = asked.iter().find(|command| matches!(command.action, Action::UpdateIp { .. })).expect("it is mended");
    let body = update.action.call().body.unwrap();
    assert!(body["spec"].as_object().unwrap()["v6IpAddress"].is_null());
    assert!(body["metadata"]["labels"].as_object().unwrap()["two"].is_null());
    assert_eq!(body["spec"]["v4IpAddress"], "10.0.0.2");
}
