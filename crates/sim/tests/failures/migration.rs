//! A live migration has two ends: what becomes of the address at each of them, and who else comes near it (R08, R09).

use crate::cast::*;
use crate::common::{hand_overs, sampled as sweep};
use serde_json::{Value, json};
use sim::{Act, End, Story};

const SOURCE: &str = "launcher-v-1";
const NODES: &str = "/api/v1/nodes";
const ADDR: &str = "172.17.0.2";

/// A machine `v` whose pod on node 1 moves to `two` on node 2, by the migration `j`.
fn both() -> Vec<Act> {
    all([start("v"), vec![migrate("j", "v"), target("v", "two", "node2", "j")]])
}

fn status(end: &End) -> &Value {
    &end.claim_statuses[&claim(ADDR)]
}

/// How a pod is, and that nobody but the machine has an address.
fn phase_of<'a>(end: &'a End, pod: &str) -> &'a str {
    assert_eq!(end.addresses.get("v").map(Vec::as_slice), Some(&[ADDR.to_owned()][..]), "{end:#?}");
    assert_eq!(end.claims.len(), 1, "{end:#?}");
    &end.pods[pod].0
}

/// The pod is the only one that has the address.
fn assert_alone(end: &End, node: &str) {
    assert_eq!(status(end)["occupant"]["node"], node, "{end:#?}");
    assert_eq!(status(end)["target"], Value::Null, "{end:#?}");
    assert_eq!(end.ip_specs["v.default.macvlan.default"]["nodeName"], node);
}

fn lost(node: &str, pod: &str) -> Vec<Act> {
    vec![Act::PowerOff(node.to_owned()), delete(NODES, node), force(pod), Act::Pass(60)]
}

#[test]
fn a_claim_names_source_and_target_while_both_run_and_the_target_alone_after_that() {
    let end = sweep("both", both());
    assert_eq!((phase_of(&end, SOURCE), phase_of(&end, "two")), ("Running", "Running"));
    assert_eq!(
        (&status(&end)["occupant"]["name"], &status(&end)["target"]["occupant"]["name"]),
        (&json!(SOURCE), &json!("two"))
    );
    let end = sweep("migrated", all([both(), vec![phase("j", "Succeeded"), exit(SOURCE)]]));
    assert_eq!(phase_of(&end, "two"), "Running");
    assert_alone(&end, "node2");
    let end = sweep("source gone", all([both(), vec![phase("j", "Succeeded"), exit(SOURCE), delete(PODS, SOURCE)]]));
    assert_eq!(phase_of(&end, "two"), "Running");
    assert_alone(&end, "node2");
}

#[test]
fn a_machine_that_has_migrated_migrates_again_and_back() {
    let there = vec![phase("j", "Succeeded"), exit(SOURCE)];
    let back = vec![migrate("k", "v"), target("v", "three", "node1", "k")];
    let end = sweep("on its way back", all([both(), there.clone(), back.clone()]));
    assert_eq!((phase_of(&end, "two"), phase_of(&end, "three")), ("Running", "Running"));
    let end = sweep("back", all([both(), there, back, vec![phase("k", "Succeeded"), exit("two")]]));
    assert_eq!(phase_of(&end, "three"), "Running");
    assert_alone(&end, "node1");
}

#[test]
fn a_migration_that_fails_leaves_the_source_what_it_has_however_its_target_ends() {
    for ends in [exit("two"), delete(PODS, "two"), force("two")] {
        let end = sweep("failed", all([both(), vec![phase("j", "Failed"), ends.clone()]]));
        assert_eq!(phase_of(&end, SOURCE), "Running");
        assert_alone(&end, "node1");
        let again = vec![migrate("k", "v"), target("v", "three", "node2", "k"), phase("k", "Succeeded"), exit(SOURCE)];
        let end = sweep("failed, then not", all([both(), vec![phase("j", "Failed"), ends], again]));
        assert_eq!(phase_of(&end, "three"), "Running");
        assert_alone(&end, "node2");
    }
}

#[test]
fn a_target_that_goes_before_it_ran_leaves_the_source_what_it_has() {
    for writes in 0..4 {
        let hasty = vec![migrate("j", "v"), Act::Stop(writes), target("v", "two", "node2", "j")];
        let gone = vec![force("two"), phase("j", "Failed"), Act::Start];
        let end = sweep("never ran", all([start("v"), hasty, gone]));
        assert_eq!(phase_of(&end, SOURCE), "Running");
        assert_alone(&end, "node1");
    }
}

#[test]
fn the_address_stays_the_sources_until_the_lost_target_is_known_to_be_off_and_no_other_target_comes_before() {
    let cut = all([both(), vec![Act::CutOff("node2".to_owned()), force("two"), phase("j", "Failed")]]);
    let next = vec![migrate("k", "v"), target("v", "three", "node1", "k")];
    let waits = sweep("target cut off", all([cut.clone(), next.clone()]));
    assert_eq!((phase_of(&waits, SOURCE), phase_of(&waits, "three")), ("Running", "Pending"));
    assert_eq!(status(&waits)["target"]["occupant"]["name"], "two");
    let conditions = &status(&waits)["conditions"][0];
    assert!(conditions["message"].as_str().unwrap().contains("the agent of node node2"), "{conditions}");
    let end = sweep("target heard of", all([cut, next, vec![Act::Connect("node2".to_owned())]]));
    assert_eq!((phase_of(&end, SOURCE), phase_of(&end, "three")), ("Running", "Running"));
    let end = sweep("target lost", all([both(), vec![phase("j", "Failed")], lost("node2", "two")]));
    assert_eq!(phase_of(&end, SOURCE), "Running");
    assert_alone(&end, "node1");
}

#[test]
fn a_source_that_is_lost_in_the_middle_leaves_the_address_to_the_target_that_runs() {
    let end = sweep("source lost", all([both(), lost("node1", SOURCE)]));
    assert_eq!(phase_of(&end, "two"), "Running");
    assert_alone(&end, "node2");
    let cut = all([both(), vec![Act::CutOff("node1".to_owned()), force(SOURCE)]]);
    let waits = sweep("source cut off", cut.clone());
    assert_eq!((phase_of(&waits, "two"), &status(&waits)["occupant"]["name"]), ("Running", &json!(SOURCE)));
    let end = sweep("source heard of", all([cut, vec![Act::Connect("node1".to_owned())]]));
    assert_eq!(phase_of(&end, "two"), "Running");
    assert_alone(&end, "node2");
}

#[test]
fn a_machine_whose_source_is_lost_with_its_migration_starts_anew_only_once_both_are_off() {
    let dead = all([both(), lost("node1", SOURCE), vec![phase("j", "Failed")]]);
    let again = vec![delete(VMIS, "v"), instance("v", &["macvlan"]), launch("v", "three", "node2", json!({}))];
    let waits = sweep("target runs", all([dead.clone(), vec![launch("v", "three", "node2", json!({}))]]));
    assert_eq!((phase_of(&waits, "two"), phase_of(&waits, "three")), ("Running", "Pending"));
    let end = sweep("both off", all([dead, vec![exit("two")], again]));
    assert_eq!(phase_of(&end, "three"), "Running");
    assert_alone(&end, "node2");
}

#[test]
fn a_machine_that_is_deleted_while_it_migrates_gives_its_address_back_once_both_pods_have_let_go() {
    let gone = vec![delete(JOBS, "j"), delete(VMS, "v"), delete(VMIS, "v")];
    let ended = [vec![exit(SOURCE), exit("two")], vec![force("two"), force(SOURCE)], vec![delete(PODS, "two")]];
    for ends in ended {
        assert_empty(&sweep("deleted", all([both(), gone.clone(), ends, vec![delete(PODS, SOURCE)]])));
    }
    for (cut, other) in [("node1", "two"), ("node2", SOURCE)] {
        let off = vec![Act::CutOff(cut.to_owned()), force(SOURCE), force("two")];
        let held = sweep("one heard of", all([both(), off.clone(), gone.clone()]));
        assert_eq!((held.claims.len(), held.answers), (1, 1), "{other} has let go, and that is not enough");
        let end = sweep("both heard of", all([both(), off, gone.clone(), vec![Act::Connect(cut.to_owned())]]));
        assert_empty(&end);
    }
}

#[test]
fn a_machine_that_stops_while_it_migrates_keeps_its_address_for_its_next_pod() {
    for ends in [vec![exit(SOURCE), exit("two")], vec![exit("two"), exit(SOURCE)], vec![force(SOURCE), force("two")]] {
        let at_once = vec![Act::Together(all([vec![phase("j", "Failed"), delete(VMIS, "v")], ends.clone()]))];
        for stops in [at_once.clone(), outage(at_once)] {
            let next = vec![instance("v", &["macvlan"]), launch("v", "three", "node2", json!({}))];
            let end = sweep("stopped", all([both(), stops.clone()]));
            assert_eq!((end.claims.len(), end.answers), (1, 0));
            let end = sweep("started again", all([both(), stops, next]));
            assert_eq!(phase_of(&end, "three"), "Running");
            assert_alone(&end, "node2");
        }
    }
}

#[test]
fn a_third_pod_of_a_machine_waits_whatever_it_says() {
    let third = [
        launch("v", "third", "node1", json!({})),
        target("v", "third", "node1", "j"),
        launch("v", "third", "node1", json!({"kubevirt.io/migrationJobName": "j"})),
    ];
    for third in third {
        let acts = all([both(), vec![third]]);
        let end = sweep("third", acts.clone());
        assert_eq!((phase_of(&end, "two"), phase_of(&end, "third")), ("Running", "Pending"));
        assert!(told(&end, "third").contains("is in use by another pod"));
        let end = sweep("third, migrated", all([acts, vec![phase("j", "Succeeded"), exit(SOURCE)]]));
        assert_eq!((phase_of(&end, "two"), phase_of(&end, "third")), ("Running", "Pending"));
        assert_alone(&end, "node2");
    }
}

#[test]
fn the_pod_that_the_machine_says_it_moves_to_is_the_target_and_no_other_with_its_marks() {
    let handed = Act::HandOff(format!("{VMIS}/v"), "two".to_owned(), format!("{JOBS}/j"));
    let other = vec![migrate("j", "v"), handed, target("v", "first", "node2", "j")];
    let end = sweep("not the one", all([start("v"), other.clone()]));
    assert_eq!((phase_of(&end, SOURCE), phase_of(&end, "first")), ("Running", "Pending"));
    let end = sweep("the one", all([start("v"), other, vec![target("v", "two", "node2", "j")]]));
    assert_eq!((phase_of(&end, "first"), phase_of(&end, "two")), ("Pending", "Running"));
}

/// Marks are a tenant's to write: what they say must be what KubeVirt says.
#[test]
fn a_thief_with_the_marks_of_a_migration_gains_nothing() {
    let mark = json!({"kubevirt.io/migrationJobName": "j"});
    let mut marked = sim::pod("thief", "node2", &mark);
    marked["metadata"]["labels"] = json!({"kubevirt.io/migrationJobUID": "j", "vm.kubevirt.io/name": "v"});
    let stranger = all([start("v"), vec![migrate("j", "v"), Act::Create(PODS.to_owned(), marked)]]);
    let end = sweep("of no machine", stranger);
    assert_eq!((end.addresses["v"][0].as_str(), end.addresses["thief"][0].as_str()), (ADDR, "172.17.0.3"));
    assert_eq!(status(&end)["target"], Value::Null);
    let of_machine = |name, jobs: Vec<Act>| {
        let end = sweep(name, all([start("v"), jobs, vec![target("v", "thief", "node2", "j")]]));
        assert_eq!((phase_of(&end, SOURCE), phase_of(&end, "thief")), ("Running", "Pending"), "{name}");
        assert_eq!(status(&end)["target"], Value::Null, "{name}");
    };
    of_machine("without a migration", Vec::new());
    of_machine("asked for, and not taken up", vec![migration("j", "v", json!({}))]);
    of_machine("failed", vec![migrate("j", "v"), phase("j", "Failed")]);
    of_machine("succeeded", vec![migrate("j", "v"), phase("j", "Succeeded")]);
    of_machine("of another machine", vec![migrate("j", "w")]);
    let end = sweep("the name alone", all([start("v"), vec![migrate("j", "v"), launch("v", "thief", "node2", mark)]]));
    assert_eq!((phase_of(&end, SOURCE), phase_of(&end, "thief")), ("Running", "Pending"));
    let other = vec![migrate("j", "v"), target("w", "launcher-w-2", "node2", "j")];
    let end = sweep("a pod of another machine", all([start("v"), start("w"), other]));
    assert_eq!((end.pods["launcher-w-2"].0.as_str(), end.claims.len()), ("Pending", 2));
}

#[test]
fn a_machine_with_two_nics_and_both_families_migrates_with_all_it_has() {
    let nads = ["macvlan", "dual"];
    let on_both = json!({NETWORKS: "macvlan,dual"});
    let up = vec![dual(), vm("v", &nads), instance("v", &nads), launch("v", SOURCE, "node1", on_both.clone())];
    let moves = vec![migrate("j", "v"), target_with("v", "two", "node2", "j", &on_both)];
    let end = sweep("two nics", all([up.clone(), moves.clone()]));
    assert_eq!((end.pods[SOURCE].0.as_str(), end.pods["two"].0.as_str()), ("Running", "Running"));
    assert_eq!((end.claims.len(), end.answers, end.pods["two"].1.len()), (3, 3, 3));
    let end = sweep("two nics, moved", all([up, moves, vec![phase("j", "Succeeded"), exit(SOURCE)]]));
    assert_eq!((end.claims.len(), end.answers, end.pods["two"].0.as_str()), (3, 3, "Running"));
    assert!(end.claim_statuses.values().all(|status| status["target"].is_null()));
}

#[test]
fn a_controller_that_takes_over_in_the_middle_of_a_migration_ends_it_the_same() {
    for ends in [vec![phase("j", "Succeeded"), exit(SOURCE)], vec![phase("j", "Failed"), exit("two")]] {
        hand_overs(&Story { name: "migration", acts: all([both(), ends]) });
    }
}
