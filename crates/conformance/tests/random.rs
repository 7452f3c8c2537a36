//! Random sequences of requests: the model and a real kube-apiserver, side by side.
//!
//! A failing sequence is cut down and printed with its differences.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use conformance::random::{Object, Op, definitions, story};
use conformance::{Story, Target, Until, differences, install, run};
use proptest::prelude::*;
use proptest::test_runner::{
    Config, FailurePersistence, FileFailurePersistence, RngAlgorithm, TestCaseError, TestRng, TestRunner,
};
use testbed::{ControlPlane, User, need};

/// So many sequences about definitions at once.
const AT_ONCE: usize = 32;

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

fn definition_op() -> impl Strategy<Value = definitions::Op> {
    use definitions::Op;
    let n = any::<u8>;
    let name = || 0..2_u8;
    prop_oneof![
        4 => n().prop_map(Op::Define),
        1 => n().prop_map(Op::DefineBroken),
        3 => n().prop_map(Op::Reshape),
        1 => n().prop_map(Op::Rename),
        1 => any::<bool>().prop_map(Op::SecondVersion),
        1 => any::<bool>().prop_map(Op::Store),
        2 => n().prop_map(Op::ChangeOther),
        2 => n().prop_map(Op::Undefine),
        4 => (name(), n()).prop_map(|(o, n)| Op::Create(o, n)),
        3 => (name(), n()).prop_map(|(o, n)| Op::Merge(o, n)),
        1 => (name(), n()).prop_map(|(o, n)| Op::MergePart(o, n)),
        1 => name().prop_map(Op::Delete),
        2 => (name(), any::<bool>()).prop_map(|(o, second)| Op::Get(o, second)),
        1 => any::<bool>().prop_map(Op::List),
        1 => Just(Op::Discover),
    ]
}

/// Both servers, and what was sent to them.
struct Servers {
    model: Target,
    real: Target,
    runtime: tokio::runtime::Runtime,
    sequences: AtomicU32,
    requests: AtomicU32,
    _bed: ControlPlane,
}

impl Servers {
    fn start() -> Result<Self> {
        let bed = ControlPlane::start()?;
        let real = Target::new(bed.client(&User::admin(), "conformance")?);
        let runtime = tokio::runtime::Runtime::new()?;
        let model = runtime.block_on(Target::model())?;
        runtime.block_on(install(&model))?;
        runtime.block_on(install(&real))?;
        let (sequences, requests) = (AtomicU32::new(0), AtomicU32::new(0));
        Ok(Self { model, real, runtime, sequences, requests, _bed: bed })
    }

    /// Runs sequences at the same time on both and says where they differ.
    fn compare(&self, stories: Vec<Story>) -> Result<Vec<String>> {
        let running: Vec<_> = stories.into_iter().map(|story| self.runtime.spawn(self.one(story))).collect();
        let mut found = Vec::new();
        for task in running {
            found.extend(self.runtime.block_on(task)??);
        }
        Ok(found)
    }

    fn one(&self, story: Story) -> impl Future<Output = Result<Vec<String>>> + use<> {
        let namespace = format!("random-{}", self.sequences.fetch_add(1, Ordering::Relaxed));
        self.requests.fetch_add(u32::try_from(story.steps.len()).unwrap_or(0), Ordering::Relaxed);
        let (model, real) = (self.model.clone(), self.real.clone());
        async move {
            let (found, expected) = tokio::try_join!(run(&model, &story, &namespace), run(&real, &story, &namespace))?;
            Ok(differences(&expected, &found).iter().map(ToString::to_string).collect())
        }
    }
}

/// So many cases, others each time.
fn others(cases: u32) -> impl FnOnce(Config) -> TestRunner {
    move |config| TestRunner::new(Config { cases, ..config })
}

/// So many cases, the same each time: what is to be found is for the long run to find, and not for whoever changes something else.
fn same(cases: u32) -> impl FnOnce(Config) -> TestRunner {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    move |config| TestRunner::new_with_rng(Config { cases, ..config }, rng)
}

/// Runs cases of sequences; says how many sequences and requests that were.
fn judge<S: Strategy>(
    by: impl FnOnce(Config) -> TestRunner,
    (kept, cut): (&'static str, u32),
    cases_of: &S,
    stories: fn(S::Value) -> Vec<Story>,
) {
    let servers = Servers::start().unwrap();
    // Sequences that failed are kept, and run first the next time.
    let kept: Option<Box<dyn FailurePersistence>> = Some(Box::new(FileFailurePersistence::Direct(kept)));
    let config = Config { max_shrink_iters: cut, failure_persistence: kept, ..Config::default() };
    let outcome = by(config).run(cases_of, |case| {
        let found = servers.compare(stories(case)).map_err(|e| TestCaseError::fail(format!("{e:#}")))?;
        if found.is_empty() { Ok(()) } else { Err(TestCaseError::fail(found.join("\n"))) }
    });
    let (sequences, requests) = (servers.sequences.load(Ordering::Relaxed), servers.requests.load(Ordering::Relaxed));
    eprintln!("{sequences} random sequences, {requests} requests to each server");
    outcome.unwrap();
}

fn judge_objects(by: impl FnOnce(Config) -> TestRunner) {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/random.txt");
    judge(by, (kept, 200), &prop::collection::vec(op(), 1..16), |ops| vec![story(&ops)]);
}

/// Sequences about definitions mostly wait, so several run at once.
fn judge_definitions(by: impl FnOnce(Config) -> TestRunner) {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/definitions.txt");
    let sequences = prop::collection::vec(prop::collection::vec(definition_op(), 1..14), 1..=AT_ONCE);
    judge(by, (kept, 60), &sequences, |all| all.iter().map(|ops| definitions::story(ops)).collect());
}

#[test]
fn a_hundred_random_sequences_are_answered_alike() {
    need!(ControlPlane);
    judge_objects(same(100));
}

#[test]
#[ignore = "long: minutes"]
fn three_thousand_random_sequences_are_answered_alike() {
    need!(ControlPlane);
    judge_objects(others(3_000));
}

/// The steps that wait for the server to serve by a definition must see it do so: a wait that ends by its deadline compares
/// nothing. The model does at once what is waited for.
#[test]
fn no_random_sequence_about_definitions_waits_for_what_does_not_come() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let model = runtime.block_on(Target::model()).unwrap();
    let number = AtomicU32::new(0);
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    let ops = prop::collection::vec(definition_op(), 1..14);
    let outcome = TestRunner::new(config).run(&ops, |ops| {
        let namespace = format!("alone-{}", number.fetch_add(1, Ordering::Relaxed));
        let story = definitions::story(&ops);
        let answers = runtime.block_on(run(&model, &story, &namespace)).unwrap().0;
        for (step, answer) in story.steps.iter().zip(&answers) {
            let there = match step.until_answer {
                None => true,
                Some(Until::Code(code)) => answer.code == code,
                Some(Until::Field(pointer, text)) => answer.body.pointer(pointer).is_some_and(|found| found == text),
            };
            prop_assert!(there, "{}: {} {}", answer.request, answer.code, answer.body);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn some_random_sequences_about_definitions_are_answered_alike() {
    need!(ControlPlane);
    judge_definitions(same(2));
}

#[test]
#[ignore = "long: a quarter of an hour"]
fn a_thousand_random_sequences_about_definitions_are_answered_alike() {
    need!(ControlPlane);
    judge_definitions(others(80));
}
