//! One condition of an object's status.
//!
//! In: nothing. Out: [`Condition`]. Guarantees: Kube-OVN's form (`pkg/apis/kubeovn/v1/condition.go`), which differs from
//! Kubernetes' own in that nothing is required and that `lastUpdateTime` exists. Kube-OVN itself writes conditions only
//! on Subnet, IPPool and ProviderNetwork.

use super::record;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

record! {
    /// One aspect of the state of an object.
    pub struct Condition {
        /// Which aspect: Ready, Validated, Init or Error.
        kind: String = "type",
        /// True, False or Unknown.
        status: String = "status",
        /// Why, as one word for programs.
        reason: String = "reason",
        /// Why, for people.
        message: String = "message",
        /// The metadata.generation that this was said about.
        observed_generation: i64 = "observedGeneration",
        /// When this was last looked at.
        last_update_time: Time = "lastUpdateTime",
        /// When status last changed.
        last_transition_time: Time = "lastTransitionTime",
    }
}
