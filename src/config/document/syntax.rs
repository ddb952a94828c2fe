//! Syntax: what the parser found, in words that say what to do about it.
//!
//! The parser says what it expected; a person wants to know what is open and how to close it.
//! Unaware of tables and their keys.

use std::ops::Range;

use super::{Mistake, foreign};

/// Words a mistake that was found in the piece of `text` that begins at `base`.
pub(super) fn explain(text: &str, base: usize, error: &toml::de::Error) -> Mistake {
    let span = error.span().unwrap_or(0..0);
    let at = base + span.start..base + span.end;
    let said = error.message();
    if said.starts_with("duplicate key") {
        return twice(text, at);
    }
    let foreign = || foreign::explain(text, base, &at);
    open_string(text, &at).or_else(foreign).unwrap_or_else(|| plain(text, at, said))
}

fn twice(text: &str, at: Range<usize>) -> Mistake {
    let line = text[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[line..at.start].trim_start();
    let (header, lead) = (before.starts_with('['), before.trim_start_matches('['));
    let name = format!("{lead}{}", text.get(at.clone()).unwrap_or_default());
    let said = if header { "declared" } else { "given" };
    Mistake {
        message: format!("`{name}` is {said} twice"),
        first: first_of(text, &at),
        at,
        label: format!("{said} again"),
        help: "keep one of the two".to_owned(),
    }
}

/// Finds the first definition of a name: the same header above, or the same key in the table.
fn first_of(text: &str, at: &Range<usize>) -> Option<Range<usize>> {
    let name = text.get(at.clone())?;
    let line = text[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
    let in_header = text[line..].trim_start().starts_with('[');
    let lead = text[line..at.start].to_owned() + name;
    let mut end = line;
    while end > 0 {
        let start = text[..end - 1].rfind('\n').map_or(0, |newline| newline + 1);
        let above = &text[start..end];
        let ends = |rest: &str| rest.trim_start().starts_with(['=', '.', ']']);
        if let Some(rest) = above.strip_prefix(&lead)
            && ends(rest)
        {
            return Some(start + lead.len() - name.len()..start + lead.len());
        }
        if !in_header && above.trim_start().starts_with('[') {
            return None;
        }
        end = start;
    }
    None
}

/// Words the commonest mistake of all: a quote that is never closed.
fn open_string(text: &str, at: &Range<usize>) -> Option<Mistake> {
    let line_start = text[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[at.start..].find('\n').map_or(text.len(), |newline| at.start + newline);
    let line = text[line_start..line_end].trim_end();
    if line.contains("\"\"\"") || line.contains("'''") {
        return None;
    }
    let (quote, open) = last_open_quote(line)?;
    let mut inner = &line[open + 1..];
    let closing = inner.find([']', '}']).map_or("", |bracket| {
        let closing = &inner[bracket..];
        inner = &inner[..bracket];
        closing
    });
    if let Some(help) = apostrophe(line, quote) {
        return Some(Mistake {
            message: "the string ends at the `'` in its middle".to_owned(),
            at: line_start + open..line_start + line.len(),
            label: "so this is not part of it".to_owned(),
            help,
            first: None,
        });
    }
    Some(Mistake {
        message: "this string is never closed".to_owned(),
        at: line_start + open..line_start + line.len(),
        label: "the string starts here and runs to the end of the line".to_owned(),
        help: format!(
            "close it: `{quote}{inner}{quote}{closing}`. The other tables of this file were \
             still checked."
        ),
        first: None,
    })
}

/// Returns the cure of a text with an apostrophe in it between single quotes.
fn apostrophe(line: &str, quote: char) -> Option<String> {
    let (key, value) = line.split_once('=').filter(|_| quote == '\'')?;
    let inner = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let word = |part: &str| part.starts_with(|c: char| c.is_alphanumeric());
    let (_, after) = inner.split_once('\'').filter(|(_, after)| word(after))?;
    (!after.contains('"') && !inner.contains(['"', '\\']))
        .then(|| format!("write `{} = \"{inner}\"`", key.trim()))
}

/// Returns the quote that is open at the end of a line, and where it stands.
fn last_open_quote(line: &str) -> Option<(char, usize)> {
    let mut open = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match open {
            None if c == '"' || c == '\'' => open = Some((c, at)),
            None if c == '#' => return None,
            Some(_) if escaped => escaped = false,
            Some(('"', _)) if c == '\\' => escaped = true,
            Some((quote, _)) if c == quote => open = None,
            None | Some(_) => {}
        }
    }
    open
}

fn plain(text: &str, at: Range<usize>, said: &str) -> Mistake {
    let (what, expected) = said.split_once(", expected ").unwrap_or((said, ""));
    let here = text.get(at.clone()).unwrap_or_default();
    let label = match (expected, here) {
        ("", _) => "here".to_owned(),
        ("nothing", _) => "this must not stand here".to_owned(),
        (expected, "" | "\n" | "\r\n") => format!("{expected} is missing here"),
        (expected, _) => format!("expected {expected}"),
    };
    let help = match expected {
        "" => "write it as TOML has it: KEY = VALUE, text in quotes".to_owned(),
        "nothing" => "remove it".to_owned(),
        expected => format!("write {expected} here"),
    };
    Mistake {
        message: format!("this is not TOML: {what}"),
        at,
        label,
        help: format!("{help}. The other tables of this file were still checked."),
        first: None,
    }
}
