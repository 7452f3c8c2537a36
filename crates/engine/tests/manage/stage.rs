//! What all these tests begin with.
//!
//! In: JSON. Out: objects, the inputs that end the first lists, an engine that has taken them in. Guarantees: one time, unless a
//! test says another.

use api::slim::{Kind, Object, Time, read};
use engine::manage::{Action, Command, Engine, Input, NEEDED, Outcome, Verb};
use serde_json::{Value, json};

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

/// An object that is seen, of metadata and a spec.
pub(crate) fn seen(kind: Kind, metadata: &Value, spec: &Value) -> Input {
    Input::Seen(object(kind, &json!({"metadata": metadata, "spec": spec})))
}

/// The claims that are asked for: address and holder.
pub(crate) fn claims(asked: &[Command]) -> Vec<String> {
    let claim = |command: &Command| match &command.action {
        Action::CreateClaim(claim) => Some(format!("{} for {}", claim.key.addr, claim.title)),
        _ => None,
    };
    asked.iter().filter_map(claim).collect()
}

/// Whether a claim is about to go.
pub(crate) fn gives_up(commands: &[Command]) -> bool {
    commands.iter().any(|command| matches!(command.action, Action::ReadOwner { .. } | Action::DeleteClaim { .. }))
}

/// A Subnet of seven addresses on the wire `macvlan.default`.
pub(crate) fn subnet(annotations: &Value) -> Input {
    let spec = json!({"cidrBlock": "10.0.0.0/29", "gateway": "10.0.0.1", "provider": "macvlan.default"});
    let meta = json!({"name": "s", "uid": "s", "resourceVersion": "1", "annotations": annotations});
    Input::Seen(object(Kind::Subnet, &json!({"metadata": meta, "spec": spec})))
}

/// The StatefulSet `db`, whose pods ask for a NIC on it.
pub(crate) fn set(replicas: u8) -> Input {
    let annotations = json!({"k8s.v1.cni.cncf.io/networks": "macvlan"});
    let spec = json!({"replicas": replicas, "template": {"metadata": {"annotations": annotations}}});
    let meta = json!({"name": "db", "namespace": "default", "uid": "set", "resourceVersion": "2"});
    Input::Seen(object(Kind::StatefulSet, &json!({"metadata": meta, "spec": spec})))
}

/// The claim of its first ordinal, which a pod uses or none.
pub(crate) fn claim_of_set(version: &str, user: Option<&str>, conditions: &Value) -> Input {
    claim_on_wire("macvlan.default", version, user, conditions)
}

/// The same on a wire that is called as somebody likes.
pub(crate) fn claim_on_wire(wire: &str, version: &str, user: Option<&str>, conditions: &Value) -> Input {
    let occupant = user.map(|uid| json!({"podUID": uid, "namespace": "default", "name": "db-0", "node": "n1"}));
    let meta = json!({"name": format!("{wire}.10.0.0.2"), "uid": "c", "resourceVersion": version});
    let holder = json!({"kind": "StatefulSet", "namespace": "default", "name": "db-0", "nic": "net1"});
    let spec = json!({"wire": wire, "address": "10.0.0.2", "subnet": "s", "holder": holder});
    let status = json!({"occupant": occupant, "conditions": conditions});
    Input::Seen(object(Kind::AddressClaim, &json!({"metadata": meta, "spec": spec, "status": status})))
}

/// What is asked for once all that is asked for by reading is not there, so many seconds later.
pub(crate) fn miss(engine: &mut Engine, mut commands: Vec<Command>, seconds: i64) -> Vec<Command> {
    let is_read = |command: &&Command| command.action.call().verb == Verb::Get;
    while let Some(read) = commands.iter().find(is_read).map(|command| command.id) {
        commands.retain(|command| command.id != read);
        commands.extend(engine.step(Input::Done(read, Outcome::Missing), at(seconds)));
    }
    commands
}
