//! Which stories a run is about: all, or those whose names have `STORY` in them.
//!
//! In: stories. Out: the chosen ones with their numbers, which name their namespaces. Guarantees: a part that no name has is an
//! error, so that nothing passes for being misspelt.

use anyhow::{Result, bail};

/// Chooses by the environment.
///
/// # Errors
/// No story has such a name.
pub fn chosen<S>(stories: Vec<S>, name: impl Fn(&S) -> &str) -> Result<Vec<(usize, S)>> {
    choose(stories, name, &std::env::var("STORY").unwrap_or_default())
}

fn choose<S>(stories: Vec<S>, name: impl Fn(&S) -> &str, part: &str) -> Result<Vec<(usize, S)>> {
    let found: Vec<_> = stories.into_iter().enumerate().filter(|(_, story)| name(story).contains(part)).collect();
    if found.is_empty() {
        bail!("no story has {part:?} in its name");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_chosen_by_a_part_of_its_name_and_keeps_its_number() {
        let by = |part: &str| choose(vec!["a pod goes", "a set grows", "a pod stays"], |s| s, part);
        assert_eq!(by("").unwrap().len(), 3);
        assert_eq!(by("a pod").unwrap(), [(0, "a pod goes"), (2, "a pod stays")]);
        assert!(by("a pot").unwrap_err().to_string().contains("\"a pot\""));
    }
}
