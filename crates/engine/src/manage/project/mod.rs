//! What is derived from claims: recomputed, never edited by difference, never read back as a decision.
//!
//! In: the state. Out: IP objects and annotations that say what the claims say. Guarantees: written after the claims; in
//! one write per object; not at all where the object says so already. Kube-OVN's own tools read the same objects;
//! reservations that users made are not touched.

mod conditions;
mod defaults;
mod ip;
mod pod;
mod subnet;
mod tally;

pub(super) use defaults::gateways;
use subnet::SUBNET;
pub(super) use subnet::Written;
pub(super) use tally::Form;
pub use tally::Tally;

use super::engine::Engine;
use super::holders::Entitled;
use super::id::HolderId;

impl Engine {
    /// Writes what follows from a holder's claims.
    pub(super) fn project(&mut self, holder: &HolderId, entitled: Option<&Entitled>) {
        if let Some(entitled) = entitled.filter(|entitled| !entitled.occupant.node.is_empty()) {
            self.project_ips(entitled);
            self.project_annotations(entitled);
        }
        self.remove_orphans(holder);
        if let HolderId::Named(kind, _, name) = holder
            && kind == SUBNET
        {
            self.state.books.touch(name);
        }
    }
}
