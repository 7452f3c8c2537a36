//! What the derived schemas lack or have too much of.
//!
//! In: a CRD as kube derives it. Out: the same CRD in Kube-OVN's form, or in IPLedger's. Guarantees: only keywords that a
//! structural schema may have; number formats that Kubernetes knows; no `nullable`, so that the API server takes a null
//! for an absent field, as it does with Kube-OVN's own CRDs.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// Kinds whose status is an ordinary field, written with the rest (`+kubebuilder:subresource` is missing there).
const WITHOUT_STATUS_SUBRESOURCE: [&str; 1] = ["Vip"];

/// Makes it a CRD of `kubeovn.io`: neither spec nor status is required, and what newer versions add is kept.
pub(super) fn to_kube_ovn(crd: &mut CustomResourceDefinition) {
    let subresource = !WITHOUT_STATUS_SUBRESOURCE.contains(&crd.spec.names.kind.as_str());
    finish(crd, subresource, |root| {
        root.required = None;
        for part in root.properties.iter_mut().flat_map(|properties| properties.values_mut()) {
            visit(part, &mut keep_unknown_fields);
        }
    });
}

/// Makes it a CRD of `ipledger.dev`: spec is required, labels and status change in one write.
pub(super) fn to_ipledger(crd: &mut CustomResourceDefinition) {
    finish(crd, false, |_| {});
}

fn finish(crd: &mut CustomResourceDefinition, subresource: bool, adapt: impl Fn(&mut JSONSchemaProps)) {
    crd.spec.names.list_kind = Some(format!("{}List", crd.spec.names.kind));
    for version in &mut crd.spec.versions {
        if !subresource {
            version.subresources = None;
        }
        let schema = version.schema.as_mut().and_then(|validation| validation.open_api_v3_schema.as_mut());
        let root = schema.expect("kube derives a schema for every version");
        root.title = None;
        visit(root, &mut tidy);
        adapt(root);
    }
}

/// Applies a change to a schema and all schemas in it.
fn visit(schema: &mut JSONSchemaProps, change: &mut impl FnMut(&mut JSONSchemaProps)) {
    change(schema);
    for property in schema.properties.iter_mut().flat_map(|properties| properties.values_mut()) {
        visit(property, change);
    }
    match &mut schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => visit(items, change),
        Some(JSONSchemaPropsOrArray::Schemas(list)) => list.iter_mut().for_each(|items| visit(items, change)),
        None => {}
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        visit(values, change);
    }
}

fn tidy(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    // Doc comments are wrapped for their source; a blank line in them is meant.
    schema.description =
        schema.description.take().map(|text| text.replace("\n\n", "\r").replace('\n', " ").replace('\r', "\n\n"));
    // Kubernetes knows no unsigned formats: say the same in signed ones and bounds.
    if schema.format.as_deref() == Some("uint32") {
        schema.format = Some("int64".into());
        schema.maximum = Some(schema.maximum.unwrap_or(f64::from(u32::MAX)));
    }
}

fn keep_unknown_fields(schema: &mut JSONSchemaProps) {
    if schema.properties.is_some() {
        schema.x_kubernetes_preserve_unknown_fields = Some(true);
    }
}
