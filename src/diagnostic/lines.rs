//! Lines: where the lines of a text begin, so that a byte becomes a line and a column.
//!
//! Unaware of what is said about them.

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    pub(super) fn of(text: &'a str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        let starts = std::iter::once(0).chain(ends.map(|at| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns how many there are; what follows the last line break is one too.
    pub(super) fn count(&self) -> usize {
        self.starts.len()
    }

    /// Returns the line that a byte lies in, from 0.
    pub(super) fn at(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// Returns where a line begins, and its text with its line break.
    pub(super) fn line(&self, number: usize) -> (usize, &'a str) {
        let start = self.starts[number];
        let end = self.starts.get(number + 1).copied().unwrap_or(self.text.len());
        (start, &self.text[start..end])
    }

    /// Returns the line and the column of a byte, both from 1, the column in characters.
    pub(super) fn position(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.at(byte);
        let before = &self.text.as_bytes()[self.starts[line]..byte];
        // Bytes that begin a character: fast enough for a line of 8 MiB with many problems.
        let characters = before.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        (line + 1, characters + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_has_a_line_and_a_column() {
        let lines = Lines::of("ab\nü漢x\r\n");
        let places = [0, 2, 3, 5, 8, 9, 11, 99].map(|byte| lines.position(byte));
        assert_eq!(places, [(1, 1), (1, 3), (2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 1)]);
        assert_eq!((lines.count(), lines.line(1)), (3, (3, "ü漢x\r\n")));
        assert_eq!(Lines::of("").position(0), (1, 1));
    }
}
