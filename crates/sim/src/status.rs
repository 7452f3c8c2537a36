//! What the statuses of Subnets and IPPools must say at rest.
//!
//! In: Subnets, IPPools and claims as the server has them. Out: the first [`Violation`]. Guarantees: counted address by address from
//! the objects alone, without the book that the controller counts with; blocks of more than a few thousand addresses are
//! passed over.

use crate::cluster::Cluster;
use crate::controller::slim;
use crate::net::is_wire_of;
use crate::oracle::{Violation, claims};
use api::slim::{AddressClaim, Condition, Counter, Field, Kind, Object, Subnet};
use ledger::{Addr, AddrSet, Cidr, Family};
use std::collections::{BTreeMap, BTreeSet};

/// The largest block that is counted.
const LARGEST: u128 = 4096;

/// Every Subnet and IPPool that is used says what the claims on its wire are.
pub(crate) fn accounts(cluster: &Cluster) -> Result<(), Violation> {
    let claims = claims(cluster);
    let mut subnets = BTreeMap::new();
    for object in cluster.server.objects("kubeovn.io", "subnets") {
        let Some(Object::Subnet(subnet)) = slim(Kind::Subnet, &object) else { continue };
        let status = &subnet.status;
        if is_ready(&status.conditions) {
            if !subnet.meta.has_kubeovn_finalizer() {
                return Err(Violation(format!("Subnet {} is ready without its finalizer", subnet.meta.name)));
            }
            let v4 = [(status.v4_using, &status.v4_using_range), (status.v4_available, &status.v4_available_range)];
            let v6 = [(status.v6_using, &status.v6_using_range), (status.v6_available, &status.v6_available_range)];
            compare(&subnet, Family::V4, v4, &claims, &|_| true)?;
            compare(&subnet, Family::V6, v6, &claims, &|_| true)?;
        }
        subnets.insert(subnet.meta.name.to_string(), subnet);
    }
    for object in cluster.server.objects("kubeovn.io", "ippools") {
        let Some(Object::IpPool(pool)) = slim(Kind::IpPool, &object) else { continue };
        let Some(subnet) = subnets.get(pool.spec.subnet.as_str()).filter(|_| is_ready(&pool.status.conditions)) else {
            continue;
        };
        let status = &pool.status;
        let entries: Vec<_> = pool.spec.ips.iter().filter_map(Field::get).collect();
        let is_in = |addr: Addr| entries.iter().any(|entry| entry.0.contains(addr));
        let v4 = [(status.v4_using, &status.v4_using_range), (status.v4_available, &status.v4_available_range)];
        let v6 = [(status.v6_using, &status.v6_using_range), (status.v6_available, &status.v6_available_range)];
        compare(subnet, Family::V4, v4, &claims, &is_in)?;
        compare(subnet, Family::V6, v6, &claims, &is_in)?;
    }
    Ok(())
}

pub(crate) fn is_ready(conditions: &[Condition]) -> bool {
    conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// A count and its range, as a status has them.
type Said<'a> = (Option<Counter>, &'a Option<Box<str>>);

/// One family of one Subnet, or of the part of it that is a pool: using, then available.
fn compare(
    subnet: &Subnet,
    family: Family,
    said: [Said<'_>; 2],
    claims: &[AddressClaim],
    is_in: &dyn Fn(Addr) -> bool,
) -> Result<(), Violation> {
    let (using, available) = match subnet.spec.cidr.get().and_then(|pair| pair.get(family)) {
        None => Default::default(),
        Some(cidr) if cidr.count().as_u128().is_none_or(|count| count > LARGEST) => return Ok(()),
        Some(cidr) => sets(subnet, &cidr, claims, is_in),
    };
    for ((count, range), set) in said.into_iter().zip([&using, &available]) {
        let text = AddrSet::from_ranges(family, set.iter().copied()).range_text();
        let is = u128::try_from(set.len()).ok().map(Counter::Is);
        if count != is || range.as_deref() != Some(text.as_str()) {
            let name = &subnet.meta.name;
            let violation =
                format!("ACCOUNTING: Subnet {name} or a pool of it says {count:?} {range:?}, and has {set:?}");
            return Err(Violation(violation));
        }
    }
    Ok(())
}

/// What is used and what is available, address by address.
fn sets(
    subnet: &Subnet,
    cidr: &Cidr,
    claims: &[AddressClaim],
    is_in: &dyn Fn(Addr) -> bool,
) -> (BTreeSet<Addr>, BTreeSet<Addr>) {
    let usable = cidr.usable();
    let mut all = BTreeSet::new();
    let mut next = Some(usable.first());
    while let Some(addr) = next.filter(|addr| *addr <= usable.last()) {
        all.extend(is_in(addr).then_some(addr));
        next = addr.next();
    }
    let provider = subnet.spec.provider.as_str();
    let claimed = claims.iter().filter(|claim| is_wire_of(&claim.spec.wire, provider));
    let claimed: BTreeSet<Addr> = claimed.filter_map(|claim| claim.spec.address.get().copied()).collect();
    let excludes: Vec<_> = subnet.spec.exclude_ips.iter().filter_map(Field::get).collect();
    let excluded = |addr: &Addr| excludes.iter().any(|exclude| exclude.range.contains(*addr));
    let using: BTreeSet<Addr> = all.intersection(&claimed).copied().collect();
    let available = all.iter().filter(|addr| !using.contains(addr) && !excluded(addr)).copied().collect();
    (using, available)
}
