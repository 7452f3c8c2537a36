//! Arguments of `audit` and `explain`.
//!
//! In: arguments. Out: [`Audit`], [`Explain`]. Guarantees: a code that is none is refused with those that there are.

use super::Source;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use engine::{Code, Severity};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  clean, and only then: nothing counts, and the input was read in full
  1  findings that count for --fail-on
  2  wrong use: an unknown option, a file that is not there, a cluster that cannot be reached
  3  nothing counts, but the input could not be read in full (what was read is judged and shown)

Findings that are only possible, and notes (info), never count.";

const AUDIT_EXAMPLES: &str = "\
Examples:
  ipledger audit                                       the cluster of your kubeconfig
  ipledger audit dump/ --complete                      files of kubectl get ... -o json; there is nothing else
  kubectl get ips,pods -A -o json | ipledger audit -
  ipledger audit -o json | jq '.findings[].id'         (jq rounds numbers beyond 2^53)";

/// What stands below the help of `audit`.
pub(super) fn after_help() -> String {
    format!("{EXIT_CODES}\n\n{AUDIT_EXAMPLES}")
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = ReportFormat::Table, value_name = "FORMAT")]
    pub(crate) output: ReportFormat,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Warning, value_name = "SEVERITY")]
    pub(crate) fail_on: FailOn,
    /// Only findings of these Subnets
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) subnet: Vec<String>,
    /// Only findings of these codes
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = code_parser(), hide_possible_values = true)]
    pub(crate) code: Vec<Code>,
    /// File of known findings to leave out: one id or code:pattern (* and ?) per line, # comments
    #[arg(long, value_name = "FILE")]
    pub(crate) ignore: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code of a finding; none: all codes with what they mean
    #[arg(value_name = "CODE", value_parser = code_parser(), hide_possible_values = true)]
    pub(crate) code: Option<Code>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Table,
    /// For people, with ids, objects and UIDs
    Wide,
    Json,
    Yaml,
    /// For a ticket
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
}

impl FailOn {
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
        }
    }
}

fn code_parser() -> impl TypedValueParser<Value = Code> {
    PossibleValuesParser::new(Code::ALL.map(Code::name))
        .map(|name| Code::from_name(&name).expect("the parser admits only names of codes"))
}
