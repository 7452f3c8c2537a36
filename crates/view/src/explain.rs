//! The story of each finding: cause, how Kube-OVN gets there, how to look, how to repair.
//!
//! In: a code. Out: its text, as people read it in a terminal. Guarantees: every code has one (the match is exhaustive);
//! the first line is the code with its severity.

use engine::Code;

macro_rules! story {
    ($name:literal) => {
        include_str!(concat!("../../engine/src/explain/", $name, ".md"))
    };
}

/// The story of a code.
#[must_use]
pub fn text(code: Code) -> &'static str {
    match code {
        Code::DuplicateAddress => story!("duplicate-address"),
        Code::DoubleRecord => story!("double-record"),
        Code::MissingRecord => story!("missing-record"),
        Code::StaticConflict => story!("static-conflict"),
        Code::LeakedIp => story!("leaked-ip"),
        Code::LeakedNic => story!("leaked-nic"),
        Code::OverCapacity => story!("over-capacity"),
        Code::CountMismatch => story!("count-mismatch"),
        Code::RangeMismatch => story!("range-mismatch"),
        Code::OutsideSubnet => story!("outside-subnet"),
        Code::GatewayInUse => story!("gateway-in-use"),
        Code::DuplicateMac => story!("duplicate-mac"),
        Code::ExcludedInUse => story!("excluded-in-use"),
        Code::OverlappingSubnets => story!("overlapping-subnets"),
        Code::PoolOverlap => story!("pool-overlap"),
        Code::PoolOutsideSubnet => story!("pool-outside-subnet"),
        Code::SuspectedSameWire => story!("suspected-same-wire"),
        Code::MissingReference => story!("missing-reference"),
        Code::StuckTerminating => story!("stuck-terminating"),
        Code::RuleConflict => story!("rule-conflict"),
        Code::LabelDrift => story!("label-drift"),
        Code::MalformedObject => story!("malformed-object"),
    }
}

/// All codes with their severity and the first sentence of their story.
#[must_use]
pub fn list() -> String {
    let mut out = String::new();
    for code in Code::ALL {
        let sentence = first_sentence(text(code));
        let head = format!("{:20} {:8} ", code.name(), code.severity().name());
        crate::text::paragraph(&mut out, &crate::Look::default(), &head, head.len(), &sentence);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_is_that_of_its_code() {
        for code in Code::ALL {
            let title = text(code).lines().next().unwrap_or_default();
            assert!(title.starts_with(&format!("# {code} ({}", code.severity())), "{code}: {title}");
        }
    }
}
