//! The controller's decisions as lines for people.
//!
//! In: its log. Out: a line on stdout for each decision about an address: what, which address, whose, why. Guarantees: takes
//! only what the controller says of itself; what only follows from a decision is left out.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// See the module.
pub(crate) struct Narrator;

#[derive(Default)]
struct Said(BTreeMap<&'static str, String>);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Said {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// What, the address, and the rest in words.
    fn line(&self) -> String {
        let message = self.get("message").unwrap_or_default();
        let mut line = format!("  {message:<12}");
        let _ = write!(line, " {:<14}", self.get("address").unwrap_or_default());
        for (name, before) in [("holder", ""), ("nic", ", "), ("node", " on "), ("why", ": ")] {
            if let Some(text) = self.get(name) {
                let space = if before.is_empty() { " " } else { before };
                let _ = write!(line, "{space}{text}");
            }
        }
        line
    }
}

impl<S: Subscriber> Layer<S> for Narrator {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() != "controller::decision" {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        if said.get("holder").is_some() {
            // A reader that went away has what it wanted.
            let _ = crate::output::print(&format!("{}\n", said.line().trim_end()));
        }
    }
}
