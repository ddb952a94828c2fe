//! Sanitize: bytes of a child to text that a terminal can only show.
//!
//! Colours pass, everything else that could act on the terminal is dropped or shown as a symbol:
//! a child can't move the cursor, set a title, fill the clipboard or ask for an answer. Works on
//! one whole line at a time, so no sequence is open beyond its line. The log keeps the bytes as
//! they were. Unaware of where lines come from: [`super::lines`] makes them.

use std::borrow::Cow;

/// Longest parameters of a colour that pass: a true colour for text, ground and underline with
/// every attribute takes less.
const SGR_LONGEST: usize = 80;

/// Resets every attribute.
const RESET: &str = "\x1b[0m";

/// Returns the text of one line, with its colours where `color` is on.
pub(super) fn clean(line: &[u8], color: bool) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(line);
    // Looks at every byte because that is several times as fast as to stop at the first.
    if !line.iter().fold(false, |found, byte| found | !(b' '..=b'~').contains(byte)) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    let mut open = false;
    while let Some(at) = rest.find(acts) {
        out.push_str(&rest[..at]);
        let sequence = &rest[at..];
        let length = escape(sequence);
        match sgr(&sequence[..length]) {
            Some(_) if !color => {}
            Some(parameters) => {
                out.push_str(&sequence[..length]);
                open = parameters.bytes().any(|byte| byte != b'0' && byte != b';');
            }
            None => out.extend(symbol(sequence, length)),
        }
        rest = &sequence[length..];
    }
    out.push_str(rest);
    if open {
        out.push_str(RESET);
    }
    out.into()
}

/// Returns text of the runner itself or of a name, an item, a system: one line without colours.
pub(super) fn text(text: &str) -> String {
    clean(text.as_bytes(), false).into_owned()
}

/// Returns the length of the colours that a clean line begins with.
pub(super) fn colors(line: &str) -> usize {
    let mut length = 0;
    while line[length..].starts_with('\x1b') {
        length += escape(&line[length..]);
    }
    length
}

/// Whether a character can act on a terminal, alone or as the start of a sequence.
fn acts(character: char) -> bool {
    character.is_control() && character != '\t' || turns(character)
}

/// Whether a character turns the direction of writing, so that a line reads as what it is not.
fn turns(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns what stands for a control character; nothing for a whole escape sequence.
fn symbol(sequence: &str, length: usize) -> Option<char> {
    let first = sequence.chars().next()?;
    match first {
        '\x1b' if length > 1 => None,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(first)),
        '\x7f' => Some('␡'),
        _ => Some(char::REPLACEMENT_CHARACTER),
    }
}

/// Returns the parameters of a sequence that sets colours and nothing else.
fn sgr(sequence: &str) -> Option<&str> {
    let parameters = sequence.strip_prefix("\x1b[")?.strip_suffix('m')?;
    let plain = parameters.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'));
    (plain && parameters.len() <= SGR_LONGEST).then_some(parameters)
}

/// Returns the length of the control character or sequence at the start, at least one character.
fn escape(sequence: &str) -> usize {
    let mut bytes = sequence.bytes();
    let first = sequence.chars().next().map_or(0, char::len_utf8);
    if bytes.next() != Some(b'\x1b') {
        return first;
    }
    match bytes.next() {
        Some(b'[') => 2 + control(&sequence.as_bytes()[2..]),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => 2 + string(&sequence[2..]),
        Some(b' '..=b'~') => 1 + command(&sequence.as_bytes()[1..]),
        Some(_) | None => 1,
    }
}

/// Returns the length of what follows `ESC [`: parameters, and the letter where there is one.
fn control(bytes: &[u8]) -> usize {
    let parameters = count(bytes, |byte| matches!(byte, b'0'..=b'?'));
    let between = parameters + count(&bytes[parameters..], |byte| matches!(byte, b' '..=b'/'));
    between + usize::from(bytes.get(between).is_some_and(|byte| matches!(byte, b'@'..=b'~')))
}

/// Returns the length of what follows `ESC ]` and its like, up to its end or that of the line.
fn string(text: &str) -> usize {
    let bell = text.find('\x07').map(|at| at + 1);
    let tilde = text.find("\x1b\\").map(|at| at + 2);
    let single = text.find('\u{9c}').map(|at| at + '\u{9c}'.len_utf8());
    [bell, tilde, single].into_iter().flatten().min().unwrap_or(text.len())
}

/// Returns the length of what follows `ESC`, where it is a short command such as `( B`.
fn command(bytes: &[u8]) -> usize {
    let between = count(bytes, |byte| matches!(byte, b' '..=b'/'));
    between + usize::from(bytes.get(between).is_some_and(|byte| matches!(byte, b'0'..=b'~')))
}

fn count(bytes: &[u8], of: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| of(byte)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::hostile;
    use super::*;

    #[test]
    fn colours_pass_and_end_with_their_line() {
        for (bytes, colored, plain) in [
            (&b"plain"[..], "plain", "plain"),
            (b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", "red"),
            (b"\x1b[1;38:2:1:2:3mopen", "\x1b[1;38:2:1:2:3mopen\x1b[0m", "open"),
            (b"\x1b[mbare", "\x1b[mbare", "bare"),
        ] {
            assert_eq!(clean(bytes, true), colored);
            assert_eq!(clean(bytes, false), plain);
        }
    }

    #[test]
    fn nothing_else_acts_on_the_terminal() {
        for (bytes, shown) in [
            (&b"a\x1b[2Jb\x1b[10;10Hc"[..], "abc"),
            (b"a\x1b]0;title\x07b", "ab"),
            (b"a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
            (b"a\x1b]52;c;open osc takes the line", "a"),
            (b"a\x1b[>4;2mb", "ab"),
            (b"a\x1b[?1049hb\x1bcc\x1b(Bd", "abcd"),
            (b"bell\x07 nul\0 back\x08 del\x7f", "bell␇ nul␀ back␈ del␡"),
            (b"lone \x1b", "lone ␛"),
            (b"half \x1b[12", "half "),
            (b"tab\tstays", "tab\tstays"),
            ("c1 \u{9b}31m".as_bytes(), "c1 \u{fffd}31m"),
            ("turned \u{202e}txt".as_bytes(), "turned \u{fffd}txt"),
            (b"latin \xe9 and \xff", "latin \u{fffd} and \u{fffd}"),
        ] {
            assert_eq!(clean(bytes, true), shown, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_let_more_than_colours_through(bytes in hostile(), color: bool) {
            let shown = clean(&bytes, color);
            let mut rest = &*shown;
            while let Some(at) = rest.find(acts) {
                let length = escape(&rest[at..]);
                prop_assert!(color && sgr(&rest[at..at + length]).is_some(), "{shown:?}");
                rest = &rest[at + length..];
            }
        }
    }
}
