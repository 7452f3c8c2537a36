//! The check of texts: what people read at three in the morning is whole.
//!
//! In: the Markdown files of the project. Out: links to files that are not there, and explain texts that lack a section or
//! are too wide for a terminal.

use super::complain;
use crate::workspace::{self, read, shown};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The sections of an explain text, in their order.
const SECTIONS: [&str; 6] = [
    "What it means",
    "How Kube-OVN gets there",
    "How sure",
    "How to look",
    "How to repair safely",
    "How IPLedger prevents it",
];
/// Explain texts are printed as they are: a terminal of 100 columns must not break a command in two.
const WIDTH: usize = 100;

/// Checks all texts.
///
/// # Errors
/// A file cannot be read, or something is missing.
pub(super) fn check() -> Result<()> {
    let root = workspace::root();
    let mut complaints = Vec::new();
    for path in markdown_files(root)? {
        let text = read(&path)?;
        let folder = path.parent().context("a file lies in a folder")?;
        for target in links(&text).filter(|target| !folder.join(target).exists()) {
            complaints.push(format!("{}: links to {target}, which is not there", shown(&path)));
        }
        if path.parent().is_some_and(|folder| folder.ends_with("engine/src/explain")) {
            let code = path.file_stem().and_then(|stem| stem.to_str()).context("a file has a name")?;
            complaints.extend(explain_faults(code, &text).map(|fault| format!("{}: {fault}", shown(&path))));
        }
    }
    complain(&complaints, "Complete the texts")
}

/// Markdown files of the project, sorted; folders that hold what is built or fetched are left out.
fn markdown_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Targets of inline links that are files: `[text](target)` and `[text](target#part)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).filter_map(|(target, _)| {
        let file = target.split('#').next().unwrap_or_default();
        (!file.is_empty() && !target.contains("://") && !target.contains(char::is_whitespace)).then_some(file)
    })
}

/// What an explain text lacks.
fn explain_faults(code: &str, text: &str) -> impl Iterator<Item = String> {
    let mut faults = Vec::new();
    let title = text.lines().next().unwrap_or_default();
    if !title.starts_with(&format!("# {code} (")) {
        faults.push(format!("the title is `{title}`, not `# {code} (severity)`"));
    }
    let sections: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    if sections != SECTIONS {
        faults.push(format!("the sections are {sections:?}, not {SECTIONS:?}"));
    }
    let wide = text.lines().enumerate().filter(|(_, line)| line.chars().count() > WIDTH);
    faults.extend(wide.map(|(index, _)| format!("line {} is wider than {WIDTH}", index + 1)));
    faults.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> String {
        let sections = SECTIONS.map(|section| format!("## {section}\n\nWords.\n"));
        format!("# leaked-ip (warning)\n\n{}", sections.concat())
    }

    #[test]
    fn a_whole_text_has_no_fault_and_each_missing_part_is_one() {
        assert_eq!(explain_faults("leaked-ip", &whole()).count(), 0);
        assert_eq!(explain_faults("leaked-nic", &whole()).count(), 1);
        for section in SECTIONS {
            assert_eq!(explain_faults("leaked-ip", &whole().replace(section, "Else")).count(), 1, "{section}");
        }
        assert_eq!(explain_faults("leaked-ip", &format!("{}{}", whole(), "x".repeat(WIDTH + 1))).count(), 1);
    }

    #[test]
    fn only_links_to_files_are_looked_at() {
        let text = "[a](docs/a.md) [b](https://b.example/x) [c](#part) [d](../d.md#e) `v[i](x y)`";
        assert_eq!(links(text).collect::<Vec<_>>(), ["docs/a.md", "../d.md"]);
    }
}
