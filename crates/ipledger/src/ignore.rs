//! The file of known findings.
//!
//! In: lines of ids, or of `code:pattern` with `*` and `?`; `#` begins a comment. Out: which findings are left out, and
//! which lines left out none. Guarantees: a line that names no code is an error with its number, since it would silently
//! ignore nothing.

use anyhow::{Context, Result, bail};
use engine::{Code, Finding};
use std::collections::BTreeMap;
use std::path::Path;

/// The lines of an ignore file.
#[derive(Debug, Default)]
pub(crate) struct Ignore {
    /// Lines without a wildcard, by their text: a look-up per finding, however long the file.
    exact: BTreeMap<String, Line>,
    /// Lines with one.
    patterns: Vec<(Code, String, Line)>,
}

/// A line of the file.
#[derive(Debug, Clone, Copy)]
struct Line {
    number: usize,
    used: bool,
}

impl Ignore {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the ignore file {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in the ignore file {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut ignore = Self::default();
        for (i, line) in text.lines().enumerate() {
            let (number, entry) = (i + 1, line.trim());
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let (name, subject) = entry.split_once(':').unwrap_or((entry, "*"));
            let Some(code) = Code::from_name(name) else {
                bail!(
                    "line {number}: `{name}` is no code of a finding; expected an id like leaked-ip:ips/web-0.default, a code, or code:pattern"
                );
            };
            let line = Line { number, used: false };
            if subject.contains(['*', '?']) {
                ignore.patterns.push((code, subject.to_owned(), line));
            } else {
                ignore.exact.insert(entry.to_owned(), line);
            }
        }
        Ok(ignore)
    }

    /// Takes known findings out of a list; how many.
    pub(crate) fn apply(&mut self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        findings.retain(|finding| !self.matches(finding));
        before - findings.len()
    }

    fn matches(&mut self, finding: &Finding) -> bool {
        let id = finding.id.as_str();
        if let Some(line) = self.exact.get_mut(id) {
            line.used = true;
            return true;
        }
        let subject = id.split_once(':').map_or("", |(_, subject)| subject);
        let found = self.patterns.iter_mut().find(|(code, pattern, _)| *code == finding.code && glob(pattern, subject));
        found.map(|(.., line)| line.used = true).is_some()
    }

    /// The lines that left out nothing, in their order.
    pub(crate) fn unused(&self) -> Vec<(usize, String)> {
        let exact = self.exact.iter().map(|(text, line)| (line, text.clone()));
        let patterns = self.patterns.iter().map(|(code, pattern, line)| (line, format!("{code}:{pattern}")));
        let mut unused: Vec<_> =
            exact.chain(patterns).filter(|(line, _)| !line.used).map(|(line, text)| (line.number, text)).collect();
        unused.sort_unstable();
        unused
    }
}

/// Whether a text matches a pattern of `*` (any characters) and `?` (any one). Linear in practice: a mismatch goes back to
/// the last star only.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut back) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            back = Some((p + 1, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((after, from)) = back {
            (p, t) = (after, from + 1);
            back = Some((after, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Certainty;

    fn finding(code: Code, subject: &str) -> Finding {
        Finding::new(code, subject, Certainty::Proven, Vec::new())
    }

    #[test]
    fn ids_codes_and_patterns_are_left_out_and_unused_lines_are_told() {
        let text = "# known\nleaked-ip:ips/web-0.default\nlabel-drift\n\nduplicate-address:ext/172.*.9.1?\nleaked-ip:ips/gone\n";
        let mut ignore = Ignore::parse(text).unwrap();
        let mut findings = vec![
            finding(Code::LeakedIp, "ips/web-0.default"),
            finding(Code::LeakedIp, "ips/web-1.default"),
            finding(Code::LabelDrift, "Vip/a"),
            finding(Code::DuplicateAddress, "ext/172.31.9.17"),
            finding(Code::DuplicateAddress, "ext/172.31.9.7"),
        ];
        assert_eq!(ignore.apply(&mut findings), 3);
        let left: Vec<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(left, ["leaked-ip:ips/web-1.default", "duplicate-address:ext/172.31.9.7"]);
        assert_eq!(ignore.unused(), [(6, "leaked-ip:ips/gone".to_owned())]);
    }

    #[test]
    fn a_line_that_names_no_code_is_an_error_with_its_number() {
        let error = Ignore::parse("label-drift\nleeked-ip:ips/a\n").unwrap_err();
        assert!(error.to_string().starts_with("line 2: `leeked-ip`"), "{error}");
    }

    #[test]
    fn patterns_match_whole_subjects() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a?c", "ac", false),
            ("*b*b*", "abab", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
