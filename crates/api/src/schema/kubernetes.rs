//! Schemas of Kubernetes' own types inside ours.
//!
//! In: a type of `k8s-openapi`. Out: its schema without the descriptions, which `kubectl explain pod.spec` has and which
//! would be nine tenths of a CRD.

use k8s_openapi::api::core::v1::{Affinity, Toleration};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};

fn bare<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<T>();
    let without_description = |schema: &mut Schema| {
        schema.remove("description");
    };
    RecursiveTransform(without_description).transform(&mut schema);
    schema
}

/// Affinity of a pod.
pub(super) fn affinity(generator: &mut SchemaGenerator) -> Schema {
    bare::<Affinity>(generator)
}

/// Tolerations of a pod.
pub(super) fn tolerations(generator: &mut SchemaGenerator) -> Schema {
    bare::<Vec<Toleration>>(generator)
}
