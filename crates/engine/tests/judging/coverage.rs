//! What is known: completeness, `notJudged`, certainty, the dump's time.

use crate::common::example::example;
use crate::common::objects::*;
use crate::common::{Cluster, not_judged};
use api::slim::Kind;
use engine::world::Settings;
use serde_json::json;

#[test]
fn the_clean_cluster_stays_clean_whatever_is_not_complete() {
    for kind in Kind::ALL {
        let report = example().partial(&[kind]).finds(&[]);
        assert_eq!(report.coverage.not_supplied, [kind]);
    }
    example().partial(&Kind::ALL).finds(&[]);
}

#[test]
fn the_clean_cluster_stays_clean_whatever_is_left_out() {
    // Each kind absent and not known: absence of what was not read never makes an error or a warning that counts.
    for kind in Kind::ALL {
        let mut cluster = example().partial(&[kind]);
        cluster.objects.retain(|object| object["kind"] != kind.name());
        let report = cluster.report();
        let counting: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.counts_for(engine::Severity::Warning))
            .map(crate::common::line)
            .collect();
        assert!(counting.is_empty(), "without {kind}: {counting:?}");
    }
}

#[test]
fn nothing_at_all_is_said_to_be_nothing() {
    let report = Cluster::new().partial(&Kind::ALL).finds(&[]);
    let judged: Vec<String> = not_judged(&report);
    for code in ["duplicate-address", "missing-record", "leaked-ip", "leaked-nic", "count-mismatch", "range-mismatch"] {
        assert!(judged.iter().any(|line| line.starts_with(code)), "{code}: {judged:?}");
    }
    assert_eq!(report.coverage.not_supplied.len(), Kind::ALL.len());
    // An empty cluster that is known to be empty is clean.
    assert!(Cluster::new().finds(&[]).not_judged.is_empty());
}

#[test]
fn pods_of_a_namespace_that_occurs_in_the_file_are_complete_there() {
    let two = example()
        .with(ip("other", "q", "ovn", "ovn-default", "10.16.0.50"))
        .without("Pod default/p1")
        .recounted()
        .partial(&[Kind::Pod]);
    let report = Cluster { complete_in: vec![(Kind::Pod, "default")], ..two.clone() }.finds(&[
        "warning likely leaked-ip:ips/p1.default @ IP p1.default = 10.16.0.11",
        "warning likely leaked-ip:ips/p1.default.macvlan.default @ IP p1.default.macvlan.default = 172.17.0.11",
    ]);
    assert_eq!(not_judged(&report), ["leaked-ip: Pod (1)"]);
    // Nowhere complete: nobody is missed.
    let report = two.finds(&[]);
    assert_eq!(not_judged(&report), ["leaked-ip: Pod (3)"]);
}

#[test]
fn vms_need_every_kind_that_could_show_them() {
    let cluster = example().without("VirtualMachine default/vm2");
    for kind in [Kind::VirtualMachine, Kind::VirtualMachineInstance, Kind::Pod] {
        let report = cluster.clone().partial(&[kind]).finds(&[]);
        assert!(not_judged(&report).contains(&format!("leaked-ip: {kind} (2)")), "{:?}", not_judged(&report));
    }
}

#[test]
fn the_dumps_time_is_the_newest_time_in_it() {
    // A container of an old pod was restarted an hour after everything else: what was new then is old now.
    let late =
        json!({"status": {"containerStatuses": [{"state": {"running": {"startedAt": "2026-01-10T13:00:00Z"}}}]}});
    let fresh = example()
        .without("Pod default/p1")
        .patched("IP p1.default", created(JUST_NOW))
        .patched("IP p1.default.macvlan.default", created(JUST_NOW));
    let possible = fresh.report();
    assert!(possible.findings.iter().all(|finding| finding.certainty == engine::Certainty::Possible));
    let likely = fresh.patched("Pod default/p2", late).report();
    assert!(likely.findings.iter().all(|finding| finding.certainty == engine::Certainty::Likely));
    assert_eq!((possible.findings.len(), likely.findings.len()), (2, 2));
}

#[test]
fn a_deletion_is_announced_by_its_grace_period() {
    // deletionTimestamp is when the pod may be killed: ten minutes after somebody deleted it, just now.
    let announced =
        json!({"metadata": {"deletionTimestamp": "2026-01-10T12:09:50Z", "deletionGracePeriodSeconds": 600}});
    let report = example()
        .patched("Pod default/p2", announced)
        .without("Pod default/p1")
        .patched("IP p1.default", created(JUST_NOW))
        .patched("IP p1.default.macvlan.default", created(JUST_NOW))
        .report();
    assert_eq!(report.findings.len(), 2);
    assert!(report.findings.iter().all(|finding| finding.certainty == engine::Certainty::Possible));
}

#[test]
fn the_grace_can_be_chosen() {
    let cluster = example()
        .without("Pod default/p1")
        .patched("IP p1.default", created(FOUR_MINUTES_AGO))
        .patched("IP p1.default.macvlan.default", created(FOUR_MINUTES_AGO));
    let with = |grace| Cluster { settings: Settings { grace, ..Settings::default() }, ..cluster.clone() }.report();
    assert!(with(60).findings.iter().all(|finding| finding.certainty == engine::Certainty::Likely));
    assert!(with(600).findings.iter().all(|finding| finding.certainty == engine::Certainty::Possible));
}

#[test]
fn findings_come_worst_first() {
    let cluster = example()
        .without("Pod default/p1")
        .patched("Subnet ext", json!({"spec": {"gateway": "172.17.0.12", "excludeIps": ["172.17.0.12"]}}))
        .patched("IP p2.default", json!({"metadata": {"labels": {"ovn.kubernetes.io/node-name": "x"}}}));
    let report = cluster.report();
    let severities: Vec<_> = report.findings.iter().map(|finding| finding.severity).collect();
    assert!(severities.is_sorted() && severities.len() > 3, "{severities:?}");
}

#[test]
fn a_class_of_which_nothing_was_read_is_not_judged() {
    let without = |kinds: &[Kind]| {
        let mut cluster = example().partial(kinds);
        cluster.objects.retain(|object| !kinds.iter().any(|kind| object["kind"] == kind.name()));
        not_judged(&cluster.report())
    };
    let has = |lines: &[String], line: &str| assert!(lines.iter().any(|l| l.starts_with(line)), "{line}: {lines:?}");
    // Without pods nobody uses an address, and nobody shows which NICs it has.
    let pods = without(&[Kind::Pod]);
    has(&pods, "missing-record: Pod (0)");
    has(&pods, "leaked-nic: Pod (0)");
    let subnets = without(&[Kind::Subnet]);
    for code in
        ["over-capacity", "count-mismatch", "range-mismatch", "outside-subnet", "gateway-in-use", "overlapping-subnets"]
    {
        has(&subnets, &format!("{code}: Subnet (0)"));
    }
    has(&without(&[Kind::IpPool]), "pool-overlap: IPPool (0)");
    let rules = [Kind::IptablesFipRule, Kind::IptablesDnatRule, Kind::IptablesSnatRule];
    has(&without(&rules), "rule-conflict: IptablesFIPRule IptablesDnatRule IptablesSnatRule (0)");
    // Addresses that are in use are looked for among the excluded ones, and counted.
    for code in ["excluded-in-use", "double-record"] {
        let all = without(&[Kind::Ip, Kind::Pod, Kind::IptablesEip, Kind::Vip, Kind::OvnEip]);
        has(&all, &format!("{code}: IP Vip IptablesEIP OvnEip Pod (0)"));
    }
    // A rule is held against its EIP: three rules, by their address and by their labels.
    let eips = without(&[Kind::IptablesEip]);
    has(&eips, "rule-conflict: IptablesEIP (3)");
    has(&eips, "label-drift: IptablesEIP (3)");
    // What is left of them is judged.
    let some = without(&rules[..2]);
    assert!(!some.iter().any(|line| line.starts_with("rule-conflict")), "{some:?}");
}

#[test]
fn the_dumps_time_is_looked_for_in_every_status() {
    let late = "2026-01-10T13:00:00Z";
    let fresh = example()
        .without("Pod default/p1")
        .patched("IP p1.default", created(JUST_NOW))
        .patched("IP p1.default.macvlan.default", created(JUST_NOW));
    let conditions = json!({"status": {"conditions": [{"type": "x", "lastTransitionTime": late}]}});
    let init = json!({"status": {"initContainerStatuses": [{"state": {"terminated": {"finishedAt": late}}}]}});
    for (path, patch) in [
        ("Pod default/p2", init),
        ("StatefulSet default/web", conditions.clone()),
        ("VirtualMachine default/vm2", conditions.clone()),
        ("ProviderNetwork pn1", conditions),
    ] {
        let report = fresh.clone().patched(path, patch).report();
        assert!(report.findings.iter().all(|finding| finding.certainty == engine::Certainty::Likely), "{path}");
        assert_eq!(report.findings.len(), 2, "{path}");
    }
}

#[test]
fn an_address_that_an_unread_pod_or_node_may_use_is_only_possibly_lost() {
    // A pod whose IP object is gone: with the pods it is a missing record, without them an address too many.
    let hidden = |kind: Kind, path: &str| {
        let mut cluster = example().without(path).partial(&[kind]);
        cluster.objects.retain(|object| object["kind"] != kind.name());
        let report = cluster.report();
        assert!(!report.findings.is_empty());
        report.findings.iter().for_each(|f| assert_eq!(f.certainty, engine::Certainty::Possible, "{}", f.id));
    };
    hidden(Kind::Pod, "IP p1.default.macvlan.default");
    hidden(Kind::Node, "IP node-node1");
}
