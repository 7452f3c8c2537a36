//! The built-in resources as one table: what discovery says of them and which rules their strategies follow.
//!
//! Out: [`BUILTIN`]. Source: `k8s.io/kubernetes/pkg/registry/<group>/<resource>/{strategy.go,storage/storage.go}` of
//! v1.34: `AllowUnconditionalUpdate`, `AllowCreateOnUpdate`, `ReturnDeletedObject`, `DefaultGarbageCollectionPolicy`,
//! `PrepareForCreate` and `PrepareForUpdate` (generation).

use crate::names::NameRule;

/// When `metadata.generation` grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Never: the kind has none.
    None,
    /// Starts at 1 and grows with a change of any of these top-level fields.
    On(&'static [&'static str]),
    /// As `On(["spec"])`, and with a change of annotations (Deployment).
    SpecOrAnnotations,
    /// Starts at 1 and grows with a change of anything but metadata (custom resources).
    NonMetadata,
}

/// What a delete without a propagation policy does to dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefaultGc {
    /// The garbage collector deletes them afterwards.
    Background,
    /// They are orphaned (Job of batch/v1).
    Orphan,
    /// The kind takes no part in garbage collection (Event).
    Unsupported,
}

/// Kinds with rules of their own beyond this table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    None,
    Pod,
    Namespace,
    Crd,
    Lease,
    /// `immutable: true` freezes its data: ConfigMap, Secret.
    Immutable,
    Workload,
    Service,
}

/// How requests on a resource are treated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) generation: Generation,
    pub(crate) unconditional_update: bool,
    pub(crate) create_on_update: bool,
    pub(crate) returns_deleted: bool,
    pub(crate) default_gc: DefaultGc,
    pub(crate) names: NameRule,
    pub(crate) special: Special,
}

/// One built-in resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) short: &'static [&'static str],
    pub(crate) namespaced: bool,
    pub(crate) status: bool,
    pub(crate) scale: bool,
    /// In the category `all`.
    pub(crate) in_all: bool,
    /// Field labels a field selector may use besides `metadata.name` and `metadata.namespace`.
    pub(crate) fields: &'static [&'static str],
    pub(crate) rules: Rules,
}

impl Kind {
    const fn cluster(mut self) -> Self {
        self.namespaced = false;
        self
    }
    const fn status(mut self) -> Self {
        self.status = true;
        self
    }
    const fn scale(mut self) -> Self {
        self.scale = true;
        self
    }
    const fn all(mut self) -> Self {
        self.in_all = true;
        self
    }
    const fn short(mut self, short: &'static [&'static str]) -> Self {
        self.short = short;
        self
    }
    const fn fields(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }
    const fn generation(mut self, generation: Generation) -> Self {
        self.rules.generation = generation;
        self
    }
    const fn conditional(mut self) -> Self {
        self.rules.unconditional_update = false;
        self
    }
    const fn upsert(mut self) -> Self {
        self.rules.create_on_update = true;
        self
    }
    const fn returns(mut self) -> Self {
        self.rules.returns_deleted = true;
        self
    }
    const fn gc(mut self, gc: DefaultGc) -> Self {
        self.rules.default_gc = gc;
        self
    }
    const fn names(mut self, names: NameRule) -> Self {
        self.rules.names = names;
        self
    }
    const fn special(mut self, special: Special) -> Self {
        self.rules.special = special;
        self
    }
}

const fn k(group: &'static str, version: &'static str, plural: &'static str, kind: &'static str) -> Kind {
    Kind {
        group,
        version,
        plural,
        kind,
        short: &[],
        namespaced: true,
        status: false,
        scale: false,
        in_all: false,
        fields: &[],
        rules: Rules {
            generation: Generation::None,
            unconditional_update: true,
            create_on_update: false,
            returns_deleted: false,
            default_gc: DefaultGc::Background,
            names: NameRule::Subdomain,
            special: Special::None,
        },
    }
}

/// Rules of custom resources: `apiextensions-apiserver/pkg/registry/customresource/strategy.go`.
pub(crate) const CUSTOM: Rules = Rules {
    generation: Generation::NonMetadata,
    unconditional_update: false,
    create_on_update: false,
    returns_deleted: false,
    default_gc: DefaultGc::Background,
    names: NameRule::Subdomain,
    special: Special::None,
};

const SPEC: Generation = Generation::On(&["spec"]);
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const POD_FIELDS: &[&str] = &[
    "spec.nodeName",
    "spec.host",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
];
const EVENT_FIELDS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

/// Every built-in resource, group by group.
pub(crate) const BUILTIN: &[Kind] = &[
    k("", "v1", "configmaps", "ConfigMap").short(&["cm"]).special(Special::Immutable),
    k("", "v1", "endpoints", "Endpoints").short(&["ep"]).upsert(),
    k("", "v1", "events", "Event").short(&["ev"]).upsert().gc(DefaultGc::Unsupported).fields(EVENT_FIELDS),
    k("", "v1", "limitranges", "LimitRange").short(&["limits"]).upsert(),
    k("", "v1", "namespaces", "Namespace")
        .short(&["ns"])
        .cluster()
        .status()
        .returns()
        .names(NameRule::Label)
        .fields(&["status.phase"])
        .special(Special::Namespace),
    k("", "v1", "nodes", "Node").short(&["no"]).cluster().status().fields(&["spec.unschedulable"]),
    k("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim").short(&["pvc"]).status().returns(),
    k("", "v1", "persistentvolumes", "PersistentVolume").short(&["pv"]).cluster().status().returns(),
    k("", "v1", "pods", "Pod")
        .short(&["po"])
        .all()
        .status()
        .returns()
        .generation(SPEC)
        .fields(POD_FIELDS)
        .special(Special::Pod),
    k("", "v1", "podtemplates", "PodTemplate").returns().generation(Generation::On(&["template"])),
    k("", "v1", "replicationcontrollers", "ReplicationController")
        .short(&["rc"])
        .all()
        .status()
        .scale()
        .generation(SPEC)
        .gc(DefaultGc::Orphan)
        .fields(&["status.replicas"]),
    k("", "v1", "resourcequotas", "ResourceQuota").short(&["quota"]).status().returns(),
    k("", "v1", "secrets", "Secret").fields(&["type"]).special(Special::Immutable),
    k("", "v1", "serviceaccounts", "ServiceAccount").short(&["sa"]).returns(),
    k("", "v1", "services", "Service")
        .short(&["svc"])
        .all()
        .status()
        .returns()
        .upsert()
        .names(NameRule::Label1035)
        .fields(&["spec.clusterIP", "spec.type"])
        .special(Special::Service),
    k("apps", "v1", "controllerrevisions", "ControllerRevision"),
    k("apps", "v1", "daemonsets", "DaemonSet")
        .short(&["ds"])
        .all()
        .status()
        .generation(SPEC)
        .special(Special::Workload),
    k("apps", "v1", "deployments", "Deployment")
        .short(&["deploy"])
        .all()
        .status()
        .scale()
        .generation(Generation::SpecOrAnnotations)
        .special(Special::Workload),
    k("apps", "v1", "replicasets", "ReplicaSet")
        .short(&["rs"])
        .all()
        .status()
        .scale()
        .generation(SPEC)
        .fields(&["status.replicas"])
        .special(Special::Workload),
    k("apps", "v1", "statefulsets", "StatefulSet")
        .short(&["sts"])
        .all()
        .status()
        .scale()
        .generation(SPEC)
        .special(Special::Workload),
    k("batch", "v1", "cronjobs", "CronJob").short(&["cj"]).all().status().generation(SPEC),
    k("batch", "v1", "jobs", "Job")
        .all()
        .status()
        .generation(SPEC)
        .gc(DefaultGc::Orphan)
        .fields(&["status.successful"])
        .special(Special::Workload),
    k("coordination.k8s.io", "v1", "leases", "Lease").conditional().upsert().special(Special::Lease),
    k("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice").generation(Generation::On(&[
        "addressType",
        "endpoints",
        "ports",
    ])),
    k("events.k8s.io", "v1", "events", "Event").short(&["ev"]).upsert().gc(DefaultGc::Unsupported),
    k("networking.k8s.io", "v1", "ingresses", "Ingress").short(&["ing"]).status().generation(SPEC),
    k("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy").short(&["netpol"]).generation(SPEC),
    k("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
        .short(&["pdb"])
        .status()
        .conditional()
        .generation(SPEC),
    k(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding").cluster().upsert().names(NameRule::PathSegment),
    k(RBAC, "v1", "clusterroles", "ClusterRole").cluster().upsert().names(NameRule::PathSegment),
    k(RBAC, "v1", "rolebindings", "RoleBinding").upsert().names(NameRule::PathSegment),
    k(RBAC, "v1", "roles", "Role").upsert().names(NameRule::PathSegment),
    k("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass")
        .short(&["pc"])
        .cluster()
        .generation(Generation::On(&["value"])),
    k("storage.k8s.io", "v1", "storageclasses", "StorageClass").short(&["sc"]).cluster().returns(),
    k(ADMISSION, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration")
        .cluster()
        .conditional()
        .generation(Generation::On(&["webhooks"])),
    k(ADMISSION, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy")
        .cluster()
        .conditional()
        .status()
        .generation(SPEC),
    k(ADMISSION, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding")
        .cluster()
        .conditional()
        .generation(SPEC),
    k(ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration")
        .cluster()
        .conditional()
        .generation(Generation::On(&["webhooks"])),
    k("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition")
        .short(&["crd", "crds"])
        .cluster()
        .status()
        .conditional()
        .generation(SPEC)
        .special(Special::Crd),
];
