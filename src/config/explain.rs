//! Explain: what a value that does not fit, or a key that does not belong, is told as.
//!
//! The words come from our own forms and from the kind of value found, never from serde. Unaware
//! of how values are read.

use super::decode::{Fault, Mistake, Name};
use super::forms::{Kind, any_of};
use super::names;
use crate::model::{FileId, Place, Problem, code, nearest};

/// Words one mistake in a table that messages call `title`; where a key does not belong, `meant` is
/// the one that was probably meant.
pub(super) fn explain(
    file: FileId,
    title: &str,
    mistake: &Mistake,
    meant: Option<&str>,
) -> Problem {
    let place = Place::span(file, mistake.at.range());
    let name = called(title, &mistake.name);
    let found = format!("this is {}", found(mistake));
    match &mistake.fault {
        Fault::Type(expected) => {
            let said = format!("{name} must be {expected}");
            let problem = Problem::error(code::WRONG_TYPE, said, place.label(found));
            match cure(mistake, expected) {
                Some(help) => problem.help(help),
                None => problem,
            }
        }
        Fault::Value(expected) => {
            let said = format!("{name} must be {expected}");
            Problem::error(code::BAD_VALUE, said, place.label(found))
        }
        Fault::Word(allowed) => word(place, &name, mistake, allowed),
        Fault::Key(table, _) if names::is_reserved(table, &mistake.value) => {
            reserved(place, &mistake.value)
        }
        Fault::Key(table, keys) => match meant {
            Some(meant) => {
                let said = format!("{name} has no key `{}`", mistake.value);
                let label = place.label(format!("did you mean `{meant}`?"));
                Problem::error(code::UNKNOWN_KEY, said, label)
            }
            None => key(place, &name, mistake, (table, keys)),
        },
        Fault::Other(words) => {
            Problem::error(code::BAD_VALUE, format!("{name}: {words}"), place.label(found))
        }
    }
}

/// Returns the problem of a part of the language that this version does not run.
pub(super) fn reserved(place: Place, what: &str) -> Problem {
    let said = format!("`{what}` is part of the language, but this version does not run it yet");
    Problem::error(code::RESERVED, said, place.label("not in this version"))
}

fn called(title: &str, name: &Name) -> String {
    match name {
        Name::Table => title.to_owned(),
        Name::Key(key) => format!("`{key}`"),
        Name::EntryOf(key) => format!("an entry of `{key}`"),
    }
}

fn found(mistake: &Mistake) -> String {
    match mistake.found {
        Kind::Whole | Kind::Number | Kind::Flag => mistake.value.clone(),
        Kind::Text | Kind::Date | Kind::List | Kind::Table => mistake.found.words().to_owned(),
    }
}

/// Returns an edit that makes the value fit, where there is an obvious one.
fn cure(mistake: &Mistake, expected: &str) -> Option<String> {
    let Name::Key(key) = &mistake.name else { return None };
    let value = &mistake.value;
    match mistake.found {
        Kind::Text if expected.contains("whole number") && value.parse::<i64>().is_ok() => {
            Some(format!("remove the quotes: `{key} = {value}`"))
        }
        Kind::Text if expected.contains("`true`") && ["true", "false"].contains(&&**value) => {
            Some(format!("remove the quotes: `{key} = {value}`"))
        }
        Kind::Text if expected.contains("a list") => {
            let words: Vec<String> =
                value.split_whitespace().map(|word| format!("{word:?}")).collect();
            Some(format!("write a list: `{key} = [{}]`", words.join(", ")))
        }
        Kind::Whole if expected.contains("duration") => {
            Some(format!("write a unit: `{key} = \"{value}s\"`"))
        }
        Kind::Whole if expected.contains("a size") => {
            Some(format!("write a unit: `{key} = \"{value}B\"`"))
        }
        Kind::Whole | Kind::Number | Kind::Flag | Kind::Date if expected.contains("text") => {
            Some(format!("put it in quotes: `{key} = \"{value}\"`"))
        }
        Kind::Text
        | Kind::Whole
        | Kind::Number
        | Kind::Flag
        | Kind::Date
        | Kind::List
        | Kind::Table => None,
    }
}

fn word(place: Place, name: &str, mistake: &Mistake, allowed: &[&str]) -> Problem {
    if names::is_reserved_word(allowed, &mistake.value) {
        return reserved(place, &mistake.value);
    }
    let said = format!("{name} must be {}", any_of(allowed));
    let label = match nearest(&mistake.value, allowed.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("this is {:?}", mistake.value),
    };
    Problem::error(code::BAD_VALUE, said, place.label(label))
}

fn key(place: Place, name: &str, mistake: &Mistake, keys: (&str, &[&str])) -> Problem {
    let (table, keys) = keys;
    let key = &mistake.value;
    let said = format!("{name} has no key `{key}`");
    if let Some(home) = names::home(key) {
        let label = place.label(format!("`{key}` belongs to {home}"));
        return Problem::error(code::UNKNOWN_KEY, said, label).help(format!("move it to {home}"));
    }
    let problem = Problem::error(code::UNKNOWN_KEY, said, place.label("no such key"));
    if mistake.found == Kind::Table && table == "Process" {
        return problem.help("a name with a dot stands in quotes: [process.\"a.b\"]");
    }
    let mut keys: Vec<&str> = keys.iter().copied().filter(|key| !key.starts_with('$')).collect();
    keys.sort_unstable();
    problem.help(format!("its keys: {}", keys.join(", ")))
}
