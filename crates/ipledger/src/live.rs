//! The live cluster, as commands use it.
//!
//! In: which cluster and as whom. Out: a reading whose findings were confirmed by a second look. Guarantees: a cluster that
//! answers nothing is an error, one that answers in part is judged in part.

use crate::args::Live as LiveArgs;
use crate::progress::Progress;
use anyhow::{Context, Result, anyhow};
use api::slim::Time;
use cluster::{Cluster, Confirmed, ConnectOptions, Live, Patience};
use tokio::runtime::Runtime;

/// A connection, and what its calls run on.
pub(crate) struct Connection {
    pub(crate) runtime: Runtime,
    pub(crate) cluster: Cluster,
}

/// Connects.
pub(crate) fn connect(args: &LiveArgs) -> Result<Connection> {
    connect_with(args, Patience::default())
}

/// Connects, and waits and tries so long and so often.
pub(crate) fn connect_with(args: &LiveArgs, patience: Patience) -> Result<Connection> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads that talk to the cluster")?;
    let options = ConnectOptions {
        kubeconfig: args.kubeconfig.clone(),
        context: args.context.clone(),
        as_user: args.as_user.clone(),
        as_groups: args.as_groups.clone(),
        patience,
    };
    let cluster = runtime.block_on(cluster::connect(&options))?;
    Ok(Connection { runtime, cluster })
}

impl Connection {
    /// Reads the cluster, and reads again what findings are about.
    pub(crate) fn read(&self, grace: i64, progress: &Progress) -> Result<(Live, Confirmed)> {
        self.runtime.block_on(async {
            // Before each of thirty lists tries for itself.
            let knocked = self.cluster.knock(|retry| progress.say(&retry.to_string())).await;
            knocked.with_context(|| format!("the cluster at {} cannot be read", self.cluster.server()))?;
            let mut listing = |now: cluster::Progress| match now.waiting {
                Some(why) => progress.say(&why),
                None => progress.say(&format!("listing {}: {} objects so far", now.kind.plural(), now.objects)),
            };
            let mut live = cluster::read(&self.cluster, &mut listing, now).await;
            // Whoever has no rights still learns of kinds that the cluster does not have.
            if let Some(why) = live.why_nothing() {
                return Err(anyhow!("the cluster cannot be read: {why}"));
            }
            progress.say("judging");
            let mut confirming =
                |seen: usize, all: usize| progress.say(&format!("looking again: {seen} of {all} objects"));
            let confirmed = cluster::confirm(&self.cluster, &mut live, grace, &mut confirming).await;
            Ok((live, confirmed))
        })
    }
}

/// The time by this machine's clock.
fn now() -> Time {
    Time(jiff::Timestamp::now().as_second())
}
