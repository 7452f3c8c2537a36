//! The second look: on a busy cluster what one list saw another may have missed.
//!
//! In: a reading and its report. Out: the report of what is still there when its objects are read again. Guarantees: every
//! error and warning is confirmed by a fresh read of its objects, and of those whose absence it was concluded from; what
//! dissolves is dropped; what could not be read again is only possible.

use crate::call::Cluster;
use crate::reading::{Live, slim};
use crate::reread::{ObjectName, Reread};
use api::slim::Kind;
use engine::finding::{Certainty, Severity};
use engine::report::UnreadableLine;
use engine::{Context, Report, World, judge, second_look};
use std::collections::{BTreeMap, BTreeSet};

/// How many objects are read again; a cluster with more findings than that is told by its first ones.
const MOST: usize = 5000;

/// A report whose findings were looked at twice.
#[derive(Debug)]
pub struct Confirmed {
    /// The world after the second look.
    pub world: World,
    /// Its report.
    pub report: Report,
    /// What could not be read.
    pub unreadable: Vec<UnreadableLine>,
    /// Findings of the first look that dissolved.
    pub dissolved: usize,
    /// Objects that were read again.
    pub reread: usize,
}

/// Looks again at what a reading shows.
pub async fn confirm(
    cluster: &Cluster,
    live: &mut Live,
    grace: i64,
    progress: &mut dyn FnMut(usize, usize),
) -> Confirmed {
    let (world, _) = live.world(grace);
    let first = judge(&world);
    let targets = targets(&world, &first);
    let all = targets.len();
    let answers = cluster.reread_all(targets.clone(), |seen| progress(seen, all)).await;
    let mut failed = BTreeSet::new();
    for (target, answer) in targets.into_iter().zip(answers) {
        take(live, &mut failed, target, answer);
    }
    let (world, unreadable) = live.world(grace);
    let mut report = judge(&world);
    let unread = |finding: &engine::Finding| {
        finding.objects.iter().any(|o| failed.contains(&object_name(o.kind, &o.namespace, &o.name)))
    };
    let known: BTreeMap<&str, ()> = first.findings.iter().map(|finding| (finding.id.as_str(), ())).collect();
    for finding in &mut report.findings {
        // What appears only now was not looked at twice.
        let new = !known.contains_key(finding.id.as_str());
        if finding.severity != Severity::Info && (new || unread(finding) || all == MOST) {
            finding.certainty = Certainty::Possible;
        }
    }
    let still: BTreeSet<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    let dissolved = first.findings.iter().filter(|finding| !still.contains(finding.id.as_str())).count();
    Confirmed { world, report, unreadable, dissolved, reread: all }
}

fn object_name(kind: Kind, namespace: &str, name: &str) -> ObjectName {
    ObjectName { kind, namespace: namespace.to_owned(), name: name.to_owned() }
}

fn targets(world: &World, report: &Report) -> Vec<ObjectName> {
    let context = Context::new(world);
    let mut targets = BTreeSet::new();
    for finding in report.findings.iter().filter(|finding| finding.severity != Severity::Info) {
        for (kind, namespace, name) in second_look::targets(&context, finding) {
            if targets.len() < MOST {
                targets.insert(object_name(kind, &namespace, &name));
            }
        }
    }
    targets.into_iter().collect()
}

fn take(live: &mut Live, failed: &mut BTreeSet<ObjectName>, target: ObjectName, answer: Reread) {
    let objects = live.objects.entry(target.kind).or_default();
    match answer {
        Reread::Found(json) => match serde_json::from_slice(&json) {
            Ok(object) => {
                objects.insert((target.namespace, target.name), slim(target.kind, &object));
            }
            Err(_) => {
                failed.insert(target);
            }
        },
        Reread::Gone => {
            objects.remove(&(target.namespace, target.name));
        }
        Reread::Failed(_) => {
            failed.insert(target);
        }
    }
}
