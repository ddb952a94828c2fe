//! Terminal: the terminal that controls this program, while a run has it.
//!
//! Its modes are changed so that keys are heard one by one, and put back whenever somebody else has
//! it. What is not in the foreground leaves it alone. Unaware of what a key means.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, getpgrp};
use rustix::termios::{
    LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr, tcsetpgrp,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::system;

/// What ends all that a program can leave a terminal in: a hidden cursor, colours, the second
/// screen, its own keys and mouse.
const ORDER: &[u8] = b"\x1b[?1047l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?25h\x1b[0m";

/// The terminal of a run.
#[derive(Debug)]
pub struct Terminal {
    file: File,
    /// The same, for keys.
    keys: AsyncFd<OwnedFd>,
    /// Its modes before the run.
    before: Termios,
    group: Pid,
}

impl Terminal {
    /// Takes the terminal that controls this program, where it stands in the foreground. To be
    /// called inside the runtime.
    pub fn take() -> Option<Self> {
        let file = File::from(open(OFlags::RDWR | OFlags::NONBLOCK)?);
        let keys = open(OFlags::RDONLY | OFlags::NONBLOCK)?;
        let keys = system::watch(keys, Interest::READABLE).ok()?;
        let before = tcgetattr(&file).ok()?;
        let terminal = Self { file, keys, before, group: getpgrp() };
        terminal.is_ours().then_some(terminal)
    }

    /// Returns whether this program stands in its foreground.
    pub fn is_ours(&self) -> bool {
        tcgetpgrp(&self.file) == Ok(self.group)
    }

    /// Has keys heard one by one and not shown, also where somebody has changed that.
    pub fn listen(&self) {
        let keys = keys(&self.before);
        let differs = |now: Termios| {
            (now.local_modes, now.input_modes, now.output_modes, now.control_modes)
                != (keys.local_modes, keys.input_modes, keys.output_modes, keys.control_modes)
        };
        if self.is_ours() && tcgetattr(&self.file).is_ok_and(differs) {
            let _ = tcsetattr(&self.file, OptionalActions::Now, &keys);
        }
    }

    /// Puts it back as it was.
    pub fn restore(&self) {
        if self.is_ours() {
            let _ = tcsetattr(&self.file, OptionalActions::Now, &self.before);
        }
    }

    /// Hands it to a group of processes, where it is ours to give.
    pub fn hand_to(&self, group: u32) {
        let group = i32::try_from(group).ok().and_then(Pid::from_raw);
        if let Some(group) = group.filter(|_| self.is_ours()) {
            let _ = tcsetpgrp(&self.file, group);
        }
    }

    /// Takes it back from who had it alone, and puts it in order.
    pub fn reclaim(&self) {
        // SIGTTOU is blocked, so that this can be done from the background.
        let _ = tcsetpgrp(&self.file, self.group);
        let _ = tcsetattr(&self.file, OptionalActions::Now, &self.before);
        let _ = (&self.file).write_all(ORDER);
    }

    /// Waits for the next key. May be cancelled.
    pub async fn key(&self) -> io::Result<u8> {
        loop {
            let mut ready = self.keys.readable().await?;
            let mut key = [0];
            match rustix::io::read(self.keys.get_ref(), &mut key) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => return Ok(key[0]),
                Err(rustix::io::Errno::AGAIN) => ready.clear_ready(),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// Opens the terminal that controls this process, if there is one.
pub(super) fn open(how: OFlags) -> Option<OwnedFd> {
    rustix::fs::open("/dev/tty", how | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// Returns the modes in which keys are heard one by one and not shown.
fn keys(before: &Termios) -> Termios {
    let mut keys = before.clone();
    keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    keys
}
