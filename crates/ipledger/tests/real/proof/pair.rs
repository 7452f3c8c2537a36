//! Two controllers at once.
//!
//! In: controllers without any Lease, and a leader that is frozen past its Lease and goes on. Out: no address twice, all served,
//! nothing written at rest.

use super::network::network;
use super::pods::{delete_pods, make_pods, wait_for_silence, wait_served};
use crate::stage::managed::{Managed, NO_LEASE};
use crate::stage::nodes::Nodes;
use crate::stage::part::Part;
use std::time::{Duration, Instant};
use testbed::{Fault, Look, Select, User, need, wait};

fn scene(managed: &Managed) {
    managed.node("node1");
    managed.bed.apply(&network("ext", "172.17.0.0/22", "")).unwrap();
}

#[test]
fn two_controllers_without_a_lease_give_no_address_twice_and_are_silent_at_rest() {
    need!(Controllers);
    let managed = Managed::idle();
    scene(&managed);
    let start = |name| managed.another(name, managed.bed.server(), &NO_LEASE);
    let (one, two) = (start("controller"), start("two"));
    managed.wait_using(0);
    let nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    let (mark, begun) = (managed.bed.audit().mark().unwrap(), Instant::now());
    make_pods(&managed, "p", 0..200);
    wait_served(&managed, 200);
    eprintln!("200 pods served by two in {:.1?}: {:?}", begun.elapsed(), managed.writes(mark));
    let mark = managed.bed.audit().mark().unwrap();
    delete_pods(&managed, "p", (0..200).step_by(2));
    make_pods(&managed, "q", 0..100);
    wait_served(&managed, 200);
    eprintln!("100 went and 100 came: {:?}", managed.writes(mark));
    wait_for_silence(&managed, Duration::from_secs(5));
    // A third one, which reads everything anew, has nothing to add.
    let mark = managed.bed.audit().mark().unwrap();
    let third = start("third");
    managed.wait("the third to manage", || match managed.log_of("third") {
        log if log.contains("every kind has been listed") => Look::Done(()),
        log => Look::NotYet(log),
    });
    wait_for_silence(&managed, Duration::from_secs(3));
    assert_eq!(managed.writes(mark), [].into());
    managed.assert_clean();
    managed.bed.kubectl(&["delete", "pods", "--all", "--wait=false"]).unwrap();
    wait_served(&managed, 0);
    drop(nodes);
    [one, two, third].into_iter().for_each(Part::stop);
    managed.assert_clean();
}

#[test]
fn one_of_two_that_hears_of_no_claim_gives_no_address_twice_and_agrees_once_it_hears() {
    need!(Controllers);
    let managed = Managed::idle();
    scene(&managed);
    let proxy = managed.bed.proxy().unwrap();
    let one = managed.another("controller", managed.bed.server(), &NO_LEASE);
    let two = managed.another("two", &proxy.server(), &NO_LEASE);
    managed.wait("the second to manage", || match managed.log_of("two") {
        log if log.contains("every kind has been listed") => Look::Done(()),
        log => Look::NotYet(log),
    });
    let nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    let hold = |resource| proxy.inject(Select::any().verb("watch").resource(resource), Fault::HoldEvents);
    let held = ["addressclaims.ipledger.dev", "ips.kubeovn.io"].map(hold);
    let mark = managed.bed.audit().mark().unwrap();
    make_pods(&managed, "p", 0..60);
    wait_served(&managed, 60);
    // What it has not heard of it would give again: every second address goes, and others want it.
    delete_pods(&managed, "p", (0..60).step_by(2));
    make_pods(&managed, "q", 0..30);
    wait_served(&managed, 60);
    held.iter().for_each(|rule| rule.wait_hits(1, Duration::from_secs(10)).unwrap());
    managed.wait_audited();
    eprintln!("while one of two was deaf to claims: {:?}", managed.writes(mark));
    drop(held);
    wait_for_silence(&managed, Duration::from_secs(5));
    managed.assert_clean();
    delete_pods(&managed, "p", (1..60).step_by(2));
    delete_pods(&managed, "q", 0..30);
    wait_served(&managed, 0);
    drop(nodes);
    [one, two].into_iter().for_each(Part::stop);
    managed.assert_clean();
}

#[test]
fn a_leader_that_is_frozen_past_its_lease_does_no_harm_when_it_goes_on() {
    need!(Controllers);
    let managed = Managed::idle();
    scene(&managed);
    let one = managed.another("controller", managed.bed.server(), &[]);
    managed.wait_using(0);
    let two = managed.another("two", managed.bed.server(), &[]);
    managed.wait("the second to stand by", || match managed.log_of("two") {
        log if log.contains("standing by") => Look::Done(()),
        log => Look::NotYet(log),
    });
    let nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    make_pods(&managed, "old", 0..40);
    wait("the first claim", Duration::from_secs(20), || {
        Ok(if managed.claims().is_empty() { Look::NotYet("none".to_owned()) } else { Look::Done(()) })
    })
    .unwrap();
    one.freeze();
    let frozen = Instant::now();
    // What the first one knows gets wrong: its pods go, others come and get their addresses.
    wait_served(&managed, 40);
    eprintln!("the second one took over and had served 40 pods after {:.1?}", frozen.elapsed());
    delete_pods(&managed, "old", 0..40);
    make_pods(&managed, "new", 0..40);
    wait_served(&managed, 40);
    let before = managed.claims();
    let mark = managed.bed.audit().mark().unwrap();
    one.thaw();
    managed.wait("the first to say that it lost its Lease", || match managed.log() {
        log if log.contains("the Lease is lost: this controller stands by") => Look::Done(()),
        log => Look::NotYet(log),
    });
    wait_for_silence(&managed, Duration::from_secs(3));
    eprintln!("what both wrote after the first one went on: {:?}", managed.writes(mark));
    assert_eq!(managed.claims(), before);
    wait_served(&managed, 40);
    managed.assert_clean();
    drop(nodes);
    [one, two].into_iter().for_each(Part::stop);
}

#[test]
fn the_one_that_stands_by_takes_over_without_another_list_and_has_written_nothing_before() {
    need!(Controllers);
    let managed = Managed::idle();
    scene(&managed);
    let one = managed.another("controller", managed.bed.server(), &[]);
    managed.wait_using(0);
    let mark = managed.bed.audit().mark().unwrap();
    let two = managed.another("two", managed.bed.server(), &[]);
    managed.wait("the second to know all and to stand by", || match managed.log_of("two") {
        log if log.contains("every kind has been listed: standing by") => Look::Done(()),
        log => Look::NotYet(log),
    });
    let nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    make_pods(&managed, "p", 0..50);
    wait_served(&managed, 50);
    eprintln!("written while one of two stood by: {:?}", managed.writes(mark));
    assert_eq!(managed.writes(mark)["create addressclaims.ipledger.dev"], 50);
    let mark = managed.bed.audit().mark().unwrap();
    let begun = Instant::now();
    one.stop();
    managed.wait("the second to work", || match managed.log_of("two") {
        log if log.contains("this controller works now") => Look::Done(()),
        log => Look::NotYet(log),
    });
    make_pods(&managed, "q", 0..1);
    wait_served(&managed, 51);
    eprintln!("the second one served its first pod {:.1?} after the first one was asked to stop", begun.elapsed());
    let calls = managed.bed.audit().calls(mark, "ipledger/").unwrap();
    let lists: Vec<_> = calls.iter().filter(|call| call.verb == "list").collect();
    assert!(lists.is_empty(), "{lists:?}");
    assert_eq!(managed.writes(mark)["create addressclaims.ipledger.dev"], 1);
    managed.assert_clean();
    drop(nodes);
    two.stop();
}
