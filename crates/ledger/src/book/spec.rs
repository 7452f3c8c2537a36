//! What a subnet is made of, before anybody holds anything.

use crate::{AddrPair, AddrSets, Cidr, CidrPair, Family, ParseError};

/// The part of a Subnet's spec that decides about addresses.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SubnetSpec {
    cidrs: CidrPair,
    gateways: AddrPair,
    excludes: AddrSets,
}

/// Why there is no such subnet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// `cidrBlock` cannot be read.
    #[error("cidrBlock {0}")]
    Cidr(#[source] ParseError),
    /// `gateway` cannot be read.
    #[error("gateway {0}")]
    Gateway(#[source] ParseError),
    /// An entry of `excludeIps` cannot be read.
    #[error("excludeIps {0}")]
    Exclude(#[source] ParseError),
    /// A dual subnet without a gateway in one family.
    #[error("a dual-stack subnet needs two gateways: the {0} one is missing")]
    GatewayMissing(Family),
    /// The subnet had CIDRs and would have none: every address in it would be forgotten.
    #[error("cidrBlock cannot be taken away from a subnet that has {0}")]
    CidrTaken(CidrPair),
}

impl SubnetSpec {
    /// A subnet with these CIDRs (none: MAC addresses only), gateways and excluded addresses. What of gateways and
    /// excludes lies outside the CIDRs, or in a family that the subnet lacks, is without effect.
    ///
    /// # Errors
    /// When a dual subnet lacks a gateway.
    pub fn new(cidrs: CidrPair, gateways: AddrPair, excludes: AddrSets) -> Result<Self, SpecError> {
        let missing = Family::BOTH.into_iter().find(|&family| gateways.get(family).is_none());
        match missing.filter(|_| cidrs.is_dual()) {
            Some(family) => Err(SpecError::GatewayMissing(family)),
            None => Ok(Self { cidrs, gateways, excludes }),
        }
    }

    /// From the texts of the spec: `cidr` and `gateway` may be empty, each exclude is `a` or `a..b`.
    ///
    /// # Errors
    /// When a text cannot be read, and as [`new`](Self::new).
    pub fn parse<S: AsRef<str>>(cidr: &str, gateway: &str, excludes: &[S]) -> Result<Self, SpecError> {
        let cidrs = match cidr {
            "" => CidrPair::NONE,
            text => text.parse().map_err(SpecError::Cidr)?,
        };
        let gateways = match gateway {
            "" => AddrPair::NONE,
            text => text.parse().map_err(SpecError::Gateway)?,
        };
        Self::new(cidrs, gateways, AddrSets::parse_excludes(excludes).map_err(SpecError::Exclude)?)
    }

    /// Its CIDRs.
    #[must_use]
    pub const fn cidrs(&self) -> CidrPair {
        self.cidrs
    }

    /// Its CIDR of `family`.
    #[must_use]
    pub const fn cidr(&self, family: Family) -> Option<Cidr> {
        self.cidrs.get(family)
    }

    /// Its gateways.
    #[must_use]
    pub const fn gateways(&self) -> AddrPair {
        self.gateways
    }

    /// What it excludes, the gateways not added.
    #[must_use]
    pub const fn excludes(&self) -> &AddrSets {
        &self.excludes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_spec_says_which_field_and_where() {
        let none: [&str; 0] = [];
        for (cidr, gateway, excludes, says) in [
            ("10.0.0./24", "", &none[..], r#"cidrBlock "10.0.0./24": expected an IPv4 or IPv6 address at byte 7"#),
            ("10.0.0.0/24", "x", &none, r#"gateway "x": expected an IPv4 or IPv6 address at byte 0"#),
            (
                "10.0.0.0/24",
                "10.0.0.1",
                &["10.0.0.5..10.0.0.3"],
                r#"excludeIps "10.0.0.5..10.0.0.3": expected an address that is not below the start of the range at byte 10"#,
            ),
            (
                "10.0.0.0/24,fd00::/64",
                "10.0.0.1",
                &none,
                "a dual-stack subnet needs two gateways: the IPv6 one is missing",
            ),
        ] {
            assert_eq!(SubnetSpec::parse(cidr, gateway, excludes).unwrap_err().to_string(), says);
        }
        assert!(SubnetSpec::parse("", "", &none).unwrap().cidrs().is_none());
    }
}
