//! What a request to the API server asks for.
//!
//! In: method, path and query, user agent. Out: verb, resource, namespace and name, spelled as the audit log spells them
//! (Kubernetes' own rules: apiserver's `RequestInfo`).

use http::{Method, Uri};

/// A request as rules see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Info {
    pub(crate) verb: String,
    /// `<resource>[.<group>][/<subresource>]`; of other paths, the path.
    pub(crate) resource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) client: String,
}

impl Info {
    pub(crate) fn new(method: &Method, uri: &Uri, client: &str) -> Self {
        let parts: Vec<_> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let (group, rest) = match parts.as_slice() {
            ["api", _version, rest @ ..] => ("", rest),
            ["apis", group, _version, rest @ ..] => (*group, rest),
            _ => ("", [].as_slice()),
        };
        let client = client.to_owned();
        // A namespace's own object has the path of a scope. Its subresources have names that no resource has.
        let (namespace, resource, name, subresource) = match rest {
            [] => {
                let verb = method.as_str().to_ascii_lowercase();
                return Self { verb, resource: uri.path().to_owned(), client, ..Self::default() };
            }
            ["namespaces", name] => (*name, "namespaces", *name, ""),
            ["namespaces", name, sub @ ("status" | "finalize")] => (*name, "namespaces", *name, *sub),
            ["namespaces", namespace, resource, rest @ ..] => (*namespace, *resource, at(rest, 0), at(rest, 1)),
            [resource, rest @ ..] => ("", *resource, at(rest, 0), at(rest, 1)),
        };
        let mut full = resource.to_owned();
        for (separator, part) in [('.', group), ('/', subresource)].into_iter().filter(|(_, part)| !part.is_empty()) {
            full.push(separator);
            full.push_str(part);
        }
        let verb = verb(method, uri.query().unwrap_or_default(), name).to_owned();
        Self { verb, resource: full, namespace: namespace.to_owned(), name: name.to_owned(), client }
    }
}

fn at<'a>(parts: &[&'a str], place: usize) -> &'a str {
    parts.get(place).copied().unwrap_or_default()
}

fn verb(method: &Method, query: &str, name: &str) -> &'static str {
    let watches = query.split('&').any(|pair| matches!(pair, "watch=true" | "watch=1"));
    match (method.as_str(), name) {
        ("GET", _) if watches => "watch",
        ("GET", "") => "list",
        ("GET", _) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", "") => "deletecollection",
        ("DELETE", _) => "delete",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, uri: &str) -> [String; 4] {
        let info = Info::new(&method.parse().unwrap(), &uri.parse().unwrap(), "me");
        [info.verb, info.resource, info.namespace, info.name]
    }

    #[test]
    fn requests_are_named_as_in_the_audit_log() {
        assert_eq!(read("GET", "/api/v1/pods?limit=5"), ["list", "pods", "", ""]);
        assert_eq!(read("GET", "/api/v1/pods?watch=true&limit=5"), ["watch", "pods", "", ""]);
        assert_eq!(read("POST", "/api/v1/namespaces/a/pods/p/binding"), ["create", "pods/binding", "a", "p"]);
        assert_eq!(read("PATCH", "/apis/kubeovn.io/v1/ips/x/status"), ["patch", "ips.kubeovn.io/status", "", "x"]);
        assert_eq!(
            read("DELETE", "/apis/apps/v1/namespaces/a/deployments"),
            ["deletecollection", "deployments.apps", "a", ""]
        );
    }

    #[test]
    fn a_namespace_is_an_object_and_a_scope() {
        assert_eq!(read("GET", "/api/v1/namespaces"), ["list", "namespaces", "", ""]);
        assert_eq!(read("DELETE", "/api/v1/namespaces/a"), ["delete", "namespaces", "a", "a"]);
        assert_eq!(read("PUT", "/api/v1/namespaces/a/finalize"), ["update", "namespaces/finalize", "a", "a"]);
        assert_eq!(read("GET", "/api/v1/namespaces/a/pods"), ["list", "pods", "a", ""]);
    }

    #[test]
    fn what_is_no_resource_keeps_its_path() {
        assert_eq!(read("GET", "/version"), ["get", "/version", "", ""]);
        assert_eq!(read("GET", "/apis/kubeovn.io/v1"), ["get", "/apis/kubeovn.io/v1", "", ""]);
    }
}
