//! Entries: what is written in one table as `key = value`, with its place in the canonical order.
//!
//! A dotted key goes through several tables, and each has its own order. Unaware of lines.

use std::ops::Range;

use toml_edit::{Key, Value};

use super::shape::Shape;

/// Keys that we do not know, or that the user names, stay behind ours, in the order of the file.
const UNKNOWN: usize = 1 << 16;

/// One `key = value`.
#[derive(Debug)]
pub(super) struct Entry<'d> {
    /// Its place in the order, for each part of its key.
    pub(super) rank: Vec<usize>,
    /// Where the last part of its key stands.
    pub(super) leaf: Range<usize>,
    /// Whether its key has several parts.
    pub(super) is_dotted: bool,
    /// Its value.
    pub(super) value: &'d Value,
    /// What the language says of the value.
    pub(super) shape: Shape,
}

impl Entry<'_> {
    /// Returns where it ends.
    pub(super) fn end(&self) -> usize {
        self.value.span().map_or(self.leaf.end, |at| at.end)
    }

    /// Returns its key as it is written, without blanks between its parts.
    pub(super) fn key(&self, written: &str) -> String {
        if self.is_dotted { joined(written) } else { written.to_owned() }
    }
}

/// Returns a dotted key without blanks between its parts.
pub(super) fn joined(written: &str) -> String {
    let parts = Key::parse(written).unwrap_or_default();
    let raw = parts.iter().filter_map(|part| part.as_repr()?.as_raw().as_str());
    raw.collect::<Vec<_>>().join(".")
}

/// Returns the entries of a table of a shape, in the order of the text.
pub(super) fn entries<'d>(values: &[(Vec<&'d Key>, &'d Value)], table: Shape) -> Vec<Entry<'d>> {
    let mut found: Vec<Entry<'d>> = Vec::with_capacity(values.len());
    let mut above: &[&Key] = &[];
    for (index, (keys, value)) in values.iter().enumerate() {
        let shared = keys.iter().zip(above).take_while(|(a, b)| a == b).count();
        let mut rank = found.last().map_or_else(Vec::new, |last| last.rank[..shared].to_vec());
        let mut shape = table;
        for (level, key) in keys.iter().enumerate() {
            if level >= shared {
                rank.push(shape.rank(key.get()).unwrap_or(UNKNOWN + index));
            }
            shape = shape.key(key.get());
        }
        let leaf = keys.last().and_then(|key| key.span()).unwrap_or_default();
        found.push(Entry { rank, leaf, is_dotted: keys.len() > 1, value, shape });
        above = keys;
    }
    found.sort_by_key(|entry| entry.leaf.start);
    found
}
