//! Snippet: the lines around some marks, cut to a width and made safe to print.
//!
//! Keeps the true line numbers, because only the lines that are drawn are copied. Unaware of
//! problems and of colours.

use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use textwrap::core::display_width;

use super::lines::Lines;
use super::safe::{clean, clean_line};
use crate::model::Source;

/// Columns that numbers and borders take beside a line.
const BORDER: usize = 14;
/// Columns of a cut line that stay in front of its mark.
const BEFORE: usize = 12;
/// Columns from the middle of a mark to what is said of it.
const STEM: usize = 4;
/// Columns that what is said is given at least, before its line is cut to make room for it.
const ROOM: usize = 16;
/// Columns of a tab: the most that miette makes of one.
const TAB: usize = 4;

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
    room: Room,
}

/// How many columns there are.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// For a line of the text.
    line: usize,
    /// For a line, its mark and what is said of it.
    said: usize,
}

/// One line of a snippet.
#[derive(Debug)]
struct Line {
    /// Its number in the text, from 0.
    number: usize,
    /// Where it begins in the snippet.
    start: usize,
    /// How many characters were cut away in front of it.
    cut: usize,
}

impl Snippet {
    /// Takes the lines of the marks and one more on both sides; `None` where there is no line.
    pub(super) fn cut(source: &Source, mut marks: Vec<Mark>, width: usize) -> Option<Self> {
        if source.text.is_empty() || marks.is_empty() {
            return None;
        }
        let lines = Lines::of(&source.text);
        let numbers = lines.count().to_string().len();
        let line = width.saturating_sub(BORDER);
        let said = width.saturating_sub(numbers + 4);
        let mut snippet = Self {
            name: clean(&source.path).into_owned(),
            text: String::new(),
            lines: Vec::new(),
            marks: Vec::new(),
            room: Room { line, said },
        };
        marks.sort_by_key(|mark| mark.span.start);
        let mut wanted: Vec<usize> = Vec::new();
        for mark in &marks {
            let line = lines.at(mark.span.start);
            wanted.extend([line.saturating_sub(1), line, line + 1]);
        }
        wanted.sort_unstable();
        wanted.dedup();
        for number in wanted.into_iter().filter(|number| *number < lines.count()) {
            let (start, text) = lines.line(number);
            if text.is_empty() && number + 1 == lines.count() {
                continue;
            }
            let here: Vec<&Mark> =
                marks.iter().filter(|mark| lines.at(mark.span.start) == number).collect();
            snippet.line(text, start, number, &here);
        }
        (!snippet.text.is_empty()).then_some(snippet)
    }

    /// Cuts the front off a name that would be broken where a snippet lies inside of another.
    #[must_use]
    pub(super) fn nested(mut self) -> Self {
        let end = last_columns(&self.name, self.room.line);
        if end.len() < self.name.len() {
            self.name = format!("…{end}");
        }
        self
    }

    /// Adds one line, cut around its first mark.
    fn line(&mut self, line: &str, base: usize, number: usize, marks: &[&Mark]) {
        let line = line.trim_end_matches(['\n', '\r']);
        let within =
            |mark: &Mark| mark.span.start.saturating_sub(base)..mark.span.end.saturating_sub(base);
        let first = marks.first().map(|mark| (within(mark), display_width(&mark.text)));
        let (shown, skipped) = window(line, first, self.room);
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
                self.mark(start, from..to, mark);
            }
        }
        self.text.push('\n');
        let cut = line[..skipped].chars().count();
        self.lines.push(Line { number, start, cut });
    }

    /// Adds a mark in the line that begins at `start`; what is said of it is wrapped beside it.
    fn mark(&mut self, start: usize, mut span: Range<usize>, mark: &Mark) {
        let before = columns(&self.text[start..span.start], self.room.said);
        let wanted = display_width(&mark.text).min(ROOM) + STEM;
        // miette speaks of the middle of a mark: where that leaves no room, a part is marked.
        let widest = 2 * self.room.said.saturating_sub(before + wanted) + 1;
        let most = first_columns(&self.text[span.clone()], widest.max(TAB));
        span.end = span.start + most.len();
        let middle = before + columns(most, self.room.said) / 2;
        let room = self.room.said.saturating_sub(middle + STEM).max(ROOM / 2);
        let text = textwrap::wrap(&mark.text, room).join("\n");
        self.marks.push(Mark { span, text, primary: mark.primary });
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

/// Returns the part of a line that is shown, and how many bytes are left out before it: all that
/// fits, or what is around its mark, so that there is room for what is said of it.
fn window(line: &str, mark: Option<(Range<usize>, usize)>, room: Room) -> (&str, usize) {
    let boundary = |at: usize| (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at));
    let (mark, said) = mark.unwrap_or_default();
    let (from, to) = (boundary(mark.start).unwrap_or(0), boundary(mark.end).unwrap_or(0));
    let before = columns(&line[..from], room.line);
    let length = columns(&line[from..to.max(from)], room.line);
    let fits = before + length <= room.line
        && before + length / 2 + STEM + said.min(ROOM) <= room.said.max(ROOM + STEM);
    let from =
        if fits { 0 } else { from - last_columns(&line[..from], BEFORE.min(room.line / 3)).len() };
    (first_columns(&line[from..], room.line), from)
}

/// Returns how many columns a text takes, or more than `most`.
fn columns(text: &str, most: usize) -> usize {
    let mut sum = 0;
    for c in text.chars() {
        sum += width(c);
        if sum > most {
            break;
        }
    }
    sum
}

/// Returns the start of a text that has at most so many columns.
fn first_columns(text: &str, most: usize) -> &str {
    let mut sum = 0;
    let end = text.char_indices().find(|(_, c)| {
        sum += width(*c);
        sum > most
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// Returns the end of a text that has at most so many columns.
fn last_columns(text: &str, most: usize) -> &str {
    let mut sum = 0;
    let start = text.char_indices().rev().take_while(|(_, c)| {
        sum += width(*c);
        sum <= most
    });
    &text[start.last().map_or(text.len(), |(at, _)| at)..]
}

/// Returns how many columns a character takes.
fn width(c: char) -> usize {
    if c == '\t' { TAB } else { display_width(c.encode_utf8(&mut [0; 4])) }
}
