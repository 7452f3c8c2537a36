//! Metadata only, for clients that ask for `PartialObjectMetadata`.

use serde_json::{Value, json};

/// Whether the client wants metadata only.
pub(crate) fn wanted(accept: &str) -> bool {
    accept.contains("as=PartialObjectMetadata")
}

/// An object, or a list of objects, with metadata only; a Status stays as it is.
pub(crate) fn strip(value: Value) -> Value {
    if value.get("kind").and_then(Value::as_str) == Some("Status") {
        return value;
    }
    let one = |object: &Value| json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
    match value.get("items").and_then(Value::as_array) {
        Some(items) => json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"],
            "items": items.iter().map(one).collect::<Vec<_>>(),
        }),
        None => one(&value),
    }
}
