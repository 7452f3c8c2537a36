//! The list of all codes, for `ipledger explain` without one; each story itself is the engine's.
//!
//! In: nothing. Out: text. Guarantees: every code stands in it, with its severity and the first sentence of its story.

use crate::look::Look;
use crate::text::paragraph;
use engine::Code;
use engine::explain::explain;

/// All codes with their severity and the first sentence of their story.
#[must_use]
pub fn list(look: &Look) -> String {
    let mut out = String::new();
    for code in Code::ALL {
        let head = format!("{:20} {:8} ", code.name(), code.severity().name());
        paragraph(&mut out, look, &head, head.len(), &first_sentence(explain(code)));
    }
    out
}

/// The first sentence of the first section.
fn first_sentence(text: &str) -> String {
    let section = text.split("## What it means").nth(1).unwrap_or(text).trim_start();
    let paragraph: Vec<&str> = section.lines().take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    match paragraph.find(". ") {
        Some(end) => paragraph[..=end].to_owned(),
        None => paragraph,
    }
}
