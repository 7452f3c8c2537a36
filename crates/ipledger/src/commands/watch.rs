//! `ipledger watch`: what happens to claims, as it happens.
//!
//! In: a live cluster. Out: a line for each claim that is made, changes hands or goes, until Ctrl-C. Guarantees: what happens while a
//! watch is renewed, or broken, is told by the next list; a server that is out of reach is asked with pauses, and that is said on
//! stderr.

use super::claims::now;
use crate::args::Watch;
use crate::live;
use crate::output::{self, Exit};
use anyhow::{Context, Result};
use api::slim::{AddressClaim, Kind, Str, Uid, read_claim};
use cluster::{Cause, Change, Cluster, Collection, WatchEnd, Watching};
use std::collections::BTreeMap;
use std::time::Duration;
use view::why::holder;

/// Before a server that broke a watch off is asked again; a list tries several times by itself.
const PAUSE: Duration = Duration::from_secs(1);

/// The claims by name.
type Claims = BTreeMap<Str, AddressClaim>;

/// Prints each claim that is made, changes hands or goes, until Ctrl-C.
pub(crate) fn watch(args: &Watch) -> Result<Exit> {
    let connection = live::connect(&args.live)?;
    connection.runtime.block_on(async {
        let stopped = super::run::stopped()?;
        tokio::select! {
            ended = follow(&connection.cluster) => ended,
            () = stopped => Ok(Exit::Clean),
        }
    })
}

async fn follow(cluster: &Cluster) -> Result<Exit> {
    let collection = Collection::of(Kind::AddressClaim);
    let (mut known, mut version) = list(cluster, &collection).await?;
    output::print(&format!("{} claims; what changes from now on:\n", known.len()))?;
    loop {
        let end = match cluster.watch(&collection, &version).await {
            Ok(mut watching) => {
                let end = changes(&mut watching, &mut known).await?;
                watching.version().clone_into(&mut version);
                end
            }
            Err(end) => end,
        };
        match end {
            WatchEnd::Over => continue,
            WatchEnd::Expired => {}
            WatchEnd::Failed(cause @ Cause::Refused(_)) if cause.code() == Some(403) => {
                return Err(cause)
                    .context("claims cannot be watched: this takes the right to `watch` addressclaims.ipledger.dev");
            }
            WatchEnd::Failed(cause) => {
                eprintln!("the watch broke: {cause}; listing the claims again");
                tokio::time::sleep(PAUSE).await;
            }
        }
        let (now, at) = list(cluster, &collection).await?;
        tell_difference(&known, &now)?;
        (known, version) = (now, at);
    }
}

async fn list(cluster: &Cluster, collection: &Collection) -> Result<(Claims, String)> {
    let (objects, version) = cluster.list_collection(collection).await?;
    let claims = objects.iter().filter_map(|json| read_claim(json));
    Ok((claims.map(|claim| (claim.meta.name.clone(), claim)).collect(), version))
}

/// Tells each change until the watch ends.
async fn changes(watching: &mut Watching, known: &mut Claims) -> Result<WatchEnd> {
    loop {
        let change = match watching.next().await {
            Ok(change) => change,
            Err(end) => return Ok(end),
        };
        let (Change::Seen(json) | Change::Gone(json)) = &change;
        let Some(claim) = read_claim(json) else { continue };
        let name = claim.meta.name.clone();
        match change {
            Change::Gone(_) => {
                known.remove(&name);
                tell(&gone(&claim))?;
            }
            Change::Seen(_) => {
                lines(known.get(&name), &claim).iter().try_for_each(|line| tell(line))?;
                known.insert(name, claim);
            }
        }
    }
}

/// Tells what two lists differ by.
fn tell_difference(before: &Claims, after: &Claims) -> Result<()> {
    let went = before.iter().filter(|(name, _)| !after.contains_key(*name)).map(|(_, claim)| gone(claim));
    went.into_iter().try_for_each(|line| tell(&line))?;
    let changed = after.iter().flat_map(|(name, claim)| lines(before.get(name), claim));
    changed.into_iter().try_for_each(|line| tell(&line))
}

fn tell(line: &str) -> Result<()> {
    output::print(&format!("{} {line}\n", now()))
}

/// A claim's coming or change in words; none where nothing that people ask for has changed. One that was deleted and made again meanwhile
/// was released, too.
fn lines(before: Option<&AddressClaim>, after: &AddressClaim) -> Vec<String> {
    let say = |what| vec![line(what, after)];
    let let_go = |claim: &AddressClaim| claim.status.let_go.pod_uid.clone();
    match before {
        None => say("claimed"),
        Some(before) if before.meta.uid != after.meta.uid => vec![gone(before), line("claimed", after)],
        Some(before) if before.status.occupant.pod_uid != after.status.occupant.pod_uid => say("handed over"),
        Some(before) if target(before) != target(after) && *target(after) != Uid::None => say("migrates"),
        Some(before) if target(before) != target(after) => say("stays"),
        Some(before) if let_go(before) != let_go(after) => say("let go"),
        Some(_) => Vec::new(),
    }
}

fn gone(claim: &AddressClaim) -> String {
    line("released", claim)
}

fn line(what: &str, claim: &AddressClaim) -> String {
    let address = claim.spec.address.get().map(ToString::to_string).unwrap_or_default();
    let occupant = if what == "migrates" { &claim.status.target.occupant } else { &claim.status.occupant };
    let on = match occupant.node.as_str() {
        "" => String::new(),
        _ if what == "released" => String::new(),
        node => format!(" on {node}"),
    };
    format!("{what:<12} {address:<15} {}{on}", holder(claim))
}

/// The pod to which the machine of a claim migrates.
fn target(claim: &AddressClaim) -> &Uid {
    &claim.status.target.occupant.pod_uid
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn claim(uid: &str, pod: &str, more: &str) -> AddressClaim {
        let json = format!(
            r#"{{"metadata":{{"name":"w.10.0.0.1","uid":"{uid}"}},"spec":{{"wire":"w","address":"10.0.0.1","subnet":"s",
            "holder":{{"kind":"StatefulSet","namespace":"d","name":"db-0","nic":"net1"}}}},
            "status":{{"occupant":{{"podUID":"{pod}","node":"n1"}}{more}}}}}"#
        );
        read_claim(json.as_bytes()).unwrap()
    }

    #[test]
    fn each_change_that_people_ask_for_is_a_line_and_no_other_is() {
        let before = claim("c", "p", "");
        let now = |after: &AddressClaim| lines(Some(&before), after).join("; ");
        let holder = "10.0.0.1        StatefulSet d/db-0 (net1)";
        assert_eq!(lines(None, &before), [format!("claimed      {holder} on n1")]);
        assert_eq!(now(&before), "");
        assert_eq!(now(&claim("c", "q", "")), format!("handed over  {holder} on n1"));
        assert_eq!(now(&claim("c", "p", r#","letGo":{"podUID":"p"}"#)), format!("let go       {holder} on n1"));
        let target = r#","target":{"occupant":{"podUID":"t","node":"n2"}}"#;
        assert_eq!(now(&claim("c", "p", target)), format!("migrates     {holder} on n2"));
        assert_eq!(lines(Some(&claim("c", "p", target)), &before), [format!("stays        {holder} on n1")]);
    }

    #[test]
    fn a_claim_that_was_made_again_while_nobody_looked_was_released_first() {
        let told = lines(Some(&claim("c", "p", "")), &claim("d", "p", ""));
        assert!(told[0].starts_with("released ") && told[1].starts_with("claimed "), "{told:?}");
    }
}
