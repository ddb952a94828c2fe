//! Patient: writes to a stream that may take its time, until there is hurry.
//!
//! Who reads the output of a run decides how fast it goes: a pager holds it for hours. But a stop
//! ends in time also where nobody reads any more, so a write can be interrupted then. A stream that
//! somebody else has made non-blocking is waited for like any other, and a terminal that was closed
//! is told from a disk that is broken. Unaware of what is written.

use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Not at all: the time to wait for a stream in a hurry.
const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// A writer that waits, but not for ever.
#[derive(Debug)]
pub(super) struct Patient<F> {
    stream: F,
    /// Whether it is a terminal; one that was closed does not say so any more.
    is_terminal: bool,
    hurry: Arc<AtomicBool>,
}

impl<F: AsFd> Patient<F> {
    /// Makes it around a stream.
    pub(super) fn new(stream: F, hurry: Arc<AtomicBool>) -> Self {
        let is_terminal = stream.as_fd().is_terminal();
        Self { stream, is_terminal, hurry }
    }

    /// Waits until the stream takes bytes; fails where there is hurry and it does not.
    fn wait(&self) -> io::Result<()> {
        let hurry = self.hurry.load(Ordering::Relaxed);
        let time = hurry.then_some(&NOW);
        match poll(&mut [PollFd::new(&self.stream, PollFlags::OUT)], time) {
            Ok(0) => Err(io::Error::new(io::ErrorKind::TimedOut, "nobody takes it")),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl<F: AsFd> Write for Patient<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            if self.hurry.load(Ordering::Relaxed) {
                self.wait()?;
            }
            match rustix::io::write(&self.stream, bytes) {
                Ok(written) => return Ok(written),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait()?,
                Err(Errno::IO) if self.is_terminal => {
                    let kind = io::ErrorKind::ConnectionAborted;
                    return Err(io::Error::new(kind, "the terminal was closed"));
                }
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[test]
    fn what_nobody_takes_is_given_up_in_a_hurry_only() {
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        let hurry = Arc::new(AtomicBool::new(false));
        let mut patient = Patient::new(writer, Arc::clone(&hurry));
        patient.write_all(b"taken").unwrap();
        hurry.store(true, Ordering::Relaxed);
        patient.write_all(b"taken too").unwrap();
        let full = patient.write_all(&vec![0; 1 << 20]).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::TimedOut);
        drop(reader);
        let gone = patient.write(b"x").unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_stream_that_does_not_block_is_waited_for() {
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK).unwrap();
        let mut patient = Patient::new(writer, Arc::default());
        let read = std::thread::spawn(move || {
            let (mut total, mut block) = (0, [0; 4096]);
            while total < 1 << 20 {
                let _ = poll(&mut [PollFd::new(&reader, PollFlags::IN)], None);
                total += rustix::io::read(&reader, &mut block).unwrap_or(0);
            }
        });
        patient.write_all(&vec![0; 1 << 20]).unwrap();
        read.join().unwrap();
    }
}
