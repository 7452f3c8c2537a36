//! `cargo xtask vectors FILE`: facts of Kube-OVN's allocator against the ledger.
//!
//! In: a file of vectors. Out: what differs, and how many hold; success when all sound vectors hold. A quirk that
//! differs is listed, with the reason where it was decided, and fails nothing.

mod quirks;
mod schema;
mod world;

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;
use schema::{File, Kind, Op, Vector, Verdict};
use serde_json::Value;
use world::{Answer, World};

/// What `cargo xtask help` says about it.
pub(crate) const DOES: &str = "run facts of Kube-OVN's allocator through the ledger";

/// Runs the vectors of the one file that is named.
///
/// # Errors
/// When there is not one argument, the file cannot be read, or a sound vector does not hold.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let [path] = arguments else { anyhow::bail!("name one file of vectors") };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let report = judge(&text).with_context(|| format!("{path} is no file of vectors"))?;
    print_report(&report.text);
    anyhow::ensure!(report.sound_failed == 0, "{} sound vectors do not hold", report.sound_failed);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the report is this command's output")]
fn print_report(text: &str) {
    print!("{text}");
}

/// What came of a file.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) sound_failed: usize,
    /// The quirks that differ.
    pub(crate) quirks_differ: Vec<String>,
}

/// Runs all vectors of a file.
///
/// # Errors
/// When the text is not of the schema.
pub(crate) fn judge(text: &str) -> anyhow::Result<Report> {
    let file: File = serde_json::from_str(text)?;
    let mut report = Report { text: String::new(), sound_failed: 0, quirks_differ: Vec::new() };
    let (mut sound, mut quirks) = (0, 0);
    for vector in &file.vectors {
        let differs = run_vector(vector);
        match vector.verdict {
            Verdict::Sound => sound += 1,
            Verdict::Quirk => quirks += 1,
        }
        if differs.is_empty() {
            continue;
        }
        let note = match (vector.verdict, quirks::decision(&vector.id)) {
            (Verdict::Sound, _) => {
                report.sound_failed += 1;
                "SOUND, FAILS".to_owned()
            }
            (Verdict::Quirk, Some(decision)) if !decision.followed => format!("quirk, not followed: {}", decision.why),
            (Verdict::Quirk, Some(decision)) => format!("quirk, should be followed ({}) but is not", decision.why),
            (Verdict::Quirk, None) => "quirk, not decided".to_owned(),
        };
        if vector.verdict == Verdict::Quirk {
            report.quirks_differ.push(vector.id.clone());
        }
        let _ = writeln!(report.text, "{} ({}): {note}", vector.id, vector.title);
        for line in differs {
            let _ = writeln!(report.text, "    {line}");
        }
    }
    let _ = writeln!(
        report.text,
        "{} of {sound} sound vectors hold; of {quirks} quirks {} are as in Kube-OVN",
        sound - report.sound_failed,
        quirks - report.quirks_differ.len()
    );
    Ok(report)
}

/// Runs one vector to its end; what differs, operation by operation.
fn run_vector(vector: &Vector) -> Vec<String> {
    let mut world = World::default();
    let mut answers = Vec::new();
    let mut differs = Vec::new();
    for (index, op) in vector.ops.iter().enumerate() {
        let answer = world.run(op);
        for difference in compare(op, &answer, &answers) {
            let unchecked = if op.check_conflict { "" } else { " without conflict check" };
            differs.push(format!("op {index} ({}{unchecked}): {difference}", describe(op)));
        }
        answers.push(answer);
    }
    differs
}

fn describe(op: &Op) -> String {
    let what = [op.cidr.as_str(), op.owner.as_str(), op.ip.as_str(), op.pool.as_deref().unwrap_or_default()];
    let what: Vec<_> = what.into_iter().filter(|text| !text.is_empty()).collect();
    format!("{:?} {}", op.op, what.join(" "))
}

fn compare(op: &Op, answer: &Answer, before: &[Answer]) -> Vec<String> {
    let expects_answer = !matches!(op.op, Kind::Release | Kind::RemovePool);
    match (op.expect.get("error").map(plain), answer) {
        // Upstream has no name for it: any refusal will do.
        (Some(word), Err(_)) if word == "Other" => Vec::new(),
        (Some(word), Err(refused)) if word == refused.word.text() => Vec::new(),
        (Some(word), Err(refused)) => vec![format!("expected {word}, got {} ({})", refused.word.text(), refused.text)],
        (Some(word), Ok(answer)) => vec![format!("expected {word}, got {answer:?}")],
        (None, Err(refused)) if expects_answer => {
            vec![format!("expected {:?}, got {} ({})", op.expect, refused.word.text(), refused.text)]
        }
        (None, Err(_)) => Vec::new(),
        (None, Ok(answer)) => {
            let fields = op.expect.iter();
            fields.filter_map(|(name, value)| compare_field(name, value, answer, before)).collect()
        }
    }
}

fn compare_field(name: &str, expected: &Value, answer: &BTreeMap<String, String>, before: &[Answer]) -> Option<String> {
    let (name, expected) = if name == "mac_same_as_op" {
        let index = expected.as_u64().and_then(|index| usize::try_from(index).ok());
        let earlier = index.and_then(|index| before.get(index)).and_then(|answer| answer.as_ref().ok());
        match earlier.and_then(|answer| answer.get("mac")) {
            Some(mac) => ("mac", mac.clone()),
            None => return Some(format!("mac_same_as_op {expected} names no operation with a MAC")),
        }
    } else {
        (name, plain(expected))
    };
    match answer.get(name) {
        None => Some(format!("expects {name:?}, which this operation does not answer")),
        Some(got) if same(name, &expected, got) => None,
        Some(got) => Some(format!("{name}: expected {expected:?}, got {got:?}")),
    }
}

/// Values are compared as what they are, where a text can be spelled in several ways.
fn same(name: &str, expected: &str, got: &str) -> bool {
    let mac = |text: &str| text.parse::<ledger::Mac>().ok();
    let addr = |text: &str| text.parse::<ledger::Addr>().ok();
    match name {
        "mac" if mac(expected).is_some() => mac(expected) == mac(got),
        "v4" | "v6" if addr(expected).is_some() => addr(expected) == addr(got),
        _ => expected == got,
    }
}

/// A JSON value as the text that answers use.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../crates/ledger/tests/data/allocation-vectors.json");

    #[test]
    fn every_sound_fact_of_kube_ovns_allocator_holds() {
        let report = judge(SHIPPED).unwrap();
        assert_eq!(report.sound_failed, 0, "{}", report.text);
    }

    #[test]
    fn every_quirk_is_followed_or_not_as_decided() {
        let report = judge(SHIPPED).unwrap();
        let file: File = serde_json::from_str(SHIPPED).unwrap();
        for vector in file.vectors.iter().filter(|vector| vector.verdict == Verdict::Quirk) {
            let decision = quirks::decision(&vector.id).unwrap_or_else(|| panic!("{} is not decided", vector.id));
            let differs = report.quirks_differ.contains(&vector.id);
            assert_eq!(differs, !decision.followed, "{} ({}): {}", vector.id, decision.why, report.text);
        }
    }
}
