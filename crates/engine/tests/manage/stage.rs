//! What all these tests begin with.
//!
//! In: JSON. Out: objects, the inputs that end the first lists, an engine that has taken them in. Guarantees: one time, unless a
//! test says another.

use api::slim::{Kind, Object, Time, read};
use engine::manage::{Command, Engine, Input, NEEDED};
use serde_json::Value;

/// When everything happens.
pub(crate) const NOW: Time = Time(1_800_000_000);

/// So many seconds later.
pub(crate) fn at(seconds: i64) -> Time {
    Time(NOW.0 + seconds)
}

/// An object that is read without complaint.
pub(crate) fn object(kind: Kind, json: &Value) -> Object {
    read(kind, json.to_string().as_bytes()).unwrap().object
}

/// No Kube-OVN works beside it.
pub(crate) fn no_rival() -> [Input; 2] {
    [Input::RivalSeen(None), Input::RivalGateways(false)]
}

/// Everything was listed, and no Kube-OVN works beside it.
pub(crate) fn lists() -> impl Iterator<Item = Input> {
    NEEDED.map(Input::Listed).into_iter().chain(no_rival()).chain([Input::AgentsListed])
}

/// What an engine asks for when it is told this.
pub(crate) fn tell(engine: &mut Engine, inputs: impl IntoIterator<Item = Input>) -> Vec<Command> {
    inputs.into_iter().flat_map(|input| engine.step(input, NOW)).collect()
}
