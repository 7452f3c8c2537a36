//! Who holds an address, who uses it, and whether the holder lives: in words.
//!
//! In: records of one address. Out: [`Holding`]s. Guarantees: a StatefulSet's ordinal, a VM, a gateway and a reservation
//! are named as such, and the pod beside them is the occupant; records of one holder are one entry.

use crate::object::ObjectName;
use crate::state::State;
use api::slim::{Kind, Pod, PodType};
use engine::Context;
use engine::gateways::is_highly_available;
use engine::holder::{Holder, gateway_of, one_holder};
use engine::life::Life;
use engine::record::{Record, Source, is_finished};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is said of a holder that lost the NIC.
pub(crate) const WITHOUT_NIC: &str = "no longer has this NIC";

/// A holder of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// Who is entitled to it.
    pub holder: HolderName,
    /// The pod that uses it now.
    pub occupant: Option<Occupant>,
    /// Whether the holder lives.
    pub life: LifeWord,
    /// That in words: why it is kept, what is gone.
    pub life_text: String,
    /// The objects that say so.
    pub objects: Vec<ObjectName>,
    /// It lives, and has the NIC no longer.
    #[serde(skip)]
    without_nic: bool,
}

impl Holding {
    fn of(context: &Context<'_>, record: &Record<'_>, life: &LifeOf<'_>) -> Self {
        Self {
            holder: name_of(context, record),
            occupant: None,
            life: life.word,
            life_text: life.text.clone(),
            objects: Vec::new(),
            without_nic: false,
        }
    }

    /// Its pod has no such NIC: it is entitled to nothing, and nobody uses the address.
    pub(crate) fn lose_nic(&mut self) {
        self.occupant = None;
        WITHOUT_NIC.clone_into(&mut self.life_text);
        self.without_nic = true;
    }

    /// Who uses it, or why nobody does.
    #[must_use]
    pub fn occupant_text(&self) -> String {
        match (&self.occupant, self.life) {
            _ if self.without_nic => self.life_text.clone(),
            (Some(occupant), _) => occupant.text(&self.holder),
            (None, LifeWord::Lives) => self.life_text.clone(),
            (None, word) if self.life_text.is_empty() => word.word().to_owned(),
            (None, word @ LifeWord::Kept) => format!("{} {}", word.word(), self.life_text),
            (None, word) => format!("{}: {}", word.word(), self.life_text),
        }
    }
}

/// A holder's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct HolderName {
    /// Kind: `Pod`, `StatefulSet` (of an ordinal), `VirtualMachine`, `VpcNatGateway`, `IptablesEIP`, `Reservation`, ...
    pub kind: String,
    /// Namespace; empty where the kind has none.
    pub namespace: String,
    /// Name; of a StatefulSet's ordinal the pod's.
    pub name: String,
}

impl HolderName {
    fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// `Pod default/web-0`, `Reservation office-printer`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.namespace.is_empty() {
            format!("{} {}", self.kind, self.name)
        } else {
            format!("{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// The pod that uses an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Occupant {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Phase.
    pub phase: String,
    /// Node; empty until it is bound.
    pub node: String,
}

impl Occupant {
    fn of(pod: &Pod) -> Self {
        let phase = if pod.meta.is_deleted() { "Terminating" } else { pod.status.phase.as_str() };
        Self {
            namespace: pod.meta.namespace.to_string(),
            name: pod.meta.name.to_string(),
            uid: pod.meta.uid.to_string(),
            phase: phase.to_owned(),
            node: pod.spec.node_name.to_string(),
        }
    }

    /// `default/web-0 (Running on node1)`; of the holder itself only what is in brackets.
    #[must_use]
    pub fn text(&self, holder: &HolderName) -> String {
        let state = match (self.phase.as_str(), self.node.as_str()) {
            ("", "") => String::new(),
            (phase, "") => phase.to_owned(),
            ("", node) => format!("on {node}"),
            (phase, node) => format!("{phase} on {node}"),
        };
        if holder.kind == "Pod" && holder.namespace == self.namespace && holder.name == self.name {
            return if state.is_empty() { "itself".to_owned() } else { format!("itself, {state}") };
        }
        let name = format!("{}/{}", self.namespace, self.name);
        if state.is_empty() { name } else { format!("{name}, {state}") }
    }
}

/// Whether a holder lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifeWord {
    /// It is there.
    Lives,
    /// Its pod is not there, and another object keeps the address.
    Kept,
    /// A person reserved the address.
    Reserved,
    /// Kinds that could show it were not read completely.
    Unknown,
    /// Its pod has come to its end.
    Finished,
    /// It is gone.
    Gone,
}

impl LifeWord {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lives => "lives",
            Self::Kept => "kept",
            Self::Reserved => "reserved",
            Self::Unknown => "not known",
            Self::Finished => "finished",
            Self::Gone => "gone",
        }
    }

    /// The state of an address that only this holder has.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Self::Lives => State::Used,
            Self::Kept => State::Kept,
            Self::Reserved => State::Reserved,
            Self::Unknown => State::Unknown,
            // Not a leak as long as the audit does not call it one: in flight, or about to be released.
            Self::Finished | Self::Gone => State::Leaked,
        }
    }
}

/// Whether the holder of a record lives, with words and the pod.
#[derive(Debug, Clone)]
pub(crate) struct LifeOf<'w> {
    word: LifeWord,
    text: String,
    pod: Option<&'w Pod>,
}

impl LifeOf<'_> {
    pub(crate) fn word(&self) -> LifeWord {
        self.word
    }

    pub(crate) fn state(&self) -> State {
        self.word.state()
    }

    /// `lives`, `gone: pod a/b is gone`, `kept for VM a/b`.
    pub(crate) fn text(&self) -> String {
        match (self.word, self.text.as_str()) {
            (word, "") => word.word().to_owned(),
            (word @ LifeWord::Kept, text) => format!("{} {text}", word.word()),
            (word, text) => format!("{}: {text}", word.word()),
        }
    }
}

/// Whether the holder of a record lives.
pub(crate) fn life<'w>(context: &Context<'w>, record: &Record<'w>) -> LifeOf<'w> {
    let is = |word, text: String, pod| LifeOf { word, text, pod };
    match record.source {
        Source::Ip(ip) => match (said(context.life_of_ip(ip)), record.pod.filter(|pod| !is_finished(pod))) {
            // Whoever deletes a reservation because nobody is behind it must see that somebody is.
            (reserved, Some(pod)) if reserved.word == LifeWord::Reserved => {
                is(reserved.word, format!("pod {}/{} uses it", pod.meta.namespace, pod.meta.name), None)
            }
            (life, _) => life,
        },
        Source::Claim(claim) => said(context.life_of_claim(claim)),
        Source::Pod(pod, _) => is(LifeWord::Lives, String::new(), Some(pod)),
        Source::Eip(eip) => is(LifeWord::Lives, gateway_text(context, &eip.spec.nat_gw, eip.status.ready), None),
        Source::OvnEip(_) | Source::Vip(_) | Source::Node(_) | Source::Subnet(_) => {
            is(LifeWord::Lives, String::new(), None)
        }
    }
}

fn gateway_text(context: &Context<'_>, gateway: &str, ready: bool) -> String {
    let ready = if ready { "ready" } else { "not ready" };
    let is_gone =
        context.world.gateways.named(gateway).is_none() && context.world.coverage.is_complete(Kind::VpcNatGateway);
    if gateway.is_empty() {
        ready.to_owned()
    } else if is_gone {
        format!("{ready}, but its gateway {gateway} is gone")
    } else {
        format!("{ready}, on gateway {gateway}")
    }
}

fn said(life: Life<'_>) -> LifeOf<'_> {
    let (word, text, pod) = match life {
        Life::Alive(pod) => (LifeWord::Lives, String::new(), pod),
        Life::Retained(retainer) => (LifeWord::Kept, format!("for {retainer}"), None),
        Life::Reserved => (LifeWord::Reserved, String::new(), None),
        Life::Finished { pod, .. } => {
            let text = format!("pod {}/{} is {}", pod.meta.namespace, pod.meta.name, pod.status.phase);
            (LifeWord::Finished, text, None)
        }
        Life::Gone(gone) => (LifeWord::Gone, gone.to_string(), None),
        Life::Unknown(missing) => {
            let kinds: Vec<&str> = missing.iter().map(|kind| kind.plural()).collect();
            let text = if kinds.is_empty() { String::new() } else { format!("{} not read in full", kinds.join(", ")) };
            (LifeWord::Unknown, text, None)
        }
    };
    LifeOf { word, text, pod }
}

/// The name of a record's holder.
pub(crate) fn name_of(context: &Context<'_>, record: &Record<'_>) -> HolderName {
    if let Some(gateway) = gateway_of(&context.gateways, record)
        && !context.world.gateways.named(gateway).is_some_and(is_highly_available)
    {
        return HolderName::new("VpcNatGateway", "", gateway);
    }
    if let Source::Ip(ip) = record.source
        && context.life_of_ip(ip) == Life::Reserved
    {
        return HolderName::new("Reservation", "", &ip.meta.name);
    }
    match record.holder {
        Holder::Pod(namespace, name) => {
            HolderName::new(if is_ordinal(record) { "StatefulSet" } else { "Pod" }, namespace, name)
        }
        Holder::Vm(namespace, name) => HolderName::new("VirtualMachine", namespace, name),
        Holder::Node(name) => HolderName::new("Node", "", name),
        Holder::U2o(subnet) => HolderName::new("U2OInterconnection", "", subnet),
        Holder::Mcast(subnet) => HolderName::new("MulticastQuerier", "", subnet),
        Holder::Eip(name) => HolderName::new("IptablesEIP", "", name),
        Holder::OvnEip(name) => HolderName::new("OvnEip", "", name),
        Holder::Vip(name) => HolderName::new("Vip", "", name),
        Holder::Gateway(name) => HolderName::new("VpcNatGateway", "", name),
        Holder::Claimed(kind, name) => HolderName::new(kind, "", name),
    }
}

fn is_ordinal(record: &Record<'_>) -> bool {
    match record.source {
        Source::Ip(ip) => ip.spec.pod_type == PodType::StatefulSet,
        Source::Pod(pod, _) => pod.meta.owner("apps", "StatefulSet").is_some(),
        Source::Claim(claim) => claim.spec.holder.kind == "StatefulSet",
        _ => false,
    }
}

/// The holders of one address, those that live first; records of one holder under one name.
pub(crate) fn holdings<'w>(context: &Context<'w>, group: &[Record<'w>]) -> Vec<Holding> {
    let mut found: Vec<(Record<'w>, Holding)> = Vec::new();
    let mut index: BTreeMap<Holder<'w>, usize> = BTreeMap::new();
    for record in group {
        let life = life(context, record);
        let pod = life.pod.or(record.pod.filter(|pod| !is_finished(pod)));
        let at = *index.entry(record.holder).or_insert_with(|| {
            found.push((*record, Holding::of(context, record, &life)));
            found.len() - 1
        });
        let holding = &mut found[at].1;
        if life.word < holding.life {
            (holding.life, holding.life_text) = (life.word, life.text);
        }
        // A pod's own record tells what its IP object may not: whether it is an ordinal, and that it is no reservation.
        if matches!(record.source, Source::Pod(..)) {
            holding.holder = name_of(context, record);
        }
        holding.occupant = holding.occupant.take().or_else(|| pod.map(Occupant::of));
        let object = ObjectName::from(&record.source.object());
        if holding.objects.last() != Some(&object) {
            holding.objects.push(object);
        }
    }
    lend(context, &mut found);
    found.sort_by_key(|(_, holding)| (holding.life, holding.occupant.is_none()));
    found.into_iter().map(|(_, holding)| holding).collect()
}

/// A Vip that is lent, and an EIP on its gateway's own address, are used by the pod of the other record.
fn lend(context: &Context<'_>, found: &mut [(Record<'_>, Holding)]) {
    for i in 0..found.len() {
        let (before, rest) = found.split_at_mut(i);
        let Some(((record, holding), after)) = rest.split_first_mut() else { continue };
        if holding.occupant.is_some() || !matches!(record.source, Source::Vip(_) | Source::Eip(_)) {
            continue;
        }
        let mut others = before.iter().chain(after.iter());
        let borrower =
            others.find(|(other, holding)| holding.occupant.is_some() && one_holder(&context.gateways, record, other));
        holding.occupant = borrower.and_then(|(_, borrower)| borrower.occupant.clone());
    }
}
