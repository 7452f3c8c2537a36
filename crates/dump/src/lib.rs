//! Reading what `kubectl get -o json|yaml` wrote: files, folders, standard input.
//!
//! In: inputs. Out: [`Loaded`]: slim objects in the order of the input, what each list says about completeness, and every
//! part that could not be read, with file and position. Guarantees: bounded memory beside the objects themselves; no input
//! makes it panic or overflow its stack; what was read before and beside a broken part is kept; the result does not depend
//! on how the work fell to the threads.
//!
//! JSON is the fast path: `split` finds the items of a List while the file streams by, and threads read them into slim
//! objects.

mod complete;
mod input;
mod load;
mod parse;
mod peek;
pub mod snapshot;
mod spare;
mod split;
mod yaml;

pub use complete::world;
pub use input::Input;
pub use load::{Limits, ListFact, Loaded, Options, PassedOver, Progress, Unreadable, load};
