//! The Kubernetes edge: what IPLedger knows of objects, names and text formats.
//!
//! In: JSON of Kubernetes and Kube-OVN objects. Out: typed values, or a typed reason why a field or an object cannot be
//! read. Guarantees: no input panics; an object with one bad field keeps its other fields; absent, null and zero are
//! read alike. Writes nothing. This crate and `cluster` are the only ones that import `kube` and `k8s-openapi`.
//!
//! * [`slim`]: tolerant readers that keep only what is decided on, so that a million objects fit in memory.
//! * [`schema`]: the complete objects, for CRDs and for writing.
//! * [`crds`]: the CustomResourceDefinitions made from them.
//! * [`names`]: annotation, label and finalizer names, port names, providers.

pub mod crds;
pub mod names;
pub mod schema;
pub mod slim;
