//! Addresses that rest, and another controller that ends the rest.

use super::stage::{at, claim_of_set, lists, set, subnet, tell};
use api::slim::Kind;
use engine::manage::{Action, Engine, Input, Outcome, Settings};
use serde_json::json;

/// The claim of an ordinal: it rests, or the next pod has it.
fn claim(version: &str, user: Option<&str>) -> Input {
    let is_resting = if user.is_some() { "False" } else { "True" };
    let condition = json!({"type": "CoolingDown", "status": is_resting, "reason": "Cooldown", "message": "",
        "lastTransitionTime": "2027-01-15T08:00:00Z"});
    claim_of_set(version, user, &json!([condition]))
}

#[test]
fn an_address_that_another_controller_gave_to_the_next_pod_does_not_rest() {
    let mut engine = Engine::new(Settings::default());
    let cluster = [subnet(&json!({"ipledger.dev/cooldown": "1h"})), set(0), claim("3", None)];
    let asked = tell(&mut engine, cluster.into_iter().chain(lists()));
    tell(&mut engine, asked.iter().map(|command| Input::Done(command.id, Outcome::Done(None))));
    // The other one knows already that the set was scaled up, and this one does not.
    let asked = engine.step(claim("4", Some("p")), at(60));
    let says = asked.iter().find_map(|command| match &command.action {
        Action::Write(write) if write.kind == Kind::AddressClaim => Some(command.action.call().body),
        _ => None,
    });
    assert_eq!(says, None, "of an address in use nobody says that it rests");
}
