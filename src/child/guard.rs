//! Guard: puts the terminal back in order when the engine has died.
//!
//! Bars and keys change what a terminal does with lines and with what is typed. The engine undoes
//! that itself; where it can't, because it was killed, the spawner does. It leaves the modes alone
//! where somebody else stands in the foreground: a shell that took over has its own. Unaware of
//! bars.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, getpgrp, test_kill_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

use super::terminal;

/// Shows the cursor, ends colours, and leaves the line.
const ORDER: &[u8] = b"\x1b[?25h\x1b[0m\r\n";

/// The terminal, and how it was before the run.
#[derive(Debug)]
pub(super) struct Guard {
    terminal: File,
    before: Termios,
    /// The group of the engine.
    engine: Pid,
    stands: bool,
}

impl Guard {
    /// Takes note of the terminal that controls this process, if there is one.
    pub(super) fn of_terminal() -> Option<Self> {
        let terminal = File::from(terminal::open(OFlags::RDWR)?);
        let before = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, before, engine: getpgrp(), stands: false })
    }

    /// Moves its descriptor where it is in nobody's way.
    pub(super) fn moved(self, to: impl FnOnce(OwnedFd) -> io::Result<OwnedFd>) -> io::Result<Self> {
        Ok(Self { terminal: to(self.terminal.into())?.into(), ..self })
    }

    /// Returns the number of its descriptor.
    pub(super) fn number(&self) -> RawFd {
        self.terminal.as_raw_fd()
    }

    /// Returns the terminal.
    pub(super) fn terminal(&self) -> io::Result<OwnedFd> {
        self.terminal.try_clone().map(OwnedFd::from)
    }

    /// Begins to guard it, or ends that: the engine has put it in order.
    pub(super) fn stand(&mut self, on: bool) {
        self.stands = on;
    }

    /// Puts it in order, if it was left to that: at once, before a shell takes over.
    pub(super) fn end(&self) {
        self.restore();
        if self.stands {
            let _ = (&self.terminal).write_all(ORDER);
        }
    }

    /// Puts its modes in order, if it was left to that: again, once nobody is left who changed
    /// them.
    pub(super) fn restore(&self) {
        if self.stands && self.is_nobodys() {
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }

    /// Returns whether nobody has taken the terminal over.
    fn is_nobodys(&self) -> bool {
        tcgetpgrp(&self.terminal).is_ok_and(|group| {
            group == self.engine || test_kill_process_group(group) == Err(Errno::SRCH)
        })
    }
}
