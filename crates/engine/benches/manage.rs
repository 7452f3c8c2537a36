//! What a pod's life costs the managing engine, and how that grows with the number of claims.
//!
//! In: a Subnet with a thousand, a hundred thousand and (with `--long`) a million pods, each with its claim and its IP
//! object, made here. Out: steps per second while further pods come, are served and go; the cost of one pod's life; what
//! taking in everything at a start costs. Only the engine's own steps are timed. All in one run.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use api::slim::{Kind, Object, Str, Time, read};
use engine::manage::{Command, Engine, Input, NEEDED, Outcome, Settings, Verb};
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// That of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lives that are timed at each size.
const LIVES: usize = 2_000;
/// Any time will do.
const NOW: Time = Time(1_800_000_000);

/// An API server that grants everything, without storing it: the engine is what is measured.
struct Bench {
    engine: Engine,
    version: u64,
    steps: u64,
    took: Duration,
}

fn object(kind: Kind, json: &str) -> Object {
    read(kind, json.as_bytes()).unwrap().object
}

fn address(pod: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0002 + u32::try_from(pod).unwrap())
}

impl Bench {
    fn step(&mut self, input: Input) -> Vec<Command> {
        let begun = Instant::now();
        let commands = self.engine.step(input, NOW);
        self.took += begun.elapsed();
        self.steps += 1;
        commands
    }

    fn next(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    fn pod(&mut self, number: usize, more: &str) -> Object {
        let version = self.next();
        object(
            Kind::Pod,
            &format!(
                r#"{{"metadata":{{"name":"p{number}","namespace":"ns{}","uid":"00000000-0000-4000-8000-{number:012x}",
                "resourceVersion":"{version}","annotations":{{"k8s.v1.cni.cncf.io/networks":"default/macvlan"{more}}}}},
                "spec":{{"nodeName":"node{}"}},"status":{{"phase":"Running"}}}}"#,
                number % 500,
                number % 1000
            ),
        )
    }

    /// A pod that was served before this engine began.
    fn served(&mut self, number: usize) -> [Object; 3] {
        let addr = address(number);
        let annotations = format!(
            r#","macvlan.default.kubernetes.io/allocated":"true","macvlan.default.kubernetes.io/ip_address":"{addr}",
            "macvlan.default.kubernetes.io/cidr":"10.0.0.0/10","macvlan.default.kubernetes.io/gateway":"10.0.0.1""#
        );
        let (uid, space, node) = (format!("00000000-0000-4000-8000-{number:012x}"), number % 500, number % 1000);
        let claim = format!(
            r#"{{"metadata":{{"name":"macvlan.default.{addr}","uid":"c{number}","resourceVersion":"{}"}},
            "spec":{{"wire":"macvlan.default","address":"{addr}","subnet":"ext",
            "holder":{{"kind":"Pod","namespace":"ns{space}","name":"p{number}","uid":"{uid}","nic":"net1"}}}},
            "status":{{"occupant":{{"podUID":"{uid}","node":"node{node}"}}}}}}"#,
            self.next()
        );
        let ip = format!(
            r#"{{"metadata":{{"name":"p{number}.ns{space}.macvlan.default","uid":"i{number}","resourceVersion":"{}",
            "labels":{{"ipledger.dev/holder-uid":"{uid}","ovn.kubernetes.io/subnet":"ext","ext":"",
            "ovn.kubernetes.io/node-name":"node{node}","ovn.kubernetes.io/ip_reserved":"false"}}}},
            "spec":{{"podName":"p{number}","namespace":"ns{space}","subnet":"ext","nodeName":"node{node}",
            "ipAddress":"{addr}","v4IpAddress":"{addr}"}}}}"#,
            self.next()
        );
        [self.pod(number, &annotations), object(Kind::AddressClaim, &claim), object(Kind::Ip, &ip)]
    }

    /// An engine that has taken everything in.
    fn start(pods: usize) -> Self {
        let mut bench = Self { engine: Engine::new(Settings::default()), version: 0, steps: 0, took: Duration::ZERO };
        let subnet = r#"{"metadata":{"name":"ext","uid":"s","resourceVersion":"1"},"spec":{"cidrBlock":"10.0.0.0/10",
            "gateway":"10.0.0.1","excludeIps":["10.0.0.1"],"provider":"macvlan.default","protocol":"IPv4"}}"#;
        bench.step(Input::Seen(object(Kind::Subnet, subnet)));
        for node in 0..1000 {
            let node = format!(r#"{{"metadata":{{"name":"node{node}","uid":"n{node}","resourceVersion":"1"}}}}"#);
            bench.step(Input::Seen(object(Kind::Node, &node)));
            bench.step(Input::AgentSeen { node: Str::from(format!("node{}", bench.steps)), renewed: Str::default() });
        }
        for number in 0..pods {
            for object in bench.served(number) {
                bench.step(Input::Seen(object));
            }
        }
        let listed = NEEDED.map(Input::Listed);
        let commands: Vec<Command> = listed
            .into_iter()
            .chain([Input::RivalSeen(None), Input::RivalGateways(false), Input::AgentsListed])
            .flat_map(|input| bench.step(input))
            .collect();
        // The Subnet is new to it; of all else there is nothing to say.
        let is_of_subnet = |command: &&Command| command.action.call().path.contains("/subnets/");
        let others: Vec<&Command> = commands.iter().filter(|command| !is_of_subnet(command)).take(3).collect();
        assert!(others.is_empty(), "a start without news: {others:?}");
        bench.answer(commands);
        bench
    }

    /// Grants what is asked for, and all that follows from it; how many writes that took.
    fn answer(&mut self, commands: Vec<Command>) -> usize {
        let mut writes = 0;
        let mut queue: VecDeque<Command> = commands.into();
        while let Some(command) = queue.pop_front() {
            let call = command.action.call();
            writes += usize::from(call.verb != Verb::Get);
            let outcome = match (call.verb, call.body) {
                (Verb::Create | Verb::Replace, Some(mut body)) => {
                    let version = self.next();
                    body["metadata"]["uid"] = format!("x{version}").into();
                    body["metadata"]["resourceVersion"] = version.to_string().into();
                    command.action.outcome(201, body.to_string().as_bytes())
                }
                (Verb::Delete, _) => command.action.outcome(200, b"{}"),
                // What else is written or read: the watch tells what it is then.
                _ => Outcome::Done(None),
            };
            queue.extend(self.step(Input::Done(command.id, outcome)));
        }
        writes
    }

    /// A pod comes, is served, and goes by its agent's word.
    fn life(&mut self, number: usize) -> usize {
        let pod = self.pod(number, "");
        let (namespace, name, uid) = (pod.meta().namespace.clone(), pod.meta().name.clone(), pod.meta().uid.clone());
        let commands = self.step(Input::Seen(pod));
        let claim = commands.iter().find_map(|command| match &command.action {
            engine::manage::Action::CreateClaim(claim) => Some(claim.clone()),
            _ => None,
        });
        let addr = claim.expect("a free address").key.addr;
        let mut writes = self.answer(commands);
        let gone = Input::Gone { kind: Kind::Pod, namespace: namespace.clone(), name: name.clone(), uid: uid.clone() };
        let commands = self.step(gone);
        writes += self.answer(commands);
        let version = self.next();
        let let_go = format!(
            r#"{{"metadata":{{"name":"macvlan.default.{addr}","uid":"y{version}","resourceVersion":"{version}"}},
            "spec":{{"wire":"macvlan.default","address":"{addr}","subnet":"ext",
            "holder":{{"kind":"Pod","namespace":"{namespace}","name":"{name}","uid":"{uid}","nic":"net1"}}}},
            "status":{{"occupant":{{"podUID":"{uid}","node":"node1"}},"letGo":{{"podUID":"{uid}"}}}}}}"#
        );
        let commands = self.step(Input::Seen(object(Kind::AddressClaim, &let_go)));
        writes + self.answer(commands)
    }
}

fn main() {
    let long = std::env::args().any(|argument| argument == "--long");
    println!(
        "{:>9} {:>12} {:>12} {:>14} {:>12} {:>12}",
        "claims", "start s", "us/object", "steps/s", "us/step", "us/life"
    );
    for pods in [1_000, 100_000].into_iter().chain(long.then_some(1_000_000)) {
        let mut bench = Bench::start(pods);
        let start = bench.took;
        (bench.steps, bench.took) = (0, Duration::ZERO);
        let mut writes = 0;
        for number in pods..pods + LIVES {
            writes += bench.life(number);
        }
        let seconds = bench.took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
        let (steps, lives, objects) = (bench.steps as f64, LIVES as f64, 3.0 * pods as f64);
        println!(
            "{pods:>9} {:>12.3} {:>12.2} {:>14.0} {:>12.2} {:>12.2}   ({:.1} writes a life)",
            start.as_secs_f64(),
            start.as_secs_f64() * 1e6 / objects,
            steps / seconds,
            seconds * 1e6 / steps,
            seconds * 1e6 / lives,
            f64::from(u32::try_from(writes).unwrap()) / lives
        );
    }
}
