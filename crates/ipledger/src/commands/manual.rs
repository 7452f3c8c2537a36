//! `ipledger completions` and `ipledger man`.
//!
//! In: a shell, or a folder. Out: a script on stdout; manual pages on stdout or in files.

use crate::args;
use crate::output::{self, Exit};
use anyhow::{Context, Result};
use clap_complete::Shell;
use std::path::Path;

/// Prints the script that completes the command.
pub(crate) fn completions(shell: Shell) -> Result<Exit> {
    let mut command = args::command();
    let name = command.get_bin_name().unwrap_or("ipledger").replace(' ', "-");
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    output::write(|out| out.write_all(&script))?;
    Ok(Exit::Clean)
}

/// Prints the manual page, or writes one per command.
pub(crate) fn man(folder: Option<&Path>) -> Result<Exit> {
    let command = args::command();
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
            clap_mangen::generate_to(command, folder)
                .with_context(|| format!("cannot write manual pages into {}", folder.display()))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).context("cannot make the manual page")?;
            output::write(|out| out.write_all(&page))?;
        }
    }
    Ok(Exit::Clean)
}
