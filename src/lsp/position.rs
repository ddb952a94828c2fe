//! Position: lines and columns as editors count them, and the bytes of a text.
//!
//! A column counts bytes or, with most editors, units of UTF-16. A position that is not there is
//! moved to the nearest one before it, as the protocol has it. Unaware of what stands there.

use std::ops::Range;

use lsp_types::{Position, PositionEncodingKind, Range as Area};

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, of which an emoji takes two.
    #[default]
    Utf16,
}

impl Encoding {
    /// Chooses among those that a client offers: bytes, because nothing must be counted then.
    pub(super) fn among(offered: &[PositionEncodingKind]) -> Self {
        if offered.contains(&PositionEncodingKind::UTF8) { Self::Utf8 } else { Self::Utf16 }
    }

    /// Returns how the protocol calls it.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn units(self, letter: char) -> usize {
        match self {
            Self::Utf8 => letter.len_utf8(),
            Self::Utf16 => letter.len_utf16(),
        }
    }
}

/// The lines of a text.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    encoding: Encoding,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of a text: each ends at `\n`, `\r\n` or a lone `\r`.
    pub(super) fn new(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        Self { text, encoding, starts }
    }

    /// Returns the position of a byte.
    pub(super) fn position(&self, byte: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let inside = self.inside(line);
        let letters = self.text[inside.clone()].char_indices();
        let before =
            letters.take_while(|(at, letter)| inside.start + at + letter.len_utf8() <= byte);
        let column: usize = before.map(|(_, letter)| self.encoding.units(letter)).sum();
        let narrow = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: narrow(line), character: narrow(column) }
    }

    /// Returns the byte at a position.
    pub(super) fn byte(&self, position: Position) -> usize {
        let line = position.line as usize;
        if line >= self.starts.len() {
            return self.text.len();
        }
        let inside = self.inside(line);
        let mut left = position.character as usize;
        for (at, letter) in self.text[inside.clone()].char_indices() {
            let units = self.encoding.units(letter);
            if left < units {
                return inside.start + at;
            }
            left -= units;
        }
        inside.end
    }

    /// Returns where some bytes stand.
    pub(super) fn area(&self, bytes: &Range<usize>) -> Area {
        Area { start: self.position(bytes.start), end: self.position(bytes.end) }
    }

    /// Returns the bytes between two positions.
    pub(super) fn bytes(&self, area: Area) -> Range<usize> {
        let (start, end) = (self.byte(area.start), self.byte(area.end));
        start.min(end)..start.max(end)
    }

    /// Returns the bytes of a line without its end.
    fn inside(&self, line: usize) -> Range<usize> {
        let start = self.starts[line];
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let written = &self.text[start..end];
        let line = written.strip_suffix('\n').unwrap_or(written);
        let line = line.strip_suffix('\r').unwrap_or(line);
        start..start + line.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "ä = \"🦀\"\r\nb\rc\n";

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn columns_count_what_was_agreed() {
        let crab = TEXT.find('🦀').unwrap();
        let end = crab + '🦀'.len_utf8();
        for (encoding, before, after) in [(Encoding::Utf8, 6, 10), (Encoding::Utf16, 5, 7)] {
            let lines = Lines::new(TEXT, encoding);
            assert_eq!(lines.position(crab), at(0, before));
            assert_eq!(lines.position(end), at(0, after));
            assert_eq!(lines.byte(at(0, before + 1)), crab, "the middle of a letter");
            assert_eq!(lines.byte(at(0, 99)), end + 1, "past the line");
            assert_eq!(lines.byte(at(1, 0)), end + 3);
            assert_eq!(lines.byte(at(2, 0)), end + 5, "a lone carriage return ends a line");
            assert_eq!(lines.position(TEXT.len()), at(3, 0));
            assert_eq!(lines.byte(at(9, 9)), TEXT.len(), "past the text");
        }
    }

    proptest! {
        /// Compared with a walk over all letters that counts as one would by hand.
        #[test]
        fn every_letter_has_its_position_and_no_other(
            text in "(a|ä|漢|🦀|\r|\n|\r\n){0,40}",
            utf8 in any::<bool>(),
        ) {
            let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
            let lines = Lines::new(&text, encoding);
            let (mut line, mut column) = (0, 0);
            for (byte, letter) in text.char_indices() {
                let second = letter == '\n' && text[..byte].ends_with('\r');
                if !second {
                    prop_assert_eq!(lines.position(byte), at(line, column));
                    prop_assert_eq!(lines.byte(at(line, column)), byte);
                }
                let ends = letter == '\n' || letter == '\r' && !text[byte + 1..].starts_with('\n');
                if ends {
                    (line, column) = (line + 1, 0);
                } else if letter != '\r' {
                    column += u32::try_from(encoding.units(letter)).unwrap();
                }
            }
            prop_assert_eq!(lines.position(text.len()), at(line, column));
        }
    }
}
