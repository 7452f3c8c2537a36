//! A story: what people do to a cluster, step by step.
//!
//! In: YAML: a list of steps, each with what to say, objects to apply, objects to delete. Out: [`Step`]s, played one by one.
//! Guarantees: a step is played whole; what follows from it is waited for by whoever plays.

use crate::Sandbox;
use crate::manifest::{self, ManifestError};
use serde::Deserialize;
use serde_json::Value;

/// The story of kubeovn/kube-ovn#4747, as it goes with IPLedger.
pub const SHIPPED: &str = include_str!("../stories/issue-4747.yaml");

/// A step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What happens, for people.
    pub say: String,
    /// Objects that are applied.
    #[serde(default)]
    pub apply: Vec<Value>,
    /// Objects that are deleted: kind, apiVersion, name and namespace count.
    #[serde(default)]
    pub delete: Vec<Value>,
}

/// A story that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the story cannot be read: {0}")]
pub struct StoryError(String);

/// Reads a story.
///
/// # Errors
/// [`StoryError`]: it is no list of steps.
pub fn steps(text: &str) -> Result<Vec<Step>, StoryError> {
    serde_saphyr::from_str(text).map_err(|error| StoryError(error.to_string()))
}

impl Sandbox {
    /// Plays a step, and waits until everybody is at rest; false if they do not come to rest.
    ///
    /// # Errors
    /// [`ManifestError`]: an object cannot be applied or deleted.
    pub async fn play(&self, step: &Step) -> Result<bool, ManifestError> {
        for object in &step.apply {
            manifest::apply(self.cluster(), object).await?;
        }
        for object in &step.delete {
            manifest::delete(self.cluster(), object).await?;
        }
        Ok(self.rest().await)
    }
}
