//! `cargo xtask examples`: the clusters under `examples/`, as data made by a program.
//!
//! In: `--write` to write them; without it they are compared. Out: one folder of `kubectl get -o json` files per cluster,
//! byte for byte the same on every run. Written by a program since a cluster of this kind is only believable as a whole:
//! annotations, records, labels and counters of hundreds of objects must fit, apart from the one thing that is broken. The
//! READMEs and expected reports beside the files are written by hand and left alone.

mod cluster;
mod counts;
mod issue_4747;
mod issue_4747_conflicts;
mod kubeovn;
mod kubernetes;
mod nat_rules;
mod overlap;
mod statefulset_leaks;
mod stuck_deletion;

use crate::workspace::{root, shown};
use anyhow::{Context, Result, bail, ensure};
use cluster::Cluster;
use std::path::{Path, PathBuf};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "compare examples/ with what makes them; --write writes them";

/// An example: its folder and what makes it.
type Example = (&'static str, fn() -> Cluster);

/// Every example.
const EXAMPLES: &[Example] = &[
    ("issue-4747", issue_4747::make),
    ("issue-4747-conflicts", issue_4747_conflicts::make),
    ("statefulset-leaks", statefulset_leaks::make),
    ("stuck-deletion", stuck_deletion::make),
    ("overlap", overlap::make),
    ("nat-rules", nat_rules::make),
];

/// Writes or compares the examples.
///
/// # Errors
/// An unknown argument, a file that cannot be read or written, or, without `--write`, a file that differs.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let write = match arguments {
        [] => false,
        [option] if option == "--write" => true,
        _ => bail!("unknown argument in `{}`: it takes --write or nothing", arguments.join(" ")),
    };
    let mut differing = Vec::new();
    for (path, text) in files() {
        let on_disk = std::fs::read_to_string(&path).unwrap_or_default();
        if on_disk != text {
            differing.push(shown(&path));
            if write {
                put(&path, &text)?;
            }
        }
    }
    eprintln!("{} files differed{}", differing.len(), if write { " and were written" } else { "" });
    let first = differing.first().map_or("", String::as_str);
    ensure!(write || differing.is_empty(), "{first} and maybe others differ: run `cargo xtask examples --write`");
    Ok(())
}

/// Every file of every example.
fn files() -> Vec<(PathBuf, String)> {
    let folder = root().join("examples");
    let of_one = |(name, make): &Example| {
        let folder = folder.join(name);
        make().files().into_iter().map(move |(resource, text)| (folder.join(format!("{resource}.json")), text))
    };
    EXAMPLES.iter().flat_map(of_one).collect()
}

fn put(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_examples_are_what_the_program_makes() {
        run(&[]).unwrap();
    }

    #[test]
    fn two_runs_make_the_same_bytes() {
        assert_eq!(files(), files());
    }

    #[test]
    fn keys_are_in_order_and_lists_are_as_kubectl_prints_them() {
        for (path, text) in files() {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&value["kind"], &value["apiVersion"]), (&"List".into(), &"v1".into()), "{}", path.display());
            assert_in_order(&value, &path);
        }
    }

    fn assert_in_order(value: &serde_json::Value, path: &Path) {
        if let Some(object) = value.as_object() {
            assert!(object.keys().is_sorted(), "{}: {:?}", path.display(), object.keys().collect::<Vec<_>>());
            object.values().for_each(|inner| assert_in_order(inner, path));
        }
        value.as_array().into_iter().flatten().for_each(|inner| assert_in_order(inner, path));
    }
}
