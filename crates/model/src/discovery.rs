//! Discovery: which groups, versions and resources there are.
//!
//! In: the registry. Out: `APIVersions`, `APIGroupList`, `APIGroup`, `APIResourceList`, and the aggregated form where the
//! client accepts it; `/version` and health. Sources: `apiserver/pkg/endpoints/discovery`, `.../discovery/aggregated`,
//! `apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::Outcome;
use crate::registry::{Resource, group_version};
use crate::request::{Method, Request, Response};
use crate::route::Route;
use crate::server::Server;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// Custom resources list them in this order.
const CUSTOM_VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/// group -> version -> resources, in order.
type Groups<'a> = BTreeMap<&'a str, Vec<(&'a str, Vec<&'a Resource>)>>;

impl Server {
    /// Everything that is not a resource path.
    pub(crate) fn discover(&self, route: &Route<'_>, request: &Request) -> Outcome<Response> {
        let not_found = || Response::text(404, "404 page not found\n");
        if request.method != Method::Get {
            return Ok(not_found());
        }
        let aggregated = request.accept.contains("as=APIGroupDiscoveryList");
        let groups = self.groups();
        Ok(match route {
            Route::CoreVersions if aggregated => aggregate(&groups, true),
            Route::CoreVersions => Response::json(
                200,
                json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [
                    {"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"}]}),
            ),
            Route::Groups if aggregated => aggregate(&groups, false),
            Route::Groups => {
                let list: Vec<Value> =
                    groups.iter().filter(|(g, _)| !g.is_empty()).map(|(g, versions)| group(g, versions)).collect();
                Response::json(200, json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list}))
            }
            Route::Group(name) => match groups.get(name).filter(|_| !name.is_empty()) {
                Some(versions) => {
                    let mut value = group(name, versions);
                    value["kind"] = json!("APIGroup");
                    value["apiVersion"] = json!("v1");
                    Response::json(200, value)
                }
                None => not_found(),
            },
            Route::GroupVersion(name, version) => {
                let found = groups.get(name).and_then(|vs| vs.iter().find(|(v, _)| v == version));
                match found {
                    Some((version, resources)) => Response::json(200, resource_list(name, version, resources)),
                    None => not_found(),
                }
            }
            Route::Version => Response::json(200, version()),
            Route::Health => Response::text(200, "ok"),
            Route::Unknown | Route::Resource(_) => not_found(),
        })
    }

    fn groups(&self) -> Groups<'_> {
        let mut groups: Groups<'_> = BTreeMap::new();
        for resource in self.registry.iter() {
            let versions = groups.entry(&resource.group).or_default();
            for version in resource.versions.iter().filter(|v| v.served) {
                match versions.iter_mut().find(|(v, _)| *v == version.name) {
                    Some((_, list)) => list.push(resource),
                    None => versions.push((&version.name, vec![resource])),
                }
            }
        }
        for versions in groups.values_mut() {
            versions.sort_by_key(|(v, _)| std::cmp::Reverse(priority(v)));
            for (_, resources) in versions {
                resources.sort_by(|a, b| a.plural.cmp(&b.plural));
            }
        }
        groups.retain(|_, v| !v.is_empty());
        groups
    }
}

/// `version.CompareKubeAwareVersionStrings`: v2 before v1 before v1beta2 before v1alpha1 before others.
fn priority(version: &str) -> (u8, u64, u64) {
    let parse = || -> Option<(u8, u64, u64)> {
        let rest = version.strip_prefix('v')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let major = rest.get(..digits)?.parse().ok()?;
        let tail = rest.get(digits..)?;
        let minor = |t: &str| t.parse().ok();
        match (tail.strip_prefix("beta"), tail.strip_prefix("alpha")) {
            _ if tail.is_empty() => Some((3, major, 0)),
            (Some(n), _) => Some((2, major, minor(n)?)),
            (_, Some(n)) => Some((1, major, minor(n)?)),
            _ => None,
        }
    };
    parse().unwrap_or((0, 0, 0))
}

fn group(name: &str, versions: &[(&str, Vec<&Resource>)]) -> Value {
    let entry = |v: &str| json!({"groupVersion": group_version(name, v), "version": v});
    let list: Vec<Value> = versions.iter().map(|(v, _)| entry(v)).collect();
    json!({"name": name, "versions": list, "preferredVersion": list.first()})
}

/// The subresources of one resource: path, kind (with another group version where it has one), verbs.
fn subresources(resource: &Resource, version: &str) -> Vec<(&'static str, Value)> {
    let Some(version) = resource.versions.iter().find(|v| v.name == version) else { return Vec::new() };
    let verbs = json!(["get", "patch", "update"]);
    let mut list = Vec::new();
    if resource.plural == "pods" && !resource.custom {
        list.push(("binding", json!({"kind": "Binding", "verbs": ["create"]})));
        list.push(("eviction", json!({"group": "policy", "version": "v1", "kind": "Eviction", "verbs": ["create"]})));
    }
    if resource.plural == "namespaces" && !resource.custom {
        list.push(("finalize", json!({"kind": "Namespace", "verbs": ["update"]})));
    }
    if version.scale.is_some() {
        list.push(("scale", json!({"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": verbs})));
    }
    if version.status {
        list.push(("status", json!({"kind": resource.kind, "verbs": verbs})));
    }
    if resource.custom {
        // Built-in ones stand in the order of their paths, those of definitions with the status first.
        list.reverse();
    }
    list
}

fn verbs(resource: &Resource) -> Vec<&'static str> {
    let list = if resource.custom { CUSTOM_VERBS } else { VERBS };
    let no_collection = resource.plural == "namespaces" && !resource.custom;
    list.into_iter().filter(|v| !(no_collection && *v == "deletecollection")).collect()
}

fn resource_list(group: &str, version: &str, resources: &[&Resource]) -> Value {
    let mut list = Vec::new();
    for resource in resources {
        let mut entry = json!({
            "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": verbs(resource),
            "storageVersionHash": hash(&format!("{group}/{version}/{}", resource.kind)),
        });
        for (key, names) in [("shortNames", &resource.short), ("categories", &resource.categories)] {
            if !names.is_empty() {
                entry[key] = json!(names);
            }
        }
        list.push(entry);
        for (name, mut sub) in subresources(resource, version) {
            sub["name"] = json!(format!("{}/{name}", resource.plural));
            sub["singularName"] = json!("");
            sub["namespaced"] = json!(resource.namespaced);
            list.push(sub);
        }
    }
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version(group, version), "resources": list})
}

fn aggregate(groups: &Groups<'_>, core: bool) -> Response {
    let items: Vec<Value> = groups
        .iter()
        .filter(|(name, _)| name.is_empty() == core)
        .map(|(name, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|(version, resources)| {
                    let list: Vec<Value> = resources.iter().map(|r| aggregate_resource(name, version, r)).collect();
                    json!({"version": version, "freshness": "Current", "resources": list})
                })
                .collect();
            let mut metadata = json!({"creationTimestamp": null});
            if !name.is_empty() {
                metadata["name"] = json!(name);
            }
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    let mut response = Response::json(200, body);
    response.content_type = Some(AGGREGATED);
    response
}

fn aggregate_resource(group: &str, version: &str, resource: &Resource) -> Value {
    let kind = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut entry = json!({
        "resource": resource.plural, "responseKind": kind(group, version, &resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": verbs(resource),
    });
    for (key, names) in [("shortNames", &resource.short), ("categories", &resource.categories)] {
        if !names.is_empty() {
            entry[key] = json!(names);
        }
    }
    let subs: Vec<Value> = subresources(resource, version)
        .into_iter()
        .map(|(name, sub)| {
            let text = |key: &str, or: &str| sub.get(key).and_then(Value::as_str).unwrap_or(or).to_owned();
            let response = kind(&text("group", group), &text("version", version), &text("kind", ""));
            json!({"subresource": name, "responseKind": response, "verbs": sub["verbs"]})
        })
        .collect();
    if !subs.is_empty() {
        entry["subresources"] = json!(subs);
    }
    entry
}

/// Stands for the storage version hash: any stable text of the usual length serves clients.
fn hash(text: &str) -> String {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{}=", crate::base64::encode(&state.to_be_bytes()))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "34", "emulationMajor": "1", "emulationMinor": "34", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "33", "gitVersion": "v1.34.4", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.24", "compiler": "gc", "platform": "linux/amd64",
    })
}
