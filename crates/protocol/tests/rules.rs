//! All rules: nothing breaks in any world. One left out: something does, and the shortest way there is told.
//! `cargo test -p protocol --test rules -- --nocapture` prints the stories.
#![allow(clippy::unwrap_used)]

use protocol::catalog::{Break, CASES, Case, DEEDS, FAMILY_ORDER, NOT_FOR_UNIQUENESS, SPARE, TOGETHER, WORLDS, world};
use protocol::{Found, Invariant, Rule, Rules, Shape, search, search_for};

const UNIQUENESS: [Invariant; 2] = [Invariant::Wire, Invariant::Paper];

/// Looks at every state; a story if one of them breaks an invariant.
fn must_hold(name: &str, shape: Shape, rules: Rules, invariants: &[Invariant]) {
    let found = search(shape, rules, invariants, &mut |_| {});
    assert!(found.story.is_none(), "{name}, {rules:?}: {}", told(&found));
    eprintln!("{name}, {rules:?}: {} states, {} steps, depth {}", found.states, found.steps, found.depth);
}

fn told(found: &Found) -> String {
    let Some((name, story)) = &found.story else { return "nothing found".to_owned() };
    let lines: Vec<String> = story.iter().enumerate().map(|(at, line)| format!("  {:2}. {line}\n", at + 1)).collect();
    format!("broken in {} steps: {name}\n{}", story.len(), lines.concat())
}

fn must_break(case: &Case, families: &str, place: Break) {
    let rules = Rules::without(case.left_out);
    let found = search(place.shape, rules, &[place.invariant], &mut |_| {});
    let (name, _) = found.story.as_ref().unwrap_or_else(|| panic!("{rules:?}, {families}: nothing breaks"));
    assert_eq!(*name, place.invariant.name());
    eprintln!("rule {}, {rules:?}, {families}: {}", case.number, told(&found));
}

#[test]
fn with_all_rules_every_state_of_every_v4_world_keeps_every_invariant() {
    for world in WORLDS.iter().filter(|world| !world.long && !world.shape.dual) {
        must_hold(world.name, world.shape, Rules::ALL, &Invariant::ALL);
    }
}

#[test]
fn with_all_rules_every_state_of_every_dual_world_keeps_every_invariant() {
    for world in WORLDS.iter().filter(|world| !world.long && world.shape.dual) {
        must_hold(world.name, world.shape, Rules::ALL, &Invariant::ALL);
    }
}

#[test]
fn each_rule_left_out_has_a_counterexample_with_ipv4_alone() {
    for case in &CASES {
        must_break(case, "v4", case.v4);
        // It is the rule that makes the difference, and not the world.
        must_hold("with the rule", case.v4.shape, Rules::ALL, &Invariant::ALL);
    }
}

#[test]
fn each_rule_left_out_has_a_counterexample_with_two_families() {
    CASES.iter().for_each(|case| must_break(case, "dual", case.dual));
}

#[test]
#[ignore = "takes minutes: two users of both addresses of a NIC"]
fn each_rule_left_out_gives_two_users_of_both_addresses_of_a_nic_where_it_does_of_one() {
    for case in &CASES {
        if let Some(place) = case.dual_long {
            must_break(case, "dual, to the end", place);
        }
    }
}

#[test]
fn addresses_that_are_not_planned_together_leave_a_nic_with_one_family() {
    let found = search(TOGETHER.shape, Rules::without(&[Rule::Together]), &[TOGETHER.invariant], &mut |_| {});
    assert!(found.story.is_some());
    eprintln!("not together: {}", told(&found));
}

#[test]
fn families_that_are_asked_for_at_once_leave_two_nics_with_a_half_each() {
    let found =
        search(FAMILY_ORDER.shape, Rules::without(&[Rule::FamilyOrder]), &[FAMILY_ORDER.invariant], &mut |_| {});
    assert!(found.story.is_some());
    eprintln!("at once: {}", told(&found));
}

#[test]
fn every_rule_is_left_out_somewhere() {
    for rule in Rule::ALL {
        let breaks = CASES.iter().any(|case| case.left_out == [rule]);
        assert_ne!(breaks || matches!(rule, Rule::Together | Rule::FamilyOrder), SPARE.contains(&rule), "{rule:?}");
    }
}

#[test]
fn the_parts_that_another_makes_up_for_break_nothing_alone() {
    for rule in SPARE {
        for name in ["alone", "ordinal", "surplus", "three"] {
            must_hold(name, world(name).unwrap().shape, Rules::without(&[rule]), &Invariant::ALL);
        }
    }
}

#[test]
fn the_parts_that_are_not_for_uniqueness_break_it_nowhere() {
    for rule in NOT_FOR_UNIQUENESS {
        for name in ["alone", "alone-dual", "ordinal", "surplus"] {
            must_hold(name, world(name).unwrap().shape, Rules::without(&[rule]), &UNIQUENESS);
        }
    }
}

#[test]
fn what_must_be_possible_is() {
    for (deed, name) in DEEDS {
        let shape = Shape { traced: true, ..world(name).unwrap().shape };
        let found = search_for(shape, Rules::ALL, deed, &mut |_| {});
        let (_, story) = found.story.as_ref().unwrap_or_else(|| panic!("{name}: never: {}", deed.name()));
        eprintln!("{name}: {} in {} steps\n  {}", deed.name(), story.len(), story.join("\n  "));
    }
}
