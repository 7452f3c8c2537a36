//! Every story of controllers: the simulated ones are held to what a real kube-controller-manager did last, and a real one,
//! where there is one, too. Random stories of workloads are played to both, and the states compare.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use conformance::golden::{Of, updating};
use conformance::managed::random::{Op, story};
use conformance::managed::{QUIET, Rest, Story, all, play};
use conformance::{Target, chosen};
use proptest::prelude::*;
use proptest::test_runner::{
    Config, FailurePersistence, FileFailurePersistence, RngAlgorithm, TestCaseError, TestRng, TestRunner,
};
use serde_json::Value;
use testbed::{ControlPlane, User, need};

/// So many stories at once: they mostly wait.
const AT_ONCE: usize = 6;

async fn judge_one(target: Target, story: Story, number: usize, update: bool) -> Result<Vec<String>> {
    let expected = if update { None } else { Some(Of::Controllers.read(story.name)?) };
    let rest = expected.as_ref().map_or(Rest::Quiet(QUIET), Rest::As);
    let found = play(&target, &story, &format!("managed-{number:03}"), rest).await?;
    if update {
        Of::Controllers.write(story.name, &found)?;
    }
    let expected = expected.unwrap_or_else(|| found.clone());
    let differ =
        |i: usize| format!("{}, pause {}:\n  expected {:#}\n  found {:#}", story.name, i + 1, expected[i], found[i]);
    let pauses = expected.as_array().map_or(0, Vec::len).max(found.as_array().map_or(0, Vec::len));
    Ok((0..pauses).filter(|i| expected[*i] != found[*i]).map(differ).collect())
}

/// Plays all stories, or those that `STORY` chooses.
async fn judge(target: &Target, update: bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let stories = chosen(all(), |story| story.name)?;
    for group in stories.chunks(AT_ONCE) {
        let running: Vec<_> = group
            .iter()
            .map(|(number, story)| tokio::spawn(judge_one(target.clone(), story.clone(), *number, update)))
            .collect();
        for task in running {
            found.extend(task.await??);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn the_simulated_controllers_do_in_every_story_what_the_real_ones_did() -> Result<()> {
    let found = judge(&Target::managed_model().await?, false).await?;
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
    Ok(())
}

#[test]
fn every_golden_file_belongs_to_a_story() -> Result<()> {
    let mut names: Vec<_> = all().iter().map(|s| s.name.to_owned()).collect();
    names.sort();
    assert_eq!(Of::Controllers.names()?, names);
    assert!(Of::Controllers.read(&names[0])?.as_array().is_some_and(|states| states.iter().all(Value::is_array)));
    Ok(())
}

#[test]
fn kube_controller_manager_does_in_every_story_what_it_did() {
    need!(Controllers);
    let bed = ControlPlane::builder().controllers().start().unwrap();
    let target = Target::new(bed.client(&User::admin(), "conformance").unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found = runtime.block_on(judge(&target, updating())).unwrap();
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
}

/// So many random stories at once: they wait even more.
const RANDOM_AT_ONCE: usize = 12;
/// The simulated controllers look every 20 ms.
const SIMULATED_QUIET: Duration = Duration::from_millis(200);

fn op() -> impl Strategy<Value = Op> {
    let kind = || 0..3_u8;
    let n = any::<u8>;
    prop_oneof![
        4 => (kind(), n()).prop_map(|(k, n)| Op::Make(k, n)),
        4 => (kind(), n()).prop_map(|(k, n)| Op::Scale(k, n)),
        1 => kind().prop_map(Op::Change),
        3 => (kind(), n()).prop_map(|(k, n)| Op::Delete(k, n)),
        3 => kind().prop_map(Op::Ready),
        1 => kind().prop_map(Op::Fail),
        1 => kind().prop_map(Op::Finish),
        2 => (kind(), n()).prop_map(|(k, n)| Op::DeletePods(k, n)),
    ]
}

/// Plays a story to the simulated controllers, then to the real ones, and says where they differ.
async fn compare(real: Target, story: Story, namespace: String) -> Result<Vec<String>> {
    let simulated = play(&Target::managed_model().await?, &story, &namespace, Rest::Quiet(SIMULATED_QUIET)).await?;
    let found = play(&real, &story, &namespace, Rest::As(&simulated)).await?;
    // Whatever is left of it would only be in the way of the next ones.
    let end = http::Request::delete(format!("/api/v1/namespaces/{namespace}")).body(Vec::new())?;
    real.send(end, None).await?;
    let pauses = simulated.as_array().map_or(0, Vec::len);
    let differ = |i: usize| format!("pause {}:\n  real {:#}\n  simulated {:#}", i + 1, found[i], simulated[i]);
    // What follows the first difference follows from it.
    Ok((0..pauses).find(|i| simulated[*i] != found[*i]).map(differ).into_iter().collect())
}

/// Plays so many times a group of stories; says how many that were. Those of the suite are the same each time: what is to be found is
/// for the long run to find, and not for whoever changes something else.
fn judge_random(cases: u32, by: fn(Config) -> TestRunner) {
    let bed = ControlPlane::builder().controllers().start().unwrap();
    let real = Target::new(bed.client(&User::admin(), "conformance").unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/workloads.txt");
    let kept: Option<Box<dyn FailurePersistence>> = Some(Box::new(FileFailurePersistence::Direct(kept)));
    let config = Config { cases, max_shrink_iters: 12, failure_persistence: kept, ..Config::default() };
    let (number, begun) = (AtomicUsize::new(0), Instant::now());
    let told = || eprintln!("{} random stories of workloads, {:.0?}", number.load(Ordering::Relaxed), begun.elapsed());
    let stories = prop::collection::vec(prop::collection::vec(op(), 1..9), 1..=RANDOM_AT_ONCE);
    let outcome = by(config).run(&stories, |group| {
        let running = group.iter().map(|ops| {
            let namespace = format!("random-{}", number.fetch_add(1, Ordering::Relaxed));
            runtime.spawn(compare(real.clone(), story(ops), namespace))
        });
        for task in running.collect::<Vec<_>>() {
            let found = runtime.block_on(task).unwrap().map_err(|e| TestCaseError::fail(format!("{e:#}")))?;
            if !found.is_empty() {
                // At once: cutting the group down takes many times longer.
                eprintln!("{}", found.join("\n"));
                return Err(TestCaseError::fail(found.join("\n")));
            }
        }
        told();
        Ok(())
    });
    told();
    outcome.unwrap();
}

#[test]
fn every_random_story_of_workloads_can_be_played() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stories = prop::collection::vec(prop::collection::vec(op(), 1..9), 20);
    let config = Config { cases: 2, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&stories, |group| {
        let running = group.iter().map(|ops| {
            let story = story(ops);
            runtime.spawn(async move {
                play(&Target::managed_model().await?, &story, "n", Rest::Quiet(SIMULATED_QUIET)).await
            })
        });
        for task in running.collect::<Vec<_>>() {
            runtime.block_on(task).unwrap().map_err(|e| TestCaseError::fail(format!("{e:#}")))?;
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
#[ignore = "long: minutes, where the machine has much else to do"]
fn some_random_stories_of_workloads_end_alike() {
    need!(Controllers);
    judge_random(1, |config| TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)));
}

#[test]
#[ignore = "long: an hour"]
fn a_thousand_random_stories_of_workloads_end_alike() {
    need!(Controllers);
    judge_random(160, TestRunner::new);
}
