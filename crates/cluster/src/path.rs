//! Paths of the Kubernetes API.
//!
//! In: a kind, and where wanted a version, namespace, name. Out: the path in a URL. Guarantees: what stands in a name or a
//! query is escaped.

use api::slim::Kind;

/// Path of a group and version: `/api/v1`, `/apis/apps/v1`.
pub(crate) fn version(group: &str, version: &str) -> String {
    if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") }
}

/// Path of a kind's group, in which its versions are listed.
pub(crate) fn group(kind: Kind) -> String {
    format!("/apis/{}", kind.group())
}

/// Path of all objects of a kind, in all namespaces.
pub(crate) fn all(kind: Kind, served: &str) -> String {
    format!("{}/{}", version(kind.group(), served), kind.plural())
}

/// Path of one object. An empty namespace is for kinds that have none.
pub(crate) fn object(kind: Kind, served: &str, namespace: &str, name: &str) -> String {
    let base = version(kind.group(), served);
    let (plural, name) = (kind.plural(), escape(name));
    match namespace {
        "" => format!("{base}/{plural}/{name}"),
        namespace => format!("{base}/namespaces/{}/{plural}/{name}", escape(namespace)),
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// What a kind is called in messages: `subnets.kubeovn.io`, `pods`.
pub(crate) fn shown(kind: Kind) -> String {
    match kind.group() {
        "" => kind.plural().to_owned(),
        group => format!("{}.{group}", kind.plural()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        assert_eq!(all(Kind::Pod, "v1"), "/api/v1/pods");
        assert_eq!(all(Kind::VirtualMachine, "v1alpha3"), "/apis/kubevirt.io/v1alpha3/virtualmachines");
        assert_eq!(object(Kind::Ip, "v1", "", "p.default"), "/apis/kubeovn.io/v1/ips/p.default");
        assert_eq!(object(Kind::Pod, "v1", "default", "a/../b"), "/api/v1/namespaces/default/pods/a%2F..%2Fb");
    }
}
