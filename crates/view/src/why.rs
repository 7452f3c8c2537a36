//! Why somebody has an address, and what keeps it from being free.
//!
//! In: a claim, whether its pod lives; of a machine that migrates, both pods. Out: lines for people. Guarantees: says only what the claim and the pod say; the rules are
//! those of the controller (docs/operations.md), in words.

use api::names::conditions::COOLING_DOWN;
use api::slim::{AddressClaim, ClaimOccupant, Field};
use std::fmt::Write as _;

/// What is known of the pod that uses an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pod {
    /// It is there: namespace and name.
    Lives(String),
    /// It has ended, and its object is there.
    Ended(String),
    /// There is no such pod.
    Gone,
}

/// The decision about a claim, and its evidence; the pods are those of [`api::slim::AddressClaimStatus::users`].
#[must_use]
pub fn why(claim: &AddressClaim, pods: &[Pod]) -> String {
    let (spec, status) = (&claim.spec, &claim.status);
    let address = spec.address.get().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{address} on wire {} is held by {}\n", spec.wire, holder(claim));
    let mut line = |label: &str, words: String| {
        let _ = writeln!(text, "  {label:<9} {words}");
    };
    line("claim", format!("{}, made for Subnet {}{}", claim.meta.name, spec.subnet, since(claim)));
    line("entitled", entitled(&spec.holder.kind).to_owned());
    for (at, ((user, said), pod)) in status.users().zip(pods).enumerate() {
        line(if at == 0 { "in use by" } else { "moves to" }, in_words(user, pod));
        line("let go", let_go(*said == user.pod_uid));
    }
    if !status.programmed.gateway.is_empty() {
        line(
            "gateway",
            format!("{} has it on its interface, and must say when it has no more", status.programmed.gateway),
        );
    }
    if let Field::Is(until) = &status.quarantine.until {
        line("kept", format!("until {until}: it answered on the wire without a claim"));
    }
    for said in status.conditions.iter().filter(|said| said.status == "True") {
        let label =
            if said.type_ == COOLING_DOWN { "resting".to_owned() } else { said.type_.to_lowercase().to_string() };
        line(&label, said.message.to_string());
    }
    text
}

fn in_words(user: &ClaimOccupant, pod: &Pod) -> String {
    match pod {
        Pod::Lives(name) => format!("pod {name} on node {}", user.node),
        Pod::Ended(name) => format!("pod {name} on node {}, which has ended", user.node),
        Pod::Gone => format!("pod {}, which is gone, on node {}", user.pod_uid, user.node),
    }
}

fn let_go(is_said: bool) -> String {
    if is_said {
        return "yes: its node's agent, or an operator, has said that the address is off the wire, and stays off"
            .to_owned();
    }
    "no: that takes the word of that node's agent, or that the node is given up, or, once the pod is gone, `ipledger release`".to_owned()
}

fn since(claim: &AddressClaim) -> String {
    claim.meta.created.get().map(|time| format!(", since {time}")).unwrap_or_default()
}

/// A holder in words.
#[must_use]
pub fn holder(claim: &AddressClaim) -> String {
    let holder = &claim.spec.holder;
    let slash = if holder.namespace.is_empty() { "" } else { "/" };
    let nic = if holder.nic.is_empty() { String::new() } else { format!(" ({})", holder.nic) };
    format!("{} {}{slash}{}{nic}", holder.kind, holder.namespace, holder.name)
}

/// Until when a kind of holder is entitled.
fn entitled(kind: &str) -> &'static str {
    match kind {
        "Pod" => "while the pod exists and has not ended",
        "StatefulSet" => "while the StatefulSet exists and has a place for this ordinal",
        "VirtualMachine" => "while the machine exists, running or stopped, and has this network",
        "VpcNatGateway" => "while the gateway exists and has this interface",
        "IptablesEIP" => "while the EIP exists, and after that until its gateway has the address no more",
        "Vip" => "while the Vip exists",
        "Reservation" => "while the IP object that reserves it exists",
        "Quarantine" => "until its time is over",
        _ => "while its object exists",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use api::slim::read_claim;

    #[test]
    fn of_a_machine_that_migrates_both_pods_are_told_each_with_its_own_word() {
        let claim = br#"{"metadata":{"name":"w.10.0.0.1"},"spec":{"wire":"w","address":"10.0.0.1","subnet":"s",
            "holder":{"kind":"VirtualMachine","namespace":"d","name":"v","nic":"w"}},
            "status":{"occupant":{"podUID":"s","node":"n1"},"target":{"occupant":{"podUID":"t","node":"n2"},"letGo":{"podUID":"t"}}}}"#;
        let claim = read_claim(claim).unwrap();
        let text = why(&claim, &[Pod::Lives("d/one".to_owned()), Pod::Gone]);
        assert!(text.contains("in use by pod d/one on node n1\n  let go    no:"), "{text}");
        assert!(text.contains("moves to  pod t, which is gone, on node n2\n  let go    yes:"), "{text}");
    }
}
