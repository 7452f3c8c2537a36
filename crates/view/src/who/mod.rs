//! Who has an address, a pod or a MAC: every object that names it, what each says, and whether that counts.
//!
//! In: a [`Lens`] and a [`Query`]. Out: [`Who`], and its text. Guarantees: any spelling of an address or MAC is understood;
//! an address that nobody holds is answered, too: its Subnet, its neighbours, what would stop it from being used.

mod address;
mod mention;
mod name;
mod others;
mod place;
mod query;
mod render;

pub use address::{AddressAnswer, address};
pub use mention::Mention;
pub use name::{NameAnswer, NameRow, PodLine, mac, name};
pub use place::{Neighbour, Place};
pub use query::{BadQuery, Query};

use crate::lens::Lens;
use crate::subnet::FindingLine;
use engine::{Code, Finding};
use serde::Serialize;

/// An answer.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Who {
    /// About an address.
    Address(AddressAnswer),
    /// About a pod, another holder, or a MAC.
    Name(NameAnswer),
}

impl Who {
    /// Whether nothing is known: no object names what was asked for. An address always has an answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Address(_) => false,
            Self::Name(answer) => answer.pods.is_empty() && answer.records.is_empty(),
        }
    }
}

/// Answers a query.
#[must_use]
pub fn who(lens: &Lens<'_, '_>, query: &Query) -> Who {
    match query {
        Query::Addr(addr) => Who::Address(address(lens, *addr)),
        Query::Mac(wanted) => Who::Name(mac(lens, *wanted)),
        Query::Name { namespace, name: wanted } => Who::Name(name(lens, namespace.as_deref(), wanted)),
        Query::MacOrName(wanted, text) => {
            let named = Who::Name(name(lens, None, text));
            if named.is_empty() { Who::Name(mac(lens, *wanted)) } else { named }
        }
    }
}

/// What the audit found about an address or object; what it found about the counts of a whole Subnet belongs to
/// `show subnet`.
fn findings_in<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<FindingLine> {
    let is_of_subnet = |code| matches!(code, Code::OverCapacity | Code::CountMismatch);
    findings.filter(|finding| !is_of_subnet(finding.code)).map(FindingLine::from).collect()
}
