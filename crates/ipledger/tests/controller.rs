//! The controller as somebody starts it: its file, its flags, its log, and what it does before it writes anything. The API
//! server is the model.
#![allow(clippy::unwrap_used, unreachable_pub, dead_code, reason = "the helpers of tests are tests")]

mod lab;
mod support;

use lab::Lab;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

impl Lab {
    /// Starts the controller, and waits for a line of its log that has these words; all lines up to it.
    fn log_until(&self, arguments: &[&str], words: &[&str]) -> Vec<String> {
        let mut controller = Running(controller(&self.path("kubeconfig"), arguments).spawn().unwrap());
        let lines = BufReader::new(controller.0.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut told = Vec::new();
        for line in lines {
            let found = words.iter().all(|word| line.contains(word));
            told.push(line);
            if found {
                return told;
            }
        }
        panic!("no line says {words:?}:\n{}", told.join("\n"));
    }
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a server answers.
fn fetch(server: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn controller(kubeconfig: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipledger"));
    command.arg("controller").args(arguments).arg("--kubeconfig").arg(kubeconfig);
    if !arguments.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.env("NO_PROXY", "*").stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What a controller that does not start says.
fn refused(kubeconfig: &Path, arguments: &[&str]) -> String {
    let output = controller(kubeconfig, arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

#[test]
fn a_dry_run_tells_whom_it_would_give_which_address_and_writes_nothing() {
    let lab = Lab::new();
    let before = lab.revision();
    lab.log_until(&["--dry-run"], &["would claim", "address=10.7.0.10", "holder=Pod default/p1"]);
    assert_eq!(lab.revision(), before, "nothing was written");
}

#[test]
fn an_audit_now_and_then_tells_and_counts_a_leak_that_nobody_asked_about() {
    let lab = Lab::new();
    lab.create(
        "/apis/kubeovn.io/v1/ips",
        json!({"apiVersion": "kubeovn.io/v1", "kind": "IP",
            "metadata": {"name": "gone.default.lab.default", "creationTimestamp": "2020-01-01T00:00:00Z"},
            "spec": {"podName": "gone", "namespace": "default", "subnet": "lab", "attachSubnets": [], "attachIps": [],
                "ipAddress": "10.7.0.14", "v4IpAddress": "10.7.0.14"}}),
    );
    let before = lab.revision();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["--dry-run", "--grace", "0s", "--audit-every", "1h", "--listen", &listen];
    let mut controller = Running(controller(&lab.path("kubeconfig"), &arguments).spawn().unwrap());
    let mut lines = BufReader::new(controller.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    let told: Vec<_> = lines.by_ref().take_while(|line| !line.contains("audited:")).collect();
    let leak = told.iter().find(|line| line.contains("leaked-ip")).unwrap_or_else(|| panic!("{told:#?}"));
    assert!(leak.contains("WARN") && leak.contains("10.7.0.14") && leak.contains("gone"), "{leak}");
    let served = fetch(&listen, "/metrics");
    let counted = served.lines().find(|line| line.starts_with("ipledger_findings{code=\"leaked-ip\""));
    assert!(counted.is_some_and(|line| line.ends_with(" 1")), "{counted:?}:\n{served}");
    assert_eq!(lab.revision(), before, "nothing was written");
}

#[test]
fn a_file_takes_what_the_flags_take_and_json_logs_are_json() {
    let lab = Lab::new();
    let file = lab.path("config.yaml");
    let text = "lease: ''\nlog-format: json\nlog-level: debug\ngrace: 60s\nretry: 2m\npatience: 1h\nsilence: 30\ndry-run: true\n";
    std::fs::write(&file, text).unwrap();
    let told = lab.log_until(&["--config", file.to_str().unwrap()], &["would claim"]);
    for line in &told {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
    let claimed: Value = serde_json::from_str(told.last().unwrap()).unwrap();
    assert_eq!((&claimed["address"], &claimed["holder"]), (&json!("10.7.0.10"), &json!("Pod default/p1")));
    let told = lab.log_until(&["--config", file.to_str().unwrap(), "--log-format", "text"], &["would claim"]);
    assert!(serde_json::from_str::<Value>(told.last().unwrap()).is_err(), "the flag wins: {told:?}");
}

#[test]
fn flags_win_over_the_file_and_what_a_file_cannot_say_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let with = |text: &str, flags: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let arguments = [&["--config", file.to_str().unwrap()], flags].concat();
        refused(&folder.path().join("none"), &arguments)
    };
    assert!(with("silence: 20s\n", &[]).contains("silence is 20 s"));
    assert!(with("silence: 20s\n", &["--silence", "15s"]).contains("silence is 15 s"));
    for (text, named) in [
        ("grace: soon\n", "expected a number of seconds, or one with s, m or h"),
        ("grace: -5\n", "expected a number of seconds, or one with s, m or h"),
        ("log-format: xml\n", "xml"),
        ("kubeconfig: /root/.kube/config\n", "kubeconfig"),
    ] {
        let said = with(text, &[]);
        assert!(said.contains("config.yaml") && said.contains(named), "{text}: {said}");
    }
}

#[test]
fn a_server_that_does_not_run_the_rules_of_claims_is_too_old_to_begin() {
    let server = support::Server::start(r#"{"items":[]}"#);
    let version = json!({"major": "1", "minor": "24+"});
    server.state.lock().unwrap().objects.insert("/version".to_owned(), version);
    let said = refused(Path::new(&server.kubeconfig()), &[]);
    assert!(said.contains("the server is Kubernetes 1.24") && said.contains("1.25 or later"), "{said}");
    assert!(server.calls().iter().all(|call| call.starts_with("GET ")), "{:?}", server.calls());
}
