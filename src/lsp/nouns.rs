//! Nouns: what a job file declares and names, and every place where it does.
//!
//! Found in the text as it is typed, so that a table with a slip in it still declares what it
//! declares. Unaware of files other than the one that is read.

use std::ops::Range;

use super::language::Language;
use super::scan::{Kind, Piece, Way, scan};
use crate::model::{Placeholder, Template};

/// What can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noun {
    /// A process.
    Process,
    /// A pool.
    Pool,
    /// A queue.
    Queue,
    /// A variable of the job.
    Variable,
    /// A file.
    File,
}

impl Noun {
    /// Returns the noun that the schema calls so.
    pub(super) fn of(word: &str) -> Option<Self> {
        let all = [Self::Process, Self::Pool, Self::Queue, Self::Variable, Self::File];
        all.into_iter().find(|noun| noun.word() == word)
    }

    /// Returns how a person calls it; the section that declares it, but for variables.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Pool => "pool",
            Self::Queue => "queue",
            Self::Variable => "variable",
            Self::File => "file",
        }
    }

    /// Returns what the tables of a section declare.
    pub(super) fn of_section(section: &str) -> Option<Self> {
        match section {
            "vars" => Some(Self::Variable),
            _ => Self::of(section).filter(|noun| !matches!(noun, Self::Variable | Self::File)),
        }
    }
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name<'t> {
    /// What it names.
    pub(super) noun: Noun,
    /// The name.
    pub(super) text: &'t str,
    /// Its bytes.
    pub(super) at: Range<usize>,
}

impl Name<'_> {
    /// Returns whether both name the same.
    pub(super) fn is(&self, other: &Name<'_>) -> bool {
        (self.noun, self.text) == (other.noun, other.text)
    }
}

/// All names of a text.
#[derive(Debug, Default)]
pub(super) struct Names<'t> {
    /// Where each is declared, at its first place only.
    pub(super) declared: Vec<Name<'t>>,
    /// Where each is used.
    pub(super) used: Vec<Name<'t>>,
}

impl<'t> Names<'t> {
    /// Finds all names of a text.
    pub(super) fn of(text: &'t str, language: &Language) -> Self {
        let mut names = Self::default();
        let mut known = std::collections::HashSet::new();
        scan(text, &mut |piece| {
            if let Some(name) = declared(&piece)
                && known.insert((name.noun.word(), name.text))
            {
                names.declared.push(name);
            }
            used(text, &piece, language, &mut names.used);
        });
        names
    }

    /// Returns the name that stands at a byte, where it is declared or used.
    pub(super) fn at(text: &'t str, language: &Language, byte: usize) -> Option<Name<'t>> {
        let mut found = None;
        scan(text, &mut |piece| {
            if !touches(&piece.at, byte) {
                return;
            }
            let mut here = Vec::new();
            used(text, &piece, language, &mut here);
            let name = here.into_iter().find(|name| touches(&name.at, byte));
            found = name.or_else(|| declared(&piece)).or(found.take());
        });
        found
    }
}

/// Returns whether a cursor at a byte stands at some bytes: inside them or at either end.
pub(super) fn touches(at: &Range<usize>, byte: usize) -> bool {
    at.start <= byte && byte <= at.end
}

/// Returns what a piece declares.
fn declared<'t>(piece: &Piece<'_, 't>) -> Option<Name<'t>> {
    let [Way::Key(section), Way::Key(name)] = *piece.way else { return None };
    if !matches!(piece.kind, Kind::Header | Kind::Key) {
        return None;
    }
    Some(Name { noun: Noun::of_section(section)?, text: name, at: piece.at.clone() })
}

/// Adds what a piece names.
fn used<'t>(text: &'t str, piece: &Piece<'_, 't>, language: &Language, found: &mut Vec<Name<'t>>) {
    if piece.kind != Kind::Text {
        return;
    }
    let written = &text[piece.at.clone()];
    if let Some(noun) = language.names(piece.way) {
        found.push(Name { noun, text: written, at: piece.at.clone() });
        return;
    }
    if !written.contains('{') {
        return;
    }
    for (placeholder, inside) in Template::parse(written).0.placeholders() {
        let (noun, name) = match placeholder {
            Placeholder::Var(name) => (Noun::Variable, name),
            Placeholder::Stdout(name) | Placeholder::Result(name, _) => (Noun::Process, name),
            Placeholder::Env(_)
            | Placeholder::Matrix(_)
            | Placeholder::Item
            | Placeholder::ItemField(_)
            | Placeholder::ItemIndex
            | Placeholder::RunId
            | Placeholder::Slot => continue,
        };
        let Some(offset) = written[inside.clone()].find(&format!(".{name}")) else { continue };
        let start = piece.at.start + inside.start + offset + 1;
        let at = start..start + name.len();
        found.push(Name { noun, text: &text[at.clone()], at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[vars]\nroot = \".\"\n[pool.net]\n[process.a]\npool = \"net\"\n\
                        command = [\"ls\", \"{vars.root}/{process.b.stdout}\"]\n[process.a.env]\n\
                        [process.b]\nneeds = [{ process = \"a\" }]\ndescription = \"a\n[queue.q";

    fn shown(names: &[Name<'_>]) -> Vec<String> {
        names.iter().map(|name| format!("{} {}", name.noun.word(), name.text)).collect()
    }

    #[test]
    fn declarations_and_uses_are_found_in_broken_texts_too() {
        let language = Language::new(&crate::config::schema());
        let names = Names::of(TEXT, &language);
        let declared = ["variable root", "pool net", "process a", "process b", "queue q"];
        assert_eq!(shown(&names.declared), declared);
        let used = ["pool net", "variable root", "process b", "process a"];
        assert_eq!(shown(&names.used), used);
        for name in names.declared.iter().chain(&names.used) {
            assert_eq!(&TEXT[name.at.clone()], name.text);
        }
    }

    #[test]
    fn a_cursor_stands_at_one_name() {
        let language = Language::new(&crate::config::schema());
        let at = |before: &str| {
            let byte = TEXT.find(before).unwrap() + before.len();
            Names::at(TEXT, &language, byte).map(|name| format!("{:?} {}", name.noun, name.text))
        };
        assert_eq!(at("pool = \"n").as_deref(), Some("Pool net"));
        assert_eq!(at("{vars.root").as_deref(), Some("Variable root"));
        assert_eq!(at("/{process.").as_deref(), Some("Process b"));
        assert_eq!(at("[process.b").as_deref(), Some("Process b"));
        assert_eq!(at("[\"l"), None);
        assert_eq!(at("descr"), None);
    }
}
