//! Stories of workloads out of random choices.
//!
//! In: a list of [`Op`]s. Out: a [`Story`] in which a StatefulSet, a Deployment and a Job are made, scaled, changed and
//! deleted, and their pods become ready, fail, finish or are deleted, with a pause after each. Guarantees: any list makes a
//! story; what cannot be done at its place (scaling what is not there) is left out of it; the three kinds do not share labels,
//! so that it does not depend on who comes first.

use serde_json::{Value, json};

use super::{Act, Story};
use crate::step::Step;

const PODS: &str = "/api/v1/namespaces/<ns>/pods";

/// StatefulSet, Deployment, Job, by a number round and round.
pub type Kind = u8;

/// One thing done, by choices.
#[derive(Debug, Clone)]
pub enum Op {
    /// A workload is made, with so many replicas.
    Make(Kind, u8),
    /// It is scaled; a Job runs more or fewer pods at once.
    Scale(Kind, u8),
    /// It gets another template, and its pods become ready as they come, until all are new. That of a Job stays.
    Change(Kind),
    /// It is deleted: in the background, in the foreground, or without its pods.
    Delete(Kind, u8),
    /// All its pods run and are ready.
    Ready(Kind),
    /// All its pods fail. Those of a Job finish: how long a Job waits before it tries again is not looked at.
    Fail(Kind),
    /// All its pods finish.
    Finish(Kind),
    /// All its pods are deleted, or of a StatefulSet one. Those of a Job once: they count as failed, and after a few of these it waits for
    /// minutes before it tries again.
    DeletePods(Kind, u8),
}

/// The story that these operations make.
#[must_use]
pub fn story(ops: &[Op]) -> Story {
    let mut maker = Maker::default();
    ops.iter().for_each(|op| maker.add(op));
    Story { name: "a random story of workloads", acts: maker.acts }
}

#[derive(Debug, Default)]
struct Maker {
    acts: Vec<Act>,
    there: [bool; 3],
    /// Whether it has the other template.
    changed: [bool; 3],
    /// Whether the pods of the Job were deleted.
    deleted: bool,
}

impl Maker {
    fn add(&mut self, op: &Op) {
        match op {
            Op::Make(kind, n) => self.make(index(*kind), *n),
            Op::Scale(kind, n) => {
                let kind = index(*kind);
                let field = if kind == JOB { "parallelism" } else { "replicas" };
                self.merge(kind, &json!({"spec": {field: n % 4}}));
            }
            Op::Change(kind) => self.change(index(*kind)),
            Op::Delete(kind, n) => {
                self.delete(index(*kind), ["Background", "Foreground", "Orphan"][usize::from(*n) % 3]);
            }
            Op::Ready(kind) => self.each_pod(index(*kind), ready),
            Op::Fail(kind) if index(*kind) != JOB => self.each_pod(index(*kind), |pod| finished(pod, "Failed")),
            Op::Fail(kind) | Op::Finish(kind) => self.each_pod(index(*kind), |pod| finished(pod, "Succeeded")),
            Op::DeletePods(kind, _) if index(*kind) == JOB && std::mem::replace(&mut self.deleted, true) => {}
            Op::DeletePods(kind, n) => {
                let begin = match index(*kind) {
                    SET if n.is_multiple_of(2) => "web-0",
                    kind => BEGINS[kind],
                };
                self.acts.extend([Act::EachPod(begin, |pod| Step::delete(format!("{PODS}/{pod}"))), Act::Settle]);
            }
        }
    }

    fn make(&mut self, kind: usize, n: u8) {
        if !std::mem::replace(&mut self.there[kind], true) {
            self.changed[kind] = false;
            self.deleted &= kind != JOB;
            self.send(Step::post(COLLECTIONS[kind], workload(kind, n)));
        }
    }

    fn merge(&mut self, kind: usize, patch: &Value) {
        if self.there[kind] {
            self.send(Step::merge(format!("{}/{}", COLLECTIONS[kind], NAMES[kind]), patch.clone()));
        }
    }

    fn change(&mut self, kind: usize) {
        if !self.there[kind] || kind == JOB {
            return;
        }
        self.changed[kind] = !self.changed[kind];
        let image = if self.changed[kind] { "x:2" } else { "x:1" };
        self.merge(kind, &json!({"spec": {"template": template(kind, image)}}));
        // A change under way is another story's: which pods go first then is left to chance.
        (0..ROUNDS).for_each(|_| self.each_pod(kind, ready));
    }

    fn delete(&mut self, kind: usize, policy: &str) {
        if std::mem::take(&mut self.there[kind]) {
            let path = format!("{}/{}", COLLECTIONS[kind], NAMES[kind]);
            self.send(Step::delete(path).with("propagationPolicy", policy));
        }
    }

    fn each_pod(&mut self, kind: usize, step: fn(&str) -> Step) {
        self.acts.extend([Act::EachPod(BEGINS[kind], step), Act::Settle]);
    }

    fn send(&mut self, step: Step) {
        self.acts.extend([Act::Send(Box::new(step)), Act::Settle]);
    }
}

const SET: usize = 0;
const JOB: usize = 2;
const COLLECTIONS: [&str; 3] = [
    "/apis/apps/v1/namespaces/<ns>/statefulsets",
    "/apis/apps/v1/namespaces/<ns>/deployments",
    "/apis/batch/v1/namespaces/<ns>/jobs",
];
const NAMES: [&str; 3] = ["web", "dep", "job"];
/// How the names of their pods begin.
const BEGINS: [&str; 3] = ["web-", "dep-", "job-"];
/// So often pods become ready until at most three of them are replaced, one after the other.
const ROUNDS: usize = 4;

const fn index(kind: Kind) -> usize {
    (kind % 3) as usize
}

fn template(kind: usize, image: &str) -> Value {
    let mut template = json!({"metadata": {"labels": {"app": NAMES[kind]}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "c", "image": image}]}});
    if kind == JOB {
        template["metadata"] = json!({});
        template["spec"]["restartPolicy"] = json!("Never");
    }
    template
}

fn workload(kind: usize, n: u8) -> Value {
    let mut spec = json!({"template": template(kind, "x:1")});
    let count = n % 4;
    if kind == JOB {
        spec["completions"] = json!(count + 1);
        spec["parallelism"] = json!(n / 4 % 3 + 1);
    } else {
        spec["replicas"] = json!(count);
        spec["selector"] = json!({"matchLabels": {"app": NAMES[kind]}});
    }
    if kind == SET {
        spec["serviceName"] = json!("web");
        spec["podManagementPolicy"] = json!(if n < 128 { "Parallel" } else { "OrderedReady" });
    }
    json!({"metadata": {"name": NAMES[kind]}, "spec": spec})
}

fn ready(pod: &str) -> Step {
    let ready = json!({"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    Step::merge(format!("{PODS}/{pod}/status"), json!({"status": {"phase": "Running", "conditions": [ready]}}))
}

fn finished(pod: &str, phase: &str) -> Step {
    Step::merge(format!("{PODS}/{pod}/status"), json!({"status": {"phase": phase}}))
}
