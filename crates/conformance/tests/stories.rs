//! Every story, against the model and against a real kube-apiserver.
//!
//! The model is held to what a real server answered last (`golden/`); a real server, where there is one, too.

use anyhow::Result;
use conformance::{Target, differences, golden, install, run, stories};

/// Runs all stories against a target and says where it answers otherwise than the golden files.
async fn judge(target: &Target, update: bool) -> Result<Vec<String>> {
    install(target).await?;
    let mut found = Vec::new();
    for (i, story) in stories::all().iter().enumerate() {
        let transcript = run(target, story, &format!("story-{i:03}-{}", std::process::id())).await?;
        if update {
            golden::write(story, &transcript)?;
        }
        let expected = golden::read(story)?;
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
    assert_eq!(golden::names()?, names);
    Ok(())
}

/// For work on the stories: a server that runs already, as `https://127.0.0.1:6443` with the token `token`.
#[tokio::test]
async fn a_given_server_answers_every_story_as_kept() -> Result<()> {
    let Ok(url) = std::env::var("CONFORMANCE_SERVER") else { return Ok(()) };
    let mut config = kube::Config::new(url.parse()?);
    config.accept_invalid_certs = true;
    config.auth_info.token = Some("token".to_owned().into());
    config.default_retry = false;
    let found = judge(&Target::new(kube::Client::try_from(config)?), golden::updating()).await?;
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
    Ok(())
}
