//! The whole audit of a dump, beside what reading it costs at least and what people use today.
//!
//! In: dumps that `cargo xtask gen` makes on first use, of 10 thousand and 100 thousand objects, with `--long` also of a
//! million. Out: a table of wall time, CPU time and peak memory, all of one run: (a) `bare`: the same bytes through
//! `serde_json` into the same slim types, on one core, nothing else done; `ipledger audit`; (b) `jq '.items|length'`, where
//! there is a jq.
//! Each is a process of its own; they take turns, and the median of the rounds is shown.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use api::slim;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Enough that one disturbed round does not decide.
const ROUNDS: usize = 3;
/// jq builds a whole document in memory, 3.3 times its size where that is 5 GB of pods: where so much is not free it is left out, and said so.
const JQ_TIMES: u64 = 4;
/// How often a process is looked at for its peak memory: it only grows, so that little is missed at the end.
const LOOK: Duration = Duration::from_millis(5);
/// `USER_HZ`: clock ticks of `/proc/*/stat`, the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, folder] = arguments.as_slice()
        && mode == "bare"
    {
        return println!("{}", bare(Path::new(folder)));
    }
    let long = arguments.iter().any(|argument| argument == "--long");
    for objects in [10_000, 100_000].into_iter().chain(long.then_some(1_000_000)) {
        compare(objects, &generated(objects));
    }
}

/// A dump of so many objects, made once.
fn generated(objects: u64) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let folder = root.join(format!("target/bench/{objects}"));
    let done = folder.join("done");
    if !done.exists() {
        let gen_args = ["run", "--release", "--locked", "-p", "xtask", "--", "gen", "--objects"];
        let status = Command::new(env!("CARGO"))
            .current_dir(&root)
            .args(gen_args)
            .arg(objects.to_string())
            .arg("--out")
            .arg(&folder)
            .status()
            .unwrap();
        assert!(status.success(), "the dump was not made");
        std::fs::write(done, "").unwrap();
    }
    folder
}

/// Memory that can be had without swapping, in bytes (`MemAvailable` of proc(5)).
fn available() -> u64 {
    let all = std::fs::read_to_string("/proc/meminfo").unwrap();
    let line = all.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap();
    1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
}

fn compare(objects: u64, folder: &Path) {
    let files = files(folder);
    let bytes: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    println!("\n{objects} objects, {} MB of JSON, {ROUNDS} rounds", bytes / 1_000_000);
    println!("{:<34} {:>9} {:>9} {:>9}", "", "wall s", "CPU s", "peak MB");
    let mut commands =
        vec![("(a) bare typed parse, one core", bare_command(folder)), ("ipledger audit", audit(folder))];
    let largest = files.iter().map(|file| file.metadata().unwrap().len()).max().unwrap_or_default();
    let free = available();
    match (is_installed("jq"), largest * JQ_TIMES <= free) {
        (true, true) => commands.push(("(b) jq '.items|length'", jq(&files))),
        (true, false) => println!(
            "(b) jq: left out, it holds a whole document in memory: up to {} MB here, and {} MB are available",
            largest * JQ_TIMES / 1_000_000,
            free / 1_000_000
        ),
        (false, _) => println!("(b) jq: not installed, left out"),
    }
    let mut costs: Vec<Vec<Cost>> = commands.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((_, command), costs) in commands.iter_mut().zip(&mut costs) {
            costs.push(measure(command));
        }
    }
    for ((name, _), costs) in commands.iter().zip(costs) {
        let median = |of: fn(&Cost) -> f64| {
            let mut all: Vec<f64> = costs.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        println!("{name:<34} {:>9.2} {:>9.2} {:>9.0}", median(|c| c.wall), median(|c| c.cpu), median(|c| c.peak));
    }
}

struct Cost {
    wall: f64,
    cpu: f64,
    peak: f64,
}

/// Runs a command and looks at it from outside.
fn measure(command: &mut Command) -> Cost {
    let (before, started) = (children_cpu(), Instant::now());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    while child.try_wait().unwrap().is_none() {
        peak = peak_mb(&status).unwrap_or(peak);
        std::thread::sleep(LOOK);
    }
    Cost { wall: started.elapsed().as_secs_f64(), cpu: children_cpu() - before, peak }
}

fn peak_mb(status: &str) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// User and system time of the children that ended, in seconds (proc(5): fields 16 and 17, counted after the name).
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[13..15].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / TICKS_PER_SECOND
}

fn bare_command(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("bare").arg(folder);
    command
}

fn audit(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    command.args(["audit", "--complete", "-o", "json"]).arg(folder);
    command
}

/// Whether a program is on the path.
fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn jq(files: &[PathBuf]) -> Command {
    let mut command = Command::new("jq");
    command.arg(".items|length").args(files);
    command
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

/// Reads every file into slim objects and does nothing with them. Out: how many there were.
fn bare(folder: &Path) -> usize {
    files(folder).iter().map(|file| bare_file(file)).sum()
}

fn bare_file(file: &Path) -> usize {
    let json = std::fs::read(file).unwrap();
    macro_rules! by_name {
        ($($name:literal => $ty:ident),* $(,)?) => {
            match file.file_stem().unwrap().to_str().unwrap() {
                $($name => serde_json::from_slice::<List<slim::$ty>>(&json).unwrap().items.len(),)*
                other => panic!("no type for {other}"),
            }
        };
    }
    by_name! {
        "addressclaims" => AddressClaim, "daemonsets" => Controller, "deployments" => Controller, "ippools" => IpPool,
        "ips" => Ip, "iptables-dnat-rules" => IptablesDnatRule, "iptables-eips" => IptablesEip,
        "iptables-fip-rules" => IptablesFipRule, "iptables-snat-rules" => IptablesSnatRule, "jobs" => Controller,
        "namespaces" => Namespace, "network-attachment-definitions" => Nad, "nodes" => Node,
        "ovn-dnat-rules" => OvnRule, "ovn-eips" => OvnEip, "ovn-fips" => OvnRule, "ovn-snat-rules" => OvnRule,
        "pods" => Pod, "provider-networks" => ProviderNetwork, "qos-policies" => QosPolicy,
        "replicasets" => Controller, "statefulsets" => StatefulSet, "subnets" => Subnet,
        "switch-lb-rules" => SwitchLbRule, "vips" => Vip, "virtualmachineinstances" => VirtualMachineInstance,
        "virtualmachines" => VirtualMachine, "vlans" => Vlan, "vpc-nat-gateways" => VpcNatGateway, "vpcs" => Vpc,
    }
}
