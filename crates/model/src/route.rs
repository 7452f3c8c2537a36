//! From a path to what it names.
//!
//! In: a path. Out: a [`Route`]. Guarantees: every path gives a route; nothing is looked up.

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// A resource, an object or a subresource.
    Resource(Target<'a>),
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/{group}`.
    Group(&'a str),
    /// `/api/v1` or `/apis/{group}/{version}`.
    GroupVersion(&'a str, &'a str),
    /// `/version`.
    Version,
    /// `/healthz`, `/livez`, `/readyz`.
    Health,
    /// Anything else.
    Unknown,
}

/// A resource path taken apart. Empty strings stand for absent parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) group: &'a str,
    pub(crate) version: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) name: &'a str,
    pub(crate) subresource: &'a str,
}

/// Takes `path` apart: `k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`.
pub(crate) fn parse(path: &str) -> Route<'_> {
    let mut parts = path.trim_start_matches('/').split('/');
    let (group, version) = match parts.next() {
        Some("api") => match part(&mut parts) {
            None => return Route::CoreVersions,
            Some(version) => ("", version),
        },
        Some("apis") => match (part(&mut parts), part(&mut parts)) {
            (None, _) => return Route::Groups,
            (Some(group), None) => return Route::Group(group),
            (Some(group), Some(version)) => (group, version),
        },
        Some("version") => return Route::Version,
        Some("healthz" | "livez" | "readyz") => return Route::Health,
        _ => return Route::Unknown,
    };
    let Some(first) = part(&mut parts) else { return Route::GroupVersion(group, version) };
    let mut target = Target { group, version, namespace: "", resource: first, name: "", subresource: "" };
    if first == "namespaces" {
        // /namespaces/{ns}/{resource}: unless it is a subresource of the namespace itself.
        let name = part(&mut parts).unwrap_or("");
        match part(&mut parts) {
            None => target.name = name,
            Some(sub @ ("status" | "finalize")) if group.is_empty() => {
                (target.name, target.subresource) = (name, sub);
            }
            Some(resource) => {
                (target.namespace, target.resource) = (name, resource);
                target.name = part(&mut parts).unwrap_or("");
                target.subresource = part(&mut parts).unwrap_or("");
            }
        }
    } else {
        target.name = part(&mut parts).unwrap_or("");
        target.subresource = part(&mut parts).unwrap_or("");
    }
    if part(&mut parts).is_some() { Route::Unknown } else { Route::Resource(target) }
}

fn part<'a>(parts: &mut std::str::Split<'a, char>) -> Option<&'a str> {
    parts.next().filter(|p| !p.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> [&str; 6] {
        match parse(path) {
            Route::Resource(t) => [t.group, t.version, t.namespace, t.resource, t.name, t.subresource],
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn resource_paths_are_taken_apart() {
        assert_eq!(target("/api/v1/pods"), ["", "v1", "", "pods", "", ""]);
        assert_eq!(target("/api/v1/namespaces/a/pods/p/status"), ["", "v1", "a", "pods", "p", "status"]);
        assert_eq!(target("/api/v1/namespaces/a"), ["", "v1", "", "namespaces", "a", ""]);
        assert_eq!(target("/api/v1/namespaces/a/finalize"), ["", "v1", "", "namespaces", "a", "finalize"]);
        assert_eq!(target("/apis/kubeovn.io/v1/ips/x"), ["kubeovn.io", "v1", "", "ips", "x", ""]);
    }

    #[test]
    fn other_paths_have_their_names() {
        for (path, route) in [
            ("/api", Route::CoreVersions),
            ("/apis/", Route::Groups),
            ("/apis/apps", Route::Group("apps")),
            ("/apis/apps/v1", Route::GroupVersion("apps", "v1")),
            ("/version", Route::Version),
            ("/readyz", Route::Health),
            ("", Route::Unknown),
            ("/metrics", Route::Unknown),
            ("/api/v1/a/b/c/d", Route::Unknown),
        ] {
            assert_eq!(parse(path), route, "{path}");
        }
    }
}
