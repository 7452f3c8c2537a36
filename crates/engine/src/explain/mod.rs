//! The story of each finding, for `ipledger explain`.
//!
//! In: a [`Code`]. Out: a text that reads well in a terminal: what it means, how Kube-OVN gets there, how to look, how to
//! repair. Guarantees: every code has one.

use crate::finding::Code;

/// The story of a finding of that code, in Markdown.
#[must_use]
pub const fn explain(code: Code) -> &'static str {
    match code {
        Code::DuplicateAddress => include_str!("duplicate-address.md"),
        Code::DoubleRecord => include_str!("double-record.md"),
        Code::MissingRecord => include_str!("missing-record.md"),
        Code::StaticConflict => include_str!("static-conflict.md"),
        Code::LeakedIp => include_str!("leaked-ip.md"),
        Code::LeakedNic => include_str!("leaked-nic.md"),
        Code::OverCapacity => include_str!("over-capacity.md"),
        Code::CountMismatch => include_str!("count-mismatch.md"),
        Code::RangeMismatch => include_str!("range-mismatch.md"),
        Code::OutsideSubnet => include_str!("outside-subnet.md"),
        Code::GatewayInUse => include_str!("gateway-in-use.md"),
        Code::DuplicateMac => include_str!("duplicate-mac.md"),
        Code::ExcludedInUse => include_str!("excluded-in-use.md"),
        Code::OverlappingSubnets => include_str!("overlapping-subnets.md"),
        Code::PoolOverlap => include_str!("pool-overlap.md"),
        Code::PoolOutsideSubnet => include_str!("pool-outside-subnet.md"),
        Code::SuspectedSameWire => include_str!("suspected-same-wire.md"),
        Code::MissingReference => include_str!("missing-reference.md"),
        Code::StuckTerminating => include_str!("stuck-terminating.md"),
        Code::RuleConflict => include_str!("rule-conflict.md"),
        Code::LabelDrift => include_str!("label-drift.md"),
        Code::MalformedObject => include_str!("malformed-object.md"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_story_advises_a_restart_without_what_it_destroys() {
        for code in Code::ALL {
            let text = explain(code).to_lowercase();
            assert!(text.len() > 400, "{code}: {} bytes", text.len());
            let advises = text.contains("restart kube-ovn-controller") || text.contains("restart the controller");
            assert!(!advises || text.contains("reserv") || text.contains("forget"), "{code}");
        }
    }
}
