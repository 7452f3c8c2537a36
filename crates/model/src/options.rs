//! Query parameters and `DeleteOptions`, read and checked.
//!
//! In: a request. Out: [`WriteOptions`], [`ListOptions`], [`DeleteOptions`]. Guarantees: what upstream refuses is refused
//! with its words. Sources: `apimachinery/pkg/apis/meta/v1/validation`, `meta/internalversion/validation`,
//! `meta/internalversion/defaults.go` (feature gate WatchList: on).

use serde_json::{Map, Value};

use crate::decode::check_media_type;
use crate::error::{ApiError, Outcome};
use crate::field::FieldError;
use crate::reader;
use crate::request::Request;
use crate::selector::{FieldSelector, LabelSelector};

const META: &str = "meta.k8s.io";

/// What to do about unknown and duplicate fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

/// Parameters of create, update and patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    pub(crate) field_validation: FieldValidation,
    pub(crate) field_manager: String,
    pub(crate) force: Option<bool>,
}

impl WriteOptions {
    /// Reads them; `kind` is the options kind that errors name.
    pub(crate) fn read(request: &Request, kind: &str) -> Outcome<Self> {
        let mut errors = Vec::new();
        let dry: Vec<&str> = request.query.iter().filter(|(k, _)| k == "dryRun").map(|(_, v)| v.as_str()).collect();
        check_dry_run(&dry, &mut errors);
        let field_validation = match request.param("fieldValidation").unwrap_or("") {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                errors.push(FieldError::not_supported("fieldValidation", other, ["", "Ignore", "Strict", "Warn"]));
                FieldValidation::Warn
            }
        };
        let field_manager = request.param("fieldManager").unwrap_or("").to_owned();
        if field_manager.len() > 128 {
            errors.push(FieldError::too_long("fieldManager", 128));
        }
        let force = request.param("force").map(|v| v == "true" || v == "1");
        if kind == "PatchOptions" {
            if request.content_type == "application/apply-patch+yaml" {
                if field_manager.is_empty() {
                    errors.push(FieldError::required("fieldManager", "is required for apply patch"));
                }
            } else if force.is_some() {
                errors.push(FieldError::forbidden("force", "may not be specified for non-apply patch"));
            }
        }
        if !errors.is_empty() {
            return Err(ApiError::invalid(META, kind, "", &errors));
        }
        Ok(Self { dry_run: !dry.is_empty(), field_validation, field_manager, force })
    }
}

/// Fields of another type are refused by the reader.
fn check_types(options: &Map<String, Value>) -> Outcome<()> {
    for (key, value) in options {
        let (fits, go_type) = match key.as_str() {
            "gracePeriodSeconds" => (value.is_i64(), "int64"),
            "orphanDependents" => (value.is_boolean(), "bool"),
            "propagationPolicy" => (value.is_string(), "v1.DeletionPropagation"),
            "preconditions" => (value.is_object(), "v1.Preconditions"),
            _ => continue,
        };
        if !fits && !value.is_null() {
            let found = reader::type_name(value);
            return Err(ApiError::unrecognized(format!(
                "json: cannot unmarshal {found} into Go struct field DeleteOptions.{key} of type {go_type}"
            )));
        }
    }
    Ok(())
}

fn check_dry_run(values: &[&str], errors: &mut Vec<FieldError>) {
    if values.iter().any(|v| *v != "All") {
        errors.push(FieldError::not_supported("dryRun", Value::from(values), ["All"]));
    }
}

/// How dependents are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    Orphan,
    Background,
    Foreground,
}

/// `DeleteOptions`, out of the body or else out of the query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeleteOptions {
    pub(crate) dry_run: bool,
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) orphan_dependents: Option<bool>,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
}

impl DeleteOptions {
    /// Reads the body of a DELETE, or its query where there is no body.
    pub(crate) fn read(request: &Request) -> Outcome<Self> {
        if let Some(bad) = &request.unreadable {
            check_media_type(request)?;
            return Err(ApiError::unrecognized(reader::unreadable(&bad.why)));
        }
        match &request.body {
            Some(body) => {
                check_media_type(request)?;
                Self::from_body(body)
            }
            None => Self::from_query(request),
        }
    }

    /// Reads a `DeleteOptions` object.
    pub(crate) fn from_body(body: &Value) -> Outcome<Self> {
        let Some(map) = body.as_object() else {
            return Err(ApiError::unrecognized(reader::no_object(body)));
        };
        if let Some(kind) = map.get("kind").and_then(Value::as_str)
            && kind != "DeleteOptions"
        {
            let version = map.get("apiVersion").and_then(Value::as_str).unwrap_or("v1");
            return Err(ApiError::unrecognized(format!(
                "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:110\"",
                crate::field::quote(kind),
                crate::field::quote(version)
            )));
        }
        check_types(map)?;
        let text = |v: &Value| v.as_str().map(str::to_owned);
        let preconditions = map.get("preconditions");
        let part = |key: &str| preconditions.and_then(|p| p.get(key)).and_then(text);
        let dry: Vec<&str> =
            map.get("dryRun").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        Self::check(
            map.get("propagationPolicy").and_then(Value::as_str),
            &dry,
            Self {
                grace_period_seconds: map.get("gracePeriodSeconds").and_then(Value::as_i64),
                orphan_dependents: map.get("orphanDependents").and_then(Value::as_bool),
                uid: part("uid"),
                resource_version: part("resourceVersion"),
                ..Self::default()
            },
        )
    }

    fn from_query(request: &Request) -> Outcome<Self> {
        let grace_period_seconds = number(request, "gracePeriodSeconds")?;
        let dry: Vec<&str> = request.query.iter().filter(|(k, _)| k == "dryRun").map(|(_, v)| v.as_str()).collect();
        Self::check(
            request.param("propagationPolicy"),
            &dry,
            Self {
                grace_period_seconds,
                orphan_dependents: request.param("orphanDependents").map(|v| v == "true" || v == "1"),
                ..Self::default()
            },
        )
    }

    fn check(policy: Option<&str>, dry: &[&str], mut options: Self) -> Outcome<Self> {
        let mut errors = Vec::new();
        if policy.is_some() && options.orphan_dependents.is_some() {
            let detail = "orphanDependents and deletionPropagation cannot be both set";
            errors.push(FieldError::invalid("propagationPolicy", policy.unwrap_or(""), detail));
        }
        options.propagation = match policy {
            None => None,
            Some("Orphan") => Some(Propagation::Orphan),
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some(other) => {
                errors.push(FieldError::not_supported(
                    "propagationPolicy",
                    other,
                    ["Foreground", "Background", "Orphan", "nil"],
                ));
                None
            }
        };
        check_dry_run(dry, &mut errors);
        options.dry_run = !dry.is_empty();
        if errors.is_empty() { Ok(options) } else { Err(ApiError::invalid(META, "DeleteOptions", "", &errors)) }
    }
}

/// `resourceVersionMatch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VersionMatch {
    Exact,
    NotOlderThan,
}

/// Parameters of list, watch and deletecollection.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ListOptions {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
    pub(crate) resource_version: String,
    pub(crate) version_match: Option<VersionMatch>,
    pub(crate) limit: u64,
    pub(crate) continue_token: String,
    pub(crate) watch: bool,
    pub(crate) bookmarks: bool,
    pub(crate) send_initial_events: Option<bool>,
}

impl ListOptions {
    pub(crate) fn read(request: &Request) -> Outcome<Self> {
        let flag = |key: &str| request.param(key).map(|v| v != "false" && v != "0");
        let labels =
            LabelSelector::parse(request.param("labelSelector").unwrap_or("")).map_err(ApiError::bad_request)?;
        let fields =
            FieldSelector::parse(request.param("fieldSelector").unwrap_or("")).map_err(ApiError::bad_request)?;
        // How long a watch lasts is the front's to keep.
        number(request, "timeoutSeconds")?;
        let limit = number(request, "limit")?.unwrap_or(0);
        let mut options = Self {
            labels,
            fields,
            resource_version: request.param("resourceVersion").unwrap_or("").to_owned(),
            version_match: None,
            limit: u64::try_from(limit).unwrap_or(0),
            continue_token: request.param("continue").unwrap_or("").to_owned(),
            watch: flag("watch").unwrap_or(false),
            bookmarks: flag("allowWatchBookmarks").unwrap_or(false),
            send_initial_events: flag("sendInitialEvents"),
        };
        options.check(request.param("resourceVersionMatch").unwrap_or(""))?;
        Ok(options)
    }

    fn check(&mut self, matching: &str) -> Outcome<()> {
        self.version_match = match matching {
            "Exact" => Some(VersionMatch::Exact),
            "NotOlderThan" => Some(VersionMatch::NotOlderThan),
            _ => None,
        };
        // SetListOptionsDefaults: a watch from nowhere is a watch with initial events.
        if self.watch
            && self.send_initial_events.is_none()
            && matching.is_empty()
            && matches!(self.resource_version.as_str(), "" | "0")
        {
            self.send_initial_events = Some(true);
            self.version_match = Some(VersionMatch::NotOlderThan);
            return refuse(&self.watch_errors("NotOlderThan"));
        }
        let errors = if self.watch { self.watch_errors(matching) } else { self.list_errors(matching) };
        refuse(&errors)
    }

    fn list_errors(&self, matching: &str) -> Vec<FieldError> {
        const PATH: &str = "resourceVersionMatch";
        let mut errors = Vec::new();
        if !matching.is_empty() {
            if self.resource_version.is_empty() {
                let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                errors.push(FieldError::forbidden(PATH, detail));
            }
            if !self.continue_token.is_empty() {
                let detail = "resourceVersionMatch is forbidden when continue is provided";
                errors.push(FieldError::forbidden(PATH, detail));
            }
            if self.version_match.is_none() {
                errors.push(FieldError::not_supported(PATH, matching, ["Exact", "NotOlderThan", ""]));
            }
            if self.version_match == Some(VersionMatch::Exact) && self.resource_version == "0" {
                let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                errors.push(FieldError::forbidden(PATH, detail));
            }
        }
        if self.send_initial_events.is_some() {
            errors.push(FieldError::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
        errors
    }

    fn watch_errors(&self, matching: &str) -> Vec<FieldError> {
        const PATH: &str = "resourceVersionMatch";
        let mut errors = Vec::new();
        if self.send_initial_events.is_some() && self.version_match != Some(VersionMatch::NotOlderThan) {
            let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(FieldError::forbidden(PATH, detail));
        }
        if !matching.is_empty() {
            if self.send_initial_events.is_none() {
                let detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                errors.push(FieldError::forbidden(PATH, detail));
            }
            if self.version_match != Some(VersionMatch::NotOlderThan) {
                errors.push(FieldError::not_supported(PATH, matching, ["NotOlderThan"]));
            }
            if !self.continue_token.is_empty() {
                let detail = "resourceVersionMatch is forbidden when continue is provided";
                errors.push(FieldError::forbidden(PATH, detail));
            }
        }
        errors
    }

    /// `resourceVersion` as a number; empty is `None`.
    ///
    /// # Errors
    /// As the versioner words it.
    pub(crate) fn version(&self) -> Result<Option<u64>, String> {
        if self.resource_version.is_empty() { Ok(None) } else { parse_version(&self.resource_version).map(Some) }
    }
}

/// A parameter that must be a number.
fn number(request: &Request, key: &str) -> Outcome<Option<i64>> {
    let Some(text) = request.param(key) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        let quoted = crate::field::quote(text);
        ApiError::bad_request(format!("strconv.ParseInt: parsing {quoted}: invalid syntax"))
    })
}

fn refuse(errors: &[FieldError]) -> Outcome<()> {
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(META, "ListOptions", "", errors)) }
}

/// A resourceVersion as a number.
///
/// # Errors
/// As the versioner words it.
pub(crate) fn parse_version(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        let quoted = crate::field::quote(text);
        format!("resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax")
    })
}
