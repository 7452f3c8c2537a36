//! IPPools: overlaps, places, counts and ranges.

use super::duplicates::readdressed;
use crate::common::Cluster;
use crate::common::example::example;
use crate::common::objects::*;
use api::slim::Kind;
use serde_json::json;

#[test]
fn two_pools_of_one_subnet_may_not_share_addresses() {
    let cluster = |ips: &[&str]| example().with(pool("pool0", "ext", ips)).recounted();
    cluster(&["172.17.0.111..172.17.0.120", "172.17.0.90"]).finds(&[]);
    cluster(&["172.17.0.108..172.17.0.120"])
        .finds(&["error proven pool-overlap:pool0/pool1 @ IPPool pool0 = 172.17.0.108-172.17.0.110"]);
    cluster(&["172.17.0.104/31"])
        .finds(&["error proven pool-overlap:pool0/pool1 @ IPPool pool0 = 172.17.0.104-172.17.0.105"]);
    // Of two Subnets they may.
    let other = subnet("far", "172.17.0.0/24", "172.17.0.1", "far.default");
    example()
        .with_all([other, nad("default", "far", "eth6"), pool("pool0", "far", &["172.17.0.108"])])
        .recounted()
        .finds(&[]);
}

#[test]
fn a_pool_that_reaches_out_of_its_subnet_is_smaller_than_it_looks() {
    example()
        .with(pool("pool0", "ext", &["172.17.0.254..172.17.1.5", "fd00::5"]))
        .recounted()
        .finds(&["error proven pool-outside-subnet:pool0 @ IPPool pool0 = 172.17.1.0-172.17.1.5 fd00::5"]);
}

fn status(patch: serde_json::Value) -> Cluster {
    example().patched("IPPool pool1", json!({"status": patch}))
}

#[test]
fn the_counts_of_a_pool_are_judged_per_family() {
    status(json!({"v4UsingIPs": 3})).finds(&["warning likely count-mismatch:ippools/pool1/v4 @ IPPool pool1"]);
    status(json!({"v4UsingIPs": 0})).finds(&["warning proven count-mismatch:ippools/pool1/v4 @ IPPool pool1"]);
    status(json!({"v4AvailableIPs": 3})).finds(&["warning proven count-mismatch:ippools/pool1/v4 @ IPPool pool1"]);
    status(json!({"v4UsingIPs": null, "v4AvailableIPs": null})).finds(&[]);
    status(json!({"v4UsingIPs": 3})).partial(&[Kind::Vip]).finds(&[]);
}

#[test]
fn a_pool_can_be_over_capacity() {
    status(json!({"v4UsingIPs": 30})).finds(&[
        "error proven over-capacity:ippools/pool1/v4 @ IPPool pool1",
        "warning likely count-mismatch:ippools/pool1/v4 @ IPPool pool1",
    ]);
}

#[test]
fn the_ranges_of_a_pool_are_judged() {
    status(json!({"v4UsingIPRange": "172.17.0.100,172.17.0.105"}))
        .finds(&["warning likely range-mismatch:ippools/pool1/v4 @ IPPool pool1 = 172.17.0.105"]);
    status(json!({"v4AvailableIPRange": "172.17.0.100-172.17.0.110"}))
        .finds(&["warning proven range-mismatch:ippools/pool1/v4 @ IPPool pool1 = 172.17.0.100"]);
    status(json!({"v4AvailableIPRange": "172.17.0.102-172.17.0.110"}))
        .finds(&["warning likely range-mismatch:ippools/pool1/v4 @ IPPool pool1 = 172.17.0.101"]);
    status(json!({"v4UsingIPRange": "everything"}))
        .finds(&["warning proven malformed-object:ippools/pool1/status.v4UsingIPRange @ IPPool pool1"]);
}

#[test]
fn an_excluded_address_of_a_pool_counts_as_used_once_somebody_uses_it() {
    // Kube-OVN's allocator counts it so, for pools.
    let cluster = example().with(pool("pool0", "ext", &["172.17.0.198..172.17.0.205"])).recounted();
    cluster.clone().finds(&[]);
    readdressed(cluster, "p2", "macvlan.default", "172.17.0.205").recounted().finds(&[
        "info proven excluded-in-use:ext @ Subnet ext = 172.17.0.205",
        "info proven count-mismatch:ext/v4 @ Subnet ext",
    ]);
}

#[test]
fn a_pool_whose_subnet_is_gone_is_judged_by_that_alone() {
    example()
        .with(pool("pool0", "gone", &["10.9.0.5"]))
        .finds(&["warning likely missing-reference:subnets/gone @ IPPool pool0"]);
}

#[test]
fn the_status_of_pools_that_share_addresses_follows_from_that() {
    let cluster = example().with(pool("pool0", "ext", &["172.17.0.108..172.17.0.120", "172.17.0.109"])).recounted();
    let overlap = "error proven pool-overlap:pool0/pool1 @ IPPool pool0 = 172.17.0.108-172.17.0.110";
    cluster.clone().finds(&[overlap]);
    cluster
        .patched(
            "IPPool pool0",
            json!({"status": {"v4AvailableIPs": 3, "v4AvailableIPRange": "172.17.0.108-172.17.0.119"}}),
        )
        .finds(&[
            overlap,
            "warning proven count-mismatch:ippools/pool0/v4 @ IPPool pool0 < pool-overlap:pool0/pool1",
            "warning likely range-mismatch:ippools/pool0/v4 @ IPPool pool0 = 172.17.0.120 < pool-overlap:pool0/pool1",
        ]);
}
