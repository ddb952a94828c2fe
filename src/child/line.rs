//! Line: the engine's end of the socket to the spawner, and what it knows of each attempt.
//!
//! One task listens and puts each report where somebody waits for it. Unaware of what a start
//! needs and of why one fails.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;

use super::fork::Spawner;
use super::headroom::Headroom;
use super::host::{Change, Ended, Fault};
use super::kin::Kin;
use super::post::{self, Letter};
use super::system;
use super::wire::{self, Failure, Id, Report, Status, Step};
use crate::event::Exit;

/// How long the spawner may take to kill what is left, when the engine is done with it.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a start may take: a program on a disk that does not answer is as good as none, and what
/// waits for it must not wait for ever. As long as a fork that is refused is tried again.
pub(super) const BORN_WITHIN: Duration = Duration::from_secs(30);

/// The line to the spawner.
#[derive(Debug)]
pub(super) struct Line {
    /// Watched for reading only: the system tells of room for writing whenever the spawner takes a
    /// message, and would wake us for nothing at each start.
    socket: AsyncFd<OwnedFd>,
    spawner: Pid,
    pidfd: OwnedFd,
    next: Cell<Id>,
    /// Attempts of which a report is expected.
    slots: RefCell<HashMap<Id, Rc<Slot>>>,
    /// Held by the start that is being sent; the others wait in their order.
    turn: Mutex<()>,
    /// Signals for which the socket had no room: a few bytes each, a few for each living child.
    unsent: RefCell<Vec<u8>>,
    /// Rings when there is something unsent.
    bell: Notify,
    dead: Cell<bool>,
    headroom: Headroom,
    /// How often the system had killed for want of memory when that was looked at last.
    oom_kills: Cell<u64>,
}

/// What is known of an attempt.
#[derive(Debug, Default)]
struct Slot {
    /// Its process id, or why it has none.
    birth: Cell<Option<Result<u32, Failure>>>,
    /// That it was stopped or goes on, where nobody has asked yet.
    change: RefCell<Option<Change>>,
    ended: RefCell<Option<Ended>>,
    /// Rings at each report, and when the spawner is dead.
    bell: Notify,
}

/// The engine's hold on an attempt. Let go before its end, all of it is killed.
#[derive(Debug)]
pub(super) struct Life {
    line: Rc<Line>,
    slot: Rc<Slot>,
    id: Id,
}

impl Line {
    /// Takes over the line to a spawner.
    pub(super) fn new(spawner: Spawner) -> io::Result<Self> {
        let Spawner { socket, pid, pidfd } = spawner;
        let headroom = Headroom::of_system();
        Ok(Self {
            socket: system::watch(socket, Interest::READABLE).map_err(|(_, error)| error)?,
            spawner: pid,
            pidfd,
            next: Cell::new(0),
            slots: RefCell::default(),
            turn: Mutex::new(()),
            unsent: RefCell::default(),
            bell: Notify::new(),
            dead: Cell::new(false),
            oom_kills: Cell::new(headroom.kills()),
            headroom,
        })
    }

    /// Returns how many bytes of memory can still be used.
    pub(super) fn available_memory(&self) -> Option<u64> {
        self.headroom.available()
    }

    /// Takes the number of a new attempt.
    pub(super) fn number(&self) -> Id {
        self.next.replace(self.next.get() + 1)
    }

    /// Sends the message that starts attempt `id`, and returns once its program runs.
    pub(super) async fn start(
        self: &Rc<Self>,
        id: Id,
        message: &[u8],
        fds: &[BorrowedFd<'_>],
    ) -> Result<Result<(u32, Life), Failure>, Fault> {
        match self.send(message, fds).await {
            Ok(()) => {}
            Err(error) => return self.unsendable(&error).map(Err),
        }
        let slot = Rc::new(Slot::default());
        self.slots.borrow_mut().insert(id, Rc::clone(&slot));
        let life = Life { line: Rc::clone(self), slot, id };
        let birth = life.birth_in_time().await?;
        Ok(birth.map(|pid| (pid, life)))
    }

    async fn send(&self, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let _turn = self.turn.lock().await;
        loop {
            match post::send(&self.socket, message, fds) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.room().await?,
                sent => return sent,
            }
        }
    }

    /// Tells a dead spawner from a system that has no room for the message.
    fn unsendable(&self, error: &io::Error) -> Result<Failure, Fault> {
        match error.raw_os_error() {
            Some(errno) if !self.dead.get() && !matches!(errno, libc::EPIPE | libc::ECONNRESET) => {
                Ok(Failure { step: Step::Receive, errno })
            }
            _ => Err(Fault::SpawnerDied),
        }
    }

    /// Waits until the socket has room. Rare, so the watch for it is made each time.
    async fn room(&self) -> io::Result<()> {
        let socket = self.socket.get_ref().try_clone()?;
        let watch = system::watch(socket, Interest::WRITABLE).map_err(|(_, error)| error)?;
        let _room = watch.writable().await?;
        Ok(())
    }

    /// Sends a short request, now or as soon as there is room.
    fn tell(&self, put: impl FnOnce(&mut Vec<u8>)) {
        put(&mut self.unsent.borrow_mut());
        if !self.push() {
            self.bell.notify_one();
        }
    }

    /// Sends what is unsent; `false` where there was no room.
    fn push(&self) -> bool {
        let mut unsent = self.unsent.borrow_mut();
        match post::send(&self.socket, &unsent, &[]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            // Else the spawner is gone: the listener hears of it too.
            Ok(()) | Err(_) => unsent.clear(),
        }
        true
    }

    async fn flush(&self) {
        if self.unsent.borrow().is_empty() {
            self.bell.notified().await;
        }
        let _ = self.room().await;
        self.push();
    }

    /// Puts reports where they are waited for.
    fn deliver(&self, mut message: &[u8]) -> Result<(), wire::Garbled> {
        while !message.is_empty() {
            let report = Report::take(&mut message)?;
            let mut slots = self.slots.borrow_mut();
            let slot = match &report {
                Report::Started { id, .. }
                | Report::Suspended { id, .. }
                | Report::Resumed { id } => slots.get(id).cloned(),
                Report::Cannot { id, .. } | Report::Ended { id, .. } => slots.remove(id),
            };
            let Some(slot) = slot else { continue };
            match report {
                Report::Started { pid, .. } => slot.birth.set(Some(Ok(pid))),
                Report::Cannot { failure, .. } => slot.birth.set(Some(Err(failure))),
                Report::Suspended { signal, .. } => {
                    *slot.change.borrow_mut() = Some(Change::Suspended(signal));
                }
                Report::Resumed { .. } => {
                    *slot.change.borrow_mut() = Some(Change::Resumed);
                }
                Report::Ended { status, leftovers, .. } => {
                    *slot.ended.borrow_mut() = Some(Ended { exit: self.exit(status), leftovers });
                }
            }
            slot.bell.notify_one();
        }
        Ok(())
    }

    /// Stops everything that was started, or lets it go on.
    pub(super) fn pause(&self, on: bool) {
        self.tell(|out| wire::put_pause(out, on));
    }

    /// Has the spawner guard the terminal, or no longer.
    pub(super) fn guard(&self, on: bool) {
        self.tell(|out| wire::put_guard(out, on));
    }

    /// Returns how a leader ended. Nobody says that the system killed it, but such kills are
    /// counted.
    fn exit(&self, status: Status) -> Exit {
        match status {
            Status::Code(code) => Exit::Code(code),
            Status::Signal(libc::SIGKILL) if self.has_killed() => Exit::OutOfMemory,
            Status::Signal(signal) => Exit::Signal(signal),
        }
    }

    /// Returns whether the system has killed for want of memory since this was asked last.
    fn has_killed(&self) -> bool {
        let kills = self.headroom.kills();
        self.oom_kills.replace(kills) < kills
    }

    /// Has the spawner end, which kills what is left first. Not waited for.
    pub(super) fn dismiss(&self) {
        let _ = shutdown(&self.socket, Shutdown::Both);
    }

    /// Ends the spawner, and waits for it.
    pub(super) fn hang_up(&self) {
        self.dismiss();
        if !ends_within(&self.pidfd, FAREWELL) {
            // It stands still, or the system holds it: what it had to end is ours now.
            let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
            ends_within(&self.pidfd, FAREWELL);
            Kin::new().sweep(|_| false);
        }
        let _ = waitid(WaitId::Pid(self.spawner), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }

    /// Ends what the spawner left behind when it died; the engine has adopted it.
    fn bereaved(&self) {
        self.dead.set(true);
        Kin::new().sweep(|_| false);
        for (_, slot) in self.slots.borrow_mut().drain() {
            slot.bell.notify_one();
        }
    }
}

/// Listens to the spawner until it is gone.
pub(super) async fn listen(line: Rc<Line>) {
    let mut letter = Letter::new();
    loop {
        let heard = tokio::select! {
            heard = line.socket.async_io(Interest::READABLE, |socket| letter.receive(socket)) => {
                heard
            }
            () = line.flush() => continue,
        };
        let understood = matches!(heard, Ok(true)) && line.deliver(letter.message()).is_ok();
        if !understood {
            return line.bereaved();
        }
        // Who waited goes on first: it starts the next child while the spawner is still awake.
        tokio::task::yield_now().await;
    }
}

impl Life {
    /// Waits until the program runs or can't, but not for ever. The time is halved: where this
    /// program stood still itself, only one half has passed without anybody having looked.
    async fn birth_in_time(&self) -> Result<Result<u32, Failure>, Fault> {
        for _ in 0..2 {
            if let Ok(birth) = timeout(BORN_WITHIN / 2, self.birth()).await {
                return birth;
            }
        }
        Ok(Err(Failure { step: Step::Receive, errno: libc::ETIMEDOUT }))
    }

    async fn birth(&self) -> Result<Result<u32, Failure>, Fault> {
        loop {
            if let Some(birth) = self.slot.birth.get() {
                return Ok(birth);
            }
            self.news().await?;
        }
    }

    /// Waits until something becomes of the attempt.
    pub(super) async fn change(&mut self) -> Result<Change, Fault> {
        loop {
            if let Some(ended) = &*self.slot.ended.borrow() {
                return Ok(Change::Ended(ended.clone()));
            }
            let change = self.slot.change.take();
            match change {
                Some(change) => return Ok(change),
                None => self.news().await?,
            }
        }
    }

    async fn news(&self) -> Result<(), Fault> {
        if self.line.dead.get() {
            return Err(Fault::SpawnerDied);
        }
        self.slot.bell.notified().await;
        Ok(())
    }

    /// Sends a signal to the attempt's group.
    pub(super) fn signal(&self, signal: i32) {
        self.line.tell(|out| wire::put_signal(out, self.id, signal));
    }

    /// Kills all of the attempt.
    pub(super) fn kill(&self) {
        self.line.tell(|out| wire::put_kill(out, self.id));
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let unborn = matches!(self.slot.birth.get(), Some(Err(_)));
        if !unborn && self.slot.ended.borrow().is_none() {
            self.kill();
        }
    }
}

/// Waits for the end of a process, at most so long, and returns whether it came. Signals to this
/// process cut no wait short.
pub(super) fn ends_within(process: &OwnedFd, time: Duration) -> bool {
    let end = Instant::now() + time;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let patience = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(process, PollFlags::IN)], patience.as_ref()) {
            Err(Errno::INTR) => {}
            ended => return ended == Ok(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use rustix::process::{PidfdFlags, getpid, pidfd_open};

    use super::*;

    #[test]
    fn a_start_of_which_nothing_is_heard_has_failed() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let (socket, mute) =
                socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
            let pid = getpid();
            let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
            let line = Rc::new(Line::new(Spawner { socket, pid, pidfd }).unwrap());
            let began = tokio::time::Instant::now();
            let failed = line.start(line.number(), b"start", &[]).await.unwrap().unwrap_err();
            assert_eq!((failed.step, failed.errno), (Step::Receive, libc::ETIMEDOUT));
            assert_eq!(began.elapsed(), BORN_WITHIN);
            // Should it be born after all, it is killed.
            let mut letter = Letter::new();
            assert!(letter.receive(&mute).unwrap() && letter.receive(&mute).unwrap());
            let mut kill = Vec::new();
            wire::put_kill(&mut kill, 0);
            assert_eq!(letter.message(), kill);
        });
    }
}
