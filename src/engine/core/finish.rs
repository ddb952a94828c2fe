//! Finish: what the end of a child means for its item, its node and its slots.
//!
//! Unaware of how a child is watched.

use std::time::Duration;

use super::nodes::State;
use super::ready::Lack;
use super::slots::Permit;
use super::start::{Attempt, Stopping};
use super::timers::Timer;
use super::{Core, Effect, Ended, Given, Settlement};
use crate::engine::retry::{is_retried, verdict_fails, wait_for};
use crate::event::{EventKind, Exit, Outcome, Verdict};
use crate::model::{AllowFailure, AttemptId, Emit, NodeId, Process};

/// SIGPIPE: writing to a pipe that nobody reads any more.
const SIGPIPE: i32 = 13;

/// SIGKILL.
const SIGKILL: i32 = 9;

/// The end of a child, judged.
pub(super) struct Finished<'a> {
    pub(super) id: AttemptId,
    pub(super) attempt: Attempt,
    pub(super) verdict: Verdict,
    pub(super) again: Again,
    pub(super) ended: &'a Ended,
}

/// Whether something that failed is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// After a while.
    After(Duration),
    /// It might be, but the run stops, or a service that it needs will not come back.
    NotNow,
    /// No.
    Never,
}

impl Core {
    /// Takes in that a child is over.
    pub(super) fn child_ended(&mut self, id: AttemptId, ended: &Ended) {
        let Some(mut attempt) = self.attempts.remove(&id) else { return };
        let node = attempt.node;
        for (at, timer) in attempt.rings.drain(..) {
            self.timers.unset(at, timer);
        }
        self.slots.tokens.may_be_lost(&ended.exit);
        if attempt.step.is_some() {
            return self.finally_ended(id, attempt, ended);
        }
        let verdict = self.verdict(&attempt, ended);
        let number = match ended.given {
            Given::Item { number, .. } | Given::Kept { number } => number,
            Given::Nothing | Given::Batch(_) => attempt.number,
        };
        let again = self.again(id, &attempt, number, (verdict, ended));
        self.keep_slots(&mut attempt, again);
        self.child_is_over(id, &mut attempt);
        self.recount_tokens();
        self.reader_left(node);
        let wait = match again {
            Again::After(wait) => Some(wait),
            Again::NotNow | Again::Never => None,
        };
        self.tell(EventKind::AttemptEnded {
            attempt: id,
            node,
            exit: ended.exit.clone(),
            verdict,
            took: ended.took,
            logs: ended.logs.clone(),
            leftovers: ended.leftovers.clone(),
            again: wait,
            reason: ended.fault.clone().filter(|_| verdict == Verdict::Failed),
        });
        let failed = verdict_fails(verdict);
        if failed {
            let outcome = outcome_in(self.plan.process(node), verdict, &ended.exit);
            self.rows[node.index()].failed_as = Some(outcome);
        }
        let row = &mut self.rows[node.index()];
        if self.plan.node(node).consumes.is_none() {
            row.exit_code = if let Exit::Code(code) = ended.exit { Some(code) } else { None };
            row.verdict = Some(verdict);
        }
        self.rows[node.index()].was_ended |= verdict == Verdict::Ended && !self.is_worker(node);
        let finished = Finished { id, attempt, verdict, again, ended };
        match ended.given {
            Given::Nothing if self.is_service(node) => self.service_ended(finished),
            Given::Nothing if self.plan.node(node).consumes.is_none() => self.plain_ended(finished),
            Given::Nothing | Given::Kept { .. } => self.long_ended(finished),
            Given::Item { index, number } => self.item_ended(finished, index, number),
            Given::Batch(_) => self.batch_ended(finished),
        }
        self.give_back_kept(node);
    }

    /// Takes in that an attempt did not come to be, because another consumer was faster.
    pub(super) fn missed(&mut self, id: AttemptId) {
        let Some(mut attempt) = self.attempts.remove(&id) else { return };
        self.child_is_over(id, &mut attempt);
        self.rows[attempt.node.index()].tries -= 1;
        self.reconsider_consumer(attempt.node);
    }

    /// Counts a child as gone, and gives its slots back.
    fn child_is_over(&mut self, id: AttemptId, attempt: &mut Attempt) {
        let node = attempt.node;
        attempt.alive = false;
        self.living.remove(&(node, id));
        self.rows[node.index()].children -= 1;
        if self.has_terminal.take_if(|holder| *holder == node).is_some() {
            self.ready.room(Lack::Terminal);
        }
        self.stream_is_over(node, attempt.told);
        if let Some(permit) = attempt.permit.take() {
            self.give_back(permit);
        }
    }

    /// Gives slots back, and lets those try that lacked them.
    pub(super) fn give_back(&mut self, permit: Permit) {
        let is_extra = permit.is_extra();
        for pool in self.slots.give_back(permit) {
            self.ready.room(Lack::Pool(pool));
            if is_extra {
                self.ready.room(Lack::Spare(pool));
            }
        }
        self.memory_may_do();
        self.ready.room(Lack::Token);
        self.ready.room(Lack::Jobs);
        if is_extra {
            self.ready.room(Lack::SpareJobs);
        }
    }

    /// Judges the end of a child.
    fn verdict(&self, attempt: &Attempt, ended: &Ended) -> Verdict {
        let process = self.plan.process(attempt.node);
        let passed = ended.fault.is_none()
            && matches!(&ended.exit, Exit::Code(code) if process.success.contains(code));
        let node = self.plan.node(attempt.node);
        let reader = node.piped_to;
        let is_outage = node.consumes.is_some() && self.rows[node.id.index()].unserved > 0;
        match (attempt.stopping, &ended.exit) {
            (Some(Stopping::Total | Stopping::Idle), _) => Verdict::TimedOut,
            (
                Some(
                    Stopping::Run
                    | Stopping::Unread
                    | Stopping::Unserved(_)
                    | Stopping::FailedFast(_),
                ),
                _,
            ) => Verdict::Stopped,
            (Some(Stopping::Done), _) if ended.fault.is_none() => Verdict::Ended,
            (Some(Stopping::Unready), _) => Verdict::Failed,
            (None | Some(Stopping::Done), _) if passed => Verdict::Passed,
            // Without what it needs it could not but fail.
            (None, _) if is_outage => Verdict::Stopped,
            (_, Exit::Code(_) | Exit::Signal(_) | Exit::OutOfMemory) if ended.fault.is_some() => {
                Verdict::Failed
            }
            (_, Exit::Signal(SIGPIPE)) if reader.is_some() => Verdict::Ended,
            (_, Exit::Signal(SIGKILL) | Exit::OutOfMemory) => Verdict::Killed,
            (_, Exit::Code(_) | Exit::Signal(_) | Exit::NotStarted(_) | Exit::Replied(_)) => {
                Verdict::Failed
            }
        }
    }

    /// Decides whether it is tried again, and after how long.
    fn again(
        &self,
        id: AttemptId,
        attempt: &Attempt,
        number: u32,
        (verdict, ended): (Verdict, &Ended),
    ) -> Again {
        let node = attempt.node;
        if self.is_service(node) {
            return self.restart(id, attempt, (verdict, ended));
        }
        let retry = &self.plan.process(node).retry;
        // What the runner itself killed was not ended by a signal, as far as anybody need know.
        let by_itself = verdict != Verdict::TimedOut && ended.fault.is_none();
        let command_is_bad = ended.command_at_fault
            || matches!(ended.given, Given::Batch(_))
            || self.is_stream(node) && !keeps_more(ended);
        if number > retry.max
            || command_is_bad
            || !is_retried(retry, verdict, &ended.exit, by_itself)
        {
            Again::Never
        } else if self.may_start(node) && !self.has_lost_service(node) {
            Again::After(wait_for(&retry.backoff, number, u64::from(node.0) ^ id.0.rotate_left(40)))
        } else {
            Again::NotNow
        }
    }

    /// The end of the only child of a node.
    fn plain_ended(&mut self, finished: Finished<'_>) {
        let Finished { id, attempt, verdict, again, ended } = finished;
        let node = attempt.node;
        if let Again::After(wait) = again {
            return self.back_off(node, wait);
        }
        let outcome = match verdict {
            Verdict::Passed if attempt.number > 1 => Outcome::Flaky,
            verdict => outcome_in(self.plan.process(node), verdict, &ended.exit),
        };
        let timeout = self.plan.process(node).timeout;
        let reason = match attempt.stopping {
            Some(Stopping::Unread) => Some(self.unread_reason(node)),
            Some(Stopping::Run) => Some(self.stop_reason()),
            Some(Stopping::Unserved(service)) => Some(self.desertion(service)),
            Some(Stopping::FailedFast(cell)) => Some(self.fast_failure(cell)),
            Some(Stopping::Total) => {
                over("total of", timeout.total).map(|over| attempt.turns.beside(over))
            }
            Some(Stopping::Idle) => over("idle for", timeout.idle),
            Some(Stopping::Done | Stopping::Unready) | None => ended.fault.clone(),
        };
        if verdict == Verdict::Passed && self.holds_back(node) {
            self.rows[node.index()].ending = Some((outcome, reason));
            self.settle(id, attempt, Settlement::Accept, verdict);
        } else {
            self.end_node(node, outcome, reason);
        }
    }

    /// Returns whether what a source makes enters its queues only once it has passed.
    pub(super) fn holds_back(&self, node: NodeId) -> bool {
        self.plan.process(node).emit == Emit::OnSuccess
    }

    /// The end of a child that was given several items. Which of them made it fail is found by
    /// giving each half to a child of its own; nobody is charged before.
    fn batch_ended(&mut self, finished: Finished<'_>) {
        let Finished { id, attempt, verdict, ended, .. } = finished;
        let node = attempt.node;
        let how = match verdict {
            Verdict::Passed | Verdict::Ended => Settlement::Accept,
            Verdict::Stopped => Settlement::Return,
            Verdict::Failed if ended.command_at_fault => {
                let outcome = outcome_in(self.plan.process(node), verdict, &ended.exit);
                let broken = (outcome, Some(ended.exit.to_string()));
                self.rows[node.index()].broken.get_or_insert(broken);
                Settlement::Return
            }
            Verdict::Failed | Verdict::TimedOut | Verdict::Killed => Settlement::Halve,
        };
        self.settle(id, attempt, how, verdict);
        if how == Settlement::Accept {
            self.item_passed(node);
        }
    }

    /// The end of a child that was given one item.
    fn item_ended(&mut self, finished: Finished<'_>, index: u64, number: u32) {
        let Finished { id, attempt, verdict, again, ended } = finished;
        let node = attempt.node;
        let outcome = outcome_in(self.plan.process(node), verdict, &ended.exit);
        let row = &mut self.rows[node.index()];
        let how = match (verdict, again) {
            (Verdict::Passed | Verdict::Ended, _) => {
                row.flaky |= number > 1;
                Settlement::Accept
            }
            (Verdict::Stopped, _) => Settlement::Return,
            (Verdict::Failed | Verdict::TimedOut | Verdict::Killed, Again::After(wait)) => {
                Settlement::Again(wait)
            }
            // It is not dead: it had tries left.
            (Verdict::Failed | Verdict::TimedOut | Verdict::Killed, Again::NotNow) => {
                Settlement::Return
            }
            (Verdict::Failed, Again::Never) if ended.command_at_fault => {
                row.broken.get_or_insert((outcome, Some(ended.exit.to_string())));
                Settlement::Return
            }
            (Verdict::Failed | Verdict::TimedOut | Verdict::Killed, Again::Never) => {
                self.item_died(node, verdict, &ended.exit);
                Settlement::Bury
            }
        };
        self.settle(id, attempt, how, verdict);
        match how {
            Settlement::Accept => self.item_passed(node),
            Settlement::Again(_) | Settlement::Bury => self.item_failed(node, index),
            Settlement::Halve | Settlement::Return => {}
        }
    }

    /// Counts an item as dead.
    pub(super) fn item_died(&mut self, node: NodeId, verdict: Verdict, exit: &Exit) {
        let outcome = outcome_in(self.plan.process(node), verdict, exit);
        let row = &mut self.rows[node.index()];
        row.dead += 1;
        row.dead_badly |= outcome.is_failure();
    }

    /// Has the outcome of an attempt carried out; it stays known until that is done.
    pub(super) fn settle(
        &mut self,
        id: AttemptId,
        attempt: Attempt,
        how: Settlement,
        verdict: Verdict,
    ) {
        let node = attempt.node;
        self.rows[node.index()].settling += 1;
        self.attempts.insert(id, attempt);
        self.out.push(Effect::Settle { attempt: id, how, verdict });
        self.reconsider(node);
    }

    /// Takes in that the outcome of an attempt was carried out.
    pub(super) fn settled(&mut self, id: AttemptId) {
        let Some(attempt) = self.attempts.remove(&id) else { return };
        let node = attempt.node;
        let row = &mut self.rows[node.index()];
        row.settling -= 1;
        if let Some(wait) = attempt.replays_in {
            self.timers.set(self.now.saturating_add(wait), Timer::Replay(node, id));
        }
        let row = &mut self.rows[node.index()];
        if let Some((outcome, reason)) = row.ending.take() {
            if self.is_unread(node) {
                let reason = self.unread_reason(node);
                self.end_node(node, Outcome::Stopped, Some(reason));
            } else {
                self.end_node(node, outcome, reason);
            }
        }
        self.reconsider_consumer(node);
    }

    /// Ends a consumer that has nothing left to do.
    pub(super) fn end_consumer_if_done(&mut self, node: NodeId) {
        self.forsake_if_broken(node);
        let row = &self.rows[node.index()];
        let Some(queue) = self.plan.node(node).consumes else { return };
        if !matches!(row.state, State::Ready | State::Running)
            || row.children > 0
            || row.settling > 0
        {
            return;
        }
        let drained = self.queues[queue.index()].is_drained();
        if !drained && row.broken.is_none() && self.may_start(node) {
            return;
        }
        match self.consumer_outcome(node, drained) {
            (Outcome::Skipped, Some(reason)) if drained && self.is_idle_by_condition(node) => {
                self.excuse(node, reason);
            }
            (outcome, reason) => self.end_node(node, outcome, reason),
        }
    }

    /// Says that what a node has back may stay there, so that what was made of later items does not
    /// wait for its turn behind it.
    fn forsake_if_broken(&mut self, node: NodeId) {
        let row = &self.rows[node.index()];
        let goes_on = row.broken.is_none() && self.may_start(node);
        let ordered = self.plan.process(node).emit == Emit::Input;
        let Some(queue) = self.plan.node(node).consumes.filter(|_| ordered && !goes_on) else {
            return;
        };
        if !std::mem::replace(&mut self.rows[node.index()].forsaken, true) {
            self.out.push(Effect::Forsake(queue));
        }
    }

    fn consumer_outcome(&self, node: NodeId, drained: bool) -> (Outcome, Option<String>) {
        let row = &self.rows[node.index()];
        if let Some((outcome, reason)) = &row.broken {
            return (*outcome, reason.clone());
        }
        if row.dead > 0 {
            let items = if row.dead == 1 { "item is" } else { "items are" };
            let dead = format!("{} {items} dead", row.dead);
            return match self.tolerated(node).filter(|_| drained) {
                Some(tolerated) => (Outcome::AllowedFailure, Some(format!("{dead}, {tolerated}"))),
                None if row.dead_badly => (Outcome::Failed, Some(dead)),
                None => (Outcome::AllowedFailure, Some(dead)),
            };
        }
        match (drained, row.started) {
            (false, None) => (Outcome::Skipped, Some(self.stop_reason())),
            (false, Some(_)) => (Outcome::Stopped, Some(self.stop_reason())),
            (true, None) if self.was_never_fed(node) => {
                (Outcome::Skipped, Some("everything that feeds it was skipped".to_owned()))
            }
            (true, _) if row.was_ended => (Outcome::Stopped, None),
            (true, _) if row.flaky => (Outcome::Flaky, None),
            (true, _) => (Outcome::Passed, None),
        }
    }
}

/// Returns whether a long-lived child leaves items to a fresh one: it has read some, or was given
/// some again. More than may be kept would be no less the next time.
fn keeps_more(ended: &Ended) -> bool {
    match ended.given {
        Given::Kept { number } => ended.fault.is_none() && (ended.read > 0 || number > 1),
        Given::Nothing | Given::Item { .. } | Given::Batch(_) => false,
    }
}

/// Says which limit is over.
pub(super) fn over(what: &str, limit: Option<Duration>) -> Option<String> {
    limit.map(|limit| format!("{what} {}", humantime::format_duration(limit)))
}

/// Returns as what a process ends of which this was the last attempt.
pub(super) fn outcome_in(process: &Process, verdict: Verdict, exit: &Exit) -> Outcome {
    let any = process.allow_failure == AllowFailure::Any;
    match verdict {
        Verdict::Passed => Outcome::Passed,
        Verdict::Stopped | Verdict::Ended => Outcome::Stopped,
        Verdict::Failed if is_allowed(process, exit) => Outcome::AllowedFailure,
        Verdict::TimedOut | Verdict::Killed if any => Outcome::AllowedFailure,
        Verdict::Failed => Outcome::Failed,
        Verdict::TimedOut => Outcome::TimedOut,
        Verdict::Killed => Outcome::Killed,
    }
}

fn is_allowed(process: &Process, exit: &Exit) -> bool {
    match &process.allow_failure {
        AllowFailure::No => false,
        AllowFailure::Any => true,
        AllowFailure::Codes(codes) => matches!(exit, Exit::Code(code) if codes.contains(code)),
    }
}
