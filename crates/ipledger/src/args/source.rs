//! Where objects come from, on the command line.
//!
//! In: arguments. Out: [`Source`] and [`Live`]. Guarantees: kinds and times are checked before anything is read.

use api::slim::Kind;
use clap::Args;
use controller::duration;
use std::path::PathBuf;

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
    #[arg(long = "as-group", requires = "as_user", value_name = "GROUP", help_heading = "Source")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_takes_resources_as_kubectl_does() {
        assert_eq!(complete_kind("pods"), Ok(Complete::Kind(Kind::Pod)));
        assert_eq!(complete_kind("eip"), Ok(Complete::Kind(Kind::IptablesEip)));
        assert!(complete_kind("secrets").is_err());
    }
}
