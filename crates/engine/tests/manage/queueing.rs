//! Pods that wait for an address of a full Subnet: who is looked at, and who is served.

use super::stage::{NOW, lists, object};
use api::slim::{Kind, Object, Time};
use engine::manage::{Action, Command, Engine, Input, Outcome, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An engine, and a server that grants everything.
struct Bed {
    engine: Engine,
    version: u64,
    /// The claim of each pod, by its name: as the server has it.
    claims: BTreeMap<String, Value>,
}

impl Bed {
    fn new(subnet: &Value) -> Self {
        let mut bed = Self { engine: Engine::new(Settings::default()), version: 0, claims: BTreeMap::new() };
        let subnet = json!({"metadata": {"name": "s", "uid": "s", "resourceVersion": "1"}, "spec": subnet});
        bed.tell(Input::Seen(object(Kind::Subnet, &subnet)));
        lists().for_each(|input| bed.tell(input));
        bed
    }

    fn tell(&mut self, input: Input) {
        let mut commands = self.engine.step(input, NOW);
        while let Some(command) = commands.pop() {
            let outcome = self.outcome(&command);
            commands.extend(self.engine.step(Input::Done(command.id, outcome), NOW));
        }
    }

    fn outcome(&mut self, command: &Command) -> Outcome {
        let Action::CreateClaim(claim) = &command.action else { return Outcome::Missing };
        self.version += 1;
        let mut object = command.action.call().body.unwrap();
        let meta = object["metadata"].as_object_mut().unwrap();
        meta.insert("uid".to_owned(), format!("c{}", self.version).into());
        meta.insert("resourceVersion".to_owned(), self.version.to_string().into());
        self.claims.insert(claim.title.name.to_string(), object.clone());
        command.action.outcome(201, object.to_string().as_bytes())
    }

    /// A pod comes, in that second.
    fn pod(&mut self, name: &str, second: u32, annotations: &Value) {
        self.version += 1;
        let mut all = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
        all.as_object_mut().unwrap().extend(annotations.as_object().unwrap().clone());
        let pod = json!({
            "metadata": {"name": name, "namespace": "default", "uid": name, "resourceVersion": self.version.to_string(),
                "creationTimestamp": Time(NOW.0 + i64::from(second)).to_string(), "annotations": all},
            "spec": {"nodeName": "n1"},
        });
        self.tell(Input::Seen(object(Kind::Pod, &pod)));
    }

    /// The claim of a pod is gone.
    fn free(&mut self, name: &str) {
        let claim = self.claims.remove(name).unwrap();
        let Object::AddressClaim(claim) = object(Kind::AddressClaim, &claim) else { panic!() };
        let meta = claim.meta.clone();
        self.tell(Input::Gone { kind: Kind::AddressClaim, namespace: meta.namespace, name: meta.name, uid: meta.uid });
    }

    fn holders(&self) -> Vec<&str> {
        self.claims.keys().map(String::as_str).collect()
    }
}

fn gone(name: &str) -> Input {
    Input::Gone { kind: Kind::Pod, namespace: "default".into(), name: name.into(), uid: api::slim::Uid::parse(name) }
}

#[test]
fn of_a_thousand_that_wait_one_is_looked_at_for_each_address_that_is_freed() {
    let mut bed = Bed::new(&json!({"cidrBlock": "10.0.0.0/29", "provider": "macvlan.default"}));
    for n in 0..1005 {
        bed.pod(&format!("p{n:04}"), n, &json!({}));
    }
    assert_eq!(bed.holders(), ["p0000", "p0001", "p0002", "p0003", "p0004"]);
    let before = bed.engine.looks();
    bed.tell(gone("p0001"));
    bed.free("p0001");
    assert_eq!(bed.holders(), ["p0000", "p0002", "p0003", "p0004", "p0005"], "the one that came first");
    let looks = bed.engine.looks() - before;
    assert!(looks < 20, "{looks} looks for one address");
}

#[test]
fn who_came_first_is_served_first_whatever_it_is_called() {
    let mut bed = Bed::new(&json!({"cidrBlock": "10.0.0.0/30", "provider": "macvlan.default"}));
    for (name, second) in [("x", 1), ("c", 4), ("b", 2), ("a", 3)] {
        bed.pod(name, second, &json!({}));
    }
    for (one, next) in [("x", "b"), ("b", "a"), ("a", "c")] {
        bed.tell(gone(one));
        bed.free(one);
        assert_eq!(bed.holders(), [next]);
    }
}

#[test]
fn one_that_cannot_use_what_was_freed_is_in_nobodys_way() {
    let mut bed = Bed::new(&json!({"cidrBlock": "10.0.0.0/30,fd00::/126", "provider": "macvlan.default"}));
    let family = |family: &str| json!({"macvlan.default.kubernetes.io/ip_family": family});
    bed.pod("four", 1, &family("ipv4"));
    bed.pod("six", 2, &family("ipv6"));
    bed.pod("both", 3, &json!({}));
    bed.pod("next", 4, &family("ipv6"));
    assert_eq!(bed.holders(), ["four", "six"]);
    bed.tell(gone("six"));
    bed.free("six");
    assert_eq!(bed.holders(), ["four", "next"], "`both` waits for an IPv4 address too");
    bed.tell(gone("four"));
    bed.free("four");
    assert_eq!(bed.holders(), ["next"], "`both` waits for an IPv6 address too");
    bed.tell(gone("next"));
    bed.free("next");
    assert_eq!(bed.holders(), ["both"]);
}
