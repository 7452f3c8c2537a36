//! A plan as text.
//!
//! In: a plan. Out: lines. Guarantees: each action with its reason, the exact call, the preconditions, what is looked at
//! again and what will be true; then what a person has to decide.

use super::guard::sentence;
use crate::look::{Look, Role};
use crate::text::{clean, count_of, paragraph};
use engine::repair::{Action, Change, Plan};
use std::fmt::Write;

/// Where the texts of an action begin.
const INDENT: usize = 15;

/// The plan as text.
#[must_use]
pub fn render(plan: &Plan, look: &Look) -> String {
    let mut out = String::new();
    for (i, action) in plan.actions.iter().enumerate() {
        let _ = writeln!(out, "{}", look.paint(Role::Title, &format!("{}. {}", i + 1, headline(action))));
        action_text(&mut out, action, look);
        out.push('\n');
    }
    if !plan.decisions.is_empty() {
        let _ = writeln!(out, "{}", look.paint(Role::Title, "For a person to decide"));
        for decision in &plan.decisions {
            out.push('\n');
            labelled(&mut out, look, "finding", decision.finding.as_str());
            labelled(&mut out, look, "seen", &decision.message);
            labelled(&mut out, look, "decide", &decision.decide);
        }
        out.push('\n');
    }
    let (actions, decisions) = (plan.actions.len(), plan.decisions.len());
    let _ = writeln!(
        out,
        "{}, {}",
        match actions {
            0 => "nothing to repair that is provably safe".to_owned(),
            actions => count_of(actions, "action", "actions"),
        },
        match decisions {
            0 => "nothing to decide".to_owned(),
            decisions => format!("{} for a person", count_of(decisions, "decision", "decisions")),
        }
    );
    out
}

fn headline(action: &Action) -> String {
    let what = match &action.change {
        Change::Delete => "delete",
        Change::SetLabels(_) => "label",
    };
    clean(&format!("{what} {}", action.object)).into_owned()
}

/// Appends what an action does, why, and on which conditions.
pub fn action_text(out: &mut String, action: &Action, look: &Look) {
    labelled(out, look, "because", &action.reason);
    labelled(out, look, "call", &format!("{} {}", action.method(), action.path()));
    if let Change::SetLabels(labels) = &action.change {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        labelled(out, look, "labels", &labels.join(", "));
    }
    let preconditions = format!("uid {}, resourceVersion {}", action.object.uid, action.resource_version);
    labelled(out, look, "only if", &preconditions);
    for guard in &action.guards {
        labelled(out, look, "and", &sentence(guard));
    }
    labelled(out, look, "afterwards", &action.afterwards);
}

fn labelled(out: &mut String, look: &Look, label: &str, text: &str) {
    let width = INDENT - 3;
    let padded = format!("{label:width$}");
    paragraph(out, look, &format!("   {}", look.paint(Role::Dim, &padded)), INDENT, text);
}
