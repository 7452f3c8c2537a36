//! A Subnet as text.
//!
//! In: a [`SubnetView`]. Out: lines. Guarantees: states are told by shape, and named in a legend of those that occur; the
//! map fits the terminal; the equation comes first.

use super::list::Row;
use super::map::{Map, MapCell, MapRow};
use super::{FamilyView, FindingLine, SubnetView};
use crate::look::{Look, Role};
use crate::number::Number;
use crate::state::State;
use crate::table::{Cell, Table};
use crate::text::{clean, columns, paragraph};
use std::collections::BTreeSet;
use std::fmt::Write;

impl SubnetView {
    /// The whole as text; `wide` adds the objects behind each address.
    #[must_use]
    pub fn render(&self, look: &Look, wide: bool) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{}", look.paint(Role::Title, &clean(&format!("Subnet {}", self.name))));
        let mut facts = format!("wire {}", self.wire);
        for (label, fact) in [("provider", &self.provider), ("VPC", &self.vpc)] {
            if !fact.is_empty() {
                let _ = write!(facts, ", {label} {fact}");
            }
        }
        paragraph(&mut out, look, "  ", 2, &facts);
        if !self.not_read.is_empty() {
            let what =
                format!("{} are not known to be all: what looks available may be somebody's", self.not_read.join(", "));
            let head = format!("  {} ", look.paint(Role::Warning, "not sure:"));
            paragraph(&mut out, look, &head, 12, &what);
        }
        for family in [&self.v4, &self.v6].into_iter().flatten() {
            family.render(&mut out, look, wide);
        }
        if let Some(reason) = &self.cidr_unreadable {
            paragraph(&mut out, look, "  ", 2, &format!("its CIDR cannot be read: {reason}"));
        } else if self.v4.is_none() && self.v6.is_none() {
            out.push_str("  it has no CIDR: it gives out MAC addresses only\n");
        }
        findings(&mut out, &self.findings, look);
        out
    }
}

/// Findings, one paragraph each.
pub(crate) fn findings(out: &mut String, findings: &[FindingLine], look: &Look) {
    for finding in findings {
        let (role, word) = match finding.severity {
            "error" => (Role::Error, "ERROR"),
            "warning" => (Role::Warning, "WARNING"),
            _ => (Role::Info, "info"),
        };
        let mark = if finding.certainty == "possible" { " (only possible)" } else { "" };
        let head = format!("{}{:2$}{3}", look.paint(role, word), "", 9 - word.len(), finding.code);
        let _ = writeln!(out, "\n{head}{mark}");
        paragraph(out, look, "         ", 9, &finding.message);
    }
}

impl FamilyView {
    fn render(&self, out: &mut String, look: &Look, wide: bool) {
        let gateway = self.gateway.as_ref().map_or_else(String::new, |gateway| format!(", gateway {gateway}"));
        let _ = writeln!(out, "\n{}{gateway}", look.paint(Role::Title, &self.cidr));
        paragraph(out, look, "  ", 2, &self.equation);
        if let Some(reason) = &self.reason {
            paragraph(out, look, "  ", 2, reason);
        }
        out.push('\n');
        self.map.render(out, look);
        out.push('\n');
        self.table(out, look, wide);
    }

    fn table(&self, out: &mut String, look: &Look, wide: bool) {
        let header: &[&str] = &["", "ADDRESS", "HOLDER", "OCCUPANT", "ON RECORD IN"];
        let mut table = Table::new(&header[..if wide { 5 } else { 4 }]);
        for row in &self.list {
            push(&mut table, row, look, wide);
        }
        table.render(out, look, 2);
    }
}

fn push(table: &mut Table, row: &Row, look: &Look, wide: bool) {
    let shape = Cell::new(row.state.shape(look)).role(row.state.role());
    if row.holders.is_empty() {
        let Number(count) = row.count;
        let what = if count == ledger::Count::ONE {
            row.state.of_run().to_owned()
        } else {
            format!("{count} {}", row.state.of_run())
        };
        table.push(vec![shape, Cell::new(&row.run).role(Role::Dim), Cell::new(what).role(row.state.role())]);
        return;
    }
    for (i, holding) in row.holders.iter().enumerate() {
        let (shape, addr) = if i == 0 { (shape.clone(), Cell::new(&row.run)) } else { (Cell::new(""), Cell::new("")) };
        let mut cells = vec![shape, addr, Cell::new(holding.holder.text()), Cell::new(holding.occupant_text())];
        if wide {
            let objects: Vec<String> =
                holding.objects.iter().map(|object| format!("{} ({})", object.text(), object.uid)).collect();
            cells.push(Cell::new(objects.join(", ")));
        }
        table.push(cells);
    }
}

/// How wide a cell is drawn.
#[derive(Clone, Copy)]
enum Width {
    /// Shape and a space.
    Shape,
    /// Label of so many columns, and shape or flag.
    Tight(usize),
    /// Label, shape and flag.
    Label(usize),
    /// Label, shape, flag and percents.
    Share(usize),
}

impl Map {
    fn render(&self, out: &mut String, look: &Look) {
        let label = self.rows.iter().map(row_label).map(|label| columns(&label)).max().unwrap_or(0);
        let blocks = self.rows.iter().any(
            |row| matches!(row, MapRow::Cells { cells, .. } if matches!(cells.first(), Some(MapCell::Block { .. }))),
        );
        // Labels are octets, or one hex digit: as wide as the widest, and one apart where there is room.
        let digits = self.label_digits();
        // Two columns before, one behind the label, then 16 cells.
        let room = (look.columns().saturating_sub(label + 3) / 16).saturating_sub(digits);
        let width = match (blocks, room) {
            (false, _) => Width::Shape,
            (true, 7..) => Width::Share(digits),
            (true, 2..) => Width::Label(digits),
            (true, _) => Width::Tight(digits),
        };
        if !blocks {
            let heads: String =
                (0..16).map(|i| if self.cell == 128 { format!("{i:>3x}") } else { format!("{i:>3}") }).collect();
            let _ = writeln!(out, "  {:label$} {}", "", look.paint(Role::Dim, &heads));
        }
        let mut seen = BTreeSet::new();
        for row in &self.rows {
            match row {
                MapRow::Cells { cells, .. } => {
                    let _ = write!(out, "  {:label$} ", row_label(row));
                    cells.iter().for_each(|cell| draw(out, cell, width, look, &mut seen));
                    out.truncate(out.trim_end_matches(' ').len());
                    out.push('\n');
                }
                MapRow::Gap { run, available: Number(available), .. } => {
                    let head = format!("  {} ", look.paint(Role::Dim, look.pick("\u{22ee}", ":")));
                    paragraph(out, look, &head, 4, &format!("{run}, {available} available"));
                }
            }
        }
        out.push('\n');
        self.legend(out, look, &seen, blocks);
    }

    /// How many columns the label of a block takes: an octet three, a hex digit two with a blank before it.
    fn label_digits(&self) -> usize {
        let cells =
            self.rows.iter().filter_map(|row| if let MapRow::Cells { cells, .. } = row { Some(cells) } else { None });
        let labels = cells
            .flatten()
            .filter_map(|cell| if let MapCell::Block { label, .. } = cell { Some(columns(label)) } else { None });
        labels.max().unwrap_or(0).max(2)
    }

    fn legend(&self, out: &mut String, look: &Look, seen: &BTreeSet<State>, blocks: bool) {
        if blocks {
            let scale = look.pick(
                "\u{b7} none, \u{2581} to \u{2587} some, \u{2588} all in use or excluded",
                ". none, 1 to 9 tenths, # all in use or excluded",
            );
            let text = format!("a cell is a /{}: {scale}; ! some are leaked or in conflict", self.cell);
            paragraph(out, look, "  ", 2, &text);
            return;
        }
        let shapes: Vec<String> = State::ALL
            .into_iter()
            .filter(|state| seen.contains(state))
            .map(|state| format!("{}\u{a0}{}", state.shape(look), state.meaning().replace(' ', "\u{a0}")))
            .collect();
        let mut legend = String::new();
        paragraph(&mut legend, look, "  ", 2, &shapes.join(", "));
        out.push_str(&legend.replace('\u{a0}', " "));
    }
}

fn row_label(row: &MapRow) -> String {
    match row {
        MapRow::Cells { first, .. } => first.to_string(),
        MapRow::Gap { .. } => String::new(),
    }
}

fn draw(out: &mut String, cell: &MapCell, width: Width, look: &Look, seen: &mut BTreeSet<State>) {
    match cell {
        MapCell::Address { state } => {
            seen.insert(*state);
            let _ = write!(out, "  {}", look.paint(state.role(), state.shape(look)));
        }
        MapCell::Block { label, usable, using, available, flagged } => {
            let (shape, role) = share_of(usable.0, using.0, available.0, look);
            let flag = if *flagged > 0 { look.paint(Role::Error, "!") } else { look.paint(Role::Plain, " ") };
            let (Width::Tight(digits) | Width::Label(digits) | Width::Share(digits)) = width else { return };
            if matches!(width, Width::Tight(_)) {
                let (shape, role) = if *flagged > 0 { ("!", Role::Error) } else { (shape, role) };
                let _ = write!(out, "{label:>digits$}{}", look.paint(role, shape));
                return;
            }
            let _ = write!(out, "{label:>digits$}{}{flag}", look.paint(role, shape));
            if matches!(width, Width::Share(_)) {
                let percent = percent(using.0, usable.0);
                let _ = write!(out, "{} ", look.paint(Role::Dim, &format!("{percent:>4}")));
            }
        }
    }
}

/// The share in use as a shape: none, eighths (tenths in ASCII), or nothing left.
fn share_of(
    usable: ledger::Count,
    using: ledger::Count,
    available: ledger::Count,
    look: &Look,
) -> (&'static str, Role) {
    const RICH: [&str; 7] = ["\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}"];
    const ASCII: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    if available.is_zero() {
        return if using.is_zero() { ("x", Role::Dim) } else { (look.pick("\u{2588}", "#"), Role::Warning) };
    }
    if using.is_zero() {
        return (look.pick("\u{b7}", "."), Role::Free);
    }
    let steps: &[&'static str] = if look.ascii { &ASCII } else { &RICH };
    let share = using.to_f64_lossy() / usable.to_f64_lossy();
    // 0 < share < 1: the lowest step for anything above none.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let step = (share * steps.len() as f64) as usize;
    (steps[step.min(steps.len() - 1)], Role::Used)
}

/// `0%`, `<1%`, `42%`.
fn percent(using: ledger::Count, usable: ledger::Count) -> String {
    if using.is_zero() || usable.is_zero() {
        return "0%".to_owned();
    }
    let share = 100.0 * using.to_f64_lossy() / usable.to_f64_lossy();
    if share < 1.0 { "<1%".to_owned() } else { format!("{share:.0}%") }
}
