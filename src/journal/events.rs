//! Events: the event stream on disk, one JSON value a line.
//!
//! Writing one costs no system call and no allocation; they are flushed ten times a second and at
//! the end. A line that a killed run left unfinished is dropped by the reader; anything else that
//! can't be read is a fault. Unaware of what events mean, but for the first, which names the
//! schema, and the last.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Fault, folder};
use crate::event::{Event, EventKind, SCHEMA, Sink, Tally};

/// Bytes that are held before they are written. A tick writes them earlier.
const HELD: usize = 64 * 1024;

/// The longest line that is taken for an event: room for an item of 100 MiB in base64. Without a
/// bound a file without line feeds would be read into memory whole.
const LONGEST: u64 = 160 * 1024 * 1024;

/// Writes events to the run's folder. A sink; it wants no output, because logs hold that.
#[derive(Debug)]
pub struct EventsFile {
    path: PathBuf,
    file: File,
    held: Vec<u8>,
    /// Whether the disk has all that was written.
    synced: bool,
    /// Whether a write failed: what would follow could not be told from what is torn.
    broken: bool,
}

impl EventsFile {
    /// Creates a file that must not exist.
    pub(super) fn create(path: PathBuf) -> Result<Self, Fault> {
        let file = folder::create(&path)?;
        Ok(Self { path, file, held: Vec::with_capacity(2 * HELD), synced: false, broken: false })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other(format!(
                "go on with `{}`: it is not complete",
                self.path.display()
            )));
        }
        self.synced = false;
        let written = self.file.write_all(&self.held);
        self.held.clear();
        self.broken = written.is_err();
        Ok(written.map_err(Fault::to("write", &self.path))?)
    }
}

impl Sink for EventsFile {
    fn hear(&mut self, event: &Event, _tally: &Tally) -> io::Result<()> {
        if matches!(event.kind, EventKind::Output { .. }) {
            return Ok(());
        }
        serde_json::to_writer(&mut self.held, event)?;
        self.held.push(b'\n');
        if let EventKind::RunEnded { .. } = event.kind {
            // Before anybody else hears how the run ended.
            return self.close();
        }
        if self.held.len() >= HELD { self.flush() } else { Ok(()) }
    }

    fn tick(&mut self, _at: Duration, _tally: &Tally) -> io::Result<()> {
        if self.held.is_empty() { Ok(()) } else { self.flush() }
    }

    fn keeps_items(&self) -> bool {
        true
    }

    fn close(&mut self) -> io::Result<()> {
        if self.synced && self.held.is_empty() {
            return Ok(());
        }
        self.flush()?;
        self.file.sync_data().map_err(Fault::to("sync", &self.path))?;
        self.synced = true;
        Ok(())
    }
}

/// Opens the events of a run, and refuses those of a newer version.
pub fn read_events(path: &Path) -> Result<Events, Fault> {
    let file = File::open(path).map_err(Fault::to("open", path))?;
    let mut events = Events {
        path: path.to_owned(),
        file: BufReader::with_capacity(HELD, file),
        line: Vec::new(),
        offset: 0,
        dropped: 0,
        ended: false,
    };
    events.check_schema()?;
    Ok(events)
}

/// The events of a run, in their order. After a fault there are no more.
#[derive(Debug)]
pub struct Events {
    path: PathBuf,
    file: BufReader<File>,
    line: Vec<u8>,
    /// Where the line starts.
    offset: u64,
    dropped: u64,
    ended: bool,
}

/// What the first line must say before the rest of it can be understood.
#[derive(serde::Deserialize)]
struct Head {
    schema: u32,
}

impl Events {
    /// Returns how many bytes of an unfinished line were dropped at the end. Known after the last
    /// event.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn check_schema(&mut self) -> Result<(), Fault> {
        self.ended = !self.read_line()?;
        if self.ended {
            return Ok(());
        }
        let head: Head =
            serde_json::from_slice(&self.line).map_err(|error| self.damaged(&error))?;
        if head.schema > SCHEMA {
            return Err(Fault::Newer { path: self.path.clone(), found: head.schema });
        }
        let start = self.file.seek_relative(-i64::try_from(self.line.len()).unwrap_or_default());
        self.line.clear();
        start.map_err(Fault::to("read", &self.path))
    }

    /// Reads the next whole line. Returns whether there was one.
    fn read_line(&mut self) -> Result<bool, Fault> {
        self.offset += self.line.len() as u64;
        self.line.clear();
        let mut bounded = (&mut self.file).take(LONGEST);
        let read = bounded.read_until(b'\n', &mut self.line);
        let read = read.map_err(Fault::to("read", &self.path))? as u64;
        if self.line.ends_with(b"\n") {
            return Ok(true);
        }
        if read == LONGEST {
            return Err(self.damaged(&"a line is too long for an event"));
        }
        self.dropped = read;
        Ok(false)
    }

    fn damaged(&self, reason: &dyn std::fmt::Display) -> Fault {
        let (path, offset) = (self.path.clone(), self.offset);
        Fault::Damaged { path, offset, reason: reason.to_string() }
    }

    fn read_event(&mut self) -> Result<Option<Event>, Fault> {
        if !self.read_line()? {
            return Ok(None);
        }
        serde_json::from_slice(&self.line).map(Some).map_err(|error| self.damaged(&error))
    }
}

impl Iterator for Events {
    type Item = Result<Event, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let event = self.read_event().transpose();
        self.ended = !matches!(event, Some(Ok(_)));
        event
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};

    use super::*;
    use crate::event::{Stream, Text};
    use crate::model::AttemptId;

    fn started(schema: u32) -> EventKind {
        EventKind::RunStarted {
            schema,
            run: "r".to_owned(),
            job: "j".to_owned(),
            file: "j.toml".into(),
            options: Vec::new(),
            folder: "f".into(),
            started: 5,
            nodes: 1,
            jobs: None,
            left_out: Vec::new(),
        }
    }

    fn noted(message: &str) -> EventKind {
        EventKind::Noted { message: message.to_owned() }
    }

    fn write(path: &Path, kinds: impl IntoIterator<Item = EventKind>) -> Vec<Event> {
        let mut file = EventsFile::create(path.to_owned()).unwrap();
        let at = Duration::from_micros(7);
        let events: Vec<Event> = kinds.into_iter().map(|kind| Event { at, kind }).collect();
        for event in &events {
            file.hear(event, &Tally::default()).unwrap();
        }
        file.close().unwrap();
        events
    }

    #[test]
    fn what_is_written_is_read_but_for_output() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("events.jsonl");
        let output = EventKind::Output {
            attempt: AttemptId(1),
            stream: Stream::Stdout,
            bytes: Text::copy(b"x"),
        };
        let mut written = write(&path, [started(SCHEMA), output, noted("a\nb")]);
        written.remove(1);
        let mut events = read_events(&path).unwrap();
        let read: Vec<Event> = events.by_ref().map(Result::unwrap).collect();
        assert_eq!(read, written);
        assert_eq!(events.dropped(), 0);
    }

    #[test]
    fn a_torn_line_is_dropped_at_every_cut() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("events.jsonl");
        write(&path, [started(SCHEMA), noted("a"), noted("b")]);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut events = read_events(&path).unwrap();
            let lines = memchr::memchr_iter(b'\n', &whole[..cut]).count();
            assert_eq!(events.by_ref().filter_map(Result::ok).count(), lines);
            let torn = whole[..cut].iter().rev().take_while(|byte| **byte != b'\n').count();
            assert_eq!(events.dropped(), torn as u64);
        }
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("events.jsonl");
        write(&path, [started(SCHEMA + 1)]);
        let fault = read_events(&path).unwrap_err().to_string();
        assert!(fault.contains("it has schema 2, and this version reads up to 1"), "{fault}");
    }

    #[test]
    fn damage_in_the_middle_is_told_with_its_place() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("events.jsonl");
        write(&path, [started(SCHEMA)]);
        let first = fs::metadata(&path).unwrap().len();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"garbage\n{}\n").unwrap();
        let mut events = read_events(&path).unwrap();
        assert!(events.next().unwrap().is_ok());
        let fault = events.next().unwrap().unwrap_err();
        assert!(matches!(fault, Fault::Damaged { offset, .. } if offset == first), "{fault}");
        assert!(events.next().is_none());
    }
}
