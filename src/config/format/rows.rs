//! Rows: the headers and entries of a job file, in the order of its text.
//!
//! The parsed tables say what stands where; how it is written is read from the text itself, so that
//! nothing is lost that they do not keep. Unaware of comments.

use std::ops::Range;

use toml_edit::{Item, Table};

use super::entries::{Entry, entries, joined};
use super::shape::Shape;

/// A header, or an entry of a table with a header.
#[derive(Debug)]
pub(super) struct Row<'d> {
    /// Where it stands, without blanks and comments around it.
    pub(super) at: Range<usize>,
    /// What it is.
    pub(super) written: Written<'d>,
}

/// What a row is.
#[derive(Debug)]
pub(super) enum Written<'d> {
    /// `[a.b]`, in its canonical form.
    Header(String),
    /// `key = value`.
    Entry {
        /// The key, in its canonical form.
        key: String,
        /// The rest.
        entry: Entry<'d>,
    },
}

/// Returns the rows of a document.
pub(super) fn rows<'d>(text: &str, root: &'d Table) -> Vec<Row<'d>> {
    let mut rows = Vec::new();
    let mut rest = vec![(root, Shape::file())];
    while let Some((table, shape)) = rest.pop() {
        if !table.is_dotted() {
            let own = entries(&table.get_values(), shape).into_iter();
            rows.extend(own.map(|entry| row(text, entry)));
        }
        for (name, item) in table {
            let shape = shape.key(name);
            match item {
                Item::Table(inner) => {
                    if !inner.is_dotted() && !inner.is_implicit() {
                        rows.extend(header(text, inner, 1));
                    }
                    rest.push((inner, shape));
                }
                Item::ArrayOfTables(tables) => {
                    rows.extend(tables.iter().filter_map(|inner| header(text, inner, 2)));
                    rest.extend(tables.iter().map(|inner| (inner, shape.entry())));
                }
                Item::Value(_) | Item::None => {}
            }
        }
    }
    rows.sort_by_key(|row| row.at.start);
    rows
}

/// Returns an entry as a row: its key begins the line that the last part of it stands on.
fn row<'d>(text: &str, entry: Entry<'d>) -> Row<'d> {
    let line = text[..entry.leaf.start].rfind('\n').map_or(0, |newline| newline + 1);
    let key = text[line..entry.leaf.end].trim_start();
    let at = entry.leaf.end - key.len()..entry.end();
    Row { at, written: Written::Entry { key: entry.key(key), entry } }
}

/// Returns the header of a table, which has so many brackets.
fn header<'d>(text: &str, table: &Table, brackets: usize) -> Option<Row<'d>> {
    let at = table.span()?;
    let name = text.get(at.start + brackets..at.end - brackets)?;
    let (open, close) = ("[".repeat(brackets), "]".repeat(brackets));
    Some(Row { at, written: Written::Header(format!("{open}{}{close}", joined(name))) })
}
