//! Replay: reads back from the logs what a child printed.
//!
//! Output that is shown when its process has ended is not kept in memory meanwhile, only the order
//! in which the two streams came. A log that can't be read is said in a line, for the run went on
//! without it. Unaware of what the output is shown for.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::Screen;
use super::lines::{LONGEST, Line, Lines};
use super::paint::{Hue, Paint};
use super::{sanitize, words};
use crate::event::{LogPiece, Logs, Stream};

/// How many changes between the streams are remembered of one attempt: 4 KiB.
const RUNS: usize = 256;

/// How much of one attempt's output is shown: its end. What is longer nobody reads in a terminal,
/// and the engine waits while it is written.
const SHOWN: u64 = 16 << 20;

/// How much of a log is read to find its last lines.
const TAIL: u64 = 16 << 10;

/// How much is read at once.
const BLOCK: usize = 64 << 10;

/// In which order the bytes of the two streams of an attempt came.
#[derive(Debug, Default)]
pub(super) struct Order {
    runs: Vec<(Stream, u64)>,
    full: bool,
}

impl Order {
    /// Notes that so many bytes came.
    pub(super) fn note(&mut self, stream: Stream, bytes: usize) {
        let room = self.runs.len() < RUNS;
        match self.runs.last_mut() {
            _ if self.full => {}
            Some((last, length)) if *last == stream => *length += bytes as u64,
            Some(_) | None if room => self.runs.push((stream, bytes as u64)),
            Some(_) | None => self.full = true,
        }
    }
}

/// Writes the output of an attempt, each line as it may be shown; beyond the known order standard
/// output first.
pub(super) fn replay(screen: &mut Screen, logs: &Logs, order: &Order) -> io::Result<()> {
    let total = [&logs.stdout, &logs.stderr].into_iter().flatten().map(|piece| piece.bytes).sum();
    let skip = u64::saturating_sub(total, SHOWN);
    let mut both = Both {
        paint: screen.paint(),
        skip,
        stdout: logs.stdout.as_ref().map(Tape::new),
        stderr: logs.stderr.as_ref().map(Tape::new),
        text: String::new(),
    };
    if skip > 0 {
        both.note(&format!("{} earlier, see log", words::size(skip)));
    }
    let rest = [(Stream::Stdout, u64::MAX), (Stream::Stderr, u64::MAX)];
    for (stream, bytes) in order.runs.iter().copied().chain(rest) {
        both.copy(stream, bytes, &mut *screen.err)?;
    }
    both.finish();
    screen.say(&both.text)
}

/// Copies a piece of a log: as it is, or with `paint` line by line as it may be shown on a
/// terminal.
pub(super) fn copy(piece: &LogPiece, paint: Option<Paint>, to: &mut dyn Write) -> io::Result<()> {
    let Some(paint) = paint else {
        let mut file = File::open(&piece.file)?;
        file.seek(SeekFrom::Start(piece.offset))?;
        return io::copy(&mut file.take(piece.bytes), to).map(drop);
    };
    let mut tape = Tape::new(piece);
    let (mut block, mut text) = (vec![0; BLOCK], String::new());
    while tape.read(&mut block, &mut text, paint) > 0 {
        to.write_all(text.as_bytes())?;
        text.clear();
    }
    tape.lines.finish(|line| push(&mut text, line, paint));
    to.write_all(text.as_bytes())
}

/// Returns the last lines of a piece of a log, without colours and without blank lines at the end.
pub(super) fn tail(piece: &LogPiece, count: usize) -> Vec<String> {
    let mut lines = end(piece, TAIL, false);
    lines.split_off(lines.len().saturating_sub(count))
}

/// Returns the last lines of what an attempt printed: on standard error, or on standard output
/// where it complained of nothing; with the piece that they are of.
pub(super) fn last_words(logs: &Logs, count: usize) -> Option<(&LogPiece, Vec<String>)> {
    let pieces = [&logs.stderr, &logs.stdout].into_iter().flatten();
    let mut tails = pieces.map(|piece| (piece, tail(piece, count)));
    tails.find(|(_, lines)| !lines.is_empty())
}

/// Returns the lines in the last so many bytes of a piece of a log, without blank lines at the end.
pub(super) fn end(piece: &LogPiece, bytes: u64, color: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut read = || -> io::Result<()> {
        let start = piece.bytes.saturating_sub(bytes);
        let mut file = File::open(&piece.file)?;
        file.seek(SeekFrom::Start(piece.offset + start))?;
        let mut bytes = Vec::new();
        file.take(piece.bytes - start).read_to_end(&mut bytes)?;
        let mut stream = Lines::new(LONGEST);
        let paint = Paint { color, unicode: true, ci: None };
        stream.feed(&bytes, |line| lines.push(line.shown(paint).into_owned()));
        stream.finish(|line| lines.push(line.shown(paint).into_owned()));
        if start > 0 && lines.len() > 1 {
            lines.remove(0);
        }
        Ok(())
    };
    if let Err(error) = read() {
        return vec![unreadable(piece, &error)];
    }
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

fn unreadable(piece: &LogPiece, error: &io::Error) -> String {
    sanitize::text(&format!("failed to read `{}`: {error}", piece.file.display()))
}

/// One stream of an attempt, read from its log.
struct Tape<'a> {
    piece: &'a LogPiece,
    file: io::Result<File>,
    left: u64,
    lines: Lines,
}

impl<'a> Tape<'a> {
    fn new(piece: &'a LogPiece) -> Self {
        let file = File::open(&piece.file).and_then(|mut file| {
            file.seek(SeekFrom::Start(piece.offset))?;
            Ok(file)
        });
        Self { piece, file, left: piece.bytes, lines: Lines::new(LONGEST) }
    }

    /// Passes over at most so many bytes and returns how many those were.
    fn skip(&mut self, bytes: u64) -> u64 {
        let skipped = bytes.min(self.left);
        self.left -= skipped;
        if let Ok(file) = &mut self.file
            && let Err(error) = file.seek_relative(i64::try_from(skipped).unwrap_or(i64::MAX))
        {
            self.file = Err(error);
        }
        skipped
    }

    /// Reads at most so many bytes and writes the lines that they finish; returns how many bytes
    /// those were, 0 at the end.
    fn read(&mut self, block: &mut [u8], text: &mut String, paint: Paint) -> u64 {
        let room = block.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = match &mut self.file {
            Ok(file) => file.read(&mut block[..room]),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        match read {
            Ok(0) => self.left = 0,
            Ok(read) => {
                self.left -= read as u64;
                self.lines.feed(&block[..read], |line| push(text, line, paint));
                return read as u64;
            }
            Err(error) => {
                self.left = 0;
                text.push_str(&unreadable(self.piece, &error));
                text.push('\n');
            }
        }
        0
    }
}

/// Both streams of an attempt, on their way to the screen.
struct Both<'a> {
    paint: Paint,
    skip: u64,
    stdout: Option<Tape<'a>>,
    stderr: Option<Tape<'a>>,
    text: String,
}

impl Both<'_> {
    /// Writes the lines that the next bytes of a stream finish.
    fn copy(&mut self, stream: Stream, bytes: u64, to: &mut dyn Write) -> io::Result<()> {
        let tape = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let Some(tape) = tape else { return Ok(()) };
        let skipped = tape.skip(bytes.min(self.skip));
        self.skip -= skipped;
        let mut left = (bytes - skipped).min(tape.left);
        let mut block = vec![0; BLOCK.min(usize::try_from(left).unwrap_or(BLOCK))];
        while left > 0 {
            let room = block.len().min(usize::try_from(left).unwrap_or(BLOCK));
            let read = tape.read(&mut block[..room], &mut self.text, self.paint);
            if read == 0 {
                break;
            }
            left -= read;
            if self.text.len() >= BLOCK {
                to.write_all(self.text.as_bytes())?;
                self.text.clear();
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        for tape in [&mut self.stdout, &mut self.stderr].into_iter().flatten() {
            tape.lines.finish(|line| push(&mut self.text, line, self.paint));
        }
    }

    fn note(&mut self, note: &str) {
        let note = format!("{} {note}\n", self.paint.more());
        self.text.push_str(&self.paint.hue(Hue::Dim, note));
    }
}

fn push(text: &mut String, line: Line<'_>, paint: Paint) {
    text.push_str(&line.shown(paint));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Story;
    use super::*;

    /// Writes both streams to files and plays them back.
    fn played(stdout: &[u8], stderr: &[u8], order: &Order) -> String {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let file = folder.path().join(name);
            std::fs::write(&file, [b"earlier\n", bytes].concat()).unwrap();
            Some(LogPiece { file, offset: 8, bytes: bytes.len() as u64 })
        };
        let logs = Logs { stdout: write("out", stdout), stderr: write("err", stderr) };
        let (mut screen, paper, _) = Story::new("played").screen(None);
        replay(&mut screen, &logs, order).unwrap();
        paper.text()
    }

    #[test]
    fn lines_come_back_in_the_order_in_which_they_came() {
        let mut order = Order::default();
        for (stream, bytes) in [(Stream::Stdout, 2), (Stream::Stderr, 2), (Stream::Stdout, 1)] {
            order.note(stream, bytes);
        }
        assert_eq!(played(b"1\n3", b"2\n4\n", &order), "1\n2\n4\n3\n");
    }

    #[test]
    fn an_order_that_changes_too_often_is_kept_at_its_start() {
        let mut order = Order::default();
        for _ in 0..RUNS {
            order.note(Stream::Stdout, 2);
            order.note(Stream::Stderr, 2);
        }
        assert_eq!(order.runs.len(), RUNS);
        let shown = played(&b"o\n".repeat(RUNS), &b"e\n".repeat(RUNS), &order);
        let half = RUNS / 2;
        assert_eq!(shown, "o\ne\n".repeat(half) + &"o\n".repeat(half) + &"e\n".repeat(half));
    }

    #[test]
    fn the_end_of_a_lot_of_output_is_shown() {
        let line = b"0123456789abcde\n";
        let much = line.repeat(usize::try_from(SHOWN / 16).unwrap() + 64);
        let shown = played(&much, b"last\n", &Order::default());
        assert!(shown.starts_with("… 1.0 KiB earlier, see log\n"), "{}", &shown[..80]);
        assert!(shown.ends_with("abcde\nlast\n"));
    }

    #[test]
    fn a_log_that_is_gone_is_said() {
        let piece = LogPiece { file: "/nowhere/out".into(), offset: 0, bytes: 5 };
        let gone = "failed to read `/nowhere/out`: No such file or directory (os error 2)";
        assert_eq!(tail(&piece, 3), [gone]);
    }
}
