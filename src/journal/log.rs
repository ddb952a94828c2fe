//! Log: what one node printed on one of its streams, byte for byte.
//!
//! One file for all attempts of a node, in which each attempt has a piece of its own without gaps.
//! One attempt at a time writes straight to the file, so that it can be followed; attempts at the
//! same time are gathered in memory and appended whole, and what is too long for that goes to a
//! file of its own. Unaware of what runs and of what is printed on a screen.

use std::cell::{Cell, RefCell};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{Fault, folder};
use crate::event::LogPiece;

/// Bytes of an attempt that are gathered in memory: what a pipe holds, and little enough for a
/// thousand attempts at once.
const GATHERED: usize = 64 * 1024;

/// How the piece of an attempt is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To the file as it comes. No other piece of this log may be open meanwhile.
    Direct,
    /// In memory until its end.
    Gathered,
}

/// The log of one stream of a node. A clone is the same log. Its file is created at the first byte
/// and open while it is written; it is closed with the last clone and piece.
#[derive(Debug, Clone)]
pub struct Log(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    stem: String,
    extension: &'static str,
    file: RefCell<Option<File>>,
    /// Bytes that were written to the file.
    length: Cell<u64>,
    /// Pieces that went to files of their own.
    apart: Cell<u64>,
}

/// What one attempt prints on one stream. Dropped, it is ended.
#[derive(Debug)]
pub struct Piece {
    log: Log,
    /// Where it starts in its file.
    offset: u64,
    bytes: u64,
    form: Form,
}

/// Where a piece is written.
#[derive(Debug)]
enum Form {
    /// To the file of the log.
    Direct,
    /// Here, until it ends.
    Gathered(Vec<u8>),
    /// To a file of its own.
    Apart(File, PathBuf),
}

impl Log {
    /// Makes a log whose file is `<folder>/<stem>.<extension>`.
    pub(super) fn new(folder: PathBuf, stem: String, extension: &'static str) -> Self {
        Self(Rc::new(Shared {
            folder,
            stem,
            extension,
            file: RefCell::default(),
            length: Cell::new(0),
            apart: Cell::new(0),
        }))
    }

    /// Begins the piece of an attempt.
    pub fn piece(&self, mode: Mode) -> Piece {
        let form = match mode {
            Mode::Direct => Form::Direct,
            Mode::Gathered => Form::Gathered(Vec::new()),
        };
        Piece { log: self.clone(), offset: self.0.length.get(), bytes: 0, form }
    }

    /// Closes the file until something is written again, so that nodes which ended hold none open.
    pub fn close(&self) {
        self.0.file.take();
    }

    fn path(&self) -> PathBuf {
        self.0.folder.join(format!("{}.{}", self.0.stem, self.0.extension))
    }

    /// Adds bytes at the end of the file.
    fn append(&self, bytes: &[u8]) -> Result<(), Fault> {
        let mut file = self.0.file.borrow_mut();
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(self.open()?),
        };
        file.write_all(bytes).map_err(|error| Fault::to("write", &self.path())(error))?;
        self.0.length.set(self.0.length.get() + bytes.len() as u64);
        Ok(())
    }

    fn open(&self) -> Result<File, Fault> {
        let path = self.path();
        if self.0.length.get() == 0 {
            return folder::create_within(&path);
        }
        OpenOptions::new().append(true).open(&path).map_err(Fault::to("open", &path))
    }

    /// Creates a file for one piece. No stem holds a `+`, so its name can't be that of another log.
    fn create_apart(&self) -> Result<(File, PathBuf), Fault> {
        let number = self.0.apart.get() + 1;
        self.0.apart.set(number);
        let path = self.0.folder.join(format!("{}+{number}.{}", self.0.stem, self.0.extension));
        Ok((folder::create_within(&path)?, path))
    }
}

impl Piece {
    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        match &mut self.form {
            Form::Direct => self.log.append(bytes)?,
            Form::Gathered(held) if held.len() + bytes.len() <= GATHERED => {
                held.extend_from_slice(bytes);
            }
            Form::Gathered(held) => {
                let held = std::mem::take(held);
                let (mut file, path) = self.log.create_apart()?;
                write(&mut file, &path, &held)?;
                write(&mut file, &path, bytes)?;
                self.form = Form::Apart(file, path);
            }
            Form::Apart(file, path) => write(file, path, bytes)?,
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Ends the piece. Returns where it lies, if anything was written.
    pub fn end(mut self) -> io::Result<Option<LogPiece>> {
        Ok(self.settle()?)
    }

    fn settle(&mut self) -> Result<Option<LogPiece>, Fault> {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes == 0 {
            return Ok(None);
        }
        let piece = match std::mem::replace(&mut self.form, Form::Direct) {
            Form::Direct => LogPiece { file: self.log.path(), offset: self.offset, bytes },
            Form::Gathered(held) => {
                let offset = self.log.0.length.get();
                self.log.append(&held)?;
                LogPiece { file: self.log.path(), offset, bytes }
            }
            Form::Apart(_, path) => LogPiece { file: path, offset: 0, bytes },
        };
        Ok(Some(piece))
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        // Whoever drops a piece is already giving up; what can still be kept is.
        self.settle().ok();
    }
}

fn write(file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    file.write_all(bytes).map_err(Fault::to("write", path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(piece: &LogPiece) -> Vec<u8> {
        let (start, length) = (piece.offset.try_into().unwrap(), piece.bytes.try_into().unwrap());
        let file = fs::read(&piece.file).unwrap();
        file.into_iter().skip(start).take(length).collect()
    }

    fn log(folder: &Path) -> Log {
        Log::new(folder.to_owned(), "test".to_owned(), "out")
    }

    #[test]
    fn a_direct_piece_can_be_followed() {
        let home = tempfile::tempdir().unwrap();
        let log = log(home.path());
        let file = home.path().join("test.out");
        for attempt in [&b"one\xff\n"[..], b"two"] {
            let mut piece = log.piece(Mode::Direct);
            piece.write(attempt).unwrap();
            assert!(fs::read(&file).unwrap().ends_with(attempt));
            assert_eq!(read(&piece.end().unwrap().unwrap()), attempt);
            log.close();
        }
        assert_eq!(fs::read(&file).unwrap(), b"one\xff\ntwo");
    }

    #[test]
    fn nothing_is_created_for_nothing() {
        let home = tempfile::tempdir().unwrap();
        for mode in [Mode::Direct, Mode::Gathered] {
            let mut piece = log(home.path()).piece(mode);
            piece.write(b"").unwrap();
            assert_eq!(piece.end().unwrap(), None);
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn gathered_pieces_do_not_mix() {
        let home = tempfile::tempdir().unwrap();
        let shared = log(home.path());
        let (mut one, mut two) = (shared.piece(Mode::Gathered), shared.piece(Mode::Gathered));
        let mut long = shared.piece(Mode::Gathered);
        let block = vec![b'x'; 50_000];
        for round in ["a", "b", "c"] {
            one.write(round.as_bytes()).unwrap();
            two.write(round.to_uppercase().as_bytes()).unwrap();
            long.write(&block).unwrap();
        }
        let ends = [two, one, long].map(|piece| piece.end().unwrap().unwrap());
        assert_eq!(ends.each_ref().map(read), [b"ABC".to_vec(), b"abc".to_vec(), block.repeat(3)]);
        let files = ends.map(|piece| piece.file.file_name().unwrap().to_owned());
        assert_eq!(files, ["test.out", "test.out", "test+1.out"]);
    }

    #[test]
    fn a_dropped_piece_is_kept() {
        let home = tempfile::tempdir().unwrap();
        log(home.path()).piece(Mode::Gathered).write(b"last words").unwrap();
        assert_eq!(fs::read(home.path().join("test.out")).unwrap(), b"last words");
    }

    #[test]
    fn a_fault_names_the_file() {
        let home = tempfile::tempdir().unwrap();
        let gone = home.path().join("gone/logs");
        let fault = log(&gone).piece(Mode::Direct).write(b"x").unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::NotFound);
        assert!(fault.to_string().ends_with("gone/logs/test.out`: it does not exist"), "{fault}");
    }
}
