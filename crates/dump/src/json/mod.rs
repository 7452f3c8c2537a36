//! JSON, the fast path: cutting a stream into objects, and copying of each what is read of it.
//!
//! Two passes over the text, both 64 bytes at a time: [`split`] finds where objects begin and end, and is the only part
//! that sees the stream in order; [`walk`] checks one object and keeps what its reader asks for, on any thread. What is
//! kept is a tenth of a pod, and only that goes through a JSON parser.

pub(crate) mod block;
pub(crate) mod fault;
pub(crate) mod header;
mod redact;
pub(crate) mod split;
pub(crate) mod tokens;
pub(crate) mod walk;
