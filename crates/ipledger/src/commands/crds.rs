//! `ipledger crds`.
//!
//! In: nothing. Out: the CustomResourceDefinitions as YAML.

use crate::args::Crds;
use crate::output::{self, Exit};
use anyhow::Result;

/// Runs it.
pub(crate) fn run(what: &Crds) -> Result<Exit> {
    match what {
        Crds::Print => {
            let documents: Vec<String> = api::crds::all().iter().map(api::crds::to_yaml).collect();
            output::print(&documents.join("---\n"))?;
        }
    }
    Ok(Exit::Clean)
}
