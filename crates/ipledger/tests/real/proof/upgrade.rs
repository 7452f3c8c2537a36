//! From an earlier build to this one, with objects in place, and back.
//!
//! In: `IPLEDGER_PREVIOUS`, the path of an earlier build of the binary; without it the story says that it was left out. Out: what the
//! earlier controller gave out keeps its address and its claim, whichever of the two was killed at whatever it was doing; whoever
//! comes in between is served by the other; nothing is written anew where nothing changed; at the end nothing is left.

use super::network::{eip, gateway, network, pod};
use super::pods::{delete_pods, make_pods, wait_for_silence};
use crate::stage::managed::{CLAIMS, EIPS, GATEWAYS, Managed, NO_LEASE, PODS};
use crate::stage::nodes::Nodes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use testbed::{Look, User, need};

/// Pods that come at a time.
const MANY: usize = 25;

fn previous() -> Option<PathBuf> {
    let path = std::env::var_os("IPLEDGER_PREVIOUS").map(PathBuf::from);
    if path.is_none() {
        eprintln!("SKIPPED upgrade: IPLEDGER_PREVIOUS names no earlier build of the binary");
    }
    path
}

/// The UID of each claim.
fn uids(managed: &Managed) -> BTreeMap<String, String> {
    let text = |claim: &Value, key: &str| claim["metadata"][key].as_str().unwrap().to_owned();
    managed.items(CLAIMS).iter().map(|claim| (text(claim, "name"), text(claim, "uid"))).collect()
}

fn make_gateway(managed: &Managed) {
    managed.admin.post(GATEWAYS, &gateway("gw", "ext")).unwrap();
    (0..3).for_each(|at| drop(managed.admin.post(EIPS, &eip(&format!("e{at}"), "gw", "ext")).unwrap()));
    // Who asks for what is not there, waits for the next version too.
    let wanted = serde_json::json!({"ext.default.kubernetes.io/ip_pool": "none"});
    managed.admin.post(PODS, &pod("refused", "ext", &wanted)).unwrap();
    managed.wait("the gateway's claims", || {
        let claims = managed.claims();
        let of = |kind: &str| claims.values().filter(|holder| holder.starts_with(kind)).count();
        let seen = (of("IptablesEIP"), of("VpcNatGateway"));
        if seen == (3, 1) { Look::Done(()) } else { Look::NotYet(format!("{claims:?}")) }
    });
}

#[test]
#[ignore = "long: for a build of an earlier version, named by IPLEDGER_PREVIOUS"]
fn what_an_earlier_build_gave_out_keeps_its_claims_through_an_upgrade_and_back() {
    need!(Controllers);
    let Some(previous) = previous() else { return };
    let mut managed = Managed::idle();
    managed.node("node1");
    managed.bed.apply(&network("ext", "10.30.0.0/24", "")).unwrap();
    let _nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    managed.go_as(&previous, &NO_LEASE);
    make_pods(&managed, "old", 0..MANY);
    make_gateway(&managed);
    // In the middle of what it does.
    make_pods(&managed, "between", 0..MANY);
    managed.kill();
    let before = uids(&managed);
    assert!(before.len() > MANY, "the earlier build served nobody: {before:?}");
    managed.go_with(&NO_LEASE);
    let all = 2 * MANY + 4;
    wait_claims(&managed, all);
    kept(&managed, &before);
    unchanged(&mut managed, None);
    // And back, as somebody does at night; then forward once more.
    let before = uids(&managed);
    unchanged(&mut managed, Some(&previous));
    make_pods(&managed, "back", 0..MANY);
    wait_claims(&managed, all + MANY);
    kept(&managed, &before);
    managed.kill();
    managed.go_with(&NO_LEASE);
    unchanged(&mut managed, None);
    end(&managed);
}

/// Waits until there are so many claims, and the books are right.
fn wait_claims(managed: &Managed, wanted: usize) {
    managed.wait(&format!("{wanted} claims"), || {
        let seen = managed.claims().len();
        if seen == wanted { Look::Done(()) } else { Look::NotYet(seen.to_string()) }
    });
    wait_for_silence(managed, Duration::from_secs(3));
    managed.assert_books("ext");
}

fn kept(managed: &Managed, before: &BTreeMap<String, String>) {
    let after = uids(managed);
    let changed: Vec<_> = before.iter().filter(|(name, uid)| after.get(*name) != Some(*uid)).collect();
    assert!(changed.is_empty(), "claims that went or were made anew: {changed:?}");
}

/// Another start, of this build or an earlier one, writes nothing of what is an address's.
fn unchanged(managed: &mut Managed, build: Option<&PathBuf>) {
    managed.kill();
    wait_for_silence(managed, Duration::from_secs(1));
    let before = uids(managed);
    let mark = managed.bed.audit().mark().unwrap();
    let listed = |managed: &Managed| managed.log().matches("every kind has been listed").count();
    let times = listed(managed);
    match build {
        None => managed.go_with(&NO_LEASE),
        Some(build) => managed.go_as(build, &NO_LEASE),
    }
    managed.wait("the next one to manage", || {
        let seen = listed(managed);
        if seen > times { Look::Done(()) } else { Look::NotYet(format!("{seen} times")) }
    });
    wait_for_silence(managed, Duration::from_secs(3));
    let writes = managed.writes(mark);
    eprintln!("writes of a start without news, {}: {writes:?}", build.map_or("this build", |_| "the earlier build"));
    if build.is_none() {
        assert_eq!(writes, BTreeMap::new());
    }
    assert_eq!(uids(managed), before);
}

fn end(managed: &Managed) {
    delete_pods(managed, "old", 0..MANY);
    delete_pods(managed, "between", 0..MANY);
    delete_pods(managed, "back", 0..MANY);
    managed.admin.delete(&format!("{PODS}/refused")).unwrap();
    (0..3).for_each(|at| drop(managed.admin.delete(&format!("{EIPS}/e{at}")).unwrap()));
    managed.admin.delete(&format!("{GATEWAYS}/gw")).unwrap();
    managed.wait_claims(&[]);
    managed.wait_using(0);
    managed.assert_audited();
}
