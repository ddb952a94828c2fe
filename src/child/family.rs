//! Family: which processes belong to which attempt, and when an attempt is over.
//!
//! An attempt is its leader and all that comes from it. It is over when the leader is dead and
//! nothing of the rest lives; what does live is named and killed, unless it may leak. The leader is
//! reaped last: while it is not, nobody else can have its number, which is also that of its group.
//!
//! What a leader leaves behind is adopted by the spawner, so a look at the spawner's own children
//! finds it. Whose it is, its mark says, a limit that it has inherited; else its group; else, when
//! only one attempt is left that it can come from, that. So a daemon in a session of its own with
//! an emptied environment is still found. Unaware of sockets and of the engine.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpgid, kill_process, kill_process_group,
    waitid,
};

use super::birth::Born;
use super::kin::{self, Kin};
use super::mark::Marks;
use super::system;
use super::wire::{Id, Manner, Report, Status};
use crate::event::Leftover;

/// How long killed processes may take to die before their attempt is over without them: the system
/// holds them in a call that nothing can end. They stay known, and are killed again at every look.
const UNKILLABLE: Duration = Duration::from_secs(2);

/// Leftovers that are named; a job that leaves more has said enough.
const NAMED: usize = 16;

/// Signals that do not ask a process to end.
const PAUSES: [i32; 4] = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGCONT, libc::SIGWINCH];

/// The attempts and all that belongs to them.
#[derive(Debug)]
pub(super) struct Family {
    kin: Kin,
    marks: Marks,
    attempts: BTreeMap<Id, Attempt>,
    leaders: HashMap<Pid, Id>,
    adopted: HashMap<Pid, Origin>,
    /// Attempts whose leader is dead, each with how it ended.
    dead: Vec<(Id, Status)>,
    /// Attempts that were killed and whose leader lives.
    dying: HashSet<Id>,
    /// Attempts that are over and left something behind that may live on.
    leaked: HashSet<Id>,
    /// Leaders of attempts that are over, to be reaped.
    unburied: Vec<Attempt>,
    /// Whether everything is stopped for now: then nobody need hear that it is.
    paused: bool,
}

/// An attempt whose leader is not reaped.
#[derive(Debug)]
struct Attempt {
    leader: Pid,
    /// Kept because closing it ends the watch for the leader's death.
    _pidfd: OwnedFd,
    manner: Manner,
    /// Whether something was found that it started and that outlived its own parent. Then one look
    /// that finds nothing is not enough: a list that changes while it is read may miss one.
    has_heirs: bool,
    /// Whether it was asked to end: then what outlives the leader has time until it is killed.
    asked: bool,
    /// Since when all of it is being killed.
    killed: Option<Instant>,
    leftovers: Vec<Leftover>,
}

/// Where an adopted process comes from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    /// From this attempt.
    Of(Id),
    /// From one of those up to this number; nothing says from which.
    UpTo(Id),
}

impl Family {
    /// Founds a family whose children carry these marks.
    pub(super) fn new(marks: Marks) -> Self {
        Self {
            kin: Kin::new(),
            marks,
            attempts: BTreeMap::new(),
            leaders: HashMap::new(),
            adopted: HashMap::new(),
            dead: Vec::new(),
            dying: HashSet::new(),
            leaked: HashSet::new(),
            unburied: Vec::new(),
            paused: false,
        }
    }

    /// Returns the limit, soft and hard, that is the mark of an attempt.
    pub(super) fn mark(&self, id: Id) -> Option<(u64, u64)> {
        self.marks.for_attempt(id)
    }

    /// Takes in the leader of a new attempt.
    pub(super) fn born(&mut self, id: Id, born: Born, manner: Manner) {
        let Born { pid: leader, pidfd } = born;
        self.leaders.insert(leader, id);
        let attempt = Attempt {
            leader,
            _pidfd: pidfd,
            manner,
            has_heirs: false,
            asked: false,
            killed: None,
            leftovers: Vec::new(),
        };
        self.attempts.insert(id, attempt);
    }

    /// Notes that a leader has died, and how. It is not reaped yet: its number stays its own.
    ///
    /// A pidfd tells a little before SIGCHLD comes. The question how it ended waits for that, so
    /// that one turn of the loop sees both and the spawner is not woken again for nothing.
    pub(super) fn leader_died(&mut self, id: Id) {
        let Some(attempt) = self.attempts.get(&id) else { return };
        let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if let Ok(Some(status)) = waitid(WaitId::Pid(attempt.leader), peek) {
            self.dying.remove(&id);
            self.dead.push((id, status_of(&status)));
        }
    }

    /// Returns whether something is to end that has not.
    pub(super) fn is_waiting(&self) -> bool {
        !self.dead.is_empty() || !self.dying.is_empty()
    }

    /// Sends a signal to the group of an attempt, and to what has left it. One that is stopped
    /// could not hear a request to end, so it is continued after it.
    pub(super) fn signal(&mut self, id: Id, signal: i32) {
        let members = self.members(id);
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        let Some(named) = Signal::from_named_raw(signal) else { return };
        let asks = !PAUSES.contains(&signal);
        attempt.asked |= asks;
        for named in [Some(named), asks.then_some(Signal::CONT)].into_iter().flatten() {
            let _ = kill_process_group(attempt.leader, named);
            for member in &members {
                if getpgid(Some(*member)) != Ok(attempt.leader) {
                    let _ = kill_process(*member, named);
                }
            }
        }
    }

    /// Kills all of an attempt, now and at every look until it is over.
    pub(super) fn kill(&mut self, id: Id) {
        if self.dead.iter().any(|(dead, _)| *dead == id) {
            return self.kill_leftovers(id);
        }
        let mut all = self.members(id);
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        attempt.killed.get_or_insert_with(Instant::now);
        all.push(attempt.leader);
        kin::kill(&all);
        self.dying.insert(id);
    }

    /// Stops everything that was started, or lets it go on.
    pub(super) fn pause(&mut self, on: bool) {
        let signal = if on { Signal::STOP } else { Signal::CONT };
        kin::signal_trees(&self.kin.children(), signal);
        // What it has to tell of that is told to nobody.
        let _ = changes().count();
        self.paused = on;
    }

    /// Reports leaders that were stopped, or that go on.
    pub(super) fn look_for_changes(&self, mut report: impl FnMut(&Report)) {
        for (leader, stopped) in changes() {
            let Some(id) = self.leaders.get(&leader).copied().filter(|_| !self.paused) else {
                continue;
            };
            match stopped {
                Some(signal) => report(&Report::Suspended { id, signal }),
                None => report(&Report::Resumed { id }),
            }
        }
    }

    /// Looks at all children: reaps adopted ones that are dead, kills what outlived a leader, and
    /// reports each attempt of which nothing but its dead leader is left.
    pub(super) fn look(&mut self, mut report: impl FnMut(&Report)) {
        self.meet();
        if self.dead.iter().any(|(id, _)| self.attempts[id].has_heirs) {
            self.meet();
        }
        let mut dead = std::mem::take(&mut self.dead);
        dead.retain(|(id, status)| !self.is_over(*id, *status, &mut report));
        self.dead = dead;
        self.give_up(&mut report);
    }

    /// Reaps the leaders of attempts that were reported. Left for after the report, because the
    /// system takes its time to take a process apart.
    pub(super) fn bury(&mut self) {
        for Attempt { leader, .. } in self.unburied.drain(..) {
            self.leaders.remove(&leader);
            kin::reap(leader);
        }
    }

    /// Kills every child, and all that comes up behind it, but what may live on.
    pub(super) fn sweep(&mut self) {
        let Self { kin, marks, leaked, adopted, .. } = self;
        let of = |child: Pid| match adopted.get(&child) {
            Some(Origin::Of(id)) => Some(*id),
            Some(Origin::UpTo(_)) => None,
            None => marks.of(child),
        };
        kin.sweep(|child| of(child).is_some_and(|id| leaked.contains(&id)));
    }

    /// Gets to know children that were adopted, and forgets the dead ones.
    fn meet(&mut self) {
        for child in self.kin.children() {
            if self.leaders.contains_key(&child) {
                continue;
            }
            if kin::reap(child).is_some() {
                self.adopted.remove(&child);
                continue;
            }
            let known = self.adopted.get(&child).copied();
            let origin = known.unwrap_or_else(|| self.origin(child));
            self.adopted.insert(child, origin);
            if let Origin::Of(id) = origin
                && let Some(attempt) = self.attempts.get_mut(&id)
            {
                attempt.has_heirs = true;
            }
            if !self.is_wanted(origin) {
                kin::kill(&[child]);
            }
        }
    }

    /// Finds out where an adopted process comes from.
    fn origin(&self, child: Pid) -> Origin {
        let grouped = || self.leaders.get(&getpgid(Some(child)).ok()?).copied();
        match self.marks.of(child).or_else(grouped) {
            Some(id) => Origin::Of(id),
            None => Origin::UpTo(self.attempts.last_key_value().map_or(0, |(id, _)| *id)),
        }
    }

    /// Returns whether an attempt is left to which a process may belong, or it may live on.
    fn is_wanted(&self, origin: Origin) -> bool {
        match origin {
            Origin::Of(id) => self.attempts.contains_key(&id) || self.leaked.contains(&id),
            Origin::UpTo(last) => self.attempts.range(..=last).next().is_some(),
        }
    }

    /// Returns the adopted processes that belong to an attempt.
    fn members(&self, id: Id) -> Vec<Pid> {
        let only = |last: Id| self.attempts.range(..=last).map(|(id, _)| *id).eq([id]);
        let belongs = |origin: &Origin| match *origin {
            Origin::Of(owner) => owner == id,
            Origin::UpTo(last) => only(last),
        };
        let members = self.adopted.iter().filter(|(_, origin)| belongs(origin));
        members.map(|(child, _)| *child).collect()
    }

    /// Ends an attempt whose leader is dead, if nothing of it is left. What is left is killed, or
    /// has time where the attempt was asked to end.
    fn is_over(&mut self, id: Id, status: Status, report: &mut impl FnMut(&Report)) -> bool {
        let Some(attempt) = self.attempts.get(&id) else { return true };
        let alone = self.adopted.is_empty() || self.members(id).is_empty();
        let given_up = attempt.killed.is_some_and(is_long_ago);
        let leaks = attempt.manner.may_leak && attempt.killed.is_none();
        if !alone && leaks {
            self.leak(id);
        } else if !alone && !given_up {
            if attempt.killed.is_some() || !attempt.asked {
                self.kill_leftovers(id);
            }
            return false;
        }
        if let Some(mut attempt) = self.attempts.remove(&id) {
            let leftovers = std::mem::take(&mut attempt.leftovers);
            report(&Report::Ended { id, status, leftovers });
            self.unburied.push(attempt);
        }
        true
    }

    /// Ends attempts whose leader does not die although it was killed. It stays in the way of its
    /// number, and is reaped when it does die.
    fn give_up(&mut self, report: &mut impl FnMut(&Report)) {
        let is_due = |id: &Id| self.attempts[id].killed.is_some_and(is_long_ago);
        let due: Vec<_> = self.dying.iter().copied().filter(is_due).collect();
        for id in due {
            self.dying.remove(&id);
            let Some(attempt) = self.attempts.remove(&id) else { continue };
            self.leaders.remove(&attempt.leader);
            self.adopted.insert(attempt.leader, Origin::Of(id));
            let leftovers = vec![leftover(attempt.leader, true)];
            let status = Status::Signal(Signal::KILL.as_raw());
            report(&Report::Ended { id, status, leftovers });
        }
    }

    /// Names what outlived its leader, and lets it live.
    fn leak(&mut self, id: Id) {
        let members = self.members(id);
        self.leaked.insert(id);
        // Also where it has no mark.
        self.adopted.extend(members.iter().map(|member| (*member, Origin::Of(id))));
        if let Some(attempt) = self.attempts.get_mut(&id) {
            let named = members.iter().take(NAMED).map(|child| leftover(*child, true));
            attempt.leftovers.extend(named);
        }
    }

    /// Kills what outlived its leader. It is named, unless it is only late: what was killed
    /// together with its leader did not outlive it.
    fn kill_leftovers(&mut self, id: Id) {
        let mut members = self.members(id);
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        let outlived = attempt.killed.is_none();
        attempt.killed.get_or_insert_with(Instant::now);
        if outlived {
            let named = members.iter().take(NAMED).map(|child| leftover(*child, false));
            attempt.leftovers.extend(named);
        }
        // It is dead and not reaped, so its group is still its own.
        members.push(attempt.leader);
        kin::kill(&members);
    }
}

/// Takes what children have to tell of being stopped and continued.
fn changes() -> impl Iterator<Item = (Pid, Option<i32>)> {
    std::iter::from_fn(system::change)
}

fn is_long_ago(killed: Instant) -> bool {
    killed.elapsed() > UNKILLABLE
}

fn leftover(child: Pid, lives: bool) -> Leftover {
    Leftover { pid: number(child), command: kin::command(child), lives }
}

fn status_of(status: &WaitIdStatus) -> Status {
    match status.terminating_signal() {
        Some(signal) => Status::Signal(signal),
        None => Status::Code(status.exit_status().unwrap_or(0)),
    }
}

/// Returns the number of a process.
pub(super) fn number(process: Pid) -> u32 {
    process.as_raw_nonzero().get().unsigned_abs()
}
