//! Arguments of `who` and `show`.
//!
//! In: arguments. Out: [`Who`], [`Show`].

use super::Source;
use clap::{Args, Subcommand, ValueEnum};

pub(super) const WHO_EXAMPLES: &str = "\
Examples:
  ipledger who 172.31.9.2
  ipledger who fd00:0:0::9 dump/           any spelling, from files
  ipledger who default/web-0
  ipledger who 0A-1B-2C-3D-4E-5F

Exit codes: 0 there is an answer (for an address always), 1 nothing of that name was read, 2 wrong use,
  3 there is an answer, but the input could not be read in full (stderr says what)";

const SHOW_EXIT_CODES: &str = "\
Exit codes: 0 shown, 2 wrong use, 3 shown, but the input could not be read in full (see stderr)";

#[derive(Debug, Args)]
pub(crate) struct Who {
    /// An address in any spelling, a pod (name or namespace/name), another holder's name, or a MAC
    #[arg(value_name = "ADDRESS|POD|MAC")]
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = ViewFormat::Table, value_name = "FORMAT")]
    pub(crate) output: ViewFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(subcommand)]
    pub(crate) what: ShowWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShowWhat {
    /// Every Subnet: true counts beside those of its status
    #[command(after_help = SHOW_EXIT_CODES)]
    Subnets(ShowArgs),
    /// One Subnet: the equation, the map, the list of addresses and gaps
    #[command(after_help = SHOW_EXIT_CODES)]
    Subnet {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        args: ShowArgs,
    },
    /// Every IPPool: true counts beside those of its status
    #[command(after_help = SHOW_EXIT_CODES)]
    Pools(ShowArgs),
    /// Everyone who has an address on record
    #[command(after_help = SHOW_EXIT_CODES)]
    Holders(ShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = ViewFormat::Table, value_name = "FORMAT")]
    pub(crate) output: ViewFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewFormat {
    /// For people
    Table,
    /// For people, with more columns
    Wide,
    Json,
    Yaml,
}
