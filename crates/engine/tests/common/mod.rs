//! Worlds for tests: from JSON in the test, or from a folder of `kubectl get -o json` files.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // Each test file uses its share.

use api::slim::{Kind, read};
use engine::world::{Builder, Settings};
use engine::{Finding, Report, World, judge};
use serde_json::Value;
use std::path::Path;

/// Collects objects given as JSON.
#[derive(Default)]
pub struct Cluster(Vec<Value>);

impl Cluster {
    /// An empty cluster.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an object.
    #[must_use]
    pub fn with(mut self, object: Value) -> Self {
        self.0.push(object);
        self
    }

    /// A world in which every kind is known completely.
    pub fn world(&self) -> World {
        self.world_where(&Kind::ALL)
    }

    /// A world in which only these kinds are known completely.
    pub fn world_where(&self, complete: &[Kind]) -> World {
        let mut builder = Builder::default();
        for object in &self.0 {
            add(&mut builder, object);
        }
        for &kind in complete {
            builder.coverage().complete(kind);
        }
        builder.build(Settings::default())
    }

    /// Its report, printed for whoever has to read a failure.
    pub fn report(&self) -> Report {
        let report = judge(&self.world());
        print(&report);
        report
    }
}

/// Adds an object; those that cannot be read are added as such.
pub fn add(builder: &mut Builder, object: &Value) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let kind = Kind::from_api(text("apiVersion"), text("kind")).expect("a kind of ours");
    match read(kind, object.to_string().as_bytes()) {
        Ok(parsed) => builder.add(parsed),
        Err(unreadable) => builder.add_unreadable(unreadable),
    }
}

/// A world from a folder of Lists, all kinds complete.
pub fn folder(path: &str) -> World {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let mut files: Vec<_> =
        std::fs::read_dir(&path).expect("the folder is there").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut builder = Builder::default();
    for file in files {
        let list: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for item in list["items"].as_array().expect("a List") {
            add(&mut builder, item);
        }
    }
    Kind::ALL.into_iter().for_each(|kind| builder.coverage().complete(kind));
    builder.build(Settings::default())
}

/// Prints a report.
pub fn print(report: &Report) {
    for finding in &report.findings {
        eprintln!("{} {} {} {:?}", finding.severity, finding.certainty, finding.id, finding.subnet);
        eprintln!("    {}", finding.message);
        eprintln!(
            "    objects: {}",
            finding.objects.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ")
        );
        eprintln!("    follows: {:?}", finding.follows.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    for line in &report.not_judged {
        eprintln!("not judged: {line:?}");
    }
}

/// The ids of the findings.
pub fn ids(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.id.as_str()).collect()
}

/// The finding of that id.
#[track_caller]
pub fn finding<'a>(report: &'a Report, id: &str) -> &'a Finding {
    report
        .findings
        .iter()
        .find(|finding| finding.id.as_str() == id)
        .unwrap_or_else(|| panic!("no {id} in {:?}", ids(report)))
}
