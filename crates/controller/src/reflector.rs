//! One watch: lists a collection, then follows it, for ever.
//!
//! In: a [`Source`]. Out: [`Input`]s in the order of the server. Guarantees: after a gap the new list is compared with what
//! was known, so that what went meanwhile is told as lacking; of an object no more is remembered than its UID and its version; a kind whose definition is missing, or that may not be listed,
//! is told as not known, and its objects are not told as gone; it tries again with growing pauses, and says why. Where versions run
//! backwards the storage was put back to an older state: that is told, and nothing after it.

use crate::pace::Backoff;
use crate::source::Source;
use api::slim::Uid;
use cluster::{CallError, Cause, Change, Cluster, WatchEnd};
use engine::manage::Input;
use std::collections::{BTreeMap, BTreeSet};
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
    /// What was told and is not known to be gone: life and version.
    known: BTreeMap<Uid, u64>,
    /// Up to which version all that there is has been told; 0 before the first list.
    synced: u64,
    put_back: PutBack,
}

impl Reflector {
    pub(crate) fn new(cluster: Cluster, source: Source, inputs: Sender<Input>, put_back: PutBack) -> Self {
        Self { cluster, source, inputs, known: BTreeMap::new(), synced: 0, put_back }
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
        let (cluster, collection) = (self.cluster.clone(), self.source.collection());
        let mut pages = cluster.pages(&collection);
        let mut there = BTreeSet::new();
        loop {
            match pages.next().await {
                Ok(Some(objects)) => self.page(objects, &mut there).await?,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            }
        }
        // A list that broke off has told some objects, and they are known; that one is absent, only a whole list says.
        let lacking = self.known.extract_if(.., |life, _| !there.contains(life)).map(|(life, _)| life).collect();
        self.tell_lacking(lacking).await?;
        self.tell_listed().await?;
        self.note_synced(pages.version());
        Ok(Ok(pages.version().to_owned()))
    }

    async fn page(&mut self, objects: Vec<Vec<u8>>, there: &mut BTreeSet<Uid>) -> Result<(), Ended> {
        for json in objects {
            let Some((known, input)) = self.source.seen(&json) else {
                there.extend(Source::life(&json));
                continue;
            };
            // What is new to this watch came after all that it was told: else it is of another time, perhaps in the place of what it knows.
            let least = self.known.get(&known.life).copied().unwrap_or(self.synced.saturating_add(1));
            if known.version < least && known.version > 0 {
                return self.went_back(least, known.version);
            }
            there.insert(known.life.clone());
            self.known.insert(known.life, known.version);
            self.tell(input).await?;
        }
        Ok(())
    }

    /// Takes note up to which version all was told.
    fn note_synced(&mut self, version: &str) {
        self.synced = version.parse().unwrap_or(self.synced);
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

    async fn tell_lacking(&self, lives: BTreeSet<Uid>) -> Result<(), Ended> {
        for input in self.source.lacking(lives) {
            self.tell(input).await?;
        }
        Ok(())
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
        let lacking = std::mem::take(&mut self.known).into_keys().collect();
        self.tell_lacking(lacking).await?;
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
                            self.note_synced(&version);
                        }
                        Err(end) => {
                            version.clear();
                            version.push_str(watching.version());
                            self.note_synced(&version);
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
        match change {
            Change::Seen(_) => {
                self.known.insert(known.life, known.version);
                self.tell(input).await
            }
            Change::Gone(_) => {
                self.known.remove(&known.life);
                self.tell(Source::gone(input)).await
            }
        }
    }
}
