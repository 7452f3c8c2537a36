//! The top-level fields of built-in kinds, beside `kind`, `apiVersion` and `metadata`.
//!
//! In: a group and a plural. Out: the fields that a typed object has; others are dropped by the reader. What lies deeper is
//! kept as it comes (docs/api-model/differences.md). Source: `k8s.io/api/<group>/v1/types.go`.

/// The fields, or nothing for kinds that are not listed.
pub(crate) fn top_level(group: &str, plural: &str) -> Option<&'static [&'static str]> {
    const SPEC_AND_STATUS: &[&str] = &["spec", "status"];
    Some(match (group, plural) {
        ("", "configmaps") => &["binaryData", "data", "immutable"],
        ("", "secrets") => &["data", "immutable", "stringData", "type"],
        ("", "serviceaccounts") => &["automountServiceAccountToken", "imagePullSecrets", "secrets"],
        ("", "endpoints") => &["subsets"],
        ("", "podtemplates") => &["template"],
        ("", "events") => return None,
        ("", "limitranges") | ("coordination.k8s.io", "leases") | ("networking.k8s.io", "networkpolicies") => &["spec"],
        ("apps", "controllerrevisions") => &["data", "revision"],
        ("discovery.k8s.io", _) => &["addressType", "endpoints", "ports"],
        ("scheduling.k8s.io", _) => &["description", "globalDefault", "preemptionPolicy", "value"],
        ("", _) | ("apps" | "batch" | "policy" | "networking.k8s.io" | "apiextensions.k8s.io", _) => SPEC_AND_STATUS,
        _ => return None,
    })
}
