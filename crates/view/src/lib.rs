//! What people and programs read: view models, and their rendering as text.
//!
//! In: a [`engine::Report`], or a [`engine::Context`] with it. Out: models that serialise to JSON and YAML, and text for a
//! terminal or a ticket. Guarantees: pure; the same input gives the same text, byte for byte; text out of the cluster
//! reaches a terminal without its control characters; no work grows with the size of a CIDR. Knows nothing of where the
//! objects came from.

pub mod audit;
pub mod explain;
pub mod holder;
mod lens;
pub mod look;
mod number;
mod object;
pub mod plan;
pub(crate) mod run;
pub mod show;
mod state;
pub mod subnet;
mod table;
pub mod text;
pub mod who;
pub mod why;

pub use lens::Lens;
pub use look::Look;
pub use number::{Number, SignedNumber};
pub use object::ObjectName;
pub use state::State;
