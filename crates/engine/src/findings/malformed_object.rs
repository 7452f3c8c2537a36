//! `malformed-object`: a field that cannot be read.
//!
//! In: unreadable fields and objects, as the readers noted them. Out: one finding per object and path. Guarantees: the rest
//! of the object is used; what cannot be read is never taken as absent.

use super::out::Out;
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::judge::Context;
use crate::networks::networks_of_meta;
use crate::record::is_finished;
use api::slim::{Kind, Malformed, Meta};

/// What stands for the name of an object that has none.
const NO_NAME: &str = "(no name)";

/// Reports every unreadable field.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    for (object, malformed) in context.world.malformed.iter().chain(&context.records.malformed) {
        push(object, malformed, out);
    }
    for pod in context.world.pods.iter().filter(|pod| !is_finished(pod)) {
        networks(&ObjRef::of(Kind::Pod, pod), "metadata", &pod.meta, out);
    }
    let world = context.world;
    for set in world.stateful_sets.iter() {
        networks(&ObjRef::of(Kind::StatefulSet, set), "spec.template.metadata", &set.spec.template.meta, out);
    }
    for (kind, workloads) in [(Kind::Deployment, &world.deployments), (Kind::DaemonSet, &world.daemon_sets)] {
        for workload in workloads.iter() {
            networks(&ObjRef::of(kind, workload), "spec.template.metadata", &workload.spec.template.meta, out);
        }
    }
    for unreadable in &context.world.unreadable {
        let object = ObjRef::missing(unreadable.kind, "", unreadable.name.as_deref().unwrap_or(NO_NAME));
        push(&object, &Malformed { path: "the whole object".to_owned(), reason: unreadable.reason.clone() }, out);
    }
}

/// Reports the networks of a pod, or of a template for its pods, that cannot be read.
fn networks(object: &ObjRef, path: &str, meta: &Meta, out: &mut Out) {
    for (annotation, reason) in networks_of_meta(meta, &object.namespace).malformed {
        push(object, &Malformed { path: format!("{path}.annotations[{annotation}]"), reason }, out);
    }
}

/// Reports one unreadable field.
pub(super) fn push(object: &ObjRef, malformed: &Malformed, out: &mut Out) {
    let subject = format!("{}/{}/{}", object.kind.plural(), object.path(), malformed.path);
    out.push(Finding::new(Code::MalformedObject, &subject, Certainty::Proven, vec![object.clone()]).says(
        format!("{object}: {} cannot be read: {}", malformed.path, malformed.reason),
        "what cannot be read cannot be judged; an address in it counts as held until somebody can say which it is",
        fix(object, &malformed.path),
    ));
}

/// What a person does about it.
fn fix(object: &ObjRef, path: &str) -> String {
    let kind = object.kind.plural();
    // No API server has an object without a name: the dump was cut or edited.
    if object.name == *NO_NAME {
        return format!("dump {kind} again; a file that was edited may have lost the name");
    }
    let namespace = if object.namespace.is_empty() { String::new() } else { format!("-n {} ", object.namespace) };
    let target = format!("{namespace}{kind} {}", object.name);
    if path.starts_with("status.") {
        return format!(
            "never edit a status: have it written anew by a harmless change (`kubectl annotate {target} touched=1`)"
        );
    }
    format!("`kubectl edit {target}`: write {path} in its proper form")
}
