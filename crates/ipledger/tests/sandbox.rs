//! The sandbox as a user runs it: an empty folder, one command.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a command printed, and how it ended.
fn ipledger(folder: &Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    let output = command.args(arguments).current_dir(folder).env("NO_PROXY", "*").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// What a text has kubectl get, each by a name that its definition gives it.
fn resources(text: &str) -> Vec<String> {
    let mut words = text.split_whitespace();
    let mut found = Vec::new();
    while words.any(|word| word == "get") {
        let word = words.next().unwrap_or_default();
        let mut all = api::crds::all().into_iter().map(|crd| crd.spec.names);
        let of = all.find(|names| {
            let short = names.short_names.iter().flatten();
            [&names.plural].into_iter().chain(&names.singular).chain(short).any(|name| name == word)
        });
        found.push(of.unwrap_or_else(|| panic!("no definition knows {word:?}")).plural);
    }
    found
}

#[test]
fn the_shipped_story_ends_with_a_clean_audit_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let (out, err, code) = ipledger(folder.path(), &["sandbox"]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let told = |words: &[&str]| {
        let found = out.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "no line says {words:?}:\n{out}");
    };
    told(&["claimed", "172.30.0.20", "IptablesEIP mail"]);
    told(&["refused", "IptablesEIP greedy", "AddressConflict", "172.30.0.20 is held by IptablesEIP mail"]);
    told(&["released", "StatefulSet default/db-2"]);
    told(&["claimed", "172.30.0.20", "IptablesEIP greedy"]);
    told(&["released", "172.31.0.2", "VpcNatGateway gw2"]);
    told(&["released", "IptablesEIP back-office"]);
    told(&["ovn-vpc-external-network", "172.30.0.0/27", "30", "6", "23", "1"]);
    told(&["clean:"]);
    assert!(!out.lines().any(|line| line.starts_with("second")), "the deleted Subnet is gone:\n{out}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the kubeconfig is gone");
}

#[test]
fn what_is_applied_is_what_happens_and_what_cannot_be_applied_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\n\
        metadata: {name: lab, namespace: default}\nspec: {config: '{\"type\":\"macvlan\",\"master\":\"eth1\"}'}\n---\n\
        apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: lab}\n\
        spec: {provider: lab.default, cidrBlock: 10.7.0.9/29}\n---\n\
        apiVersion: kubeovn.io/v1\nkind: Vip\nmetadata: {name: floating}\nspec: {subnet: lab}\n";
    std::fs::write(folder.path().join("lab.yaml"), manifest).unwrap();
    let (out, err, code) = ipledger(folder.path(), &["sandbox", "--apply", "lab.yaml"]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(out.contains("lab.yaml: 3 objects") && out.contains("10.7.0.10") && out.contains("Vip floating"), "{out}");
    assert!(out.contains("10.7.0.8/29"), "host bits are cut:\n{out}");
    std::fs::write(folder.path().join("bad.yaml"), "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\n")
        .unwrap();
    let (_, err, code) = ipledger(folder.path(), &["sandbox", "--apply", "bad.yaml"]);
    assert!(code == Some(2) && err.contains("knows no Thing in example.com/v1"), "{err}");
    assert!(!folder.path().join("ipledger-sandbox.kubeconfig").exists(), "it leads nowhere any more");
}

#[test]
fn the_network_that_readme_applies_gets_all_its_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/network.yaml");
    let (out, err, code) = ipledger(folder.path(), &["sandbox", "--apply", network.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    let told = |words: &[&str]| {
        let found = out.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(found, "no line says {words:?}:\n{out}");
    };
    told(&["claimed", "10.7.0.20", "Pod default/printer"]);
    for pod in ["store-0", "store-1", "store-2"] {
        told(&["claimed", pod]);
    }
    told(&["lab", "10.7.0.0/27", "30", "4", "25", "1"]);
    told(&["clean:"]);
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(network.with_file_name("..").join(readme)).unwrap();
        assert!(text.contains("sandbox --apply examples/network.yaml"), "{readme}");
    }
}

#[test]
fn a_sandbox_that_stays_up_answers_clients_until_it_is_asked_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    command.args(["sandbox", "--keep"]).current_dir(folder.path()).env("NO_PROXY", "*").stdout(Stdio::piped());
    let mut sandbox = command.spawn().unwrap();
    let lines = BufReader::new(sandbox.stdout.take().unwrap()).lines();
    let up = lines.map_while(Result::ok).find(|line| line.contains("stays up")).expect("it says that it stays up");
    assert_eq!(resources(&up), ["addressclaims"], "{up}");
    let (help, ..) = ipledger(folder.path(), &["sandbox", "--help"]);
    assert_eq!(resources(&help), ["addressclaims"], "{help}");
    let (out, err, _) =
        ipledger(folder.path(), &["who", "172.30.0.20", "-o", "json", "--kubeconfig", "ipledger-sandbox.kubeconfig"]);
    let who: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    assert!(who.to_string().contains("greedy"), "{who}");
    let ask = |arguments: &[&str]| {
        let arguments = [arguments, &["--kubeconfig", "ipledger-sandbox.kubeconfig"]].concat();
        let (out, err, code) = ipledger(folder.path(), &arguments);
        (format!("{out}{err}"), code)
    };
    let (said, code) = ask(&["why", "default/db-0"]);
    assert!(code == Some(0) && said.contains("is held by StatefulSet default/db-0 (net1)"), "{said}");
    assert!(said.contains("pod default/db-0 on node node") && said.contains("let go    no:"), "{said}");
    let network = "ovn-vpc-external-network";
    let (said, code) = ask(&["reserve", "172.30.0.25", "--subnet", network, "--for", "default/later"]);
    assert!(code == Some(0) && said.contains("172.30.0.25 is reserved for default/later"), "{said}");
    let (said, code) = ask(&["reserve", "172.30.0.20", "--subnet", network, "--for", "default/other"]);
    assert!(code == Some(2) && said.contains("172.30.0.20 is held by IptablesEIP greedy"), "{said}");
    let (said, code) = ask(&["reserve", "172.30.0.1", "--subnet", network, "--for", "default/gateway"]);
    assert!(code == Some(2) && said.contains("172.30.0.1 is the gateway: IP gateway.default."), "{said}");
    let (said, code) = ask(&["reserve", "172.31.0.1", "--subnet", network, "--for", "default/outside"]);
    assert!(code == Some(2) && said.contains("172.31.0.1 is outside 172.30.0.0/27: IP outside.default."), "{said}");
    let (said, code) = ask(&["release", "172.30.0.2", "--yes"]);
    assert!(code == Some(2) && said.contains("pod default/vpc-nat-gw-gw1-0 uses 172.30.0.2"), "{said}");
    let (said, code) = ask(&["release", "172.30.0.25", "--yes"]);
    assert!(code == Some(2) && said.contains("nothing but its holder keeps this address"), "{said}");
    let (said, code) = ask(&["why", "172.30.0.30"]);
    assert!(code == Some(1) && said.contains("no claim names 172.30.0.30"), "{said}");
    let terminate = Command::new("kill").args(["-TERM", &sandbox.id().to_string()]).status().unwrap();
    assert!(terminate.success() && sandbox.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
