//! Snippet: the lines around some marks, cut to a width and made safe to print.
//!
//! Keeps the true line numbers, because only the lines that are drawn are copied. Unaware of
//! problems and of colours.

use std::borrow::Cow;
use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::model::Source;

/// Columns that numbers and borders take beside a line.
const BORDER: usize = 14;
/// Columns of a cut line that stay in front of its mark.
const BEFORE: usize = 12;

/// Bytes of a text and what is said of them.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// The bytes.
    pub(super) span: Range<usize>,
    /// What is said.
    pub(super) text: String,
    /// Whether it is the mark that the position in the heading is of.
    pub(super) primary: bool,
}

/// Some lines of a text.
#[derive(Debug)]
pub(super) struct Snippet {
    name: String,
    text: String,
    lines: Vec<Line>,
    marks: Vec<Mark>,
}

/// One line of a snippet.
#[derive(Debug)]
struct Line {
    /// Its number in the text, from 0.
    number: usize,
    /// Where it begins in the snippet.
    start: usize,
    /// How many columns were cut away in front of it.
    cut: usize,
}

impl Snippet {
    /// Takes the lines of the marks and one more on both sides; `None` where there is no line.
    pub(super) fn cut(source: &Source, mut marks: Vec<Mark>, width: usize) -> Option<Self> {
        if source.text.is_empty() || marks.is_empty() {
            return None;
        }
        let most = width.saturating_sub(BORDER);
        let mut snippet = Self {
            name: clean(&source.path).into_owned(),
            text: String::new(),
            lines: Vec::new(),
            marks: Vec::new(),
        };
        marks.sort_by_key(|mark| mark.span.start);
        let starts = line_starts(&source.text);
        let mut wanted: Vec<usize> = Vec::new();
        for mark in &marks {
            let line = line_of(&starts, mark.span.start);
            wanted.extend([line.saturating_sub(1), line, line + 1]);
        }
        wanted.sort_unstable();
        wanted.dedup();
        for number in wanted.into_iter().filter(|number| *number < starts.len()) {
            let end = starts.get(number + 1).copied().unwrap_or(source.text.len());
            let range = starts[number]..end;
            if range.is_empty() && number + 1 == starts.len() {
                continue;
            }
            let here: Vec<&Mark> =
                marks.iter().filter(|mark| line_of(&starts, mark.span.start) == number).collect();
            snippet.line(&source.text[range.clone()], range.start, (number, most), &here);
        }
        (!snippet.text.is_empty()).then_some(snippet)
    }

    /// Adds one line, cut around its first mark.
    fn line(&mut self, line: &str, base: usize, (number, most): (usize, usize), marks: &[&Mark]) {
        let line = line.trim_end_matches(['\n', '\r']);
        let mark = marks.first().map_or(0..0, |mark| {
            mark.span.start.saturating_sub(base)..mark.span.end.saturating_sub(base)
        });
        let (shown, skipped) = window(line, mark, most);
        let start = self.text.len();
        if skipped > 0 {
            self.text.push('…');
        }
        let shift = self.text.len();
        self.text.push_str(&clean_line(shown));
        let end = self.text.len();
        if skipped + shown.len() < line.len() {
            self.text.push('…');
        }
        let mut free = shift;
        for mark in marks {
            let within = |byte: usize| (byte.max(base + skipped) - base - skipped + shift).min(end);
            let (from, to) = (within(mark.span.start).max(free), within(mark.span.end));
            let (from, to) = visible(&self.text, shift, from, to, end);
            if from < to && from >= free {
                free = to;
                self.marks.push(Mark { span: from..to, ..(*mark).clone() });
            }
        }
        self.text.push('\n');
        let cut = line[..skipped].chars().count();
        self.lines.push(Line { number, start, cut });
    }

    /// Returns the marks as miette wants them.
    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> {
        self.marks.iter().map(|mark| {
            let text = Some(mark.text.clone()).filter(|text| !text.is_empty());
            let (offset, length) = (mark.span.start, mark.span.len());
            if mark.primary {
                LabeledSpan::new_primary_with_span(text, (offset, length))
            } else {
                LabeledSpan::new(text, offset, length)
            }
        })
    }

    fn line_at(&self, offset: usize) -> usize {
        self.lines.partition_point(|line| line.start <= offset).saturating_sub(1)
    }

    fn end_of(&self, line: usize) -> usize {
        self.lines.get(line + 1).map_or(self.text.len(), |next| next.start)
    }
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (mut first, mut last) = (self.line_at(span.offset()), self.line_at(end.max(1) - 1));
        let next_to = |a: usize, b: usize| self.lines[a].number + 1 == self.lines[b].number;
        for _ in 0..before {
            if first > 0 && next_to(first - 1, first) {
                first -= 1;
            }
        }
        for _ in 0..after {
            if last + 1 < self.lines.len() && next_to(last, last + 1) {
                last += 1;
            }
        }
        let own = &self.lines[self.line_at(span.offset())];
        let column = if before == 0 && after == 0 {
            own.cut + self.text[own.start..span.offset()].chars().filter(|c| *c != '…').count()
        } else {
            0
        };
        let (from, to) = (self.lines[first].start, self.end_of(last));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[from..to],
            (from, to - from).into(),
            self.lines[first].number,
            column,
            last - first + 1,
        )))
    }
}

/// Makes a mark at least one character wide, to the left where the line ends.
fn visible(text: &str, start: usize, from: usize, to: usize, end: usize) -> (usize, usize) {
    let floor = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (from, to) = (floor(from.min(end)), floor(to.min(end)));
    if from < to {
        return (from, to);
    }
    match (text[from..end].chars().next(), text[start..from].chars().next_back()) {
        (Some(next), _) => (from, from + next.len_utf8()),
        (None, Some(last)) => (from - last.len_utf8(), from),
        (None, None) => (from, from),
    }
}

/// Returns the part of a line that fits, around a byte, and how many bytes are left out before it.
fn window(line: &str, around: Range<usize>, most: usize) -> (&str, usize) {
    if line.len() <= most || line.chars().take(most + 1).count() <= most {
        return (line, 0);
    }
    let boundary = |at: usize| (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at));
    let (from, to) = (boundary(around.start).unwrap_or(0), boundary(around.end).unwrap_or(0));
    let fits = line[..to].chars().take(most + 1).count() <= most;
    let from = if fits {
        0
    } else {
        line[..from].char_indices().rev().take(BEFORE).last().map_or(from, |(at, _)| at)
    };
    let to = line[from..].char_indices().nth(most).map_or(line.len(), |(at, _)| from + at);
    (&line[from..to], from)
}

fn line_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
    starts
}

fn line_of(starts: &[usize], at: usize) -> usize {
    starts.partition_point(|start| *start <= at).saturating_sub(1)
}

/// Replaces what could act on a terminal, by something of the same number of bytes.
fn clean_line(line: &str) -> String {
    let safe = |c: char| match c {
        '\t' => c,
        c if !acts(c) => c,
        c if c.len_utf8() == 1 => '?',
        c if c.len_utf8() == 2 => '·',
        _ => '\u{fffd}',
    };
    line.chars().map(safe).collect()
}

/// Replaces what could act on a terminal, by how it would be written in a string.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if acts(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Returns whether a character does something to a terminal instead of standing there.
fn acts(c: char) -> bool {
    let hidden = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}'];
    c.is_control() || c == '\u{feff}' || hidden.iter().any(|range| range.contains(&c))
}
