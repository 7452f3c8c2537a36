//! Random sequences of requests: the model and a real kube-apiserver, side by side.
//!
//! `CONFORMANCE_CASES` sets how many; a failing sequence is cut down and printed with its differences.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use conformance::random::{Object, Op, story};
use conformance::{Target, differences, install, run};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

fn object() -> impl Strategy<Value = Object> {
    (0..2_u8, 0..2_u8)
}

fn op() -> impl Strategy<Value = Op> {
    let n = any::<u8>;
    prop_oneof![
        4 => (object(), n()).prop_map(|(o, n)| Op::Create(o, n)),
        3 => (object(), n(), n()).prop_map(|(o, n, e)| Op::Put(o, n, e)),
        1 => (object(), n(), n()).prop_map(|(o, n, e)| Op::PutStatus(o, n, e)),
        4 => (object(), n()).prop_map(|(o, n)| Op::Merge(o, n)),
        1 => (object(), n(), n()).prop_map(|(o, n, e)| Op::MergeAt(o, n, e)),
        1 => (object(), n()).prop_map(|(o, n)| Op::MergeStatus(o, n)),
        1 => (object(), n()).prop_map(|(o, n)| Op::Json(o, n)),
        3 => (object(), n(), n()).prop_map(|(o, n, e)| Op::Delete(o, n, e)),
        1 => (0..2_u8, n()).prop_map(|(k, n)| Op::DeleteMany(k, n)),
        1 => object().prop_map(Op::Get),
        1 => (0..2_u8, n(), n()).prop_map(|(k, n, l)| Op::List(k, n, l)),
    ]
}

/// Runs one sequence on both and says where they differ.
async fn compare(model: &Target, real: &Target, ops: &[Op], namespace: &str) -> Result<Vec<String>> {
    let story = story(ops);
    let (found, expected) = tokio::try_join!(run(model, &story, namespace), run(real, &story, namespace))?;
    Ok(differences(&expected, &found).iter().map(ToString::to_string).collect())
}

fn judge(runtime: &tokio::runtime::Runtime, real: &Target) -> Result<()> {
    let cases = std::env::var("CONFORMANCE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let model = runtime.block_on(Target::model())?;
    runtime.block_on(install(&model))?;
    runtime.block_on(install(real))?;
    let (number, requests) = (AtomicU32::new(0), AtomicU32::new(0));
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&prop::collection::vec(op(), 1..16), |ops| {
        let namespace = format!("random-{}-{}", std::process::id(), number.fetch_add(1, Ordering::Relaxed));
        requests.fetch_add(u32::try_from(story(&ops).steps.len()).unwrap_or(0), Ordering::Relaxed);
        let found = runtime.block_on(compare(&model, real, &ops, &namespace));
        let found = found.map_err(|e| TestCaseError::fail(format!("{e:#}")))?;
        if found.is_empty() { Ok(()) } else { Err(TestCaseError::fail(found.join("\n"))) }
    });
    eprintln!(
        "{} random sequences, {} requests to each server",
        number.load(Ordering::Relaxed),
        requests.load(Ordering::Relaxed)
    );
    outcome.map_err(|e| anyhow::anyhow!("{e}"))
}

/// A server that runs already: see `tests/stories.rs`.
#[test]
fn a_given_server_answers_random_sequences_as_the_model() -> Result<()> {
    let Ok(url) = std::env::var("CONFORMANCE_SERVER") else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut config = kube::Config::new(url.parse()?);
    config.accept_invalid_certs = true;
    config.auth_info.token = Some("token".to_owned().into());
    config.default_retry = false;
    let entered = runtime.enter();
    let real = Target::new(kube::Client::try_from(config)?);
    drop(entered);
    judge(&runtime, &real)
}
