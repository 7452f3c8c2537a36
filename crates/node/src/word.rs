//! The agent's word: who has let an address go.
//!
//! In: claims and pods of this node, network namespaces. Out: `status.letGo` of claims. Guarantees: said of a pod only after
//! a fresh read says that it is gone or finished, after every network namespace that was given the address is gone, and
//! after the promise is on disk; or of a living pod that was told another address and has its interface without this one.

use crate::agent::Agent;
use crate::kubernetes::{CLAIMS, Unanswered, is_finished, pod, pod_on};
use crate::part::Part;
use api::slim::{AddressClaim, Str, Uid, read_claim};
use cluster::{Change, Cluster, Collection};
use engine::manage::{Call, Verb};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Between two looks while something is on its way off: a network namespace that ends tells nobody.
const LOOK: Duration = Duration::from_millis(100);
/// After a failure of a watch or a read.
const PAUSE: Duration = Duration::from_secs(1);

/// Holder of an address that no pod is told of: its gateway adds and removes it.
const EIP: &str = "IptablesEIP";

/// What a watch of this node tells.
enum News {
    Claim(Part, Change),
    Pod(Change),
}

/// Watches this node's claims and pods for ever, and gives its word.
pub(crate) async fn keep(agent: Arc<Agent>) {
    let (news, mut heard) = channel(256);
    let claims = |part: Part| {
        let all = Collection::at("addressclaims.ipledger.dev", CLAIMS);
        all.labelled(&format!("{}={}", part.label(), agent.node))
    };
    let (used, moved_to) = (claims(Part::Occupant), claims(Part::Target));
    tokio::spawn(follow(agent.cluster.clone(), used, news.clone(), |change| News::Claim(Part::Occupant, change)));
    tokio::spawn(follow(agent.cluster.clone(), moved_to, news.clone(), |change| News::Claim(Part::Target, change)));
    let pods = Collection::at("pods", "/api/v1/pods").with_fields(&format!("spec.nodeName={}", agent.node));
    tokio::spawn(follow(agent.cluster.clone(), pods, news, News::Pod));
    let mut seen = Seen::default();
    loop {
        let pending = seen.give_word(&agent).await;
        seen.listen(&agent, &mut heard, pending.then_some(LOOK)).await;
    }
}

async fn follow(cluster: Cluster, collection: Collection, news: Sender<News>, as_news: fn(Change) -> News) {
    loop {
        if let Ok((objects, version)) = cluster.list_collection(&collection).await {
            for object in objects {
                let _ = news.send(as_news(Change::Seen(object))).await;
            }
            if let Ok(mut watching) = cluster.watch(&collection, &version).await {
                while let Ok(change) = watching.next().await {
                    let _ = news.send(as_news(change)).await;
                }
            }
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What is known of this node. It only wakes the agent up: what it says is read anew.
#[derive(Default)]
struct Seen {
    claims: BTreeMap<(Str, Part), AddressClaim>,
    /// Living pods by UID.
    pods: BTreeMap<String, Value>,
}

impl Seen {
    /// Takes in what is there to hear; waits for it, or for so long.
    async fn listen(&mut self, agent: &Agent, heard: &mut Receiver<News>, most: Option<Duration>) {
        let next = match most {
            Some(most) => tokio::time::timeout(most, heard.recv()).await.unwrap_or(None),
            None => heard.recv().await,
        };
        let mut next = next;
        while let Some(news) = next {
            self.take(agent, news);
            next = heard.try_recv().ok();
        }
    }

    fn take(&mut self, agent: &Agent, news: News) {
        match news {
            News::Claim(part, change) => {
                let (Change::Seen(json) | Change::Gone(json)) = &change;
                let Some(claim) = read_claim(json) else { return };
                let user = claim.spec.address.get().map(|addr| (*addr, part.of(&claim).0.clone()));
                let key = (claim.meta.name.clone(), part);
                agent.saw(&key, user.filter(|_| matches!(change, Change::Seen(_))));
                match change {
                    Change::Seen(_) => drop(self.claims.insert(key, claim)),
                    Change::Gone(_) => drop(self.claims.remove(&key)),
                }
            }
            News::Pod(change) => {
                let (Change::Seen(json) | Change::Gone(json)) = &change;
                let Ok(pod) = serde_json::from_slice::<Value>(json) else { return };
                let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
                match change {
                    Change::Seen(_) if !is_finished(&pod) => drop(self.pods.insert(uid, pod)),
                    _ => drop(self.pods.remove(&uid)),
                }
            }
        }
    }

    /// Gives the agent's word where it can be given; whether something is on its way.
    async fn give_word(&mut self, agent: &Agent) -> bool {
        let mut pending = false;
        for ((_, part), claim) in &self.claims {
            let (pod, said) = part.of(claim);
            if *pod == Uid::None || said == pod {
                continue;
            }
            match self.word_on(agent, claim, (*part, &pod.to_string())).await {
                Ok(Word::Given) => {}
                Ok(Word::NotYet) => pending = true,
                Ok(Word::InUse) => {}
                Err(error) => {
                    tracing::warn!(claim = %claim.meta.name, error, "cannot give word yet");
                    pending = true;
                }
            }
        }
        pending
    }

    async fn word_on(&self, agent: &Agent, claim: &AddressClaim, of: (Part, &str)) -> Result<Word, String> {
        let (_, uid) = of;
        let name = claim.meta.name.as_str();
        if let Some(pod) = self.pods.get(uid) {
            return if is_surplus(agent, pod, claim, uid).await {
                agent.store.lock().await.promise(uid, Some(name)).map_err(text)?;
                say(agent, claim, of).await
            } else {
                Ok(Word::InUse)
            };
        }
        if lives(agent, claim, uid).await.map_err(text)? {
            return Ok(Word::NotYet);
        }
        {
            let mut store = agent.store.lock().await;
            store.forget_gone().map_err(text)?;
            // A gateway puts its EIPs on an interface by itself: they are there while the pod has any.
            let is_eip = claim.spec.holder.kind == EIP;
            if store.of_pod(uid).any(|interface| is_eip || interface.claims.iter().any(|held| held == name)) {
                return Ok(Word::NotYet);
            }
            store.promise(uid, None).map_err(text)?;
        }
        say(agent, claim, of).await
    }
}

/// What can be said about a claim.
enum Word {
    Given,
    NotYet,
    InUse,
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}

/// Whether a fresh read shows the pod, and not as finished.
async fn lives(agent: &Agent, claim: &AddressClaim, uid: &str) -> Result<bool, Unanswered> {
    let known = agent.store.lock().await.of_pod(uid).next().map(|it| (it.pod_namespace.clone(), it.pod_name.clone()));
    let holder = &claim.spec.holder;
    // A pod that this agent has never seen has the name of its holder, where the holder is a pod or an ordinal; the pod on a
    // reservation, a Vip or a gateway has another.
    let is_named = matches!(holder.kind.as_str(), "Pod" | "StatefulSet");
    let named = known.or_else(|| is_named.then(|| (holder.namespace.to_string(), holder.name.to_string())));
    let found = match named {
        Some((namespace, name)) => pod(&agent.cluster, &namespace, &name).await?,
        None => pod_on(&agent.cluster, &agent.node, uid).await?,
    };
    Ok(found.is_some_and(|pod| pod["metadata"]["uid"] == uid && !is_finished(&pod)))
}

/// Whether a living pod has its interfaces without an address that is claimed for it, and was told another one.
async fn is_surplus(agent: &Agent, pod: &Value, claim: &AddressClaim, uid: &str) -> bool {
    let Some(addr) = claim.spec.address.get().filter(|_| claim.spec.holder.kind != EIP) else { return false };
    let addr = addr.to_string();
    let annotations = pod["metadata"]["annotations"].as_object().into_iter().flatten();
    let mut told = annotations.filter(|(key, _)| key.contains("/ip_address")).filter_map(|(_, value)| value.as_str());
    if told.any(|text| text.split(',').any(|part| part.trim() == addr)) {
        return false;
    }
    let store = agent.store.lock().await;
    let mut interfaces = store.of_pod(uid).peekable();
    interfaces.peek().is_some() && interfaces.all(|it| it.claims.iter().all(|held| *held != claim.meta.name.as_str()))
}

/// Writes the word on the claim.
async fn say(agent: &Agent, claim: &AddressClaim, (part, uid): (Part, &str)) -> Result<Word, String> {
    let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let body = json!({
        "metadata": {"uid": claim.meta.uid.to_string(), "resourceVersion": claim.meta.resource_version.as_str()},
        "status": part.word(uid, &at),
    });
    let call = Call { verb: Verb::MergePatch, path: format!("{CLAIMS}/{}", claim.meta.name), body: Some(body) };
    match agent.cluster.call(call).await {
        Ok(answer) if answer.code < 300 => {
            tracing::info!(claim = %claim.meta.name, pod = uid, "let go");
            Ok(Word::Given)
        }
        // It has changed or is gone: the watch tells how.
        Ok(answer) if matches!(answer.code, 404 | 409) => Ok(Word::NotYet),
        Ok(answer) => Err(String::from_utf8_lossy(&answer.body).into_owned()),
        Err(cause) => Err(cause.to_string()),
    }
}
