//! `ipledger explain`.
//!
//! In: a code, or none. Out: its story, or the list of codes.

use crate::args::{Display, Explain};
use crate::output::{self, Exit};
use anyhow::Result;

/// Runs it.
pub(crate) fn run(args: &Explain, display: &Display) -> Result<Exit> {
    match args.code {
        Some(code) => output::print(engine::explain::explain(code))?,
        None => output::print(&view::explain::list(&output::look(display)))?,
    }
    Ok(Exit::Clean)
}
