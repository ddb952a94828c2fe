//! Stopping: what a failure, a deadline or a signal does to a run.
//!
//! Reasons are ordered and a weaker one never replaces a stronger one, so that every pair of
//! signals has one meaning. Unaware of where a reason comes from.

use std::time::Duration;

use super::nodes::State;
use super::ready::Lack;
use super::start::{Attempt, Stopping};
use super::timers::Timer;
use super::{Core, Effect};
use crate::child::CpuTurns;
use crate::event::{EventKind, Outcome, Stop};
use crate::model::{AttemptId, NodeId, OnFailure, RunWhen};

impl Core {
    /// Takes in that the run should stop.
    pub(super) fn stop_asked(&mut self, stop: Stop, signal: Option<i32>, reason: String) {
        // A second request of a person or a system, of whatever kind, means: now.
        let again = self.stop.is_some_and(|now| now >= Stop::Terminate) && stop >= Stop::Terminate;
        let stop = if again { Stop::Kill } else { stop };
        if self.stop.is_some_and(|now| now >= stop) {
            return;
        }
        self.stop = Some(stop);
        self.tell(EventKind::StopAsked { stop, signal, reason });
        for index in 0..self.rows.len() {
            self.stop_node(NodeId::at(index));
        }
        if stop == Stop::Deadline {
            self.run_failed();
        }
        if stop >= Stop::Abort {
            let attempts: Vec<_> = self.attempts.keys().copied().collect();
            for attempt in attempts {
                self.stop_attempt(attempt, stop);
            }
        }
    }

    /// Remembers the first failure and does what `on-failure` says.
    pub(super) fn node_failed(&mut self, node: NodeId) {
        self.failure_stops(node);
        self.run_failed();
    }

    /// Does what `on-failure` says.
    pub(super) fn failure_stops(&mut self, node: NodeId) {
        let reason = format!("`{}` failed", self.plan.node(node).name);
        match self.on_failure {
            OnFailure::Continue => {}
            OnFailure::NoNew => self.stop_asked(Stop::Failure, None, reason),
            OnFailure::Kill => self.stop_asked(Stop::Abort, None, reason),
        }
    }

    /// Lets in what waited for a failure.
    fn run_failed(&mut self) {
        self.failed = true;
        for node in std::mem::take(&mut self.awaiting) {
            if self.rows[node.index()].state == State::Waiting {
                self.admit(node);
            }
        }
    }

    /// Returns whether a node may start something, as far as stops are concerned.
    pub(super) fn may_start(&self, node: NodeId) -> bool {
        if self.is_service(node) {
            return self.stop != Some(Stop::Kill) && self.is_wanted(node);
        }
        let row = &self.rows[node.index()];
        let after_failure = row.run != RunWhen::OnSuccess || row.handles_failure;
        match self.stop {
            None => true,
            // What was put into a queue is worked off, also after a failure.
            Some(Stop::Failure) => after_failure || self.has_items(node),
            Some(Stop::Abort | Stop::Deadline) => after_failure,
            Some(Stop::Finish | Stop::Terminate | Stop::Interrupt) => row.run == RunWhen::Always,
            Some(Stop::Kill) => false,
        }
    }

    /// Returns why nothing new starts, in words.
    pub(super) fn stop_reason(&self) -> String {
        match self.stop {
            None | Some(Stop::Failure | Stop::Abort) => "the run has failed",
            Some(Stop::Deadline) => "the run was out of time",
            Some(Stop::Finish | Stop::Terminate | Stop::Interrupt | Stop::Kill) => {
                "the run was stopped"
            }
        }
        .to_owned()
    }

    /// Ends a node that the stop forbids to start, or to go on taking items.
    fn stop_node(&mut self, node: NodeId) {
        if self.stop == Some(Stop::Kill) && self.lacks_slots_after(node) {
            return self.end_closing(node);
        }
        let row = &self.rows[node.index()];
        if self.is_service(node) {
            // It ends with those that it is for.
            if row.state == State::Ready {
                self.reconsider(node);
            }
            return;
        }
        // A node with unmet edges is judged when they are met, so that its reason is exact.
        if row.is_over() || row.unmet > 0 || self.may_start(node) || self.has_lost_service(node) {
            return;
        }
        if row.children > 0 || row.settling > 0 {
            self.leave_line(node);
            return;
        }
        let is_in = !matches!(row.state, State::Waiting | State::Asking);
        if self.plan.node(node).consumes.is_some() && is_in {
            self.reconsider(node);
        } else {
            self.give_up(node, self.stop_reason());
        }
    }

    /// Ends a node that has no child and will not get one any more.
    pub(super) fn give_up(&mut self, node: NodeId, reason: String) {
        let row = &self.rows[node.index()];
        if let Some(outcome) = row.failed_as {
            self.end_node(node, outcome, Some(format!("not tried again: {reason}")));
        } else if row.started.is_some() {
            self.end_node(node, Outcome::Stopped, Some(reason));
        } else {
            self.skip(node, reason);
        }
    }

    /// Ends a node that can't go on: its children now, itself with the last of them.
    pub(super) fn cut_short(&mut self, node: NodeId, why: Stopping, reason: String) {
        if self.rows[node.index()].state == State::Finally {
            // All that is left of it is what runs after it.
            return;
        }
        self.end_children(node, why);
        let row = &mut self.rows[node.index()];
        let is_in = matches!(row.state, State::Ready | State::Running);
        if self.plan.node(node).consumes.is_some() && is_in {
            row.broken.get_or_insert((Outcome::Stopped, Some(reason)));
            self.set_pace(node);
        } else if row.children == 0 && row.settling == 0 {
            self.give_up(node, reason);
        }
    }

    /// Ends the other cells of a matrix of which one has failed, where that is asked for.
    pub(super) fn fail_fast(&mut self, failed: NodeId) {
        let plan = std::rc::Rc::clone(&self.plan);
        if !plan.process(failed).fail_fast {
            return;
        }
        for cell in plan.cells(failed) {
            if !self.rows[cell.id.index()].is_over() {
                self.cut_short(cell.id, Stopping::FailedFast(failed), self.fast_failure(failed));
            }
        }
    }

    /// Says which cell has ended the others.
    pub(super) fn fast_failure(&self, failed: NodeId) -> String {
        format!("`{}` failed, and fail-fast ends the other cells", self.plan.node(failed).name)
    }

    /// Ends an attempt because of a stop of the run.
    fn stop_attempt(&mut self, attempt: AttemptId, stop: Stop) {
        let Some(running) = self.attempts.get(&attempt).filter(|running| running.alive) else {
            return;
        };
        if running.step.is_some() {
            return self.stop_finally(attempt, stop);
        }
        let cleanup = match self.rows[running.node.index()].run {
            RunWhen::OnSuccess => false,
            // What would still be started is not stopped either.
            RunWhen::OnFailure => stop < Stop::Terminate,
            RunWhen::Always => true,
        };
        // A service ends after those that it is for.
        let cleanup = cleanup || self.is_service(running.node);
        if stop == Stop::Kill {
            self.attempts.entry(attempt).and_modify(|running| {
                running.stopping.get_or_insert(Stopping::Run);
            });
            self.kill(attempt);
        } else if !cleanup {
            self.ask_to_end(attempt, Stopping::Run);
        }
    }

    /// Asks an attempt to end: its stop signal now, SIGKILL after its grace. A second call does
    /// nothing.
    pub(super) fn ask_to_end(&mut self, attempt: AttemptId, why: Stopping) {
        let Some(running) = self.attempts.get_mut(&attempt) else { return };
        if running.stopping.is_some() || !running.alive {
            return;
        }
        running.stopping = Some(why);
        let stop = self.plan.process(running.node).stop;
        self.ring_in(attempt, stop.grace, Timer::Grace(attempt));
        self.out.push(Effect::Signal { attempt, signal: stop.signal });
    }

    /// Gives who feeds the pipe of a node that ended its grace to end too, and then asks it: the
    /// system tells it at its next write, but it may ignore that.
    pub(super) fn reader_left(&mut self, node: NodeId) {
        let Some(writer) = self.plan.node(node).piped_from else { return };
        let grace = self.plan.process(writer).stop.grace;
        for attempt in self.living_of(writer) {
            self.ring_in(attempt, grace, Timer::Unheard(attempt));
        }
    }

    /// Returns the attempts of a node whose child lives.
    pub(super) fn living_of(&self, node: NodeId) -> Vec<AttemptId> {
        let all = (node, AttemptId(0))..=(node, AttemptId(u64::MAX));
        self.living.range(all).map(|(_, attempt)| *attempt).collect()
    }

    /// Sets a timer of an attempt, which is forgotten with it.
    pub(super) fn ring_in(&mut self, attempt: AttemptId, wait: Duration, timer: Timer) {
        if let Some(running) = self.attempts.get_mut(&attempt) {
            let at = self.now.saturating_add(wait);
            running.rings.push((at, timer));
            self.timers.set(at, timer);
        }
    }

    /// Kills all that an attempt has started.
    pub(super) fn kill(&mut self, attempt: AttemptId) {
        let Some(running) = self.attempts.get_mut(&attempt) else { return };
        if running.alive && !std::mem::replace(&mut running.killed, true) {
            self.out.push(Effect::Kill { attempt });
            self.tell(EventKind::AttemptKilled { attempt });
        }
    }

    /// Looks whether an attempt that is out of time had its turns on a CPU.
    fn look_at_turns(&mut self, attempt: AttemptId) {
        if let Some(Attempt { pid, alive: true, stopping: None, .. }) = self.attempts.get(&attempt)
        {
            self.out.push(Effect::LookAtTurns { attempt, pid: *pid });
        }
    }

    /// Gives an attempt that is out of time the turns that it has missed, or asks it to end.
    pub(super) fn had_turns(&mut self, attempt: AttemptId, turns: CpuTurns) {
        let (now, running) = (self.now, self.attempts.get_mut(&attempt));
        match running.and_then(|running| running.turns.missed(now, turns)) {
            Some(missed) => self.ring_in(attempt, missed, Timer::Total(attempt)),
            None => self.ask_to_end(attempt, Stopping::Total),
        }
    }

    /// Does what is due.
    pub(super) fn ring(&mut self) {
        while let Some(timer) = self.timers.rung(self.now) {
            match timer {
                Timer::Total(attempt) => self.look_at_turns(attempt),
                Timer::Slow(attempt) => self.tell(EventKind::AttemptSlow { attempt }),
                Timer::Grace(attempt) => self.kill(attempt),
                Timer::Unheard(attempt) => self.ask_to_end(attempt, Stopping::Unread),
                Timer::Retry(node) => self.try_again(node),
                Timer::Replay(node, _) => self.replay(node),
                Timer::Linger(node) => self.lingered(node),
                Timer::Probe(node) => self.probe(node),
                Timer::Look(attempt) => self.look(attempt),
                Timer::Unanswered(node) => self.unanswered(node),
                Timer::Unready(attempt) => self.unready(attempt),
                Timer::Rate(pool) => self.ready.room(Lack::Rate(pool)),
                Timer::Memory => self.look_at_memory_again(),
                Timer::Deadline => {
                    let limit = self.plan.job.limits.timeout.unwrap_or_default();
                    let reason = format!("the run's timeout of {limit:?} is over");
                    self.stop_asked(Stop::Deadline, None, reason);
                }
            }
        }
    }

    /// Ends an attempt that was silent for too long.
    pub(super) fn idle(&mut self, attempt: AttemptId) {
        self.ask_to_end(attempt, Stopping::Idle);
    }

    /// Ends a worker that had an item in hand for too long.
    pub(super) fn overdue(&mut self, attempt: AttemptId) {
        self.ask_to_end(attempt, Stopping::Total);
    }

    /// Ends an endless reader that has read everything.
    pub(super) fn quiet(&mut self, attempt: AttemptId) {
        self.ask_to_end(attempt, Stopping::Done);
    }
}
