//! Do the simulated controllers do what kube-controller-manager does?
//!
//! In: stories of acts (requests, something done to every pod, a pause until nothing moves any more) and a server with its
//! controllers. Out: at each pause the state of the story's namespace, in lines that say what addresses depend on: which
//! workloads and pods there are, whose they are, in which phase, on their way out or not. Guarantees: names that are
//! generated are left out, so that states are comparable; no wait is longer than its deadline.

pub mod random;
mod state;
mod stories;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::client::Target;
use crate::run::{Names, send};
use crate::step::Step;

pub use stories::all;

/// What is done next.
#[derive(Debug, Clone)]
pub enum Act {
    /// A request that must succeed.
    Send(Box<Step>),
    /// A request for each pod that is neither finished nor deleted and whose name begins so, in the order of their names; one that
    /// went meanwhile is left out.
    EachPod(&'static str, fn(&str) -> Step),
    /// Wait until nothing moves any more, and look.
    Settle,
}

/// A story with a name.
#[derive(Debug, Clone)]
pub struct Story {
    /// A sentence: what the story shows. Also its golden file.
    pub name: &'static str,
    /// What happens.
    pub acts: Vec<Act>,
}

/// A state of a real server that was seen for so long counts as the last one, when nobody knows what to expect.
pub const QUIET: Duration = Duration::from_secs(5);
/// An expected state must stay for so long.
const HOLD: Duration = Duration::from_millis(700);
/// A state that has not come by then does not come.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often to look.
const LOOK: Duration = Duration::from_millis(100);

/// Until when a pause lasts.
#[derive(Debug, Clone, Copy)]
pub enum Rest<'a> {
    /// Until the states at the pauses are these.
    As(&'a Value),
    /// Until nothing has moved for so long, since nobody knows what to expect.
    Quiet(Duration),
}

/// Plays a story in a new namespace of this name.
///
/// # Errors
/// A request fails, or a state never comes to rest.
pub async fn play(target: &Target, story: &Story, namespace: &str, rest: Rest<'_>) -> Result<Value> {
    let mut names = Names { namespace: namespace.to_owned(), ..Names::default() };
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "<ns>"}});
    must(target, &Step::post("/api/v1/namespaces", body), &names).await?;
    wait_for_account(target, &names).await?;
    let mut states = Vec::new();
    for act in &story.acts {
        match act {
            Act::Send(step) => {
                let body = must(target, step, &names).await?;
                if let Some(name) = step.saved {
                    names.saved.insert(name, body);
                }
            }
            Act::EachPod(begin, step) => {
                let pods = state::living_pods(target, &names).await?;
                for pod in pods.into_iter().filter(|pod| pod.starts_with(begin)) {
                    let step = step(&pod);
                    let reply = send(target, &step, &names).await?;
                    // A Deployment that is being changed takes pods away as soon as others are ready.
                    if reply.code >= 300 && reply.code != 404 {
                        bail!("{}: {} {}", step.title(), reply.code, reply.body);
                    }
                }
            }
            Act::Settle => {
                let state = settle(target, &names, rest, states.len()).await?;
                let differs = matches!(rest, Rest::As(expected) if expected[states.len()] != state);
                states.push(state);
                if differs {
                    // What follows a difference follows from it, and each further pause would last until its deadline.
                    break;
                }
            }
        }
    }
    Ok(Value::Array(states))
}

/// Pods are refused in a namespace that has not got its service account yet.
async fn wait_for_account(target: &Target, names: &Names) -> Result<()> {
    let begin = Instant::now();
    let account = Step::get("/api/v1/namespaces/<ns>/serviceaccounts/default");
    while send(target, &account, names).await?.code != 200 {
        if begin.elapsed() > DEADLINE {
            bail!("the namespace has no service account after {DEADLINE:?}");
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn must(target: &Target, step: &Step, names: &Names) -> Result<Value> {
    let reply = send(target, step, names).await?;
    if reply.code >= 300 {
        bail!("{}: {} {}", step.title(), reply.code, reply.body);
    }
    Ok(reply.body)
}

/// The state once it is as wanted at this pause and stays so, or as it is at the deadline; where nothing is wanted, once it
/// is quiet.
async fn settle(target: &Target, names: &Names, rest: Rest<'_>, pause: usize) -> Result<Value> {
    let (wanted, stays) = match rest {
        Rest::As(states) => (Some(&states[pause]), HOLD),
        Rest::Quiet(quiet) => (None, quiet),
    };
    let begin = Instant::now();
    let mut last = state::look(target, names).await?;
    let mut since = Instant::now();
    loop {
        let long_enough = since.elapsed() >= stays;
        let fits = wanted.is_none_or(|wanted| *wanted == last);
        if (fits && long_enough) || begin.elapsed() > DEADLINE {
            return Ok(last);
        }
        tokio::time::sleep(LOOK).await;
        let now = state::look(target, names).await?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}
