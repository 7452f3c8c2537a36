//! An object that names an address: what it says, and whether that counts.
//!
//! In: records, and fields of other objects. Out: [`Mentions`], one entry per object. Guarantees: what counts is what the
//! audit counts; everything else says why it does not.

use crate::holder::{WITHOUT_NIC, life};
use crate::lens::Lens;
use crate::object::ObjectName;
use engine::holder::Holder;
use engine::record::{Record, Source};
use engine::{Context, ObjRef};
use ledger::{Addr, Family};
use serde::Serialize;
use std::collections::BTreeMap;

/// An object that names an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// The object.
    pub object: ObjectName,
    /// Where it says so.
    pub says: Vec<String>,
    /// Whether it counts as a record of the address.
    pub counts: bool,
    /// Why it does not count, or what is odd about it.
    pub note: String,
    /// Whether its owner lives.
    pub owner: String,
}

/// The objects that name an address.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    list: Vec<Mention>,
    index: BTreeMap<ObjectName, usize>,
}

impl Mentions {
    /// The records first, then what does not count.
    pub(super) fn finish(mut self) -> Vec<Mention> {
        self.list.sort_by_key(|mention| !mention.counts);
        self.list
    }

    /// Takes a record.
    pub(super) fn record<'w>(&mut self, lens: &Lens<'_, 'w>, record: &Record<'w>) {
        let (context, says) = (lens.context, field_of(record));
        let mut owner = life(context, record).text();
        if lens.is_without_nic(record) {
            owner = format!("{owner}, {WITHOUT_NIC}");
        }
        self.add(&record.source.object(), says, true, odd(context, record), owner);
    }

    /// Takes a field that is no record; `owner` tells of the object, where there is something to tell.
    pub(super) fn other(&mut self, object: &ObjRef, says: String, note: &str, owner: &str) {
        self.add(object, says, false, note.to_owned(), owner.to_owned());
    }

    fn add(&mut self, object: &ObjRef, says: String, counts: bool, note: String, owner: String) {
        let name = ObjectName::from(object);
        if let Some(&at) = self.index.get(&name) {
            let known = &mut self.list[at];
            if !known.says.contains(&says) {
                known.says.push(says);
            }
            return;
        }
        self.index.insert(name.clone(), self.list.len());
        self.list.push(Mention { object: name, says: vec![says], counts, note, owner });
    }
}

/// Where an object records its address.
fn field_of(record: &Record<'_>) -> String {
    let v4 = record.addr.family() == Family::V4;
    let pick = |four: &str, six: &str| if v4 { four.to_owned() } else { six.to_owned() };
    match record.source {
        Source::Ip(ip) if ip.spec.v4.is_absent() && ip.spec.v6.is_absent() => "spec.ipAddress".to_owned(),
        Source::Ip(_) => pick("spec.v4IpAddress", "spec.v6IpAddress"),
        Source::Pod(_, provider) => format!("{provider}.kubernetes.io/ip_address"),
        Source::Eip(_) => pick("status.ip", "spec.v6ip"),
        Source::OvnEip(_) => pick("status.v4Ip", "status.v6Ip"),
        Source::Vip(vip) => {
            let absent = if v4 { vip.status.v4.is_absent() } else { vip.status.v6.is_absent() };
            format!("{}.{}", if absent { "spec" } else { "status" }, pick("v4ip", "v6ip"))
        }
        Source::Node(_) => "ovn.kubernetes.io/ip_address".to_owned(),
        Source::Subnet(_) => match record.holder {
            Holder::Mcast(_) => "status.mcastQuerierIP".to_owned(),
            _ => "status.u2oInterconnectionIP".to_owned(),
        },
        Source::Claim(_) => "spec.address".to_owned(),
    }
}

/// What is odd about a record: a Subnet that is gone, or does not contain the address.
fn odd(context: &Context<'_>, record: &Record<'_>) -> String {
    match (record.said, record.subnet) {
        (Some(said), Some(subnet)) if said != subnet => {
            format!("it names Subnet {}, which does not contain it", context.subnets.get(said).name())
        }
        (Some(said), None) => {
            format!("it names Subnet {}, which does not contain it", context.subnets.get(said).name())
        }
        (None, _) => match record.source {
            Source::Ip(ip) if !ip.spec.subnet.is_empty() => format!("Subnet {} is not there", ip.spec.subnet),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// Whether a text names an address: alone, in a list, with a prefix length, or in a range `a..b` or `a-b`.
pub(super) fn text_names(text: &str, addr: Addr) -> bool {
    text.split([',', ';', ' ']).any(|entry| {
        let entry = entry.trim();
        if let Some((first, last)) = entry.split_once("..").or_else(|| entry.split_once('-')) {
            let ends = (first.trim().parse::<Addr>(), last.trim().parse::<Addr>());
            return matches!(ends, (Ok(first), Ok(last)) if first.family() == addr.family() && first <= addr && addr <= last);
        }
        let entry = entry.split_once('/').map_or(entry, |(addr, _)| addr);
        entry.parse::<Addr>().is_ok_and(|named| named == addr)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_lists_and_ranges_but_not_in_longer_texts() {
        let addr = "10.0.0.2".parse().unwrap();
        for text in ["10.0.0.2", "10.0.0.9;10.0.0.2", "10.0.0.1..10.0.0.3", "10.0.0.2/24", "10.0.0.1-10.0.0.3,10.0.0.9"]
        {
            assert!(text_names(text, addr), "{text}");
        }
        for text in ["", "10.0.0.20", "10.0.0.3..10.0.0.9", "fd00::1..fd00::9"] {
            assert!(!text_names(text, addr), "{text}");
        }
    }
}
