//! Pods, what makes them, and where they run.
//!
//! In: JSON. Out: the structs, each with what somebody decides on. Guarantees: those of [`super`].

use crate::slim::{Field, Meta, Newest, Phase, RestartPolicy, Str};

slim! {
    /// A Pod.
    Pod {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: PodSpec = "spec",
        /// What the kubelet says.
        status: PodStatus = "status",
    }
    /// `spec` of a Pod.
    PodSpec {
        /// Node; empty until it is bound.
        node_name: Str = "nodeName",
        /// Whether it uses its node's network.
        host_network: bool = "hostNetwork",
        /// Which containers are started again.
        restart_policy: RestartPolicy = "restartPolicy",
    }
    /// `status` of a Pod.
    PodStatus {
        /// Where it is in its life.
        phase: Phase = "phase",
        /// Why it is in that phase, e.g. `Evicted`.
        reason: Str = "reason",
        /// When its conditions last changed.
        changed: Newest = "conditions",
        /// When its containers last changed.
        containers_changed: Newest = "containerStatuses",
        /// When the containers that run before them last changed.
        init_changed: Newest = "initContainerStatuses",
    }
    /// A Node.
    Node {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: NodeSpec = "spec",
        /// What the kubelet says.
        status: NodeStatus = "status",
    }
    /// `spec` of a Node.
    NodeSpec {
        /// Taints.
        taints: Box<[Taint]> = "taints",
    }
    /// A taint of a Node.
    Taint {
        /// Its key.
        key: Str = "key",
    }
    /// `status` of a Node.
    NodeStatus {
        /// When its conditions last changed or were confirmed.
        changed: Newest = "conditions",
    }
    /// A StatefulSet.
    StatefulSet {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: StatefulSetSpec = "spec",
        /// What its controller says.
        status: StatusTimes = "status",
    }
    /// `spec` of a StatefulSet.
    StatefulSetSpec {
        /// Replicas; absent is one.
        replicas: Option<i64> = "replicas",
        /// Where its ordinals begin.
        ordinals: Ordinals = "ordinals",
        /// Template of its pods.
        template: Template = "template",
    }
    /// `spec.ordinals` of a StatefulSet.
    Ordinals {
        /// The first ordinal.
        start: i64 = "start",
    }
    /// A Deployment, ReplicaSet, DaemonSet or Job.
    Controller {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: ControllerSpec = "spec",
        /// What its controller says.
        status: StatusTimes = "status",
    }
    /// `spec` of a Deployment, ReplicaSet, DaemonSet or Job.
    ControllerSpec {
        /// Replicas; absent is one.
        replicas: Option<i64> = "replicas",
        /// Template of its pods.
        template: Template = "template",
    }
    /// A `status` of which only its age matters.
    StatusTimes {
        /// When its conditions last changed.
        changed: Newest = "conditions",
    }
    /// A pod template.
    Template {
        /// Metadata of the pods.
        meta: Meta = "metadata",
    }
    /// A condition that is read by its text.
    Condition {
        /// Type.
        type_: Str = "type",
        /// `True`, `False` or `Unknown`.
        status: Str = "status",
        /// Why, as one word.
        reason: Str = "reason",
        /// Why, for people.
        message: Box<str> = "message",
        /// The `metadata.generation` that it was said about; Kube-OVN's kinds only.
        generation: i64 = "observedGeneration",
        /// When it was last said; Kube-OVN's kinds only.
        updated: Field<crate::slim::Time> = "lastUpdateTime",
        /// When its status changed.
        changed: Field<crate::slim::Time> = "lastTransitionTime",
    }
    /// `status` of a Namespace.
    NamespaceStatus {
        /// `Active` or `Terminating`.
        phase: Str = "phase",
        /// Conditions: a Namespace that cannot go says there what is left in it.
        conditions: Box<[Condition]> = "conditions",
    }
    /// A Namespace.
    Namespace {
        /// Metadata.
        meta: Meta = "metadata",
        /// What is wanted.
        spec: NamespaceSpec = "spec",
        /// What is there.
        status: NamespaceStatus = "status",
    }
    /// `spec` of a Namespace.
    NamespaceSpec {
        /// Finalizers of the Namespace's own life cycle: `kubernetes`.
        finalizers: Box<[Str]> = "finalizers",
    }
}

impl Condition {
    /// The newest time in conditions.
    #[must_use]
    pub fn newest(conditions: &[Self]) -> Option<crate::slim::Time> {
        conditions
            .iter()
            .flat_map(|condition| [&condition.updated, &condition.changed])
            .filter_map(Field::get)
            .max()
            .copied()
    }
}
