//! Random sequences of requests: the model and a real kube-apiserver, side by side.
//!
//! A failing sequence is cut down and printed with its differences.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use conformance::random::{Object, Op, story};
use conformance::{Target, differences, install, run};
use proptest::prelude::*;
use proptest::test_runner::{Config, FailurePersistence, FileFailurePersistence, TestCaseError, TestRunner};
use testbed::{ControlPlane, User, need};

fn object() -> impl Strategy<Value = Object> {
    (0..4_u8, 0..2_u8)
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
        1 => (0..4_u8, n()).prop_map(|(k, n)| Op::DeleteMany(k, n)),
        1 => (0..2_u8, n()).prop_map(|(p, n)| Op::Bind(p, n)),
        1 => (0..2_u8).prop_map(Op::Evict),
        1 => object().prop_map(Op::Get),
        1 => (0..4_u8, n(), n()).prop_map(|(k, n, l)| Op::List(k, n, l)),
    ]
}

/// Runs one sequence on both and says where they differ.
async fn compare(model: &Target, real: &Target, ops: &[Op], namespace: &str) -> Result<Vec<String>> {
    let story = story(ops);
    let (found, expected) = tokio::try_join!(run(model, &story, namespace), run(real, &story, namespace))?;
    Ok(differences(&expected, &found).iter().map(ToString::to_string).collect())
}

/// Runs so many sequences; says how many requests that were.
fn judge(cases: u32) -> Result<()> {
    let bed = ControlPlane::start()?;
    let real = Target::new(bed.client(&User::admin(), "conformance")?);
    let runtime = tokio::runtime::Runtime::new()?;
    let model = runtime.block_on(Target::model())?;
    runtime.block_on(install(&model))?;
    runtime.block_on(install(&real))?;
    let (number, requests) = (AtomicU32::new(0), AtomicU32::new(0));
    // Sequences that failed are kept, and run first the next time.
    let kept = FileFailurePersistence::Direct(concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/random.txt"));
    let failure_persistence: Option<Box<dyn FailurePersistence>> = Some(Box::new(kept));
    let config = Config { cases, max_shrink_iters: 200, failure_persistence, ..Config::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(op(), 1..16), |ops| {
        let namespace = format!("random-{}", number.fetch_add(1, Ordering::Relaxed));
        requests.fetch_add(u32::try_from(story(&ops).steps.len()).unwrap_or(0), Ordering::Relaxed);
        let found = runtime.block_on(compare(&model, &real, &ops, &namespace));
        let found = found.map_err(|e| TestCaseError::fail(format!("{e:#}")))?;
        if found.is_empty() { Ok(()) } else { Err(TestCaseError::fail(found.join("\n"))) }
    });
    let (number, requests) = (number.load(Ordering::Relaxed), requests.load(Ordering::Relaxed));
    eprintln!("{number} random sequences, {requests} requests to each server");
    outcome.map_err(|e| anyhow::anyhow!("{e}"))
}

#[test]
fn a_hundred_random_sequences_are_answered_alike() {
    need!(ControlPlane);
    judge(100).unwrap();
}

#[test]
#[ignore = "takes minutes"]
fn three_thousand_random_sequences_are_answered_alike() {
    need!(ControlPlane);
    judge(3_000).unwrap();
}
