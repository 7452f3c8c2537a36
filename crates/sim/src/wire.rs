//! Which sandbox answers to which address.
//!
//! In: addresses put on and taken off interfaces. Out: who answers. Guarantees: knows what is on the interfaces and nothing
//! of claims: it is what the claims are held against.

use api::slim::AddressClaim;
use ledger::Addr;
use model::cluster::SandboxId;
use std::collections::{BTreeMap, BTreeSet};

/// One layer-2 network, or several.
#[derive(Debug, Default)]
pub struct Wire {
    answers: BTreeMap<(String, Addr), BTreeSet<SandboxId>>,
    /// How often it may have changed.
    changes: u64,
}

impl Wire {
    pub(crate) fn add(&mut self, wire: &str, addr: Addr, sandbox: &SandboxId) {
        self.changes += 1;
        self.answers.entry((wire.to_owned(), addr)).or_default().insert(sandbox.clone());
    }

    /// The link of a sandbox is gone, and all its addresses with it.
    pub(crate) fn remove(&mut self, sandbox: &SandboxId) {
        self.changes += 1;
        self.answers.retain(|_, sandboxes| {
            sandboxes.remove(sandbox);
            !sandboxes.is_empty()
        });
    }

    /// An address is taken off the interface of a pod.
    pub(crate) fn take(&mut self, wire: &str, addr: Addr, uid: &str) {
        self.changes += 1;
        let key = (wire.to_owned(), addr);
        if let Some(sandboxes) = self.answers.get_mut(&key) {
            sandboxes.retain(|sandbox| sandbox.pod_uid != uid);
            if sandboxes.is_empty() {
                self.answers.remove(&key);
            }
        }
    }

    /// How often it has changed: what was seen of it at the same number is seen now.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether anybody answers to an address.
    pub(crate) fn is_answered(&self, wire: &str, addr: Addr) -> bool {
        self.answers.contains_key(&(wire.to_owned(), addr))
    }

    /// Whether a sandbox answers to an address.
    pub(crate) fn has_sandbox(&self, wire: &str, addr: Addr, sandbox: &SandboxId) -> bool {
        self.answers.get(&(wire.to_owned(), addr)).is_some_and(|sandboxes| sandboxes.contains(sandbox))
    }

    /// Whether any sandbox of a pod answers to anything.
    pub(crate) fn has_pod(&self, uid: &str) -> bool {
        self.answers.values().flatten().any(|sandbox| sandbox.pod_uid == uid)
    }

    /// Whether a sandbox of a pod answers to the address of a claim.
    pub(crate) fn has_address(&self, claim: &AddressClaim, uid: &str) -> bool {
        let Some(addr) = claim.spec.address.get() else { return false };
        let sandboxes = self.answers.get(&(claim.spec.wire.to_string(), *addr));
        sandboxes.into_iter().flatten().any(|sandbox| sandbox.pod_uid == uid)
    }

    /// Every address with those that answer to it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Addr, &BTreeSet<SandboxId>)> {
        self.answers.iter().map(|((wire, addr), sandboxes)| (wire.as_str(), *addr, sandboxes))
    }
}
