//! `cargo xtask gen`: a cluster of any size, as the files that `kubectl get KIND -A -o json` would make of it.
//!
//! In: how many objects, a seed, a folder. Out: one file per resource, byte for byte the same on every run with the same
//! arguments; with `--faults`, faults of every kind at known rates, and `truth.json` that says which. Guarantees: memory
//! grows with the Subnets, not with the objects; without `--faults` an audit has nothing to find.

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
mod truth;

use anyhow::{Context, Result, bail};
use cluster::Cluster;
use faults::Faults;
use plan::Plan;
use sink::Sink;
use std::path::PathBuf;
use truth::Truth;

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
    faults: bool,
    compact: bool,
    managed_fields: bool,
}

/// Generates a dump.
///
/// # Errors
/// Bad arguments, or a file that cannot be written.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = parse(arguments)?;
    let plan = Plan::new(options.objects)?;
    std::fs::create_dir_all(&options.out).with_context(|| format!("cannot make {}", options.out.display()))?;
    let sink = Sink::new(&options.out, RESOURCES, options.compact)?;
    let mut cluster = Cluster::new(options.seed, sink, Truth::default(), plan.nodes, options.managed_fields);
    story::write(&mut cluster, &plan, &mut Faults { on: options.faults })?;
    let truth = cluster.truth.to_json();
    let counts = cluster.sink.finish()?;
    if options.faults {
        let path = options.out.join("truth.json");
        let text = serde_json::to_string_pretty(&truth)?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let total: u64 = counts.values().sum();
    let some: Vec<String> = counts.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    eprintln!("{total} objects in {}: {}", options.out.display(), some.join(", "));
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Options> {
    let (mut objects, mut seed, mut out) = (None, 1, None);
    let (mut faults, mut compact, mut managed_fields) = (false, false, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--objects" => objects = Some(number(argument, value()?)?),
            "--seed" => seed = number(argument, value()?)?,
            "--out" => out = Some(PathBuf::from(value()?)),
            "--faults" => faults = true,
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
