//! A Kubernetes API server as a pure, deterministic state machine.
//!
//! In: [`Request`]s (method, path, query, body) and the time. Out: [`Response`]s, and the [`Event`]s of watches when they
//! are polled. Guarantees: no clock, no I/O, no randomness but a seed, no panic on any request; status codes, bodies,
//! versions and events as kube-apiserver 1.34 gives them, except for what docs/api-model/differences.md lists. On top of
//! it stand simulated cluster parts ([`cluster`]), each a function over the same requests that a real one would send.

mod admission;
mod apply;
mod base64;
mod binding;
mod cel;
pub mod cluster;
mod continuation;
mod crd;
mod create;
mod decode;
mod defaults;
mod delete;
mod discovery;
mod error;
mod eviction;
mod field;
mod fields;
mod ids;
mod json_patch;
mod kinds;
mod meta;
mod names;
mod namespace;
mod options;
mod patch;
mod pod;
mod present;
mod read;
mod reader;
mod registry;
mod request;
mod route;
mod scale;
mod schema;
mod selector;
mod server;
mod store;
mod strategy;
mod time;
mod update;
mod watch;
mod workload;

pub use crd::{definition_conditions, definitions_path};
pub use error::ApiError;
pub use ids::Ids;
pub use reader::syntax_error;
pub use request::{Body, List, Method, Request, Response, Unreadable};
pub use selector::{FieldSelector, LabelSelector};
pub use server::{Options, Server};
pub use time::Timestamp;
pub use watch::{Event, EventKind, WatchId};
