//! Dumps: what `kubectl get -o json|yaml` printed, and snapshots, as slim objects.
//!
//! In: files, folders, standard input; JSON or YAML, compressed or not. Out: [`Loaded`]: the objects in the order of the
//! inputs, what each list says of its completeness, and what could not be read, with its place. Guarantees: memory for a
//! few batches and one object beside the result, whatever the input ([`limits`]); no input panics or overflows the stack;
//! what comes before a fault, and what stands elsewhere, is read all the same; the same input gives the same result,
//! whatever the threads do. Also writes snapshots: the part of objects that an audit reads, and nothing else.

mod input;
mod json;
pub mod limits;
mod lines;
mod load;
mod loaded;
mod names;
mod shape;
mod sniff;
mod snapshot;
mod source;
mod work;
mod yaml;

pub use input::{Input, InputError};
pub use load::{Options, load};
pub use loaded::{ListFact, Loaded, Position, Progress, Unreadable};
pub use snapshot::{Manifest, Outcome, SnapshotError, SnapshotWriter, Start};
