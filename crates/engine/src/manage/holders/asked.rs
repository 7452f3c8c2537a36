//! What a pod asks for on one NIC, by its annotations (Kube-OVN `pkg/controller/pod.go`, acquireAddress).
//!
//! In: the annotations, the NIC. Out: addresses, a family, a MAC; or why what is asked for cannot be had. Guarantees: what is
//! said of the interface counts before what is said of the network, and that before Multus' own words; what cannot be read is
//! refused by its annotation and text, and never taken for a request for something else.

use crate::manage::want::{Ask, Class, asked_mac};
use crate::networks::Attachment;
use crate::record::provider_value;
use api::slim::{Field, Pairs};
use ledger::{AddrPair, Family, Mac};

/// Why what is asked for cannot be had, whoever has it.
pub(super) type Fault = Box<str>;

/// A NIC, and what is said of it.
pub(super) struct Asker<'a> {
    pub(super) annotations: &'a Pairs,
    pub(super) provider: &'a str,
    pub(super) interface: &'a str,
    /// Whether its pod has several NICs of this network: then only what names the interface is meant for it.
    pub(super) several: bool,
    pub(super) attachment: &'a Attachment<'a>,
    /// The annotation that the attachment is from.
    pub(super) list: &'static str,
    /// Its place in a list of addresses.
    pub(super) ordinal: Option<i64>,
}

impl<'a> Asker<'a> {
    /// An annotation of the network.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        provider_value(self.annotations, self.provider, name).filter(|value| !value.is_empty())
    }

    /// What is asked for by the annotation of a name, and where.
    fn said(&self, name: &str) -> Option<(String, &'a str)> {
        let own = format!("{name}.{}", self.interface);
        let of_interface = self.value(&own).map(|text| (own, text));
        of_interface.or_else(|| self.value(name).filter(|_| !self.several).map(|text| (name.to_owned(), text)))
    }

    fn fault(&self, name: &str, why: &str) -> Fault {
        format!("annotation {}.kubernetes.io/{name}: {why}", self.provider).into()
    }

    fn fault_of_list(&self, why: &str) -> Fault {
        let Attachment { namespace, name, .. } = self.attachment;
        format!("annotation {}, network {namespace}/{name}: {why}", self.list).into()
    }

    /// Which MAC.
    pub(super) fn mac(&self) -> Result<Option<Mac>, Fault> {
        if let Some((name, text)) = self.said("mac_address") {
            return asked_mac(&Field::parse(text)).map_err(|why| self.fault(&name, &why));
        }
        asked_mac(&Field::parse(&self.attachment.mac)).map_err(|why| self.fault_of_list(&why))
    }

    /// Which family alone. Kube-OVN takes lower case only; nobody means both by the other.
    pub(super) fn family(&self) -> Result<Option<Family>, Fault> {
        match self.value("ip_family").map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("ipv4") => Ok(Some(Family::V4)),
            Some(text) if text.eq_ignore_ascii_case("ipv6") => Ok(Some(Family::V6)),
            Some(text) => Err(self.fault("ip_family", &format!("`{text}` is no family: ipv4 or ipv6"))),
        }
    }

    /// A request that does not say for which of several NICs it is. What was given in this way, by Kube-OVN, is no request.
    pub(super) fn unclear(&self) -> Option<Fault> {
        if !self.several || self.value("allocated") == Some("true") {
            return None;
        }
        let is_unclear = |name: &&str| self.value(name).is_some() && self.said(name).is_none();
        let name = ["ip_address", "mac_address"].into_iter().find(is_unclear)?;
        let why =
            format!("the pod has several NICs of this network: `{name}.{}` would be for this one", self.interface);
        Some(self.fault(name, &why))
    }

    /// Which addresses: per interface, then per provider, then by Multus, then from a pool.
    pub(super) fn addresses(&self) -> (Ask, Class) {
        if let Some((name, text)) = self.said("ip_address") {
            return (pair(text, |why| self.fault(&name, why)), Class::Named);
        }
        if !self.attachment.ips.is_empty() {
            return (pair(&self.attachment.ips.join(","), |why| self.fault_of_list(why)), Class::Named);
        }
        match self.value("ip_pool") {
            Some(text) => self.pool(text),
            None => (Ask::Any, Class::Free),
        }
    }

    /// `ip_pool`: the name of an IPPool, or a list of addresses, of which a StatefulSet's pod takes that of its ordinal.
    fn pool(&self, text: &str) -> (Ask, Class) {
        let parts: Vec<&str> = match text.contains(';') {
            true => text.split(';').map(str::trim).collect(),
            false => text.split(',').map(str::trim).collect(),
        };
        let fault = |why: &str| self.fault("ip_pool", why);
        let is_pair =
            |parts: &[&str]| !text.contains(';') && Field::<AddrPair>::parse(&parts.join(",")).get().is_some();
        let entries: Vec<Ask> = if is_pair(&parts) {
            vec![pair(text, fault)]
        } else {
            parts.iter().map(|part| pair(part, fault)).collect()
        };
        if let ([_], [Ask::Unreadable(_)]) = (parts.as_slice(), entries.as_slice()) {
            return (Ask::Pool(text.trim().into()), Class::Free);
        }
        let ordinal = self.ordinal.and_then(|ordinal| usize::try_from(ordinal).ok());
        let pairs = entries.iter().map(|entry| match entry {
            Ask::This(pair) => Ok(*pair),
            Ask::Unreadable(reason) => Err(reason.clone()),
            _ => Err(fault("an entry of the list of addresses is empty")),
        });
        let ask = match (pairs.collect::<Result<Vec<_>, Fault>>(), ordinal) {
            (Err(reason), _) => Ask::Unreadable(reason),
            (Ok(pairs), None) => Ask::OneOf(pairs),
            (Ok(pairs), Some(at)) => match pairs.get(at) {
                Some(pair) => Ask::This(*pair),
                None => {
                    let (has, need) = (pairs.len(), at + 1);
                    Ask::Unreadable(fault(&format!("the list has {has} addresses and ordinal {at} needs {need}")))
                }
            },
        };
        (ask, Class::Named)
    }
}

/// Addresses with or without prefix length: Multus writes `10.0.0.9/24`.
fn pair(text: &str, fault: impl Fn(&str) -> Fault) -> Ask {
    let bare: Vec<&str> =
        text.split(',').map(|part| part.split_once('/').map_or(part, |(addr, _)| addr).trim()).collect();
    match Field::<AddrPair>::parse(&bare.join(",")) {
        Field::Is(pair) => Ask::This(pair),
        Field::Absent => Ask::Any,
        Field::Bad(_) => Ask::Unreadable(fault(&format!("`{text}` is no address"))),
    }
}
