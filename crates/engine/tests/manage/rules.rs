//! NAT rules: what is wrong with them, which of them hold, whose they are.

use super::stage::{at, lists, object, subnet, tell};
use api::slim::{Kind, Uid};
use engine::manage::{Action, Command, Engine, Form, Input, Outcome, Settings, Tenure, Write};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const WAITS: &str = "waiting for the gateway";

/// An engine, the objects of its cluster, and how often each was written.
struct Cluster {
    engine: Engine,
    objects: BTreeMap<(Kind, String), Value>,
    version: u64,
    second: i64,
    writes: Vec<Write>,
}

impl Cluster {
    /// A Subnet, and the EIP `e` on it, which has its address.
    fn new(rules: &[Value]) -> Self {
        let engine = Engine::new(Settings::default());
        let mut cluster = Self { engine, objects: BTreeMap::new(), version: 10, second: 0, writes: Vec::new() };
        let mut inputs = vec![subnet(&json!({})), cluster.put(eip()), claim()];
        inputs.extend(rules.iter().map(|rule| cluster.put(rule.clone())));
        let asked = tell(&mut cluster.engine, inputs.into_iter().chain(lists()));
        cluster.settle(asked);
        cluster
    }

    fn put(&mut self, mut rule: Value) -> Input {
        self.version += 1;
        let kind = Kind::from_api("kubeovn.io/v1", rule["kind"].as_str().unwrap()).unwrap();
        let name = rule["metadata"]["name"].as_str().unwrap().to_owned();
        rule["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let seen = Input::Seen(object(kind, &rule));
        self.objects.insert((kind, name), rule);
        seen
    }

    /// What of rules and of the EIP is to be written is written, until nothing is.
    fn settle(&mut self, mut asked: Vec<Command>) {
        for _ in 0..20 {
            for Command { id, action } in std::mem::take(&mut asked) {
                let Action::Write(write) = action else { continue };
                let key = (write.kind, write.name.to_string());
                let Some(mut rule) = self.objects.get(&key).cloned() else { continue };
                assert_eq!(rule["metadata"]["resourceVersion"], write.version.as_str(), "decided on what is there");
                merge(&mut rule, &write.patch);
                self.writes.extend((write.kind != Kind::IptablesEip).then_some(*write));
                let seen = self.put(rule);
                asked.extend(self.engine.step(seen, at(self.second)));
                asked.extend(self.engine.step(Input::Done(id, Outcome::Done(None)), at(self.second)));
            }
            self.second += 1;
            asked.extend(self.engine.step(Input::Tick, at(self.second)));
        }
        assert!(asked.is_empty(), "{asked:?}");
    }

    /// Takes an input in; what is asked for at once.
    fn see(&mut self, input: Input) -> Vec<Command> {
        let asked = self.engine.step(input, at(self.second));
        self.settle(asked.clone());
        asked
    }

    fn change(&mut self, object: &Value) -> Vec<Command> {
        let seen = self.put(object.clone());
        self.see(seen)
    }

    fn gone(&mut self, kind: Kind, name: &str) -> Vec<Command> {
        self.objects.remove(&(kind, name.to_owned()));
        self.see(Input::Gone { kind, namespace: "".into(), name: name.into(), uid: Uid::parse(name) })
    }

    /// What a rule says: its only condition.
    fn said(&self, name: &str) -> &str {
        let (_, rule) = self.objects.iter().find(|((_, other), _)| other == name).unwrap();
        rule["status"]["conditions"][0]["message"].as_str().unwrap_or_default()
    }
}

/// A merge patch (RFC 7386).
fn merge(object: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else { return *object = patch.clone() };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in patch {
        merge(&mut object[key], value);
    }
}

fn eip() -> Value {
    let meta = json!({"name": "e", "uid": "e"});
    let spec = json!({"externalSubnet": "s", "natGwDp": "gw", "v4ip": "10.0.0.2"});
    json!({"kind": "IptablesEIP", "metadata": meta, "spec": spec, "status": {"ip": "10.0.0.2"}})
}

fn claim() -> Input {
    let meta = json!({"name": "macvlan.default.10.0.0.2", "uid": "c", "resourceVersion": "3"});
    let spec = json!({"wire": "macvlan.default", "address": "10.0.0.2", "subnet": "s", "holder": {"kind": "IptablesEIP", "name": "e"}});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": {}})))
}

/// A rule that was made so many seconds after the first of January.
fn rule(kind: &str, name: &str, age: u32, spec: &Value) -> Value {
    let meta = json!({"name": name, "uid": name, "creationTimestamp": format!("2027-01-01T00:00:{age:02}Z")});
    let mut all = json!({"kind": kind, "metadata": meta, "spec": {"eip": "e"}});
    merge(&mut all["spec"], spec);
    all
}

fn fip(name: &str, age: u32) -> Value {
    rule("IptablesFIPRule", name, age, &json!({"internalIp": "10.1.0.7"}))
}

fn dnat(name: &str, age: u32, spec: &Value) -> Value {
    let mut all = json!({"externalPort": "80", "protocol": "tcp", "internalIp": "10.1.0.8", "internalPort": "8080"});
    merge(&mut all, spec);
    rule("IptablesDnatRule", name, age, &all)
}

fn snat(name: &str, age: u32, cidr: &str) -> Value {
    rule("IptablesSnatRule", name, age, &json!({"internalCIDR": cidr}))
}

#[test]
fn a_rule_that_is_wrong_says_which_field_is() {
    let fip = |spec: Value| rule("IptablesFIPRule", "r", 0, &spec);
    let cases = [
        (fip(json!({"internalIp": "10.1.0.7"})), WAITS),
        (fip(json!({"internalIp": "10.1.0.7", "eip": ""})), "spec.eip is missing"),
        (fip(json!({"internalIp": "10.1.0.7", "eip": "x"})), "EIP x is not there"),
        (fip(json!({})), "spec.internalIp is missing"),
        (fip(json!({"internalIp": "ten"})), "spec.internalIp: `ten` is no address"),
        (
            fip(json!({"internalIp": "fd00::7"})),
            "spec.internalIp: fd00::7 is not IPv4, and NAT gateways translate IPv4 only",
        ),
        (dnat("r", 0, &json!({"protocol": "UDP", "type": "exclusive"})), WAITS),
        (dnat("r", 0, &json!({"externalPort": ""})), "spec.externalPort is missing"),
        (dnat("r", 0, &json!({"externalPort": "0"})), "spec.externalPort: `0` is no port"),
        (dnat("r", 0, &json!({"internalPort": "65536"})), "spec.internalPort: `65536` is no port"),
        (dnat("r", 0, &json!({"protocol": ""})), "spec.protocol is missing"),
        (dnat("r", 0, &json!({"protocol": "icmp"})), "spec.protocol: `icmp` is neither tcp nor udp"),
        (dnat("r", 0, &json!({"type": "some"})), "spec.type: `some` is neither exclusive nor share"),
        (snat("r", 0, "10.1.0.0/24"), WAITS),
        (snat("r", 0, ""), "spec.internalCIDR is missing"),
        (snat("r", 0, "10.1.0.0/33"), "spec.internalCIDR: `10.1.0.0/33` is neither a CIDR nor an address"),
        (snat("r", 0, "fd00::/64"), "spec.internalCIDR: fd00::/64 is not IPv4, and NAT gateways translate IPv4 only"),
    ];
    for (rule, says) in cases {
        let cluster = Cluster::new(std::slice::from_ref(&rule));
        assert_eq!(cluster.said("r"), says, "{rule}");
        let writes = if says == WAITS { 2 } else { 1 };
        assert_eq!(cluster.writes.len(), writes, "{says}: {:?}", cluster.writes);
    }
}

#[test]
fn a_rule_that_is_mended_says_so_and_one_that_is_spoiled_repeats_nothing() {
    let mut cluster = Cluster::new(&[dnat("d", 0, &json!({}))]);
    let mut rule = cluster.objects[&(Kind::IptablesDnatRule, "d".to_owned())].clone();
    assert_eq!(rule["status"]["externalPort"], "80");
    rule["spec"]["externalPort"] = json!("many");
    cluster.change(&rule);
    assert_eq!(cluster.said("d"), "spec.externalPort: `many` is no port");
    let mut rule = cluster.objects[&(Kind::IptablesDnatRule, "d".to_owned())].clone();
    assert_eq!((&rule["status"]["externalPort"], &rule["status"]["v4ip"]), (&json!(""), &json!("")));
    rule["spec"]["externalPort"] = json!("81");
    cluster.change(&rule);
    assert_eq!(cluster.said("d"), WAITS);
}

/// What rules say, whichever of them is seen first.
fn verdicts(rules: &[Value]) -> Vec<String> {
    let said = |cluster: &Cluster| -> Vec<String> {
        rules.iter().map(|rule| cluster.said(rule["metadata"]["name"].as_str().unwrap()).to_owned()).collect()
    };
    let listed = said(&Cluster::new(rules));
    for order in [rules.to_vec(), rules.iter().rev().cloned().collect()] {
        let mut cluster = Cluster::new(&[]);
        order.iter().for_each(|rule| drop(cluster.change(rule)));
        assert_eq!(said(&cluster), listed, "seen one after the other");
    }
    listed
}

#[test]
fn of_rules_that_cannot_both_hold_the_older_does() {
    let none = json!({});
    let share = json!({"type": "share"});
    let fip_a = "EIP e is held by IptablesFIPRule a";
    let port_a = "tcp/80 of EIP e is held by IptablesDnatRule a";
    let cases: [(Vec<Value>, &[&str]); 10] = [
        (vec![fip("a", 0), fip("b", 1)], &[WAITS, fip_a]),
        // Of one second, by name.
        (vec![fip("a", 0), fip("b", 0)], &[WAITS, fip_a]),
        (vec![fip("a", 0), dnat("b", 1, &none), dnat("c", 2, &json!({"externalPort": "81"}))], &[WAITS, fip_a, fip_a]),
        (vec![dnat("a", 0, &none), fip("b", 1)], &[WAITS, "EIP e is held by IptablesDnatRule a"]),
        // A FIP that does not hold is in nobody's way.
        (
            vec![dnat("a", 0, &none), fip("b", 1), dnat("c", 2, &json!({"externalPort": "81"}))],
            &[WAITS, "EIP e is held by IptablesDnatRule a", WAITS],
        ),
        (vec![dnat("a", 0, &none), dnat("b", 1, &json!({"protocol": "TCP"}))], &[WAITS, port_a]),
        (vec![dnat("a", 0, &none), dnat("b", 1, &json!({"protocol": "udp"}))], &[WAITS, WAITS]),
        (vec![dnat("a", 0, &share), dnat("b", 1, &share), dnat("c", 2, &none)], &[WAITS, WAITS, port_a]),
        (vec![dnat("a", 0, &none), dnat("b", 1, &share)], &[WAITS, port_a]),
        (
            vec![snat("a", 0, "10.1.0.7"), snat("b", 1, "10.1.0.7/32"), snat("c", 2, "10.1.0.0/24"), fip("f", 3)],
            &[WAITS, "10.1.0.7/32 behind EIP e is held by IptablesSnatRule a", WAITS, WAITS],
        ),
    ];
    for (rules, says) in cases {
        assert_eq!(verdicts(&rules), says, "{rules:?}");
    }
}

#[test]
fn a_rule_that_is_wrong_or_being_deleted_is_in_nobodys_way() {
    let wrong = rule("IptablesFIPRule", "a", 0, &json!({}));
    assert_eq!(verdicts(&[wrong, fip("b", 1)]), ["spec.internalIp is missing", WAITS]);
    let mut going = fip("a", 0);
    going["metadata"]["deletionTimestamp"] = json!("2027-01-15T08:00:00Z");
    going["metadata"]["finalizers"] = json!(["example.com/theirs"]);
    assert_eq!(verdicts(&[going, fip("b", 1)])[1], WAITS);
}

#[test]
fn the_finalizer_of_kube_ovn_goes_from_a_rule_that_is_deleted_and_those_of_others_stay() {
    let mut going = fip("a", 0);
    going["metadata"]["deletionTimestamp"] = json!("2027-01-15T08:00:00Z");
    going["metadata"]["finalizers"] = json!(["example.com/theirs", "kubeovn.io/kube-ovn-controller"]);
    let cluster = Cluster::new(&[going]);
    assert_eq!(cluster.writes.len(), 1);
    assert_eq!(cluster.writes[0].patch, json!({"metadata": {"finalizers": ["example.com/theirs"]}}));
}

#[test]
fn what_the_gateway_has_of_a_rule_is_not_touched() {
    let mut ready = dnat("d", 0, &json!({"externalPort": "81"}));
    ready["status"] = json!({"ready": true, "v4ip": "10.0.0.2", "natGwDp": "gw", "externalPort": "80", "redo": "r"});
    let cluster = Cluster::new(&[ready]);
    let status = &cluster.objects[&(Kind::IptablesDnatRule, "d".to_owned())]["status"];
    assert_eq!((&status["ready"], &status["externalPort"], &status["redo"]), (&json!(true), &json!("80"), &json!("r")));
    assert_eq!((&status["conditions"][0]["status"], cluster.said("d")), (&json!("True"), ""));
    assert!(
        cluster
            .writes
            .iter()
            .all(|write| write.form != Form::Status || write.patch["status"]["externalPort"].is_null())
    );
}

#[test]
fn a_start_without_news_writes_nothing() {
    let rules =
        [fip("a", 0), dnat("b", 1, &json!({})), snat("c", 2, "10.1.0.7"), rule("IptablesFIPRule", "d", 3, &json!({}))];
    let first = Cluster::new(&rules);
    let of_rules = first.objects.into_iter().filter(|((kind, _), _)| *kind != Kind::IptablesEip);
    let known: Vec<Value> = of_rules.map(|(_, rule)| rule).collect();
    assert_eq!(known.len(), 4);
    let writes = Cluster::new(&known).writes;
    assert!(writes.is_empty(), "{writes:?}");
}

#[test]
fn the_rules_of_an_eip_that_goes_and_comes_are_told() {
    let mut cluster = Cluster::new(&[fip("f", 0)]);
    cluster.gone(Kind::IptablesEip, "e");
    assert_eq!(cluster.said("f"), "EIP e is not there");
    cluster.change(&eip());
    assert_eq!(cluster.said("f"), WAITS);
}

/// Whether the claim of the EIP is about to go, or its finalizer.
fn lets_go(asked: &[Command]) -> bool {
    asked.iter().any(|command| match &command.action {
        Action::ReadOwner { .. } | Action::DeleteClaim { .. } => true,
        Action::Write(write) => write.kind == Kind::IptablesEip && !write.patch["metadata"]["finalizers"].is_null(),
        _ => false,
    })
}

#[test]
fn an_eip_that_is_deleted_keeps_claim_and_finalizer_while_a_rule_names_it() {
    let mut cluster = Cluster::new(&[fip("f", 0), rule("IptablesFIPRule", "wrong", 1, &json!({}))]);
    let mut eip = cluster.objects[&(Kind::IptablesEip, "e".to_owned())].clone();
    assert_eq!(eip["metadata"]["finalizers"], json!(["kubeovn.io/kube-ovn-controller"]));
    eip["metadata"]["deletionTimestamp"] = json!("2027-01-15T08:00:00Z");
    let asked = cluster.change(&eip);
    assert!(!lets_go(&asked), "{asked:?}");
    assert_eq!(cluster.said("e"), "it is being deleted and waits for IptablesFIPRule f and other rules");
    let asked = cluster.gone(Kind::IptablesFipRule, "f");
    assert!(!lets_go(&asked), "one that is wrong names it, too: {asked:?}");
    assert_eq!(cluster.said("e"), "it is being deleted and waits for IptablesFIPRule wrong");
    let asked = cluster.gone(Kind::IptablesFipRule, "wrong");
    assert!(lets_go(&asked), "{asked:?}");
}

#[test]
fn rules_are_left_to_kube_ovn_while_its_gateways_work() {
    let held = Input::RivalSeen(Some(Tenure { holder: "k".into(), renewed: "1".into(), seconds: 30 }));
    let rules = [fip("f", 0), rule("IptablesFIPRule", "early", 1, &json!({"eip": "x", "internalIp": "10.1.0.9"}))];
    let mut engine = Engine::new(Settings::default());
    let mut cluster = Cluster::new(&[]);
    let seen: Vec<Input> = rules.iter().map(|rule| cluster.put(rule.clone())).collect();
    let listed = lists().filter(|input| !matches!(input, Input::RivalSeen(_) | Input::RivalGateways(_)));
    let inputs = [subnet(&json!({})), cluster.put(eip()), claim()].into_iter().chain(seen).chain(listed);
    let asked = tell(&mut engine, inputs.chain([held, Input::RivalGateways(true)]));
    let of_rules = |asked: &[Command]| {
        asked
            .iter()
            .filter(|command| matches!(&command.action, Action::Write(write) if write.kind == Kind::IptablesFipRule))
            .count()
    };
    assert_eq!(of_rules(&asked), 0, "{asked:?}");
    assert_eq!(of_rules(&engine.step(Input::RivalSeen(None), at(1))), 2);
}

#[test]
fn a_rule_among_a_thousand_is_looked_at_alone() {
    let port = |at: usize| json!({"externalPort": (1000 + at).to_string()});
    let rules: Vec<Value> = (0..1000).map(|at| dnat(&format!("d{at:04}"), 1, &port(at))).collect();
    let mut cluster = Cluster::new(&rules);
    let before = cluster.engine.looks();
    cluster.change(&dnat("d0500", 1, &port(2000)));
    cluster.gone(Kind::IptablesDnatRule, "d0000");
    cluster.change(&dnat("d2000", 2, &port(2001)));
    let looks = cluster.engine.looks() - before;
    assert!(looks < 40, "{looks} looks for three rules");
}
