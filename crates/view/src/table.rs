//! Columns of text.
//!
//! In: a header and rows of cells. Out: lines with the columns aligned. Guarantees: cells are cleaned of control
//! characters; the last column is not padded; numbers stand to the right.

use crate::look::{Look, Role};
use crate::text::{clean, columns};
use std::fmt::Write;

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    role: Role,
    right: bool,
}

impl Cell {
    /// Text.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self { text: clean(text.as_ref()).into_owned(), role: Role::Plain, right: false }
    }

    /// A number, to the right.
    pub(crate) fn number(number: impl std::fmt::Display) -> Self {
        Self { right: true, ..Self::new(format!("{number}")) }
    }

    /// A number where there is one.
    pub(crate) fn maybe<T: std::fmt::Display>(number: Option<T>) -> Self {
        number.map_or_else(|| Self { right: true, ..Self::new("-") }, Self::number)
    }

    /// In the colour of a role.
    pub(crate) fn role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

/// Rows under a header.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// Between two columns.
const GAP: usize = 2;

impl Table {
    /// No rows yet.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Appends the lines, each behind `indent` spaces.
    pub(crate) fn render(&self, out: &mut String, look: &Look, indent: usize) {
        let mut widths: Vec<usize> = self.header.iter().map(|title| columns(title)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(columns(&cell.text));
            }
        }
        let right: Vec<bool> =
            (0..widths.len()).map(|i| self.rows.iter().any(|row| row.get(i).is_some_and(|c| c.right))).collect();
        let header =
            self.header.iter().zip(&right).map(|(title, &right)| Cell { right, ..Cell::new(title).role(Role::Dim) });
        line(out, look, indent, &widths, header);
        for row in &self.rows {
            line(out, look, indent, &widths, row.iter().cloned());
        }
    }
}

fn line(out: &mut String, look: &Look, indent: usize, widths: &[usize], cells: impl Iterator<Item = Cell>) {
    let mut pending = indent;
    for (cell, &width) in cells.zip(widths) {
        let padding = width.saturating_sub(columns(&cell.text));
        let (before, after) = if cell.right { (padding, 0) } else { (0, padding) };
        if cell.text.is_empty() {
            pending += before + after + GAP;
            continue;
        }
        let _ = write!(out, "{:1$}{2}", "", pending + before, look.paint(cell.role, &cell.text));
        pending = after + GAP;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_tail() {
        let mut table = Table::new(&["NAME", "USING"]);
        table.push(vec![Cell::new("ext"), Cell::number(5)]);
        table.push(vec![Cell::new("ovn-default"), Cell::maybe(None::<u8>)]);
        let mut out = String::new();
        table.render(&mut out, &Look::default(), 0);
        assert_eq!(out, "NAME         USING\next              5\novn-default      -\n");
    }
}
