//! What the controller may do: the rules of config/rbac.yaml.
//!
//! In: the kinds that the engine needs, and the calls that it asks for. Out: rules of a ClusterRole. Guarantees: config/rbac.yaml
//! holds exactly these (a test compares them), and the stories on a real API server run with exactly these.

use api::slim::Kind;
use cluster::RbacRule;
use engine::manage::NEEDED;

/// What is written, beside reading: by resource.
const WRITES: [(Kind, &str, &[&str]); 19] = [
    (Kind::AddressClaim, "addressclaims", &["create", "patch", "delete"]),
    (Kind::Ip, "ips", &["create", "patch", "delete"]),
    (Kind::Subnet, "subnets", &["patch"]),
    (Kind::Subnet, "subnets/status", &["patch"]),
    (Kind::IpPool, "ippools", &["patch"]),
    (Kind::IpPool, "ippools/status", &["patch"]),
    // Vips have no status subresource.
    (Kind::Vip, "vips", &["patch"]),
    (Kind::IptablesEip, "iptables-eips", &["patch"]),
    (Kind::IptablesEip, "iptables-eips/status", &["patch"]),
    (Kind::IptablesFipRule, "iptables-fip-rules", &["patch"]),
    (Kind::IptablesFipRule, "iptables-fip-rules/status", &["patch"]),
    (Kind::IptablesDnatRule, "iptables-dnat-rules", &["patch"]),
    (Kind::IptablesDnatRule, "iptables-dnat-rules/status", &["patch"]),
    (Kind::IptablesSnatRule, "iptables-snat-rules", &["patch"]),
    (Kind::IptablesSnatRule, "iptables-snat-rules/status", &["patch"]),
    (Kind::VpcNatGateway, "vpc-nat-gateways", &["patch"]),
    (Kind::VpcNatGateway, "vpc-nat-gateways/status", &["patch"]),
    // Annotations.
    (Kind::Pod, "pods", &["patch"]),
    // Annotations too; only with `--primary-network`.
    (Kind::Namespace, "namespaces", &["patch"]),
];

/// The workloads of NAT gateways.
const WORKLOADS: RbacRule = RbacRule { group: "apps", resource: "statefulsets", verbs: &["create", "patch", "delete"] };
/// What pods that were refused are told.
const EVENTS: RbacRule = RbacRule { group: "", resource: "events", verbs: &["get", "create", "patch"] };

/// Rules of the controller's ClusterRole.
#[must_use]
pub fn cluster_rules() -> Vec<RbacRule> {
    let read = |kind: Kind| RbacRule { group: kind.group(), resource: kind.plural(), verbs: &["get", "list", "watch"] };
    let write = |(kind, resource, verbs): (Kind, &'static str, &'static [&'static str])| RbacRule {
        group: kind.group(),
        resource,
        verbs,
    };
    NEEDED.into_iter().map(read).chain(WRITES.map(write)).chain([WORKLOADS, EVENTS]).collect()
}

/// Rules of its Role in the namespace of the Leases: its own, and those of the agents.
#[must_use]
pub fn lease_rules() -> Vec<RbacRule> {
    let verbs = &["get", "list", "watch", "create", "update"];
    vec![RbacRule { group: "coordination.k8s.io", resource: "leases", verbs }]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What a run of `WRITE=1 cargo test -p controller` writes anew.
    fn generated() -> String {
        let rules = |rules: Vec<RbacRule>| rules.iter().map(|rule| format!("{rule}\n")).collect::<String>();
        let template = include_str!("rbac.yaml");
        template.replace("# cluster rules\n", &rules(cluster_rules())).replace("# lease rules\n", &rules(lease_rules()))
    }

    #[test]
    fn the_committed_rules_are_those_of_the_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/rbac.yaml");
        if std::env::var_os("WRITE").is_some() {
            std::fs::write(&path, generated()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(committed == generated(), "config/rbac.yaml differs from the code: WRITE=1 cargo test -p controller");
    }
}
