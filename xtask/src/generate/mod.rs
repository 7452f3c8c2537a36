//! `cargo xtask gen`: a cluster of any size, as the files that `kubectl get KIND -A -o json` would make of it.
//!
//! In: how many objects, a seed, a folder. Out: one file per resource, byte for byte the same on every run with the same
//! arguments. Guarantees: memory grows with the Subnets, not with the objects; an audit has nothing to find in it.

mod book;
mod cluster;
mod extras;
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
    let mut cluster = Cluster::new(options.seed, sink, plan.nodes, options.managed_fields);
    story::write(&mut cluster, &plan)?;
    let counts = cluster.sink.finish()?;
    let total: u64 = counts.values().sum();
    let some: Vec<String> = counts.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    eprintln!("{total} objects in {}: {}", options.out.display(), some.join(", "));
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Options> {
    let (mut objects, mut seed, mut out) = (None, 1, None);
    let (mut compact, mut managed_fields) = (false, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--objects" => objects = Some(number(argument, value()?)?),
            "--seed" => seed = number(argument, value()?)?,
            "--out" => out = Some(PathBuf::from(value()?)),
            "--compact" => compact = true,
            "--managed-fields" => managed_fields = true,
            other => bail!("unknown option {other}"),
        }
    }
    let objects = objects.context("--objects N says how large the cluster is")?;
    let out = out.context("--out DIR says where it goes")?;
    Ok(Options { objects, seed, out, compact, managed_fields })
}

fn number(option: &str, value: &str) -> Result<u64> {
    value.replace('_', "").parse().with_context(|| format!("{option} needs a number, not `{value}`"))
}
