//! Arguments of what works on claims: `release`, `reserve`, `why`, `watch`.
//!
//! In: arguments. Out: structs of them. Guarantees: addresses are parsed here, in any spelling.

use super::Live;
use clap::Args;
use ledger::Addr;

/// `ipledger release`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Release {
    /// The address, in any spelling
    pub(crate) address: Addr,
    /// Its wire, where several have this address
    #[arg(long, value_name = "WIRE")]
    pub(crate) wire: Option<String>,
    /// Write it; without this, what would be released is shown
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) live: Live,
}

/// `ipledger reserve`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Reserve {
    /// The address, in any spelling
    pub(crate) address: Addr,
    /// Its Subnet
    #[arg(long, value_name = "NAME")]
    pub(crate) subnet: String,
    /// The pod that it is for: NAMESPACE/NAME. It need not exist yet
    #[arg(long = "for", value_name = "POD", value_parser = pod)]
    pub(crate) pod: (String, String),
    #[command(flatten)]
    pub(crate) live: Live,
}

/// `ipledger why`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Why {
    /// An address, or a pod: NAMESPACE/NAME
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) live: Live,
}

/// `ipledger watch`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) live: Live,
}

/// A pod by namespace and name.
pub(crate) fn pod(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err("a pod is NAMESPACE/NAME".to_owned()),
    }
}
