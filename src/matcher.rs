//! Matcher: finds in what a child prints the places in files that it tells of.
//!
//! Line by line, as they pass on the way to the log; a line without colours, up to a bound, and of
//! one that is drawn anew the last state. Expressions are the user's, so they take linear time.
//! Unaware of where an output comes from and of what is made of a finding.

use std::borrow::Cow;
use std::rc::Rc;

use regex::{Captures, Regex};

use crate::event::Finding;
use crate::model::{Matcher, Severity};

/// Bytes of a line that are looked at: no tool tells of a problem in more.
const LONGEST: usize = 4096;

/// Characters of a message that are kept: more is no message.
const MESSAGE: usize = 500;

/// Matchers that are ready to look. A clone is the same ones.
#[derive(Debug, Clone)]
pub struct Matchers(Rc<Vec<Row>>);

/// The expressions of a matcher.
#[derive(Debug)]
struct Row {
    name: String,
    severity: Severity,
    patterns: Vec<Regex>,
    repeats: bool,
}

/// A stream that is looked at.
#[derive(Debug)]
pub struct View {
    matchers: Matchers,
    /// How far each matcher has come.
    come: Vec<Come>,
    /// The line that has not ended, as far as it is looked at.
    line: Vec<u8>,
}

/// How far a matcher has come.
#[derive(Debug, Clone, Default)]
struct Come {
    /// Which expression the next line has to match.
    next: usize,
    /// What the lines before have told.
    told: Told,
}

/// What lines have told of a finding.
#[derive(Debug, Clone, Default)]
struct Told {
    severity: Option<Severity>,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    code: Option<String>,
    message: Option<String>,
}

impl Matchers {
    /// Makes them ready. What is no expression, which was refused before, matches nothing.
    pub fn new(matchers: &[Matcher]) -> Self {
        let row = |matcher: &Matcher| {
            let patterns = matcher.patterns.iter().map(|pattern| Regex::new(pattern));
            let (name, severity) = (matcher.name.clone(), matcher.severity);
            let patterns = patterns.collect::<Result<Vec<_>, _>>().ok()?;
            Some(Row { name, severity, patterns, repeats: matcher.repeats })
        };
        Self(Rc::new(matchers.iter().filter_map(row).collect()))
    }

    /// Begins to look at a stream.
    pub fn view(&self) -> View {
        let come = vec![Come::default(); self.0.len()];
        View { matchers: self.clone(), come, line: Vec::new() }
    }
}

impl View {
    /// Takes in a block and tells what its lines say.
    pub fn pass(&mut self, block: &[u8], tell: &mut impl FnMut(Finding)) {
        let mut pieces = block.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LONGEST - self.line.len();
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if pieces.peek().is_some() {
                self.end_line(tell);
            }
        }
    }

    /// Takes in that nothing more comes.
    pub fn finish(mut self, tell: &mut impl FnMut(Finding)) {
        if !self.line.is_empty() {
            self.end_line(tell);
        }
    }

    fn end_line(&mut self, tell: &mut impl FnMut(Finding)) {
        let line = std::mem::take(&mut self.line);
        let text = clean(&line);
        let mut found: Option<&str> = None;
        for (row, come) in self.matchers.0.iter().zip(&mut self.come) {
            // Of the forms of one tool the first that fits is meant.
            if found == Some(row.name.as_str()) {
                *come = Come::default();
            } else if let Some(finding) = row.look(come, &text) {
                found = Some(&row.name);
                tell(finding);
            }
        }
        self.line = line;
        self.line.clear();
    }
}

impl Row {
    /// Looks at a line; returns what was found once that is all.
    fn look(&self, come: &mut Come, line: &str) -> Option<Finding> {
        if come.next > 0 && !self.patterns[come.next].is_match(line) {
            *come = Come::default();
        }
        let groups = self.patterns.get(come.next)?.captures(line)?;
        let mut told = come.told.clone();
        told.take(&groups);
        if come.next + 1 < self.patterns.len() {
            (come.next, come.told) = (come.next + 1, told);
            return None;
        }
        if !self.repeats {
            *come = Come::default();
        }
        told.finding(self)
    }
}

impl Told {
    /// Takes what the groups of an expression have found.
    fn take(&mut self, groups: &Captures<'_>) {
        let text = |name| groups.name(name).map(|found| found.as_str().trim());
        let text = |name| text(name).filter(|text| !text.is_empty());
        let number = |name| text(name).and_then(|text| text.parse().ok()).filter(|at| *at > 0);
        let own = |name| text(name).map(str::to_owned);
        self.severity = text("severity").map(severity).or(self.severity);
        self.line = number("line").or(self.line);
        self.column = number("column").or(self.column);
        self.file = own("file").or(self.file.take());
        self.code = own("code").or(self.code.take());
        self.message = own("message").or(self.message.take());
    }

    /// Returns the finding, if a file and some words were told.
    fn finding(self, row: &Row) -> Option<Finding> {
        let Self { severity, file, line, column, code, message } = self;
        let message = message.or_else(|| code.clone())?;
        Some(Finding {
            matcher: row.name.clone(),
            severity: severity.unwrap_or(row.severity),
            file: file?,
            line,
            column,
            code,
            message: message.chars().take(MESSAGE).collect(),
        })
    }
}

/// Returns what a word for how bad something is means: what is not an error is to be looked at.
fn severity(word: &str) -> Severity {
    let word = word.to_lowercase();
    if ["error", "fatal", "e", "err"].contains(&word.as_str()) {
        Severity::Error
    } else {
        Severity::Warning
    }
}

/// Returns a line without colours, as it stands in its end.
fn clean(line: &[u8]) -> Cow<'_, str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.rsplit(|byte| *byte == b'\r').next().unwrap_or(line);
    match String::from_utf8_lossy(line) {
        Cow::Borrowed(text) => console::strip_ansi_codes(text),
        Cow::Owned(text) => console::strip_ansi_codes(&text).into_owned().into(),
    }
}

#[cfg(test)]
mod tests;
