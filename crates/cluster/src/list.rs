//! Listing kinds, page by page.
//!
//! In: the kinds that are wanted. Out: every object to an [`Intake`] as the bytes that the server sent, and a [`Listing`] per
//! kind that says how far it is known. At most one page is held. Guarantees: a kind is `Complete` only after its last page; pages of one kind are one
//! consistent list, and where the server has forgotten it in the middle (410), all of the kind so far is void and the list
//! begins again, once; a kind that fails does not stop the others, but a server that is gone is not asked thirty times.

use crate::call::{CallError, Cause, Cluster, Retry};
use crate::json::{self, Page};
use crate::served::{Served, is_custom};
use crate::{order, path};
use api::slim::Kind;
use std::fmt;

/// Objects per page. What client-go and kubectl ask for: large enough that round trips do not count, small enough for
/// the server to answer without a burst of memory.
pub const PAGE: u32 = 500;

/// Takes what is listed.
pub trait Intake {
    /// An object, as JSON; `api::slim::read` reads it.
    fn object(&mut self, kind: Kind, json: &[u8]);

    /// Everything given of this kind is void: its list begins again.
    fn restart(&mut self, kind: Kind);

    /// Something that people who wait want to know.
    fn event(&mut self, event: Event<'_>);
}

/// Something that people who wait want to know.
#[derive(Debug)]
pub enum Event<'a> {
    /// A kind is asked for.
    Begun {
        /// The kind.
        kind: Kind,
    },
    /// A page was read.
    Page {
        /// The kind.
        kind: Kind,
        /// Objects of it so far.
        objects: u64,
        /// How many are still to come, where the server says.
        remaining: Option<u64>,
    },
    /// A call failed and is tried again.
    Retry {
        /// The kind.
        kind: Kind,
        /// Objects of it so far.
        objects: u64,
        /// What failed, and when it is tried again.
        retry: Retry<'a>,
    },
    /// The server forgot the list in the middle, and it begins again.
    Expired {
        /// The kind.
        kind: Kind,
        /// Objects of it that are void.
        objects: u64,
    },
    /// A kind is done.
    Done {
        /// The kind.
        kind: Kind,
        /// How far it is known.
        listing: &'a Listing,
    },
}

/// How far a kind is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// All of its objects were given.
    Complete {
        /// How many.
        objects: u64,
        /// The state of the cluster that they are from.
        resource_version: String,
        /// Whether the list began again in the middle.
        restarted: bool,
    },
    /// The cluster has no such kind, and so no object of it.
    Absent,
    /// It may not be listed.
    Forbidden(Forbidden),
    /// Not all could be read; those that were given are there all the same.
    Failed {
        /// How many were given.
        objects: u64,
        /// What went wrong.
        error: CallError,
    },
    /// Not tried: the server was out of reach.
    Skipped {
        /// The kind that was being listed then.
        after: Kind,
    },
}

impl Listing {
    /// Whether all objects of the kind are known: given, or known not to exist.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::Absent)
    }

    /// Why not all objects of the kind are known, and what would change that, in one line.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Complete { .. } | Self::Absent => None,
            Self::Forbidden(Forbidden { rule, .. }) => {
                Some(format!("it may not be listed: a ClusterRole with this rule would allow it: {rule}"))
            }
            Self::Failed { objects: 0, error } => Some(error.in_full()),
            Self::Failed { objects, error } => Some(format!("{}; {objects} objects were read before", error.in_full())),
            Self::Skipped { after } => {
                Some(format!("not tried: the server was out of reach while {} was listed", path::shown(*after)))
            }
        }
    }
}

/// Whether there is any object of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// One of them, as JSON.
    pub object: Option<Vec<u8>>,
    /// How many there are, where the server says.
    pub count: Option<u64>,
}

/// A kind that may not be listed, and what would change that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forbidden {
    /// What the server said.
    pub message: String,
    /// The rule of a ClusterRole that would allow it.
    pub rule: RbacRule,
}

/// A rule of a ClusterRole. Shows as YAML, to be pasted under `rules:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RbacRule {
    /// Group; empty for the core group.
    pub group: &'static str,
    /// Resource.
    pub resource: &'static str,
    /// Verbs.
    pub verbs: &'static [&'static str],
}

impl fmt::Display for RbacRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, resource, verbs } = self;
        write!(f, "- {{apiGroups: [{group:?}], resources: [{resource:?}], verbs: {verbs:?}}}")
    }
}

/// What reading a kind takes: a list, and a GET to look again at what was found.
pub(crate) fn rule_to_read(kind: Kind) -> RbacRule {
    RbacRule { group: kind.group(), resource: kind.plural(), verbs: &["get", "list"] }
}

/// The pages of one kind as far as they are read.
struct Pages {
    kind: Kind,
    doing: String,
    version: String,
    next: String,
    objects: u64,
    restarted: bool,
}

impl Cluster {
    /// Lists kinds one after the other in the order of [`crate::ORDER`].
    pub async fn list_all(&self, wanted: &[Kind], intake: &mut (impl Intake + ?Sized)) -> Vec<(Kind, Listing)> {
        let mut listings = Vec::with_capacity(wanted.len());
        let mut stopped = None;
        for kind in order::in_order(wanted) {
            let listing = match stopped {
                Some(after) => Listing::Skipped { after },
                None => self.list(kind, intake).await,
            };
            if let Listing::Failed { error, .. } = &listing
                && self.is_out_of_reach(&error.cause).await
            {
                stopped = Some(kind);
            }
            intake.event(Event::Done { kind, listing: &listing });
            listings.push((kind, listing));
        }
        listings
    }

    /// Lists one kind.
    pub async fn list(&self, kind: Kind, intake: &mut (impl Intake + ?Sized)) -> Listing {
        let mut pages = Pages {
            kind,
            doing: format!("list {}", path::shown(kind)),
            version: kind.version().to_owned(),
            next: String::new(),
            objects: 0,
            restarted: false,
        };
        intake.event(Event::Begun { kind });
        loop {
            let error = match self.page(&mut pages, intake).await {
                Ok(Some(resource_version)) => {
                    let Pages { objects, restarted, .. } = pages;
                    return Listing::Complete { objects, resource_version, restarted };
                }
                Ok(None) => continue,
                Err(error) => error,
            };
            if let Some(listing) = self.after_error(&mut pages, error, intake).await {
                return listing;
            }
        }
    }

    /// Reads one page. Gives the version of the list after the last one.
    async fn page(&self, pages: &mut Pages, intake: &mut (impl Intake + ?Sized)) -> Result<Option<String>, CallError> {
        let mut path = format!("{}?limit={PAGE}", path::all(pages.kind, &pages.version));
        if !pages.next.is_empty() {
            path.push_str("&continue=");
            path.push_str(&path::escape(&pages.next));
        }
        let Pages { kind, objects, .. } = *pages;
        let body = self.read(&pages.doing, &path, |retry| intake.event(Event::Retry { kind, objects, retry })).await?;
        let page: Page<'_> = json::parse(&pages.doing, &body)?;
        let items = page.items.unwrap_or_default();
        items.iter().for_each(|item| intake.object(pages.kind, item.get().as_bytes()));
        pages.objects += items.len() as u64;
        let remaining = page.metadata.remaining_item_count;
        intake.event(Event::Page { kind: pages.kind, objects: pages.objects, remaining });
        pages.next = page.metadata.next;
        Ok(pages.next.is_empty().then_some(page.metadata.resource_version))
    }

    /// What an error means: how the kind ends, or nothing where the list goes on.
    async fn after_error(
        &self,
        pages: &mut Pages,
        error: CallError,
        intake: &mut (impl Intake + ?Sized),
    ) -> Option<Listing> {
        let kind = pages.kind;
        match (&error.cause, error.cause.code()) {
            // The list expired between two pages (`--etcd-compaction-interval`, five minutes by default).
            (_, Some(410)) if !pages.restarted && !pages.next.is_empty() => {
                intake.restart(kind);
                intake.event(Event::Expired { kind, objects: pages.objects });
                (pages.next, pages.objects, pages.restarted) = (String::new(), 0, true);
                None
            }
            // Who may not list a kind is told so even where it does not exist; discovery is open to everybody.
            (Cause::Refused(refusal), Some(403)) => {
                let forbidden = Forbidden { message: refusal.message.clone(), rule: rule_to_read(kind) };
                match self.served_at_first(pages, intake).await {
                    Some(Ok(Served::No)) => Some(Listing::Absent),
                    _ => Some(Listing::Forbidden(forbidden)),
                }
            }
            (_, Some(404)) => match self.served_at_first(pages, intake).await {
                Some(Ok(Served::No)) => Some(Listing::Absent),
                Some(Ok(Served::As(version))) => {
                    pages.version = version;
                    None
                }
                Some(Err(error)) => Some(Listing::Failed { objects: pages.objects, error }),
                Some(Ok(Served::AsAsked)) | None => Some(Listing::Failed { objects: pages.objects, error }),
            },
            _ => Some(Listing::Failed { objects: pages.objects, error }),
        }
    }

    /// What discovery says about a kind whose first page was refused; nothing for kinds that every server has.
    async fn served_at_first(
        &self,
        pages: &Pages,
        intake: &mut (impl Intake + ?Sized),
    ) -> Option<Result<Served, CallError>> {
        let Pages { kind, objects, .. } = *pages;
        if !is_custom(kind) || !pages.next.is_empty() || pages.version != kind.version() {
            return None;
        }
        Some(self.served(kind, |retry| intake.event(Event::Retry { kind, objects, retry })).await)
    }

    /// Looks whether there is any object of a kind, without reading them all.
    ///
    /// # Errors
    /// The server cannot be asked, or refuses.
    pub async fn first(&self, kind: Kind, mut on_retry: impl FnMut(Retry<'_>)) -> Result<First, CallError> {
        match self.first_as(kind, kind.version(), &mut on_retry).await {
            Err(error) if error.cause.code() == Some(404) && is_custom(kind) => {
                match self.served(kind, &mut on_retry).await? {
                    Served::No => Ok(First { object: None, count: Some(0) }),
                    Served::As(version) => self.first_as(kind, &version, on_retry).await,
                    Served::AsAsked => Err(error),
                }
            }
            outcome => outcome,
        }
    }

    /// The same in one version, where a kind that is not served is an error.
    pub(crate) async fn first_as(
        &self,
        kind: Kind,
        version: &str,
        on_retry: impl FnMut(Retry<'_>),
    ) -> Result<First, CallError> {
        let doing = format!("look for {}", path::shown(kind));
        let body = self.read(&doing, &format!("{}?limit=1", path::all(kind, version)), on_retry).await?;
        let page: Page<'_> = json::parse(&doing, &body)?;
        let items = page.items.unwrap_or_default();
        let seen = items.len() as u64;
        let is_last = page.metadata.next.is_empty();
        let count = page.metadata.remaining_item_count.map(|more| seen + more).or(is_last.then_some(seen));
        Ok(First { object: items.first().map(|item| item.get().as_bytes().to_vec()), count })
    }
}
