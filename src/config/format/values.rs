//! Values: what stands behind a key, in one line where it fits and is not meant to be broken.
//!
//! A list is broken where it holds a comment, where its last entry has a comma and a line of its
//! own, as people ask other formatters for it, and where its line would be too long. Values nest at
//! most as deep as the parser allows, so that recursion is bounded. Unaware of lines and of order.

use std::collections::HashSet;

use toml_edit::{Array, InlineTable, Value};

use super::entries::{Entry, entries};
use super::gap::Gap;
use super::rows::{Row, Written};
use super::shape::Shape;

/// Columns of a line.
const COLUMNS: usize = 100;

/// What an entry of a broken list is set in by.
const INDENT: &str = "    ";

/// How often at most: a text whose lists nest deeper would grow by more than it says.
const DEEPEST: usize = 8;

/// Writes the values of a text.
#[derive(Debug)]
pub(super) struct Values<'t> {
    text: &'t str,
    newline: &'static str,
    /// Where the lists begin that must be broken.
    broken: HashSet<usize>,
    /// Where the lists begin that have more values than a line has columns.
    long: HashSet<usize>,
}

impl<'t> Values<'t> {
    /// Looks at the values of some rows, once, so that writing them takes no longer the deeper they
    /// nest.
    pub(super) fn new(text: &'t str, newline: &'static str, rows: &[Row<'_>]) -> Self {
        let mut values = Self { text, newline, broken: HashSet::new(), long: HashSet::new() };
        for row in rows {
            if let Written::Entry { entry, .. } = &row.written {
                values.weigh(entry.value);
            }
        }
        values
    }

    /// Returns the text that was parsed.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// Returns `key = value`.
    pub(super) fn entry(&self, key: &str, entry: &Entry<'_>) -> String {
        let start = format!("{key} = ");
        let value = self.value(entry.value, entry.shape, 0, width(&start));
        start + &value
    }

    /// Returns a value that is set in `depth` times and begins at a column of its line.
    fn value(&self, value: &Value, shape: Shape, depth: usize, column: usize) -> String {
        let Value::Array(array) = value else { return self.flat(value, shape, depth) };
        let start = start(array);
        if !self.broken.contains(&start) && !self.long.contains(&start) {
            let parts = self.parts(array, shape, depth);
            let flat = format!("[{}]", parts.join(", "));
            let before = &parts[..parts.len().saturating_sub(1)];
            let first = flat.lines().next().map_or(0, width);
            let last = flat.lines().skip(1).last().map_or(0, width);
            let fits = column + first <= COLUMNS && last <= COLUMNS;
            // Text of several lines may hang from the end of a list, as a script does.
            if fits && !before.iter().any(|part| part.contains('\n')) {
                return flat;
            }
        }
        self.broken(array, shape, depth)
    }

    /// Returns a value in one line, as far as it can be.
    fn flat(&self, value: &Value, shape: Shape, depth: usize) -> String {
        match value {
            Value::Array(array) if self.broken.contains(&start(array)) => {
                self.broken(array, shape, depth)
            }
            Value::Array(array) => format!("[{}]", self.parts(array, shape, depth).join(", ")),
            Value::InlineTable(table) => self.table(table, shape, depth),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_) => self.written(value).to_owned(),
        }
    }

    /// Returns the entries of a list, each in one line.
    fn parts(&self, array: &Array, shape: Shape, depth: usize) -> Vec<String> {
        array.iter().map(|entry| self.flat(entry, shape.entry(), depth)).collect()
    }

    /// Returns a list with one entry a line.
    fn broken(&self, array: &Array, shape: Shape, depth: usize) -> String {
        let mut gaps = self.gaps(array).into_iter().peekable();
        let mut out = "[".to_owned();
        out.extend(gaps.peek().map(|gap| gap.tail.as_str()));
        out.push_str(self.newline);
        let indent = INDENT.repeat(DEEPEST.min(depth + 1));
        for (index, entry) in array.iter().enumerate() {
            let before = gaps.next().unwrap_or_default();
            self.between(&before.lines, index > 0, &indent, &mut out);
            let value = self.value(entry, shape.entry(), depth + 1, indent.len());
            let tail = gaps.peek().map_or("", |gap| &gap.tail);
            out.extend([&indent, value.as_str(), ",", tail, self.newline]);
        }
        let mut last = gaps.next().unwrap_or_default().lines;
        while last.last().is_some_and(|line| line.is_empty()) {
            last.pop();
        }
        self.between(&last, !array.is_empty(), &indent, &mut out);
        out + &INDENT.repeat(DEEPEST.min(depth)) + "]"
    }

    /// Writes what stands between the entries of a list; no two blank lines, and none before the
    /// first entry.
    fn between(&self, lines: &[&str], inside: bool, indent: &str, out: &mut String) {
        let mut blank_before = !inside;
        for line in lines {
            match (line.is_empty(), blank_before) {
                (true, true) => {}
                (true, false) => out.push_str(self.newline),
                (false, _) => out.extend([indent, line, self.newline]),
            }
            blank_before = line.is_empty();
        }
    }

    /// Returns an inline table; what has comments or newlines of its own is TOML 1.1 and stays.
    fn table(&self, table: &InlineTable, shape: Shape, depth: usize) -> String {
        let at = table.span().unwrap_or_default();
        let mut end = at.start + 1;
        let mut parts = Vec::new();
        for entry in entries(&table.get_values(), shape) {
            let before = self.text[end..entry.leaf.end].trim_start_matches([' ', '\t', ',']);
            // A comment ends with its line, be it before the key or between the key and its `=`.
            let value = entry.value.span().unwrap_or_default();
            if self.text[end..value.start.max(end)].contains('\n') {
                return self.text[at].to_owned();
            }
            let key = entry.key(before);
            let value = self.flat(entry.value, entry.shape, depth);
            end = entry.end();
            parts.push((entry.rank, format!("{key} = {value}")));
        }
        if self.text[end..at.end].contains('\n') {
            return self.text[at].to_owned();
        }
        parts.sort();
        let parts: Vec<String> = parts.into_iter().map(|(_, part)| part).collect();
        if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
    }

    /// Notes what is known of the lists in a value; returns how many values it is, and whether it
    /// holds a list that must be broken.
    fn weigh(&mut self, value: &Value) -> (usize, bool) {
        let inner: Vec<&Value> = match value {
            Value::Array(array) => array.iter().collect(),
            Value::InlineTable(table) => {
                table.get_values().into_iter().map(|(_, value)| value).collect()
            }
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_) => Vec::new(),
        };
        let (mut weight, mut broken) = (1, false);
        for value in inner {
            let of_inner = self.weigh(value);
            weight += of_inner.0;
            broken |= of_inner.1;
        }
        if let Value::Array(array) = value {
            let gaps = self.gaps(array);
            let asked = gaps.last().is_some_and(|gap| gap.has_comma && gap.is_broken);
            broken |= asked || gaps.iter().any(Gap::has_comment);
            if broken {
                self.broken.insert(start(array));
            }
            if weight > COLUMNS {
                self.long.insert(start(array));
            }
        }
        (weight, broken)
    }

    /// Returns what stands before, between and behind the entries of a list.
    fn gaps(&self, array: &Array) -> Vec<Gap<'t>> {
        let at = array.span().unwrap_or_default();
        let entries = array.iter().filter_map(Value::span);
        let mut gaps = Vec::with_capacity(array.len() + 1);
        let mut end = at.start + 1;
        for entry in entries {
            gaps.push(Gap::after(&self.text[end..entry.start]));
            end = entry.end;
        }
        gaps.push(Gap::after(&self.text[end..at.end - 1]));
        gaps
    }

    fn written(&self, value: &Value) -> &'t str {
        &self.text[value.span().unwrap_or_default()]
    }
}

/// Returns where a list begins.
fn start(array: &Array) -> usize {
    array.span().unwrap_or_default().start
}

/// Returns the columns of a text.
fn width(text: &str) -> usize {
    text.chars().count()
}
