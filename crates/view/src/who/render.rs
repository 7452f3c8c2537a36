//! An answer as text.
//!
//! In: [`Who`]. Out: lines. Guarantees: the state stands first, then what stops the address from being used, then who says
//! what; whether a mention counts is a column.

use super::Who;
use super::address::AddressAnswer;
use super::mention::Mention;
use super::name::{NameAnswer, PodLine};
use super::place::{Neighbour, Place};
use crate::look::{Look, Role};
use crate::subnet::findings;
use crate::table::{Cell, Table};
use crate::text::{clean, paragraph};
use std::collections::BTreeSet;
use std::fmt::Write;

/// How many holders of one address are described; all their objects stand in the table.
const HOLDERS_SHOWN: usize = 8;

impl Who {
    /// The answer as text; `wide` adds the UIDs of the objects.
    #[must_use]
    pub fn render(&self, look: &Look, wide: bool) -> String {
        let mut out = String::new();
        match self {
            Self::Address(answer) => answer.render(&mut out, look, wide),
            Self::Name(answer) => answer.render(&mut out, look, wide),
        }
        out
    }
}

impl AddressAnswer {
    fn render(&self, out: &mut String, look: &Look, wide: bool) {
        let _ = writeln!(out, "{}", look.paint(Role::Title, &self.address));
        if self.places.is_empty() {
            out.push_str("  no Subnet that was read contains it, and no record that was read has it\n");
        }
        for place in &self.places {
            place.render(out, look);
        }
        mentions(out, &self.mentions, look, wide);
        // Where Subnets overlap, what was found about the address is told once.
        let mut told = BTreeSet::new();
        let once = self.places.iter().flat_map(|place| &place.findings).filter(|line| told.insert(&line.id));
        findings(out, &once.cloned().collect::<Vec<_>>(), look);
    }
}

impl Place {
    fn render(&self, out: &mut String, look: &Look) {
        let subnet = match (&self.subnet, &self.cidr) {
            (Some(name), Some(cidr)) => format!("Subnet {name} ({cidr}) on wire {}", self.wire),
            (Some(name), None) => format!("Subnet {name} on wire {}", self.wire),
            (None, _) => format!("wire {}", self.wire),
        };
        let _ = writeln!(out, "\n{}", clean(&subnet));
        let shape = format!("{} {}", self.state.shape(look), self.state.word());
        let head = format!("  {}: ", look.paint(self.state.role(), &shape));
        let width = 2 + shape.chars().count() + 2;
        paragraph(out, look, &head, width, &self.sentence());
        for holding in self.holders.iter().take(HOLDERS_SHOWN) {
            let separator = if holding.occupant.is_some() { "; occupant: " } else { ", " };
            let occupant = holding.occupant_text();
            let separator = if occupant.is_empty() { "" } else { separator };
            paragraph(out, look, "  holder  ", 10, &format!("{}{separator}{occupant}", holding.holder.text()));
        }
        if let Some(more) = self.holders.len().checked_sub(HOLDERS_SHOWN).filter(|&more| more > 0) {
            paragraph(out, look, "          ", 10, &format!("and {more} more: their objects are below"));
        }
        for note in &self.notes {
            paragraph(out, look, "  pool    ", 10, note);
        }
        for other in &self.also_in {
            paragraph(out, look, "  also in ", 10, &format!("Subnet {other} of the same wire: the two overlap"));
        }
        for (label, neighbour) in [("run", &self.run), ("before", &self.before), ("after", &self.after)] {
            if let Some(neighbour) = neighbour {
                paragraph(out, look, &format!("  {label:8}"), 10, &neighbour.text(look));
            }
        }
    }

    /// What stops it, or that nothing does.
    fn sentence(&self) -> String {
        if self.stops.is_empty() {
            return "nothing stops it from being used".to_owned();
        }
        self.stops.join("; ")
    }
}

impl Neighbour {
    fn text(&self, look: &Look) -> String {
        if self.holders.is_empty() {
            return format!("{}, {} {}", self.address, self.count.0, self.state.of_run());
        }
        let holders = engine::findings::out::few(&self.holders, 3);
        format!("{} {} {holders}", self.address, self.state.shape(look))
    }
}

fn mentions(out: &mut String, mentions: &[Mention], look: &Look, wide: bool) {
    if mentions.is_empty() {
        out.push_str("\nno object names it\n");
        return;
    }
    let header: &[&str] = &["OBJECT", "SAYS SO IN", "COUNTS", "OWNER", "NOTE", "UID"];
    let mut table = Table::new(&header[..if wide { 6 } else { 5 }]);
    for mention in mentions {
        let counts = if mention.counts { Cell::new("yes").role(Role::Used) } else { Cell::new("no").role(Role::Dim) };
        table.push(vec![
            Cell::new(mention.object.text()),
            Cell::new(mention.says.join(", ")),
            counts,
            Cell::new(&mention.owner),
            Cell::new(&mention.note),
            Cell::new(&mention.object.uid),
        ]);
    }
    out.push('\n');
    table.render(out, look, 0);
}

impl NameAnswer {
    fn render(&self, out: &mut String, look: &Look, wide: bool) {
        let _ = writeln!(out, "{}", look.paint(Role::Title, &clean(&self.query)));
        for pod in &self.pods {
            pod.render(out, look);
        }
        if self.pods.is_empty() && self.records.is_empty() {
            out.push_str("  no pod that was read has that name, and no record names it\n");
            for hint in &self.hints {
                paragraph(out, look, "  ", 2, hint);
            }
            return;
        }
        out.push('\n');
        if self.records.is_empty() {
            out.push_str("no address of it is on record\n");
        } else {
            self.table(out, look, wide);
        }
        findings(out, &self.findings, look);
    }

    fn table(&self, out: &mut String, look: &Look, wide: bool) {
        let header: &[&str] = &["ADDRESS", "MAC", "NIC", "SUBNET", "HOLDER", "LIFE", "ON RECORD IN", "UID"];
        let mut table = Table::new(&header[..if wide { 8 } else { 7 }]);
        for row in &self.records {
            table.push(vec![
                if row.address.is_empty() { Cell::new("none").role(Role::Dim) } else { Cell::new(&row.address) },
                Cell::new(&row.mac),
                Cell::new(&row.nic),
                Cell::new(row.subnet.as_deref().unwrap_or("none")),
                Cell::new(&row.holder),
                Cell::new(row.life.word()),
                Cell::new(row.object.text()),
                Cell::new(&row.object.uid),
            ]);
        }
        table.render(out, look, 0);
    }
}

impl PodLine {
    fn render(&self, out: &mut String, look: &Look) {
        let mut text = format!(
            "pod {}/{}: {}",
            self.namespace,
            self.name,
            if self.phase.is_empty() { "no phase" } else { &self.phase }
        );
        if !self.node.is_empty() {
            let _ = write!(text, " on node {}", self.node);
        }
        if self.host_network {
            text.push_str(", on its node's network: it has no address of its own");
        }
        if !self.networks.is_empty() {
            let _ = write!(text, ", asks for the networks {}", self.networks.join(", "));
        }
        paragraph(out, look, "  ", 2, &text);
    }
}
