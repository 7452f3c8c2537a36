//! Every story of controllers: the simulated ones are held to what a real kube-controller-manager did last, and a real one,
//! where there is one, too.
#![allow(clippy::unwrap_used, reason = "tests")]

use anyhow::Result;
use conformance::Target;
use conformance::golden::{Of, updating};
use conformance::managed::{Story, all, play};
use serde_json::Value;
use testbed::{ControlPlane, User, need};

/// So many stories at once: they mostly wait.
const AT_ONCE: usize = 6;

async fn judge_one(target: Target, story: Story, number: usize, update: bool) -> Result<Vec<String>> {
    let expected = if update { None } else { Some(Of::Controllers.read(story.name)?) };
    let found = play(&target, &story, &format!("managed-{number:03}"), expected.as_ref()).await?;
    if update {
        Of::Controllers.write(story.name, &found)?;
    }
    let expected = expected.unwrap_or_else(|| found.clone());
    let differ =
        |i: usize| format!("{}, pause {}:\n  expected {:#}\n  found {:#}", story.name, i + 1, expected[i], found[i]);
    let pauses = expected.as_array().map_or(0, Vec::len).max(found.as_array().map_or(0, Vec::len));
    Ok((0..pauses).filter(|i| expected[*i] != found[*i]).map(differ).collect())
}

async fn judge(target: &Target, update: bool) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let stories: Vec<_> = all().into_iter().enumerate().collect();
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
