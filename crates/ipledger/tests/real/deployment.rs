//! The shipped manifests as they are: the pods of the Deployment run on a node, with the rights and limits that they say.
//!
//! In: `config/`. Out: claims about what a user gets by `kubectl apply -k config/`. What is replaced is the image alone: the bed has no
//! registry, so the binary and the machine's libraries are mounted into the bed's own image; and the address of the API server, for which
//! a cluster has kube-proxy.

use crate::stage::{SOON, ipledger};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use testbed::{ControlPlane, IMAGE, Look, Node, User, need, wait};

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/kube-system/deployments/ipledger-controller";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/ipledger-controller";
const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";

const NETWORK: &str = r#"apiVersion: kubeovn.io/v1
kind: Subnet
metadata: {name: ext}
spec: {cidrBlock: 172.17.0.0/29, provider: macvlan.default}
"#;

/// A pod that is bound to the node, and that no kubelet there can start: its network is none of the node's.
fn pod(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {{k8s.v1.cni.cncf.io/networks: macvlan}}}}\n\
         spec:\n  nodeName: elsewhere\n  containers: [{{name: c, image: \"{IMAGE}\", imagePullPolicy: Never}}]\n"
    )
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The folder that is applied: `config/`, and over it what the bed needs.
fn overlay(bed: &ControlPlane) -> PathBuf {
    let folder = bed.run().folder().join("deploy");
    let config = folder.join("config/crds");
    fs::create_dir_all(&config).unwrap();
    for from in ["config", "config/crds"] {
        for entry in fs::read_dir(repository(from)).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_file() {
                fs::copy(&entry, folder.join(from).join(entry.file_name().unwrap())).unwrap();
            }
        }
    }
    let (host, port) = bed.server().trim_start_matches("https://").rsplit_once(':').unwrap();
    let library = |name: &str, path: &str| json!({"name": name, "hostPath": {"path": path, "type": "Directory"}});
    let mount = |name: &str, path: &str| json!({"name": name, "mountPath": path, "readOnly": true});
    let binary = json!({"name": "binary", "hostPath": {"path": env!("CARGO_BIN_EXE_ipledger"), "type": "File"}});
    let add =
        |path: &str, value: Value| json!({"op": "add", "path": format!("/spec/template/spec/{path}"), "value": value});
    let patch = json!([
        add("volumes", json!([binary, library("lib", "/lib"), library("lib64", "/lib64")])),
        add(
            "containers/0/volumeMounts",
            json!([mount("binary", "/ipledger"), mount("lib", "/lib"), mount("lib64", "/lib64")])
        ),
        add("containers/0/command", json!(["/ipledger"])),
        add("containers/0/env/-", json!({"name": "KUBERNETES_SERVICE_HOST", "value": host})),
        add("containers/0/env/-", json!({"name": "KUBERNETES_SERVICE_PORT", "value": port})),
    ]);
    let (name, tag) = IMAGE.rsplit_once(':').unwrap();
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["config"],
        "images": [{"name": "ipledger", "newName": name, "newTag": tag}],
        "patches": [{"target": {"kind": "Deployment", "name": "ipledger-controller"}, "patch": patch.to_string()}],
    });
    fs::write(folder.join("kustomization.yaml"), kustomization.to_string()).unwrap();
    folder
}

/// A control plane with a node, and what a user applies on it.
fn installed() -> (ControlPlane, Node) {
    let bed = ControlPlane::builder().nodes().start().unwrap();
    assert_eq!(ipledger(&bed, &User::admin(), &["crds", "install"]).code, 0);
    let mut node = bed.node(1).unwrap();
    node.wait_ready(&bed).unwrap();
    bed.kubectl(&["apply", "--server-side", "-k", overlay(&bed).to_str().unwrap()]).unwrap();
    (bed, node)
}

fn wait_ready(bed: &ControlPlane) {
    let outcome = bed.wait_for(DEPLOYMENT, "to have two ready pods", SOON, |deployment| {
        deployment["status"]["readyReplicas"] == 2 && deployment["status"]["updatedReplicas"] == 2
    });
    if let Err(error) = outcome {
        let pods = bed.kubectl(&["describe", "pods", "-n", "kube-system", "-l", "app=ipledger-controller"]);
        let logs = bed.kubectl(&["logs", "-n", "kube-system", "-l", "app=ipledger-controller", "--tail=20"]);
        panic!("{error}\n{}\n{}", pods.unwrap_or_default(), logs.unwrap_or_default());
    }
}

/// Who holds the Lease, once it is somebody else than this one.
fn leader(bed: &ControlPlane, but: &str) -> String {
    let lease = bed.wait_for(LEASE, "to be held", SOON, |lease| {
        lease["spec"]["holderIdentity"].as_str().is_some_and(|holder| !holder.is_empty() && holder != but)
    });
    lease.unwrap()["spec"]["holderIdentity"].as_str().unwrap().to_owned()
}

fn wait_claim(bed: &ControlPlane, pod: &str) {
    wait(&format!("a claim of pod {pod}"), SOON, || {
        let claims = bed.get(CLAIMS)?;
        let holders: Vec<String> = claims["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|claim| claim["spec"]["holder"]["name"].to_string())
            .collect();
        Ok(if holders.contains(&format!("\"{pod}\"")) { Look::Done(()) } else { Look::NotYet(holders.join(", ")) })
    })
    .unwrap();
}

#[test]
fn what_is_shipped_runs_with_the_rights_it_asks_for_and_one_pod_follows_the_other() {
    need!(Nodes);
    let (bed, _node) = installed();
    wait_ready(&bed);
    bed.apply(NETWORK).unwrap();
    bed.apply(&pod("one")).unwrap();
    wait_claim(&bed, "one");
    let first = leader(&bed, "");
    let pods =
        bed.kubectl(&["get", "pods", "-n", "kube-system", "-l", "app=ipledger-controller", "-o", "name"]).unwrap();
    let names: Vec<&str> = pods.lines().map(|line| line.trim_start_matches("pod/")).collect();
    assert!(names.iter().any(|name| first.starts_with(name)), "{first} is none of {names:?}");
    // Each serves what it says it serves.
    let leads: Vec<bool> = names
        .iter()
        .map(|name| {
            let metrics =
                bed.exec("kube-system", name, &["wget", "-q", "-O", "-", "http://127.0.0.1:10670/metrics"]).unwrap();
            metrics.lines().any(|line| line == "ipledger_leader 1")
        })
        .collect();
    assert_eq!(leads.iter().filter(|leads| **leads).count(), 1, "{names:?}: {leads:?}");
    // The one that works goes; the one that stood by takes over, or the one that is made in its place, whichever asks first.
    let working = names.iter().find(|name| first.starts_with(**name)).unwrap();
    bed.kubectl(&["delete", "pod", "-n", "kube-system", working, "--wait=false"]).unwrap();
    leader(&bed, &first);
    bed.apply(&pod("two")).unwrap();
    wait_claim(&bed, "two");
    // A new version is rolled out.
    bed.kubectl(&["rollout", "restart", "-n", "kube-system", "deployment/ipledger-controller"]).unwrap();
    bed.kubectl(&["rollout", "status", "-n", "kube-system", "deployment/ipledger-controller", "--timeout=60s"])
        .unwrap();
    bed.apply(&pod("three")).unwrap();
    wait_claim(&bed, "three");
    // A pod of the version before may go while its log is read.
    let logs = ["logs", "-n", "kube-system", "-l", "app=ipledger-controller", "--tail=-1", "--ignore-errors"];
    let logs = bed.kubectl(&logs).unwrap();
    assert!(logs.contains("every kind has been listed"), "{logs}");
    // A Lease may be lost where the machine has much else to do: that is no defect of the manifests.
    let is_wrong = |line: &&str| {
        line.contains("forbidden") || line.contains("\"level\":\"ERROR\"") && !line.contains("the Lease is lost")
    };
    assert_eq!(logs.lines().find(is_wrong), None);
}
