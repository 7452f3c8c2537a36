//! The arrow check: which crate may know which.
//!
//! In: the workspace's members with their dependencies. Out: every dependency that the table below does not allow, and
//! every crate that the table does not know. ARCHITECTURE.md explains the arrows; this table decides.

use super::complain;
use crate::workspace::{self, Package};
use anyhow::Result;

/// One crate: which of ours it may use (in tests and build scripts too), and which of others in its own code.
struct Crate {
    name: &'static str,
    ours: &'static [&'static str],
    others: Others,
}

/// Which crates of others a crate may use in its own code. Tests may use any.
enum Others {
    /// Only these: a pure crate.
    Only(&'static [&'static str]),
    /// Any but those of the Kubernetes client.
    NoKubernetes,
    /// Any.
    Any,
}

/// Crates that only the edge may import: types and transport of Kubernetes. Everybody else takes them from `api`.
const KUBERNETES: &[&str] = &["kube", "kube-core", "kube-client", "kube-runtime", "kube-derive", "k8s-openapi"];

/// Of ours, what only tests may use.
const ONLY_IN_TESTS: &[&str] = &["testbed"];

/// The table. An arrow never points back: a crate is listed after all those that it may use.
const CRATES: &[Crate] = &[
    Crate { name: "ledger", ours: &[], others: Others::Only(&["thiserror"]) },
    Crate { name: "api", ours: &["ledger"], others: Others::Any },
    Crate {
        name: "engine",
        ours: &["ledger", "api"],
        others: Others::Only(&["serde", "serde_json", "thiserror", "jiff", "compact_str"]),
    },
    Crate {
        name: "view",
        ours: &["ledger", "api", "engine"],
        others: Others::Only(&["serde", "serde_json", "thiserror", "jiff", "anstyle", "compact_str"]),
    },
    Crate { name: "dump", ours: &["ledger", "api", "engine"], others: Others::NoKubernetes },
    Crate { name: "cluster", ours: &["ledger", "api", "engine", "dump"], others: Others::Any },
    Crate { name: "controller", ours: &["ledger", "api", "engine", "cluster"], others: Others::NoKubernetes },
    Crate { name: "node", ours: &["ledger", "api", "engine", "cluster"], others: Others::NoKubernetes },
    Crate {
        name: "model",
        ours: &["ledger", "api"],
        others: Others::Only(&["serde", "serde_json", "thiserror", "regex"]),
    },
    Crate { name: "model-http", ours: &["model"], others: Others::NoKubernetes },
    Crate { name: "testbed", ours: &["ledger", "api", "model", "cluster"], others: Others::Any },
    Crate { name: "conformance", ours: &["model", "model-http", "testbed"], others: Others::Any },
    Crate { name: "protocol", ours: &[], others: Others::Only(&["stateright"]) },
    Crate { name: "sim", ours: &["ledger", "api", "engine", "model"], others: Others::NoKubernetes },
    Crate {
        name: "sandbox",
        ours: &["ledger", "api", "engine", "cluster", "controller", "model", "model-http", "sim"],
        others: Others::NoKubernetes,
    },
    Crate {
        name: "ipledger",
        ours: &[
            "ledger",
            "api",
            "engine",
            "view",
            "dump",
            "cluster",
            "controller",
            "node",
            "sandbox",
            "model",
            "model-http",
            "testbed",
        ],
        others: Others::NoKubernetes,
    },
    Crate {
        name: "xtask",
        ours: &["ledger", "api", "engine", "view", "dump", "cluster", "model", "model-http"],
        others: Others::NoKubernetes,
    },
];

/// Checks all members.
///
/// # Errors
/// `cargo metadata` fails, or an arrow is not allowed.
pub(super) fn check() -> Result<()> {
    let metadata = workspace::metadata(&workspace::root().join("Cargo.toml"))?;
    let complaints: Vec<_> = metadata.packages.iter().flat_map(bad_arrows).collect();
    complain(&complaints, "Move the code to where the arrow allows it, or change the table in xtask/src/lint/arrows.rs")
}

/// What is wrong with one crate's dependencies.
fn bad_arrows(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let Some(allowed) = CRATES.iter().find(|allowed| allowed.name == name) else {
        return vec![format!("`{name}` is not in the table: say what it may use")];
    };
    let mut complaints = Vec::new();
    for dependency in &package.dependencies {
        let other = dependency.name.as_str();
        if dependency.source.is_none() {
            if !allowed.ours.contains(&other) {
                complaints.push(format!("`{name}` may not use `{other}`"));
            } else if ONLY_IN_TESTS.contains(&other) && dependency.kind.as_deref() != Some("dev") {
                complaints.push(format!("`{name}` may not use `{other}` outside its tests"));
            }
        } else if dependency.kind.is_none() && !allowed.others.allows(other) {
            complaints.push(format!("`{name}` may not use the crate `{other}` outside its tests"));
        }
    }
    complaints
}

impl Others {
    fn allows(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(&name),
            Self::NoKubernetes => !KUBERNETES.contains(&name),
            Self::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, dependencies: &[(&str, Option<&str>, bool)]) -> Package {
        let dependencies = dependencies.iter().map(|(name, kind, ours)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
            source: (!ours).then(|| "registry".to_owned()),
        });
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            dependencies: dependencies.collect(),
            targets: vec![],
        }
    }

    #[test]
    fn no_arrow_of_the_table_points_back() {
        for (place, one) in CRATES.iter().enumerate() {
            for used in one.ours {
                let used_place = CRATES.iter().position(|other| other.name == *used);
                assert!(used_place.is_some_and(|used_place| used_place < place), "{} -> {used}", one.name);
            }
        }
    }

    #[test]
    fn an_arrow_back_is_refused_even_in_tests() {
        assert_eq!(bad_arrows(&package("ledger", &[("engine", Some("dev"), true)])), ["`ledger` may not use `engine`"]);
        assert!(bad_arrows(&package("engine", &[("ledger", None, true)])).is_empty());
    }

    #[test]
    fn only_the_edge_imports_kubernetes() {
        assert_eq!(bad_arrows(&package("engine", &[("kube", None, false)])).len(), 1);
        assert_eq!(bad_arrows(&package("ipledger", &[("k8s-openapi", None, false)])).len(), 1);
        assert!(bad_arrows(&package("cluster", &[("kube", None, false)])).is_empty());
    }

    #[test]
    fn a_pure_crate_may_use_more_in_its_tests() {
        assert_eq!(bad_arrows(&package("ledger", &[("serde", None, false)])).len(), 1);
        assert!(bad_arrows(&package("ledger", &[("serde", Some("dev"), false)])).is_empty());
    }

    #[test]
    fn the_product_may_use_the_test_bed_in_its_tests_alone() {
        assert!(bad_arrows(&package("ipledger", &[("testbed", Some("dev"), true)])).is_empty());
        for kind in [None, Some("build")] {
            assert_eq!(bad_arrows(&package("ipledger", &[("testbed", kind, true)])).len(), 1);
        }
    }

    #[test]
    fn a_crate_that_nobody_thought_about_is_reported() {
        assert_eq!(bad_arrows(&package("surprise", &[])).len(), 1);
    }
}
