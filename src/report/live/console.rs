//! Console: the terminal as indicatif sees it.
//!
//! indicatif fills each line with spaces up to the right edge and lets the terminal wrap, so that a
//! resize joins lines and a copy has blanks. Here a line that ends with [`END`] is ended instead,
//! and the fill is left out. All of a frame is written at once, and the cursor goes back to the
//! start of its last line: the `^C` that a terminal echoes would wrap at the end of a full one.
//! An error is kept until it is asked for, because indicatif forgets it. Unaware of what the lines
//! say.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

use super::super::Size;

/// Ends every line that is drawn: erases what an earlier frame left to its right.
pub(super) const END: &str = "\x1b[K";

/// A terminal; clones share it.
#[derive(Clone)]
pub(super) struct Console(Arc<Mutex<State>>);

struct State {
    err: Box<dyn Write + Send>,
    size: Size,
    frame: Vec<u8>,
    /// Whether the cursor stands at the end of a line that was drawn.
    open: bool,
    muted: bool,
    failed: Option<io::Error>,
}

impl Console {
    /// Makes it around a writer.
    pub(super) fn new(err: Box<dyn Write + Send>, size: Size) -> Self {
        let state = State { err, size, frame: Vec::new(), open: false, muted: false, failed: None };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Takes note of the size.
    pub(super) fn resize(&self, size: Size) {
        self.state().size = size;
    }

    /// Lets indicatif forget what it drew by `clear`, and erases all from so many rows above the
    /// cursor on.
    pub(super) fn forget(
        &self,
        clear: impl FnOnce() -> io::Result<()>,
        rows: usize,
    ) -> io::Result<()> {
        self.state().muted = true;
        clear()?;
        self.state().muted = false;
        self.move_cursor_up(rows)?;
        self.state().push(b"\r\x1b[J");
        self.state().open = false;
        self.flush()?;
        self.result()
    }

    /// Leaves the cursor at the start of an empty line.
    pub(super) fn step_aside(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.open {
            state.push(b"\r\n");
            state.open = false;
        }
        state.flush();
        drop(state);
        self.result()
    }

    /// Does that, and draws nothing any more.
    pub(super) fn leave(&self) -> io::Result<()> {
        let left = self.step_aside();
        self.state().muted = true;
        left
    }

    /// Returns the error that a write ended with since it was last asked.
    pub(super) fn result(&self) -> io::Result<()> {
        self.state().failed.take().map_or(Ok(()), Err)
    }

    fn move_by(&self, n: usize, to: char) {
        if n > 0 {
            self.state().push(format!("\x1b[{n}{to}").as_bytes());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, bytes: &[u8]) {
        if !self.muted {
            self.frame.extend_from_slice(bytes);
        }
    }

    fn flush(&mut self) {
        let written = self.err.write_all(&self.frame).and_then(|()| self.err.flush());
        self.frame.clear();
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}

/// Writes around indicatif; only while nothing is drawn.
impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.state().err.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().err.flush()
    }
}

impl TermLike for Console {
    fn width(&self) -> u16 {
        u16::try_from(self.state().size.width).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(self.state().size.height).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.move_by(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.move_by(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.move_by(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.move_by(n, 'D');
        Ok(())
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(&format!("{line}{END}"))
    }

    fn write_str(&self, line: &str) -> io::Result<()> {
        if !line.ends_with(END) {
            return Ok(());
        }
        let mut state = self.state();
        if state.open {
            state.push(b"\r\n");
        }
        state.push(line.as_bytes());
        state.open |= !state.muted;
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut state = self.state();
        state.push(b"\r\x1b[2K");
        state.open &= state.muted;
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.open {
            state.push(b"\r");
        }
        state.flush();
        Ok(())
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}
