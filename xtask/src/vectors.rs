//! `cargo xtask vectors FILE`: facts of Kube-OVN's allocator against the ledger.
//!
//! In: a file of vectors. Out: what differs, and how many hold; success when all sound vectors hold. A quirk that
//! differs is listed, with the reason where it was decided, and fails nothing.

mod quirks;
mod schema;
mod world;

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;
use schema::{File, Op, Vector, Verdict};
use serde_json::Value;
use world::{Answer, Word, World};

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
        for (index, name) in unknown_fields(vector) {
            let _ = writeln!(report.text, "{} op {index}: {name:?} is not of the schema and was ignored", vector.id);
        }
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

/// The fields of its operations that the schema does not know.
fn unknown_fields(vector: &Vector) -> impl Iterator<Item = (usize, &str)> {
    let ops = vector.ops.iter().enumerate();
    ops.flat_map(|(index, op)| op.unknown.keys().map(move |name| (index, name.as_str())))
}

/// Runs one vector to its end; what differs, operation by operation.
fn run_vector(vector: &Vector) -> Vec<String> {
    let mut world = World::default();
    let mut answers = Vec::new();
    let mut differs = Vec::new();
    for (index, op) in vector.ops.iter().enumerate() {
        let answer = world.run(op);
        for difference in compare(op, &answer, &answers) {
            let unchecked = if op.check_conflict == Some(false) { " without conflict check" } else { "" };
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
    match (op.expect.get("error").map(plain), answer) {
        // Upstream has no name for it: any refusal will do.
        (Some(word), Err(refused)) if word == "Other" && refused.word != Word::Unknown => Vec::new(),
        (Some(word), Err(refused)) if word == refused.word.text() => Vec::new(),
        (Some(word), Err(refused)) => vec![format!("expected {word}, got {} ({})", refused.word.text(), refused.text)],
        (Some(word), Ok(answer)) => vec![format!("expected {word}, got {answer:?}")],
        (None, Err(refused)) => {
            vec![format!("expected {:?}, got {} ({})", op.expect, refused.word.text(), refused.text)]
        }
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

    fn file(verdict: &str, ops: &str) -> String {
        format!(r#"{{"vectors":[{{"id":"x","verdict":"{verdict}","ops":[{ops}]}}]}}"#)
    }

    const SUBNET: &str =
        r#"{"op":"subnet","cidr":"10.0.0.0/29","gateway":"10.0.0.1","exclude":["10.0.0.1"],"expect":{}}"#;

    #[test]
    fn a_sound_vector_that_does_not_hold_is_counted_and_shown() {
        let wrong = format!(r#"{SUBNET},{{"op":"random","owner":"p1","expect":{{"v4":"10.0.0.3","v6":""}}}}"#);
        let report = judge(&file("sound", &wrong)).unwrap();
        assert_eq!(report.sound_failed, 1);
        assert!(
            report.text.contains(r#"op 1 (Random p1): v4: expected "10.0.0.3", got "10.0.0.2""#),
            "{}",
            report.text
        );
        assert_eq!(judge(&file("quirk", &wrong)).unwrap().sound_failed, 0);
    }

    #[test]
    fn every_kind_of_wrong_expectation_is_noticed() {
        for op in [
            r#"{"op":"random","owner":"p1","expect":{"error":"Conflict"}}"#,
            r#"{"op":"static","owner":"p1","ip":"10.0.0.9","expect":{"error":"Conflict"}}"#,
            r#"{"op":"static","owner":"p1","ip":"10.0.0.9","expect":{"v4":"10.0.0.9"}}"#,
            r#"{"op":"random","owner":"p1","mac":"00:11:22:33:44:55","expect":{"mac":"00:11:22:33:44:56"}}"#,
            r#"{"op":"random","owner":"p1","expect":{"mac_same_as_op":0}}"#,
            r#"{"op":"random","owner":"p1","expect":{"v5":""}}"#,
            r#"{"op":"set_pool","pool":"a","ips":["10.0.0.3"],"expect":{"error":"Other"}}"#,
            r#"{"op":"pool_stats","pool":"","expect":{"v4_available":"6"}}"#,
            r#"{"op":"subnet_ranges","ignore":[],"expect":{"v4_available":"10.0.0.2-10.0.0.7"}}"#,
            r#"{"op":"in_use","ip":"10.0.0.3","expect":{"in_use":true}}"#,
            r#"{"op":"assigned_to_other","ip":"10.0.0.3","owner":"p1","expect":{"by":"p2"}}"#,
            r#"{"op":"subnet","cidr":"10.0.0.0/33","expect":{}}"#,
        ] {
            let report = judge(&file("sound", &format!("{SUBNET},{op}"))).unwrap();
            assert_eq!(report.sound_failed, 1, "{op}");
        }
    }

    #[test]
    fn the_error_words_of_the_schema_are_told_apart() {
        for (op, word) in [
            (r#"{"op":"random","owner":"p1","subnet":"t","#, "NoSubnet"),
            (r#"{"op":"static","owner":"p1","ip":"10.0.0.5","subnet":"t","#, "NoSubnet"),
            (r#"{"op":"static","owner":"p1","ip":"10.0.0.x","#, "InvalidIP"),
            (r#"{"op":"static","owner":"p1","ip":"10.0.0.1","#, "Conflict"),
            (r#"{"op":"static","owner":"p1","ip":"10.0.0.7","#, "OutOfRange"),
            (r#"{"op":"static","owner":"p1","ip":"fd00::5","#, "OutOfRange"),
            (r#"{"op":"random","owner":"p1","family":"IPv6","#, "InvalidIPFamily"),
            (r#"{"op":"random","owner":"p1","family":"Dual","#, "InvalidIPFamily"),
            (r#"{"op":"random","owner":"p1","pool":"none","#, "NoAvailable"),
            (
                r#"{"op":"random","owner":"p1","skip":["10.0.0.2","10.0.0.3","10.0.0.4","10.0.0.5","10.0.0.6"],"#,
                "Conflict",
            ),
            (r#"{"op":"random","owner":"p1","mac":"no mac","#, "Other"),
            (r#"{"op":"set_pool","pool":"a","ips":["10.0.0.300"],"#, "InvalidIP"),
            (r#"{"op":"set_pool","pool":"a","ips":["10.0.0.0/40"],"#, "Other"),
            (r#"{"op":"set_pool","pool":"a","ips":["10.0.0.3"],"subnet":"t","#, "Other"),
            (r#"{"op":"subnet","cidr":"","#, "InvalidCIDR"),
            (r#"{"op":"subnet","cidr":"10.0.0.0/24,fd00::/64","gateway":"10.0.0.1","#, "Other"),
        ] {
            let ops = format!(r#"{SUBNET},{op}"expect":{{"error":"{word}"}}}}"#);
            let report = judge(&file("sound", &ops)).unwrap();
            assert_eq!(report.sound_failed, 0, "{}", report.text);
        }
    }

    #[test]
    fn what_is_not_of_the_schema_is_shown_and_never_passes_for_sound() {
        assert!(judge("{").is_err());
        assert!(judge(&file("dubious", "")).is_err());
        assert_eq!(judge(&file("sound", r#"{"op":"renumber","expect":{"error":"Other"}}"#)).unwrap().sound_failed, 1);
        let coloured =
            r#"{"op":"random","owner":"p1","colour":"blue","nic":null,"skip":null,"expect":{"v4":"10.0.0.2"}}"#;
        let report = judge(&file("sound", &format!("{SUBNET},{coloured}"))).unwrap();
        assert_eq!(report.sound_failed, 0);
        assert!(report.text.contains(r#"x op 1: "colour" is not of the schema and was ignored"#), "{}", report.text);
    }
}
