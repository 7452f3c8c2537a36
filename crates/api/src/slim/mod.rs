//! Slim, tolerant readers: JSON of one object in, what is decided on out.
//!
//! In: the bytes of one object and its kind. Out: [`Parsed`]: the object, and every field that could not be read with
//! its path and reason; or [`Unreadable`], where not even its identity is there. Guarantees: no panic on any input; one
//! bad field costs that field and nothing else; an address that cannot be read stays visible as such (`Field::Bad`), so
//! that it counts as held and never as free.

mod bad;
mod counter;
mod field;
mod json;
mod kind;
mod meta;
mod nad;
mod objects;
mod pairs;
mod read;
pub mod skip;
mod sound;
mod text;
mod time;
mod word;

pub use bad::{Bad, Malformed, Path};
pub use counter::Counter;
pub use field::{Field, Str};
pub use kind::Kind;
pub use meta::{Meta, Owner, Uid, is_read_annotation};
pub use nad::{NadConfig, NadIpam, NadManager, NadPlugin, NotCni};
pub use objects::*;
pub use pairs::Pairs;
pub use read::{HasMeta, Object, Parsed, Unreadable, read, read_claim};
pub use sound::Sound;
pub use text::{Exclude, ExcludeForm, InternalCidr, PoolEntry, Spelled};
pub use time::{Newest, NotATime, Time};
pub use word::{Phase, PodType, RestartPolicy};
