//! Signals: what a person or a system asks of this program, taken one by one.
//!
//! They are blocked and read from a descriptor, so that a thread which does nothing else hears them
//! whatever the others are stuck in. What was ignored when the program was started stays ignored,
//! so that `nohup` means what it says; what was blocked is heard all the same. Unaware of what a
//! signal asks for.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::process::Signal;

use super::proc::ignored_signals;
use super::system::{self, Watch};
use super::terminal;

/// The signals that are heard.
const HEARD: [i32; 6] =
    [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1, libc::SIGTSTP];

/// The signals to this program, from the moment on at which they are blocked.
#[derive(Debug)]
pub struct Signals {
    watch: Watch,
    /// Whether it had a terminal when it was started.
    had_terminal: bool,
}

/// A signal that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Which.
    pub signal: Signal,
    /// Whether it came with the loss of the terminal.
    pub hung_up: bool,
}

impl Signals {
    /// Blocks them. To be called before any thread exists, so that none is interrupted.
    pub fn block() -> io::Result<Self> {
        let ignored = ignored_signals();
        let heard: Vec<_> = HEARD.into_iter().filter(|signal| !ignored.contains(signal)).collect();
        system::let_interrupt()?;
        // With SIGTTOU blocked the terminal can be taken back from the background.
        let blocked: Vec<_> = heard.iter().copied().chain([libc::SIGTTOU]).collect();
        system::block_only(&blocked)?;
        Ok(Self { watch: Watch::on(&heard)?, had_terminal: has_terminal() })
    }

    /// Waits for the next one, at most so long, or for ever.
    pub fn next(&self, patience: Option<Duration>) -> Option<Heard> {
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        let mut asked = [PollFd::new(&self.watch, PollFlags::IN)];
        // An interrupted wait is one in which nothing has come yet.
        let _ = poll(&mut asked, patience.as_ref());
        let signal = Signal::from_named_raw(self.watch.take()?)?;
        let hung_up = signal == Signal::HUP && self.had_terminal && !has_terminal();
        Some(Heard { signal, hung_up })
    }
}

/// Stands still, with all threads, and returns when SIGCONT has come.
pub fn stand_still() {
    system::stop();
}

/// Returns whether there is a terminal that controls this program.
fn has_terminal() -> bool {
    terminal::open(OFlags::RDONLY | OFlags::NONBLOCK).is_some()
}

/// Interrupts the call in which the first thread of this program waits; it returns with `EINTR`.
pub fn interrupt() {
    system::interrupt();
}
