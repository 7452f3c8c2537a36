//! One watch: lists a collection, then follows it, for ever.
//!
//! In: a [`Source`]. Out: [`Input`]s in the order of the server. Guarantees: after a gap the new list is compared with what
//! was known, so that what went meanwhile is told as gone; a kind whose definition is missing, or that may not be listed,
//! is told as not known, and its objects are not told as gone; it tries again with growing pauses, and says why. Where versions run
//! backwards the storage was put back to an older state: that is told, and nothing after it.

use crate::pace::Backoff;
use crate::source::{Known, Source};
use api::slim::{Str, Uid};
use cluster::{CallError, Cause, Change, Cluster, WatchEnd};
use engine::manage::Input;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

/// Between two looks for a kind that the cluster does not have: somebody may install it.
const ABSENT: Duration = Duration::from_secs(30);

/// Nobody takes inputs any more: the controller ends, or begins anew.
struct Ended;

/// Told by whoever sees that the storage was put back.
pub(crate) type PutBack = Arc<Notify>;

/// See the module.
pub(crate) struct Reflector {
    cluster: Cluster,
    source: Source,
    inputs: Sender<Input>,
    known: BTreeMap<(Str, Str), Seen>,
    /// How many lists were begun.
    lists: u64,
    put_back: PutBack,
}

/// An object as it was seen last.
struct Seen {
    uid: Uid,
    version: u64,
    /// In or after which list.
    list: u64,
}

impl Reflector {
    pub(crate) fn new(cluster: Cluster, source: Source, inputs: Sender<Input>, put_back: PutBack) -> Self {
        Self { cluster, source, inputs, known: BTreeMap::new(), lists: 0, put_back }
    }

    /// Runs until nobody takes inputs any more.
    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            match self.list().await {
                Ok(Ok(version)) => {
                    backoff = Backoff::default();
                    if self.follow(version).await.is_err() {
                        return;
                    }
                }
                Ok(Err(error)) => {
                    let absent = self.is_absent(&error).await;
                    let told = if absent { self.absent().await } else { self.not_known(&error).await };
                    if told.is_err() {
                        return;
                    }
                    tokio::time::sleep(if absent { ABSENT } else { backoff.next() }).await;
                }
                Err(Ended) => return,
            }
        }
    }

    async fn tell_listed(&self) -> Result<(), Ended> {
        match self.source.listed(!self.known.is_empty()) {
            Some(input) => self.tell(input).await,
            None => Ok(()),
        }
    }

    async fn tell(&self, input: Input) -> Result<(), Ended> {
        self.inputs.send(input).await.map_err(|_| Ended)
    }

    /// Lists, and tells the difference to what was known; the version of the list. Each page is told and forgotten before the next one is
    /// asked for: what an API server sends of an object is several times what is kept of it.
    async fn list(&mut self) -> Result<Result<String, CallError>, Ended> {
        self.lists += 1;
        let (cluster, collection) = (self.cluster.clone(), self.source.collection());
        let mut pages = cluster.pages(&collection);
        loop {
            match pages.next().await {
                Ok(Some(objects)) => self.page(objects).await?,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            }
        }
        // A list that broke off has told some objects, and they are known; that one is absent, only a whole list says.
        let lists = self.lists;
        let gone: Vec<_> = self.known.extract_if(.., |_, seen| seen.list != lists).collect();
        for (key, seen) in gone {
            self.tell_gone(&key, seen.uid).await?;
        }
        self.tell_listed().await?;
        Ok(Ok(pages.version().to_owned()))
    }

    async fn page(&mut self, objects: Vec<Vec<u8>>) -> Result<(), Ended> {
        for json in objects {
            let Some((known, input)) = self.source.seen(&json) else { continue };
            let key = (known.namespace.clone(), known.name.clone());
            match self.known.get(&key) {
                Some(seen) if seen.uid != known.uid => self.tell_gone(&key, seen.uid.clone()).await?,
                Some(seen) if known.version < seen.version => return self.went_back(seen.version, known.version),
                _ => {}
            }
            self.keep(key, &known);
            self.tell(input).await?;
        }
        Ok(())
    }

    fn keep(&mut self, key: (Str, Str), known: &Known) {
        self.known.insert(key, Seen { uid: known.uid.clone(), version: known.version, list: self.lists });
    }

    /// The storage was put back to an older state: what is known is of another time.
    fn went_back<T>(&self, known: u64, now: u64) -> Result<T, Ended> {
        let collection = self.source.collection().name;
        tracing::error!(
            collection,
            known,
            now,
            "versions run backwards: the storage of the API server was put back to an older state; beginning anew"
        );
        self.put_back.notify_one();
        Err(Ended)
    }

    async fn tell_gone(&self, key: &(Str, Str), uid: Uid) -> Result<(), Ended> {
        let known = Known { namespace: key.0.clone(), name: key.1.clone(), uid, version: 0 };
        self.tell(self.source.gone(known)).await
    }

    /// Whether the cluster has no such kind, by the word of its discovery, and may do without it.
    async fn is_absent(&self, error: &CallError) -> bool {
        let Some(kind) = self.source.dispensable().filter(|_| error.cause.code() == Some(404)) else { return false };
        matches!(self.cluster.knows(kind).await, Ok(false))
    }

    /// There is no such kind, and so no object of it: with a definition its objects are deleted too.
    async fn absent(&mut self) -> Result<(), Ended> {
        let collection = self.source.collection().name;
        if self.source.is_optional() {
            tracing::debug!(collection, "the cluster does not have this kind");
        } else {
            tracing::warn!(collection, "the cluster does not have this kind: `ipledger crds install` brings it");
        }
        for (key, seen) in std::mem::take(&mut self.known) {
            self.tell_gone(&key, seen.uid).await?;
        }
        self.tell_listed().await
    }

    /// The list failed: what was known may be wrong, and is not told as gone.
    async fn not_known(&self, error: &CallError) -> Result<(), Ended> {
        let collection = self.source.collection().name;
        match error.cause.code() {
            Some(404) => tracing::error!(
                collection,
                "the API server does not know this kind: install its definition with `ipledger crds install`"
            ),
            Some(403) => {
                tracing::error!(collection, reason = %error.cause, "it may not be listed: see config/rbac.yaml");
            }
            _ => tracing::warn!(collection, reason = %error.cause, "it cannot be listed, and is tried again"),
        }
        match self.source.unlisted() {
            // Out of reach is not unknown: what was listed before stays the best that is known.
            Some(input) if matches!(error.cause.code(), Some(403 | 404)) => self.tell(input).await,
            _ => Ok(()),
        }
    }

    /// Follows the changes until a new list is needed.
    async fn follow(&mut self, mut version: String) -> Result<(), Ended> {
        let mut backoff = Backoff::default();
        loop {
            let end = match self.cluster.watch(&self.source.collection(), &version).await {
                Ok(mut watching) => loop {
                    match watching.next().await {
                        Ok(change) => {
                            backoff = Backoff::default();
                            self.change(change).await?;
                            version.clear();
                            version.push_str(watching.version());
                        }
                        Err(end) => {
                            version.clear();
                            version.push_str(watching.version());
                            break end;
                        }
                    }
                },
                Err(end) => end,
            };
            let collection = self.source.collection().name;
            match end {
                WatchEnd::Over => {}
                WatchEnd::Expired => return Ok(()),
                WatchEnd::Failed(Cause::Refused(refusal)) => {
                    tracing::warn!(collection, reason = %refusal, "a watch was refused: listing again");
                    tokio::time::sleep(backoff.next()).await;
                    return Ok(());
                }
                WatchEnd::Failed(cause) => {
                    tracing::warn!(collection, reason = %cause, "a watch broke, and goes on where it was");
                    tokio::time::sleep(backoff.next()).await;
                    self.went_on(&version).await?;
                }
            }
        }
    }

    /// A server that is back after it was out of reach may have been started on an older state: a watch from a version that is
    /// yet to come would be silent until then.
    async fn went_on(&self, known: &str) -> Result<(), Ended> {
        // A server that is still out of reach is asked again once the next watch broke.
        let Ok(now) = self.cluster.version_of(&self.source.collection()).await else { return Ok(()) };
        match (known.parse(), now.parse()) {
            (Ok(known), Ok(now)) if now < known => self.went_back(known, now),
            _ => Ok(()),
        }
    }

    async fn change(&mut self, change: Change) -> Result<(), Ended> {
        let (Change::Seen(json) | Change::Gone(json)) = &change;
        let Some((known, input)) = self.source.seen(json) else { return Ok(()) };
        let key = (known.namespace.clone(), known.name.clone());
        match change {
            Change::Seen(_) => {
                self.keep(key, &known);
                self.tell(input).await
            }
            Change::Gone(_) => {
                self.known.remove(&key);
                self.tell(self.source.gone(known)).await
            }
        }
    }
}
