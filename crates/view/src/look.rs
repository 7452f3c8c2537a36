//! How text looks: colour or none, the characters that may be used, the width.
//!
//! In: what the caller knows of the terminal. Out: painted text. Guarantees: without colour there is not one escape
//! sequence; in ASCII not one other character of ours; every state is told by its word or shape, colour only repeats it.

use anstyle::{AnsiColor, Style};
use std::fmt;

/// How text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether escape sequences for colour may be used.
    pub color: bool,
    /// Whether only ASCII characters may be used.
    pub ascii: bool,
    /// Columns to wrap text at.
    pub width: usize,
    /// Whether tables must keep to these columns, too: on a terminal. Elsewhere a row is one line, for `grep` and `awk`.
    pub fit: bool,
}

/// The narrowest terminal that text is wrapped for: below that, words would stand one by one.
const NARROWEST: usize = 40;
/// Columns where no terminal tells its width.
pub const DEFAULT_WIDTH: usize = 100;

impl Default for Look {
    fn default() -> Self {
        Self { color: false, ascii: false, width: DEFAULT_WIDTH, fit: false }
    }
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Something is wrong.
    Error,
    /// Something will be wrong.
    Warning,
    /// Good to know.
    Info,
    /// A heading.
    Title,
    /// In use.
    Used,
    /// Free.
    Free,
    /// Beside the point.
    Dim,
    /// Nothing special.
    Plain,
}

impl Role {
    fn style(self) -> Style {
        let color = |color: AnsiColor| color.on_default();
        match self {
            Self::Error => color(AnsiColor::Red).bold(),
            Self::Warning => color(AnsiColor::Yellow).bold(),
            Self::Info => color(AnsiColor::Cyan),
            Self::Title => Style::new().bold(),
            Self::Used => color(AnsiColor::Blue),
            Self::Free => color(AnsiColor::Green),
            Self::Dim => Style::new().dimmed(),
            Self::Plain => Style::new(),
        }
    }
}

/// Text in the colour of its role.
#[derive(Debug, Clone, Copy)]
pub struct Painted<'a> {
    text: &'a str,
    style: Option<Style>,
}

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => write!(f, "{style}{}{style:#}", self.text),
            None => f.write_str(self.text),
        }
    }
}

impl Look {
    /// Text in the colour of its role, where colour is allowed.
    #[must_use]
    pub fn paint<'a>(&self, role: Role, text: &'a str) -> Painted<'a> {
        Painted { text, style: (self.color && role != Role::Plain).then(|| role.style()) }
    }

    /// The columns to wrap at, never fewer than can hold a word or two.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.width.max(NARROWEST)
    }

    /// The first text, or in ASCII the second.
    #[must_use]
    pub fn pick<'a>(&self, rich: &'a str, ascii: &'a str) -> &'a str {
        if self.ascii { ascii } else { rich }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_there_is_no_escape_sequence() {
        let plain = Look::default();
        assert_eq!(plain.paint(Role::Error, "x").to_string(), "x");
        let colour = Look { color: true, ..plain };
        assert!(colour.paint(Role::Error, "x").to_string().starts_with('\u{1b}'));
        assert_eq!(colour.paint(Role::Plain, "x").to_string(), "x");
    }
}
