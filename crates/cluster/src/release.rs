//! Waiting until what was deleted is gone.
//!
//! In: an object that the server has taken a deletion of. Out: that it is gone, or why nobody can say so. Guarantees: gone is
//! what the server says of this very object, or that another one has its name; the number of looks is bounded. Kube-OVN's
//! controller gives the address back to its allocator and then takes its finalizer off: before that nothing is released.

use crate::call::Cluster;
use crate::reread::{ObjectName, Reread};
use engine::ObjRef;
use serde_json::Value;

/// How often a deleted object is looked at: with the default pauses a bit more than half a minute. A release takes
/// Kube-OVN about a second; a controller that changes leaders, half a minute.
const LOOKS: u32 = 10;

/// The first look comes much sooner than a failed read is tried again.
const QUICKER: u32 = 8;

/// Waits until an object is gone.
///
/// # Errors
/// It stays, or cannot be read: what to tell a person.
pub(crate) async fn until_gone(cluster: &Cluster, object: &ObjRef) -> Result<(), String> {
    let name = ObjectName { kind: object.kind, namespace: object.namespace.to_string(), name: object.name.to_string() };
    let mut pause = cluster.patience().pause / QUICKER;
    let mut waits_for = String::new();
    for _ in 0..LOOKS {
        match cluster.reread(&name, |_| {}).await {
            Reread::Gone => return Ok(()),
            Reread::Failed(error) => {
                return Err(format!("it was deleted; whether it is gone is not known: {}", error.in_full()));
            }
            Reread::Found(json) => {
                let found: Value = serde_json::from_slice(&json).unwrap_or_default();
                if found["metadata"]["uid"].as_str() != Some(object.uid.as_str()) {
                    return Ok(());
                }
                waits_for = finalizers(&found);
            }
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(cluster.patience().longest_pause);
    }
    Err(format!(
        "{object} was deleted and is still there, so nothing is released yet: it waits for {waits_for}. See that Kube-OVN's \
         controller runs, then run the plan again"
    ))
}

/// What holds an object.
fn finalizers(found: &Value) -> String {
    let list = found["metadata"]["finalizers"].as_array();
    let names: Vec<_> = list.into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { "the server".to_owned() } else { names.join(", ") }
}
