//! Finally: what runs after a node that has started, however that ended, before it has ended.
//!
//! Each of its commands runs once, one after the other, in the slots of the last attempt. Where the
//! node was given up between two tries and so has none, it waits for some; what has items to pass
//! on does without, because others may need its slots for those. What it finds is carried out at
//! the real end of the node: it fails one that had passed, and changes nothing about one that had
//! not. Unaware of how a child is made.

use std::time::Duration;

use super::finish::{Again, over};
use super::nodes::State;
use super::slots::Permit;
use super::start::{Attempt, Stopping};
use super::timers::Timer;
use super::{Core, Effect, Ended, Finally, Start};
use crate::event::{EventKind, Exit, Outcome, Stop, Verdict};
use crate::model::{AllowFailure, AttemptId, NodeId};

/// How long a command of `finally` may take where its process has no `timeout`: as long as GitHub
/// Actions gives what cleans up after a cancelled job.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// A node that has ended but for its `finally`.
#[derive(Debug)]
pub(super) struct Closing {
    /// As what it ends, and why.
    outcome: Outcome,
    reason: Option<String>,
    /// How and why a command of `finally` did not pass; the first that did not.
    failure: Option<(Verdict, String)>,
    /// When all of it must be over, because the run is being stopped.
    until: Option<Duration>,
}

impl Core {
    /// Returns whether something runs after a node that ends now.
    pub(super) fn has_finally(&self, node: NodeId) -> bool {
        let row = &self.rows[node.index()];
        let has_some = !self.plan.process(node).finally.is_empty();
        has_some && !row.is_over() && row.started.is_some() && self.stop != Some(Stop::Kill)
    }

    /// Returns whether what runs after a node has slots. Where others still have to take what it
    /// made, they may need these slots themselves.
    fn has_slots_after(&self, node: NodeId) -> bool {
        self.plan.node(node).consumes.is_none() && !self.holds_back(node)
    }

    /// Keeps the slots of an attempt that was the last of its node for what runs after it.
    pub(super) fn keep_slots(&mut self, attempt: &mut Attempt, again: Again) {
        let node = attempt.node;
        let is_last = !matches!(again, Again::After(_));
        if is_last && self.has_slots_after(node) && self.has_finally(node) {
            self.rows[node.index()].kept = attempt.permit.take();
        }
    }

    /// Gives slots back that were kept for nothing.
    pub(super) fn give_back_kept(&mut self, node: NodeId) {
        if let Some(permit) = self.rows[node.index()].kept.take() {
            self.give_back(permit);
        }
    }

    /// Begins what runs after a node, or has it wait for slots.
    pub(super) fn begin_finally(&mut self, node: NodeId, outcome: Outcome, reason: Option<String>) {
        self.leave_line(node);
        self.batch_starts(node);
        self.enter(node, State::Finally);
        let permit = self.rows[node.index()].kept.take();
        let closing = Closing { outcome, reason, failure: None, until: None };
        self.rows[node.index()].closing = Some(closing);
        if permit.is_none() && self.has_slots_after(node) {
            self.line_up_after(node);
        } else {
            self.start_finally(node, 0, permit);
        }
        if outcome.is_failure() {
            // What follows of a failure does not wait for this.
            self.failure_stops(node);
            self.failing.push_back(node);
        }
    }

    /// Returns whether what runs after a node waits for slots.
    pub(super) fn lacks_slots_after(&self, node: NodeId) -> bool {
        self.rows[node.index()].state == State::Finally && self.is_in_line(node)
    }

    /// Lets everything begin that waits for slots to run after a node; returns whether that is
    /// something.
    pub(super) fn begin_without_slots(&mut self) -> bool {
        let all = (0..self.rows.len()).map(NodeId::at);
        let waiting: Vec<_> = all.filter(|node| self.lacks_slots_after(*node)).collect();
        for node in &waiting {
            self.leave_line(*node);
            self.start_finally(*node, 0, None);
        }
        !waiting.is_empty()
    }

    fn grace_from_now(&self, node: NodeId) -> Duration {
        self.now.saturating_add(self.plan.process(node).stop.grace)
    }

    /// Returns whether what runs has to end soon.
    fn has_to_stop(&self) -> bool {
        self.stop.is_some_and(|stop| stop >= Stop::Abort)
    }

    /// Starts a command of what runs after a node. The grace of the first begins with it.
    pub(super) fn start_finally(&mut self, node: NodeId, step: usize, permit: Option<Permit>) {
        let attempt = self.new_attempt();
        let slot = permit.as_ref().map(Permit::slot);
        let lent = permit.as_ref().map(|permit| self.lent(permit)).unwrap_or_default();
        let until = self.has_to_stop().then(|| self.grace_from_now(node));
        let row = &mut self.rows[node.index()];
        let Some(closing) = row.closing.as_mut() else { return };
        closing.until = closing.until.or(until);
        let (outcome, until) = (before(closing.outcome, row.verdict), closing.until);
        let finally = Finally { step, outcome, code: row.exit_code, slot };
        let number = row.tries.max(1);
        let running = Attempt { step: Some(step), permit, ..Attempt::new(node, number, self.now) };
        self.attempts.insert(attempt, running);
        if let Some(until) = until {
            self.ring_in(attempt, until.saturating_sub(self.now), Timer::Grace(attempt));
        }
        let slot = slot.unwrap_or_default();
        let finally = Some(finally);
        let start =
            Start { attempt, node, number, slot, lent, alone: false, replays: false, finally };
        self.out.push(Effect::Finally(start));
    }

    /// Takes in that a command of `finally` was started.
    pub(super) fn finally_started(&mut self, id: AttemptId, pid: u32) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        attempt.told = true;
        attempt.pid = pid;
        attempt.began = self.now;
        let (node, step) = (attempt.node, attempt.step.unwrap_or_default());
        let slot = attempt.permit.as_ref().map(Permit::slot);
        let limit = self.finally_limit(node);
        self.ring_in(id, limit, Timer::Total(id));
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let of = number(self.plan.process(node).finally.len());
        let number = number(step + 1);
        self.tell(EventKind::FinallyStarted { attempt: id, node, number, of, slot, pid });
    }

    fn finally_limit(&self, node: NodeId) -> Duration {
        self.plan.process(node).timeout.total.unwrap_or(LIMIT)
    }

    /// Gives a command of `finally` no longer than others have, now that the run is being stopped.
    pub(super) fn stop_finally(&mut self, id: AttemptId, stop: Stop) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        let node = attempt.node;
        if stop == Stop::Kill {
            attempt.stopping.get_or_insert(Stopping::Run);
            return self.kill(id);
        }
        let until = self.grace_from_now(node);
        let closing = self.rows[node.index()].closing.as_mut().filter(|it| it.until.is_none());
        if let Some(closing) = closing {
            closing.until = Some(until);
            self.ring_in(id, until.saturating_sub(self.now), Timer::Grace(id));
        }
    }

    /// The end of a command of `finally`.
    pub(super) fn finally_ended(&mut self, id: AttemptId, mut attempt: Attempt, ended: &Ended) {
        let node = attempt.node;
        let verdict = self.finally_verdict(&attempt, ended);
        self.tell(EventKind::FinallyEnded {
            attempt: id,
            node,
            exit: ended.exit.clone(),
            verdict,
            took: ended.took,
            logs: ended.logs.clone(),
            leftovers: ended.leftovers.clone(),
        });
        let why = self.finally_failure(&attempt, verdict, ended);
        let Some(closing) = self.rows[node.index()].closing.as_mut() else { return };
        if let Some(why) = why {
            closing.failure.get_or_insert((verdict, why));
        }
        let is_late = closing.until.is_some_and(|until| until <= self.now);
        let next = attempt.step.unwrap_or_default() + 1;
        let permit = attempt.permit.take();
        let goes_on = !is_late && self.stop != Some(Stop::Kill);
        if goes_on && next < self.plan.process(node).finally.len() {
            return self.start_finally(node, next, permit);
        }
        if let Some(permit) = permit {
            self.give_back(permit);
        }
        self.recount_tokens();
        self.end_closing(node);
    }

    fn finally_verdict(&self, attempt: &Attempt, ended: &Ended) -> Verdict {
        let out_of_grace = attempt.killed && self.has_to_stop();
        match (attempt.stopping, &ended.exit) {
            (Some(Stopping::Total), _) => Verdict::TimedOut,
            (Some(_), _) => Verdict::Stopped,
            (None, Exit::Code(0)) if ended.fault.is_none() => Verdict::Passed,
            (None, _) if out_of_grace => Verdict::Stopped,
            (None, Exit::OutOfMemory) => Verdict::Killed,
            (None, Exit::Code(_) | Exit::Signal(_) | Exit::NotStarted(_) | Exit::Replied(_)) => {
                Verdict::Failed
            }
        }
    }

    /// Says why a command of `finally` did not pass, if it did not.
    fn finally_failure(
        &self,
        attempt: &Attempt,
        verdict: Verdict,
        ended: &Ended,
    ) -> Option<String> {
        let why = match verdict {
            Verdict::Passed => return None,
            Verdict::TimedOut => {
                let over = over("total of", Some(self.finally_limit(attempt.node)));
                format!("timed out ({})", over.unwrap_or_default())
            }
            Verdict::Stopped | Verdict::Ended => self.stop_reason(),
            Verdict::Failed | Verdict::Killed => {
                ended.fault.clone().unwrap_or_else(|| ended.exit.to_string())
            }
        };
        Some(format!("finally: {why}"))
    }

    /// Ends a node of which nothing runs any more.
    pub(super) fn end_closing(&mut self, node: NodeId) {
        let Some(closing) = self.rows[node.index()].closing.take() else { return };
        let Closing { outcome, reason, failure, .. } = closing;
        let was_well = match outcome {
            Outcome::Passed | Outcome::Flaky | Outcome::Cached => true,
            Outcome::Stopped => self.rows[node.index()].was_ended && reason.is_none(),
            Outcome::Failed
            | Outcome::TimedOut
            | Outcome::Killed
            | Outcome::Skipped
            | Outcome::AllowedFailure => false,
        };
        let may_fail = self.plan.process(node).allow_failure == AllowFailure::Any;
        let (outcome, reason) = match failure.filter(|_| was_well) {
            None => (outcome, reason),
            Some((Verdict::Stopped, why)) => (Outcome::Stopped, Some(why)),
            Some((_, why)) if may_fail => (Outcome::AllowedFailure, Some(why)),
            Some((_, why)) => (Outcome::Failed, Some(why)),
        };
        self.conclude(node, outcome, reason);
    }
}

/// Returns how a process is said to have ended to what runs after it: in one of five words. That a
/// failure is allowed hides nothing of how its last attempt ended.
fn before(outcome: Outcome, last: Option<Verdict>) -> Outcome {
    match outcome {
        Outcome::Passed | Outcome::Flaky | Outcome::Cached => Outcome::Passed,
        Outcome::AllowedFailure if last == Some(Verdict::TimedOut) => Outcome::TimedOut,
        Outcome::AllowedFailure if last == Some(Verdict::Killed) => Outcome::Killed,
        Outcome::Failed | Outcome::AllowedFailure => Outcome::Failed,
        Outcome::TimedOut => Outcome::TimedOut,
        Outcome::Killed => Outcome::Killed,
        Outcome::Stopped | Outcome::Skipped => Outcome::Stopped,
    }
}
