//! The spawner: the process that starts every child, and ends all that they leave behind.
//!
//! It is small, has one thread and does nothing else, so that starting stays cheap and that
//! `kill -9` of the engine leaves nothing alive: the socket ends, and the spawner kills every child
//! and whatever it adopted before it leaves. It reports, it does not judge: retries, explanations
//! and patience belong to the engine.
//!
//! One turn of its loop: sleep until a child has died or the engine has asked; look at who died and
//! what they left; tell the engine; do what it asked; tell again. Deaths are told before a start is
//! tried, because a start takes as long as its `execve`, and the engine can use that time.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::birth::Cradle;
use super::family::{Family, number};
use super::post::{self, Letter};
use super::system::Deaths;
use super::wire::{self, Failure, Id, Report, Request, Step};

/// Events taken per turn; more wait for the next one.
const EVENTS: usize = 64;

/// Tokens of what is not a child. Attempts are counted up from 0 and never come here.
const ENGINE: Id = Id::MAX;
const DEATHS: Id = Id::MAX - 1;

/// How often attempts that are not over yet are looked at, beside at every death.
const AGAIN: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Bytes of reports that may wait for the engine before nothing more is started.
const UNTOLD: usize = 256 << 10;

/// The spawner's whole state.
pub(super) struct Loop {
    engine: OwnedFd,
    epoll: OwnedFd,
    deaths: Deaths,
    cradle: Cradle,
    family: Family,
    letter: Letter,
    events: Vec<Event>,
    /// Reports that the engine has not been told yet.
    untold: Vec<u8>,
    /// What the spawner waits for at the engine's socket.
    interest: EventFlags,
}

/// What woke the spawner.
#[derive(Debug, Default)]
struct Woken {
    /// The engine has asked for something.
    asked: bool,
    /// A child has died.
    died: bool,
    /// The engine is gone.
    alone: bool,
}

impl Loop {
    /// Takes its place at the engine's socket. Children get this limit on descriptors, and marks
    /// if they can be `marked`.
    pub(super) fn new(engine: OwnedFd, limit: (u64, u64), marked: bool) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let deaths = Deaths::watch()?;
        epoll::add(&epoll, &engine, EventData::new_u64(ENGINE), EventFlags::IN)?;
        epoll::add(&epoll, deaths.as_fd(), EventData::new_u64(DEATHS), EventFlags::IN)?;
        Ok(Self {
            engine,
            epoll,
            deaths,
            cradle: Cradle::new(limit),
            family: Family::new(marked),
            letter: Letter::new(),
            events: Vec::with_capacity(EVENTS),
            untold: Vec::new(),
            interest: EventFlags::IN,
        })
    }

    /// Serves until the engine is gone, then kills all that is left.
    pub(super) fn run(&mut self) {
        while self.turn().unwrap_or(false) {}
        self.family.sweep();
    }

    /// Makes one turn; `false` where it was the last one.
    fn turn(&mut self) -> io::Result<bool> {
        let woken = self.sleep()?;
        if woken.alone {
            return Ok(false);
        }
        if woken.died || self.family.is_waiting() {
            self.family.look(|over| over.put(&mut self.untold));
        }
        self.tell()?;
        if woken.asked {
            if !self.letter.receive(&self.engine)? {
                return Ok(false);
            }
            self.obey()?;
            self.tell()?;
        }
        Ok(true)
    }

    /// Sleeps until there is something to do.
    fn sleep(&mut self) -> io::Result<Woken> {
        let patience = self.family.is_waiting().then_some(&AGAIN);
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), patience) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut woken = Woken::default();
        for event in &self.events {
            let Event { flags, data } = *event;
            match data.u64() {
                ENGINE => {
                    woken.alone = flags.intersects(EventFlags::HUP | EventFlags::ERR);
                    woken.asked = flags.contains(EventFlags::IN);
                }
                DEATHS => {
                    self.deaths.clear();
                    woken.died = true;
                }
                id => {
                    self.family.leader_died(id);
                    woken.died = true;
                }
            }
        }
        Ok(woken)
    }

    /// Does what the letter asks for.
    fn obey(&mut self) -> io::Result<()> {
        if self.letter.torn {
            let id = wire::subject(self.letter.message()).map_err(garbled)?;
            let failure = Failure { step: Step::Receive, errno: libc::EMFILE };
            Report::Cannot { id, failure }.put(&mut self.untold);
            self.letter.fds.clear();
            return Ok(());
        }
        let mut rest = self.letter.message();
        while !rest.is_empty() {
            match Request::take(&mut rest).map_err(garbled)? {
                Request::Start(start) => {
                    let mark = self.family.mark(start.id);
                    let born = self.cradle.bear(&start, &self.letter.fds, mark);
                    let report = match born {
                        Ok(born) => {
                            let pid = number(born.pid);
                            // Once only: a dead leader stays readable for as long as it is kept.
                            let once = EventFlags::IN | EventFlags::ET;
                            let token = EventData::new_u64(start.id);
                            epoll::add(&self.epoll, &born.pidfd, token, once)?;
                            self.family.born(start.id, born);
                            Report::Started { id: start.id, pid }
                        }
                        Err(failure) => Report::Cannot { id: start.id, failure },
                    };
                    report.put(&mut self.untold);
                }
                Request::Signal { id, signal } => self.family.signal(id, signal),
                Request::Kill { id } => self.family.kill(id),
            }
        }
        // The child has its own copies; while ours are open, nobody would see its ends close.
        self.letter.fds.clear();
        Ok(())
    }

    /// Tells the engine what it has not been told. If it has no room, it is told when it has, and
    /// with much untold nothing more is asked for.
    fn tell(&mut self) -> io::Result<()> {
        if self.untold.is_empty() {
            return Ok(());
        }
        match post::send(&self.engine, &self.untold, &[]) {
            Ok(()) => self.untold.clear(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        let mut interest = EventFlags::empty();
        interest.set(EventFlags::IN, self.untold.len() < UNTOLD);
        interest.set(EventFlags::OUT, !self.untold.is_empty());
        if interest != self.interest {
            self.interest = interest;
            epoll::modify(&self.epoll, &self.engine, EventData::new_u64(ENGINE), interest)?;
        }
        Ok(())
    }
}

/// Ends the spawner: who does not understand the engine can't serve it.
fn garbled(_: wire::Garbled) -> io::Error {
    io::ErrorKind::InvalidData.into()
}
