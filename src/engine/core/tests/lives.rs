//! Lives: whether all processes of a job can end, by hand and without a plan.
//!
//! Stricter than what `check` refuses: here a queue flows only if a reader of it can pass on what
//! it makes, and a failure that does not come must not hold up what feeds a queue. Unaware of the
//! core.

use std::collections::BTreeMap;

use crate::model::{Job, Process, RunWhen, Stdin, When};

/// What has happened, as far as it can.
struct Life<'a> {
    job: &'a Job,
    at: BTreeMap<&'a str, usize>,
    started: Vec<bool>,
    ended: Vec<bool>,
    /// By queue: whether somebody reads it who is not held up himself.
    flows: BTreeMap<&'a str, bool>,
}

/// Returns whether every process ends, also where a failure comes, and also where none does.
pub(super) fn can_be_lived_through(job: &Job) -> bool {
    let mut life = Life::new(job);
    life.go_on(false);
    // Nobody has failed yet, and nobody may be held up who could still fail.
    let held_up = |at: usize| {
        let process = &job.processes[at];
        let waits_for_others =
            process.service.is_some() || process.consumes.is_some() && life.works(at);
        life.started[at] && !life.ended[at] && !waits_for_others
    };
    if (0..job.processes.len()).any(held_up) {
        return false;
    }
    life.go_on(true);
    let mut calm = Life::new(job);
    calm.skip_what_needs_a_failure();
    calm.go_on(false);
    life.ended.into_iter().chain(calm.ended).all(|ended| ended)
}

impl<'a> Life<'a> {
    fn new(job: &'a Job) -> Self {
        let names = job.processes.iter().enumerate();
        Self {
            job,
            at: names.map(|(at, process)| (process.name.as_str(), at)).collect(),
            started: vec![false; job.processes.len()],
            ended: vec![false; job.processes.len()],
            flows: job.queues.iter().map(|queue| (queue.name.as_str(), false)).collect(),
        }
    }

    /// Ends, as skipped, what runs only after a failure, and what can't run without it.
    fn skip_what_needs_a_failure(&mut self) {
        for _ in 0..self.job.processes.len() {
            for (at, process) in self.job.processes.iter().enumerate() {
                let vain = process.needs.iter().any(|need| match need.when {
                    When::Failed => true,
                    When::Passed => {
                        process.run == RunWhen::OnSuccess
                            && self.ended[self.at[need.process.as_str()]]
                    }
                    When::Started | When::Ready => self.ended[self.at[need.process.as_str()]],
                    When::Ended => false,
                });
                let mut chain = self.chain(at).into_iter();
                self.ended[at] |= vain
                    || process.run == RunWhen::OnFailure
                    || chain.any(|member| self.ended[member]);
            }
        }
    }
}

impl Life<'_> {
    /// Lets happen what can.
    fn go_on(&mut self, failed: bool) {
        for _ in 0..4 * self.job.processes.len() {
            for at in 0..self.job.processes.len() {
                let chain = self.chain(at);
                // Who ended without a start was skipped.
                let is_over = self.ended[at];
                self.started[at] |=
                    !is_over && chain.into_iter().all(|member| self.may_start(member, failed));
            }
            for at in 0..self.job.processes.len() {
                let works = self.works(at);
                let process = &self.job.processes[at];
                if let Some(consumes) = process.consumes.as_ref().filter(|_| works) {
                    self.flows.insert(&consumes.queue, true);
                }
                self.ended[at] |= works && self.is_drained(process) && self.is_released(process);
            }
        }
    }

    fn may_start(&self, at: usize, failed: bool) -> bool {
        let process = &self.job.processes[at];
        let ended = |name: &String| self.ended[self.at[name.as_str()]];
        (failed || process.run != RunWhen::OnFailure)
            && process.after.iter().all(ended)
            && process.needs.iter().all(|need| match need.when {
                When::Started | When::Ready => self.started[self.at[need.process.as_str()]],
                When::Failed => failed && ended(&need.process),
                When::Passed | When::Ended => ended(&need.process),
            })
    }

    /// Returns whether a process runs and can pass on what it makes.
    fn works(&self, at: usize) -> bool {
        let produces = &self.job.processes[at].produces;
        self.started[at] && produces.iter().all(|queue| self.flows[queue.queue.as_str()])
    }

    /// Returns whether a process that consumes has read everything.
    fn is_drained(&self, process: &Process) -> bool {
        let Some(consumes) = &process.consumes else { return true };
        (0..self.job.processes.len()).all(|at| {
            let is_skipped = self.ended[at] && !self.started[at];
            let other = &self.job.processes[at];
            let feeds = other.produces.iter().any(|fed| fed.queue == consumes.queue);
            let reads = other.consumes.as_ref().is_some_and(|c| c.queue == consumes.queue);
            (!feeds || self.ended[at]) && (!reads || is_skipped || self.works(at))
        })
    }

    /// Returns whether nobody needs a process any more that is a service.
    fn is_released(&self, process: &Process) -> bool {
        let needs = |other: &Process| {
            other.needs.iter().any(|need| need.process == process.name && need.when.holds())
        };
        let mut others = self.job.processes.iter().zip(&self.ended);
        process.service.is_none() || others.all(|(other, ended)| *ended || !needs(other))
    }

    /// Returns those that pipes join, which start together.
    fn chain(&self, at: usize) -> Vec<usize> {
        let from = |at: &usize| match &self.job.processes[*at].stdin {
            Stdin::Pipe(name) => Some(self.at[name.as_str()]),
            _ => None,
        };
        let first = std::iter::successors(Some(at), from).last().unwrap_or(at);
        let to = |at: &usize| (0..self.job.processes.len()).find(|other| from(other) == Some(*at));
        std::iter::successors(Some(first), to).collect()
    }
}
