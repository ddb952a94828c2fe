//! Page: text laid out in rows that are no wider than the screen.
//!
//! Titles, labels with what belongs to them, and quotes. Only what people copy is never broken:
//! paths and commands. Unaware of what is said.

use super::paint::{Hue, Paint, pad};

/// How many rows of the screen one of these lines may take.
const ROWS: usize = 3;

/// Text, as far as it is written.
pub(super) struct Page {
    paint: Paint,
    width: usize,
    /// The text.
    pub(super) text: String,
}

impl Page {
    /// Makes an empty one.
    pub(super) fn new(paint: Paint, width: usize) -> Self {
        Self { paint, width, text: String::new() }
    }

    /// Writes what failed and how.
    pub(super) fn title(&mut self, name: &str, how: &str) {
        let mark = self.paint.hue(Hue::Bad, self.paint.cross());
        let columns = 4 + console::measure_text_width(name) + console::measure_text_width(how);
        let name = self.paint.hue(Hue::Bold, name);
        if columns <= self.width {
            self.line(&format!("{mark} {name}  {how}"));
        } else {
            self.line(&format!("{mark} {name}"));
            self.wrapped("  ".to_owned(), 2, how.split(' ').map(|word| (" ", word)));
        }
    }

    /// Writes a label and what belongs to it, in as many rows as it takes; nothing if there is
    /// nothing. Between parts a row may end, and within one that is wider than a row.
    pub(super) fn field(&mut self, label: &str, columns: usize, parts: &[String]) {
        if parts.is_empty() {
            return;
        }
        let room = self.width.saturating_sub(columns + 4);
        let dot = self.paint.dot();
        let words = parts.iter().flat_map(|part| {
            let fits = console::measure_text_width(part) <= room;
            let words = if fits { vec![&**part] } else { part.split(' ').collect() };
            let words = words.into_iter().enumerate();
            words.map(move |(place, word)| (if place == 0 { dot } else { " " }, word))
        });
        let label = self.label(label, columns);
        self.wrapped(label, columns + 3, words);
    }

    /// Writes a label and a path or a command, which is never cut.
    pub(super) fn copyable(&mut self, label: &str, columns: usize, text: &str) {
        let label = self.label(label, columns);
        self.line(&format!("{label}{text}"));
    }

    /// Writes a line that a child printed, in as many rows as it may take.
    pub(super) fn quote(&mut self, line: &str) {
        let quote = self.paint.hue(Hue::Dim, self.paint.quote());
        for row in rows(&line.replace('\t', "    "), self.width.saturating_sub(4), self.paint) {
            self.line(format!("  {quote} {row}").trim_end());
        }
    }

    fn label(&self, label: &str, columns: usize) -> String {
        format!("  {} ", self.paint.hue(Hue::Dim, pad(label, columns)))
    }

    /// Writes words, each with what parts it from the one before, below each other from a column.
    fn wrapped<'a>(
        &mut self,
        start: String,
        indent: usize,
        words: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        let (mut row, mut columns, mut first) = (start, indent, true);
        for (between, word) in words {
            let between = if first { "" } else { between };
            let added = console::measure_text_width(between) + console::measure_text_width(word);
            if !first && columns + added > self.width {
                self.line(&row);
                row = format!("{}{word}", " ".repeat(indent));
                columns = indent + console::measure_text_width(word);
            } else {
                row += between;
                row += word;
                columns += added;
            }
            first = false;
        }
        self.line(&row);
    }

    /// Writes a row.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Cuts a line into rows of the screen, a bounded number.
fn rows(line: &str, width: usize, paint: Paint) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut columns = 0;
    for character in line.chars() {
        let added = console::measure_text_width(character.encode_utf8(&mut [0; 4]));
        if columns + added > width.max(1) {
            rows.push(String::new());
            columns = 0;
        }
        columns += added;
        rows.last_mut().expect("there is always one").push(character);
    }
    if rows.len() > ROWS {
        rows.truncate(ROWS);
        let room = width.saturating_sub(console::measure_text_width(paint.more()));
        let cut = console::truncate_str(&rows[ROWS - 1], room, "").into_owned();
        rows[ROWS - 1] = cut + paint.more();
    }
    rows
}
