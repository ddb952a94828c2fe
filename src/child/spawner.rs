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

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::birth::Cradle;
use super::family::{Family, number};
use super::guard::Guard;
use super::mark::Marks;
use super::post::{self, Letter};
use super::system::Watch;
use super::wire::{self, Failure, Id, Report, Request, Start, Step};

/// Events taken per turn; more wait for the next one.
const EVENTS: usize = 64;

/// The bits of `given` that say that a child reads something: its standard input, its wire.
const PAYLOAD: u8 = 1 | 1 << 3;

/// Tokens of what is not a child. Attempts are counted up from 0 and never come here.
const ENGINE: Id = Id::MAX;
const DEATHS: Id = Id::MAX - 1;

/// How often attempts that are not over yet are looked at, beside at every death.
const AGAIN: Duration = Duration::from_millis(20);

/// How long a start is told late, in case that its child ends at once: then both are one message,
/// the engine never has to watch the child's pipes, and wakes once instead of three times. Longer
/// would hold up a child that prints more than its pipe takes. One with a payload is told at once.
const LATE: Duration = Duration::from_millis(2);

/// Bytes of reports that may wait for the engine before nothing more is started.
const UNTOLD: usize = 256 << 10;

/// The spawner's whole state.
pub(super) struct Loop {
    engine: OwnedFd,
    epoll: OwnedFd,
    deaths: Watch,
    cradle: Cradle,
    family: Family,
    guard: Option<Guard>,
    events: Vec<Event>,
    untold: Untold,
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
    /// Takes its place at the engine's socket, with a terminal if there is one. Children get this
    /// limit on descriptors.
    pub(super) fn new(
        engine: OwnedFd,
        limit: (u64, u64),
        terminal: Option<Guard>,
    ) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let deaths = Watch::on(&[libc::SIGCHLD])?;
        epoll::add(&epoll, &engine, EventData::new_u64(ENGINE), EventFlags::IN)?;
        epoll::add(&epoll, deaths.as_fd(), EventData::new_u64(DEATHS), EventFlags::IN)?;
        Ok(Self {
            engine,
            epoll,
            deaths,
            cradle: Cradle::new(limit, terminal.as_ref().map(Guard::terminal).transpose()?),
            family: Family::new(Marks::left()),
            guard: terminal,
            events: Vec::with_capacity(EVENTS),
            untold: Untold::default(),
            interest: EventFlags::IN,
        })
    }

    /// Serves until the engine is gone, then kills all that is left.
    pub(super) fn run(&mut self) {
        let mut letter = Letter::new();
        while self.turn(&mut letter).unwrap_or(false) {}
        self.hear_of_terminal(&mut letter);
        self.guard.iter().for_each(Guard::end);
        self.family.sweep();
        self.guard.iter().for_each(Guard::restore);
    }

    /// Hears what the engine said last of the terminal. What else it asked for nobody waits for.
    fn hear_of_terminal(&mut self, letter: &mut Letter) {
        while letter.receive(&self.engine).unwrap_or(false) {
            let mut rest = letter.message();
            while let Ok(request) = Request::take(&mut rest) {
                if let (Request::Guard { on }, Some(guard)) = (request, &mut self.guard) {
                    guard.stand(on);
                }
            }
        }
    }

    /// Makes one turn; `false` where it was the last one.
    fn turn(&mut self, letter: &mut Letter) -> io::Result<bool> {
        let woken = self.sleep()?;
        if woken.alone {
            return Ok(false);
        }
        if woken.died || self.family.is_waiting() {
            // Forgotten before the look, so that no death between the two is missed.
            self.deaths.take();
            self.family.look_for_changes(|change| self.untold.put(change));
            self.family.look(|over| self.untold.put(over));
        }
        self.tell()?;
        self.family.bury();
        if woken.asked {
            if !letter.receive(&self.engine)? {
                return Ok(false);
            }
            self.obey(letter)?;
            // The child has its own copies; while ours are open, nobody sees its ends close.
            letter.fds.clear();
            self.tell()?;
        }
        Ok(true)
    }

    /// Sleeps until there is something to do.
    fn sleep(&mut self) -> io::Result<Woken> {
        let again = self.family.is_waiting().then_some(AGAIN);
        // Without room at the engine's socket, the socket tells when it is time.
        let has_room = !self.interest.contains(EventFlags::OUT);
        let due = self.untold.due().filter(|_| has_room);
        let patience = [again, due].into_iter().flatten().min();
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), patience.as_ref()) {
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
                DEATHS => woken.died = true,
                id => {
                    self.family.leader_died(id);
                    woken.died = true;
                }
            }
        }
        Ok(woken)
    }

    /// Does what a letter asks for.
    fn obey(&mut self, letter: &Letter) -> io::Result<()> {
        let mut rest = letter.message();
        if letter.torn {
            let id = wire::subject(rest).map_err(garbled)?;
            let failure = Failure { step: Step::Receive, errno: libc::EMFILE };
            self.untold.put(&Report::Cannot { id, failure });
            return Ok(());
        }
        while !rest.is_empty() {
            match Request::take(&mut rest).map_err(garbled)? {
                Request::Start(start) => self.start(&start, &letter.fds),
                Request::Signal { id, signal } => self.family.signal(id, signal),
                Request::Kill { id } => self.family.kill(id),
                Request::Pause { on } => self.family.pause(on),
                Request::Guard { on } => self.guard.iter_mut().for_each(|guard| guard.stand(on)),
            }
        }
        Ok(())
    }

    /// Starts a child, and has it reported.
    fn start(&mut self, start: &Start<'_>, fds: &[OwnedFd]) {
        let id = start.id;
        let mark = self.family.mark(id);
        let born = self.cradle.bear(start, fds, mark).and_then(|born| {
            // Told once only: a dead leader stays readable for as long as it is kept.
            let once = EventFlags::IN | EventFlags::ET;
            match epoll::add(&self.epoll, &born.pidfd, EventData::new_u64(id), once) {
                Ok(()) => Ok(born),
                Err(errno) => Err(born.undo(errno.raw_os_error())),
            }
        });
        match born {
            Ok(born) => {
                let pid = number(born.pid);
                if start.given & PAYLOAD == 0 {
                    self.untold.put_late(id, pid);
                } else {
                    self.untold.put(&Report::Started { id, pid });
                }
                self.family.born(id, born, start.manner);
            }
            Err(failure) => self.untold.put(&Report::Cannot { id, failure }),
        }
    }

    /// Tells the engine what is due. If it has no room, it is told when it has, and with much
    /// untold nothing more is asked for.
    fn tell(&mut self) -> io::Result<()> {
        self.untold.ripen();
        if self.untold.reports.is_empty() {
            return Ok(());
        }
        match post::send(&self.engine, &self.untold.reports, &[]) {
            Ok(()) => self.untold.reports.clear(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        let left = self.untold.reports.len();
        let mut interest = EventFlags::empty();
        interest.set(EventFlags::IN, left < UNTOLD);
        interest.set(EventFlags::OUT, left > 0);
        if interest != self.interest {
            self.interest = interest;
            epoll::modify(&self.epoll, &self.engine, EventData::new_u64(ENGINE), interest)?;
        }
        Ok(())
    }
}

/// Reports that the engine has not been told yet.
#[derive(Debug, Default)]
struct Untold {
    /// What it waits for, as bytes of a message.
    reports: Vec<u8>,
    /// Starts that can wait a little, oldest first, each with the time until which it can.
    late: VecDeque<(Id, u32, Instant)>,
}

impl Untold {
    /// Puts a report that the engine waits for; that of an end takes its start along.
    fn put(&mut self, report: &Report) {
        if let Report::Ended { id, .. } = report
            && let Some(at) = self.late.iter().position(|(late, ..)| late == id)
            && let Some((id, pid, _)) = self.late.remove(at)
        {
            Report::Started { id, pid }.put(&mut self.reports);
        }
        report.put(&mut self.reports);
    }

    /// Puts a start of which the engine may hear a little later.
    fn put_late(&mut self, id: Id, pid: u32) {
        self.late.push_back((id, pid, Instant::now() + LATE));
    }

    /// Returns how long the reports can wait; `None` where there are none.
    fn due(&self) -> Option<Duration> {
        if !self.reports.is_empty() {
            return Some(Duration::ZERO);
        }
        self.late.front().map(|(.., until)| until.saturating_duration_since(Instant::now()))
    }

    /// Adds the starts that can't wait any more; with them go those that could, in one message.
    fn ripen(&mut self) {
        if self.late.front().is_some_and(|(.., until)| *until <= Instant::now()) {
            for (id, pid, _) in self.late.drain(..) {
                Report::Started { id, pid }.put(&mut self.reports);
            }
        }
    }
}

/// Ends the spawner: who does not understand the engine can't serve it.
fn garbled(_: wire::Garbled) -> io::Error {
    io::ErrorKind::InvalidData.into()
}
