//! Label and field selectors.
//!
//! In: selector text. Out: [`LabelSelector`], [`FieldSelector`] and whether an object matches. Guarantees: the grammar of
//! `k8s.io/apimachinery/pkg/labels/selector.go` and `pkg/fields/selector.go`.

mod field;
mod grammar;
mod label;

pub use field::FieldSelector;
pub use label::LabelSelector;
