//! Kubernetes' own specs against the model: `specs.tsv` says which pass. Page: docs/api-model/specs.md.
//!
//! The program that runs them is `testbed/specs`, which `cargo xtask testbed --specs` builds, and `cargo xtask test --long`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use conformance::Target;
use serde_json::Value;
use testbed::{Assets, need};

/// Name to whether it passes.
type Specs = BTreeMap<String, bool>;

fn listed() -> Specs {
    let lines = include_str!("../specs.tsv").lines().filter(|line| !line.starts_with('#'));
    let parts = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    parts.map(|p| (p[2].to_owned(), p[1] == "passes")).collect()
}

/// The node that the specs' framework wants.
async fn add_node(target: &Target) -> Result<()> {
    let node = serde_json::json!({"metadata": {"name": "node1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let request = http::Request::post("/api/v1/nodes").body(serde_json::to_vec(&node)?)?;
    let reply = target.send(request, None).await?;
    if reply.code != 201 {
        bail!("{}", reply.body);
    }
    Ok(())
}

fn run(program: &Path, url: &str, specs: &Specs, folder: &Path) -> Result<Specs> {
    let config = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: m, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: m, context: {{cluster: m}}}}]\ncurrent-context: m\n"
    );
    fs::write(&config, text)?;
    let report = folder.join("report.json");
    let focus: Vec<String> = specs.keys().map(|name| escape(name.trim_start_matches("[sig-api-machinery] "))).collect();
    let output = Command::new(program)
        .args(["--provider=local", "--kube-api-content-type=application/json", "--allowed-not-ready-nodes=-1"])
        .args(["--minStartupPods=-1", "--ginkgo.timeout=30m", "--ginkgo.no-color"])
        .arg(format!("--kubeconfig={}", config.display()))
        .arg(format!("--ginkgo.json-report={}", report.display()))
        .arg(format!("--ginkgo.focus={}", focus.join("|")))
        .output()
        .with_context(|| format!("run {}", program.display()))?;
    let text = fs::read_to_string(&report).with_context(|| String::from_utf8_lossy(&output.stdout).into_owned())?;
    Ok(outcomes(&serde_json::from_str(&text)?, specs))
}

/// What a ginkgo report says of the listed specs.
fn outcomes(report: &Value, specs: &Specs) -> Specs {
    let mut found = Specs::new();
    for spec in report[0]["SpecReports"].as_array().into_iter().flatten() {
        let texts = spec["ContainerHierarchyTexts"].as_array().into_iter().flatten();
        let mut words: Vec<&str> = texts.filter_map(Value::as_str).collect();
        words.extend(spec["LeafNodeText"].as_str());
        let name = words.join(" ");
        if specs.contains_key(&name) && spec["State"] != "skipped" {
            found.insert(name, spec["State"] == "passed");
        }
    }
    found
}

fn escape(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            ["[", "]", "(", ")", "+", ".", "*", "?"]
                .contains(&c.to_string().as_str())
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect()
}

#[test]
#[ignore = "long: the specs wait for minutes themselves"]
fn kubernetes_own_specs_pass_as_listed() {
    need!(Specs);
    let assets = Assets::find();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let target = runtime.block_on(Target::managed_model()).unwrap();
    runtime.block_on(add_node(&target)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let listed = listed();
    let found = run(assets.program("specs").unwrap(), target.url(), &listed, folder.path()).unwrap();
    let differ: Vec<_> = listed.iter().filter(|(name, passes)| found.get(*name) != Some(passes)).collect();
    assert!(differ.is_empty(), "listed otherwise than found (name, listed as passing): {differ:#?}");
}

#[test]
fn every_spec_that_fails_is_explained() {
    let page = include_str!("../../../docs/api-model/specs.md");
    let failing: Vec<_> = listed().into_iter().filter(|(_, passes)| !passes).map(|(name, _)| name).collect();
    for name in &failing {
        let short = name.trim_start_matches("[sig-api-machinery] ").replace("[Privileged:ClusterAdmin] ", "");
        let short = short.split(" [").next().unwrap_or(&short);
        assert!(page.contains(short), "{short} is not in docs/api-model/specs.md");
    }
    let counted = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(" should ") || line.contains(" MUST "))
        .count();
    assert_eq!(counted, failing.len());
}
