//! Words: text of a job file or of an item, made safe and fitting for a terminal.
//!
//! Unaware of what it says.

use std::fmt::Write as _;
use std::time::Duration;

/// Returns text in which nothing acts on a terminal: a control character is shown as its escape.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            write!(out, "{}", c.escape_default()).expect("text takes everything");
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns a number with its noun: `1 queue`, `2 queues`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = match noun.strip_suffix("ss") {
        _ if number == 1 => noun.to_owned(),
        Some(_) => format!("{noun}es"),
        None => format!("{noun}s"),
    };
    format!("{number} {plural}")
}

/// Returns a duration as people say it: to the second, or to the millisecond where it is below one.
pub(super) fn rounded(duration: Duration) -> String {
    match (duration.as_secs(), duration.subsec_millis()) {
        (0, millis) => format!("{millis}ms"),
        (seconds, _) => humantime::format_duration(Duration::from_secs(seconds)).to_string(),
    }
}

/// Returns text followed by spaces up to a width.
pub(super) fn padded(text: &str, width: usize) -> String {
    let have = console::measure_text_width(text);
    format!("{text}{}", " ".repeat(width.saturating_sub(have)))
}

/// Returns a word as a shell reads it: quoted where it must be, and without a byte that would act
/// on a terminal.
pub(super) fn quoted(word: &[u8], is_first: bool) -> String {
    let text = std::str::from_utf8(word).ok();
    let harmless = |c: char| c == '\n' || c == '\t' || !c.is_control();
    let Some(text) = text.filter(|text| text.chars().all(harmless)) else {
        let escape = |byte: &u8| match byte {
            b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        return format!("$'{}'", word.iter().map(escape).collect::<String>());
    };
    let plain =
        |c: char| c.is_ascii_alphanumeric() || "%+-./:@_{}".contains(c) || (c == '=' && !is_first);
    let is_plain = !text.is_empty() && text.chars().all(plain) && !text.contains("..}");
    if is_plain && !(text.contains('{') && text.contains("..")) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        assert_eq!(safe("a\u{1b}[31m\nü"), "a\\u{1b}[31m\\nü");
    }

    #[test]
    fn nouns_have_their_plural() {
        assert_eq!([count(1, "process"), count(2, "process")], ["1 process", "2 processes"]);
        assert_eq!([count(0, "queue"), count(1, "slot")], ["0 queues", "1 slot"]);
    }

    #[test]
    fn durations_are_as_long_as_they_need_to_be() {
        let said = [(0, "0ms"), (999, "999ms"), (1_999, "1s"), (61_000, "1m 1s")];
        for (millis, text) in said {
            assert_eq!(rounded(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn words_can_be_pasted() {
        for (word, expected) in [
            (&b"plain-1.txt"[..], "plain-1.txt"),
            (b"{item}", "{item}"),
            (b"{1..3}", "'{1..3}'"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"it's", "'it'\\''s'"),
            (b"$(x)\n", "'$(x)\n'"),
            (b"\x1b[31m\xff'", "$'\\x1b[31m\\xff\\''"),
        ] {
            assert_eq!(quoted(word, false), expected);
        }
        assert_eq!((quoted(b"A=1", true), quoted(b"A=1", false)), ("'A=1'".into(), "A=1".into()));
    }
}
