//! `cargo xtask gen`: a cluster of any size, as the files that `kubectl get KIND -A -o json` would make of it.
//!
//! In: how many objects, a seed, a folder, and how many faults of each kind. Out: one file per resource, byte for byte the
//! same on every run with the same arguments, and `findings.txt` with the id of each finding that was planted. Guarantees:
//! memory grows with the Subnets, not with the objects; an audit finds what is in that file, and nothing else.

mod book;
mod cluster;
mod extras;
mod faults;
mod gateways;
mod kubernetes;
mod plan;
mod random;
mod sink;
mod story;

use anyhow::{Context, Result, bail};
use cluster::Cluster;
use plan::Plan;
use sink::Sink;
use std::path::PathBuf;

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "generate a cluster's dump of N objects";

/// Every resource that an audit reads, an empty file for those without objects.
const RESOURCES: &[&str] = &[
    "addressclaims",
    "daemonsets",
    "deployments",
    "ippools",
    "ips",
    "iptables-dnat-rules",
    "iptables-eips",
    "iptables-fip-rules",
    "iptables-snat-rules",
    "jobs",
    "namespaces",
    "network-attachment-definitions",
    "nodes",
    "ovn-dnat-rules",
    "ovn-eips",
    "ovn-fips",
    "ovn-snat-rules",
    "pods",
    "provider-networks",
    "qos-policies",
    "replicasets",
    "statefulsets",
    "subnets",
    "switch-lb-rules",
    "vips",
    "virtualmachineinstances",
    "virtualmachines",
    "vlans",
    "vpc-nat-gateways",
    "vpcs",
];

struct Options {
    objects: u64,
    seed: u64,
    out: PathBuf,
    faults: u32,
    compact: bool,
    managed_fields: bool,
}

/// Generates a dump.
///
/// # Errors
/// Bad arguments, or a file that cannot be written.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    generate(&parse(arguments)?)
}

fn generate(options: &Options) -> Result<()> {
    let plan = Plan::new(options.objects)?;
    std::fs::create_dir_all(&options.out).with_context(|| format!("cannot make {}", options.out.display()))?;
    let sink = Sink::new(&options.out, RESOURCES, options.compact)?;
    let mut cluster = Cluster::new(options.seed, sink, plan.nodes, options.managed_fields);
    let findings = story::write(&mut cluster, &plan, options.faults)?;
    let path = options.out.join("findings.txt");
    let lines: String = findings.iter().map(|id| format!("{id}\n")).collect();
    std::fs::write(&path, lines).with_context(|| format!("cannot write {}", path.display()))?;
    let counts = cluster.sink.finish()?;
    let total: u64 = counts.values().sum();
    let some: Vec<String> = counts.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    eprintln!("{total} objects in {}: {}", options.out.display(), some.join(", "));
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Options> {
    let (mut objects, mut seed, mut out, mut faults) = (None, 1, None, 0);
    let (mut compact, mut managed_fields) = (false, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--objects" => objects = Some(number(argument, value()?)?),
            "--seed" => seed = number(argument, value()?)?,
            "--out" => out = Some(PathBuf::from(value()?)),
            "--faults" => faults = u32::try_from(number(argument, value()?)?)?,
            "--compact" => compact = true,
            "--managed-fields" => managed_fields = true,
            other => bail!("unknown option {other}"),
        }
    }
    let objects = objects.context("--objects N says how large the cluster is")?;
    let out = out.context("--out DIR says where it goes")?;
    Ok(Options { objects, seed, out, faults, compact, managed_fields })
}

fn number(option: &str, value: &str) -> Result<u64> {
    value.replace('_', "").parse().with_context(|| format!("{option} needs a number, not `{value}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::slim::Kind;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// As `ipledger audit --complete` judges it: the ids of its findings.
    fn audit(folder: &Path) -> Vec<String> {
        let inputs = vec![dump::Input::Path(folder.to_owned())];
        let loaded = dump::load(inputs, &dump::Options::default(), &|_| {});
        let (world, unreadable) = dump::world(loaded, &Kind::ALL, 60);
        assert_eq!(unreadable, []);
        let mut ids: Vec<String> = engine::judge(&world).findings.iter().map(|found| found.id.to_string()).collect();
        ids.sort();
        ids
    }

    fn made(faults: u32) -> (Vec<String>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().to_owned();
        generate(&Options { objects: 3000, seed: 7, out: out.clone(), faults, compact: false, managed_fields: false })
            .unwrap();
        let text = std::fs::read_to_string(out.join("findings.txt")).unwrap();
        (text.lines().map(str::to_owned).collect(), folder)
    }

    #[test]
    fn an_audit_finds_nothing_where_nothing_was_planted() {
        let (planted, folder) = made(0);
        assert_eq!(planted, Vec::<String>::new());
        assert_eq!(audit(folder.path()), planted);
    }

    #[test]
    fn an_audit_finds_each_planted_fault_of_every_kind_and_nothing_else() {
        let (planted, folder) = made(4);
        let of = |code: &str| planted.iter().filter(|id| id.split_once(':').is_some_and(|(it, _)| it == code)).count();
        let codes: BTreeSet<&str> = engine::finding::Code::ALL.iter().map(|code| code.name()).collect();
        let few: Vec<&str> = codes.into_iter().filter(|code| of(code) < 4).collect();
        assert_eq!(few, Vec::<&str>::new(), "planted less than four times");
        let found = audit(folder.path());
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|id| !those.contains(id)).cloned().collect()
        };
        let apart = (only(&found, &planted), only(&planted, &found));
        assert_eq!(apart, (vec![], vec![]), "found and not planted, planted and not found");
        assert_eq!(found.len(), planted.len(), "once each");
    }
}
