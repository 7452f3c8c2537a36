//! What a node's agent gave to sandboxes: its own record, beside the claims.
//!
//! In: what ADD gave out, the wire. Out: claims that vanished, made again. Guarantees: only for a sandbox that answers to the address
//! now, and only where there is no claim of that name: who has it by then keeps it.

use crate::node::CLAIMS;
use crate::wire::Wire;
use api::schema::claim_name;
use ledger::Addr;
use model::cluster::SandboxId;
use model::{Request, Server, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// By sandbox, wire and address: the claim.
    claims: BTreeMap<(SandboxId, String, Addr), Value>,
}

impl Given {
    /// Takes note of what a sandbox was given.
    pub(crate) fn note(&mut self, server: &Server, (net, addr): (&str, Addr), sandbox: &SandboxId) {
        let Some(claim) = server.object("ipledger.dev", "addressclaims", "", &claim_name(net, addr)) else { return };
        // The target of a migration has it for itself, should the claim be lost.
        let (first, second) = (&claim["status"]["occupant"], &claim["status"]["target"]["occupant"]);
        let is_its = |occupant: &Value| occupant["podUID"] == sandbox.pod_uid.as_str();
        let is_target = is_its(second);
        if !is_target && !is_its(first) {
            // It is another's by now: the storage was put back since ADD looked.
            return;
        }
        let mut occupant = if is_target { second } else { first }.clone();
        // That it says which sandbox is the agent's word that the address is on an interface.
        occupant["sandbox"] = json!(format!("{}-{}", sandbox.pod_uid, sandbox.attempt));
        let body = json!({
            "apiVersion": claim["apiVersion"], "kind": claim["kind"],
            "metadata": {"name": claim["metadata"]["name"], "labels": claim["metadata"]["labels"]},
            "spec": claim["spec"], "status": {"occupant": occupant},
        });
        self.claims.insert((sandbox.clone(), net.to_owned(), addr), body);
    }

    /// Whether a sandbox was given an address, by a claim of its own.
    pub(crate) fn has(&self, sandbox: &SandboxId, net: &str, addr: Addr) -> bool {
        self.claims.contains_key(&(sandbox.clone(), net.to_owned(), addr))
    }

    /// Makes one claim again that vanished; whether there was one.
    pub(crate) fn reassert(&mut self, server: &mut Server, wire: &Wire, now: Timestamp) -> bool {
        self.claims.retain(|(sandbox, net, addr), _| wire.has_sandbox(net, *addr, sandbox));
        let is_lost = |name: &str| server.object("ipledger.dev", "addressclaims", "", name).is_none();
        let lost = self.claims.values().find(|claim| is_lost(claim["metadata"]["name"].as_str().unwrap_or_default()));
        let Some(claim) = lost.cloned() else { return false };
        server.handle(Request::post(CLAIMS, claim), now).code < 300
    }
}
