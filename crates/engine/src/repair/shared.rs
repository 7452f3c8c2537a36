//! Whether the deletion of a record would free its address, and that of nobody else.
//!
//! In: an IP object and the records of its addresses, or a Vip. Out: why not, or what to do first, where another holder has an
//! address on record. Guarantees: findings and plans say the same; any other record counts, since the allocator's memory
//! cannot be seen from outside.

use crate::judge::Context;
use crate::record::{Record, Source, addresses_of_ip};
use api::slim::{Ip, Meta};

/// Why the deletion of a record would free nothing: Kube-OVN's controller releases an address before it takes its finalizer
/// away, and sees nothing of what goes without one.
#[must_use]
pub(crate) fn releases_nothing(meta: &Meta) -> Option<&'static str> {
    let reason = "it has no finalizer of Kube-OVN: its deletion would release nothing in the allocator's memory";
    (!meta.has_kubeovn_finalizer()).then_some(reason)
}

impl Context<'_> {
    /// Why an IP object may not simply be deleted. Kube-OVN's handler releases an address by owner and NIC; where another
    /// holder has it on record, the allocator may know only the leaked one (the first to register after a restart), and
    /// takes the address for free when that goes.
    #[must_use]
    pub fn shared_release(&self, ip: &Ip) -> Option<String> {
        let is_own = |record: &&Record<'_>| matches!(record.source, Source::Ip(own) if std::ptr::eq(own, ip));
        for addr in addresses_of_ip(ip) {
            let Some(wire) = self.wire_of_ip(ip, addr) else { continue };
            let records = self.records.at(wire, addr);
            if let Some(other) = records.iter().find(|record| !is_own(record)) {
                return Some(format!(
                    "{} has {addr} on record as well: Kube-OVN's allocator may know only the leaked owner, and would take the \
                     address for free when that goes. Exclude {addr} first (`excludeIps` of the Subnet: an excluded address is \
                     never picked), then `kubectl delete ips {}`",
                    other.source.object(),
                    ip.meta.name
                ));
            }
        }
        None
    }
}
