//! kubeovn/kube-ovn#4747 from one end to the other (U01 of the catalogue).
//!
//! In: a /27, gateways and EIPs that are made and deleted again and again in any order, gateway pods that are deleted while their
//! successors are being made, a controller that is killed at random moments. Out: at every look, counts that add up; at the
//! end, no duplicate, no leak, nothing that hangs, counts that are the claims.

use super::network::{eip, gateway, network};
use super::seed::Seed;
use crate::stage::IPS;
use crate::stage::managed::{CLAIMS, EIPS, GATEWAYS, Managed, NO_LEASE, PODS, SUBNETS};
use crate::stage::nodes::Nodes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testbed::{Look, Requests, User, need, wait};

const SETS: &str = "/apis/apps/v1/namespaces/default/statefulsets";

/// Of the /27, beside the gateway and two excluded ones.
const AVAILABLE: u64 = 27;

/// When it is enough.
#[derive(Clone, Copy)]
enum Until {
    Over(Duration),
    Rounds(usize),
}

impl Until {
    fn is_reached(self, begun: Instant, rounds: usize) -> bool {
        match self {
            Self::Over(time) => begun.elapsed() >= time,
            Self::Rounds(wanted) => rounds >= wanted,
        }
    }
}

/// Kills and starts the controller until it is told to end; how often it killed it.
fn kill_at_random(managed: &mut Managed, mut seed: Seed, ended: &AtomicBool) -> usize {
    let mut kills = 0;
    while !ended.load(Ordering::Relaxed) {
        // Short lives are cut while the first lists are read, long ones in the middle of many calls.
        let life = Duration::from_millis(300 + seed.below(2700));
        let begun = Instant::now();
        let _ = wait("the end of a life", life, || {
            let over = begun.elapsed() >= life || ended.load(Ordering::Relaxed);
            Ok(if over { Look::Done(()) } else { Look::NotYet("it lives".to_owned()) })
        });
        managed.kill();
        kills += 1;
        managed.go_with(&NO_LEASE);
    }
    kills
}

/// One round: some gateways with some EIPs come and go. Calls may fail: an object may be gone, or not there yet.
fn round(api: &Requests, seed: &mut Seed, number: usize) {
    let gateways: Vec<String> = (0..=seed.below(2)).map(|at| format!("g{number}-{at}")).collect();
    let mut objects: Vec<(String, String)> = Vec::new();
    for name in &gateways {
        let eips: Vec<String> = (0..seed.below(5)).map(|at| format!("{name}-e{at}")).collect();
        let before = seed.one_in(3);
        let make_eips = || eips.iter().for_each(|eip_name| drop(api.post(EIPS, &eip(eip_name, name, "ext"))));
        if before {
            make_eips();
        }
        api.post(GATEWAYS, &gateway(name, "ext")).unwrap();
        if !before {
            make_eips();
        }
        objects.push((GATEWAYS.to_owned(), name.clone()));
        objects.extend(eips.into_iter().map(|eip| (EIPS.to_owned(), eip)));
    }
    // Some rounds see everything served, others are over before that.
    if !seed.one_in(3) {
        let _ = wait("EIPs and pods of gateways with addresses", Duration::from_secs(4), || {
            let served = objects.iter().filter(|(kind, name)| has_address(api, kind, name)).count();
            let wanted = objects.len();
            Ok(if served == wanted { Look::Done(()) } else { Look::NotYet(format!("{served} of {wanted}")) })
        });
    }
    // The gateway's pod goes, and its successor is not there yet.
    for name in gateways.iter().filter(|_| seed.one_in(2)) {
        let _ = api.delete(&format!("{PODS}/vpc-nat-gw-{name}-0"));
    }
    while !objects.is_empty() {
        let at = usize::try_from(seed.below(objects.len() as u64)).unwrap();
        let (kind, name) = objects.swap_remove(at);
        api.delete(&format!("{kind}/{name}")).unwrap();
    }
}

/// Whether an EIP has its address, or a gateway's pod was told its own.
fn has_address(api: &Requests, kind: &str, name: &str) -> bool {
    let address = if kind == EIPS {
        api.get(&format!("{EIPS}/{name}")).map(|eip| eip["status"]["ip"].clone())
    } else {
        let pod = api.get(&format!("{PODS}/vpc-nat-gw-{name}-0"));
        pod.map(|pod| pod["metadata"]["annotations"]["ext.default.kubernetes.io/ip_address"].clone())
    };
    address.is_ok_and(|address| address.as_str().is_some_and(|text| !text.is_empty()))
}

/// The status of the Subnet adds up at every moment.
fn look_at_counts(api: &Requests) -> u64 {
    let subnet = api.get(&format!("{SUBNETS}/ext")).unwrap();
    let count = |name: &str| subnet["status"][name].as_u64().unwrap();
    let (using, available) = (count("v4usingIPs"), count("v4availableIPs"));
    assert!(using + available == AVAILABLE, "{}", subnet["status"]);
    using
}

/// A /27 with two nodes and a controller.
fn scene() -> Managed {
    let mut managed = Managed::idle();
    managed.node("node1");
    managed.node("node2");
    managed.bed.apply(&network("ext", "172.17.0.0/27", ", excludeIps: [172.17.0.1, 172.17.0.2..172.17.0.3]")).unwrap();
    managed.go_with(&NO_LEASE);
    managed.wait_using(0);
    managed
}

/// Rounds until it is enough; how many, and the most addresses that were in use after one.
fn rounds(api: &Requests, seed: &mut Seed, until: Until) -> (usize, u64) {
    let (begun, mut number, mut most) = (Instant::now(), 0, 0);
    while !until.is_reached(begun, number) {
        round(api, seed, number);
        most = most.max(look_at_counts(api));
        number += 1;
    }
    (number, most)
}

/// Tells that it is over when it goes, by a panic too.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn churn(until: Until) {
    let mut managed = scene();
    let api = managed.bed.requests(&User::admin()).unwrap();
    let nodes = Nodes::start(api.clone(), &["node1", "node2"]);
    let mut seed = Seed::new("churn");
    let mark = managed.bed.audit().mark().unwrap();
    let (begun, ended) = (Instant::now(), AtomicBool::new(false));
    let ((number, most), kills) = std::thread::scope(|scope| {
        let killer = seed.fork();
        let (managed, ended) = (&mut managed, &ended);
        let killer = scope.spawn(move || kill_at_random(managed, killer, ended));
        let end = End(ended);
        let done = rounds(&api, &mut seed, until);
        drop(end);
        (done, killer.join().unwrap())
    });
    eprintln!("{number} rounds and {kills} kills in {:.1?}, at most {most} addresses in use", begun.elapsed());
    let settling = Instant::now();
    wait_for_nothing(&managed);
    eprintln!("at rest after {:.1?}; writes: {:?}", settling.elapsed(), managed.writes(mark));
    drop(nodes);
    managed.assert_clean();
    assert!(number > 3 && kills > 3 && most > 0, "{number} rounds, {kills} kills, {most} addresses");
    all_can_be_had(&managed);
}

/// All that was made is gone, and counted as gone.
fn wait_for_nothing(managed: &Managed) {
    for path in [GATEWAYS, EIPS, CLAIMS, IPS, SETS, PODS] {
        managed.wait(&format!("nothing in {path}"), || {
            let left = managed.items(path);
            if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("{left:?}")) }
        });
    }
    managed.wait_using(0);
    assert_eq!(look_at_counts(&managed.admin), 0);
}

/// No address was lost: the Subnet gives all of them out, and no more.
fn all_can_be_had(managed: &Managed) {
    for at in 0..=AVAILABLE {
        managed.admin.post(EIPS, &eip(&format!("last{at}"), "none", "ext")).unwrap();
    }
    managed.wait_using(AVAILABLE);
    assert_eq!(managed.claims().len() as u64, AVAILABLE);
    managed.assert_books("ext");
    managed.bed.kubectl(&["delete", "iptables-eip", "--all"]).unwrap();
    wait_for_nothing(managed);
}

#[test]
fn u01_gateways_and_eips_come_and_go_while_the_controller_is_killed_and_nothing_is_lost_or_double() {
    need!(Controllers);
    churn(Until::Over(Duration::from_secs(30)));
}

#[test]
#[ignore = "long: a hundred rounds"]
fn u01_a_hundred_rounds_of_gateways_and_eips_lose_nothing() {
    need!(Controllers);
    churn(Until::Rounds(100));
}
