//! The binary as people and scripts call it: exit codes, formats, files, stdin, errors.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a call printed, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    /// What was said on stderr beside progress, which a slow machine shows.
    fn complaints(&self) -> Vec<&str> {
        let progress = |line: &&str| ["reading", "indexing", "judging"].iter().any(|word| line.starts_with(word));
        self.err.lines().filter(|line| !progress(line)).collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    command.args(args).current_dir(root());
    // A machine's own cluster and terminal are no part of a test.
    command.env("KUBECONFIG", "/nonexistent").env("HOME", "/nonexistent").env("COLUMNS", "100");
    command
        .stdin(Stdio::null())
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("stdout is text"),
        err: String::from_utf8(output.stderr).expect("stderr is text"),
    }
}

fn ipledger(args: &[&str]) -> Said {
    said(command(args).output().expect("the binary starts"))
}

fn piped(args: &[&str], input: &str) -> Said {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // One that refuses its arguments ends without reading, and the pipe breaks.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    said(child.wait_with_output().expect("it ends"))
}

/// A Subnet with one pod and its IP object: nothing is wrong with it.
const CLEAN: &str = r#"{"apiVersion":"v1","kind":"List","items":[
  {"apiVersion":"kubeovn.io/v1","kind":"Subnet","metadata":{"name":"ext","uid":"s"},
   "spec":{"cidrBlock":"10.9.0.0/29","gateway":"10.9.0.1","provider":"mv.net"},"status":{"v4usingIPs":1,"v4availableIPs":4}},
  {"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{"name":"p.net.mv.net","uid":"i","labels":{"ovn.kubernetes.io/subnet":"ext"}},
   "spec":{"podName":"p","namespace":"net","subnet":"ext","v4IpAddress":"10.9.0.2","ipAddress":"10.9.0.2","macAddress":"00:00:00:00:00:02"}},
  {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"net","uid":"p","annotations":{
     "k8s.v1.cni.cncf.io/networks":"net/mv","mv.net.kubernetes.io/allocated":"true","mv.net.kubernetes.io/ip_address":"10.9.0.2",
     "mv.net.kubernetes.io/mac_address":"00:00:00:00:00:02","mv.net.kubernetes.io/logical_switch":"ext"}},
   "spec":{"nodeName":"n"},"status":{"phase":"Running"}},
  {"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"mv","namespace":"net","uid":"n"},
   "spec":{"config":"{\"type\":\"macvlan\",\"master\":\"eth1\",\"ipam\":{\"type\":\"kube-ovn\",\"provider\":\"mv.net\"}}"}}
]}"#;

/// The same, in which the pod is gone.
fn leak() -> String {
    let pod = CLEAN.find(r#"  {"apiVersion":"v1","kind":"Pod""#).expect("the pod");
    let nad = CLEAN.find(r#"  {"apiVersion":"k8s.cni.cncf.io/v1""#).expect("the attachment");
    format!("{}{}", &CLEAN[..pod], &CLEAN[nad..])
}

#[test]
fn zero_means_clean_and_nothing_else_does() {
    let clean = piped(&["audit", "-", "--complete"], CLEAN);
    assert_eq!((clean.code, clean.complaints()), (0, vec![]), "{}", clean.out);
    assert!(clean.out.starts_with("clean: 1 Subnet read, 4 objects in all"), "{}", clean.out);
}

#[test]
fn one_means_findings_that_count() {
    let leak = leak();
    assert_eq!(piped(&["audit", "-", "--complete"], &leak).code, 1);
    assert_eq!(piped(&["audit", "-", "--complete", "--fail-on", "error"], &leak).code, 0, "a leak is a warning");
    assert_eq!(piped(&["audit", "-"], &leak).code, 0, "pods are not known to be all: no leak is concluded");
}

#[test]
fn two_means_wrong_use_with_what_is_wrong() {
    for (args, expected) in [
        (&["audit", "--nonsense"][..], "--nonsense"),
        (&["audit", "no/such/file"], "cannot read no/such/file"),
        (&["audit", "-", "--complete=secrets"], "not a kind that is read here"),
        (&["audit", "-", "--code", "leek"], "leek"),
        (&["audit", "-", "--grace", "soon"], "expected a number of seconds"),
        (&["who", "a/b/c", "examples/overlap"], "is no address, no MAC, and no name"),
        (&["who", "192.168.50.300", "examples/overlap"], "looks like an address and is none"),
        (&["audit", "examples/overlap", "--subnet", "offfice"], "no Subnet offfice was read; there are"),
        (&["show", "subnet", "nowhere", "examples/overlap"], "no Subnet nowhere was read; there are"),
        (&["explain", "nothing"], "nothing"),
    ] {
        let said = ipledger(args);
        assert_eq!(said.code, 2, "{args:?}: {}{}", said.out, said.err);
        assert!(said.err.contains(expected), "{args:?}: {}", said.err);
        assert!(said.out.is_empty(), "{args:?}: {}", said.out);
    }
}

#[test]
fn three_means_that_not_everything_was_read_and_the_rest_is_judged_all_the_same() {
    let cut = &CLEAN[..CLEAN.len() - 40];
    let said = piped(&["audit", "-", "--complete=ips,vips,eip,ovn-eips,pods,subnets"], cut);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("unreadable  stdin"), "{}", said.out);
    assert!(!said.out.contains("clean"), "{}", said.out);
    // What breaks off may hold anything, also where somebody said that it is all there is.
    let leak = leak();
    let said = piped(&["audit", "-", "--complete"], &leak[..leak.len() - 40]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.contains("leaked-ip (1 object)"), "{}", said.out);
    let outside = CLEAN.replace("10.9.0.2", "10.9.1.2");
    let said = piped(&["audit", "-"], &outside[..outside.len() - 40]);
    assert_eq!(said.code, 1, "what counts wins over what is missing: {}", said.out);
}

#[test]
fn a_file_that_breaks_off_makes_nobody_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let path = folder.path().to_str().expect("text");
    // Two pods with their IP objects; the list of pods breaks off before the second.
    let pod =
        |name: &str| format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"net"}}}}"#);
    let ip = |name: &str| {
        format!(
            r#"{{"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{{"name":"{name}.net"}},"spec":{{"podName":"{name}","namespace":"net"}}}}"#
        )
    };
    write("ips.json", &format!(r#"{{"apiVersion":"v1","items":[{},{}],"kind":"List"}}"#, ip("a"), ip("b")));
    let pods = format!(r#"{{"apiVersion":"v1","items":[{},{}],"kind":"List"}}"#, pod("a"), pod("b"));
    write("pods.json", &pods);
    assert_eq!(ipledger(&["audit", path, "--complete"]).code, 0);
    write("pods.json", &pods[..pods.len() - 60]);
    let said = ipledger(&["audit", path, "--complete"]);
    assert_eq!(said.code, 3, "{}", said.out);
    // A List inside a List is refused, and what is in it is not missing.
    let inner = format!(r#"{{"apiVersion":"v1","kind":"PodList","items":[{},{}]}}"#, pod("a"), pod("b"));
    write("pods.json", &format!(r#"{{"apiVersion":"v1","items":[{inner}],"kind":"List"}}"#));
    let said = ipledger(&["audit", path, "--complete"]);
    assert_eq!(said.code, 3, "{}", said.out);
    // A file of other people's kinds says nothing about ours.
    let foreign = r#"{"apiVersion":"v1","items":[{"apiVersion":"example.com/v1","kind":"Pod","metadata":{"name":"x"}}],"kind":"List"}"#;
    write("pods.json", foreign);
    assert_eq!(ipledger(&["audit", path]).code, 0);
}

#[test]
fn a_file_named_after_its_resource_is_complete_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("all.json"), leak()).expect("written");
    let path = folder.path().to_str().expect("text");
    let before = ipledger(&["audit", path, "-o", "json"]);
    assert_eq!(before.code, 0, "{}", before.err);
    let pods = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"q","namespace":"net"}}]}"#;
    std::fs::write(folder.path().join("pods.json"), pods).expect("written");
    let after = ipledger(&["audit", path, "-o", "json"]);
    assert_eq!(after.code, 1, "now the pods of namespace net are known: {}", after.out);
}

#[test]
fn a_snapshot_of_a_newer_format_is_taken_for_nothing() {
    let snapshot = |format: u8| {
        format!(
            r#"{{"apiVersion":"kubeovn.io/v1","kind":"IP","metadata":{{"name":"a.net"}},"spec":{{"podName":"a","namespace":"net"}}}}
{{"apiVersion":"ipledger.dev/v1alpha1","kind":"Snapshot","format":{format},"time":"2026-01-01T00:00:00Z","complete":["pods","ips.kubeovn.io"],"ordered":true}}"#
        )
    };
    let said = piped(&["audit", "-", "-o", "json"], &snapshot(1));
    assert!(said.code == 1 && said.out.contains("leaked-ip:ips/a.net") && said.out.contains("proven"), "{}", said.out);
    let said = piped(&["audit", "-"], &snapshot(9));
    assert!(said.code == 3 && said.out.contains("a snapshot of format 9"), "{}{}", said.out, said.err);
}

#[test]
fn every_format_tells_the_same_findings() {
    let json = ipledger(&["audit", "examples/issue-4747", "--complete", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let ids: Vec<&str> =
        document["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["id"].as_str()).collect();
    assert_eq!(ids.len(), 19);
    for format in ["wide", "yaml", "markdown"] {
        let said = ipledger(&["audit", "examples/issue-4747", "--complete", "-o", format]);
        assert_eq!(said.code, 1, "{format}");
        for id in &ids {
            // Wide text is cut where the terminal ends, but never within an id.
            assert!(said.out.contains(id), "{format}: {id}");
        }
    }
    let yaml = ipledger(&["audit", "examples/issue-4747", "--complete", "-o", "yaml"]);
    let same: serde_json::Value = serde_saphyr::from_str(&yaml.out).expect("YAML");
    assert_eq!(same, document);
}

#[test]
fn numbers_beyond_64_bits_are_exact_in_json_and_yaml() {
    let subnet = r#"{"apiVersion":"kubeovn.io/v1","kind":"Subnet","metadata":{"name":"v6"},"spec":{"cidrBlock":"fd00::/48","provider":"mv.net"},"status":{}}"#;
    for format in ["json", "yaml"] {
        let said = piped(&["audit", "-", "--complete", "-o", format], subnet);
        assert!(said.out.contains("1208925819614629174706174"), "{format}: {}", said.out);
        assert!(!said.out.contains("\"1208925819614629174706174"), "{format}: a number, not text");
    }
}

#[test]
fn what_was_not_asked_for_makes_nothing_clean() {
    let said = ipledger(&["audit", "examples/issue-4747", "--complete", "--code", "leaked-ip"]);
    assert_eq!(said.code, 0);
    assert!(said.out.starts_with("no findings of those asked for: 23 Subnets read"), "{}", said.out);
    let said = ipledger(&["audit", "examples/issue-4747", "--complete", "--subnet", "ovn-default", "-o", "markdown"]);
    assert!(said.out.contains("* no findings of those asked for: 23 Subnets read"), "{}", said.out);
}

#[test]
fn kinds_that_are_not_read_are_told_with_their_place() {
    let secret = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}"#;
    let said = piped(&["audit", "-", "--complete"], secret);
    assert_eq!(said.code, 2, "there is nothing to judge: {}", said.out);
    assert!(said.err.contains("stdin:1:1 (byte 0): v1 Secret"), "{}", said.err);
    let said = piped(&["audit", "-", "--complete"], &format!("{CLEAN}\n{secret}\n{secret}"));
    assert_eq!(said.code, 0, "beside what is read they do no harm: {}", said.out);
    assert!(said.out.starts_with("clean: ") && said.out.contains("passed over  stdin:"), "{}", said.out);
    assert!(said.out.contains("v1 Secret, and 1 more of that kind"), "{}", said.out);
}

#[test]
fn what_is_younger_than_the_grace_at_the_dumps_time_does_not_count() {
    let made = |name: &str, at: &str| format!(r#""name":"{name}","creationTimestamp":"2026-11-02T08:00:{at}Z""#);
    let leak = leak().replace(r#""name":"p.net.mv.net""#, &made("p.net.mv.net", "00"));
    let leak = leak.replace(r#""name":"mv""#, &made("mv", "30"));
    let said = piped(&["audit", "-", "--complete"], &leak);
    assert_eq!(said.code, 0, "made half a minute before the dump: {}", said.out);
    assert!(said.out.contains("leaked-ip  possible"), "{}", said.out);
    let said = piped(&["audit", "-", "--complete", "--grace", "10s"], &leak);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("leaked-ip  likely"), "{}", said.out);
}

#[test]
fn in_yaml_a_place_is_a_line_of_the_file_and_an_item_of_its_list() {
    let yaml = "# dumped\n---\napiVersion: v1\nkind: List\nitems:\n\
        - {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}}\n\
        - {apiVersion: v1, kind: Pod, metadata: 5}\n\
        - {metadata: {name: c}}\n\
        ---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: c\n bad: x\n";
    let said = piped(&["audit", "-"], yaml);
    assert_eq!(said.code, 1, "an object that cannot be read is a finding: {}{}", said.out, said.err);
    for place in
        ["unreadable  stdin:3 (item 2 of the list): metadata: ", "unreadable  stdin:3 (item 3 of the list): an item"]
    {
        assert!(said.out.contains(place), "{place}: {}", said.out);
    }
    let broken = said.out.lines().find(|line| line.starts_with("unreadable  stdin:1")).expect("the last document");
    assert!(broken.starts_with("unreadable  stdin:14: ") && !broken.contains("line 5"), "{broken}");
}

#[test]
fn a_servers_refusal_in_a_file_is_no_empty_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let path = folder.path().to_str().expect("text");
    write("all.json", &leak());
    assert_eq!(ipledger(&["audit", path, "--complete"]).code, 1, "the pod is gone");
    let refusal = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods is forbidden","code":403}"#;
    write("pods.json", refusal);
    let said = ipledger(&["audit", path, "--complete"]);
    assert_eq!(said.code, 3, "who knows which pods there are: {}", said.out);
    assert!(said.out.contains("pods.json:1:1 (byte 0)") && said.out.contains("pods is forbidden"), "{}", said.out);
    assert!(said.out.contains("leaked-ip (1 object)"), "{}", said.out);
}

#[test]
fn what_looks_free_in_half_a_dump_is_not_called_free() {
    let said = ipledger(&["who", "172.31.9.20", "examples/issue-4747/subnets.json"]);
    assert!(said.out.contains("ips, vips, iptables-eips, ovn-eips, pods are"), "{}", said.out);
    assert!(!said.out.contains("nothing stops it"), "{}", said.out);
    let said = ipledger(&["show", "subnets", "examples/issue-4747/subnets.json"]);
    assert!(said.err.contains("there may be more in use than is shown"), "{}", said.err);
    let said = ipledger(&["who", "172.31.9.26", "examples/issue-4747", "--complete"]);
    assert!(said.out.contains("nothing stops it"), "{}", said.out);
    let said = ipledger(&["repair", "plan", "examples/statefulset-leaks/ips.json"]);
    assert!(said.err.contains("leaked-ip was not judged: "), "{}", said.err);
}

#[test]
fn findings_are_narrowed_by_subnet_and_code() {
    let said = ipledger(&["audit", "examples/nat-rules", "--complete", "-o", "json", "--code", "label-drift"]);
    assert_eq!(said.code, 0, "notes never count");
    assert_eq!(said.out.matches("\"id\"").count(), said.out.matches("\"id\": \"label-drift:").count());
    let said = ipledger(&["audit", "examples/nat-rules", "--complete", "--subnet", "blue-lan"]);
    assert!(said.out.contains("Subnet blue-lan") && !said.out.contains("Subnet ext"), "{}", said.out);
}

#[test]
fn known_findings_are_left_out_and_unused_lines_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("known");
    let path = file.to_str().expect("text");
    std::fs::write(&file, "# a printer\nleaked-ip:ips/p.net.*\nlabel-drift\n").expect("written");
    let said = piped(&["audit", "-", "--complete", "--ignore", path], &leak());
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.err.contains("line 3 of the ignore file leaves out nothing: label-drift"), "{}", said.err);
    assert!(said.err.contains("1 known finding left out"), "{}", said.err);
    std::fs::write(&file, "leeked-ip\n").expect("written");
    let said = piped(&["audit", "-", "--ignore", path], CLEAN);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("line 1: `leeked-ip` is no code"), "{}", said.err);
}

#[test]
fn colour_comes_when_it_is_asked_for_and_not_in_a_pipe() {
    let plain = ipledger(&["audit", "examples/overlap", "--complete"]);
    assert!(!plain.out.contains('\u{1b}'));
    let painted = ipledger(&["audit", "examples/overlap", "--complete", "--color", "always"]);
    assert!(painted.out.contains('\u{1b}'));
    let ascii = ipledger(&["show", "subnet", "office", "examples/overlap", "--ascii"]);
    assert!(ascii.out.is_ascii() && ascii.out.contains("# used"), "{}", ascii.out);
}

#[test]
fn who_and_show_answer_from_files() {
    let said = ipledger(&["who", "172.31.9.2", "examples/issue-4747", "--complete", "-o", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(answer["places"][0]["state"], "used");
    assert_eq!((said.code, answer["mentions"].as_array().map(Vec::len)), (0, Some(5)));
    let nobody = ipledger(&["who", "nobody", "examples/issue-4747"]);
    assert_eq!(nobody.code, 1);
    let said = ipledger(&["show", "subnets", "examples/issue-4747", "--complete"]);
    assert!(said.out.contains("! 41"), "{}", said.out);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = command(&["audit", "examples/issue-4747", "--complete", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!((said.code, said.complaints()), (1, vec![]));
}

#[test]
fn without_files_and_without_a_cluster_it_says_what_to_give() {
    let said = ipledger(&["audit"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--kubeconfig") && said.err.contains("ipledger audit FILE"), "{}", said.err);
}

#[test]
fn each_code_has_its_story_and_the_list_has_each_code() {
    let list = ipledger(&["explain"]);
    let codes: Vec<&str> =
        list.out.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(codes.len(), 22, "{}", list.out);
    for code in codes {
        assert!(ipledger(&["explain", code]).out.starts_with(&format!("# {code} (")), "{code}");
    }
}

#[test]
fn as_a_plugin_it_is_called_by_kubectls_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let plugin = folder.path().join("kubectl-ipledger");
    std::fs::hard_link(env!("CARGO_BIN_EXE_ipledger"), &plugin)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_ipledger"), &plugin).map(drop))
        .expect("a second name");
    let output = Command::new(&plugin).args(["audit", "--help"]).output().expect("it starts");
    let help = String::from_utf8(output.stdout).expect("text");
    assert!(help.contains("Usage: kubectl ipledger audit"), "{help}");
}

#[test]
fn completions_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(ipledger(&["completions", shell]).out.contains("ipledger"), "{shell}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let said = ipledger(&["man", folder.path().to_str().expect("text")]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(folder.path().join("ipledger-audit.1").exists());
}

/// The help of the command and of every subcommand, as it is committed.
#[test]
fn the_help_is_what_is_committed() {
    let mut text = String::new();
    let mut todo = vec![vec![]];
    while let Some(path) = todo.pop() {
        let mut args: Vec<&str> = path.clone();
        args.push("--help");
        let help = ipledger(&args).out;
        text.push_str(&format!("\n$ ipledger {}\n\n{help}", args.join(" ")));
        let commands = help.split("Commands:\n").nth(1).unwrap_or_default();
        let names = commands
            .lines()
            .take_while(|line| !line.is_empty())
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let mut below: Vec<Vec<&'static str>> = names
            .filter_map(|line| line.split_whitespace().next())
            .map(|name| path.iter().copied().chain([&*Box::leak(name.to_owned().into_boxed_str())]).collect())
            .collect();
        below.reverse();
        todo.extend(below);
    }
    insta::assert_snapshot!("help", text);
}

#[test]
fn a_plan_is_yaml_that_names_call_and_preconditions() {
    let said = ipledger(&["repair", "plan", "examples/statefulset-leaks", "--complete"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let plan: serde_json::Value = serde_saphyr::from_str(&said.out).expect("YAML");
    let actions = plan["actions"].as_array().expect("a list");
    assert!(!actions.is_empty());
    for action in actions {
        let body = &action["call"]["body"]["preconditions"];
        assert_eq!(body["uid"], action["object"]["uid"]);
        assert!(body["resourceVersion"].is_string() && !action["guards"].as_array().expect("a list").is_empty());
    }
    let table = ipledger(&["repair", "plan", "examples/statefulset-leaks", "--complete", "-o", "table"]);
    assert!(table.out.contains("For a person to decide") || table.out.contains("nothing to decide"), "{}", table.out);
}
