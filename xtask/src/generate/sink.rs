//! Files of `kubectl get -o json`, written object by object.
//!
//! In: objects of one resource after the other, in any mixture. Out: one `kind: List` file per resource. Guarantees: one
//! object in memory at a time; every resource has a file, an empty one as well.

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Marks a number that JSON's usual types cannot hold; it is written without its quotes.
pub(super) const BARE: &str = "@bare@";
/// One write of this size per file costs less than a system call for every object.
const BUFFER: usize = 1 << 18;

/// The files of a dump.
pub(super) struct Sink {
    compact: bool,
    files: BTreeMap<&'static str, List>,
}

struct List {
    file: BufWriter<File>,
    objects: u64,
}

impl Sink {
    /// Opens a file for each resource.
    ///
    /// # Errors
    /// A file cannot be made.
    pub(super) fn new(folder: &Path, resources: &[&'static str], compact: bool) -> Result<Self> {
        let mut files = BTreeMap::new();
        for resource in resources {
            let path = folder.join(format!("{resource}.json"));
            let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
            let mut file = BufWriter::with_capacity(BUFFER, file);
            let head = if compact {
                "{\"apiVersion\":\"v1\",\"items\":["
            } else {
                "{\n    \"apiVersion\": \"v1\",\n    \"items\": ["
            };
            file.write_all(head.as_bytes())?;
            files.insert(*resource, List { file, objects: 0 });
        }
        Ok(Self { compact, files })
    }

    /// Writes an object.
    ///
    /// # Errors
    /// The disk is full, or the like.
    pub(super) fn put(&mut self, resource: &'static str, object: &Value) -> Result<()> {
        let list = self.files.get_mut(resource).with_context(|| format!("no file for {resource}"))?;
        let file = &mut list.file;
        if list.objects > 0 {
            file.write_all(b",")?;
        }
        list.objects += 1;
        if self.compact {
            file.write_all(&without_marks(serde_json::to_vec(object)?))?;
            return Ok(());
        }
        let mut text = Vec::with_capacity(8192);
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
        object.serialize(&mut serializer)?;
        for line in without_marks(text).split(|&byte| byte == b'\n') {
            file.write_all(b"\n        ")?;
            file.write_all(line)?;
        }
        Ok(())
    }

    /// Ends the lists; gives the number of objects of each resource.
    ///
    /// # Errors
    /// The disk is full, or the like.
    pub(super) fn finish(self) -> Result<BTreeMap<&'static str, u64>> {
        let mut counts = BTreeMap::new();
        for (resource, List { mut file, objects }) in self.files {
            let end = match (self.compact, objects) {
                (true, _) => "],\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"\"}}\n",
                (false, 0) => {
                    "],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
                }
                (false, _) => {
                    "\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
                }
            };
            file.write_all(end.as_bytes())?;
            file.flush().with_context(|| format!("cannot write {resource}.json"))?;
            counts.insert(resource, objects);
        }
        Ok(counts)
    }

    /// How many objects were written so far.
    pub(super) fn objects(&self) -> u64 {
        self.files.values().map(|list| list.objects).sum()
    }
}

/// Takes the quotes off marked numbers.
fn without_marks(text: Vec<u8>) -> Vec<u8> {
    // Only a Subnet's or a pool's status has any: most objects leave at once.
    match String::from_utf8(text) {
        Ok(text) if text.contains(BARE) => {
            text.replace(&format!("\"{BARE}"), "").replace(&format!("{BARE}\""), "").into_bytes()
        }
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    }
}
