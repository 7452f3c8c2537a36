//! What others wrote is taken over: a cluster that Kube-OVN managed, and claims of an earlier IPLedger.
//!
//! In: pods with annotations, IP objects and EIPs as Kube-OVN writes them; claims without what later versions write. Out: as many
//! claims as addresses, each with the address on record, made before anything is chosen; nothing else is written anew.

use super::network::{eip, network, pod};
use super::pods::{delete_pods, make_pods, wait_for_silence, wait_served};
use crate::stage::IPS;
use crate::stage::managed::{CLAIMS, EIPS, Managed, NO_LEASE, PODS, SUBNETS};
use crate::stage::nodes::Nodes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testbed::{Look, Requests, User, need, wait};

/// Requests at a time that make what Kube-OVN left.
const MAKERS: usize = 16;

/// The n-th address that Kube-OVN gave out.
fn address(number: usize) -> String {
    let host = number + 10;
    format!("10.20.{}.{}", host >> 8, host & 255)
}

/// Pod, annotations and IP object of one NIC, as Kube-OVN writes them for a network whose dataplane is another's (pkg/controller/pod.go,
/// ip.go).
fn leave_pod(api: &Requests, number: usize) {
    let (name, address) = (format!("p{number}"), address(number));
    let told = |what: &str| format!("ext.default.kubernetes.io/{what}");
    let annotations = json!({
        told("allocated"): "true", told("ip_address"): address, told("cidr"): "10.20.0.0/17", told("gateway"): "10.20.0.1",
    });
    api.post(PODS, &pod(&name, "ext", &annotations)).unwrap();
    let ip = json!({
        "apiVersion": "kubeovn.io/v1", "kind": "IP",
        "metadata": {
            "name": format!("{name}.default.ext.default"), "finalizers": ["kubeovn.io/kube-ovn-controller"],
            "labels": {"ovn.kubernetes.io/subnet": "ext", "ovn.kubernetes.io/node-name": "node1", "ext": "", "ovn.kubernetes.io/ip_reserved": "false"},
        },
        "spec": {
            "podName": name, "namespace": "default", "subnet": "ext", "nodeName": "node1", "ipAddress": address, "v4IpAddress": address,
            "v6IpAddress": "", "macAddress": "", "attachIps": [], "attachMacs": [], "attachSubnets": [], "containerID": "", "podType": "",
        },
    });
    api.post(IPS, &ip).unwrap();
}

/// An EIP that Kube-OVN's gateway has.
fn leave_eip(api: &Requests, number: usize) {
    let mut object = eip(&format!("e{number}"), "gw", "ext");
    object["metadata"]["finalizers"] = json!(["kubeovn.io/kube-ovn-controller"]);
    object["metadata"]["labels"] = json!({"ovn.kubernetes.io/subnet": "ext"});
    object["spec"]["v4ip"] = json!(address(number));
    api.post(EIPS, &object).unwrap();
    let status = json!({"status": {"ready": true, "ip": address(number), "nat": "", "redo": "", "qosPolicy": ""}});
    api.patch(&format!("{EIPS}/e{number}/status"), &status).unwrap();
}

/// A cluster with so many pods and a hundredth as many EIPs, and no controller.
fn left_by_kube_ovn(managed: &Managed, pods: usize) -> usize {
    managed.node("node1");
    managed
        .bed
        .apply(&network("ext", "10.20.0.0/17", ", gateway: 10.20.0.1, excludeIps: [10.20.0.1], protocol: IPv4"))
        .unwrap();
    let (next, total) = (AtomicUsize::new(0), pods + pods / 100);
    std::thread::scope(|scope| {
        for _ in 0..MAKERS {
            scope.spawn(|| {
                let api = managed.bed.requests(&User::admin()).unwrap();
                loop {
                    match next.fetch_add(1, Ordering::Relaxed) {
                        number if number < pods => leave_pod(&api, number),
                        number if number < total => leave_eip(&api, number),
                        _ => return,
                    }
                }
            });
        }
    });
    total
}

fn adopt(pods: usize) {
    let mut managed = Managed::idle();
    let begun = Instant::now();
    let total = left_by_kube_ovn(&managed, pods);
    eprintln!("{pods} pods with IP objects and {} EIPs made in {:.1?}", total - pods, begun.elapsed());
    let mark = managed.bed.audit().mark().unwrap();
    let begun = Instant::now();
    managed.go_with(&NO_LEASE);
    // A pod that asks for an address meanwhile must not get one on record.
    make_pods(&managed, "aaa-new", 0..1);
    let counted = wait("the Subnet to count them", Duration::from_secs(300), || {
        let subnet = managed.admin.get(&format!("{SUBNETS}/ext"))?;
        let using = subnet["status"]["v4usingIPs"].as_u64().unwrap_or_default();
        Ok(if using == (total + 1) as u64 { Look::Done(()) } else { Look::NotYet(subnet["status"].to_string()) })
    });
    counted.unwrap_or_else(|error| panic!("{error}\n{}", crate::stage::managed::tail(&managed.log())));
    let took = begun.elapsed();
    wait_for_silence(&managed, Duration::from_secs(3));
    let writes = managed.writes(mark);
    eprintln!("{total} addresses adopted in {took:.1?}: {writes:?}");
    assert_eq!(
        writes["create addressclaims.ipledger.dev"],
        total + 1,
        "one create per address, none in vain: {writes:?}"
    );
    assert_eq!(writes.get("create ips.kubeovn.io"), Some(&1), "the IP objects are there: {writes:?}");
    assert!(writes.get("patch pods") <= Some(&1), "the pods were told: {writes:?}");
    as_recorded(&managed, pods, total);
    // Nothing is left to do for the next one.
    managed.stop();
    let mark = managed.bed.audit().mark().unwrap();
    managed.go_with(&NO_LEASE);
    managed.wait("the next one to manage", || {
        let times = managed.log().matches("every kind has been listed").count();
        if times == 2 { Look::Done(()) } else { Look::NotYet(format!("{times} times")) }
    });
    wait_for_silence(&managed, Duration::from_secs(3));
    assert_eq!(managed.writes(mark), [].into());
}

/// Each claim has the address that was on record for its holder.
fn as_recorded(managed: &Managed, pods: usize, total: usize) {
    let claims = managed.claims();
    for number in 0..total {
        let holder = if number < pods { format!("Pod p{number}") } else { format!("IptablesEIP e{number}") };
        assert_eq!(claims.get(&address(number)), Some(&holder));
    }
    assert_eq!(claims.len(), total + 1);
}

#[test]
fn a_thousand_addresses_of_kube_ovn_are_adopted_with_one_write_each() {
    need!(Controllers);
    adopt(1000);
}

#[test]
#[ignore = "long: makes 20,000 objects"]
fn ten_thousand_addresses_of_kube_ovn_are_adopted_with_one_write_each() {
    need!(Controllers);
    adopt(10_000);
}

/// Everything about an object that a rewrite would change.
fn versions(managed: &Managed, path: &str) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |object: &Value| (text(&object["metadata"]["name"]), text(&object["metadata"]["resourceVersion"]));
    managed.items(path).iter().map(line).collect()
}

#[test]
fn claims_of_an_earlier_version_are_taken_over_as_they_are_and_released_properly() {
    need!(Controllers);
    let mut managed = Managed::idle();
    managed.node("node1");
    managed.bed.apply(&network("ext", "172.17.0.0/24", "")).unwrap();
    managed.go_with(&NO_LEASE);
    managed.wait_using(0);
    make_pods(&managed, "p", 0..20);
    wait_served(&managed, 20);
    wait_for_silence(&managed, Duration::from_secs(2));
    managed.stop();
    // Earlier versions did not write the name of the pod into its claim. With the policy the edit would need a label.
    managed.bed.kubectl(&["delete", "validatingadmissionpolicybinding", "ipledger-claims"]).unwrap();
    for claim in versions(&managed, CLAIMS).keys() {
        let earlier = json!({"status": {"occupant": {"namespace": null, "name": null}}});
        managed.wait("the claim to be as it was written before", || {
            let edited = managed.admin.patch(&format!("{CLAIMS}/{claim}"), &earlier);
            edited.map_or_else(|error| Look::NotYet(error.to_string()), |_| Look::Done(()))
        });
    }
    let before = [CLAIMS, IPS, PODS].map(|path| versions(&managed, path));
    let held = managed.claims();
    let mark = managed.bed.audit().mark().unwrap();
    managed.go_with(&NO_LEASE);
    managed.wait("the new one to manage", || {
        let times = managed.log().matches("every kind has been listed").count();
        if times == 2 { Look::Done(()) } else { Look::NotYet(format!("{times} times")) }
    });
    wait_for_silence(&managed, Duration::from_secs(3));
    let writes = managed.writes(mark);
    eprintln!("taking over 20 claims of an earlier version: {writes:?}");
    let after = [CLAIMS, IPS, PODS].map(|path| versions(&managed, path));
    assert_eq!(after[1..], before[1..], "IP objects and pods are not written again");
    assert!(writes.values().sum::<usize>() <= 20, "at most one write per claim: {writes:?}");
    assert_eq!(managed.claims(), held);
    // They are released like others, on the agent's word, and their addresses are given out again.
    let nodes = Nodes::start(managed.bed.requests(&User::admin()).unwrap(), &["node1"]);
    delete_pods(&managed, "p", 0..10);
    wait_served(&managed, 10);
    make_pods(&managed, "q", 0..10);
    wait_served(&managed, 20);
    managed.assert_clean();
    drop(nodes);
}
