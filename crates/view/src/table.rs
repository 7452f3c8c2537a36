//! Columns of text.
//!
//! In: a header and rows of cells. Out: lines with the columns aligned. Guarantees: cells are cleaned of control
//! characters; the last column is not padded; numbers stand to the right. On a terminal, columns of text are wrapped within
//! themselves until the table fits; elsewhere a row is one line.

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
/// No column of text becomes narrower: an address stays whole, and so do most words.
const NARROWEST: usize = 15;

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
        let right: Vec<bool> =
            (0..self.header.len()).map(|i| self.rows.iter().any(|row| row.get(i).is_some_and(|c| c.right))).collect();
        let header: Vec<Cell> = self
            .header
            .iter()
            .zip(&right)
            .map(|(title, &right)| Cell { right, ..Cell::new(title).role(Role::Dim) })
            .collect();
        let mut widths = self.natural_widths();
        if look.fit {
            let room = look.columns().saturating_sub(indent + GAP * widths.len().saturating_sub(1));
            // Prose first; names are cut only where that is not enough.
            shrink(&mut widths, &self.longest_words(), room);
            shrink(&mut widths, &self.least_widths(&right), room);
        }
        row(out, look, indent, &widths, &header);
        for cells in &self.rows {
            row(out, look, indent, &widths, cells);
        }
    }

    /// How wide each column is where there is room.
    fn natural_widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|title| columns(title)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(columns(&cell.text));
            }
        }
        widths
    }

    /// The longest word of each column, of cells and header.
    fn longest_words(&self) -> Vec<usize> {
        let longest = |text: &str| text.split(' ').map(columns).max().unwrap_or(0);
        let mut words: Vec<usize> = self.header.iter().map(|title| longest(title)).collect();
        for row in &self.rows {
            for (word, cell) in words.iter_mut().zip(row) {
                *word = (*word).max(longest(&cell.text));
            }
        }
        words
    }

    /// How narrow each may become: a number and a word of the header stay whole.
    fn least_widths(&self, right: &[bool]) -> Vec<usize> {
        let of_header = self.header.iter().map(|title| title.split(' ').map(columns).max().unwrap_or(0));
        let mut least: Vec<usize> =
            of_header.zip(right).map(|(word, &right)| if right { word } else { word.max(NARROWEST) }).collect();
        for row in &self.rows {
            for ((least, cell), _) in least.iter_mut().zip(row).zip(right).filter(|(_, right)| **right) {
                *least = (*least).max(columns(&cell.text));
            }
        }
        least
    }
}

/// Takes from the widest columns until all fit, or none can give any more.
fn shrink(widths: &mut [usize], least: &[usize], room: usize) {
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        let can = widths.iter_mut().zip(least).filter(|(width, least)| **width > **least);
        let Some((width, _)) = can.max_by_key(|(width, _)| **width) else { return };
        *width -= 1;
        excess -= 1;
    }
}

/// One row, in as many lines as its longest cell needs.
fn row(out: &mut String, look: &Look, indent: usize, widths: &[usize], cells: &[Cell]) {
    let wrapped: Vec<Vec<&str>> = cells.iter().zip(widths).map(|(cell, &width)| wrap(&cell.text, width)).collect();
    let lines = wrapped.iter().map(Vec::len).max().unwrap_or(0).max(1);
    for i in 0..lines {
        let parts = cells.iter().zip(&wrapped).map(|(cell, lines)| (cell, lines.get(i).copied().unwrap_or_default()));
        line(out, look, indent, widths, parts);
    }
}

/// A text in pieces of at most so many columns: cut at blanks, else behind the signs that names are made with, else anywhere.
fn wrap(text: &str, width: usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while columns(rest) > width {
        let end = rest.char_indices().nth(width.max(1)).map_or(rest.len(), |(at, _)| at);
        let blank = rest[..end].rfind(' ').or_else(|| rest[end..].starts_with(' ').then_some(end));
        let sign = || rest[..end].rfind(['.', '/', ',', '-', ':']).map(|at| at + 1).filter(|&at| at > end / 3);
        let cut = blank.filter(|&at| at > 0).or_else(sign).unwrap_or(end);
        pieces.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    pieces.push(rest);
    pieces
}

fn line<'c>(
    out: &mut String,
    look: &Look,
    indent: usize,
    widths: &[usize],
    cells: impl Iterator<Item = (&'c Cell, &'c str)>,
) {
    let mut pending = indent;
    for ((cell, text), &width) in cells.zip(widths) {
        let padding = width.saturating_sub(columns(text));
        let (before, after) = if cell.right { (padding, 0) } else { (0, padding) };
        if text.is_empty() {
            pending += before + after + GAP;
            continue;
        }
        let _ = write!(out, "{:1$}{2}", "", pending + before, look.paint(cell.role, text));
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
    #[test]
    fn on_a_terminal_columns_of_text_give_way_and_numbers_stay_whole() {
        let mut table = Table::new(&["OBJECT", "STATUS USING", "OWNER"]);
        table.push(vec![
            Cell::new("IP web-0.shop.ext.kube-system"),
            Cell::number(18_446_744_073_709_551_614_u64),
            Cell::new("gone: ordinal 2 is not among the 2 replicas"),
        ]);
        let look = Look { fit: true, width: 60, ..Look::default() };
        let mut out = String::new();
        table.render(&mut out, &look, 0);
        assert!(out.lines().all(|line| columns(line) <= 60), "{out}");
        assert!(out.contains("18446744073709551614"), "{out}");
        let words: String = out.lines().skip(2).flat_map(str::split_whitespace).collect();
        assert!(words.contains("web-0.shop") && words.ends_with("replicas"), "{out}");
        let mut wide = String::new();
        table.render(&mut wide, &Look { fit: false, ..look }, 0);
        assert_eq!(wide.lines().count(), 2, "where nobody looks, a row is one line");
    }

    #[test]
    fn a_text_is_cut_at_blanks_then_at_signs_then_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("vpc-nat-gw-gw1-0.kube-system", 18), ["vpc-nat-gw-gw1-0.", "kube-system"]);
        assert_eq!(wrap("aaaaaaaaaa", 4), ["aaaa", "aaaa", "aa"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
