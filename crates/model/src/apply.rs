//! Server-side apply, without ownership.
//!
//! In: an applied configuration. Out: the stored object: created if absent, else the configuration merged over it.
//! Guarantees: what the configuration says holds afterwards. Not modelled: `managedFields`, so fields that an earlier
//! configuration had are not removed and there are no conflicts (docs/api-model/differences.md).

use serde_json::Value;

use crate::create::match_namespace;
use crate::decode;
use crate::error::{ApiError, Outcome};
use crate::json_patch;
use crate::meta;
use crate::options::WriteOptions;
use crate::request::Response;
use crate::server::{Part, Scope, Server};
use crate::store::key;
use crate::time::Timestamp;
use crate::update::check_name;

impl Server {
    pub(crate) fn apply(
        &mut self,
        scope: Scope<'_>,
        part: Part,
        patch: &Value,
        duplicates: &[String],
        options: &WriteOptions,
        now: Timestamp,
    ) -> Outcome<Response> {
        let resource = self.res(scope.id)?;
        let validation = options.field_validation;
        let mut applied = decode::applied(resource, scope.version, patch.clone(), duplicates, validation)?;
        match_namespace(&mut applied, scope.namespace)?;
        check_name(&applied, scope.name)?;
        let old = resource.store.get(&key(scope.namespace, scope.name)).map(|s| resource.present(s, scope.version));
        let Some(old) = old else {
            if part != Part::Main {
                return Err(ApiError::not_found(resource.gr(), scope.name));
            }
            if !meta::uid(patch).is_empty() {
                let why = format!(
                    "uid mismatch: the provided object specified uid {}, and no existing object was found",
                    meta::uid(patch)
                );
                return Err(ApiError::conflict(resource.gr(), scope.name, &why));
            }
            let outcome = self.create_object(scope, applied, options.dry_run, now);
            return outcome.map(|object| Response::object(201, object));
        };
        let mut object = Value::clone(&old);
        json_patch::merge(&mut object, patch);
        let merged = decode::patched(resource, scope.version, object, Vec::new(), validation)?;
        let outcome = self.replace(scope, part, merged.object, &old, options.dry_run, now);
        outcome.map(|object| Response::object(200, object))
    }
}
