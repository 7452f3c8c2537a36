//! What the statuses of Subnets must say at rest.
//!
//! In: Subnets and claims as the server has them. Out: the first [`Violation`]. Guarantees: counted address by address from
//! the objects alone, without the book that the controller counts with; blocks of more than a few thousand addresses are
//! passed over.

use crate::cluster::Cluster;
use crate::controller::slim;
use crate::oracle::{Violation, claims};
use api::slim::{AddressClaim, Counter, Field, Kind, Object, Subnet};
use ledger::{Addr, AddrSet, Cidr, Family};
use std::collections::BTreeSet;

/// The largest block that is counted.
const LARGEST: u128 = 4096;

/// Every Subnet that is used says what the claims on its wire are.
pub(crate) fn subnets(cluster: &Cluster) -> Result<(), Violation> {
    let claims = claims(cluster);
    for object in cluster.server.objects("kubeovn.io", "subnets") {
        let Some(Object::Subnet(subnet)) = slim(Kind::Subnet, &object) else { continue };
        let ready = object["status"]["conditions"].as_array().into_iter().flatten();
        let ready = ready.filter(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        if ready.count() == 0 {
            continue;
        }
        if object["metadata"]["finalizers"][0] != api::names::FINALIZER {
            return Err(Violation(format!("Subnet {} is ready without its finalizer", subnet.meta.name)));
        }
        Family::BOTH.into_iter().try_for_each(|family| one(&subnet, family, &claims))?;
    }
    Ok(())
}

/// One family of one Subnet.
fn one(subnet: &Subnet, family: Family, claims: &[AddressClaim]) -> Result<(), Violation> {
    let status = &subnet.status;
    let said = match family {
        Family::V4 => [(status.v4_using, &status.v4_using_range), (status.v4_available, &status.v4_available_range)],
        Family::V6 => [(status.v6_using, &status.v6_using_range), (status.v6_available, &status.v6_available_range)],
    };
    let (using, available) = match subnet.spec.cidr.get().and_then(|pair| pair.get(family)) {
        None => Default::default(),
        Some(cidr) if cidr.count().as_u128().is_none_or(|count| count > LARGEST) => return Ok(()),
        Some(cidr) => sets(subnet, &cidr, claims),
    };
    for ((count, range), set) in said.into_iter().zip([&using, &available]) {
        let text = AddrSet::from_ranges(family, set.iter().copied()).range_text();
        let is = u128::try_from(set.len()).ok().map(Counter::Is);
        if count != is || range.as_deref() != Some(text.as_str()) {
            let name = &subnet.meta.name;
            return Err(Violation(format!("ACCOUNTING: Subnet {name} says {count:?} {range:?}, and has {set:?}")));
        }
    }
    Ok(())
}

/// What is used and what is available, address by address.
fn sets(subnet: &Subnet, cidr: &Cidr, claims: &[AddressClaim]) -> (BTreeSet<Addr>, BTreeSet<Addr>) {
    let usable = cidr.usable();
    let mut all = BTreeSet::new();
    let mut next = Some(usable.first());
    while let Some(addr) = next.filter(|addr| *addr <= usable.last()) {
        all.insert(addr);
        next = addr.next();
    }
    let wire = subnet.spec.provider.as_str();
    let claimed = claims.iter().filter(|claim| claim.spec.wire == wire);
    let claimed: BTreeSet<Addr> = claimed.filter_map(|claim| claim.spec.address.get().copied()).collect();
    let excludes: Vec<_> = subnet.spec.exclude_ips.iter().filter_map(Field::get).collect();
    let excluded = |addr: &Addr| excludes.iter().any(|exclude| exclude.range.contains(*addr));
    let using: BTreeSet<Addr> = all.intersection(&claimed).copied().collect();
    let available = all.iter().filter(|addr| !using.contains(addr) && !excluded(addr)).copied().collect();
    (using, available)
}
