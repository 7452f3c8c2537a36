//! `malformed-object`: a field that cannot be read.
//!
//! In: unreadable fields and objects, as the readers noted them. Out: one finding per object and path. Guarantees: the rest
//! of the object is used; what cannot be read is never taken as absent.

use super::out::Out;
use crate::finding::{Certainty, Code, Finding, ObjRef};
use crate::judge::Context;
use crate::networks::networks_of_meta;
use crate::record::is_finished;
use api::slim::{Kind, Malformed};

/// Reports every unreadable field.
pub(super) fn check(context: &Context<'_>, out: &mut Out) {
    for (object, malformed) in context.world.malformed.iter().chain(&context.records.malformed) {
        push(object, malformed, out);
    }
    for pod in context.world.pods.iter().filter(|pod| !is_finished(pod)) {
        for (annotation, reason) in networks_of_meta(&pod.meta, &pod.meta.namespace).malformed {
            let malformed = Malformed { path: format!("metadata.annotations[{annotation}]"), reason };
            push(&ObjRef::of(Kind::Pod, pod), &malformed, out);
        }
    }
    for unreadable in &context.world.unreadable {
        let object = ObjRef::missing(unreadable.kind, "", unreadable.name.as_deref().unwrap_or("(no name)"));
        push(&object, &Malformed { path: "the whole object".to_owned(), reason: unreadable.reason.clone() }, out);
    }
}

/// Reports one unreadable field.
pub(super) fn push(object: &ObjRef, malformed: &Malformed, out: &mut Out) {
    let subject = format!("{}/{}/{}", object.kind.plural(), object.path(), malformed.path);
    out.push(Finding::new(Code::MalformedObject, &subject, Certainty::Proven, vec![object.clone()]).says(
        format!("{object}: {} cannot be read: {}", malformed.path, malformed.reason),
        "what cannot be read cannot be judged; an address in it counts as held until somebody can say which it is",
        format!("kubectl edit {} {}: write {} in its proper form", object.kind.plural(), object.path(), malformed.path),
    ));
}
