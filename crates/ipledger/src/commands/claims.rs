//! `ipledger release`, `reserve`, `why`.
//!
//! In: a live cluster. Out: what claims say and why; an operator's word on a claim; an IP object that reserves an address.
//! Guarantees: `release` writes only with `--yes`, and never about an address that a living pod uses; `reserve` waits until the
//! address is granted or refused.

use crate::args::{Release, Reserve, Why, pod};
use crate::live::{self, Connection};
use crate::output::{self, Exit};
use crate::progress::Progress;
use anyhow::{Context, Result, bail};
use api::names::port_name;
use api::schema::claim_name;
use api::slim::{self, AddressClaim, Kind, Object, Subnet, Time, Uid};
use cluster::{Collection, ObjectName, Word};
use engine::manage::{Call, Verb};
use engine::networks::networks_of_meta;
use engine::record::is_finished;
use engine::world::subnets::wire;
use ledger::{Addr, Family};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use view::why::{Pod, holder, why as because};

/// How long a reservation may take to be granted.
const SOON: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// Namespace of the Events of objects without one.
const EVENTS_OF_CLUSTER: &str = "default";

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
        Word::Given => output::print(
            "\nWritten. The controller releases the address, unless its holder is still entitled to it.\n",
        )?,
        Word::Changed => bail!("claim {} has changed meanwhile: look again", claim.meta.name),
    }
    Ok(Exit::Clean)
}

/// Reserves an address for a pod.
pub(crate) fn reserve(args: &Reserve) -> Result<Exit> {
    let connection = live::connect(&args.live)?;
    let (subnet, wire) = subnet_of(&connection, &args.subnet)?;
    let (namespace, pod) = &args.pod;
    let provider = if subnet.spec.provider.is_empty() { "ovn" } else { subnet.spec.provider.as_str() };
    let name = port_name(pod, namespace, provider);
    let field = if args.address.family() == Family::V6 { "v6IpAddress" } else { "v4IpAddress" };
    let ip = json!({
        "apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {"name": name.as_str()},
        "spec": {"subnet": args.subnet, "podName": pod, "namespace": namespace, field: args.address.to_string()},
    });
    let create = Call { verb: Verb::Create, path: "/apis/kubeovn.io/v1/ips".to_owned(), body: Some(ip) };
    let created = connection.runtime.block_on(connection.cluster.do_once(&format!("create IP {name}"), create))?;
    if created.code == 409 {
        bail!("an IP object {name} exists: this pod has, or has reserved, an address in Subnet {}", args.subnet);
    }
    let made: Value = serde_json::from_slice(&created.body).unwrap_or_default();
    let uid = made["metadata"]["uid"].as_str().unwrap_or_default();
    let claim = match granted(&connection, &claim_name(&wire, args.address), uid)? {
        Some(Answer::Claimed(claim)) => claim,
        Some(Answer::Refused(why)) => bail!("{why}: IP {name} waits for it. Delete it to give up"),
        None => bail!("IP {name} was made, and has no claim after {SOON:?}: is the controller running?"),
    };
    if claim.spec.holder.kind != "Reservation" || claim.spec.holder.name != name.as_str() {
        bail!("{} is held by {}: IP {name} waits for it. Delete it to give up", args.address, holder(&claim));
    }
    output::print(&format!("{} is reserved for {namespace}/{pod}: IP {name}\n", args.address))?;
    Ok(Exit::Clean)
}

/// A Subnet and its wire.
fn subnet_of(connection: &Connection, name: &str) -> Result<(Arc<Subnet>, String)> {
    let one = |kind, name: &str| {
        connection
            .runtime
            .block_on(connection.cluster.one(&ObjectName::new(kind, "", name)))
            .map_err(anyhow::Error::from)
    };
    let Some(Object::Subnet(subnet)) = one(Kind::Subnet, name)? else { bail!("there is no Subnet {name}") };
    let vlan = match subnet.spec.vlan.as_str() {
        "" => None,
        vlan => one(Kind::Vlan, vlan)?,
    };
    let vlan = if let Some(Object::Vlan(vlan)) = &vlan { Some(&**vlan) } else { None };
    let wire = wire(&subnet, vlan);
    Ok((subnet, wire))
}

/// What became of a reservation.
enum Answer {
    /// There is a claim of that address, whoever's.
    Claimed(Box<AddressClaim>),
    /// The controller says why there is none.
    Refused(String),
}

/// The claim of a name, or what the controller says of the IP object with that UID, once there is one of these; none where that takes too
/// long.
fn granted(connection: &Connection, name: &str, uid: &str) -> Result<Option<Answer>> {
    let _progress = Progress::start(&format!("waiting for claim {name}"));
    let begun = Instant::now();
    while begun.elapsed() < SOON {
        if let Some(claim) = connection.runtime.block_on(connection.cluster.claim(name))? {
            return Ok(Some(Answer::Claimed(Box::new(claim))));
        }
        // Who may not read Events waits for the claim alone.
        let told = refusals(connection, EVENTS_OF_CLUSTER, &format!("involvedObject.uid={uid}"));
        if let Some(why) = told.ok().and_then(|told| told.into_iter().next()) {
            return Ok(Some(Answer::Refused(why)));
        }
        std::thread::sleep(LOOK);
    }
    Ok(None)
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
    let found = connection.runtime.block_on(connection.cluster.one(&ObjectName::new(Kind::Pod, namespace, name)))?;
    let pod = found.and_then(|found| if let Object::Pod(pod) = found { Some(pod) } else { None });
    let uid = pod.as_ref().map(|pod| pod.meta.uid.clone()).unwrap_or_default();
    let is_of = |claim: &AddressClaim| {
        let holder = &claim.spec.holder;
        let by_name = matches!(holder.kind.as_str(), "Pod" | "StatefulSet")
            && holder.namespace == namespace
            && holder.name == name;
        by_name || claim.status.users().any(|(user, _)| pod.is_some() && user.pod_uid == uid)
    };
    let mut claims = all(connection)?;
    claims.retain(is_of);
    tell(connection, &claims)?;
    let Some(pod) = pod else {
        let words = if claims.is_empty() { ", and no claim names it" } else { ": its claims outlive it" };
        output::print(&format!("there is no pod {namespace}/{name}{words}\n"))?;
        return Ok(if claims.is_empty() { Exit::Findings } else { Exit::Clean });
    };
    let about = format!("involvedObject.name={name},involvedObject.uid={}", pod.meta.uid);
    let told = refusals(connection, namespace, &about)?;
    let mut own = claims.clone();
    own.retain(|claim| claim.status.users().any(|(user, _)| user.pod_uid == pod.meta.uid));
    if own.is_empty() && (told.is_empty() || !expects(&pod)) {
        output::print(&format!("pod {namespace}/{name} {}\n", without_claims(&pod)))?;
    }
    for message in &told {
        let label = if is_over(message, &pod, &own) { "earlier, before it was served" } else { "refused" };
        output::print(&format!("{label}: {message}\n"))?;
    }
    Ok(if claims.is_empty() { Exit::Findings } else { Exit::Clean })
}

/// Whether a pod is to get addresses now.
fn expects(pod: &slim::Pod) -> bool {
    !pod.spec.node_name.is_empty() && !pod.meta.is_deleted() && !is_finished(pod)
}

/// Why a pod has no claim, where it was not refused one.
fn without_claims(pod: &slim::Pod) -> &'static str {
    if is_finished(pod) {
        return "has ended: it gets no address, and what it had is released";
    }
    if pod.meta.is_deleted() {
        return "is being deleted: it gets no address any more";
    }
    if networks_of_meta(&pod.meta, &pod.meta.namespace).attachments.is_empty() {
        return "names no attached network: no address is claimed for it, unless the controller serves the primary network (--primary-network)";
    }
    if pod.spec.node_name.is_empty() {
        return "waits for a node: it gets its addresses once it is bound to one";
    }
    "waits: no address is claimed for it yet, and none was refused. Does the controller run, and manage the wires of its networks?"
}

/// Whether what an Event says is past: of the claims that the pod uses, one is of the NIC that it begins with, or there is one for
/// each network.
fn is_over(message: &str, pod: &slim::Pod, own: &[AddressClaim]) -> bool {
    let nics: BTreeSet<_> = own.iter().map(|claim| (&claim.spec.holder.name, &claim.spec.holder.nic)).collect();
    let served = message.split_once(':').is_some_and(|(nic, _)| nics.iter().any(|(_, of)| *of == nic));
    let attached = networks_of_meta(&pod.meta, &pod.meta.namespace).attachments.len();
    served || (attached > 0 && nics.len() >= attached)
}

/// What Events say that an object was refused.
fn refusals(connection: &Connection, namespace: &str, about: &str) -> Result<Vec<String>> {
    let events = Collection::at("events", &format!("/api/v1/namespaces/{namespace}/events"));
    let events = events.with_fields(&format!("{about},reason=AcquireAddressFailed"));
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

/// All claims.
fn all(connection: &Connection) -> Result<Vec<AddressClaim>> {
    let _progress = Progress::start("reading the claims");
    Ok(connection.runtime.block_on(connection.cluster.claims())?)
}

fn of_address(connection: &Connection, address: Addr) -> Result<Vec<AddressClaim>> {
    let mut claims = all(connection)?;
    claims.retain(|claim| claim.spec.address.get() == Some(&address));
    Ok(claims)
}

/// The claim of an address, where it is the only one.
fn one(connection: &Connection, address: Addr, wire: Option<&str>) -> Result<AddressClaim> {
    let mut claims = match wire {
        Some(wire) => {
            let name = claim_name(wire, address);
            Vec::from_iter(connection.runtime.block_on(connection.cluster.claim(&name))?)
        }
        None => of_address(connection, address)?,
    };
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
    let read = |user| {
        Ok(match connection.runtime.block_on(connection.cluster.pod_of(user))? {
            Some(pod) if pod.ended => Pod::Ended(pod.name),
            Some(pod) => Pod::Lives(pod.name),
            None => Pod::Gone,
        })
    };
    claim.status.users().map(|(user, _)| read(user)).collect()
}

/// The time by this machine's clock.
pub(super) fn now() -> Time {
    Time(jiff::Timestamp::now().as_second())
}
