//! `ipledger release`, `reserve`, `why`, `watch`.
//!
//! In: a live cluster. Out: what claims say and why; an operator's word on a claim; an IP object that reserves an address; a line
//! for each claim that comes, changes hands or goes. Guarantees: `release` writes only with `--yes`, and never about an address
//! that a living pod uses; `reserve` waits until the address is granted or refused.

use crate::args::{Release, Reserve, Watch, Why, pod};
use crate::live::{self, Connection};
use crate::output::{self, Exit};
use anyhow::{Context, Result, bail};
use api::names::port_name;
use api::slim::{AddressClaim, Kind, Time, Uid, read_claim};
use cluster::{Change, Collection, Word};
use engine::manage::{Call, Verb};
use ledger::{Addr, Family};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use view::why::{Pod, holder, why as because};

/// How long a reservation may take to be granted.
const SOON: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(300);

/// Says that an address is not used any more.
pub(crate) fn release(args: &Release) -> Result<Exit> {
    let connection = live::connect(&args.live)?;
    let claim = one(&connection, args.address, args.wire.as_deref())?;
    let pods = pods_of(&connection, &claim)?;
    output::print(&because(&claim, &pods))?;
    let status = &claim.status;
    let users: Vec<_> = status.users().filter(|(user, said)| **said != user.pod_uid).collect();
    let is_living = |uid: &Uid| {
        status.users().zip(&pods).any(|((user, _), pod)| user.pod_uid == *uid && matches!(pod, Pod::Lives(_)))
    };
    let gone: Vec<Uid> = users.iter().map(|(user, _)| user.pod_uid.clone()).filter(|uid| !is_living(uid)).collect();
    let living = pods.iter().find_map(|pod| if let Pod::Lives(name) = pod { Some(name) } else { None });
    if let Some(name) = living.filter(|_| gone.is_empty()) {
        bail!(
            "pod {name} uses {}: delete the pod, and its address is released when its node has let it go",
            args.address
        );
    }
    if gone.is_empty() && status.programmed.gateway.is_empty() && status.quarantine.until.get().is_none() {
        bail!("nothing but its holder keeps this address: delete {}, and it is released", holder(&claim));
    }
    if !args.yes {
        output::print(
            "\nNothing was written. With --yes you say: whatever used this address is off the wire and stays off. If that is wrong, two will \
             use it.\n",
        )?;
        return Ok(Exit::Clean);
    }
    match connection.runtime.block_on(connection.cluster.give_word(&claim, &gone, now()))? {
        Word::Given => output::print("\nSaid. The controller releases it, unless its holder is still entitled.\n")?,
        Word::Changed => bail!("claim {} has changed meanwhile: look again", claim.meta.name),
    }
    Ok(Exit::Clean)
}

/// Reserves an address for a pod.
pub(crate) fn reserve(args: &Reserve) -> Result<Exit> {
    let connection = live::connect(&args.live)?;
    let (namespace, pod) = &args.pod;
    let path = format!("/apis/kubeovn.io/v1/subnets/{}", args.subnet);
    let read_subnet = Call { verb: Verb::Get, path, body: None };
    let (runtime, cluster) = (&connection.runtime, &connection.cluster);
    let answer = runtime.block_on(cluster.do_once(&format!("read Subnet {}", args.subnet), read_subnet))?;
    if answer.code == 404 {
        bail!("there is no Subnet {}", args.subnet);
    }
    let subnet: Value = serde_json::from_slice(&answer.body).context("the Subnet is no JSON")?;
    let provider = subnet["spec"]["provider"].as_str().unwrap_or("ovn");
    let name = port_name(pod, namespace, provider);
    let field = if args.address.family() == Family::V6 { "v6IpAddress" } else { "v4IpAddress" };
    let ip = json!({
        "apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {"name": name.as_str()},
        "spec": {"subnet": args.subnet, "podName": pod, "namespace": namespace, field: args.address.to_string()},
    });
    let create = Call { verb: Verb::Create, path: "/apis/kubeovn.io/v1/ips".to_owned(), body: Some(ip) };
    if runtime.block_on(cluster.do_once(&format!("create IP {name}"), create))?.code == 409 {
        bail!("an IP object {name} exists: this pod has, or has reserved, an address in Subnet {}", args.subnet);
    }
    let begun = Instant::now();
    while begun.elapsed() < SOON {
        let claims = runtime.block_on(cluster.claims())?;
        if let Some(claim) = claims.iter().find(|claim| claim.spec.address.get() == Some(&args.address)) {
            let mine = claim.spec.holder.kind == "Reservation" && claim.spec.holder.name == name.as_str();
            if mine {
                output::print(&format!("{} is reserved for {namespace}/{pod}: IP {name}\n", args.address))?;
                return Ok(Exit::Clean);
            }
            bail!("{} is held by {}: IP {name} waits for it. Delete it to give up", args.address, holder(claim));
        }
        std::thread::sleep(LOOK);
    }
    bail!(
        "IP {name} was made, and has no claim after {SOON:?}: is the controller running, and is {} in the Subnet?",
        args.address
    )
}

/// Tells why an address is held, or what a pod has and lacks.
pub(crate) fn why(args: &Why) -> Result<Exit> {
    let connection = live::connect(&args.live)?;
    if let Ok(address) = args.what.parse::<Addr>() {
        let claims = of_address(&connection, address)?;
        if claims.is_empty() {
            output::print(&format!(
                "no claim names {address}. `ipledger who {address}` shows what other objects say of it\n"
            ))?;
            return Ok(Exit::Findings);
        }
        return tell(&connection, &claims);
    }
    let (namespace, name) =
        pod(&args.what).map_err(|_| anyhow::anyhow!("{:?} is neither an address nor NAMESPACE/NAME", args.what))?;
    why_pod(&connection, &namespace, &name)
}

fn why_pod(connection: &Connection, namespace: &str, name: &str) -> Result<Exit> {
    let (runtime, cluster) = (&connection.runtime, &connection.cluster);
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    let answer = runtime.block_on(cluster.do_once("read the pod", Call { verb: Verb::Get, path, body: None }))?;
    let pod: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let uid = Uid::parse(pod["metadata"]["uid"].as_str().filter(|_| answer.code == 200).unwrap_or_default());
    let is_of = |claim: &AddressClaim| {
        let holder = &claim.spec.holder;
        let by_name = matches!(holder.kind.as_str(), "Pod" | "StatefulSet")
            && holder.namespace == namespace
            && holder.name == name;
        by_name || claim.status.users().any(|(user, _)| user.pod_uid == uid)
    };
    let mut claims = runtime.block_on(cluster.claims())?;
    claims.retain(is_of);
    let told = refusals(connection, namespace, name)?;
    tell(connection, &claims)?;
    if claims.is_empty() {
        output::print(&format!("no claim names {namespace}/{name}\n"))?;
    }
    told.iter().try_for_each(|message| output::print(&format!("refused: {message}\n")))?;
    Ok(if claims.is_empty() { Exit::Findings } else { Exit::Clean })
}

/// What Events say that a pod was refused.
fn refusals(connection: &Connection, namespace: &str, name: &str) -> Result<Vec<String>> {
    let events = Collection::at("events", &format!("/api/v1/namespaces/{namespace}/events"));
    let events = events.with_fields(&format!("involvedObject.name={name},reason=AcquireAddressFailed"));
    let (events, _) = connection.runtime.block_on(connection.cluster.list_collection(&events))?;
    let message = |json: &Vec<u8>| {
        let event: Value = serde_json::from_slice(json).ok()?;
        event["message"].as_str().map(str::to_owned)
    };
    Ok(events.iter().filter_map(message).collect())
}

fn tell(connection: &Connection, claims: &[AddressClaim]) -> Result<Exit> {
    for claim in claims {
        let pods = pods_of(connection, claim)?;
        output::print(&because(claim, &pods))?;
    }
    Ok(Exit::Clean)
}

/// Tells each claim that comes, changes hands or goes, until Ctrl-C.
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

async fn follow(cluster: &cluster::Cluster) -> Result<Exit> {
    let claims = Collection::of(Kind::AddressClaim);
    let mut known: BTreeMap<String, AddressClaim> = BTreeMap::new();
    loop {
        let (objects, version) = cluster.list_collection(&claims).await?;
        if known.is_empty() {
            output::print(&format!("{} claims; what changes from now on:\n", objects.len()))?;
        }
        known = objects
            .iter()
            .filter_map(|json| read_claim(json))
            .map(|claim| (claim.meta.name.to_string(), claim))
            .collect();
        let Ok(mut watching) = cluster.watch(&claims, &version).await else { continue };
        while let Ok(change) = watching.next().await {
            let (Change::Seen(json) | Change::Gone(json)) = &change;
            let Some(claim) = read_claim(json) else { continue };
            let name = claim.meta.name.to_string();
            let gone = matches!(change, Change::Gone(_));
            if let Some(line) = line(known.get(&name), &claim, gone) {
                output::print(&format!("{} {line}\n", now()))?;
            }
            if gone {
                known.remove(&name)
            } else {
                known.insert(name, claim)
            };
        }
    }
}

/// A change in words; none where nothing that people ask for has changed.
fn line(before: Option<&AddressClaim>, after: &AddressClaim, gone: bool) -> Option<String> {
    let address = after.spec.address.get()?;
    let what = match before {
        _ if gone => "released",
        None => "claimed",
        Some(before) if before.status.occupant.pod_uid != after.status.occupant.pod_uid => "handed over",
        Some(before) if target(before) != target(after) && *target(after) != Uid::None => "migrates",
        Some(before) if target(before) != target(after) => "stays",
        Some(before) if before.status.let_go.pod_uid != after.status.let_go.pod_uid => "let go",
        Some(_) => return None,
    };
    let node = if what == "migrates" { &after.status.target.occupant.node } else { &after.status.occupant.node };
    let on = if node.is_empty() || gone { String::new() } else { format!(" on {node}") };
    Some(format!("{what:<12} {address:<15} {}{on}", holder(after)))
}

/// The pod to which the machine of a claim migrates.
fn target(claim: &AddressClaim) -> &Uid {
    &claim.status.target.occupant.pod_uid
}

fn of_address(connection: &Connection, address: Addr) -> Result<Vec<AddressClaim>> {
    let mut claims = connection.runtime.block_on(connection.cluster.claims())?;
    claims.retain(|claim| claim.spec.address.get() == Some(&address));
    Ok(claims)
}

/// The claim of an address, where it is the only one.
fn one(connection: &Connection, address: Addr, wire: Option<&str>) -> Result<AddressClaim> {
    let mut claims = of_address(connection, address)?;
    claims.retain(|claim| wire.is_none_or(|wire| claim.spec.wire == wire));
    if claims.len() > 1 {
        let wires: Vec<&str> = claims.iter().map(|claim| claim.spec.wire.as_str()).collect();
        bail!("{address} is held on several wires: say which by --wire: {}", wires.join(", "));
    }
    claims.pop().with_context(|| {
        format!("no claim names {address}: `ipledger who {address}` shows what other objects say of it")
    })
}

/// The pods that a claim is for: one, and while a machine migrates two.
fn pods_of(connection: &Connection, claim: &AddressClaim) -> Result<Vec<Pod>> {
    claim.status.users().map(|(user, _)| pod_of(connection, &user.pod_uid)).collect()
}

fn pod_of(connection: &Connection, uid: &Uid) -> Result<Pod> {
    Ok(match connection.runtime.block_on(connection.cluster.pod_of(uid))? {
        Some(pod) if pod.ended => Pod::Ended(pod.name),
        Some(pod) => Pod::Lives(pod.name),
        None => Pod::Gone,
    })
}

/// The time by this machine's clock.
fn now() -> Time {
    Time(jiff::Timestamp::now().as_second())
}
