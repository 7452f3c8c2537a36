//! Which Subnets the pods of a Namespace take their primary address from.
//!
//! In: Subnets and Namespaces as they are seen and go; the name of the default Subnet, where the primary network is served.
//! Out: the Subnets of a Namespace, the oldest first; the Namespaces whose Subnets changed. Guarantees: follows the objects at
//! once; depends on them alone, and not on the order in which they are seen; a Namespace that no Subnet is bound to has the
//! default one: the one of that name, else the oldest that says that it is. A Subnet that is being deleted is nobody's.

use crate::world::World;
use api::names::{DEFAULT_VPC, Provider};
use api::slim::{Exclude, Field, LabelSelector, Pairs, Spelled, Str, Subnet, Time};
use ledger::CidrPair;
use std::collections::{BTreeMap, BTreeSet};

/// The place of a Subnet among those of a Namespace: when it was made, then its name.
type Place = (Option<Time>, Str);

/// What a Subnet says of Namespaces, and what these are told of it.
#[derive(Debug, PartialEq, Eq)]
struct Binding {
    place: Place,
    namespaces: Box<[Str]>,
    selectors: Box<[LabelSelector]>,
    is_primary: bool,
    is_default: bool,
    cidr: Field<Spelled<CidrPair>>,
    excludes: Box<[Field<Exclude>]>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// Name of the default Subnet; none: the primary network is another manager's.
    default: Option<Str>,
    bindings: BTreeMap<Str, Binding>,
    /// Subnets by the Namespace that is bound to them.
    bound: BTreeMap<Str, BTreeSet<Place>>,
    /// The Namespaces that a Subnet has.
    held: BTreeMap<Str, BTreeSet<Str>>,
    /// Subnets that select by labels.
    selecting: BTreeSet<Place>,
    /// Subnets of the primary network that say that they are its default.
    defaults: BTreeSet<Place>,
}

impl Binding {
    fn of(subnet: &Subnet) -> Self {
        let spec = &subnet.spec;
        let is_primary = Provider::parse(&spec.provider) == Provider::Primary;
        Self {
            place: (subnet.meta.created.get().copied(), subnet.meta.name.clone()),
            namespaces: spec.namespaces.clone(),
            selectors: spec.namespace_selectors.clone(),
            is_primary,
            is_default: is_primary && spec.default && (spec.vpc.is_empty() || spec.vpc == DEFAULT_VPC),
            cidr: spec.cidr.clone(),
            excludes: spec.exclude_ips.clone(),
        }
    }

    fn selects(&self, labels: &Pairs) -> bool {
        self.selectors.iter().any(|selector| selector.selects(labels))
    }

    fn names(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|name| name == namespace)
    }
}

impl Namespaces {
    /// Those of a manager that serves the primary network, where a default Subnet is named.
    pub(super) fn new(default: Option<Str>) -> Self {
        Self { default, ..Self::default() }
    }

    /// Whether the primary network is served from here.
    pub(super) fn is_served(&self) -> bool {
        self.default.is_some()
    }

    /// Takes over a Subnet; the Namespaces for which that changes anything.
    pub(super) fn put(&mut self, world: &World, subnet: &Subnet) -> BTreeSet<Str> {
        let name = &subnet.meta.name;
        if !self.is_served() {
            return BTreeSet::new();
        }
        if subnet.meta.is_deleted() {
            return self.forget(world, name);
        }
        let binding = Binding::of(subnet);
        if self.bindings.get(name) == Some(&binding) {
            return BTreeSet::new();
        }
        let mut changed = self.forget(world, name);
        let selected = world.namespaces.iter().filter(|namespace| binding.selects(&namespace.meta.labels));
        let names = selected.map(|namespace| &namespace.meta.name).chain(&binding.namespaces);
        names.cloned().collect::<Vec<_>>().iter().for_each(|namespace| self.bind(namespace, &binding.place));
        if !binding.selectors.is_empty() {
            self.selecting.insert(binding.place.clone());
        }
        if binding.is_default {
            self.defaults.insert(binding.place.clone());
        }
        self.bindings.insert(name.clone(), binding);
        changed.extend(self.held.get(name).into_iter().flatten().cloned());
        changed.extend(self.of_default(world, name));
        changed
    }

    /// Forgets a Subnet; the Namespaces that it had.
    pub(super) fn forget(&mut self, world: &World, name: &Str) -> BTreeSet<Str> {
        let mut changed: BTreeSet<Str> = self.of_default(world, name).collect();
        let Some(binding) = self.bindings.remove(name) else { return changed };
        for namespace in self.held.get(name).cloned().unwrap_or_default() {
            self.unbind(&namespace, &binding.place);
            changed.insert(namespace);
        }
        self.selecting.remove(&binding.place);
        self.defaults.remove(&binding.place);
        changed
    }

    /// Takes over the labels of a Namespace; none: it is gone.
    pub(super) fn see(&mut self, namespace: &Str, labels: Option<&Pairs>) {
        for place in self.selecting.clone() {
            let Some(binding) = self.bindings.get(&place.1) else { continue };
            if labels.is_some_and(|labels| binding.selects(labels)) || binding.names(namespace) {
                self.bind(namespace, &place);
            } else {
                self.unbind(namespace, &place);
            }
        }
    }

    /// The Subnets of a Namespace, of whatever network; the default one where it has none.
    pub(super) fn subnets(&self, namespace: &str) -> Vec<Str> {
        self.choose(namespace, |_| true)
    }

    /// The Subnets that its pods take their primary address from, in the order in which they are tried.
    pub(super) fn primary_subnets(&self, namespace: &str) -> Vec<Str> {
        self.choose(namespace, |binding| binding.is_primary)
    }

    /// Whether a Subnet is one of a Namespace.
    pub(super) fn has(&self, namespace: &str, subnet: &str) -> bool {
        self.subnets(namespace).iter().any(|name| name == subnet)
    }

    fn choose(&self, namespace: &str, is_one: impl Fn(&Binding) -> bool) -> Vec<Str> {
        let bound = self.bound.get(namespace).into_iter().flatten().map(|(_, name)| name);
        let bound: Vec<Str> = bound.filter(|name| self.bindings.get(*name).is_some_and(&is_one)).cloned().collect();
        if bound.is_empty() { self.default_subnet().cloned().into_iter().collect() } else { bound }
    }

    /// The Subnet of Namespaces that none is bound to.
    fn default_subnet(&self) -> Option<&Str> {
        let named = self.bindings.get_key_value(self.default.as_ref()?).filter(|(_, binding)| binding.is_primary);
        named.map(|(name, _)| name).or_else(|| self.defaults.first().map(|(_, name)| name))
    }

    /// The Namespaces that have a Subnet only because it is the default.
    fn of_default<'a>(&'a self, world: &'a World, subnet: &str) -> impl Iterator<Item = Str> + 'a {
        let is_default = self.default_subnet().is_some_and(|default| default == subnet);
        let all = world.namespaces.iter().map(|namespace| &namespace.meta.name).filter(move |_| is_default);
        let is_primary = |name: &Str| self.bindings.get(name).is_some_and(|binding| binding.is_primary);
        all.filter(move |name| !self.bound.get(*name).into_iter().flatten().any(|(_, name)| is_primary(name))).cloned()
    }

    fn bind(&mut self, namespace: &Str, place: &Place) {
        self.bound.entry(namespace.clone()).or_default().insert(place.clone());
        self.held.entry(place.1.clone()).or_default().insert(namespace.clone());
    }

    fn unbind(&mut self, namespace: &Str, place: &Place) {
        take(&mut self.bound, namespace, place);
        take(&mut self.held, &place.1, namespace);
    }
}

/// Takes an element out of a set in a map, and the set too once it is empty.
fn take<V: Ord>(map: &mut BTreeMap<Str, BTreeSet<V>>, key: &Str, value: &V) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}
