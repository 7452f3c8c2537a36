//! What one CustomResourceDefinition lacks of another.
//!
//! In: a definition that exists and one that is wanted. Out: every version, field and subresource that objects of the wanted
//! one may have and the other would refuse or drop. Guarantees: what an object may keep as an unknown field is not lacking;
//! descriptions, columns and stricter rules of either are no difference.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};
use std::fmt;

/// Something that a definition lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// A version is not served.
    Version(String),
    /// A field is dropped when it is written.
    Field(String),
    /// A field is of another type.
    Type {
        /// The field.
        field: String,
        /// As it is wanted.
        wanted: String,
        /// As it is.
        found: String,
    },
    /// Status is not written by itself, or only by itself.
    StatusSubresource {
        /// Whether it should be a subresource.
        wanted: bool,
    },
    /// Objects live in namespaces, or do not.
    Scope {
        /// As it is wanted.
        wanted: String,
        /// As it is.
        found: String,
    },
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "version {version} is not served"),
            Self::Field(field) => write!(f, "it has no field {field}"),
            Self::Type { field, wanted, found } => write!(f, "{field} is of type {found}, not {wanted}"),
            Self::StatusSubresource { wanted: true } => f.write_str("status is no subresource"),
            Self::StatusSubresource { wanted: false } => f.write_str("status is a subresource"),
            Self::Scope { wanted, found } => write!(f, "its scope is {found}, not {wanted}"),
        }
    }
}

/// What `found` lacks of `wanted`.
pub(super) fn lacks(found: &CustomResourceDefinition, wanted: &CustomResourceDefinition) -> Vec<Lack> {
    let mut lacks = Vec::new();
    if found.spec.scope != wanted.spec.scope {
        lacks.push(Lack::Scope { wanted: wanted.spec.scope.clone(), found: found.spec.scope.clone() });
    }
    for version in &wanted.spec.versions {
        match found.spec.versions.iter().find(|other| other.name == version.name && other.served) {
            Some(other) => version_lacks(other, version, &mut lacks),
            None => lacks.push(Lack::Version(version.name.clone())),
        }
    }
    lacks
}

fn version_lacks(
    found: &CustomResourceDefinitionVersion,
    wanted: &CustomResourceDefinitionVersion,
    lacks: &mut Vec<Lack>,
) {
    let subresource = |version: &CustomResourceDefinitionVersion| {
        version.subresources.as_ref().is_some_and(|subresources| subresources.status.is_some())
    };
    if subresource(found) != subresource(wanted) {
        lacks.push(Lack::StatusSubresource { wanted: subresource(wanted) });
    }
    if let (Some(found), Some(wanted)) = (schema(found), schema(wanted)) {
        field_lacks("", found, wanted, lacks);
    }
}

fn schema(version: &CustomResourceDefinitionVersion) -> Option<&JSONSchemaProps> {
    version.schema.as_ref()?.open_api_v3_schema.as_ref()
}

fn field_lacks(path: &str, found: &JSONSchemaProps, wanted: &JSONSchemaProps, lacks: &mut Vec<Lack>) {
    if let (Some(found), Some(wanted)) = (&found.type_, &wanted.type_)
        && found != wanted
    {
        let field = path.to_owned();
        lacks.push(Lack::Type { field, wanted: wanted.clone(), found: found.clone() });
        return;
    }
    let keeps_unknown = found.x_kubernetes_preserve_unknown_fields == Some(true) || map_of(found).is_some();
    for (name, wanted) in wanted.properties.iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match found.properties.as_ref().and_then(|properties| properties.get(name)) {
            Some(found) => field_lacks(&path, found, wanted, lacks),
            None if keeps_unknown => {}
            None => lacks.push(Lack::Field(path)),
        }
    }
    if let (Some(found), Some(wanted)) = (items_of(found), items_of(wanted)) {
        field_lacks(&format!("{path}[]"), found, wanted, lacks);
    }
    if let (Some(found), Some(wanted)) = (map_of(found), map_of(wanted)) {
        field_lacks(&format!("{path}{{}}"), found, wanted, lacks);
    }
}

fn items_of(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => Some(items),
        _ => None,
    }
}

fn map_of(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match &schema.additional_properties {
        Some(JSONSchemaPropsOrBool::Schema(values)) => Some(values),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn subnets() -> Value {
        let crds = api::crds::all();
        let crd = crds.iter().find(|crd| crd.spec.names.kind == "Subnet");
        serde_json::to_value(crd.unwrap()).unwrap()
    }

    fn lacks_after(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut found = subnets();
        change(&mut found);
        let read = |value| serde_json::from_value::<CustomResourceDefinition>(value).unwrap();
        lacks(&read(found), &read(subnets())).iter().map(Lack::to_string).collect()
    }

    fn schema_of(crd: &mut Value) -> &mut Value {
        &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    }

    #[test]
    fn a_definition_lacks_nothing_of_itself() {
        assert!(lacks_after(|_| {}).is_empty());
    }

    #[test]
    fn a_field_of_an_older_kube_ovn_is_lacking_only_where_unknown_ones_are_dropped() {
        let drop = |crd: &mut Value| {
            schema_of(crd)["spec"]["properties"].as_object_mut().unwrap().remove("u2oFeatures").unwrap();
        };
        assert!(lacks_after(drop).is_empty(), "unknown fields are kept");
        let drop_and_prune = |crd: &mut Value| {
            drop(crd);
            schema_of(crd)["spec"].as_object_mut().unwrap().remove("x-kubernetes-preserve-unknown-fields").unwrap();
        };
        assert_eq!(lacks_after(drop_and_prune), ["it has no field spec.u2oFeatures"]);
    }

    #[test]
    fn a_counter_of_another_type_is_told() {
        let lacks = lacks_after(|crd| schema_of(crd)["status"]["properties"]["v4usingIPs"]["type"] = json!("integer"));
        assert_eq!(lacks, ["status.v4usingIPs is of type integer, not number"]);
    }

    #[test]
    fn versions_scope_and_subresource_are_told() {
        assert_eq!(
            lacks_after(|crd| crd["spec"]["versions"][0]["served"] = json!(false)),
            ["version v1 is not served"]
        );
        assert_eq!(
            lacks_after(|crd| crd["spec"]["scope"] = json!("Namespaced")),
            ["its scope is Namespaced, not Cluster"]
        );
        let lacks = lacks_after(|crd| crd["spec"]["versions"][0]["subresources"] = json!({}));
        assert_eq!(lacks, ["status is no subresource"]);
    }
}
