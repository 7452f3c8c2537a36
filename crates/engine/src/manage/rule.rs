//! A NAT rule as it is written: what it asks of its EIP, and what is wrong with it.
//!
//! In: an IptablesFIPRule, IptablesDnatRule or IptablesSnatRule. Out: the EIP, what of it the rule takes, the fields that its status
//! repeats. Guarantees: what Kube-OVN's webhook and controller refuse is refused here too, with the field that is wrong.

use crate::world::World;
use api::slim::{DnatSpec, Field, FipSpec, InternalCidr, Kind, Meta, NatStatus, Object, SnatSpec, Str};
use ledger::{Addr, Cidr, Family};
use std::fmt::Display;

/// A rule by its kind and name.
pub(super) type RuleId = (Kind, Str);

/// `kind` of a FIP.
pub(super) const FIP: &str = "IptablesFIPRule";
/// `kind` of a DNAT.
pub(super) const DNAT: &str = "IptablesDnatRule";
/// `kind` of an SNAT.
pub(super) const SNAT: &str = "IptablesSnatRule";

/// The kind of rules of a name.
pub(super) fn kind_of(kind: &str) -> Option<Kind> {
    match kind {
        FIP => Some(Kind::IptablesFipRule),
        DNAT => Some(Kind::IptablesDnatRule),
        SNAT => Some(Kind::IptablesSnatRule),
        _ => None,
    }
}

/// What a rule takes of its EIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Takes {
    /// All that comes in (FIP).
    Address,
    /// One port, beside others that share it where all of them do (DNAT).
    Port(Protocol, u16, Sharing),
    /// What goes out from this network (SNAT).
    Cidr(Cidr),
}

/// A protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protocol {
    Tcp,
    Udp,
}

/// Whether a DNAT suffers others of its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    Exclusive,
    Share,
}

impl Protocol {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule<'a> {
    pub(super) meta: &'a Meta,
    pub(super) status: &'a NatStatus,
    spec: Spec<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Spec<'a> {
    Fip(&'a FipSpec),
    Dnat(&'a DnatSpec),
    Snat(&'a SnatSpec),
}

impl<'a> Rule<'a> {
    /// The rule that an object is.
    pub(super) fn of(object: &'a Object) -> Option<Self> {
        match object {
            Object::IptablesFipRule(rule) => Some(Self::new(&rule.meta, &rule.status, Spec::Fip(&rule.spec))),
            Object::IptablesDnatRule(rule) => Some(Self::new(&rule.meta, &rule.status, Spec::Dnat(&rule.spec))),
            Object::IptablesSnatRule(rule) => Some(Self::new(&rule.meta, &rule.status, Spec::Snat(&rule.spec))),
            _ => None,
        }
    }

    /// A rule that is known.
    pub(super) fn find(world: &'a World, (kind, name): &RuleId) -> Option<Self> {
        match kind {
            Kind::IptablesFipRule => {
                world.fips.named(name).map(|rule| Self::new(&rule.meta, &rule.status, Spec::Fip(&rule.spec)))
            }
            Kind::IptablesDnatRule => {
                world.dnats.named(name).map(|rule| Self::new(&rule.meta, &rule.status, Spec::Dnat(&rule.spec)))
            }
            Kind::IptablesSnatRule => {
                world.snats.named(name).map(|rule| Self::new(&rule.meta, &rule.status, Spec::Snat(&rule.spec)))
            }
            _ => None,
        }
    }

    const fn new(meta: &'a Meta, status: &'a NatStatus, spec: Spec<'a>) -> Self {
        Self { meta, status, spec }
    }

    /// The EIP that it names.
    pub(super) const fn eip(&self) -> &'a Str {
        match self.spec {
            Spec::Fip(spec) => &spec.eip,
            Spec::Dnat(spec) => &spec.eip,
            Spec::Snat(spec) => &spec.eip,
        }
    }

    /// What it takes of its EIP; else what of it is wrong.
    pub(super) fn takes(&self) -> Result<Takes, String> {
        if self.eip().is_empty() {
            return Err("spec.eip is missing".to_owned());
        }
        match self.spec {
            Spec::Fip(spec) => {
                internal(&spec.internal_ip)?;
                Ok(Takes::Address)
            }
            Spec::Dnat(spec) => {
                let outer = port("spec.externalPort", &spec.external_port)?;
                port("spec.internalPort", &spec.internal_port)?;
                internal(&spec.internal_ip)?;
                Ok(Takes::Port(protocol(&spec.protocol)?, outer, sharing(&spec.type_)?))
            }
            Spec::Snat(spec) => {
                let InternalCidr(cidr) =
                    there("spec.internalCIDR", &spec.internal_cidr, "neither a CIDR nor an address")?;
                is_v4("spec.internalCIDR", cidr, cidr.family())?;
                Ok(Takes::Cidr(*cidr))
            }
        }
    }

    /// What its status repeats of its spec: name, text that is there, text that belongs there.
    pub(super) fn repeated(&self) -> Vec<(&'static str, String, String)> {
        let status = self.status;
        match self.spec {
            Spec::Fip(spec) => vec![("internalIp", text(&status.internal_ip), text(&spec.internal_ip))],
            Spec::Dnat(spec) => vec![
                ("protocol", status.protocol.to_string(), spec.protocol.to_string()),
                ("internalIp", text(&status.internal_ip), text(&spec.internal_ip)),
                ("internalPort", text(&status.internal_port), text(&spec.internal_port)),
                ("externalPort", text(&status.external_port), text(&spec.external_port)),
            ],
            Spec::Snat(spec) => vec![("internalCIDR", text(&status.internal_cidr), text(&spec.internal_cidr))],
        }
    }

    /// The port outside of a DNAT.
    pub(super) fn external_port(&self) -> Option<u16> {
        match self.spec {
            Spec::Dnat(spec) => spec.external_port.get().copied(),
            Spec::Fip(_) | Spec::Snat(_) => None,
        }
    }
}

/// A field as text; empty where it says nothing.
pub(super) fn text<T: Display>(field: &Field<T>) -> String {
    match field {
        Field::Absent => String::new(),
        Field::Is(value) => value.to_string(),
        Field::Bad(text) => text.to_string(),
    }
}

/// What a field says that must say something.
fn there<'a, T>(name: &str, field: &'a Field<T>, what: &str) -> Result<&'a T, String> {
    match field {
        Field::Is(value) => Ok(value),
        Field::Absent => Err(format!("{name} is missing")),
        Field::Bad(text) => Err(format!("{name}: `{text}` is {what}")),
    }
}

/// Gateways translate IPv4 only (Kube-OVN's `nat-gateway.sh` never calls ip6tables).
fn is_v4(name: &str, value: impl Display, family: Family) -> Result<(), String> {
    match family {
        Family::V4 => Ok(()),
        Family::V6 => Err(format!("{name}: {value} is not IPv4, and NAT gateways translate IPv4 only")),
    }
}

fn internal(field: &Field<Addr>) -> Result<(), String> {
    let addr = there("spec.internalIp", field, "no address")?;
    is_v4("spec.internalIp", addr, addr.family())
}

fn port(name: &str, field: &Field<u16>) -> Result<u16, String> {
    match there(name, field, "no port")? {
        0 => Err(format!("{name}: `0` is no port")),
        port => Ok(*port),
    }
}

fn protocol(text: &str) -> Result<Protocol, String> {
    let all = [Protocol::Tcp, Protocol::Udp];
    let known = all.into_iter().find(|known| text.eq_ignore_ascii_case(known.name()));
    known.ok_or_else(|| match text {
        "" => "spec.protocol is missing".to_owned(),
        text => format!("spec.protocol: `{text}` is neither tcp nor udp"),
    })
}

fn sharing(text: &str) -> Result<Sharing, String> {
    match text {
        "" | "exclusive" => Ok(Sharing::Exclusive),
        "share" => Ok(Sharing::Share),
        text => Err(format!("spec.type: `{text}` is neither exclusive nor share")),
    }
}
