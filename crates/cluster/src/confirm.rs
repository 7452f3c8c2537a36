//! The second look: on a busy cluster what one list saw another may have missed.
//!
//! In: a reading and its report. Out: the report of what is still there when its objects are read again. Guarantees: every
//! error and warning is confirmed by a fresh read of its objects, and of those whose absence it was concluded from; what
//! dissolves is dropped; what could not be read again is only possible.

use super::call::{Answer, get};
use super::reading::{Live, slim};
use api::slim::Kind;
use engine::finding::{Certainty, Severity};
use engine::report::UnreadableLine;
use engine::{Context, Report, World, judge, second_look};
use kube::Client;
use std::collections::{BTreeMap, BTreeSet};

/// How many objects are read again; a cluster with more findings than that is told by its first ones.
const MOST: usize = 5000;

/// How many reads are on their way at a time.
const AT_ONCE: usize = 8;

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

type Target = (Kind, String, String);

/// Looks again at what a reading shows.
pub async fn confirm(
    client: &Client,
    live: &mut Live,
    grace: i64,
    progress: &mut dyn FnMut(usize, usize),
) -> Confirmed {
    let (world, _) = live.world(grace);
    let first = judge(&world);
    let targets = targets(&world, &first);
    let mut failed = BTreeSet::new();
    let mut seen = 0;
    for chunk in targets.chunks(AT_ONCE) {
        let reads = chunk.iter().map(|target| {
            let (client, target) = (client.clone(), target.clone());
            tokio::spawn(async move { (get(&client, target.0, &target.1, &target.2).await, target) })
        });
        for read in reads.collect::<Vec<_>>() {
            let Ok((answer, target)) = read.await else { continue };
            take(live, &mut failed, target, answer);
        }
        seen += chunk.len();
        progress(seen, targets.len());
    }
    let (world, unreadable) = live.world(grace);
    let mut report = judge(&world);
    let unread = |finding: &engine::Finding| {
        finding.objects.iter().any(|o| failed.contains(&(o.kind, o.namespace.to_string(), o.name.to_string())))
    };
    let known: BTreeMap<&str, ()> = first.findings.iter().map(|finding| (finding.id.as_str(), ())).collect();
    for finding in &mut report.findings {
        // What appears only now was not looked at twice.
        let new = !known.contains_key(finding.id.as_str());
        if finding.severity != Severity::Info && (new || unread(finding) || targets.len() == MOST) {
            finding.certainty = Certainty::Possible;
        }
    }
    let still: BTreeSet<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    let dissolved = first.findings.iter().filter(|finding| !still.contains(finding.id.as_str())).count();
    Confirmed { world, report, unreadable, dissolved, reread: targets.len() }
}

fn targets(world: &World, report: &Report) -> Vec<Target> {
    let context = Context::new(world);
    let mut targets = BTreeSet::new();
    for finding in report.findings.iter().filter(|finding| finding.severity != Severity::Info) {
        for target in second_look::targets(&context, finding) {
            if targets.len() < MOST {
                targets.insert(target);
            }
        }
    }
    targets.into_iter().collect()
}

fn take(live: &mut Live, failed: &mut BTreeSet<Target>, target: Target, answer: Result<Answer, super::CallError>) {
    let (kind, namespace, name) = target;
    let objects = live.objects.entry(kind).or_default();
    match answer {
        Ok(Answer::Found(object)) => {
            objects.insert((namespace, name), slim(kind, &object));
        }
        Ok(Answer::Gone) => {
            objects.remove(&(namespace, name));
        }
        Err(_) => {
            failed.insert((kind, namespace, name));
        }
    }
}
