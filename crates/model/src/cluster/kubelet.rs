//! A kubelet and its runtime: what happens on a node, and on its wire, to the pods bound there.
//!
//! In: what the kubelet has seen of its pods ([`Kubelet::observe`]), faults. Out: status writes, the last delete, and the
//! [`WireEvent`]s of each sandbox. Guarantees: one action per step, so that a driver may put anything between two of them;
//! the status "terminated" is posted before the sandbox is torn down; IPAM DEL comes before the link goes; the final
//! delete carries the UID and comes last. A kubelet acts on what it saw: a pod deleted since then may still be added, a
//! node that is cut off goes on running. Source: `kubernetes/pkg/kubelet/{kubelet,pod_workers,status/status_manager}.go`,
//! containerd's sandbox teardown, `docs/api-model/cluster.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::pods::pod_path;
use super::{is_deleting, name, namespace, uid};
use crate::pod::{is_finished, node_name, phase};
use crate::request::Request;
use crate::server::Server;
use crate::time::Timestamp;

/// What the runtime does to the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireEvent {
    /// CNI ADD: the sandbox wants its addresses now.
    Add(SandboxId),
    /// IPAM DEL: the link is still there and may still answer.
    Release(SandboxId),
    /// The link is gone.
    LinkGone(SandboxId),
}

/// A sandbox of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SandboxId {
    /// The pod's UID.
    pub pod_uid: String,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// Counts up per node: a later sandbox of the same pod has a higher number.
    pub attempt: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// To be torn down: the pod went, or the sandbox died.
    Stopping,
    /// IPAM DEL is done, the link is still there.
    Released,
}

/// One node.
#[derive(Debug)]
pub struct Kubelet {
    node: String,
    seen: BTreeMap<String, Arc<Value>>,
    sandboxes: BTreeMap<SandboxId, State>,
    exits: BTreeMap<String, bool>,
    /// Pods whose last ADD failed: not tried again until [`Kubelet::retry`].
    backing_off: BTreeSet<String>,
    attempts: u64,
    /// The kubelet process runs.
    alive: bool,
    /// The API server can be reached.
    connected: bool,
}

impl Kubelet {
    /// Registers `node`, ready.
    #[must_use]
    pub fn register(server: &mut Server, node: &str, now: Timestamp) -> Self {
        let body = json!({"metadata": {"name": node, "labels": {"kubernetes.io/hostname": node}},
            "status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}});
        server.handle(Request::post("/api/v1/nodes", body), now);
        Self {
            node: node.to_owned(),
            seen: BTreeMap::new(),
            sandboxes: BTreeMap::new(),
            exits: BTreeMap::new(),
            backing_off: BTreeSet::new(),
            attempts: 0,
            alive: true,
            connected: true,
        }
    }

    /// Looks at the pods bound here, unless the process is down or cut off.
    pub fn observe(&mut self, server: &Server) {
        if self.alive && self.connected {
            let pods = server.objects("", "pods").into_iter().filter(|p| node_name(p) == self.node);
            self.seen = pods.map(|p| (uid(&p).to_owned(), p)).collect();
        }
    }

    /// The process dies; sandboxes live on.
    pub fn crash(&mut self) {
        self.alive = false;
        self.seen.clear();
    }

    /// The process comes back, and looks before it acts.
    pub fn restart(&mut self, server: &Server) {
        self.alive = true;
        self.observe(server);
    }

    /// The node starts again after it lost its power: nothing of what ran is left, and nothing is done until the next look.
    pub fn boot(&mut self) {
        self.alive = true;
        self.sandboxes.clear();
        self.exits.clear();
        self.backing_off.clear();
    }

    /// Cuts the node off from the API server, or connects it again.
    pub fn set_connected(&mut self, connected: bool) {
        self.connected = connected;
    }

    /// The containers of a pod end by themselves.
    pub fn exit(&mut self, pod_uid: &str, success: bool) {
        self.exits.insert(pod_uid.to_owned(), success);
    }

    /// The sandbox of a pod dies: it is torn down and made anew, for the same pod.
    pub fn lose_sandbox(&mut self, pod_uid: &str) {
        for (id, state) in &mut self.sandboxes {
            if id.pod_uid == pod_uid && *state == State::Running {
                *state = State::Stopping;
            }
        }
    }

    /// CNI ADD failed: the sandbox goes at once, and the pod waits for [`Kubelet::retry`].
    pub fn add_failed(&mut self, id: &SandboxId) {
        self.sandboxes.remove(id);
        self.backing_off.insert(id.pod_uid.clone());
    }

    /// The back-off of all pods is over.
    pub fn retry(&mut self) {
        self.backing_off.clear();
    }

    /// Sandboxes that hold a link.
    pub fn links(&self) -> impl Iterator<Item = &SandboxId> {
        self.sandboxes.keys()
    }

    /// Does the next thing that is due; `None` when nothing is.
    pub fn step(&mut self, server: &mut Server, now: Timestamp) -> Option<Vec<WireEvent>> {
        if !self.alive {
            return None;
        }
        let pods: Vec<Arc<Value>> = self.seen.values().cloned().collect();
        // A new pod gets its sandbox while one that was forced away still has its own: a real kubelet does not wait.
        let events = pods.iter().find_map(|pod| self.add(pod)).or_else(|| self.tear_down());
        events.or_else(|| pods.iter().find_map(|pod| self.sync(server, pod, now)))
    }

    /// The sandbox of a pod that has none.
    fn add(&mut self, pod: &Value) -> Option<Vec<WireEvent>> {
        let id = uid(pod);
        let has_one = self.sandboxes.keys().any(|sandbox| sandbox.pod_uid == id);
        let ended = self.exits.contains_key(id) && pod["spec"]["restartPolicy"] != "Always";
        if has_one || ended || self.backing_off.contains(id) || is_deleting(pod) || is_finished(pod) {
            return None;
        }
        self.attempts += 1;
        let sandbox = SandboxId {
            pod_uid: id.to_owned(),
            namespace: namespace(pod).to_owned(),
            name: name(pod).to_owned(),
            attempt: self.attempts,
        };
        self.sandboxes.insert(sandbox.clone(), State::Running);
        Some(vec![WireEvent::Add(sandbox)])
    }

    /// Sandboxes on their way out, and those of pods that are not there any more.
    fn tear_down(&mut self) -> Option<Vec<WireEvent>> {
        let (id, state) = self.sandboxes.iter().find_map(|(id, state)| match state {
            State::Stopping | State::Released => Some((id.clone(), *state)),
            State::Running if !self.seen.contains_key(&id.pod_uid) => Some((id.clone(), State::Stopping)),
            State::Running => None,
        })?;
        if state == State::Released {
            self.sandboxes.remove(&id);
            return Some(vec![WireEvent::LinkGone(id)]);
        }
        self.sandboxes.insert(id.clone(), State::Released);
        Some(vec![WireEvent::Release(id)])
    }

    fn sync(&mut self, server: &mut Server, pod: &Arc<Value>, now: Timestamp) -> Option<Vec<WireEvent>> {
        let id = uid(pod);
        let sandbox = self.sandboxes.iter().find(|(s, _)| s.pod_uid == id).map(|(s, _)| s.clone());
        let exited = self.exits.get(id).copied().filter(|_| pod["spec"]["restartPolicy"] != "Always");
        match (sandbox, is_deleting(pod) || is_finished(pod)) {
            (Some(_), false) => match exited {
                Some(success) => self.post(server, pod, &terminated(Some(ended(success))), now),
                None => self.post(server, pod, &running(pod, now), now),
            },
            (Some(sandbox), true) => {
                // "Terminated" is told first; what the server says to it changes nothing here.
                let told = if is_finished(pod) { None } else { self.post(server, pod, &terminated(None), now) };
                if told.is_some() {
                    return told;
                }
                self.sandboxes.insert(sandbox, State::Stopping);
                Some(Vec::new())
            }
            // With no grace left it is gone from here: whoever put a finalizer on it is waited for, not asked again.
            (None, _) if is_deleting(pod) && self.connected && pod["metadata"]["deletionGracePeriodSeconds"] != 0 => {
                let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": id}});
                server.handle(Request::delete(pod_path(namespace(pod), name(pod))).with_body(options), now);
                self.exits.remove(id);
                // Whatever the answer: another object of that name is not ours to delete.
                self.seen.remove(id);
                Some(Vec::new())
            }
            // What has ended stays ended: where the storage says otherwise since it was put back, it is told once more (the
            // status manager compares what it knows with what the server has).
            (None, false) => self.post(server, pod, &terminated(Some(ended(exited?))), now),
            (None, true) => None,
        }
    }

    /// Writes what differs of the status; `None` when there is nothing to write or nobody to tell.
    fn post(&mut self, server: &mut Server, pod: &Value, status: &Value, now: Timestamp) -> Option<Vec<WireEvent>> {
        let differs = status.as_object()?.iter().any(|(k, v)| pod["status"].get(k) != Some(v));
        if !self.connected || !differs {
            return None;
        }
        let body = json!({"metadata": {"uid": uid(pod)}, "status": status});
        let path = format!("{}/status", pod_path(namespace(pod), name(pod)));
        let response = server.handle(Request::merge_patch(path, body), now);
        match (response.code, response.as_object()) {
            (200, Some(written)) => {
                self.seen.insert(uid(pod).to_owned(), Arc::clone(written));
                Some(Vec::new())
            }
            // Gone, or another pod of that name: the next look will tell.
            _ => None,
        }
    }
}

fn running(pod: &Value, now: Timestamp) -> Value {
    if phase(pod) == "Running" {
        return json!({"phase": "Running"});
    }
    let mut conditions: Vec<Value> = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.retain(|c| c["type"] == "PodScheduled" || c["type"] == "DisruptionTarget");
    for kind in ["Initialized", "ContainersReady", "Ready"] {
        conditions.push(
            json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": now.to_string()}),
        );
    }
    json!({"phase": "Running", "conditions": conditions, "startTime": now.to_string(),
        "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {}}}]})
}

/// The phase of a pod that ended by itself.
const fn ended(success: bool) -> &'static str {
    if success { "Succeeded" } else { "Failed" }
}

/// The containers are down; a phase only where the pod ended by itself.
fn terminated(phase: Option<&str>) -> Value {
    let mut status = json!({"containerStatuses": [{"name": "c", "ready": false, "state": {"terminated": {}}}]});
    if let Some(phase) = phase {
        status["phase"] = json!(phase);
    }
    status
}
