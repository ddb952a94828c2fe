//! Lines: what a child prints, cut into lines of bounded length.
//!
//! A line is shown when it is whole; what is held meanwhile is bounded, so memory stays flat for a
//! gigabyte on one line. After a carriage return a line starts anew, as a terminal would show it.
//! However the bytes were cut on their way, the lines are the same. Unaware of what is in them.

use std::borrow::Cow;

use memchr::memchr2;

use super::paint::{Hue, Paint};
use super::{sanitize, words};

/// How many bytes of a line are shown: more than fits a screen.
pub(super) const LONGEST: usize = 4096;

/// Capacity that is kept between lines; more is given back, as thousands of children may run.
const KEPT: usize = 256;

/// A line, or the part of it that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A whole line, without its end.
    Whole(&'a [u8]),
    /// The first part of a line that goes on for longer than is shown.
    Cut(&'a [u8]),
    /// The end of a line of which only the first part was shown, and its length in bytes.
    Rest(u64),
}

impl<'a> Line<'a> {
    /// Returns the line as a terminal may show it.
    pub(super) fn shown(self, paint: Paint) -> Cow<'a, str> {
        let note = |text: String| paint.hue(Hue::Dim, format!("{} {text}", paint.more()));
        match self {
            Self::Whole(bytes) => paint.blunt(sanitize::clean(bytes, paint.color)),
            Self::Cut(bytes) => {
                let start = paint.blunt(sanitize::clean(bytes, paint.color));
                format!("{start}{}", note("line continues, see log".to_owned())).into()
            }
            Self::Rest(length) => {
                String::from(note(format!("{} line, see log", words::size(length)))).into()
            }
        }
    }
}

/// One stream of a child, as far as its last line has come.
#[derive(Debug)]
pub(super) struct Lines {
    held: Vec<u8>,
    length: u64,
    longest: usize,
    returned: bool,
}

impl Lines {
    /// Makes a stream of which lines are shown up to so many bytes.
    pub(super) fn new(longest: usize) -> Self {
        Self { held: Vec::new(), length: 0, longest, returned: false }
    }

    /// Takes in bytes and tells every line that they finish.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Line<'_>)) {
        while let Some(at) = memchr2(b'\n', b'\r', bytes) {
            let fits = at <= self.longest && self.length == 0 && !self.returned;
            if fits && bytes[at] == b'\n' {
                tell(Line::Whole(&bytes[..at]));
            } else {
                self.hold(&bytes[..at], &mut tell);
                self.end_at(bytes[at], &mut tell);
            }
            bytes = &bytes[at + 1..];
        }
        self.hold(bytes, &mut tell);
    }

    /// Ends the stream: tells what is held as a line, if there is anything.
    pub(super) fn finish(&mut self, mut tell: impl FnMut(Line<'_>)) {
        if self.length > 0 {
            self.end_at(b'\n', &mut tell);
        }
    }

    /// Returns the line that is not finished yet, up to its longest.
    pub(super) fn unfinished(&self) -> &[u8] {
        whole_characters(&self.held)
    }

    fn hold(&mut self, bytes: &[u8], tell: &mut impl FnMut(Line<'_>)) {
        if bytes.is_empty() {
            return;
        }
        if self.returned {
            self.clear();
        }
        let was_cut = self.is_cut();
        let room = self.longest - self.held.len();
        self.held.extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.length += bytes.len() as u64;
        if self.is_cut() && !was_cut {
            tell(Line::Cut(whole_characters(&self.held)));
        }
    }

    fn end_at(&mut self, end: u8, tell: &mut impl FnMut(Line<'_>)) {
        if end == b'\r' {
            self.returned = true;
            return;
        }
        tell(if self.is_cut() { Line::Rest(self.length) } else { Line::Whole(&self.held) });
        self.clear();
        self.held.shrink_to(KEPT);
    }

    fn is_cut(&self) -> bool {
        self.length > self.longest as u64
    }

    fn clear(&mut self) {
        self.held.clear();
        self.length = 0;
        self.returned = false;
    }
}

/// Returns the bytes without a character at the end that is not all there.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    let tail = bytes.iter().rev().take(4).position(|byte| byte & 0xc0 != 0x80);
    let start = bytes.len() - tail.map_or(0, |back| back + 1);
    match std::str::from_utf8(&bytes[start..]) {
        Err(error) if error.error_len().is_none() => &bytes[..start],
        Ok(_) | Err(_) => bytes,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(longest: usize, chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(longest);
        let mut told = Vec::new();
        let mut tell = |line: Line<'_>| {
            told.push(match line {
                Line::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                Line::Cut(bytes) => format!("{}…", String::from_utf8_lossy(bytes)),
                Line::Rest(length) => format!("…{length}"),
            });
        };
        for chunk in chunks {
            lines.feed(chunk, &mut tell);
        }
        lines.finish(&mut tell);
        told
    }

    #[test]
    fn lines_are_whole_however_they_end() {
        assert_eq!(told(9, &[b"one\ntw", b"o\n\nthree"]), ["one", "two", "", "three"]);
        assert_eq!(told(9, &[b"dos\r", b"\nmac\rend\r\n"]), ["dos", "end"]);
        assert_eq!(told(9, &[b"10%\r20%\r", b"30%\r"]), ["30%"]);
    }

    #[test]
    fn a_long_line_is_shown_up_to_its_bound() {
        assert_eq!(told(4, &[b"1234\n12345\nx"]), ["1234", "1234…", "…5", "x"]);
        assert_eq!(told(4, &[b"12345", b"6789"]), ["1234…", "…9"]);
        assert_eq!(told(4, &["12€€".as_bytes()]), ["12…", "…8"]);
    }

    #[test]
    fn a_gigabyte_on_one_line_is_held_in_four_kilobytes() {
        let mut lines = Lines::new(LONGEST);
        let block = vec![b'x'; 1 << 20];
        let mut told = 0;
        for _ in 0..1024 {
            lines.feed(&block, |_| told += 1);
        }
        assert_eq!((told, lines.length), (1, 1 << 30));
        assert!(lines.held.capacity() <= 2 * LONGEST);
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same_lines(
            bytes in super::super::fixture::hostile(),
            cuts in proptest::collection::vec(0usize..200, 0..8),
        ) {
            let mut chunks = vec![&bytes[..]];
            for cut in cuts {
                let last = chunks.pop().expect("one is left");
                let (left, right) = last.split_at(cut.min(last.len()));
                chunks.extend([left, right]);
            }
            prop_assert_eq!(told(16, &chunks), told(16, &[&bytes[..]]));
        }
    }
}
