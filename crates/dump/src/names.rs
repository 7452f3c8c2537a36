//! Which resource a file is named after.
//!
//! In: a file's name without its extensions. Out: the kind, or nothing. Guarantees: a name that could mean two kinds, or
//! that only contains a resource's name as part of a word, means none.

use api::slim::Kind;

/// The kind that a file's name means: a resource by any name that `kubectl get` takes (`ips`, `vpc-nat-gateways`, `eip`),
/// alone or after a prefix that ends in `-`, `_` or `.` (`01-ips`, `prod_pods`, `kubectl-get-iptables-eips`). The longest
/// resource that the name ends in counts; a prefix that ends in something that is a resource's name as well makes the
/// name ambiguous (`vips-ips`, but not `iptables-eips`, which is one resource).
pub(crate) fn kind_of_stem(stem: &str) -> Option<Kind> {
    let stem = stem.to_ascii_lowercase().replace('_', "-");
    if let Some(kind) = Kind::from_resource(&stem) {
        return Some(kind);
    }
    for (dash, _) in stem.match_indices('-') {
        if let Some(kind) = Kind::from_resource(&stem[dash + 1..]) {
            return (!ends_in_resource(&stem[..dash])).then_some(kind);
        }
    }
    None
}

fn ends_in_resource(prefix: &str) -> bool {
    let parts = std::iter::once(0).chain(prefix.match_indices('-').map(|(dash, _)| dash + 1));
    parts.into_iter().any(|from| Kind::from_resource(&prefix[from..]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_resources_by_every_name_that_kubectl_takes() {
        let cases = [
            ("ips", Some(Kind::Ip)),
            ("IPs", Some(Kind::Ip)),
            ("eip", Some(Kind::IptablesEip)),
            ("iptables-eips", Some(Kind::IptablesEip)),
            ("01-ips", Some(Kind::Ip)),
            ("prod_pods", Some(Kind::Pod)),
            ("kubectl-get-vpc-nat-gateways", Some(Kind::VpcNatGateway)),
            ("network-attachment-definitions", Some(Kind::NetworkAttachmentDefinition)),
            // Not a resource, a part of a word, or two resources.
            ("dump", None),
            ("allpods", None),
            ("chips", None),
            ("vips-ips", None),
            ("secrets", None),
            ("", None),
            ("-", None),
        ];
        for (stem, kind) in cases {
            assert_eq!(kind_of_stem(stem), kind, "{stem}");
        }
    }

    #[test]
    fn every_resource_means_its_own_kind() {
        for kind in Kind::ALL {
            assert_eq!(kind_of_stem(kind.plural()), Some(kind));
            assert_eq!(kind_of_stem(&format!("07-{}", kind.plural())), Some(kind), "{kind}");
        }
    }
}
