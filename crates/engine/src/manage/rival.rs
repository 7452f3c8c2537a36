//! Kube-OVN's own controller on the same cluster: whether it works, and which wires it gives out from.
//!
//! In: its Lease and the switch of its NAT gateways as watches show them; Subnets, NetworkAttachmentDefinitions, EIPs and gateways; the
//! time. Out: why a wire is left alone. Guarantees: while it works, nothing is written for a Subnet of a wire that it manages;
//! its Lease counts as held until it was seen unchanged for as long as it says of itself, by the clock here, so that one
//! that nobody gave up holds nobody off for ever; what is known of it follows its objects at once.

use super::engine::Engine;
use super::input::Tenure;
use crate::world::subnets::wire_of;
use api::names::{CONTROLLER_NAMESPACE, GATEWAY_CONFIG, Provider, leases};
use api::slim::{Field, Kind, NadManager, Object, Str, Subnet, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// What Kube-OVN holds where its Lease says nothing (`leaderLeaseDuration` of its controller).
const DURATION: i64 = 30;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Rival {
    /// Its Lease.
    lease: Seen,
    /// Whether its NAT gateways are enabled; none before that was looked for.
    gateways: Option<bool>,
    /// Whether it worked at the last look.
    works: bool,
    /// Subnets that it gives out from while it works, and why.
    subnets: BTreeMap<Str, (Str, Why)>,
    /// The same by wire.
    wires: BTreeMap<Str, BTreeSet<Str>>,
}

/// What was seen of its Lease.
#[derive(Debug, Default)]
enum Seen {
    /// Nobody has looked yet.
    #[default]
    Nothing,
    /// There is none.
    Absent,
    /// It is like this, since then.
    Lease(Tenure, Time),
}

/// Why Kube-OVN gives out from a Subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// It is of the primary network.
    Primary,
    /// This NetworkAttachmentDefinition asks it for addresses.
    Attachment(Str),
    /// This one says something that cannot be read.
    Unreadable(Str),
    /// This EIP or gateway is on it, and its NAT gateways are enabled.
    Gateway(Kind, Str),
}

impl Why {
    /// In one word, as metrics call it.
    const fn name(&self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Attachment(_) | Self::Unreadable(_) => "attachment",
            Self::Gateway(..) => "gateway",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary => f.write_str("the primary network is its own: leave --primary-network out"),
            Self::Attachment(nad) => {
                write!(f, "NetworkAttachmentDefinition {nad} asks it for addresses: set its ipam type to `ipledger`")
            }
            Self::Unreadable(nad) => {
                write!(f, "the configuration of NetworkAttachmentDefinition {nad} cannot be read: mend it")
            }
            Self::Gateway(kind, name) => {
                let (map, key) = GATEWAY_CONFIG;
                write!(
                    f,
                    "{kind} {name} is on it, and its NAT gateways are enabled: set `{key}` to \"false\" in its ConfigMap \
                     {CONTROLLER_NAMESPACE}/{map}"
                )
            }
        }
    }
}

/// A Subnet that is left to Kube-OVN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// Its name.
    pub subnet: Str,
    /// Its wire.
    pub wire: Str,
    /// Why, in one word.
    pub because: &'static str,
    /// Why, and what to do.
    pub message: Box<str>,
}

impl Rival {
    /// Whether all was looked for once.
    pub(super) const fn is_known(&self) -> bool {
        !matches!(self.lease, Seen::Nothing) && self.gateways.is_some()
    }

    fn lease(&mut self, tenure: Option<Tenure>, now: Time) {
        match (tenure, &self.lease) {
            (None, _) => self.lease = Seen::Absent,
            (Some(tenure), Seen::Lease(known, _)) if *known == tenure => {}
            (Some(tenure), _) => self.lease = Seen::Lease(tenure, now),
        }
    }

    /// Until when it works, should nothing more be seen of it.
    fn until(&self) -> Option<Time> {
        let Seen::Lease(tenure, since) = &self.lease else { return None };
        let seconds = if tenure.seconds > 0 { tenure.seconds } else { DURATION };
        (!tenure.holder.is_empty()).then(|| Time(since.0.saturating_add(seconds)))
    }

    /// When something becomes due by time alone.
    pub(super) fn next_due(&self) -> Option<Time> {
        self.until().filter(|_| self.works)
    }

    /// Takes over why it gives out from a Subnet; the wires for which that makes a difference.
    fn put(&mut self, subnet: &Str, new: Option<(Str, Why)>) -> BTreeSet<Str> {
        let old = self.subnets.get(subnet).map(|(wire, _)| wire.clone());
        let both: BTreeSet<Str> = old.iter().chain(new.as_ref().map(|(wire, _)| wire)).cloned().collect();
        let had: BTreeSet<Str> = both.iter().filter(|wire| self.wires.contains_key(*wire)).cloned().collect();
        if let Some(wire) = old
            && let Some(names) = self.wires.get_mut(&wire)
        {
            names.remove(subnet);
            if names.is_empty() {
                self.wires.remove(&wire);
            }
        }
        match new {
            Some((wire, why)) => {
                self.wires.entry(wire.clone()).or_default().insert(subnet.clone());
                self.subnets.insert(subnet.clone(), (wire, why));
            }
            None => drop(self.subnets.remove(subnet)),
        }
        both.into_iter().filter(|wire| had.contains(wire) != self.wires.contains_key(wire)).collect()
    }

    /// Whether it worked at the last look.
    pub(super) const fn works(&self) -> bool {
        self.works
    }

    /// Whether a wire is left to it.
    pub(super) fn has(&self, wire: &str) -> bool {
        self.works && self.wires.contains_key(wire)
    }

    /// Whether it works, and its NAT gateways too.
    pub(super) fn has_gateways(&self) -> bool {
        self.works && self.gateways == Some(true)
    }

    /// Whether the primary network is left to it.
    pub(super) fn has_primary(&self) -> bool {
        self.works && self.subnets.values().any(|(_, why)| *why == Why::Primary)
    }

    /// Why a wire is left to it.
    fn why(&self, wire: &str) -> Option<(&Str, &Why)> {
        let first = self.wires.get(wire).filter(|_| self.works)?.first()?;
        self.subnets.get(first).map(|(_, why)| (first, why))
    }

    fn message(&self, subnet: &str, wire: &str) -> Option<(&'static str, Box<str>)> {
        let (other, why) = self.why(wire)?;
        let Seen::Lease(tenure, _) = &self.lease else { return None };
        let by = if other == subnet { String::new() } else { format!("Subnet {other} is on wire {wire}, too, and ") };
        let lease = format!("{CONTROLLER_NAMESPACE}/{}", leases::KUBE_OVN);
        Some((
            why.name(),
            format!(
                "Kube-OVN's controller {} holds its Lease {lease} and manages the wire: {by}{why}; or scale its Deployment down",
                tenure.holder
            )
            .into(),
        ))
    }
}

impl Engine {
    /// The Lease of Kube-OVN's controller.
    pub(super) fn rival_seen(&mut self, tenure: Option<Tenure>) {
        self.rival(|rival, now| rival.lease(tenure, now));
        self.look_at_rival();
    }

    /// Whether its NAT gateways are enabled.
    pub(super) fn rival_gateways_seen(&mut self, enabled: bool) {
        let before = self.state.rival.gateways;
        self.rival(|rival, _| rival.gateways = Some(enabled));
        if before != Some(enabled) {
            let names: Vec<Str> = self.state.world.subnets.iter().map(|subnet| subnet.meta.name.clone()).collect();
            names.iter().for_each(|name| self.about_rival_on(name));
            self.look_at_rules();
        }
    }

    fn rival(&mut self, note: impl FnOnce(&mut Rival, Time)) {
        let now = self.now;
        self.listed(|engine| note(&mut engine.state.rival, now));
    }

    /// Looks whether it works now: what it manages is left alone from then on, or taken over.
    pub(super) fn look_at_rival(&mut self) {
        let works = self.state.rival.until().is_some_and(|until| until > self.now);
        if works != self.state.rival.works {
            self.state.rival.works = works;
            let wires: BTreeSet<Str> = self.state.rival.wires.keys().cloned().collect();
            self.wires_changed_hands(&wires, None);
            self.look_at_rules();
            self.about_all_unbound();
        }
    }

    /// A Subnet is about to be known: whether Kube-OVN gives out from it. Others of its wire may change hands with it.
    pub(super) fn rival_on(&mut self, subnet: &Subnet) {
        let why = self.why_rival_has(subnet).map(|why| (Str::from(wire_of(&self.state.world, subnet)), why));
        self.put_rival(&subnet.meta.name, why, true);
    }

    /// A Subnet is gone.
    pub(super) fn rival_off(&mut self, subnet: &Str) {
        self.put_rival(subnet, None, true);
    }

    /// Something changed on a Subnet by which Kube-OVN may give out from it.
    pub(super) fn about_rival_on(&mut self, subnet: &str) {
        let Some(subnet) = self.state.world.subnets.named(subnet).cloned() else { return };
        let why = self.why_rival_has(&subnet).map(|why| (Str::from(wire_of(&self.state.world, &subnet)), why));
        self.put_rival(&subnet.meta.name, why, false);
    }

    fn put_rival(&mut self, subnet: &Str, why: Option<(Str, Why)>, but_itself: bool) {
        let changed = self.state.rival.put(subnet, why);
        // While it does not work nothing is left to it, whatever it would manage.
        if self.state.rival.works && !changed.is_empty() {
            self.wires_changed_hands(&changed, but_itself.then_some(subnet));
        }
    }

    fn wires_changed_hands(&mut self, wires: &BTreeSet<Str>, but: Option<&Str>) {
        let is_on = |subnet: &&Subnet| wires.contains(wire_of(&self.state.world, subnet).as_str());
        let on_them = self.state.world.subnets.iter().filter(is_on).filter(|subnet| but != Some(&subnet.meta.name));
        for subnet in on_them.cloned().collect::<Vec<_>>() {
            self.subnet_seen(Arc::new(subnet));
        }
    }

    /// A NetworkAttachmentDefinition was seen, or is gone. They are few, and change seldom.
    pub(super) fn attachment_changed(&mut self, namespace: &str, name: &str) {
        let is_its = |subnet: &&Subnet| Provider::parse(&subnet.spec.provider).nad() == Some((name, namespace));
        let on_it = self.state.world.subnets.iter().filter(is_its).map(|subnet| subnet.meta.name.clone());
        on_it.collect::<Vec<_>>().iter().for_each(|subnet| self.about_rival_on(subnet));
        self.about_unbound(namespace, name);
    }

    /// Whether a Subnet is left to Kube-OVN.
    pub(super) fn is_left(&self, subnet: &Subnet) -> bool {
        self.state.rival.has(&wire_of(&self.state.world, subnet))
    }

    /// Why Kube-OVN gives out from a Subnet while it works, where that would else be given out from here.
    fn why_rival_has(&self, subnet: &Subnet) -> Option<Why> {
        if self.settings.beside_kube_ovn || !self.settings.manages(&self.state.world, subnet) {
            return None;
        }
        let provider = Provider::parse(&subnet.spec.provider);
        if provider == Provider::Primary {
            return Some(Why::Primary);
        }
        let nad = provider.nad().and_then(|(name, namespace)| self.state.world.nads.get(namespace, name));
        let named = |nad: &api::slim::Nad| Str::from(format!("{}/{}", nad.meta.namespace, nad.meta.name));
        match nad.map(|nad| (nad, &nad.spec.config)) {
            Some((nad, Field::Is(config))) if config.manager() != NadManager::Other => {
                return Some(Why::Attachment(named(nad)));
            }
            Some((nad, Field::Bad(_))) => return Some(Why::Unreadable(named(nad))),
            _ => {}
        }
        let on_it = self.state.gateways.first_on(&subnet.meta.name);
        on_it.filter(|_| self.state.rival.gateways == Some(true)).map(|(kind, name)| Why::Gateway(kind, name))
    }

    /// The Subnets that are left to Kube-OVN, and why.
    pub(super) fn left_to_rival(&self) -> Vec<Left> {
        if !self.state.rival.works {
            return Vec::new();
        }
        let left = |subnet: &Subnet| {
            let wire = Str::from(wire_of(&self.state.world, subnet));
            let (because, message) = self.state.rival.message(&subnet.meta.name, &wire)?;
            Some(Left { subnet: subnet.meta.name.clone(), wire, because, message })
        };
        self.state.world.subnets.iter().filter_map(left).collect()
    }

    /// A NetworkAttachmentDefinition is seen.
    pub(super) fn attachment_seen(&mut self, object: Object) {
        let meta = object.meta();
        let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
        self.state.world.put(object);
        self.attachment_changed(&namespace, &name);
    }
}
