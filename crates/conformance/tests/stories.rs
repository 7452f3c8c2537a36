//! Every story, against the model and against a real kube-apiserver.
//!
//! The model is held to what a real server answered last (`golden/`); a real server, where there is one, too.

#![allow(clippy::unwrap_used, reason = "tests")]

use anyhow::Result;
use conformance::golden::{Of, updating};
use conformance::{Target, Transcript, chosen, differences, install, run, stories};
use testbed::{ControlPlane, User, need};

/// Runs all stories, or those that `STORY` chooses, against a target and says where it answers otherwise than the golden files.
async fn judge(target: &Target, update: bool) -> Result<Vec<String>> {
    install(target).await?;
    let mut found = Vec::new();
    for (i, story) in chosen(stories::all(), |story| story.name)? {
        let transcript = run(target, &story, &format!("story-{i:03}")).await?;
        if update {
            Of::Answers.write(story.name, &transcript.to_value())?;
        }
        let expected = Transcript::from_value(&Of::Answers.read(story.name)?);
        found.extend(differences(&expected, &transcript).iter().map(|d| format!("{}: {d}", story.name)));
    }
    Ok(found)
}

#[tokio::test]
async fn the_model_answers_every_story_as_kube_apiserver_did() -> Result<()> {
    let found = judge(&Target::model().await?, false).await?;
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
    Ok(())
}

#[test]
fn every_golden_file_belongs_to_a_story() -> Result<()> {
    let mut names: Vec<_> = stories::all().iter().map(|s| s.name.to_owned()).collect();
    names.sort();
    assert_eq!(Of::Answers.names()?, names);
    Ok(())
}

#[test]
fn kube_apiserver_answers_every_story_as_it_did() {
    need!(ControlPlane);
    let bed = ControlPlane::start().unwrap();
    let target = Target::new(bed.client(&User::admin(), "conformance").unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let found = runtime.block_on(judge(&target, updating())).unwrap();
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
}
