//! Carrying out a plan.
//!
//! In: a plan. Out: the outcome of each action. Guarantees: before each call the object and everything that its guards are
//! about are read fresh; anything that changed, or cannot be read, stops the plan there; every call carries the UID and
//! resourceVersion that were judged; an action whose object is gone already is done, so that a plan can be run again.

use super::call::{Answer, CallError, get, path, send};
use super::list::{Listed, chain, list};
use api::slim::{Object, read};
use engine::repair::{Action, Change, Guard, Plan};
use kube::Client;
use kube::core::Request;
use kube::core::params::{DeleteParams, Patch, PatchParams, Preconditions};
use serde_json::Value;

/// Whether calls are made for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DryRun {
    /// They are.
    Off,
    /// The API server checks them and changes nothing.
    Server,
}

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it.
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
pub async fn apply(client: &Client, plan: &Plan, dry_run: DryRun, each: &mut dyn FnMut(&Action, &Outcome)) -> Applied {
    let mut applied = Applied::default();
    for action in &plan.actions {
        let outcome = one(client, action, dry_run).await;
        each(action, &outcome);
        let stop = matches!(outcome, Outcome::Stopped(_));
        applied.outcomes.push(outcome);
        if stop {
            break;
        }
    }
    applied
}

async fn one(client: &Client, action: &Action, dry_run: DryRun) -> Outcome {
    let object = &action.object;
    match get(client, object.kind, &object.namespace, &object.name).await {
        Err(error) => return Outcome::Stopped(chain(&error)),
        Ok(Answer::Gone) => return Outcome::Already,
        Ok(Answer::Found(found)) => match judged(action, &found) {
            Judged::Same => {}
            Judged::Going => return Outcome::Already,
            Judged::Changed(how) => return Outcome::Stopped(how),
        },
    }
    for guard in &action.guards {
        if let Err(reason) = check(client, guard).await {
            return Outcome::Stopped(reason);
        }
    }
    match call(client, action, dry_run).await {
        Ok(()) => Outcome::Done,
        Err(CallError::NotFound(_)) => Outcome::Already,
        Err(error) => Outcome::Stopped(chain(&error)),
    }
}

enum Judged {
    Same,
    /// It is being deleted by now.
    Going,
    Changed(String),
}

fn judged(action: &Action, found: &Value) -> Judged {
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

async fn check(client: &Client, guard: &Guard) -> Result<(), String> {
    let (kind, namespace, name) = guard.target();
    let found = if guard.wants_any() {
        let mut first = None;
        match list(client, kind, &mut |object| first = first.take().or(Some(object)), &mut || {}).await {
            Listed::Complete { .. } | Listed::Absent => first,
            Listed::Stopped(why) => return Err(why.to_string()),
        }
    } else {
        match get(client, kind, namespace, name).await {
            Ok(Answer::Found(object)) => Some(object),
            Ok(Answer::Gone) => None,
            Err(error) => return Err(chain(&error)),
        }
    };
    let parsed: Option<Object> = match found {
        None => None,
        Some(object) => Some(read(kind, object.to_string().as_bytes()).map_err(|error| error.to_string())?.object),
    };
    guard.check(parsed.as_ref()).map_err(|refusal| refusal.to_string())
}

async fn call(client: &Client, action: &Action, dry_run: DryRun) -> Result<(), CallError> {
    let object = &action.object;
    let what = object.to_string();
    let dry_run = dry_run == DryRun::Server;
    let base = Request::new(path(object.kind, &object.namespace));
    let (verb, request) = match &action.change {
        Change::Delete => {
            let preconditions = Preconditions {
                uid: Some(object.uid.clone()),
                resource_version: Some(action.resource_version.clone()),
            };
            let params = DeleteParams { dry_run, preconditions: Some(preconditions), ..DeleteParams::default() };
            ("delete", base.delete(&object.name, &params))
        }
        Change::SetLabels(_) => {
            let params =
                PatchParams { dry_run, field_manager: Some("ipledger-repair".to_owned()), ..PatchParams::default() };
            ("patch", base.patch(&object.name, &params, &Patch::Merge(action.body())))
        }
    };
    let request = request.map_err(|error| CallError::Refused {
        verb,
        what: what.clone(),
        message: error.to_string(),
        code: 400,
    })?;
    send::<Value>(client, verb, &what, request).await.map(drop)
}
