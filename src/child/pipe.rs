//! Pipe: the engine's ends of what its children read and write.
//!
//! Blocks are big and the buffer is one for the whole thread: a pipe that is read costs no memory
//! of its own. An end is watched only once it has made somebody wait, and a pipe grows only once it
//! was full several times, so that a child that says nothing costs next to nothing. Unaware of what
//! the bytes mean.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use bytes::{Bytes, BytesMut};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread, read, write, writev};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::coop::consume_budget;

use super::alarm::Alarm;
use super::holders;
use super::memory::{Left, Memory};
use super::system;
use crate::event::Leftover;

/// Bytes that are read at most at a time. Larger blocks gain nothing: they leave the cache.
const BLOCK: usize = 256 << 10;

/// Shorter reads are copied into a `Bytes` of their own, so that a short item that waits somewhere
/// does not keep a block of memory alive.
const COPIED: usize = 4 << 10;

/// Pieces that one system call takes (`IOV_MAX` of Linux).
const PIECES: usize = 1024;

/// Bytes of a pipe as the system makes it: a read of that many has emptied a full one.
const USUAL: usize = 64 << 10;

/// Bytes of a pipe that is much used, the most that systems allow anybody.
const GROWN: usize = 1 << 20;

/// Bytes of the smallest pipe that there is.
const PAGE: usize = 4 << 10;

/// Full reads or writes after which a pipe grows.
const PATIENCE: u8 = 4;

thread_local! {
    /// Holds what [`PipeReader::read_with`] shows.
    static SHOWN: RefCell<Vec<u8>> = RefCell::new(vec![0; BLOCK]);
    /// Holds what [`PipeReader::read`] hands out; its memory comes back when all of it is dropped.
    static HANDED_OUT: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// Makes a pipe between two children: what is read, what is written. Neither end is passed on but
/// to the child that it is given to.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// Reads what a child writes.
#[derive(Debug)]
pub struct PipeReader(Source);

/// Writes what a child reads. Dropped, it is closed, and the child comes to the end.
#[derive(Debug)]
pub struct PipeWriter(Sink);

#[derive(Debug)]
enum Source {
    Os(End),
    Memory(Memory),
}

#[derive(Debug)]
enum Sink {
    Os(End),
    Memory(Memory),
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    /// So many bytes were taken, at least one unless none were given.
    Bytes(usize),
    /// The reader is gone. That is its right: how it exits says whether it failed.
    ReaderGone,
}

impl PipeReader {
    pub(super) fn new(fd: OwnedFd) -> io::Result<Self> {
        End::new(fd, Interest::READABLE).map(Source::Os).map(Self)
    }

    pub(super) fn memory(memory: Memory) -> Self {
        Self(Source::Memory(memory))
    }

    /// Reads a block and shows it, an empty one at the end, without a copy or an allocation. May
    /// be cancelled; then nothing was read.
    pub async fn read_with<T>(&mut self, show: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        match &mut self.0 {
            Source::Os(end) => {
                let into = |fd: BorrowedFd<'_>| {
                    SHOWN.with_borrow_mut(|block| Ok(read(fd, &mut block[..])?))
                };
                let length = end.transfer(into, |length| *length == BLOCK).await?;
                end.count_full(length);
                Ok(SHOWN.with_borrow(|block| show(&block[..length])))
            }
            Source::Memory(memory) => Ok(show(&memory.read().await)),
        }
    }

    /// Reads a block and hands it out, an empty one at the end. May be cancelled; then nothing was
    /// read.
    pub async fn read(&mut self) -> io::Result<Bytes> {
        match &mut self.0 {
            Source::Os(end) => {
                let into = |fd: BorrowedFd<'_>| HANDED_OUT.with_borrow_mut(|b| hand_out(fd, b));
                let (bytes, _) = end.transfer(into, |(_, filled)| *filled).await?;
                end.count_full(bytes.len());
                Ok(bytes)
            }
            Source::Memory(memory) => Ok(memory.read().await),
        }
    }

    /// Makes the pipe as large as is allowed, at once rather than when it proves to be busy.
    pub fn grow(&mut self) {
        if let Source::Os(end) = &mut self.0 {
            end.grow();
        }
    }

    /// Names who still holds the other end, and kills them unless they `live` on: for a pipe whose
    /// child is over and that does not come to its end. Reads the descriptors of all processes, so
    /// it is for rare cases.
    pub fn find_holders(&self, live: bool) -> Vec<Leftover> {
        match &self.0 {
            Source::Os(end) => holders::find(end.as_fd(), live),
            Source::Memory(_) => Vec::new(),
        }
    }
}

/// Reads into the free room of `block` and splits off what was read; says whether that was all the
/// room there was.
fn hand_out(fd: BorrowedFd<'_>, block: &mut BytesMut) -> io::Result<(Bytes, bool)> {
    if block.capacity() < USUAL {
        block.reserve(BLOCK);
    }
    let room = block.capacity();
    let length = system::read_block(fd, block)?;
    let bytes = if length < COPIED {
        let copy = Bytes::copy_from_slice(block);
        block.clear();
        copy
    } else {
        block.split().freeze()
    };
    Ok((bytes, length == room))
}

impl PipeWriter {
    pub(super) fn new(fd: OwnedFd) -> io::Result<Self> {
        End::new(fd, Interest::WRITABLE).map(Sink::Os).map(Self)
    }

    pub(super) fn memory(memory: Memory) -> Self {
        Self(Sink::Memory(memory))
    }

    /// Writes as much as there is room for, waiting until there is some. May be cancelled; then
    /// nothing was written.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<Wrote> {
        self.write_vectored(&[IoSlice::new(bytes)]).await
    }

    /// Writes as much of several pieces as there is room for and as one system call takes,
    /// likewise.
    pub async fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<Wrote> {
        let pieces = &pieces[..pieces.len().min(PIECES)];
        let wanted: usize = pieces.iter().map(|piece| piece.len()).sum();
        let end = match &mut self.0 {
            Sink::Os(end) => end,
            Sink::Memory(memory) => return Ok(memory.write(pieces).await),
        };
        let from = |fd: BorrowedFd<'_>| match pieces {
            [piece] => Ok(write(fd, piece)?),
            pieces => Ok(writev(fd, pieces)?),
        };
        match end.transfer(from, |taken| *taken == wanted).await {
            Ok(taken) => {
                end.count_full(if taken < wanted { taken.max(USUAL) } else { 0 });
                Ok(Wrote::Bytes(taken))
            }
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Wrote::ReaderGone),
            Err(error) => Err(error),
        }
    }

    /// Writes all of it; `ReaderGone` where the reader left before it was taken.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<Wrote> {
        let wanted = bytes.len();
        while !bytes.is_empty() {
            match self.write(bytes).await? {
                Wrote::Bytes(taken) => bytes = &bytes[taken..],
                Wrote::ReaderGone => return Ok(Wrote::ReaderGone),
            }
        }
        Ok(Wrote::Bytes(wanted))
    }

    /// Writes all of several pieces; `ReaderGone` where the reader left before they were taken.
    pub async fn write_pieces(&mut self, mut pieces: &mut [IoSlice<'_>]) -> io::Result<Wrote> {
        let mut taken = 0;
        while !pieces.is_empty() {
            match self.write_vectored(pieces).await? {
                Wrote::ReaderGone => return Ok(Wrote::ReaderGone),
                Wrote::Bytes(written) => {
                    taken += written;
                    IoSlice::advance_slices(&mut pieces, written);
                }
            }
        }
        Ok(Wrote::Bytes(taken))
    }

    /// Returns how many bytes were written and not read, also when the reader is gone.
    pub fn unread(&self) -> io::Result<u64> {
        match &self.0 {
            Sink::Os(end) => Ok(ioctl_fionread(end.as_fd())?),
            Sink::Memory(memory) => Ok(memory.unread()),
        }
    }

    /// Makes the pipe as large as is allowed, at once rather than when it proves to be busy.
    pub fn grow(&mut self) {
        if let Sink::Os(end) = &mut self.0 {
            end.grow();
        }
    }

    /// Returns a clock for looking at it soon again; a pipe in memory has the runtime's own time.
    pub fn alarm(&self) -> Option<Alarm> {
        match &self.0 {
            Sink::Os(_) => Alarm::new().ok(),
            Sink::Memory(_) => None,
        }
    }

    /// Makes the pipe one page, where it is empty enough: it can then be written exactly when all
    /// that was written is read.
    pub fn shrink(&mut self) {
        if let Sink::Os(end) = &mut self.0 {
            end.full = 0;
            let _ = fcntl_setpipe_size(end.as_fd(), PAGE);
        }
    }

    /// Waits until all that was written is read, or the reader is gone. Of a pipe that is larger
    /// than a page it may never hear. May be cancelled.
    pub async fn drained(&mut self) -> io::Result<()> {
        let end = match &mut self.0 {
            Sink::Os(end) => end,
            Sink::Memory(memory) => {
                memory.drained().await;
                return Ok(());
            }
        };
        if ioctl_fionread(end.as_fd())? == 0 {
            return Ok(());
        }
        end.watch()?;
        let Watch::Yes(watch) = &end.fd else { return Err(Errno::BADF.into()) };
        loop {
            let mut ready = watch.ready(Interest::WRITABLE).await?;
            if ready.ready().is_write_closed() || ioctl_fionread(watch.as_fd())? == 0 {
                return Ok(());
            }
            ready.clear_ready();
        }
    }

    /// Closes the pipe, so that the child comes to the end, and goes on to tell what is unread.
    pub fn finish(self) -> io::Result<Unread> {
        match self.0 {
            Sink::Os(end) => Ok(Unread(Rest::Os(reading_end(end.as_fd())?))),
            Sink::Memory(memory) => Ok(Unread(Rest::Memory(memory.finish()))),
        }
    }
}

/// A pipe that was closed, and that may not be read to its end.
#[derive(Debug)]
pub struct Unread(Rest);

#[derive(Debug)]
enum Rest {
    Os(OwnedFd),
    Memory(Left),
}

impl Unread {
    /// Returns how many bytes were written and not read, also when the reader is gone.
    pub fn bytes(&self) -> io::Result<u64> {
        match &self.0 {
            Rest::Os(fd) => Ok(ioctl_fionread(fd)?),
            Rest::Memory(left) => Ok(left.bytes()),
        }
    }
}

/// Opens the reading end of a pipe whose writing end this is. It is never read from; as long as it
/// is open the system goes on counting what the child has not read.
fn reading_end(writing: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", writing.as_raw_fd());
    Ok(open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?)
}

/// Our end of a pipe. It never blocks; the child's end, a description of its own, does.
#[derive(Debug)]
struct End {
    fd: Watch,
    interest: Interest,
    full: u8,
}

#[derive(Debug)]
enum Watch {
    /// Nobody has had to wait yet.
    Not(OwnedFd),
    Yes(AsyncFd<OwnedFd>),
    /// Only while one becomes the other.
    Between,
}

impl End {
    fn new(fd: OwnedFd, interest: Interest) -> io::Result<Self> {
        ioctl_fionbio(&fd, true)?;
        Ok(Self { fd: Watch::Not(fd), interest, full: 0 })
    }

    /// Moves bytes once some can be moved. `whole` says that more may be possible at once; what
    /// else was moved has emptied or filled the pipe, and the next call need not try to know.
    async fn transfer<T>(
        &mut self,
        mut bytes: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
        whole: impl FnOnce(&T) -> bool,
    ) -> io::Result<T> {
        // A pipe that is always ready must not keep others from their turn.
        consume_budget().await;
        // The system tells of room in a pipe only once it was full, and room that `drained` was
        // told of is not told again: who writes tries before it waits.
        if matches!(self.fd, Watch::Not(_)) || self.interest.is_writable() {
            match retry(|| bytes(self.as_fd())) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.watch()?,
                moved => return moved,
            }
        }
        let Watch::Yes(watch) = &self.fd else { return Err(Errno::BADF.into()) };
        loop {
            let mut ready = watch.ready(self.interest).await?;
            match retry(|| bytes(watch.as_fd())) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                moved => {
                    if moved.as_ref().is_ok_and(|moved| !whole(moved)) {
                        ready.clear_ready();
                    }
                    return moved;
                }
            }
        }
    }

    fn watch(&mut self) -> io::Result<()> {
        if let Watch::Yes(_) = self.fd {
            return Ok(());
        }
        let Watch::Not(fd) = std::mem::replace(&mut self.fd, Watch::Between) else { return Ok(()) };
        let (watch, done) = match system::watch(fd, self.interest) {
            Ok(watch) => (Watch::Yes(watch), Ok(())),
            Err((fd, error)) => (Watch::Not(fd), Err(error)),
        };
        self.fd = watch;
        done
    }

    /// Grows the pipe when it was full several times.
    fn count_full(&mut self, length: usize) {
        if length >= USUAL && self.full < PATIENCE {
            self.full += 1;
            if self.full == PATIENCE {
                self.grow();
            }
        }
    }

    fn grow(&mut self) {
        self.full = PATIENCE;
        // Refused, when this user has grown too many pipes, it stays as it is.
        let _ = fcntl_setpipe_size(self.as_fd(), GROWN);
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.fd {
            Watch::Not(fd) => fd.as_fd(),
            Watch::Yes(watch) => watch.as_fd(),
            Watch::Between => unreachable!("nobody else is called in between"),
        }
    }
}

fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn room_that_was_told_to_who_waited_for_more_is_used() {
        let (_reader, writer) = pipe().unwrap();
        let mut writer = PipeWriter::new(writer).unwrap();
        assert_eq!(writer.write(b"unread").await.unwrap(), Wrote::Bytes(6));
        // It is never read, and a wait for that takes the only notice of room.
        timeout(Duration::from_millis(10), writer.drained()).await.unwrap_err();
        let wrote = timeout(Duration::from_secs(60), writer.write(b"more")).await;
        assert_eq!(wrote.unwrap().unwrap(), Wrote::Bytes(4));
    }
}
