//! The purity check: the functional core stays one.
//!
//! In: the sources of the pure crates. Out: every place that reads a clock, a file, a socket, the environment or a source
//! of randomness, starts a thread, waits, blocks, or depends on the order of a hash. Tests inside these crates are free.

use super::complain;
use super::tokens::{Token, tokens};
use crate::workspace::{self, read, rust_files, shown};
use anyhow::{Context, Result};

/// Crates in which two runs on one input give one output, byte for byte.
const PURE: &[&str] = &["ledger", "engine", "model", "view"];

/// Words that have no place in them, wherever they stand, and why.
const WORDS: &[(&str, &str)] = &[
    ("HashMap", "its order depends on a hash: use BTreeMap"),
    ("HashSet", "its order depends on a hash: use BTreeSet"),
    ("RandomState", "randomness is an argument"),
    ("SystemTime", "time is an argument"),
    ("Instant", "time is an argument"),
    ("async", "the core is synchronous"),
    ("await", "the core is synchronous"),
    ("thread_local", "the core has no state of its own"),
    ("Mutex", "the core never blocks"),
    ("RwLock", "the core never blocks"),
    ("Condvar", "the core never blocks"),
    ("TcpStream", "no I/O in the core"),
    ("TcpListener", "no I/O in the core"),
    ("UdpSocket", "no I/O in the core"),
    ("ToSocketAddrs", "it asks a name server: no I/O in the core"),
];

/// Paths that have no place in them, and why. Address types of `std::net` are values, not I/O, and are not listed.
const PATHS: &[(&[&str], &str)] = &[
    (&["std", "fs"], "no I/O in the core"),
    (&["std", "io"], "no I/O in the core"),
    (&["std", "os"], "no I/O in the core"),
    (&["std", "env"], "what the core depends on is an argument"),
    (&["std", "process"], "no I/O in the core"),
    (&["std", "thread"], "the core is one thread"),
    (&["std", "sync", "mpsc"], "the core never blocks"),
    (&["rand"], "randomness is an argument"),
    (&["tokio"], "the core is synchronous"),
    (&["futures"], "the core is synchronous"),
    (&["Timestamp", "now"], "time is an argument"),
    (&["Zoned", "now"], "time is an argument"),
];

/// Checks all pure crates.
///
/// # Errors
/// A file cannot be read or taken apart, or holds something impure.
pub(super) fn check() -> Result<()> {
    let mut complaints = Vec::new();
    for name in PURE {
        for path in rust_files(&workspace::root().join("crates").join(name).join("src"))? {
            // A module of its own for tests: `#[cfg(test)] mod tests;` is in another file.
            if path.file_stem().is_some_and(|stem| stem == "tests") || path.iter().any(|part| part == "tests") {
                continue;
            }
            let found = impurities(&read(&path)?).with_context(|| shown(&path))?;
            complaints.extend(found.into_iter().map(|(line, what)| format!("{}:{line}: {what}", shown(&path))));
        }
    }
    complain(&complaints, "Take it as an argument, or do it in a crate of the shell")
}

/// Every impure place of a file: its line, and what is wrong.
fn impurities(text: &str) -> Result<Vec<(usize, String)>> {
    let tokens = tokens(text)?;
    let mut found = Vec::new();
    for token in &tokens {
        if let Some((word, why)) = WORDS.iter().find(|(word, _)| *word == token.text) {
            found.push((token.line, format!("`{word}`: {why}")));
        }
    }
    for (line, path) in paths(&tokens) {
        if let Some((bad, why)) = PATHS.iter().find(|(bad, _)| matches(&path, bad)) {
            found.push((line, format!("`{}`: {why}", bad.join("::"))));
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a path starts with the bad one, or, for an associated function such as `Timestamp::now`, ends with it.
fn matches(path: &[&str], bad: &[&str]) -> bool {
    path.starts_with(bad) || (bad.len() > 1 && bad[0].starts_with(char::is_uppercase) && path.ends_with(bad))
}

/// Every path in the tokens, with the trees of `use` written out: `std::{fs, net::IpAddr}` is two paths. A path of one
/// part that is the name of a variable is among them too: only a crate's name is looked for there.
fn paths(tokens: &[Token]) -> Vec<(usize, Vec<&str>)> {
    let mut found = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        if is_word(&tokens[index].text) {
            index = read_path(tokens, index, &[], &mut found);
        } else {
            index += 1;
        }
    }
    found
}

/// Reads one path that continues `before`; gives the index after it.
fn read_path<'a>(
    tokens: &'a [Token],
    start: usize,
    before: &[&'a str],
    found: &mut Vec<(usize, Vec<&'a str>)>,
) -> usize {
    let mut path = before.to_vec();
    path.push(&tokens[start].text);
    let mut index = start + 1;
    while follows(tokens, index, &[":", ":"]) {
        let Some(next) = tokens.get(index + 2) else { break };
        if next.text == "{" {
            return read_tree(tokens, index + 3, &path, found);
        }
        if !is_word(&next.text) {
            break;
        }
        path.push(&next.text);
        index += 3;
    }
    // One word alone says nothing, unless it came out of a `use` tree.
    if path.len() > 1 {
        found.push((tokens[start].line, path));
    }
    index
}

/// Reads `a, b::c}` of a `use` tree; gives the index after the brace.
fn read_tree<'a>(
    tokens: &'a [Token],
    mut index: usize,
    before: &[&'a str],
    found: &mut Vec<(usize, Vec<&'a str>)>,
) -> usize {
    while let Some(token) = tokens.get(index) {
        if token.text == "}" {
            return index + 1;
        }
        index = if is_word(&token.text) { read_path(tokens, index, before, found) } else { index + 1 };
    }
    index
}

fn follows(tokens: &[Token], index: usize, texts: &[&str]) -> bool {
    texts.iter().enumerate().all(|(offset, text)| tokens.get(index + offset).is_some_and(|token| token.text == *text))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        impurities(text).unwrap().into_iter().map(|(line, what)| format!("{line} {what}")).collect()
    }

    #[test]
    fn pure_code_is_clean() {
        let text = "//! No HashMap, no std::fs.\nuse std::{collections::BTreeMap, net::{IpAddr, Ipv4Addr}};\n\
                    fn now(rand: u64) -> u64 { let io = rand; io }";
        assert_eq!(found(text), Vec::<String>::new());
    }

    #[test]
    fn a_use_tree_is_written_out() {
        assert_eq!(found("use std::{\n collections::BTreeMap,\n fs::{self, File},\n};").len(), 2);
        assert_eq!(found("use std::sync::{Arc, mpsc};"), ["1 `std::sync::mpsc`: the core never blocks"]);
    }

    #[test]
    fn a_clock_is_found_however_it_is_reached() {
        assert_eq!(found("fn f() { let t = jiff::Timestamp::now(); }"), ["1 `Timestamp::now`: time is an argument"]);
        assert_eq!(found("use jiff::Timestamp;\nfn f() { Timestamp::now(); }").len(), 1);
        assert_eq!(found("fn f(t: std::time::Instant) {}").len(), 1);
        assert_eq!(found("fn f() -> Zoned { Zoned::now() }").len(), 1);
    }

    #[test]
    fn hashes_threads_waiting_and_randomness_are_found() {
        for text in [
            "use std::collections::HashMap;",
            "fn f() { std::thread::spawn(|| ()); }",
            "async fn f() {}",
            "fn f() -> u8 { rand::random() }",
            "macro_rules! m { () => { std::env::var(\"A\") } }",
        ] {
            assert_eq!(found(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn tests_are_free() {
        assert_eq!(found("#[cfg(test)]\nmod tests { use std::collections::HashSet; }").len(), 0);
    }
}
