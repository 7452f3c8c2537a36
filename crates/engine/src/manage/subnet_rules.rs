//! What a Subnet must be like before addresses are given out from it.
//!
//! In: a Subnet. Out: the first rule that it breaks, in words. Guarantees: what cannot be read breaks a rule, and is never
//! taken for absent. The rules are those of Kube-OVN's webhook and controller (`pkg/util/validator.go`), as far as they
//! are about addresses.

use crate::rest::cooldown;
use api::slim::{Bad as _, Path, Subnet};
use ledger::{AddrPair, Cidr, CidrPair};

/// Blocks that no Subnet may touch, and what they are.
const SPECIAL: [(&str, &str); 9] = [
    ("0.0.0.0/32", "the unspecified address"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("::/128", "the unspecified address"),
    ("::1/128", "loopback"),
    ("fe80::/10", "link-local"),
    ("ff00::/8", "multicast"),
];

/// The first rule that a Subnet breaks.
pub(super) fn broken(subnet: &Subnet) -> Option<Box<str>> {
    let spec = &subnet.spec;
    let mut bad = Vec::new();
    spec.collect_bad(Path::Field(&Path::Root, "spec"), &mut bad);
    if let Some(field) = bad.first() {
        return Some(format!("{}: {}", field.path, field.reason).into());
    }
    if let Err(why) = cooldown(subnet) {
        return Some(why.into());
    }
    let cidrs = spec.cidr.get().map_or(CidrPair::NONE, |cidr| **cidr);
    if cidrs.is_none() && spec.vlan.is_empty() {
        return Some("spec.cidrBlock is missing".into());
    }
    let gateways = spec.gateway.get().copied().unwrap_or(AddrPair::NONE);
    cidrs.iter().find_map(block).or_else(|| gateway(cidrs, gateways)).map(Into::into)
}

/// What is wrong with a block.
fn block(cidr: Cidr) -> Option<String> {
    if cidr.prefix_len() == cidr.family().width() {
        return Some(format!("spec.cidrBlock: {cidr} is a single address"));
    }
    let touched = SPECIAL.iter().find(|(text, _)| text.parse().is_ok_and(|special: Cidr| special.overlaps(&cidr)));
    touched.map(|(text, what)| format!("spec.cidrBlock: {cidr} overlaps {text}, which is {what}"))
}

/// What is wrong with the gateways.
fn gateway(cidrs: CidrPair, gateways: AddrPair) -> Option<String> {
    gateways.iter().find_map(|addr| match cidrs.get(addr.family()) {
        None => Some(format!("spec.gateway: {addr} is in no cidrBlock")),
        Some(cidr) if !cidr.contains(addr) => Some(format!("spec.gateway: {addr} is outside {cidr}")),
        Some(cidr) if !cidr.usable().contains(addr) => {
            Some(format!("spec.gateway: {addr} is the first or last address of {cidr}"))
        }
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::slim::{Kind, Object, read};

    fn subnet(spec: &str) -> Subnet {
        resting(spec, "0")
    }

    fn resting(spec: &str, rest: &str) -> Subnet {
        let meta = format!(r#"{{"name":"s","annotations":{{"ipledger.dev/cooldown":"{rest}"}}}}"#);
        let json = format!(r#"{{"metadata":{meta},"spec":{spec}}}"#);
        match read(Kind::Subnet, json.as_bytes()).unwrap().object {
            Object::Subnet(subnet) => std::sync::Arc::unwrap_or_clone(subnet),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_rule_that_is_broken_is_told_with_the_field() {
        for (spec, says) in [
            (r#"{"cidrBlock":"10.0.0.0/24"}"#, None),
            (r#"{"cidrBlock":"10.0.0.0/31"}"#, None),
            (r#"{"vlan":"v"}"#, None),
            (r"{}", Some("spec.cidrBlock is missing")),
            (r#"{"cidrBlock":"10.0.0.7/32"}"#, Some("spec.cidrBlock: 10.0.0.7/32 is a single address")),
            (
                r#"{"cidrBlock":"224.1.0.0/24"}"#,
                Some("spec.cidrBlock: 224.1.0.0/24 overlaps 224.0.0.0/4, which is multicast"),
            ),
            (
                r#"{"cidrBlock":"10.0.0.0/24","gateway":"10.1.0.1"}"#,
                Some("spec.gateway: 10.1.0.1 is outside 10.0.0.0/24"),
            ),
            (r#"{"cidrBlock":"10.0.0.0/24","gateway":"fd00::1"}"#, Some("spec.gateway: fd00::1 is in no cidrBlock")),
            (
                r#"{"cidrBlock":"10.0.0.0/24","gateway":"10.0.0.255"}"#,
                Some("spec.gateway: 10.0.0.255 is the first or last address of 10.0.0.0/24"),
            ),
        ] {
            assert_eq!(broken(&subnet(spec)).as_deref(), says, "{spec}");
        }
        let unreadable = broken(&subnet(r#"{"cidrBlock":"10.0.0.0/24","excludeIps":["10.0.0.9","x"]}"#)).unwrap();
        assert!(unreadable.starts_with("spec.excludeIps[1]: \"x\""), "{unreadable}");
        let no_time = broken(&resting(r#"{"cidrBlock":"10.0.0.0/24"}"#, "soon")).unwrap();
        assert!(no_time.contains("\"soon\" is no time"), "{no_time}");
    }
}
