//! `cargo xtask crds`: the CRD files under `config/crds`.
//!
//! In: nothing, or `--write`. Out: success if the files are what the types of `api::schema` say; with `--write` they are
//! made so. The comparison is a test of `api`, so that this tool need not link the Kubernetes client.

use crate::run::Run;
use anyhow::{Result, bail};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "compare config/crds with the types; --write writes it anew";

/// Compares or writes.
///
/// # Errors
/// An unknown option, or files that differ.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let cargo = Run::cargo().args(["test", "--locked", "-p", "api", "--test", "crds_yaml"]);
    match arguments {
        [] => cargo.go(),
        [option] if option == "--write" => cargo.env("WRITE_CRDS", "1").go(),
        _ => bail!("unknown argument in `{}`: it takes --write", arguments.join(" ")),
    }
}
