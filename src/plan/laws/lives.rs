//! Lives: a job whose queues are full at once, played without a thought.
//!
//! What leads to what is found by walking, one group of a queue at a time. Unaware of how `waits`
//! and `loops` find it.

use std::collections::BTreeSet;

use crate::model::{Job, OnFull, Process, Stdin, When};
use crate::plan::Plan;

/// A queue, and one of its groups where it has some.
type Lane<'a> = (&'a str, Option<&'a str>);

/// Which lanes lead to which.
struct Flow<'a> {
    job: &'a Job,
    lanes: Vec<Lane<'a>>,
}

impl<'a> Flow<'a> {
    fn of(job: &'a Job) -> Self {
        let mut lanes = Vec::new();
        for queue in &job.queues {
            let name = queue.name.as_str();
            lanes.extend(queue.groups.iter().map(|group| (name, Some(group.as_str()))));
            lanes.extend(queue.groups.is_empty().then_some((name, None)));
        }
        Self { job, lanes }
    }

    fn process(&self, at: usize) -> &'a Process {
        &self.job.processes[at]
    }

    fn read_by(&self, at: usize) -> Option<Lane<'a>> {
        let consumes = self.process(at).consumes.as_ref()?;
        Some((&consumes.queue, consumes.group.as_deref()))
    }

    fn feeds(&self, at: usize, (queue, _): Lane<'_>) -> bool {
        let dies_into = |read: Lane<'_>| {
            let read = self.job.queues.iter().find(|queue| queue.name == read.0).unwrap();
            read.dead.as_deref() == Some(queue)
        };
        self.process(at).produces.iter().any(|fed| fed.queue == queue)
            || self.read_by(at).is_some_and(dies_into)
    }

    fn fed_by(&self, at: usize) -> impl Iterator<Item = Lane<'a>> + '_ {
        self.lanes.iter().copied().filter(move |&lane| self.feeds(at, lane))
    }

    /// Returns the lanes that get what goes in at one.
    fn behind(&self, lane: Lane<'a>) -> BTreeSet<Lane<'a>> {
        let mut reached = BTreeSet::new();
        for _ in 0..=self.lanes.len() {
            for at in 0..self.job.processes.len() {
                let read = self.read_by(at);
                if read == Some(lane) || read.is_some_and(|read| reached.contains(&read)) {
                    reached.extend(self.fed_by(at));
                }
            }
        }
        reached
    }

    /// Returns the lanes that are on a loop with one; none where it is on no loop.
    fn around(&self, lane: Lane<'a>) -> BTreeSet<Lane<'a>> {
        let mut behind = self.behind(lane);
        behind.retain(|other| self.behind(*other).contains(&lane));
        behind
    }

    fn spills(&self, (name, _): Lane<'_>) -> bool {
        let queue = self.job.queues.iter().find(|queue| queue.name == name);
        queue.is_some_and(|queue| queue.on_full == OnFull::Spill)
    }
}

/// Returns everything that can be reached through pipes, either way.
fn chain(job: &Job, process: usize) -> BTreeSet<usize> {
    let mut members = BTreeSet::from([process]);
    for _ in &job.processes {
        for (other, reader) in job.processes.iter().enumerate() {
            if let Stdin::Pipe(name) = &reader.stdin {
                let writer = job.processes.iter().position(|p| &p.name == name).unwrap();
                if members.contains(&writer) || members.contains(&other) {
                    members.extend([writer, other]);
                }
            }
        }
    }
    members
}

/// Plays a job whose queues are full at once: returns whether every process ends.
pub(super) fn lives(job: &Job) -> bool {
    let at = |name: &str| job.processes.iter().position(|p| p.name == name).unwrap();
    let count = job.processes.len();
    let flow = Flow::of(job);
    let (mut started, mut ended) = (vec![false; count], vec![false; count]);
    for _ in 0..2 * count {
        for process in 0..count {
            let may = chain(job, process).into_iter().all(|member| {
                job.processes[member].needs.iter().all(|need| match need.when {
                    When::Started | When::Ready => started[at(&need.process)],
                    _ => ended[at(&need.process)],
                })
            });
            started[process] |= may;
            let is_read =
                |lane: Lane<'_>| (0..count).any(|p| started[p] && flow.read_by(p) == Some(lane));
            let read = flow.fed_by(process).all(|lane| flow.spills(lane) || is_read(lane));
            let closed = flow.read_by(process).is_none_or(|lane| {
                let around = flow.around(lane);
                let feeds = |p: usize| {
                    flow.feeds(p, lane) || around.iter().any(|lane| flow.feeds(p, *lane))
                };
                let inside = |p: usize| {
                    feeds(p) && flow.read_by(p).is_some_and(|read| around.contains(&read))
                };
                (0..count).all(|p| ended[p] || !feeds(p) || inside(p))
                    && around.iter().all(|lane| is_read(*lane))
            });
            let fed = match &job.processes[process].stdin {
                Stdin::Pipe(name) => ended[at(name)],
                _ => true,
            };
            ended[process] |= started[process] && read && closed && fed;
        }
    }
    ended.into_iter().all(|ended| ended)
}

/// Asserts that the queues of a plan are what walking finds: who feeds and reads each, and which
/// are on one circle.
pub(super) fn agrees(plan: &Plan) {
    let flow = Flow::of(&plan.job);
    assert_eq!(plan.queues.len(), flow.lanes.len());
    let lane = |at: usize| flow.lanes[at];
    for (at, queue) in plan.queues.iter().enumerate() {
        assert_eq!((plan.queue(queue.id).name.as_str(), queue.group.as_deref()), lane(at));
        let around = flow.around(lane(at));
        assert_eq!(queue.circle.is_some(), !around.is_empty(), "{:?}", lane(at));
        for (other, twin) in plan.queues.iter().enumerate() {
            let same = queue.circle.is_some() && queue.circle == twin.circle;
            assert_eq!(same, around.contains(&lane(other)), "{:?} {:?}", lane(at), lane(other));
        }
        for node in &plan.nodes {
            let feeds = queue.producers.contains(&node.id) || queue.dead_of.contains(&node.id);
            assert_eq!(feeds, flow.feeds(node.process, lane(at)));
            let fed = node.produces.contains(&queue.id) || node.dead.contains(&queue.id);
            assert_eq!(feeds, fed);
            assert_eq!(queue.consumers.contains(&node.id), node.consumes == Some(queue.id));
            assert_eq!(
                node.consumes == Some(queue.id),
                flow.read_by(node.process) == Some(lane(at))
            );
        }
    }
}
