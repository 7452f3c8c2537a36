//! Defaults of built-in kinds, as far as addresses depend on them: pods, pod templates, workloads.
//!
//! In: a decoded object. Out: the same with defaults. Guarantees: what is set stays. Sources:
//! `kubernetes/pkg/apis/{core,apps,batch}/v1/defaults.go`, admission plugins Priority and DefaultTolerationSeconds. What is
//! missing stands in docs/api-model/differences.md.

use serde_json::{Map, Value, json};

use crate::meta::object_mut;

/// Applies the defaults of `plural` of `group`.
pub(crate) fn apply(group: &str, plural: &str, object: &mut Value) {
    match (group, plural) {
        ("", "pods") => {
            pod_spec(object_mut(object, "spec"));
            pod_conditions(object);
        }
        ("", "secrets") => secret(object),
        ("", "nodes") => node(object),
        ("", "events") => {
            for (key, value) in
                [("firstTimestamp", Value::Null), ("lastTimestamp", Value::Null), ("eventTime", Value::Null)]
            {
                set(object, key, value);
            }
            set(object, "source", json!({}));
            set(object, "reportingComponent", json!(""));
            set(object, "reportingInstance", json!(""));
        }
        ("events.k8s.io", "events") => {
            set(object, "deprecatedFirstTimestamp", Value::Null);
            set(object, "deprecatedLastTimestamp", Value::Null);
            set(object, "deprecatedSource", json!({}));
        }
        ("", "services") => {
            let spec = object_mut(object, "spec");
            put(spec, "type", || json!("ClusterIP"));
            put(spec, "sessionAffinity", || json!("None"));
        }
        ("apps", "deployments") => deployment(object_mut(object, "spec")),
        ("apps", "replicasets") | ("", "replicationcontrollers") => {
            let spec = object_mut(object, "spec");
            put(spec, "replicas", || json!(1));
            template(spec);
        }
        ("apps", "statefulsets") => stateful_set(object_mut(object, "spec")),
        ("apps", "daemonsets") => {
            let spec = object_mut(object, "spec");
            put(spec, "revisionHistoryLimit", || json!(10));
            template(spec);
        }
        ("apiextensions.k8s.io", "customresourcedefinitions") => crate::crd::default(object),
        ("batch", "jobs") => job(object_mut(object, "spec")),
        _ => {}
    }
}

/// `stringData` is a way to write `data` and is never shown.
fn secret(secret: &mut Value) {
    set(secret, "type", json!("Opaque"));
    let Some(texts) = secret.as_object_mut().and_then(|map| map.remove("stringData")) else { return };
    let data = object_mut(secret, "data");
    for (key, text) in texts.as_object().into_iter().flatten() {
        data.insert(key.clone(), json!(crate::base64::encode_plain(text.as_str().unwrap_or("").as_bytes())));
    }
}

/// What a node's status prints where nothing is known. Its taint `not-ready` is left to whoever makes the node: there is no
/// node lifecycle controller to take it away.
fn node(node: &mut Value) {
    let status = object_mut(node, "status");
    put(status, "daemonEndpoints", || json!({"kubeletEndpoint": {"Port": 0}}));
    put(status, "nodeInfo", || json!({}));
    let info = object_mut(&mut node["status"], "nodeInfo");
    for key in [
        "architecture",
        "bootID",
        "containerRuntimeVersion",
        "kernelVersion",
        "kubeProxyVersion",
        "kubeletVersion",
        "machineID",
        "operatingSystem",
        "osImage",
        "systemUUID",
    ] {
        put(info, key, || json!(""));
    }
    for condition in node["status"].get_mut("conditions").and_then(Value::as_array_mut).into_iter().flatten() {
        set(condition, "lastHeartbeatTime", Value::Null);
        set(condition, "lastTransitionTime", Value::Null);
    }
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.entry(key.to_owned()).or_insert(value);
    }
}

fn put(map: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), value());
    }
}

fn child<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    map.entry(key.to_owned()).or_insert_with(|| json!({})).as_object_mut()
}

fn template(spec: &mut Map<String, Value>) {
    if let Some(template) = child(spec, "template") {
        put(template, "metadata", || json!({}));
        if let Some(pod) = child(template, "spec") {
            common_spec(pod);
        }
    }
}

fn deployment(spec: &mut Map<String, Value>) {
    put(spec, "replicas", || json!(1));
    put(spec, "revisionHistoryLimit", || json!(10));
    put(spec, "progressDeadlineSeconds", || json!(600));
    if let Some(strategy) = child(spec, "strategy") {
        put(strategy, "type", || json!("RollingUpdate"));
        if strategy.get("type") == Some(&json!("RollingUpdate"))
            && let Some(rolling) = child(strategy, "rollingUpdate")
        {
            put(rolling, "maxSurge", || json!("25%"));
            put(rolling, "maxUnavailable", || json!("25%"));
        }
    }
    template(spec);
}

fn stateful_set(spec: &mut Map<String, Value>) {
    put(spec, "replicas", || json!(1));
    put(spec, "revisionHistoryLimit", || json!(10));
    put(spec, "podManagementPolicy", || json!("OrderedReady"));
    put(spec, "persistentVolumeClaimRetentionPolicy", || json!({"whenDeleted": "Retain", "whenScaled": "Retain"}));
    if let Some(strategy) = child(spec, "updateStrategy") {
        put(strategy, "type", || json!("RollingUpdate"));
        if strategy.get("type") == Some(&json!("RollingUpdate"))
            && let Some(rolling) = child(strategy, "rollingUpdate")
        {
            put(rolling, "partition", || json!(0));
        }
    }
    template(spec);
}

fn job(spec: &mut Map<String, Value>) {
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        put(spec, "completions", || json!(1));
    }
    put(spec, "parallelism", || json!(1));
    put(spec, "backoffLimit", || json!(6));
    put(spec, "completionMode", || json!("NonIndexed"));
    put(spec, "suspend", || json!(false));
    put(spec, "podReplacementPolicy", || json!("TerminatingOrFailed"));
    template(spec);
}

fn pod_spec(spec: &mut Map<String, Value>) {
    put(spec, "enableServiceLinks", || json!(true));
    common_spec(spec);
}

/// The two times of a condition are printed even where there are none.
fn pod_conditions(pod: &mut Value) {
    let conditions = pod.get_mut("status").and_then(|s| s.get_mut("conditions")).and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        set(condition, "lastProbeTime", Value::Null);
        set(condition, "lastTransitionTime", Value::Null);
    }
}

/// `SetDefaults_PodSpec` and `SetDefaults_Container`: pods and templates alike.
fn common_spec(spec: &mut Map<String, Value>) {
    put(spec, "dnsPolicy", || json!("ClusterFirst"));
    put(spec, "restartPolicy", || json!("Always"));
    put(spec, "securityContext", || json!({}));
    put(spec, "terminationGracePeriodSeconds", || json!(30));
    put(spec, "schedulerName", || json!("default-scheduler"));
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        put(spec, "serviceAccount", || account);
    }
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                default_container(container);
            }
        }
    }
}

fn default_container(container: &mut Map<String, Value>) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or("").to_owned();
    put(container, "imagePullPolicy", || {
        let last = image.rsplit('/').next().unwrap_or("");
        let latest = !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"));
        json!(if latest { "Always" } else { "IfNotPresent" })
    });
    put(container, "terminationMessagePath", || json!("/dev/termination-log"));
    put(container, "terminationMessagePolicy", || json!("File"));
    put(container, "resources", || json!({}));
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        set(port, "protocol", json!("TCP"));
    }
}

/// What admission adds to a new pod: the two default tolerations, priority 0.
pub(crate) fn admit_pod(pod: &mut Value) {
    let spec = object_mut(pod, "spec");
    put(spec, "priority", || json!(0));
    put(spec, "preemptionPolicy", || json!("PreemptLowerPriority"));
    put(spec, "tolerations", || json!([]));
    if let Some(list) = spec.get_mut("tolerations").and_then(Value::as_array_mut) {
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let covered = list.iter().any(|t| {
                let effect = t.get("effect").and_then(Value::as_str).unwrap_or("");
                let of = t.get("key").and_then(Value::as_str).unwrap_or("");
                (of == key || of.is_empty()) && (effect.is_empty() || effect == "NoExecute")
            });
            if !covered {
                list.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
            }
        }
    }
}

/// The status of a new object, where the strategy resets it.
pub(crate) fn fresh_status(group: &str, plural: &str) -> Option<Value> {
    Some(match (group, plural) {
        ("", "nodes") => return None,
        ("", "services") => json!({"loadBalancer": {}}),
        ("", "persistentvolumeclaims" | "persistentvolumes") => json!({"phase": "Pending"}),
        ("apps", "statefulsets") => json!({"replicas": 0, "availableReplicas": 0}),
        ("apps", "replicasets") | ("", "replicationcontrollers") => json!({"replicas": 0}),
        ("apps", "daemonsets") => json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0
        }),
        ("policy", "poddisruptionbudgets") => {
            json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0})
        }
        _ => json!({}),
    })
}
