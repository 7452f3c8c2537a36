//! Paragraphs: cleaned of control characters, and wrapped.
//!
//! In: text that may come from the cluster. Out: lines. Guarantees: no control character gets through, so that a name in a
//! dump cannot steer a terminal; no line is longer than asked, except by a single word that is.

use crate::look::Look;
use std::borrow::Cow;
use std::fmt::Write;

/// The text with control characters (and those that turn the direction of writing) shown as escapes.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\t' => cleaned.push(' '),
            c if is_unsafe(c) => cleaned.extend(c.escape_unicode()),
            c => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// How many columns a text takes, by its characters.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Appends a paragraph: `head` before its first line, as many spaces before the others. `head` may be painted, and is
/// `head_columns` wide.
pub fn paragraph(out: &mut String, look: &Look, head: &str, head_columns: usize, text: &str) {
    let text = clean(text);
    let room = look.columns().saturating_sub(head_columns).max(20);
    out.push_str(head);
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let width = columns(word);
        if used > 0 && used + 1 + width > room {
            let _ = write!(out, "\n{:head_columns$}", "");
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += width;
    }
    out.push('\n');
}

/// `1 error`, `2 errors`.
#[must_use]
pub fn count_of(count: usize, singular: &str, plural: &str) -> String {
    format!("{count} {}", if count == 1 { singular } else { plural })
}

/// A kind in the plural, as people write it: `2 Pods`, `3 IPs`, `1 SwitchLBRule`.
#[must_use]
pub fn count_of_kind(count: usize, kind: api::slim::Kind) -> String {
    let name = kind.name();
    if count == 1 {
        return format!("1 {name}");
    }
    match name.strip_suffix('y') {
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_name_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(clean("plain"), "plain");
    }

    #[test]
    fn lines_are_wrapped_at_words_and_indented() {
        let mut out = String::new();
        let look = Look { width: 40, ..Look::default() };
        paragraph(&mut out, &look, "  why  ", 7, "one two three four five six seven eight nine ten");
        assert_eq!(out, "  why  one two three four five six seven\n       eight nine ten\n");
        assert!(out.lines().all(|line| columns(line) <= 40));
    }

    #[test]
    fn kinds_are_counted_as_people_write_them() {
        assert_eq!(count_of_kind(2, api::slim::Kind::QosPolicy), "2 QoSPolicies");
        assert_eq!(count_of_kind(1, api::slim::Kind::Pod), "1 Pod");
    }
}
