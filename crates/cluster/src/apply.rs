//! Carrying out a plan.
//!
//! In: a plan. Out: the outcome of each action. Guarantees: before each call the object and everything that its guards are
//! about are read fresh; anything that changed, or cannot be read, stops the plan there; every call carries the UID and
//! resourceVersion that were judged; a deletion is done when the object is gone; an action whose object is gone already is
//! done, so that a plan can be run again.

use crate::call::{CallError, Cluster};
use crate::dry_run::DryRun;
use crate::release::until_gone;
use crate::reread::{ObjectName, Reread};
use api::slim::{Kind, read};
use engine::repair::{Action, Change, Guard, Plan};
use http::Method;
use serde_json::Value;

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it, and what was to be deleted is gone.
    Done,
    /// The object was gone, or right, already.
    Already,
    /// It was not done, and nothing after it: what changed, or what failed.
    Stopped(String),
}

/// The outcomes so far, one per action, in order; the last may be [`Outcome::Stopped`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// One per action that was looked at.
    pub outcomes: Vec<Outcome>,
}

impl Applied {
    /// Whether every action was done.
    #[must_use]
    pub fn is_complete(&self, plan: &Plan) -> bool {
        self.outcomes.len() == plan.actions.len()
            && !self.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Stopped(_)))
    }
}

/// Carries out a plan, action by action.
pub async fn apply(
    cluster: &Cluster,
    plan: &Plan,
    dry_run: DryRun,
    each: &mut dyn FnMut(&Action, &Outcome),
) -> Applied {
    let mut applied = Applied::default();
    for action in &plan.actions {
        let outcome = one(cluster, action, dry_run).await;
        each(action, &outcome);
        let stop = matches!(outcome, Outcome::Stopped(_));
        applied.outcomes.push(outcome);
        if stop {
            break;
        }
    }
    applied
}

async fn one(cluster: &Cluster, action: &Action, dry_run: DryRun) -> Outcome {
    let object = &action.object;
    match reread(cluster, object.kind, &object.namespace, &object.name).await {
        Err(error) => return Outcome::Stopped(error.in_full()),
        Ok(None) => return Outcome::Already,
        Ok(Some(json)) => match judged(action, &json) {
            Judged::Same => {}
            Judged::Going => return ended(cluster, action, dry_run, Outcome::Already).await,
            Judged::Changed(how) => return Outcome::Stopped(how),
        },
    }
    for guard in &action.guards {
        if let Err(reason) = check(cluster, guard).await {
            return Outcome::Stopped(reason);
        }
    }
    match call(cluster, action, dry_run).await {
        Ok(()) => ended(cluster, action, dry_run, Outcome::Done).await,
        Err(error) if error.cause.code() == Some(404) => Outcome::Already,
        Err(error) => Outcome::Stopped(error.in_full()),
    }
}

/// The outcome of a call that the server took: of a deletion, once the object is gone.
async fn ended(cluster: &Cluster, action: &Action, dry_run: DryRun, outcome: Outcome) -> Outcome {
    match (&action.change, dry_run) {
        (Change::Delete, DryRun::Off) => match until_gone(cluster, &action.object).await {
            Ok(()) => outcome,
            Err(why) => Outcome::Stopped(why),
        },
        (Change::Delete, DryRun::Server) | (Change::SetLabels(_), _) => outcome,
    }
}

/// The object now; none where it is gone.
async fn reread(cluster: &Cluster, kind: Kind, namespace: &str, name: &str) -> Result<Option<Vec<u8>>, CallError> {
    let object = ObjectName { kind, namespace: namespace.to_owned(), name: name.to_owned() };
    match cluster.reread(&object, |_| {}).await {
        Reread::Found(json) => Ok(Some(json)),
        Reread::Gone => Ok(None),
        Reread::Failed(error) => Err(error),
    }
}

enum Judged {
    Same,
    /// It is being deleted by now.
    Going,
    Changed(String),
}

fn judged(action: &Action, json: &[u8]) -> Judged {
    let Ok(found) = serde_json::from_slice::<Value>(json) else {
        return Judged::Changed(format!("{} cannot be read any more; audit again", action.object));
    };
    let text = |key: &str| found.pointer(&format!("/metadata/{key}")).and_then(Value::as_str).unwrap_or_default();
    if text("uid") != action.object.uid {
        return Judged::Changed(format!("{} was made anew since it was judged; audit again", action.object));
    }
    if action.change == Change::Delete && !text("deletionTimestamp").is_empty() {
        return Judged::Going;
    }
    match text("resourceVersion") == action.resource_version {
        true => Judged::Same,
        false => Judged::Changed(format!("{} was changed since it was judged; audit again", action.object)),
    }
}

async fn check(cluster: &Cluster, guard: &Guard) -> Result<(), String> {
    let (kind, namespace, name) = guard.target();
    let found = if guard.wants_any() {
        cluster.first(kind, |_| {}).await.map(|first| first.object)
    } else {
        reread(cluster, kind, namespace, name).await
    };
    let parsed = match found.map_err(|error| error.in_full())? {
        None => None,
        Some(json) => Some(read(kind, &json).map_err(|error| error.to_string())?.object),
    };
    guard.check(parsed.as_ref()).map_err(|refusal| refusal.to_string())
}

async fn call(cluster: &Cluster, action: &Action, dry_run: DryRun) -> Result<(), CallError> {
    let (verb, method, query, body) = match &action.change {
        Change::Delete => ("delete", Method::DELETE, String::new(), dry_run.delete_options(action.body())),
        Change::SetLabels(_) => {
            ("set labels of", Method::PATCH, dry_run.query(), action.body().to_string().into_bytes())
        }
    };
    let path = format!("{}{query}", action.path());
    cluster.write(&format!("{verb} {}", action.object), method, &path, body).await.map(drop)
}
