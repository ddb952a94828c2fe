//! Document: the text of a job file as a table with places, recovered where it is broken.
//!
//! A text that is not TOML is cut at the headers of our own sections. The first mistake of each
//! broken piece is told, the piece is blanked with spaces so that every place stays true, and the
//! rest is parsed again: a quote that is missing in one table hides nothing in the others. Names
//! that a blanked piece declares are kept, so that nothing that uses them is told as well.
//! Unaware of what the tables mean.

mod foreign;
mod newer;
mod place;
mod syntax;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) use place::{exact, inside, span_of};

use super::forms::Span;
use crate::model::{FileId, Place, Problem, code};

/// The tables that a job file may hold: a line that opens one is where a broken text is cut.
pub(super) const SECTIONS: [&str; 9] =
    ["process", "pool", "queue", "vars", "env", "defaults", "limits", "place", "broker"];

/// The longest piece of which all mistakes are gathered to find the first.
const LONGEST_SORTED: usize = 64 << 10;

/// A parsed job file.
#[derive(Debug)]
pub(super) struct Document<'i> {
    /// What could be read.
    pub(super) root: Spanned<DeValue<'i>>,
    /// What could not.
    pub(super) mistakes: Vec<Mistake>,
    /// Tables that were declared in a broken piece, such as `process` and `scan`.
    pub(super) lost: Vec<Lost>,
}

/// A name that a broken piece declares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost {
    /// `process`, `pool` or `queue`.
    pub(super) section: &'static str,
    /// The name.
    pub(super) name: String,
    /// Where it stands.
    pub(super) at: Span,
}

/// One place where the text is not TOML.
#[derive(Debug)]
pub(super) struct Mistake {
    /// What is wrong.
    pub(super) message: String,
    /// Where.
    pub(super) at: Range<usize>,
    /// Why there.
    pub(super) label: String,
    /// What would be right.
    pub(super) help: String,
    /// The first definition, where a name is defined twice.
    pub(super) first: Option<Range<usize>>,
}

impl Mistake {
    /// Returns it as a problem of a file.
    pub(super) fn problem(&self, file: FileId) -> Problem {
        let label = Place::span(file, self.at.clone()).label(self.label.clone());
        let code = if self.message.ends_with("twice") { code::DUPLICATE } else { code::SYNTAX };
        let mut problem = Problem::error(code, self.message.clone(), label);
        if let Some(first) = &self.first {
            problem = problem.also(Place::span(file, first.clone()).label("first here"));
        }
        problem.help(self.help.clone())
    }
}

impl<'i> Document<'i> {
    /// Parses a text; `blank` is where a copy with its broken pieces blanked is kept, if needed.
    pub(super) fn parse(text: &'i str, blank: &'i mut String) -> Self {
        if let Ok(root) = DeTable::parse(text) {
            return Self { root: table(root), mistakes: Vec::new(), lost: Vec::new() };
        }
        let mut mistakes = Vec::new();
        let mut lost = Vec::new();
        let mut bytes = text.as_bytes().to_vec();
        for piece in pieces(text) {
            let Some(error) = first_error(&text[piece.clone()]) else { continue };
            mistakes.push(syntax::explain(text, piece.start, &error));
            lost.extend(declared(text, &piece));
            for byte in &mut bytes[piece] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        *blank = String::from_utf8(bytes).expect("whole pieces of text are blanked");
        let (root, errors) = DeTable::parse_recoverable(blank);
        mistakes.extend(errors.iter().map(|error| syntax::explain(text, 0, error)));
        mistakes.sort_by_key(|mistake| mistake.at.start);
        without_echoes(text, &mut mistakes);
        Self { root: table(root), mistakes, lost }
    }

    /// Returns the inline tables that only TOML 1.1 has.
    pub(super) fn newer(&self, text: &str) -> Vec<Range<usize>> {
        self.root.get_ref().as_table().map_or_else(Vec::new, |root| newer::tables(root, text))
    }

    /// Returns what stands behind a key of the top level.
    pub(super) fn get(&self, key: &str) -> Option<&Spanned<DeValue<'i>>> {
        self.root.get_ref().get(key)
    }

    /// Returns the keys of the top level.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let root = self.root.get_ref().as_table();
        root.into_iter().flatten().map(|(key, _)| key.get_ref().as_ref())
    }

    /// Returns the tables of a section by name, and whatever stands there instead of a table.
    pub(super) fn named(
        &self,
        section: &str,
    ) -> impl Iterator<Item = (&str, Span, &Spanned<DeValue<'i>>)> {
        let table = self.get(section).and_then(|value| value.get_ref().as_table());
        table.into_iter().flatten().map(|(key, value)| {
            let name: &str = key.get_ref();
            (name, Span::of(key), value)
        })
    }
}

/// Returns the first mistake of a piece. The parser tells mistakes of lists before those of values,
/// so all are needed to know it; of a long piece, where they could fill the memory, one must do.
fn first_error(piece: &str) -> Option<toml::de::Error> {
    let error = DeTable::parse(piece).err()?;
    if piece.len() > LONGEST_SORTED {
        return Some(error);
    }
    let (_, errors) = DeTable::parse_recoverable(piece);
    errors.into_iter().min_by_key(|error| error.span().map_or(0, |span| span.start))
}

fn table(root: Spanned<DeTable<'_>>) -> Spanned<DeValue<'_>> {
    Spanned::new(root.span(), DeValue::Table(root.into_inner()))
}

/// Leaves out the keys of a table that is declared twice: they are given twice because of it.
fn without_echoes(text: &str, mistakes: &mut Vec<Mistake>) {
    let mut quiet = 0;
    mistakes.retain(|mistake| {
        if mistake.at.start < quiet && mistake.message.ends_with("is given twice") {
            return false;
        }
        if mistake.message.ends_with("is declared twice") {
            let next = text[mistake.at.end..].find("\n[").map(|at| mistake.at.end + at);
            quiet = next.unwrap_or(text.len());
        }
        true
    });
}

/// Cuts a text at the lines that open one of our sections.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut cuts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && header(line).is_some() {
            cuts.push(at);
        }
        at += line.len();
    }
    cuts.push(text.len());
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Returns the section that a line opens, and the rest of the line behind its name.
fn header(line: &str) -> Option<(&'static str, &str)> {
    let line = line.trim_start();
    let inner = line.trim_start_matches('[');
    if inner.len() == line.len() {
        return None;
    }
    SECTIONS.into_iter().find_map(|section| {
        let rest = inner.trim_start().strip_prefix(section)?;
        let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        ends.then_some((section, rest))
    })
}

/// Returns the name that a piece declares, as far as its header can still be read.
fn declared(text: &str, piece: &Range<usize>) -> Option<Lost> {
    let line = text[piece.clone()].lines().next()?;
    let (section, rest) = header(line)?;
    if !["process", "pool", "queue"].contains(&section) {
        return None;
    }
    let name = rest.trim_start().strip_prefix('.')?.trim_start();
    let name = name.trim_start_matches(['"', '\'']);
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let (name, rest) = name.split_at(name.find(|c| !bare(c)).unwrap_or(name.len()));
    // A table inside of one, such as `[process.a.env]`, declares nothing.
    let inner = rest.trim_start_matches(['"', '\'', ' ']).starts_with('.');
    if name.is_empty() || inner {
        return None;
    }
    let start = name.as_ptr().addr() - text.as_ptr().addr();
    let at = Span::from(start..start + name.len());
    Some(Lost { section, name: name.to_owned(), at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut blank = String::new();
        let document = Document::parse(text, &mut blank);
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        (
            document
                .mistakes
                .iter()
                .map(|m| format!("{}: {}", line(m.at.start), m.message))
                .collect(),
            document.lost.iter().map(|lost| format!("{}.{}", lost.section, lost.name)).collect(),
            document.named("process").map(|(name, ..)| name.to_owned()).collect(),
        )
    }

    #[test]
    fn whole_text_keeps_the_order_of_the_file() {
        let (mistakes, lost, names) = read("[process.b]\n[process.a]\n[process.c]\n");
        assert!(mistakes.is_empty() && lost.is_empty());
        assert_eq!(names, ["b", "a", "c"]);
    }

    #[test]
    fn broken_pieces_are_told_once_each_and_hide_nothing() {
        let text = "[process.a]\ncommand = [\"x]\n[process.b]\ncommand = [\"y\"]\n\
                    [process.c\nx = 1\n[pool.d]\nsize == 2\n[process.e]\n";
        let (mistakes, lost, names) = read(text);
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        assert_eq!(lost, ["process.a", "process.c", "pool.d"]);
        assert_eq!(names, ["b", "e"]);
    }

    #[test]
    fn name_defined_twice_shows_both() {
        let text = "[process.a]\nx = 1\nx = 2\n[process.b]\n[process.b]\n";
        let mut blank = String::new();
        let document = Document::parse(text, &mut blank);
        let places: Vec<_> = document
            .mistakes
            .iter()
            .map(|mistake| (mistake.first.clone().map(|at| &text[at]), &text[mistake.at.clone()]))
            .collect();
        assert_eq!(places, [(Some("x"), "x"), (Some("b"), "b")]);
    }

    #[test]
    fn texts_without_tables_are_documents_too() {
        for text in ["", "\n", "=", "[", "[[", "\"", "[process", "[process.", "x = [[[", "\u{feff}"]
        {
            read(text);
        }
    }
}
