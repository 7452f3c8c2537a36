//! Writing a snapshot.
//!
//! In: raw objects, kind by kind. Out: the snapshot. Guarantees: one object in memory at a time; an object that this
//! program cannot read is written as it can be read, or refused with its name; nothing is written that is not read.

use super::{API_VERSION, END, FORMAT, MANIFEST, resource};
use crate::json::fault::Fault;
use crate::json::tokens::Tokens;
use crate::json::walk::{Walk, identify};
use crate::limits::MAX_OBJECT;
use crate::shape::Shape;
use api::slim::{Kind, Time};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::{self, Write};

/// What is known when a snapshot begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The server's time.
    pub taken: Time,
    /// The server's address or name, for people.
    pub server: String,
    /// The order in which kinds are going to be listed: records before holders.
    pub order: Vec<Kind>,
}

/// What is known when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Kinds that were listed to the end.
    pub complete: Vec<Kind>,
    /// Kinds that the server does not know.
    pub absent: Vec<Kind>,
    /// Kinds that may not be listed.
    pub forbidden: Vec<Kind>,
}

/// Why an object is not in a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It cannot be written.
    #[error("cannot write the snapshot")]
    Write(#[from] io::Error),
    /// It is no JSON object, or too large.
    #[error("{kind} {name} is not for a snapshot: {reason} at byte {offset}")]
    Object {
        /// Its kind.
        kind: Kind,
        /// Its name, as far as that can be made out.
        name: String,
        /// What is wrong with it.
        reason: String,
        /// Where in its text.
        offset: usize,
    },
}

/// See the module.
pub struct SnapshotWriter<W: Write> {
    out: Out<W>,
    objects: u64,
    tokens: Tokens,
    line: Vec<u8>,
}

enum Out<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins a snapshot. `out` should be buffered.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W, gzip: bool, start: &Start) -> io::Result<Self> {
        let mut out =
            if gzip { Out::Gzip(GzEncoder::new(out, Compression::fast())) } else { Out::Plain(out) };
        let order: Vec<String> = start.order.iter().copied().map(resource).collect();
        let first = json!({
            "apiVersion": API_VERSION, "kind": MANIFEST, "format": FORMAT, "taken": start.taken.to_string(),
            "server": start.server, "order": order
        });
        writeln!(out, "{first}")?;
        Ok(Self { out, objects: 0, tokens: Tokens::default(), line: Vec::new() })
    }

    /// Adds an object in JSON, as the API server gave it; items of typed lists have no kind, and get one.
    ///
    /// # Errors
    /// It is no JSON object, too large, or cannot be written.
    pub fn add(&mut self, kind: Kind, json: &[u8]) -> Result<(), SnapshotError> {
        self.redact(kind, json).map_err(|fault| SnapshotError::Object {
            kind,
            name: identify(json).1.unwrap_or_else(|| "without a name".to_owned()),
            reason: fault.reason.into_owned(),
            offset: fault.at,
        })?;
        self.out.write_all(&self.line)?;
        self.objects += 1;
        Ok(())
    }

    /// Puts the line of an object together.
    fn redact(&mut self, kind: Kind, json: &[u8]) -> Result<(), Fault> {
        if json.len() > MAX_OBJECT {
            return Err(Fault::new(0, format!("larger than {} MiB", MAX_OBJECT >> 20)));
        }
        self.line.clear();
        // `{"apiVersion":"...","kind":"..."` of our own, then the fields without the bracket that opens them.
        let head = json!({ "apiVersion": kind.api_version(), "kind": kind.name() }).to_string();
        self.line.extend_from_slice(&head.as_bytes()[..head.len() - 1]);
        let head = self.line.len();
        self.tokens.index(json);
        let mut walk = Walk::redacting(json, &self.tokens);
        let walked = if walk.peek() == b'{' {
            walk.keep(Shape::of(kind), &mut self.line).and_then(|()| walk.end())
        } else {
            Err(walk.fault("an object"))
        };
        if let Some(fault) = self.tokens.first_fault(walked.err()) {
            return Err(fault);
        }
        if self.line.get(head + 1) == Some(&b'}') {
            self.line.remove(head);
        } else {
            self.line[head] = b',';
        }
        self.line.push(b'\n');
        Ok(())
    }

    /// Ends the snapshot: without this it is worth nothing.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self, outcome: &Outcome) -> io::Result<W> {
        let names = |kinds: &[Kind]| kinds.iter().copied().map(resource).collect::<Vec<_>>();
        let last = json!({
            "apiVersion": API_VERSION, "kind": END, "objects": self.objects, "complete": names(&outcome.complete),
            "absent": names(&outcome.absent), "forbidden": names(&outcome.forbidden)
        });
        writeln!(self.out, "{last}")?;
        let mut out = match self.out {
            Out::Plain(out) => out,
            Out::Gzip(out) => out.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}
