//! How fast dumps are read, beside a JSON parser that does the same on one core.
//!
//! `reading load FOLDER` reads a folder as an audit does. `reading load-on THREADS FOLDER` does it with so many threads.
//! `reading bare FOLDER` reads every `*.json` of it into memory and has serde_json parse the Lists in there into the same
//! slim types. All print objects, bytes, seconds and the peak of memory.
#![allow(clippy::print_stdout)] // That is what it is for.

use api::slim::{self, Kind};
use dump::{Input, Options, load};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::num::NonZero;
use std::path::Path;
use std::time::Instant;

#[derive(Deserialize)]
struct List<T> {
    items: Vec<Box<T>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let start = Instant::now();
    let (objects, bytes) = match arguments[..] {
        ["load", folder] => loaded(folder, &Options::default())?,
        ["load-on", threads, folder] => loaded(folder, &Options { threads: NonZero::new(threads.parse()?) })?,
        ["bare", folder] => bare(Path::new(folder))?,
        _ => return Err("usage: reading load|bare FOLDER, or reading load-on THREADS FOLDER".into()),
    };
    let seconds = start.elapsed().as_secs_f64();
    println!("{objects} objects, {} MB, {seconds:.3} s, peak {} MB", bytes / 1_000_000, peak_megabytes());
    // What was read is not taken apart again: neither does a program that ends.
    std::process::exit(0);
}

fn loaded(folder: &str, options: &Options) -> Result<(usize, u64), dump::InputError> {
    let loaded = load(vec![Input::Path(folder.into())], options, &|_| {})?;
    for unreadable in &loaded.unreadable {
        println!("{unreadable}");
    }
    let result = (loaded.count(), loaded.bytes);
    std::mem::forget(loaded);
    Ok(result)
}

fn bare(folder: &Path) -> Result<(usize, u64), Box<dyn std::error::Error>> {
    let (mut objects, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Some(kind) = Kind::from_resource(stem) else { continue };
        let text = std::fs::read(&path)?;
        bytes += text.len() as u64;
        objects += parse(kind, &text)?;
    }
    Ok((objects, bytes))
}

fn typed<T: DeserializeOwned>(text: &[u8]) -> Result<usize, serde_json::Error> {
    let list: List<T> = serde_json::from_slice(text)?;
    let count = list.items.len();
    std::mem::forget(list);
    Ok(count)
}

fn parse(kind: Kind, text: &[u8]) -> Result<usize, serde_json::Error> {
    match kind {
        Kind::Subnet => typed::<slim::Subnet>(text),
        Kind::Ip => typed::<slim::Ip>(text),
        Kind::IpPool => typed::<slim::IpPool>(text),
        Kind::Vip => typed::<slim::Vip>(text),
        Kind::Vpc => typed::<slim::Vpc>(text),
        Kind::VpcNatGateway => typed::<slim::VpcNatGateway>(text),
        Kind::IptablesEip => typed::<slim::IptablesEip>(text),
        Kind::IptablesFipRule => typed::<slim::IptablesFipRule>(text),
        Kind::IptablesDnatRule => typed::<slim::IptablesDnatRule>(text),
        Kind::IptablesSnatRule => typed::<slim::IptablesSnatRule>(text),
        Kind::OvnEip => typed::<slim::OvnEip>(text),
        Kind::OvnFip | Kind::OvnSnatRule | Kind::OvnDnatRule => typed::<slim::OvnRule>(text),
        Kind::Vlan => typed::<slim::Vlan>(text),
        Kind::ProviderNetwork => typed::<slim::ProviderNetwork>(text),
        Kind::QosPolicy => typed::<slim::QosPolicy>(text),
        Kind::SwitchLbRule => typed::<slim::SwitchLbRule>(text),
        Kind::AddressClaim => typed::<slim::AddressClaim>(text),
        Kind::Pod => typed::<slim::Pod>(text),
        Kind::Node => typed::<slim::Node>(text),
        Kind::Namespace => typed::<slim::Namespace>(text),
        Kind::StatefulSet => typed::<slim::StatefulSet>(text),
        Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet | Kind::Job => typed::<slim::Controller>(text),
        Kind::NetworkAttachmentDefinition => typed::<slim::Nad>(text),
        Kind::VirtualMachine => typed::<slim::VirtualMachine>(text),
        Kind::VirtualMachineInstance => typed::<slim::VirtualMachineInstance>(text),
    }
}

/// The kernel's account of this process; 0 where it keeps none.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1000
}
