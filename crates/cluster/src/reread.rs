//! Looking again at single objects.
//!
//! In: kind, namespace and name. Out: the object as it is now, or that it is gone, or why nobody knows. Guarantees: `Gone`
//! only on the server's word about this very object, or about its kind; any doubt is `Failed`, which means keep.

use crate::call::{CallError, Cause, Cluster, Retry};
use crate::path;
use crate::served::{Served, is_custom};
use api::slim::{Kind, Object, read};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Reads at a time. Enough that round trips overlap, few enough that priority and fairness serves others too.
const AT_A_TIME: usize = 16;

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// Kind.
    pub kind: Kind,
    /// Namespace; empty for kinds that have none.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectName {
    /// The object of a kind, namespace and name.
    #[must_use]
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    fn doing(&self) -> String {
        let place = if self.namespace.is_empty() { String::new() } else { format!("{}/", self.namespace) };
        format!("read {} {place}{}", path::shown(self.kind), self.name)
    }
}

/// What a second look shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reread {
    /// The object as it is now, as JSON. It may be another one of the same name: compare the UID.
    Found(Vec<u8>),
    /// There is no such object, or no such kind.
    Gone,
    /// Nobody knows.
    Failed(CallError),
}

impl Cluster {
    /// Reads one object; none where there is no such object, or no such kind.
    ///
    /// # Errors
    /// [`CallError`]: nobody knows, or it is there and nothing of it can be read.
    pub async fn one(&self, object: &ObjectName) -> Result<Option<Object>, CallError> {
        match self.reread(object, |_| {}).await {
            Reread::Found(json) => match read(object.kind, &json) {
                Ok(parsed) => Ok(Some(parsed.object)),
                Err(unreadable) => {
                    Err(CallError { doing: object.doing(), attempts: 1, cause: Cause::Nonsense(unreadable.reason) })
                }
            },
            Reread::Gone => Ok(None),
            Reread::Failed(error) => Err(error),
        }
    }

    /// Reads one object anew.
    pub async fn reread(&self, object: &ObjectName, mut on_retry: impl FnMut(Retry<'_>)) -> Reread {
        let kind = object.kind;
        let error = match self.reread_as(object, kind.version(), &mut on_retry).await {
            Reread::Failed(error) if error.cause.code() == Some(404) && is_custom(kind) => error,
            answer => return answer,
        };
        // No such resource: is there no such kind, or only not in this version?
        match self.served(kind, &mut on_retry).await {
            Ok(Served::No) => Reread::Gone,
            Ok(Served::As(version)) => self.reread_as(object, &version, &mut on_retry).await,
            Ok(Served::AsAsked) => Reread::Failed(error),
            Err(error) => Reread::Failed(error),
        }
    }

    async fn reread_as(&self, object: &ObjectName, version: &str, on_retry: impl FnMut(Retry<'_>)) -> Reread {
        let path = path::object(object.kind, version, &object.namespace, &object.name);
        match self.read(&object.doing(), &path, on_retry).await {
            Ok(json) => Reread::Found(json),
            Err(error) if is_gone(&error.cause, &object.name) => Reread::Gone,
            Err(error) => Reread::Failed(error),
        }
    }

    /// Reads many objects anew, some at a time. The answers stand in the order of the names.
    ///
    /// Once the server is out of reach, the rest is not tried: each of them would wait as long for the same answer.
    pub async fn reread_all(&self, objects: Vec<ObjectName>, mut progress: impl FnMut(usize)) -> Vec<Reread> {
        let permits = Arc::new(Semaphore::new(AT_A_TIME));
        let lost = Arc::new(OnceLock::new());
        let mut answers: Vec<Option<Reread>> = vec![None; objects.len()];
        let mut reads = JoinSet::new();
        for (index, object) in objects.into_iter().enumerate() {
            let (cluster, permits, lost) = (self.clone(), Arc::clone(&permits), Arc::clone(&lost));
            reads.spawn(async move {
                let _permit = permits.acquire_owned().await.expect("the semaphore is never closed");
                (index, cluster.reread_unless(&lost, &object).await)
            });
        }
        let mut done = 0;
        while let Some(read) = reads.join_next().await {
            let (index, answer) = read.expect("a read neither panics nor is cancelled");
            answers[index] = Some(answer);
            done += 1;
            progress(done);
        }
        answers.into_iter().map(|answer| answer.expect("every read was joined")).collect()
    }

    /// Reads one object anew unless the server was lost; notes if it is lost now.
    async fn reread_unless(&self, lost: &OnceLock<Cause>, object: &ObjectName) -> Reread {
        if let Some(cause) = lost.get() {
            return Reread::Failed(CallError { doing: object.doing(), attempts: 0, cause: cause.clone() });
        }
        let answer = self.reread(object, |_| {}).await;
        if let Reread::Failed(error) = &answer
            && self.is_out_of_reach(&error.cause).await
        {
            // Somebody else may have noted it first: the same news.
            let _ = lost.set(error.cause.clone());
        }
        answer
    }
}

/// Whether a refusal says that the object of this name does not exist. A 404 without the name is about the resource or
/// comes from a proxy, and says nothing about the object.
fn is_gone(cause: &Cause, name: &str) -> bool {
    matches!(cause, Cause::Refused(said) if said.code == 404 && said.reason == "NotFound" && said.about == name)
}
