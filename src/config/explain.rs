//! Explain: what a value that does not fit, or a key that does not belong, is told as.
//!
//! The words come from our own forms and from the kind of value found, never from serde; the cure
//! is the line as it should be written. Unaware of how values are read.

mod cure;

use super::decode::{Fault, Mistake, Name};
use super::forms::{Kind, any_of};
use super::names::{self, Meant};
use crate::model::{FileId, Place, Problem, code};
use cure::Cure;

/// Where a mistake was made: a file, and the title by which messages call the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'t> {
    /// The file.
    pub(super) file: FileId,
    /// Its text.
    pub(super) text: &'t str,
    /// Such as `[process.scan]`.
    pub(super) title: &'t str,
}

/// Words one mistake; where a key does not belong, `meant` is what was probably meant.
pub(super) fn explain(table: Table<'_>, mistake: &Mistake, meant: Option<Meant>) -> Problem {
    let place = Place::span(table.file, mistake.at.range());
    let name = called(table.title, &mistake.name);
    let found = format!("this is {}", found(mistake));
    match &mistake.fault {
        Fault::Type(expected) => {
            let said = format!("{name} must be {expected}");
            let problem = Problem::error(code::WRONG_TYPE, said, place.label(found));
            let problem = problem.help(format!("write {expected}"));
            cured(problem, table, cure::value(table.title, mistake, expected))
        }
        Fault::Value(expected) => {
            let said = format!("{name} must be {expected}");
            let problem = Problem::error(code::BAD_VALUE, said, place.label(found));
            cured(problem, table, Some(cure::bound(mistake, expected)))
        }
        Fault::Word(allowed) => word(table, place, &name, mistake, allowed),
        Fault::Later(what) => reserved(place, what),
        Fault::Key(key, ours, keys) => {
            let said = format!("{name} has no key `{key}`");
            match meant {
                Some(meant) => instead(table, mistake, (said, key), meant),
                None => unknown(place, said, (ours, keys), mistake.value.kind),
            }
        }
        Fault::Other(words) => {
            let said = format!("{name}: {words}");
            Problem::error(code::BAD_VALUE, said, place.label(found)).help("write another value")
        }
    }
}

/// Returns the problem of a part of the language that this version does not run.
pub(super) fn reserved(place: Place, what: &str) -> Problem {
    let said = format!("`{what}` is part of the language, but this version does not run it yet");
    Problem::error(code::RESERVED, said, place.label("not in this version"))
        .help("remove it, or use a version that runs it")
}

fn called(title: &str, name: &Name) -> String {
    match name {
        Name::Table => title.to_owned(),
        Name::Key(key) => format!("`{key}`"),
        Name::EntryOf(key) => format!("an entry of `{key}`"),
    }
}

fn found(mistake: &Mistake) -> String {
    let value = &mistake.value;
    match value.kind {
        Kind::Whole | Kind::Number | Kind::Flag => value.text.clone(),
        Kind::Text | Kind::Date | Kind::List | Kind::Table => value.kind.words().to_owned(),
    }
}

/// Adds a cure to a problem.
fn cured(problem: Problem, table: Table<'_>, cure: Option<Cure>) -> Problem {
    let Some(Cure { help, fix }) = cure else { return problem };
    let problem = problem.help(help);
    match fix {
        Some((at, text)) => problem.fix(Place::span(table.file, at.range()), text),
        None => problem,
    }
}

/// Words a word that is not among those allowed.
fn word(
    table: Table<'_>,
    place: Place,
    name: &str,
    mistake: &Mistake,
    allowed: &'static [&'static str],
) -> Problem {
    let word = &mistake.value.text;
    let said = format!("{name} must be {}", any_of(allowed));
    let meant = names::meant_word(word, allowed);
    let label = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("this is {word:?}"),
    };
    let problem = Problem::error(code::BAD_VALUE, said, place.label(label));
    cured(problem, table, Some(cure::word(mistake, meant, allowed)))
}

/// Words a key for which there is another way to write it.
fn instead(
    table: Table<'_>,
    mistake: &Mistake,
    (said, key): (String, &str),
    meant: Meant,
) -> Problem {
    let place = Place::span(table.file, mistake.at.range());
    match meant {
        Meant::Key(ours) => {
            let label = place.label(format!("did you mean `{ours}`?"));
            let problem = Problem::error(code::UNKNOWN_KEY, said, label);
            cured(problem, table, Some(cure::rename(table.text, mistake, key, ours)))
        }
        Meant::Home(home) => {
            let label = place.label(format!("`{key}` belongs to {home}"));
            let problem = Problem::error(code::UNKNOWN_KEY, said, label);
            problem.help(format!("move it to {home}"))
        }
        Meant::Advice(advice) => {
            Problem::error(code::UNKNOWN_KEY, said, place.label("no such key")).help(advice)
        }
    }
}

/// Words a key that resembles nothing.
fn unknown(
    place: Place,
    said: String,
    (table, keys): (&str, &[&'static str]),
    found: Kind,
) -> Problem {
    let problem = Problem::error(code::UNKNOWN_KEY, said, place.label("no such key"));
    if found == Kind::Table && table == "Process" {
        return problem.help("a name with a dot stands in quotes: [process.\"a.b\"]");
    }
    problem.help(format!("its keys: {}", names::listed(table, keys).join(", ")))
}
