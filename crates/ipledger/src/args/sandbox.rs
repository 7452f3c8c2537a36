//! Arguments of `sandbox`.
//!
//! In: arguments. Out: [`Sandbox`]. Guarantees: nothing is read here.

use clap::Args;
use std::path::PathBuf;

/// `ipledger sandbox`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sandbox {
    /// Manifests to apply instead of the shipped story; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) apply: Vec<PathBuf>,
    /// Keep it up afterwards, for kubectl and others, until Ctrl-C
    #[arg(long)]
    pub(crate) keep: bool,
    /// Where its kubeconfig is written; it goes with the sandbox
    #[arg(long, value_name = "FILE", default_value = "ipledger-sandbox.kubeconfig")]
    pub(crate) kubeconfig: PathBuf,
    /// Simulated nodes
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) nodes: u8,
}

/// What stands below the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  ipledger sandbox                          the story of kubeovn/kube-ovn#4747, in seconds
  ipledger sandbox --apply network.yaml     what your manifests lead to (examples/network.yaml is one to begin with)
  ipledger sandbox --keep                   then, elsewhere: kubectl --kubeconfig ipledger-sandbox.kubeconfig get addressclaims -o json;
                                            `kubectl create` needs --validate=false, since no OpenAPI is served
Exit codes: 0 the audit at the end is clean, 1 it is not, 2 wrong use or a failure";
