//! `ipledger explain`.
//!
//! In: a code, or none. Out: its story, or the list of codes.

use crate::args::Explain;
use crate::output::{self, Exit};
use anyhow::Result;

/// Runs it.
pub(crate) fn run(args: &Explain) -> Result<Exit> {
    match args.code {
        Some(code) => output::print(view::explain::text(code))?,
        None => output::print(&view::explain::list())?,
    }
    Ok(Exit::Clean)
}
