//! Rust source as a flat list of tokens.
//!
//! In: the text of a file. Out: its tokens in order, each with its line; comments, strings and `#[cfg(test)]` items are
//! not among them, so that a word in a sentence or in a test is never taken for code.

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A word or a sign, and the line it stands on (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// Takes a file apart.
///
/// # Errors
/// The text is not a sequence of Rust tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>> {
    let stream: TokenStream = text.parse().map_err(|error| anyhow!("not Rust: {error}"))?;
    let mut found = Vec::new();
    flatten(stream, &mut found);
    Ok(found)
}

fn flatten(stream: TokenStream, found: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut index = 0;
    while let Some(tree) = trees.get(index) {
        if is_test_attribute(&trees[index..]) {
            index = after_item(&trees, index + 2);
            continue;
        }
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = signs(group.delimiter());
                found.push(Token { text: open.to_owned(), line: group.span_open().start().line });
                flatten(group.stream(), found);
                found.push(Token { text: close.to_owned(), line: group.span_close().start().line });
            }
            TokenTree::Literal(_) => {}
            other => found.push(Token { text: other.to_string(), line: other.span().start().line }),
        }
        index += 1;
    }
}

const fn signs(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::None => ("", ""),
    }
}

/// Whether the next two trees are `#[cfg(test)]` or `#[test]`.
fn is_test_attribute(trees: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(group), ..] = trees else { return false };
    let attribute: String = group.stream().to_string().split_whitespace().collect();
    hash.as_char() == '#' && matches!(attribute.as_str(), "cfg(test)" | "test")
}

/// The index after the item that starts at `index`: behind its first `;` or its first `{...}`.
fn after_item(trees: &[TokenTree], mut index: usize) -> usize {
    while let Some(tree) = trees.get(index) {
        index += 1;
        let ends = match tree {
            TokenTree::Punct(sign) => sign.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if ends {
            break;
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        tokens(text).unwrap().into_iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_strings_leave_no_word() {
        assert_eq!(words("// HashMap\n/* Instant */ let a = \"HashSet\";"), "let a = ;");
        assert!(!words("/// A HashMap.\nfn f() {}").contains("HashMap"));
    }

    #[test]
    fn test_modules_are_left_out_and_what_follows_is_not() {
        assert_eq!(words("#[cfg(test)] mod tests { use std::fs; } fn f() {}"), "fn f ( ) { }");
        assert_eq!(words("#[cfg(test)] mod tests; fn f() {}"), "fn f ( ) { }");
        assert_eq!(words("mod m { #[cfg(test)] fn g() {} fn h() {} }"), "mod m { fn h ( ) { } }");
    }

    #[test]
    fn lines_count_from_one() {
        let found = tokens("use a;\n\nuse b;").unwrap();
        assert_eq!(found[0].line, 1);
        assert_eq!(found[3].line, 3);
    }

    #[test]
    fn text_that_is_not_rust_is_an_error() {
        assert!(tokens("fn f( {").is_err());
    }
}
