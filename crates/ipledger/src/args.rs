//! The command line.
//!
//! In: arguments. Out: [`Cli`]. Guarantees: what can be checked without reading anything is checked here: kinds, codes,
//! numbers; the help is the documentation of every option and exit code.

use api::slim::Kind;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
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

const WHO_EXAMPLES: &str = "\
Examples:
  ipledger who 172.31.9.2
  ipledger who fd00:0:0::9 dump/           any spelling, from files
  ipledger who default/web-0
  ipledger who 0A-1B-2C-3D-4E-5F

Exit codes: 0 there is an answer (for an address always), 1 nothing of that name was read, 2 wrong use";

const SNAPSHOT_EXIT_CODES: &str = "\
Exit codes: 0 all kinds are in it, 2 it could not be made, 3 some kinds could not be listed (the manifest in it says which)";

const APPLY_EXIT_CODES: &str = "\
Exit codes:
  0  every action is done, and the audit afterwards finds none of what the plan was to mend
  1  it stopped at something that changed, or what the plan was to mend is still there
  2  wrong use, or a cluster that cannot be reached
  3  every action is done, but the audit afterwards could not read the cluster in full

It may be interrupted at any point and run again: what is done already is passed over.";

/// IP address ledger for Kubernetes underlay networks: finds leaked, doubled and miscounted addresses, and explains them.
///
/// Reads a live cluster, or files of `kubectl get ... -o json`. Works on any Kube-OVN cluster.
#[derive(Debug, Parser)]
#[command(name = "ipledger", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) display: Display,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what is wrong with a cluster's addresses; writes nothing
    #[command(after_help = format!("{EXIT_CODES}\n\n{AUDIT_EXAMPLES}"))]
    Audit(Audit),
    /// Tell the story of a finding: cause, how Kube-OVN gets there, how to repair
    Explain(Explain),
    /// Say who has an address, a pod or a MAC: every object that names it, and whether that counts
    #[command(after_help = WHO_EXAMPLES)]
    Who(Who),
    /// Show Subnets, pools and holders: true counts, maps, lists
    Show(Show),
    /// Plan and apply the repairs that are provably safe
    Repair(Repair),
    /// Write what an audit needs of a live cluster into a file: slim and redacted, to keep or to send to somebody
    #[command(after_help = SNAPSHOT_EXIT_CODES)]
    Snapshot(Snapshot),
    /// The CustomResourceDefinitions that IPLedger installs
    Crds {
        #[command(subcommand)]
        what: Crds,
    },
    /// Print a script that completes this command in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a folder
    Man {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

/// How output looks.
#[derive(Debug, Clone, Args)]
pub(crate) struct Display {
    /// Colour: auto means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", help_heading = "Display")]
    pub(crate) color: Color,
    /// Use no characters beyond ASCII
    #[arg(long, global = true, help_heading = "Display")]
    pub(crate) ascii: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Where objects come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Source {
    /// Files and folders of `kubectl get ... -o json` (or yaml, also .gz), snapshots, or - for stdin; none: the cluster
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) live: Live,
    /// The files hold all objects there are: of every kind, or of these (pods,ips,...)
    #[arg(long, value_name = "KINDS", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "all", value_parser = complete_kind, help_heading = "Source")]
    pub(crate) complete: Vec<Complete>,
    /// What is younger than this when it was read is in flight, and findings about it only possible: seconds, or 90s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration, help_heading = "Source")]
    pub(crate) grace: i64,
}

/// Which cluster, and as whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct Live {
    /// Kubeconfig file; default: $KUBECONFIG, ~/.kube/config, or the pod's own credentials
    #[arg(long, value_name = "FILE", help_heading = "Source")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME", help_heading = "Source")]
    pub(crate) context: Option<String>,
    /// User to impersonate
    #[arg(long = "as", value_name = "USER", help_heading = "Source")]
    pub(crate) as_user: Option<String>,
    /// Group to impersonate; may be given several times
    #[arg(long = "as-group", value_name = "GROUP", help_heading = "Source")]
    pub(crate) as_groups: Vec<String>,
}

/// A kind whose objects are known to be all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Complete {
    All,
    Kind(Kind),
}

fn complete_kind(text: &str) -> Result<Complete, String> {
    if text == "all" {
        return Ok(Complete::All);
    }
    Kind::from_resource(text).map(Complete::Kind).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.plural()).collect();
        format!("not a kind that is read here; there are {}", known.join(", "))
    })
}

/// Seconds, or a number with s, m or h.
fn duration(text: &str) -> Result<i64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: u32 = digits.parse().map_err(|_| "expected a number of seconds, or one with s, m or h".to_owned())?;
    i64::from(number).checked_mul(unit).ok_or_else(|| "too long".to_owned())
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
    Subnets(ShowArgs),
    /// One Subnet: the equation, the map, the list of addresses and gaps
    Subnet {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        args: ShowArgs,
    },
    /// Every IPPool: true counts beside those of its status
    Pools(ShowArgs),
    /// Everyone who has an address on record
    Holders(ShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct Repair {
    #[command(subcommand)]
    pub(crate) what: RepairWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RepairWhat {
    /// Print what is provably safe to do, in order, and what a person has to decide; writes nothing
    Plan {
        #[command(flatten)]
        source: Source,
        /// Output format
        #[arg(short, long, value_enum, default_value_t = PlanFormat::Yaml, value_name = "FORMAT")]
        output: PlanFormat,
    },
    /// Carry out a plan: show it, ask, read everything again before each call, stop at anything that changed, audit again
    #[command(after_help = APPLY_EXIT_CODES)]
    Apply(Apply),
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan, as `repair plan` printed it (yaml or json), or - for stdin; none: what is planned for the cluster now
    #[arg(value_name = "PLAN")]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) live: Live,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// server: the API server checks every call and changes nothing
    #[arg(long, value_enum, default_value_t = DryRun::None, value_name = "WHERE", require_equals = true)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DryRun {
    None,
    Server,
}

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    /// The file; compressed if its name ends with .gz; - for stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) live: Live,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Crds {
    /// Print them as YAML
    Print,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For `repair apply`
    Yaml,
    /// For `repair apply`
    Json,
    /// For people
    Table,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = ViewFormat::Table, value_name = "FORMAT")]
    pub(crate) output: ViewFormat,
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
pub(crate) enum ViewFormat {
    /// For people
    Table,
    /// For people, with more columns
    Wide,
    Json,
    Yaml,
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

/// The command line as it was given; wrong use ends the process with 2, help and version with 0.
pub(crate) fn parse() -> Cli {
    let matches = command().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The command, under the name that it was called by: `kubectl ipledger` as a plugin of kubectl.
pub(crate) fn command() -> clap::Command {
    let called = std::env::args_os().next().map(PathBuf::from);
    let name = called.as_deref().and_then(|path| path.file_stem()).and_then(|name| name.to_str());
    match name {
        Some("kubectl-ipledger") => Cli::command().name("kubectl ipledger").bin_name("kubectl ipledger"),
        _ => Cli::command(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_grace_is_seconds_or_a_number_with_its_unit() {
        assert_eq!(duration("90"), Ok(90));
        assert_eq!(duration("5m"), Ok(300));
        assert!(duration("soon").is_err() && duration("").is_err() && duration("-1").is_err());
    }

    #[test]
    fn complete_takes_resources_as_kubectl_does() {
        assert_eq!(complete_kind("pods"), Ok(Complete::Kind(Kind::Pod)));
        assert_eq!(complete_kind("eip"), Ok(Complete::Kind(Kind::IptablesEip)));
        assert!(complete_kind("secrets").is_err());
    }
}
