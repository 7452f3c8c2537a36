//! Worlds for tests: from JSON in the test, or from a folder of `kubectl get -o json` files.
// Each test target uses its share; objects are written where they are passed.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::needless_pass_by_value)]

pub mod example;
pub mod kubeovn;
pub mod objects;

use api::slim::{Kind, read};
use engine::world::{Builder, Reading, Settings};
use engine::{Finding, Report, World, judge};
use serde_json::Value;
use std::path::Path;

/// Objects given as JSON, and how completely they are known.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The objects, in the order in which they are read.
    pub objects: Vec<Value>,
    /// The kinds that are known completely.
    pub complete: Vec<Kind>,
    /// The kinds that are known completely in some namespaces.
    pub complete_in: Vec<(Kind, &'static str)>,
    /// How the objects were read.
    pub settings: Settings,
}

impl Default for Cluster {
    fn default() -> Self {
        let settings = Settings::default();
        Self { objects: Vec::new(), complete: Kind::ALL.to_vec(), complete_in: Vec::new(), settings }
    }
}

impl Cluster {
    /// An empty cluster of which everything is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// With an object.
    #[must_use]
    pub fn with(mut self, object: Value) -> Self {
        self.objects.push(object);
        self
    }

    /// With several objects.
    #[must_use]
    pub fn with_all(mut self, objects: impl IntoIterator<Item = Value>) -> Self {
        self.objects.extend(objects);
        self
    }

    /// With an object changed by a merge patch (RFC 7386: null removes). Named as in reports: `Pod default/p1`.
    #[must_use]
    #[track_caller]
    pub fn patched(mut self, path: &str, patch: Value) -> Self {
        let at = self.position(path);
        objects::merge(&mut self.objects[at], patch);
        self
    }

    /// Without an object.
    #[must_use]
    #[track_caller]
    pub fn without(mut self, path: &str) -> Self {
        let at = self.position(path);
        self.objects.remove(at);
        self
    }

    /// Without several objects.
    #[must_use]
    #[track_caller]
    pub fn without_all(self, paths: &[&str]) -> Self {
        paths.iter().fold(self, |cluster, path| cluster.without(path))
    }

    /// With the status of every Subnet and IPPool as Kube-OVN would write it now.
    #[must_use]
    pub fn recounted(mut self) -> Self {
        kubeovn::write_status(&mut self.objects);
        self
    }

    /// With these kinds not known completely.
    #[must_use]
    pub fn partial(mut self, kinds: &[Kind]) -> Self {
        self.complete.retain(|kind| !kinds.contains(kind));
        self
    }

    /// As a live audit or a snapshot reads it: records before holders.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        self.settings.reading = Reading::Ordered;
        self
    }

    /// An object, as it stands there.
    #[track_caller]
    pub fn get(&self, path: &str) -> &Value {
        &self.objects[self.position(path)]
    }

    #[track_caller]
    fn position(&self, path: &str) -> usize {
        let found = self.objects.iter().position(|object| objects::path_of(object) == path);
        found.unwrap_or_else(|| panic!("no {path} in the cluster"))
    }

    /// The world.
    pub fn world(&self) -> World {
        let mut builder = Builder::default();
        for object in &self.objects {
            add(&mut builder, object);
        }
        for &kind in &self.complete {
            builder.coverage().complete(kind);
        }
        for &(kind, namespace) in &self.complete_in {
            builder.coverage().complete_in(kind, [namespace.into()]);
        }
        builder.build(self.settings)
    }

    /// Its report, printed for whoever has to read a failure.
    pub fn report(&self) -> Report {
        let report = judge(&self.world());
        print(&report);
        report
    }

    /// Asserts that the report has exactly these findings, written as [`line`] does, in any order.
    #[track_caller]
    pub fn finds(&self, expected: &[&str]) -> Report {
        let report = self.report();
        let mut found: Vec<String> = report.findings.iter().map(line).collect();
        let mut expected: Vec<String> = expected.iter().map(|&line| line.to_owned()).collect();
        found.sort();
        expected.sort();
        let missed: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
        let surplus: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
        assert!(
            missed.is_empty() && surplus.is_empty() && found.len() == expected.len(),
            "expected, not found: {missed:#?}\nfound, not expected: {surplus:#?}"
        );
        report
    }
}

/// A finding in one line: `error proven code:subject @ Kind namespace/name = addresses < causes`.
pub fn line(finding: &Finding) -> String {
    let mut line = format!("{} {} {}", finding.severity, finding.certainty, finding.id);
    line += &format!(" @ {}", finding.objects.first().map_or_else(|| "nothing".to_owned(), ToString::to_string));
    if !finding.addresses.is_empty() {
        line += &format!(" = {}", finding.addresses.join(" "));
    }
    if !finding.follows.is_empty() {
        let mut causes: Vec<String> = finding.follows.iter().map(ToString::to_string).collect();
        causes.sort();
        line += &format!(" < {}", causes.join(" "));
    }
    line
}

/// What could not be judged: `leaked-ip: Pod StatefulSet (3)`.
pub fn not_judged(report: &Report) -> Vec<String> {
    let kinds = |kinds: &[Kind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ");
    report.not_judged.iter().map(|line| format!("{}: {} ({})", line.code, kinds(&line.missing), line.objects)).collect()
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
        eprintln!("{}", line(finding));
        eprintln!("    {}", finding.message);
        let objects: Vec<String> = finding.objects.iter().take(8).map(ToString::to_string).collect();
        eprintln!("    {:?}: {}", finding.subnet, objects.join(", "));
    }
    for line in not_judged(report) {
        eprintln!("not judged: {line}");
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
