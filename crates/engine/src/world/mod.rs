//! The observed objects, and what is known of how they were read.
//!
//! In: slim objects with their unreadable fields, how completely each kind is known, and the time. Out: [`World`], which
//! everything else is a function of. Guarantees: an object that could not be read stays visible as unreadable; two
//! readings of one object are one.

mod coverage;
mod store;
pub mod subnets;

pub use coverage::{Coverage, Extent};
pub use store::{Key, Shared, Store};

use crate::finding::ObjRef;
use api::slim::{
    AddressClaim, Condition, Controller, HasMeta, Ip, IpPool, IptablesDnatRule, IptablesEip, IptablesFipRule,
    IptablesSnatRule, Kind, Malformed, Meta, Nad, Namespace, Newest, Node, Object, OvnEip, OvnRule, Parsed, Pod,
    ProviderNetwork, QosPolicy, StatefulSet, Str, Subnet, SwitchLbRule, Time, Uid, Unreadable, Vip, VirtualMachine,
    VirtualMachineInstance, VirtualMachineInstanceMigration, Vlan, Vpc, VpcNatGateway,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the objects were read: it decides how sure absence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// Files, in any order: absence is likely at best.
    #[default]
    Files,
    /// Records before holders, as a live audit and a snapshot read: absence is proven once confirmed.
    Ordered,
}

/// What the judgement is told beside the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How the objects were read.
    pub reading: Reading,
    /// When they were read; `None`: the newest time in them.
    pub now: Option<Time>,
    /// What is younger than this many seconds is in flight, and findings about it only possible.
    pub grace: i64,
}

/// Sixty seconds: longer than a kubelet takes to report a pod, and than `kubectl get` takes for all kinds.
pub const DEFAULT_GRACE: i64 = 60;

/// Longer than any deletion of a sound cluster takes: two grace periods of a pod, and a controller's restart with its
/// lease. What is deleted longer is stuck.
pub const STUCK_AFTER: i64 = 300;

impl Default for Settings {
    fn default() -> Self {
        Self { reading: Reading::Files, now: None, grace: DEFAULT_GRACE }
    }
}

macro_rules! world {
    ($($field:ident: $ty:ident = $kind:ident $(|$time:ident| $changed:expr)?;)*) => {
        /// All objects of a cluster that matter here.
        #[derive(Debug, Clone, Default)]
        #[allow(missing_docs)] // Each holds the kind of its name.
        pub struct World {
            $(pub $field: Store<$ty>,)*
            /// Objects of which not even the identity or nothing else can be read: held, unreadable.
            pub unreadable: Vec<Unreadable>,
            /// Unreadable fields of objects that were read otherwise.
            pub malformed: Vec<(ObjRef, Malformed)>,
            /// How completely each kind is known.
            pub coverage: Coverage,
            /// How and when.
            pub settings: Settings,
        }

        /// Collects objects for a [`World`].
        #[derive(Debug, Default)]
        pub struct Builder {
            $($field: Vec<Arc<$ty>>,)*
            unreadable: Vec<Unreadable>,
            /// By kind, namespace and name: the version that was read, and what is wrong with it.
            malformed: BTreeMap<(Kind, Str, Str), (Str, ObjRef, Vec<Malformed>)>,
            coverage: Coverage,
        }

        impl Builder {
            /// Takes an object.
            pub fn add(&mut self, parsed: Parsed) {
                if !parsed.malformed.is_empty() || !self.malformed.is_empty() {
                    self.note_malformed(&parsed.object, parsed.malformed);
                }
                match parsed.object {
                    $(Object::$kind(object) => self.$field.push(object),)*
                }
            }

            /// Makes the world.
            #[must_use]
            pub fn build(self, mut settings: Settings) -> World {
                if settings.now.is_none() {
                    settings.now = self.newest();
                }
                let mut world = World {
                    $($field: Store::new(self.$field),)*
                    unreadable: self.unreadable,
                    malformed: Vec::new(),
                    coverage: self.coverage,
                    settings,
                };
                // What another reading of an object had wrong is gone with it.
                let is_kept = |object: &ObjRef, version: &Str| {
                    world.version(object.kind, &object.namespace, &object.name) == Some(version)
                };
                let kept = self.malformed.into_values().filter(|(version, object, _)| is_kept(object, version));
                let fields = kept.flat_map(|(_, object, fields)| fields.into_iter().map(move |field| (object.clone(), field)));
                world.malformed = fields.collect();
                world
            }

            /// The newest time in any object: when a dump was made, as far as it shows.
            fn newest(&self) -> Option<Time> {
                let mut newest = None;
                $(for object in &self.$field {
                    let meta = object.meta();
                    newest = newest.max(meta.created.get().copied()).max(meta.deleted_at());
                    $({ let $time: &$ty = object; newest = newest.max($changed); })?
                })*
                newest
            }
        }

        impl World {
            /// How many objects of a kind were read.
            #[must_use]
            pub fn count(&self, kind: Kind) -> usize {
                match kind { $(Kind::$kind => self.$field.len(),)* }
            }

            /// Takes an object in place of the one of that kind, namespace and name.
            pub fn put(&mut self, object: Object) {
                match object { $(Object::$kind(object) => drop(self.$field.put(object)),)* }
            }

            /// Takes out an object; whether it was there.
            pub fn remove(&mut self, kind: Kind, namespace: &str, name: &str) -> bool {
                match kind { $(Kind::$kind => self.$field.remove(namespace, name),)* }
            }

            /// The UID of an object.
            #[must_use]
            pub fn uid(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Uid> {
                match kind { $(Kind::$kind => self.$field.get(namespace, name).map(|object| &object.meta().uid),)* }
            }

            /// Names an object that was read.
            #[must_use]
            pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<ObjRef> {
                match kind { $(Kind::$kind => self.$field.get(namespace, name).map(|object| ObjRef::of(kind, object)),)* }
            }

            /// The version of an object.
            #[must_use]
            pub fn version(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Str> {
                match kind {
                    $(Kind::$kind => self.$field.get(namespace, name).map(|object| &object.meta().resource_version),)*
                }
            }

            /// Metadata of every object of a kind.
            #[must_use]
            pub fn metas_of(&self, kind: Kind) -> Box<dyn Iterator<Item = &Meta> + '_> {
                match kind { $(Kind::$kind => Box::new(self.$field.iter().map(HasMeta::meta)),)* }
            }

            /// Metadata of every object, with its kind.
            pub fn metas(&self) -> impl Iterator<Item = (Kind, &Meta)> {
                std::iter::empty()$(.chain(self.$field.iter().map(|object| (Kind::$kind, &object.meta))))*
            }
        }
    };
}

world! {
    subnets: Subnet = Subnet |s| Condition::newest(&s.status.conditions);
    ips: Ip = Ip;
    pools: IpPool = IpPool |p| Condition::newest(&p.status.conditions);
    vips: Vip = Vip;
    vpcs: Vpc = Vpc |v| v.status.changed.0;
    gateways: VpcNatGateway = VpcNatGateway;
    eips: IptablesEip = IptablesEip |e| e.status.changed();
    fips: IptablesFipRule = IptablesFipRule |r| r.status.changed();
    dnats: IptablesDnatRule = IptablesDnatRule |r| r.status.changed();
    snats: IptablesSnatRule = IptablesSnatRule |r| r.status.changed();
    ovn_eips: OvnEip = OvnEip |e| e.status.changed.0;
    ovn_fips: OvnRule = OvnFip;
    ovn_snats: OvnRule = OvnSnatRule;
    ovn_dnats: OvnRule = OvnDnatRule;
    vlans: Vlan = Vlan;
    provider_networks: ProviderNetwork = ProviderNetwork |n| n.status.changed.0;
    qos_policies: QosPolicy = QosPolicy;
    switch_lb_rules: SwitchLbRule = SwitchLbRule;
    claims: AddressClaim = AddressClaim;
    pods: Pod = Pod |p| pod_changed(p);
    nodes: Node = Node |n| n.status.changed.0;
    namespaces: Namespace = Namespace |n| n.status.conditions.iter().filter_map(|c| c.changed.get().copied()).max();
    stateful_sets: StatefulSet = StatefulSet |w| w.status.changed.0;
    deployments: Controller = Deployment |w| w.status.changed.0;
    replica_sets: Controller = ReplicaSet |w| w.status.changed.0;
    daemon_sets: Controller = DaemonSet |w| w.status.changed.0;
    jobs: Controller = Job |w| w.status.changed.0;
    nads: Nad = NetworkAttachmentDefinition;
    vms: VirtualMachine = VirtualMachine |v| v.status.changed.0;
    vmis: VirtualMachineInstance = VirtualMachineInstance |v| v.status.changed.0;
    migrations: VirtualMachineInstanceMigration = VirtualMachineInstanceMigration;
}

/// Whether an object is a reading of one that is known, and no later one; where versions are no numbers, each reading counts.
#[must_use]
pub fn is_known(world: &World, object: &Object) -> bool {
    let meta = object.meta();
    let known =
        world.version(object.kind(), &meta.namespace, &meta.name).and_then(|version| store::version_of(version));
    let new = store::version_of(&meta.resource_version);
    matches!((known, new), (Some(known), Some(new)) if new <= known)
}

fn reference(object: &Object) -> ObjRef {
    let meta = object.meta();
    ObjRef {
        kind: object.kind(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        uid: meta.uid.to_string(),
    }
}

/// When a pod's conditions or containers last changed.
#[must_use]
pub fn pod_changed(pod: &Pod) -> Option<Time> {
    let Newest(conditions) = pod.status.changed;
    let Newest(containers) = pod.status.containers_changed;
    let Newest(init) = pod.status.init_changed;
    conditions.max(containers).max(init)
}

impl Builder {
    /// Keeps what is wrong with the reading of an object that will be kept: the later one, unless its version is lower.
    fn note_malformed(&mut self, object: &Object, fields: Vec<Malformed>) {
        let meta = object.meta();
        let key = (object.kind(), meta.namespace.clone(), meta.name.clone());
        let version = meta.resource_version.clone();
        if self.malformed.get(&key).is_some_and(|(known, ..)| store::version_of(known) > store::version_of(&version)) {
            return;
        }
        if fields.is_empty() {
            self.malformed.remove(&key);
        } else {
            self.malformed.insert(key, (version, reference(object), fields));
        }
    }

    /// Takes note of an object that cannot be read.
    pub fn add_unreadable(&mut self, unreadable: Unreadable) {
        self.unreadable.push(unreadable);
    }

    /// What is known of how completely the kinds were read.
    pub fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }
}

impl World {
    /// Whether a time is within the grace before the reading: what happened then may be seen by one list and not by
    /// another. An unknown time is not.
    #[must_use]
    pub fn is_recent(&self, time: Option<Time>) -> bool {
        match (self.settings.now, time) {
            (Some(now), Some(time)) => now.since(time) < self.settings.grace,
            _ => false,
        }
    }

    /// Whether an object was created within the grace before the reading.
    #[must_use]
    pub fn is_new<T: HasMeta>(&self, object: &T) -> bool {
        self.is_recent(object.meta().created.get().copied())
    }

    /// Whether an object was deleted, and at least that many seconds before the reading.
    #[must_use]
    pub fn deleted_for(&self, meta: &Meta, seconds: i64) -> bool {
        match (self.settings.now, meta.deleted_at()) {
            (Some(now), Some(deleted)) => now.since(deleted) > seconds,
            _ => false,
        }
    }

    /// Whether one of these fields of an object, or what it is in, cannot be read: what it says is not known then.
    #[must_use]
    pub fn is_unreadable(&self, kind: Kind, meta: &Meta, paths: &[&str]) -> bool {
        self.why_unreadable(kind, meta, paths).is_some()
    }

    /// What of them cannot be read, and why.
    #[must_use]
    pub fn why_unreadable(&self, kind: Kind, meta: &Meta, paths: &[&str]) -> Option<&Malformed> {
        // They stand in the order of kind, namespace and name.
        let wanted = (kind, meta.namespace.as_str(), meta.name.as_str());
        let order = |object: &ObjRef| (object.kind, object.namespace.as_str(), object.name.as_str()).cmp(&wanted);
        let from = self.malformed.partition_point(|(object, _)| order(object).is_lt());
        let own = self.malformed[from..].iter().take_while(|(object, _)| order(object).is_eq());
        let within =
            |path: &str, whole: &str| path.strip_prefix(whole).is_some_and(|rest| rest.starts_with(['.', '[']));
        let is_of = |bad: &str| paths.iter().any(|path| *path == bad || within(path, bad) || within(bad, path));
        own.map(|(_, field)| field).find(|field| is_of(&field.path))
    }

    /// Whether an object is on its way out, and not stuck there.
    #[must_use]
    pub fn is_going(&self, meta: &Meta) -> bool {
        meta.is_deleted() && !self.deleted_for(meta, STUCK_AFTER)
    }
}
