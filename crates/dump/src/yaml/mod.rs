//! YAML, the slow path: cut into items by its lines, each then turned into JSON.
//!
//! `kubectl get -o yaml` prints one document with a list of any length. A YAML parser would have to hold all of it, on one
//! thread; so [`split`] cuts it at the lines where items begin, as long as it is laid out in block style, and [`convert`]
//! makes each item JSON, which then takes the same way as all JSON. What is laid out otherwise is read as a whole, up to
//! [`crate::limits::MAX_OBJECT`].

mod convert;
mod split;

pub(crate) use convert::to_json;
pub(crate) use split::{Splitter, identify};
