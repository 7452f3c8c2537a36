//! What people do to a cluster.
//!
//! In: objects. Out: [`Story`]. Guarantees: each act is followed by rest, so that what it caused is seen before the next; only
//! those that happen together are not.

use serde_json::Value;

/// One thing that somebody does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Create an object in a collection.
    Create(String, Value),
    /// Create an object that has the object at this path as its owner.
    CreateOwned(String, Value, String),
    /// KubeVirt creates the target pod of a migration: a pod in a collection, whose owner is the instance at a path, with name and UID of
    /// the migration at another one.
    CreateTarget(String, Value, String, String),
    /// KubeVirt says in the instance at a path that it moves to the pod of this name, by the migration at another path.
    HandOff(String, String, String),
    /// Change an object by a merge patch.
    Patch(String, Value),
    /// Delete an object; with a grace period in seconds, where one is given.
    Delete(String, Option<u32>),
    /// Delete an object with these options.
    DeleteWith(String, Value),
    /// The containers of a pod end by themselves.
    Exit(String),
    /// A node loses its connection to the API server.
    CutOff(String),
    /// A node loses its power: nothing of it answers any more.
    PowerOff(String),
    /// It has its connection again.
    Connect(String),
    /// It has its power again, and nothing of what ran on it is left.
    PowerOn(String),
    /// The controllers stop after so many more writes (0: at once), and stay down.
    Stop(u64),
    /// They are started again.
    Start,
    /// The watches of the controllers tell nothing any more.
    Deaf,
    /// They end. All is listed anew, and what went meanwhile is what the lists lack.
    Relist,
    /// The controllers are started anew with `--primary-network`, and the runtimes ask for it from then on.
    ServePrimary,
    /// Seconds pass.
    Pass(i64),
    /// All of these, before anybody takes a turn.
    Together(Vec<Act>),
}

/// What happens, in order.
#[derive(Debug, Clone)]
pub struct Story {
    /// What it is about.
    pub name: &'static str,
    /// What is done.
    pub acts: Vec<Act>,
}
