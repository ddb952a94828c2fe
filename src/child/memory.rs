//! Memory: a pipe inside this process, for children that are only played.
//!
//! It holds as much as a pipe of the system and ends as one does. Unaware of who plays.

use std::cell::{Cell, RefCell};
use std::io::IoSlice;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use super::pipe::Wrote;

/// Bytes that it holds, as a pipe of the system does.
const CAPACITY: usize = 64 << 10;

/// One end of a pipe in memory. Dropped, the other end sees it.
#[derive(Debug)]
pub(super) struct Memory {
    shared: Rc<Shared>,
}

#[derive(Debug)]
struct Shared {
    held: RefCell<BytesMut>,
    /// Ends that are open.
    ends: Cell<u8>,
    /// Rings when the other end has done something.
    bell: Notify,
}

impl Memory {
    /// Makes both ends of a pipe.
    pub(super) fn pair() -> (Self, Self) {
        let (held, bell) = (RefCell::default(), Notify::new());
        let shared = Rc::new(Shared { held, ends: Cell::new(2), bell });
        (Self { shared: Rc::clone(&shared) }, Self { shared })
    }

    /// Takes what is held, waiting until there is something; nothing once the writer is gone.
    pub(super) async fn read(&self) -> Bytes {
        loop {
            if self.unread() > 0 || self.is_alone() {
                let held = self.shared.held.borrow_mut().split().freeze();
                self.shared.bell.notify_one();
                return held;
            }
            self.shared.bell.notified().await;
        }
    }

    /// Takes one line with its end; less where the writer is gone, and nothing at the very end.
    pub(super) async fn read_line(&self) -> Bytes {
        let mut line = BytesMut::new();
        loop {
            let before = line.len();
            let ended = self.take_line(&mut line);
            if line.len() > before {
                self.shared.bell.notify_one();
            }
            if ended || self.is_alone() {
                return line.freeze();
            }
            self.shared.bell.notified().await;
        }
    }

    /// Takes what is held of one line; returns whether its end was there.
    fn take_line(&self, line: &mut BytesMut) -> bool {
        let mut held = self.shared.held.borrow_mut();
        let end = held.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let length = end.unwrap_or(held.len());
        line.unsplit(held.split_to(length));
        end.is_some()
    }

    /// Puts in what there is room for, waiting until there is some.
    pub(super) async fn write(&self, pieces: &[IoSlice<'_>]) -> Wrote {
        loop {
            if self.is_alone() {
                return Wrote::ReaderGone;
            }
            let mut room = CAPACITY.saturating_sub(self.shared.held.borrow().len());
            if room > 0 {
                let before = room;
                for piece in pieces {
                    let taken = room.min(piece.len());
                    self.shared.held.borrow_mut().extend_from_slice(&piece[..taken]);
                    room -= taken;
                }
                self.shared.bell.notify_one();
                return Wrote::Bytes(before - room);
            }
            self.shared.bell.notified().await;
        }
    }

    /// Waits until nothing is held any more, or the reader is gone.
    pub(super) async fn drained(&self) {
        while self.unread() > 0 && !self.is_alone() {
            self.shared.bell.notified().await;
        }
    }

    /// Returns how much is held.
    pub(super) fn unread(&self) -> u64 {
        self.shared.held.borrow().len() as u64
    }

    /// Closes this end, and goes on to tell what is held.
    pub(super) fn finish(self) -> Left {
        Left(Rc::clone(&self.shared))
    }

    fn is_alone(&self) -> bool {
        self.shared.ends.get() == 1
    }
}

/// What is left in a pipe that was closed.
#[derive(Debug)]
pub(super) struct Left(Rc<Shared>);

impl Left {
    /// Returns how much is held.
    pub(super) fn bytes(&self) -> u64 {
        self.0.held.borrow().len() as u64
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.shared.ends.set(self.shared.ends.get() - 1);
        self.shared.bell.notify_one();
    }
}
