//! The account of every Subnet: what its objects say, beside what Kube-OVN's rules make of them.
//!
//! In: the indexed world. Out: [`Accounts`]: per Subnet and family the sets of ACCOUNTING (`using + available + excluded =
//! usable`), and the number that Kube-OVN's own formula gives, with the terms that explain the difference. Guarantees: one
//! pass over the records; every difference between the two numbers is one of the terms, so that they always add up.

use crate::finding::ObjRef;
use crate::judge::Context;
use crate::record::{
    Record, Source, allocated_providers, is_finished, is_unreadable, or_default, provider_value, subnet_provider,
};
use crate::world::subnets::SubnetId;
use api::names::labels;
use api::slim::{ExcludeForm, Ip, Kind, Meta, Pod};
use ledger::{Addr, AddrRange, AddrSet, Family};
use std::collections::BTreeSet;

/// Every Subnet's account, in the order of [`crate::world::subnets::Subnets`].
#[derive(Debug)]
pub struct Accounts<'w>(Vec<Account<'w>>);

/// One Subnet's account.
#[derive(Debug, Default)]
pub struct Account<'w> {
    /// Objects that Kube-OVN counts for it: `calculateUsingIPs`, one number for both families.
    pub counted: u64,
    /// IP objects that it counts for it only because of `spec.attachSubnets`.
    pub attached: u64,
    /// Objects in flight: new, being deleted, or still without an address.
    pub in_flight: u64,
    /// EIPs and Vips on it that have no address yet.
    pub waiting: u64,
    /// Objects on it that hold an address which cannot be read, with the family.
    pub unreadable: Vec<(Family, ObjRef)>,
    /// Objects of other Subnets whose label says that they are on this one, so that they are counted here.
    pub strangers: Vec<ObjRef>,
    /// Counted objects that record a usable address of one family only, IPv4 and IPv6.
    only: [u64; 2],
    v4: FamilyAccount<'w>,
    v6: FamilyAccount<'w>,
}

/// One family of an account.
#[derive(Debug, Default)]
pub struct FamilyAccount<'w> {
    /// Distinct usable addresses on record, ascending.
    pub using: Vec<Addr>,
    /// Addresses on record that are not usable: network, broadcast, outside.
    pub apart: Vec<Addr>,
    /// Addresses that several counted objects record, with those objects: each beyond the first is a surplus.
    pub surplus: Vec<(Addr, Vec<Source<'w>>)>,
    /// Addresses that no counted object records because of an exclude (Kube-OVN leaves such IP objects out).
    pub left_out: Vec<Addr>,
    /// Addresses that no counted object records for another reason, with who records them.
    pub uncounted: Vec<(Addr, Source<'w>)>,
    /// Counted objects that record a usable address of this family.
    pub matched: u64,
    /// Which those are, in a Subnet of two families.
    objects: Vec<ObjectKey<'w>>,
}

/// Tells counted objects apart: a number for the kind, and the name.
type ObjectKey<'w> = (u8, &'w str);

impl<'w> Accounts<'w> {
    /// Adds up every Subnet.
    #[must_use]
    pub fn new(context: &Context<'w>) -> Self {
        let mut accounts = Self(context.subnets.iter().map(|_| Account::default()).collect());
        accounts.count_objects(context);
        accounts.count_finished(context);
        for group in context.records.groups() {
            accounts.add_group(context, group);
        }
        accounts.0.iter_mut().for_each(Account::settle);
        accounts
    }

    /// The account of a Subnet.
    #[must_use]
    pub fn get(&self, id: SubnetId) -> &Account<'w> {
        &self.0[id.0 as usize]
    }

    fn account(&mut self, id: SubnetId) -> &mut Account<'w> {
        &mut self.0[id.0 as usize]
    }

    /// What `calculateUsingIPs` adds up: IP objects by `spec.subnet` and `attachSubnets`, less those on excluded addresses;
    /// Vips, IptablesEIPs and OvnEips by label.
    fn count_objects(&mut self, context: &Context<'w>) {
        let world = context.world;
        for ip in world.ips.iter() {
            let own = context.subnets.named(&ip.spec.subnet);
            let attached = ip.spec.attach_subnets.iter().filter_map(|name| context.subnets.named(name));
            for id in attached.filter(|id| Some(*id) != own) {
                if !is_left_out(context, ip, id) {
                    self.account(id).counted += 1;
                    self.account(id).attached += 1;
                }
            }
            if let Some(id) = own {
                self.account(id).counted += u64::from(!is_left_out(context, ip, id));
                self.account(id).in_flight += u64::from(in_flight(context, &ip.meta));
                let bad = [Family::V4, Family::V6].map(|family| is_unreadable(world, ip, family));
                self.note_unreadable(Some(id), bad, || ObjRef::of(Kind::Ip, ip));
            } else if world.is_unreadable(Kind::Ip, &ip.meta, &["spec.subnet"]) {
                self.note_unreadable(None, [true; 2], || ObjRef::of(Kind::Ip, ip));
            }
        }
        for vip in world.vips.iter() {
            let counts = vip.meta.label(labels::IP_RESERVED) == Some("");
            let bad = ["status.v4ip", "status.v6ip"].map(|path| world.is_unreadable(Kind::Vip, &vip.meta, &[path]));
            let object = Labelled { kind: Kind::Vip, meta: &vip.meta, subnet: &vip.spec.subnet, counts, bad };
            self.count_labelled(context, &object, vip.status.mac.is_absent());
        }
        for eip in world.eips.iter() {
            let subnet = or_default(&eip.spec.external_subnet, api::names::DEFAULT_EXTERNAL_SUBNET);
            // An IPv6 address counts beside the IPv4 address that was asked for.
            let paths: [&[&str]; 2] = [&["status.ip"], &["status.ip", "spec.v4ip", "spec.v6ip"]];
            let bad = paths.map(|paths| world.is_unreadable(Kind::IptablesEip, &eip.meta, paths));
            let object = Labelled { kind: Kind::IptablesEip, meta: &eip.meta, subnet, counts: true, bad };
            self.count_labelled(context, &object, eip.status.ip.is_absent());
        }
        for eip in world.ovn_eips.iter() {
            let subnet = or_default(&eip.spec.external_subnet, api::names::DEFAULT_OVN_EXTERNAL_SUBNET);
            let bad = ["status.v4Ip", "status.v6Ip"].map(|path| world.is_unreadable(Kind::OvnEip, &eip.meta, &[path]));
            let object = Labelled { kind: Kind::OvnEip, meta: &eip.meta, subnet, counts: true, bad };
            self.count_labelled(context, &object, eip.status.v4.is_absent() && eip.status.v6.is_absent());
        }
    }

    /// A pod that came to its end just now uses nothing any more, and its Subnets may not know that yet.
    fn count_finished(&mut self, context: &Context<'w>) {
        let lately = |pod: &&Pod| !pod.spec.host_network && is_finished(pod) && context.finished_lately(pod);
        for pod in context.world.pods.iter().filter(lately) {
            for provider in allocated_providers(&pod.meta.annotations) {
                let named = provider_value(&pod.meta.annotations, provider, "logical_switch");
                let named = named.and_then(|name| context.subnets.named(name));
                let own = context.subnets.of_provider(subnet_provider(provider));
                for id in named.map_or_else(|| own.to_vec(), |id| vec![id]) {
                    self.account(id).in_flight += 1;
                }
            }
        }
    }

    fn count_labelled(&mut self, context: &Context<'w>, object: &Labelled<'_>, waiting: bool) {
        let own = context.subnets.named(object.subnet);
        let name = || ObjRef {
            kind: object.kind,
            namespace: object.meta.namespace.clone(),
            name: object.meta.name.clone(),
            uid: object.meta.uid.to_string(),
        };
        if let Some(id) = object.meta.label(labels::SUBNET).and_then(|name| context.subnets.named(name)) {
            self.account(id).counted += u64::from(object.counts);
            if object.counts && own != Some(id) {
                self.account(id).strangers.push(name());
            }
        }
        if let Some(id) = own {
            self.account(id).waiting += u64::from(waiting);
            self.account(id).in_flight += u64::from(waiting || in_flight(context, object.meta));
            self.note_unreadable(Some(id), object.bad, name);
        }
        // Of which Subnet it is cannot be read: it may be any.
        if own.is_none()
            && context.world.is_unreadable(object.kind, object.meta, &["spec.subnet", "spec.externalSubnet"])
        {
            self.note_unreadable(None, [true; 2], name);
        }
    }

    /// Notes an object whose addresses cannot be read, of one Subnet or of any.
    fn note_unreadable(&mut self, id: Option<SubnetId>, [v4, v6]: [bool; 2], object: impl Fn() -> ObjRef) {
        let families =
            [(v4, Family::V4), (v6, Family::V6)].into_iter().filter_map(|(bad, family)| bad.then_some(family));
        for family in families {
            match id {
                Some(id) => self.account(id).unreadable.push((family, object())),
                None => self.0.iter_mut().for_each(|account| account.unreadable.push((family, object()))),
            }
        }
    }

    fn add_group(&mut self, context: &Context<'w>, group: &[Record<'w>]) {
        let Some(first) = group.first() else { return };
        let addr = first.addr;
        let mut ids: Vec<SubnetId> = group.iter().filter_map(|record| record.subnet.or(record.said)).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let usable = context.subnets.get(id).is_usable(addr);
            let counted: Vec<Source<'w>> =
                group.iter().filter(|record| is_counted(context, record, id)).map(|record| record.source).collect();
            // A pod that is coming or going is in flight where no counted object speaks for it.
            let moving = counted.is_empty() && group.iter().all(|record| in_flight(context, record.source.meta()));
            self.account(id).in_flight += u64::from(moving);
            let dual = context.subnets.get(id).object.spec.cidr.get().is_some_and(|cidr| cidr.is_dual());
            let family = self.account(id).family_mut(addr.family());
            if !usable {
                family.apart.push(addr);
                continue;
            }
            family.using.push(addr);
            family.matched += counted.len() as u64;
            if dual {
                family.objects.extend(counted.iter().filter_map(object_key));
            }
            match counted.len() {
                0 if group.iter().any(|record| is_excluded_ip(context, record, id)) => family.left_out.push(addr),
                0 => family.uncounted.push((addr, first.source)),
                1 => {}
                _ => family.surplus.push((addr, counted)),
            }
        }
    }
}

/// An object that Kube-OVN counts by its label.
struct Labelled<'a> {
    kind: Kind,
    meta: &'a Meta,
    /// The Subnet that its spec names.
    subnet: &'a str,
    /// Whether its other labels let it count.
    counts: bool,
    /// Whether its IPv4 and IPv6 addresses cannot be read.
    bad: [bool; 2],
}

impl<'w> Account<'w> {
    /// One family.
    #[must_use]
    pub fn family(&self, family: Family) -> &FamilyAccount<'w> {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    fn family_mut(&mut self, family: Family) -> &mut FamilyAccount<'w> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// How many addresses of a family are held by objects on which they cannot be read.
    #[must_use]
    pub fn unreadable_in(&self, family: Family) -> u64 {
        self.unreadable.iter().filter(|(bad, _)| *bad == family).count() as u64
    }

    /// Sorts out which counted objects have one family only.
    fn settle(&mut self) {
        let [v4, v6] = [&mut self.v4.objects, &mut self.v6.objects].map(std::mem::take);
        let [v4, v6] = [v4, v6].map(|objects| objects.into_iter().collect::<BTreeSet<_>>());
        let both = v4.intersection(&v6).count();
        self.only = [(v4.len() - both) as u64, (v6.len() - both) as u64];
    }

    /// Counted objects that record no usable address of this family here. Kube-OVN counts them for both families.
    #[must_use]
    pub fn unmatched(&self, family: Family) -> u64 {
        self.counted.saturating_sub(self.family(family).matched)
    }

    /// Of those, the ones that record an address of the other family here, or are counted by `attachSubnets`: what "one
    /// number for both families" explains.
    #[must_use]
    pub fn explained_unmatched(&self, family: Family) -> u64 {
        let other = match family {
            Family::V4 => self.only[1],
            Family::V6 => self.only[0],
        };
        self.unmatched(family).min(other.saturating_add(self.attached))
    }
}

impl FamilyAccount<'_> {
    /// Records beyond the first of each address.
    #[must_use]
    pub fn surplus_records(&self) -> u64 {
        self.surplus.iter().map(|(_, sources)| sources.len() as u64 - 1).sum()
    }

    /// The using addresses as a set.
    #[must_use]
    pub fn using_set(&self, family: Family) -> AddrSet {
        AddrSet::from_sorted(family, self.using.iter().filter_map(|&addr| AddrRange::new(addr, addr).ok()))
    }
}

/// What hangs in its deletion is not in flight any more.
fn in_flight(context: &Context<'_>, meta: &Meta) -> bool {
    context.world.is_going(meta) || context.world.is_recent(meta.created.get().copied())
}

impl Context<'_> {
    /// Whether the object of a record is coming or going.
    #[must_use]
    pub fn is_moving(&self, source: &Source<'_>) -> bool {
        in_flight(self, source.meta())
    }
}

/// Whether Kube-OVN leaves an IP object out of a Subnet's count: one of its addresses is in an exclude that is not the
/// gateway. It compares the text of a single address, so that an odd spelling leaves nothing out.
fn is_left_out(context: &Context<'_>, ip: &Ip, id: SubnetId) -> bool {
    let subnet = context.subnets.get(id);
    [&ip.spec.v4, &ip.spec.v6].into_iter().filter_map(api::slim::Field::get).any(|&addr| {
        let gateway = subnet.gateway(addr.family());
        subnet.exclude_entries(addr.family()).filter(|exclude| exclude.range.contains(addr)).any(
            |exclude| match exclude.form {
                ExcludeForm::Range => true,
                ExcludeForm::Address => Some(addr) != gateway,
                ExcludeForm::OddAddress => false,
            },
        )
    })
}

fn is_excluded_ip(context: &Context<'_>, record: &Record<'_>, id: SubnetId) -> bool {
    matches!(record.source, Source::Ip(ip) if record.said == Some(id) && is_left_out(context, ip, id))
}

/// The kind and name of a counted object.
fn object_key<'w>(source: &Source<'w>) -> Option<ObjectKey<'w>> {
    match *source {
        Source::Ip(ip) => Some((0, &ip.meta.name)),
        Source::Vip(vip) => Some((1, &vip.meta.name)),
        Source::Eip(eip) => Some((2, &eip.meta.name)),
        Source::OvnEip(eip) => Some((3, &eip.meta.name)),
        Source::Pod(..) | Source::Node(_) | Source::Subnet(_) | Source::Claim(_) => None,
    }
}

/// Whether Kube-OVN counts the object of a record for that Subnet.
#[must_use]
pub fn is_counted(context: &Context<'_>, record: &Record<'_>, id: SubnetId) -> bool {
    let by_label = |meta: &Meta| meta.label(labels::SUBNET) == Some(context.subnets.get(id).name());
    match record.source {
        Source::Ip(ip) => record.said == Some(id) && !is_left_out(context, ip, id),
        Source::Vip(vip) => by_label(&vip.meta) && vip.meta.label(labels::IP_RESERVED) == Some(""),
        Source::Eip(eip) => by_label(&eip.meta),
        Source::OvnEip(eip) => by_label(&eip.meta),
        Source::Pod(..) | Source::Node(_) | Source::Subnet(_) | Source::Claim(_) => false,
    }
}
