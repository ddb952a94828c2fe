//! Tail: the last lines of a piece of a log, for a summary.
//!
//! Bounded in lines and in bytes, so that a line of a gigabyte costs no more than a short one.
//! Unaware of how it is shown.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::Fault;
use crate::event::LogPiece;

/// Returns the last lines of a piece: at most `lines` of them and `bytes` in all. A line that is
/// cut at its front is left out, unless it is the only one.
pub fn tail(piece: &LogPiece, lines: usize, bytes: usize) -> io::Result<Vec<u8>> {
    let length = piece.bytes.min(bytes as u64);
    let mut end = vec![0; usize::try_from(length).unwrap_or(bytes)];
    let file = File::open(&piece.file).map_err(Fault::to("open", &piece.file))?;
    let read = file.read_exact_at(&mut end, piece.offset + piece.bytes - length);
    read.map_err(Fault::to("read", &piece.file))?;
    let start = first_of_last(&end, lines, length < piece.bytes);
    end.drain(..start);
    Ok(end)
}

/// Returns the last lines of a text; `cut` says that it begins in the middle of one.
pub fn last_lines(text: &[u8], lines: usize, cut: bool) -> &[u8] {
    &text[first_of_last(text, lines, cut)..]
}

/// Returns where the last lines start.
fn first_of_last(text: &[u8], lines: usize, cut: bool) -> usize {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let mut start = text.len();
    let mut breaks = memchr::memrchr_iter(b'\n', body);
    for _ in 0..lines {
        match breaks.next() {
            Some(at) => start = at + 1,
            None if cut && start < text.len() => return start,
            None => return 0,
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_returned_within_bounds() {
        let cases: &[(&str, usize, usize, &str)] = &[
            ("a\nb\nc\n", 2, 100, "b\nc\n"),
            ("a\nb\nc", 2, 100, "b\nc"),
            ("a\nb\nc\n", 9, 100, "a\nb\nc\n"),
            ("a\n\n\n", 2, 100, "\n\n"),
            ("long line\nb\n", 2, 5, "b\n"),
            ("one long line", 2, 4, "line"),
            ("one long line\n", 2, 5, "line\n"),
            ("a\nb\n", 0, 100, ""),
            ("a\n", 3, 0, ""),
        ];
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("x.out");
        for (text, lines, bytes, expected) in cases {
            std::fs::write(&file, format!("before\n{text}after\n")).unwrap();
            let piece = LogPiece { file: file.clone(), offset: 7, bytes: text.len() as u64 };
            let last = tail(&piece, *lines, *bytes).unwrap();
            assert_eq!(String::from_utf8(last).unwrap(), *expected, "{text:?} {lines} {bytes}");
        }
    }
}
