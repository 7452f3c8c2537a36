//! Watching a collection: what changes from a version on.
//!
//! In: a [`Collection`], the version of its list. Out: each [`Change`] as the bytes that the server sent, in its order, and
//! why it ended. Guarantees: the version only moves on with what was given out, so that going on from it misses nothing;
//! a connection on which nothing comes is not waited on for ever; nothing is repeated here: who watches decides.

use crate::call::{CallError, Cause, Cluster, root};
use crate::json::{self, Page, Versioned, WatchError, WatchLine};
use crate::list::PAGE;
use crate::path;
use api::slim::Kind;
use http_body_util::BodyExt as _;
use kube::client::Body;
use std::time::Duration;

/// After this the server ends a watch by itself: a new one may go to another server of several. client-go's range is five
/// to ten minutes.
const WATCH_SECONDS: u64 = 300;
/// The server sends a bookmark each minute (`bookmarkFrequency`): after two and a half without anything the connection is
/// dead.
const SILENCE: Duration = Duration::from_secs(150);
/// A line that is longer is no object of an API server: etcd takes 1.5 MB.
const LONGEST_LINE: usize = 16 << 20;

/// All objects of a kind, or those of one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// What people call it: `subnets.kubeovn.io`.
    pub name: String,
    path: String,
    selector: String,
}

impl Collection {
    /// All objects of a kind.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self { name: path::shown(kind), path: path::all(kind, kind.version()), selector: String::new() }
    }

    /// Objects under a path that no [`Kind`] names.
    #[must_use]
    pub fn at(name: &str, path: &str) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), selector: String::new() }
    }

    /// Only those with these labels: `key=value`.
    #[must_use]
    pub fn labelled(self, selector: &str) -> Self {
        Self { selector: format!("&labelSelector={}", path::escape(selector)), ..self }
    }

    /// Only those with these fields: `metadata.name=x`.
    #[must_use]
    pub fn with_fields(self, selector: &str) -> Self {
        Self { selector: format!("&fieldSelector={}", path::escape(selector)), ..self }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An object was made or changed.
    Seen(Vec<u8>),
    /// An object went; as it was last.
    Gone(Vec<u8>),
}

/// Why a watch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEnd {
    /// The server ends each after a while: go on from the same version.
    Over,
    /// The server has forgotten that version (410): list again.
    Expired,
    /// It broke, or was refused.
    Failed(Cause),
}

/// A watch that runs.
#[derive(Debug)]
pub struct Watching {
    body: Body,
    buffer: Vec<u8>,
    /// Where the next line begins, and up to where no line feed was found.
    start: usize,
    version: String,
}

/// A list that is read page by page: all of one moment.
#[derive(Debug)]
pub struct Pages<'a> {
    cluster: &'a Cluster,
    doing: String,
    first: String,
    /// The path of the next page; none behind the last one.
    next: Option<String>,
    version: String,
}

impl Pages<'_> {
    /// The objects of the next page, each as JSON; none behind the last page.
    ///
    /// # Errors
    /// [`CallError`], after as many attempts as the connection makes.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, CallError> {
        let Some(path) = self.next.take() else { return Ok(None) };
        let body = self.cluster.read(&self.doing, &path, |_| {}).await?;
        let page: Page<'_> = json::parse(&self.doing, &body)?;
        let items = page.items.unwrap_or_default();
        let more = page.metadata.next;
        self.next = (!more.is_empty()).then(|| format!("{}&continue={}", self.first, path::escape(&more)));
        self.version = page.metadata.resource_version;
        Ok(Some(items.iter().map(|item| item.get().as_bytes().to_vec()).collect()))
    }

    /// The version of the list, once a page was read.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl Cluster {
    /// Lists a collection: each object as JSON, and the version of the list.
    ///
    /// # Errors
    /// [`CallError`], after as many attempts as the connection makes.
    pub async fn list_collection(&self, collection: &Collection) -> Result<(Vec<Vec<u8>>, String), CallError> {
        let (mut pages, mut objects) = (self.pages(collection), Vec::new());
        while let Some(page) = pages.next().await? {
            objects.extend(page);
        }
        Ok((objects, pages.version))
    }

    /// The same page by page, for lists that are too long to be held.
    #[must_use]
    pub fn pages(&self, collection: &Collection) -> Pages<'_> {
        let doing = format!("list {}", collection.name);
        let first = format!("{}?limit={PAGE}{}", collection.path, collection.selector);
        Pages { cluster: self, doing, next: Some(first.clone()), first, version: String::new() }
    }

    /// The version that a list of a collection would have now: the cheapest question that says whether time went on.
    ///
    /// # Errors
    /// [`CallError`], after as many attempts as the connection makes.
    pub async fn version_of(&self, collection: &Collection) -> Result<String, CallError> {
        let doing = format!("read the version of {}", collection.name);
        let body = self.read(&doing, &format!("{}?limit=1{}", collection.path, collection.selector), |_| {}).await?;
        let page: Page<'_> = json::parse(&doing, &body)?;
        Ok(page.metadata.resource_version)
    }

    /// Watches a collection from a version on.
    ///
    /// # Errors
    /// [`WatchEnd`]: the server refuses or has forgotten that version.
    pub async fn watch(&self, collection: &Collection, version: &str) -> Result<Watching, WatchEnd> {
        let query = "watch=true&allowWatchBookmarks=true";
        let (path, selector) = (&collection.path, &collection.selector);
        let version_query = path::escape(version);
        let path = format!("{path}?{query}&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version_query}{selector}");
        match self.open(&path).await {
            Ok(body) => Ok(Watching { body, buffer: Vec::new(), start: 0, version: version.to_owned() }),
            Err(cause) if cause.code() == Some(410) => Err(WatchEnd::Expired),
            Err(cause) => Err(WatchEnd::Failed(cause)),
        }
    }
}

impl Watching {
    /// The version up to which everything was given out.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The next change. Not to be called again after an error.
    ///
    /// # Errors
    /// [`WatchEnd`]: why there will be none.
    pub async fn next(&mut self) -> Result<Change, WatchEnd> {
        loop {
            let line = self.line().await?;
            let broken = |error: serde_json::Error| WatchEnd::Failed(Cause::Nonsense(error.to_string()));
            let line: WatchLine<'_> = serde_json::from_slice(&line).map_err(broken)?;
            let object = line.object.get();
            if line.kind == "ERROR" {
                let error: WatchError = serde_json::from_str(object).map_err(broken)?;
                return Err(match error.code {
                    410 => WatchEnd::Expired,
                    _ => WatchEnd::Failed(Cause::Unreachable(error.message)),
                });
            }
            self.version = serde_json::from_str::<Versioned>(object).map_err(broken)?.metadata.resource_version;
            match line.kind.as_str() {
                "ADDED" | "MODIFIED" => return Ok(Change::Seen(object.as_bytes().to_vec())),
                "DELETED" => return Ok(Change::Gone(object.as_bytes().to_vec())),
                _ => {}
            }
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, WatchEnd> {
        let mut searched = self.start;
        loop {
            if let Some(at) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + at;
                let line = self.buffer[self.start..end].to_vec();
                self.start = end + 1;
                return Ok(line);
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            searched = self.buffer.len();
            if searched > LONGEST_LINE {
                return Err(WatchEnd::Failed(Cause::Nonsense("a line of a watch has no end".to_owned())));
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), WatchEnd> {
        let frame = match tokio::time::timeout(SILENCE, self.body.frame()).await {
            Err(_) => return Err(WatchEnd::Failed(Cause::Deadline(SILENCE))),
            Ok(None) => return Err(WatchEnd::Over),
            Ok(Some(Err(error))) => return Err(WatchEnd::Failed(Cause::Unreachable(root(&error)))),
            Ok(Some(Ok(frame))) => frame,
        };
        if let Some(data) = frame.data_ref() {
            self.buffer.extend_from_slice(data);
        }
        Ok(())
    }
}
