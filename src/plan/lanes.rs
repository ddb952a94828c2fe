//! Lanes: what each group of a queue sees of it; a queue without groups has one.
//!
//! A lane has its own readers, and the slowest of its queue's lanes makes the producers wait.
//! Unaware of what a wrong name of a group is told as.

use std::collections::HashMap;
use std::ops::Range;

use crate::model::Job;

/// Every lane of a job, those of a queue beside each other.
#[derive(Debug, Default)]
pub(super) struct Lanes<'a> {
    all: Vec<Lane<'a>>,
    /// By queue: its lanes.
    of_queue: Vec<Range<usize>>,
    /// By process: the lane that it reads.
    of_reader: Vec<Option<usize>>,
}

/// What one group sees of a queue.
#[derive(Debug)]
pub(super) struct Lane<'a> {
    /// The queue.
    pub(super) queue: usize,
    /// The group, of a queue that has some.
    pub(super) group: Option<&'a str>,
    /// Who reads it.
    pub(super) readers: Vec<usize>,
}

impl<'a> Lanes<'a> {
    /// Finds who reads what; `consumes` has the queue of each process.
    pub(super) fn of(job: &'a Job, consumes: &[Option<usize>]) -> Self {
        let mut lanes = Self { of_reader: vec![None; consumes.len()], ..Self::default() };
        let mut named: HashMap<(usize, Option<&str>), usize> = HashMap::new();
        for (queue, declared) in job.queues.iter().enumerate() {
            let first = lanes.all.len();
            let whole = declared.groups.is_empty().then_some(None);
            for group in whole.into_iter().chain(declared.groups.iter().map(|g| Some(g.as_str()))) {
                named.insert((queue, group), lanes.all.len());
                lanes.all.push(Lane { queue, group, readers: Vec::new() });
            }
            lanes.of_queue.push(first..lanes.all.len());
        }
        for (process, queue) in consumes.iter().enumerate() {
            let (Some(queue), Some(said)) = (queue, &job.processes[process].consumes) else {
                continue;
            };
            let lane = named.get(&(*queue, said.group.as_deref())).copied();
            if let Some(lane) = lane {
                lanes.all[lane].readers.push(process);
            }
            lanes.of_reader[process] = lane;
        }
        lanes
    }

    /// Returns a lane.
    pub(super) fn lane(&self, at: usize) -> &Lane<'a> {
        &self.all[at]
    }

    /// Returns every lane, in the order of queues and their groups.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Lane<'a>> {
        self.all.iter()
    }

    /// Returns the lanes of a queue.
    pub(super) fn of_queue(&self, queue: usize) -> Range<usize> {
        self.of_queue[queue].clone()
    }

    /// Returns the lane that a process reads.
    pub(super) fn of_reader(&self, process: usize) -> Option<usize> {
        self.of_reader[process]
    }
}
