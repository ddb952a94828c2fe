//! Placeholders: what can stand between braces in a text of a process or a queue.
//!
//! How each is written is the model's; which there are depends on what the files declare. Unaware
//! of how they are offered.

use super::look::Look;
use super::nouns::{Name, Noun};
use super::scan::{Kind, Way, scan};
use crate::model::Placeholder;

/// Returns where, in the text of a value up to the cursor, the name of a placeholder begins that is
/// being typed.
pub(super) fn open(text: &str) -> Option<usize> {
    let brace = text.rfind('{')?;
    let (before, name) = (&text[..brace], &text[brace + 1..]);
    let doubled = before.len() - before.trim_end_matches('{').len();
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    (doubled % 2 == 0 && !before.ends_with('$') && name.chars().all(inner)).then_some(brace + 1)
}

/// Returns all placeholders of a process, as they are written between the braces.
pub(super) fn known(look: &Look<'_>, way: &[Way<'_>]) -> Vec<String> {
    let process = match *way {
        [Way::Key("process"), Way::Key(name), ..] if !is_mark(way) => Some(name),
        _ => None,
    };
    let mut known = Vec::new();
    for (_, text, names) in look.names() {
        known.extend(names.declared.iter().filter_map(|name| of(name, process)));
        scan(text, &mut |piece| {
            if matches!(piece.kind, Kind::Header | Kind::Key) {
                known.extend(inside(look, piece.way, process));
            }
        });
    }
    if is_mark(way) {
        known.retain(|one| matches!(one, Placeholder::Var(_) | Placeholder::Env(_)));
        known.insert(0, Placeholder::Item);
    } else {
        known.extend([Placeholder::RunId, Placeholder::Slot]);
    }
    let mut names: Vec<String> = known.iter().map(Placeholder::name).collect();
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Returns whether a text is filled in where an item is put into a queue, and no attempt is known.
fn is_mark(way: &[Way<'_>]) -> bool {
    matches!(
        *way,
        [Way::Key("queue"), _, Way::Key("key" | "priority")]
            | [Way::Key("process"), _, Way::Key("shard")]
            | [Way::Key("defaults"), Way::Key("shard")]
    )
}

/// Returns the placeholder that a declaration makes possible.
fn of(name: &Name<'_>, process: Option<&str>) -> Option<Placeholder> {
    match name.noun {
        Noun::Variable => Some(Placeholder::Var(name.text.to_owned())),
        Noun::Process if process != Some(name.text) => {
            Some(Placeholder::Stdout(name.text.to_owned()))
        }
        Noun::Process | Noun::Pool | Noun::Queue | Noun::File => None,
    }
}

/// Returns the placeholders that a key of a process, or of the job, makes possible.
fn inside(look: &Look<'_>, way: &[Way<'_>], process: Option<&str>) -> Vec<Placeholder> {
    let (key, own) = match *way {
        [Way::Key("process"), Way::Key(name), Way::Key(key), ref rest @ ..]
            if Some(name) == process =>
        {
            (key, rest)
        }
        [Way::Key("defaults"), Way::Key(key), ref rest @ ..] => (key, rest),
        [Way::Key("env"), Way::Key(name)] => return vec![Placeholder::Env(name.to_owned())],
        [Way::Key("pool"), _, Way::Key("slots"), Way::Entry, Way::Key(name)] => {
            return vec![Placeholder::Env(name.to_owned())];
        }
        _ => return Vec::new(),
    };
    match (key, own) {
        ("consumes", []) => vec![Placeholder::Item, Placeholder::ItemIndex],
        ("env", [Way::Key(name)]) => vec![Placeholder::Env((*name).to_owned())],
        ("matrix", [Way::Key(axis)]) => {
            let reserved = look.language.keys(&way[..way.len() - 1]);
            let own = reserved.iter().all(|key| key.name != *axis);
            own.then(|| Placeholder::Matrix((*axis).to_owned())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_brace_begins_one() {
        for (text, found) in [
            ("{", Some(1)),
            ("a{vars.", Some(2)),
            ("{item} {pro", Some(8)),
            ("", None),
            ("{item}", None),
            ("{{", None),
            ("{{{", Some(3)),
            ("${", None),
            ("awk {print $", None),
        ] {
            assert_eq!(open(text), found, "{text}");
        }
    }
}
