//! `range-mismatch`: what the allocator remembers beside what objects say.

use super::duplicates::{eip_on_ext, readdressed};
use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, finding, not_judged};
use api::slim::Kind;
use serde_json::json;

const USING: &str = "172.17.0.11-172.17.0.12,172.17.0.20-172.17.0.21,172.17.0.30-172.17.0.31,172.17.0.40,172.17.0.100";

fn listing(using: &str) -> Cluster {
    example().patched("Subnet ext", json!({"status": {"v4usingIPrange": using}}))
}

#[test]
fn addresses_that_no_object_explains_are_lost() {
    // An EIP that never became ready was deleted.
    let cluster = listing(&format!("172.17.0.2-172.17.0.3,{USING}"));
    let report = cluster.finds(&["warning likely range-mismatch:ext/v4 @ Subnet ext = 172.17.0.2 172.17.0.3"]);
    let lost = finding(&report, "range-mismatch:ext/v4");
    assert!(lost.message.contains("2 addresses lost"), "{}", lost.message);
    assert!(lost.fix.contains("restart") && lost.fix.contains("reservations"), "{}", lost.fix);
}

#[test]
fn lost_addresses_need_all_records_to_be_known() {
    let report = listing(&format!("172.17.0.2-172.17.0.3,{USING}")).partial(&[Kind::IptablesEip]).finds(&[]);
    assert!(not_judged(&report).contains(&"range-mismatch: IptablesEIP (8)".to_owned()), "{:?}", not_judged(&report));
}

#[test]
fn with_an_eip_or_vip_in_flight_a_lost_address_is_only_possible() {
    // The allocator holds the address while the gateway has no pod, and the object does not show it.
    let waiting = waiting_eip("e", "gw1", "").but(json!({"spec": {"externalSubnet": "ext"}}));
    let line = ["warning possible range-mismatch:ext/v4 @ Subnet ext = 172.17.0.2"];
    listing(&format!("172.17.0.2,{USING}")).with(waiting).finds(&line);
    let vip = vip("v", "ext", "", "").but(json!({"metadata": {"labels": null, "finalizers": null}}));
    listing(&format!("172.17.0.2,{USING}")).with(vip).finds(&line);
}

#[test]
fn an_address_in_use_that_is_listed_as_free_will_be_given_again() {
    // A reservation that a restart forgot.
    let forgotten = "172.17.0.12,172.17.0.20-172.17.0.21,172.17.0.30-172.17.0.31,172.17.0.40,172.17.0.100";
    let cluster = listing(forgotten).patched("Subnet ext", json!({"status": {"v4availableIPrange":
        "172.17.0.2-172.17.0.11,172.17.0.13-172.17.0.19,172.17.0.22-172.17.0.29,172.17.0.32-172.17.0.39,172.17.0.41-172.17.0.99,172.17.0.101-172.17.0.199,172.17.0.211-172.17.0.254"}}));
    // Presence against presence: proven, also where absence could not be.
    let line = ["warning proven range-mismatch:ext/v4 @ Subnet ext = 172.17.0.11"];
    let report = cluster.finds(&line);
    assert!(finding(&report, "range-mismatch:ext/v4").message.contains("1 address in use and listed as free"));
    cluster.partial(&[Kind::IptablesEip]).finds(&line);
}

#[test]
fn a_lent_vip_that_the_allocator_forgot_is_listed_as_free() {
    // Before a restart: lending a Vip gives its address back.
    let lent = readdressed(example(), "p2", "macvlan.default", "172.17.0.40")
        .patched(
            "Vip vip2",
            json!({"metadata": {"labels": {"ovn.kubernetes.io/ip_reserved": "p2.default.macvlan.default"}}}),
        )
        .recounted();
    let available = lent.get("Subnet ext")["status"]["v4availableIPrange"]
        .as_str()
        .unwrap()
        .replace("172.17.0.32-172.17.0.39,172.17.0.41-", "172.17.0.32-");
    lent.patched(
        "Subnet ext",
        json!({"status": {"v4availableIPrange": available,
        "v4usingIPrange": "172.17.0.11,172.17.0.20-172.17.0.21,172.17.0.30-172.17.0.31,172.17.0.100"}}),
    )
    .finds(&["warning proven range-mismatch:ext/v4 @ Subnet ext = 172.17.0.40"]);
}

#[test]
fn free_addresses_that_are_not_listed_are_found() {
    let report =
        example().patched("Subnet ext", json!({"status": {"v4availableIPrange": "172.17.0.2-172.17.0.10"}})).report();
    assert!(finding(&report, "range-mismatch:ext/v4").message.contains("free and not listed as free"));
    assert_eq!(report.findings.len(), 1);
}

#[test]
fn excluded_addresses_are_taken_out_of_both_sides() {
    // In use by name, and listed by Kube-OVN or not.
    let used = readdressed(example(), "p2", "macvlan.default", "172.17.0.205").recounted();
    let lines = [
        "info proven excluded-in-use:ext @ Subnet ext = 172.17.0.205",
        "info proven count-mismatch:ext/v4 @ Subnet ext",
    ];
    used.clone().finds(&lines);
    let listed = used.get("Subnet ext")["status"]["v4usingIPrange"].as_str().unwrap().to_owned() + ",172.17.0.205";
    used.patched("Subnet ext", json!({"status": {"v4usingIPrange": listed}})).finds(&lines);
}

#[test]
fn a_wrong_ipv6_address_of_an_eip_shows_in_the_range() {
    // Restored by its IPv4 alone, the other family is a fresh address.
    let eip = eip("e", "gw1", "10.60.0.50").but(json!({
        "spec": {"externalSubnet": "dual", "v6ip": "fd00:60::50"}, "metadata": {"labels": {"ovn.kubernetes.io/subnet": "dual"}}}));
    let cluster = example().with(eip).recounted();
    cluster.clone().finds(&[]);
    cluster
        .patched(
            "Subnet dual",
            json!({"status": {"v6usingIPrange": "fd00:60::2,fd00:60::5",
            "v6availableIPrange": "fd00:60::3-fd00:60::4,fd00:60::6-fd00:60::ffff:ffff:ffff:fffe"}}),
        )
        .finds(&["warning proven range-mismatch:dual/v6 @ Subnet dual = fd00:60::2 fd00:60::50"]);
}

#[test]
fn a_range_that_follows_from_a_duplicate_says_so() {
    // The loser of a conflict is unknown to the allocator, and so is its address once the winner is gone.
    let cluster = example().with(eip_on_ext("e", "172.17.0.11")).recounted();
    let without = USING.replace("172.17.0.11-172.17.0.12", "172.17.0.12");
    cluster.patched("Subnet ext", json!({"status": {"v4usingIPrange": without}})).finds(&[
        "error proven duplicate-address:macvlan.default/172.17.0.11 @ Pod default/p1 = 172.17.0.11",
        "warning proven count-mismatch:ext/v4 @ Subnet ext = 172.17.0.11 < duplicate-address:macvlan.default/172.17.0.11",
        "warning proven range-mismatch:ext/v4 @ Subnet ext = 172.17.0.11 < duplicate-address:macvlan.default/172.17.0.11",
    ]);
    // From a leak, where the count is right, too.
    let leaked =
        example().without("Pod default/p1").patched("Subnet ext", json!({"status": {"v4usingIPrange": without}}));
    let report = leaked.report();
    let follows = &finding(&report, "range-mismatch:ext/v4").follows;
    assert_eq!(
        follows.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["leaked-ip:ips/p1.default.macvlan.default"]
    );
}

#[test]
fn a_range_text_that_cannot_be_read_is_malformed_and_not_judged() {
    listing("172.17.0.11 to 172.17.0.12")
        .finds(&["warning proven malformed-object:subnets/ext/status.v4usingIPrange @ Subnet ext"]);
}

#[test]
fn free_addresses_that_are_not_listed_need_all_records_to_be_known() {
    // The addresses that unread IP objects have are in neither list.
    let mut cluster =
        example().patched("Subnet ext", json!({"status": {"v4usingIPrange": null}})).partial(&[Kind::Ip, Kind::Pod]);
    cluster.objects.retain(|object| object["kind"] != "IP" && object["kind"] != "Pod");
    let report = cluster.report();
    let ranges: Vec<_> = report.findings.iter().filter(|finding| finding.code == engine::Code::RangeMismatch).collect();
    assert!(ranges.is_empty(), "{ranges:?}");
}

#[test]
fn a_range_that_lists_what_hangs_in_its_deletion_as_free_follows_from_that() {
    // The allocator gives a terminating EIP's address back before the object goes.
    let cluster = listing(&USING.replace(",172.17.0.40", ""));
    cluster.patched("Vip vip2", deleted(AN_HOUR_AGO)).finds(&[
        "warning likely stuck-terminating:vips/vip2 @ Vip vip2 = 172.17.0.40",
        "warning proven range-mismatch:ext/v4 @ Subnet ext = 172.17.0.40 < stuck-terminating:vips/vip2",
    ]);
}
