//! Loading from text, for tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test file uses its share.

use api::slim::{Kind, Parsed};
use dump::{Input, Loaded, Options, load};
use std::io::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Loads inputs with so many threads.
pub fn load_with(inputs: Vec<Input>, threads: usize) -> Loaded {
    let options = Options { threads: NonZero::new(threads) };
    let loaded = load(inputs, &options, &|_| {}).unwrap();
    for unreadable in &loaded.unreadable {
        eprintln!("{unreadable}");
    }
    loaded
}

/// A text as an input that can be read once.
pub fn reader(text: impl Into<Vec<u8>>) -> Input {
    Input::Reader { name: "input".to_owned(), reader: Box::new(std::io::Cursor::new(text.into())) }
}

/// Loads a text.
pub fn text(text: impl Into<Vec<u8>>) -> Loaded {
    load_with(vec![reader(text)], 2)
}

/// Loads a text from a file of this name.
pub fn file(name: &str, text: impl AsRef<[u8]>) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    load_with(vec![path.as_path().into()], 2)
}

/// Compresses.
pub fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// All objects.
pub fn objects(loaded: &Loaded) -> Vec<&Parsed> {
    loaded.objects.iter().flatten().collect()
}

/// `Kind namespace/name` of all objects.
pub fn names(loaded: &Loaded) -> Vec<String> {
    let name = |parsed: &&Parsed| {
        let meta = parsed.object.meta();
        let kind: Kind = parsed.object.kind();
        match meta.namespace.as_str() {
            "" => format!("{kind} {}", meta.name),
            namespace => format!("{kind} {namespace}/{}", meta.name),
        }
    };
    objects(loaded).iter().map(name).collect()
}

/// The JSON of an IP object.
pub fn ip(name: &str) -> String {
    format!(r#"{{"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{{"name":"{name}"}},"spec":{{"v4IpAddress":"10.0.0.2"}}}}"#)
}

/// The JSON of a `kind: List`.
pub fn list(items: &[String]) -> String {
    format!(r#"{{"apiVersion":"v1","items":[{}],"kind":"List","metadata":{{"resourceVersion":""}}}}"#, items.join(","))
}
