//! A repair plan: as a document that people read and edit, and `repair apply` reads back; and as text.
//!
//! In: a [`engine::repair::Plan`], or a document. Out: the other. Guarantees: nothing is lost either way; of a document only
//! what decides is believed (object, version, change, guards): the call that it shows is made anew from these; a key that
//! is not known is an error, since a misspelled guard would not guard.

mod document;
mod guard;
mod read;
mod render;

pub use document::{ActionDoc, Call, ChangeDoc, DecisionDoc, PlanDocument, Target};
pub use guard::GuardDoc;
pub use read::BadPlan;
pub use render::{action_text, render};
