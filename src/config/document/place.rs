//! Place: the bytes of a job file that a path of keys leads to.
//!
//! A path that leads further than the file goes ends at what it still finds: a value that came from
//! `defaults`, a name written as text where a list could stand. Unaware of problems.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::forms::Span;
use crate::config::names;
use crate::model::{Part, Place, Step};

/// Returns the bytes of a place in a text that was parsed to `root`.
pub(in crate::config) fn span_of(
    root: &Spanned<DeValue<'_>>,
    text: &str,
    place: &Place,
) -> Range<usize> {
    match &place.part {
        Part::Bytes(range) => range.clone(),
        Part::Whole => 0..0,
        Part::Key | Part::Value | Part::Within(_) => {
            let table = root.get_ref().as_table();
            let Some(found) = table.and_then(|table| walk(table, &place.path)) else {
                return 0..0;
            };
            match &place.part {
                Part::Key if found.whole => found.key,
                Part::Within(range) => {
                    let value = found.text.as_deref().unwrap_or_default();
                    inside(text, found.value.into(), value, range)
                }
                Part::Key | Part::Value | Part::Bytes(_) | Part::Whole => found.value,
            }
        }
    }
}

/// Returns the bytes of a part of a text value; of the whole value where escapes stand in it.
pub(in crate::config) fn inside(
    text: &str,
    at: Span,
    value: &str,
    part: &Range<usize>,
) -> Range<usize> {
    match exact(text, at, value) {
        Some(start) if part.end <= value.len() => start + part.start..start + part.end,
        Some(_) | None => at.range(),
    }
}

/// Returns where a text value begins behind its quotes, unless escapes stand in it.
pub(in crate::config) fn exact(text: &str, at: Span, value: &str) -> Option<usize> {
    let written = text.get(at.range())?;
    let found = written.find(value).filter(|_| !value.is_empty())?;
    Some(at.range().start + found)
}

/// What a path leads to.
struct Found {
    key: Range<usize>,
    value: Range<usize>,
    text: Option<String>,
    whole: bool,
}

fn walk(root: &DeTable<'_>, path: &[Step]) -> Option<Found> {
    let (first, rest) = path.split_first()?;
    let Step::Key(first) = first else { return None };
    let (key, value) = section(root, first, rest)?;
    let found = follow(key.span(), value, rest);
    // A key that a process does not have itself may have come from `defaults`.
    let own_key = match path {
        [Step::Key(section), _, rest @ ..] if section == "process" && !rest.is_empty() => rest,
        _ => return Some(found),
    };
    let in_defaults = || {
        let (key, value) = root.get_key_value("defaults")?;
        value.get_ref().as_table()?.get(first_key(own_key)?)?;
        Some(follow(key.span(), value, own_key))
    };
    if found.whole { Some(found) } else { in_defaults().or(Some(found)) }
}

/// Returns the section that a path begins in: where others call it otherwise, the one of those that
/// has what the path goes on with.
fn section<'t, 'i>(
    root: &'t DeTable<'i>,
    name: &str,
    rest: &[Step],
) -> Option<(&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let has = |value: &Spanned<DeValue<'_>>| match rest.first() {
        Some(Step::Key(key)) => value.get_ref().get(key.as_str()).is_some(),
        Some(Step::Index(_)) | None => true,
    };
    let own = root.get_key_value(name);
    own.filter(|(_, value)| has(value)).or_else(|| {
        let other = |key: &str| root.get(name).is_none_or(|_| key != name);
        let meant = |key: &str| other(key) && names::section(key) == Some(name);
        root.iter().find(|(key, value)| has(value) && meant(key.get_ref())).or(own)
    })
}

fn first_key(path: &[Step]) -> Option<&str> {
    match path.first()? {
        Step::Key(key) => Some(key),
        Step::Index(_) => None,
    }
}

fn follow(key: Range<usize>, value: &Spanned<DeValue<'_>>, path: &[Step]) -> Found {
    let mut found = (key, value);
    let mut whole = true;
    for step in path {
        let next = match (step, found.1.get_ref()) {
            (Step::Key(key), DeValue::Table(table)) => {
                table.get_key_value(key.as_str()).map(|(key, value)| (key.span(), value))
            }
            (Step::Index(index), DeValue::Array(list)) => {
                list.get(*index).map(|value| (value.span(), value))
            }
            (Step::Index(0), _) => continue,
            (Step::Key(_) | Step::Index(_), _) => None,
        };
        let Some(next) = next else {
            whole = false;
            break;
        };
        found = next;
    }
    let text = found.1.get_ref().as_str().map(str::to_owned);
    let is_header = found.1.get_ref().is_table();
    let value = if is_header && !whole { found.0.clone() } else { found.1.span() };
    Found { key: found.0, value, text, whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FileId;

    const TEXT: &str = "[defaults]\npool = \"net\"\n[process.a]\n\
                        needs = [\"x\", { process = \"y\" }]\ncwd = \"{vars.q}/\"\n\
                        [process.a.env]\nK = \"a\\tb\"\n";

    fn at(place: &Place) -> &'static str {
        let mut blank = String::new();
        let document = crate::config::document::Document::parse(TEXT, &mut blank);
        &TEXT[span_of(&document.root, TEXT, place)]
    }

    #[test]
    fn paths_lead_to_their_bytes() {
        let file = FileId::default();
        assert_eq!(at(&Place::key(file, ["process", "a"])), "a");
        assert_eq!(at(&Place::value(file, ["process", "a", "needs"]).item(0)), "\"x\"");
        let entry = Place::value(file, ["process", "a", "needs"]).item(1);
        assert_eq!(at(&entry.then("process")), "\"y\"");
        assert_eq!(at(&Place::key(file, ["process", "a", "env", "K"])), "K");
        assert_eq!(at(&Place::value(file, ["process", "a", "cwd"]).within(0..8)), "{vars.q}");
        assert_eq!(at(&Place::value(file, ["process", "a", "cwd"]).item(0)), "\"{vars.q}/\"");
    }

    #[test]
    fn escaped_text_is_marked_as_a_whole() {
        let place = Place::value(FileId::default(), ["process", "a", "env", "K"]).within(1..2);
        assert_eq!(at(&place), "\"a\\tb\"");
    }

    #[test]
    fn what_is_not_there_ends_at_what_is() {
        let file = FileId::default();
        assert_eq!(at(&Place::value(file, ["process", "a", "pool"])), "\"net\"");
        assert_eq!(at(&Place::value(file, ["process", "a", "weight"])), "a");
        assert_eq!(at(&Place::value(file, ["process", "b"])), "process");
        assert_eq!(at(&Place::value(file, ["queue", "b"])), "");
        assert_eq!(at(&Place::whole(file)), "");
    }
}
