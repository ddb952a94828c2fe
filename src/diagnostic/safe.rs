//! Safe: text of a file, made so that nothing in it acts on whoever shows it.
//!
//! A file can hold escapes that move a cursor, and characters that turn the direction of writing.
//! For people they are replaced by how they would be written in a string; in JSON they are escaped,
//! so that a program still reads what the file says. Unaware of what the text is about.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Replaces what could act on a terminal, by how it would be written in a string.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if acts(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Replaces what could act on a terminal, by something of the same number of bytes.
pub(super) fn clean_line(line: &str) -> String {
    let safe = |c: char| match c {
        '\t' => c,
        c if !acts(c) => c,
        c if c.len_utf8() == 1 => '?',
        c if c.len_utf8() == 2 => '·',
        _ => '\u{fffd}',
    };
    line.chars().map(safe).collect()
}

/// Escapes in JSON what its own rules let pass: it can only stand inside of strings.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    let passes = |c: char| c == '\n' || !acts(c);
    if text.chars().all(passes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if passes(c) {
            out.push(c);
        } else {
            write!(out, "\\u{:04x}", u32::from(c)).expect("text takes everything");
        }
    }
    Cow::Owned(out)
}

/// Returns whether a character does something to a terminal instead of standing there.
fn acts(c: char) -> bool {
    let hidden = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}'];
    c.is_control() || c == '\u{feff}' || hidden.iter().any(|range| range.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown() {
        assert_eq!(clean("a\u{1b}[2J\u{202e}\n"), "a\\u{1b}[2J\\u{202e}\\n");
        assert_eq!(clean_line("\ta\u{1b}\u{9b}\u{202e}"), "\ta?·\u{fffd}");
    }

    #[test]
    fn json_still_says_what_the_text_says() {
        let text = "a\u{1b}\u{9b}\u{7f}\u{202e}\u{feff}ü";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let safe = super::json(&json);
        assert!(!safe.contains(|c| acts(c) && c != '\n'), "{safe}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&safe).unwrap(), [text]);
    }
}
