//! Bytes: what an item looks like: text where it is text, else bytes in hexadecimal.
//!
//! In text what could act on a terminal is shown as its escape. Unaware of what the item means.

use std::fmt::Write as _;

/// Bytes that are shown: some screens, and a part of which one sees what it is. `--raw` writes all.
const SHOWN: usize = 4096;

/// Bytes of a row in hexadecimal, where there is room and where there is not.
const ROW: [usize; 2] = [16, 8];

/// Columns of the offset of a row, with the gap behind it.
const OFFSET: usize = 10;

/// Returns the rows that show an item, none wider than `width`, and how many bytes they leave out.
pub(super) fn rows(bytes: &[u8], width: usize) -> (Vec<String>, usize) {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    match readable(shown, bytes.len() > SHOWN) {
        Some(text) => (text_rows(text, width), bytes.len() - text.len()),
        None => (hex_rows(shown, width), bytes.len() - shown.len()),
    }
}

/// Returns bytes as text, if they are some; a character that is cut at the end is left out.
fn readable(bytes: &[u8], cut: bool) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}

fn text_rows(text: &str, width: usize) -> Vec<String> {
    text.split_terminator('\n').flat_map(|line| line_rows(line, width.max(1))).collect()
}

/// Returns the rows of one line; an escape is never broken.
fn line_rows(line: &str, width: usize) -> Vec<String> {
    let (mut rows, mut columns) = (vec![String::new()], 0);
    for character in line.chars() {
        let shown = shown(character);
        let added = console::measure_text_width(&shown);
        if columns + added > width && columns > 0 {
            rows.push(String::new());
            columns = 0;
        }
        columns += added;
        rows.last_mut().expect("there is always one").push_str(&shown);
    }
    rows
}

/// Returns what stands for a character: its escape, where it acts on a terminal or turns the
/// direction of writing.
fn shown(character: char) -> String {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || turns {
        character.escape_default().to_string()
    } else {
        character.to_string()
    }
}

fn hex_rows(bytes: &[u8], width: usize) -> Vec<String> {
    let columns = |bytes: usize| OFFSET + 3 * bytes + 1 + bytes;
    let [wide, narrow] = ROW;
    let bytes_of_row = if width >= columns(wide) { wide } else { narrow };
    let with_text = width >= columns(bytes_of_row);
    let row = |(at, row): (usize, &[u8])| {
        let mut line = format!("{:08x}  ", at * bytes_of_row);
        for byte in row {
            let _ = write!(line, "{byte:02x} ");
        }
        if with_text {
            let text = row.iter().map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            });
            let gap = 3 * (bytes_of_row - row.len()) + 1;
            let _ = write!(line, "{}{}", " ".repeat(gap), text.collect::<String>());
        }
        line.trim_end().to_owned()
    };
    bytes.chunks(bytes_of_row).enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_wrapped() {
        let (rows, rest) = rows("a\x1b[2J\tb\r\nü\u{202e}x\n".as_bytes(), 80);
        assert_eq!((rows, rest), (vec!["a\\u{1b}[2J\\tb\\r".into(), "ü\\u{202e}x".into()], 0));
        assert_eq!(super::rows(b"abc\x1bdef", 4).0, ["abc", "\\u{1b}", "def"]);
        assert_eq!(super::rows(b"", 4).0, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_text_is_hexadecimal() {
        let bytes: Vec<u8> = (0xf0..=0xff).chain(*b"hello").collect();
        assert_eq!(
            rows(&bytes, 80).0,
            [
                "00000000  f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 fa fb fc fd fe ff  ................",
                "00000010  68 65 6c 6c 6f                                   hello",
            ]
        );
        assert_eq!(rows(b"\0ab", 36).0, ["00000000  00 61 62"]);
    }

    #[test]
    fn a_long_item_is_cut_between_characters() {
        let text = "ü".repeat(3000);
        let (rows, rest) = rows(&text.as_bytes()[1..], 80);
        assert!(rows[0].starts_with("00000000"), "it is no text any more");
        assert_eq!(rest, 5999 - SHOWN);
        let (rows, rest) = super::rows(&[b"x", text.as_bytes()].concat(), 80);
        assert_eq!((rows[0].chars().count(), rest), (80, 6001 - 4095));
    }
}
