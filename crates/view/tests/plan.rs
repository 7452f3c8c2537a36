//! A plan survives the way to a file and back, and what could do harm is refused.

mod common;

use common::one_of_everything;
use engine::repair::{Plan, plan};
use engine::{Context, findings};
use view::Look;
use view::plan::{BadPlan, PlanDocument};

fn planned() -> Plan {
    let world = one_of_everything().world();
    let context = Context::new(&world);
    plan(&context, &findings::all(&context))
}

#[test]
fn a_plan_comes_back_from_its_document_as_it_was() {
    let plan = planned();
    assert!(!plan.actions.is_empty() && !plan.decisions.is_empty());
    let text = serde_json::to_string_pretty(&PlanDocument::from(&plan)).expect("it serialises");
    insta::assert_snapshot!("plan_json", text);
    let document: PlanDocument = serde_json::from_str(&text).expect("it is a plan");
    assert_eq!(Plan::try_from(&document), Ok(plan));
}

#[test]
fn the_plan_reads_well() {
    insta::assert_snapshot!("plan_text", view::plan::render(&planned(), &Look::default()));
}

#[test]
fn an_action_without_its_preconditions_is_refused() {
    let sound = PlanDocument::from(&planned());
    let refused = |spoil: fn(&mut PlanDocument)| {
        let mut document = sound.clone();
        spoil(&mut document);
        Plan::try_from(&document).expect_err("it is refused").to_string()
    };
    assert!(refused(|plan| plan.actions[0].guards.clear()).contains("nothing guards it"));
    assert!(refused(|plan| plan.actions[0].object.uid.clear()).contains("no uid"));
    assert!(refused(|plan| plan.actions[0].resource_version.clear()).contains("no resourceVersion"));
    assert!(refused(|plan| plan.actions[0].object.kind = "Secret".to_owned()).contains("no kind"));
    assert!(matches!(
        Plan::try_from(&PlanDocument { kind: "List".to_owned(), ..sound.clone() }),
        Err(BadPlan::NotAPlan { .. })
    ));
}

#[test]
fn a_guard_that_is_misspelled_is_an_error() {
    let text = serde_json::to_string(&PlanDocument::from(&planned())).expect("it serialises");
    assert!(text.contains("ordinalBeyond"));
    assert!(serde_json::from_str::<PlanDocument>(&text.replace("ordinalBeyond", "ordinalBelow")).is_err());
    assert!(serde_json::from_str::<PlanDocument>(&text.replace("\"guards\"", "\"guard\"")).is_err());
}
