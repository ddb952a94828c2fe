//! Plan: a job made into a checked graph that can be run.
//!
//! Matrices are expanded, names are numbers, the selection is made, sizes are known. Whoever holds
//! a [`Plan`] holds a graph without cycles in which every edge leads somewhere. The only room that
//! sees petgraph; unaware of TOML, of time and of running processes.
//!
//! Reading order: `links`, names to positions, with `texts` and `lanes`; `matrix`; `check` with
//! `pipes`, `outputs`, `loops`, `flow`, `groups`, `readers`, `dead`, `service`, `reach`, then
//! `waits`, `cut` and `cycle`, and `demand` and `starve`; `select`; `build` with `rows`; `order`;
//! `again`, what of a job runs when dead items are tried again.

mod again;
mod build;
mod check;
mod cut;
mod cycle;
mod dead;
mod demand;
mod flow;
mod groups;
mod lanes;
#[cfg(test)]
mod laws;
mod links;
mod loops;
mod matrix;
mod order;
mod outputs;
mod pipes;
mod reach;
mod readers;
mod rows;
#[cfg(test)]
pub(crate) mod sample;
mod select;
mod service;
mod starve;
mod texts;
mod waits;
mod written;

pub use again::{Share, again};
pub use build::{Machine, nodes_of, plan, run_item_commands};
pub use check::{MAX_EDGES, MAX_NODES, cells, check};
pub use matrix::MAX_CELLS;
pub use select::{Ground, Left, Rerun, Selection, Shard, Since, Unselectable, Why};

use std::collections::HashSet;
use std::time::Duration;

use crate::model::{Cell, Job, NodeId, PoolId, Process, QueueId, Rate, When};

/// What will run, and in which order it may.
#[derive(Debug)]
pub struct Plan {
    /// The job.
    pub job: Job,
    /// The selected nodes, by [`NodeId`]: in the order of the file, cells in the order of their
    /// matrix.
    pub nodes: Vec<Node>,
    /// The pools, by [`PoolId`]; `default` is the first.
    pub pools: Vec<Pool>,
    /// The queues that a selected node touches, by [`QueueId`].
    pub queues: Vec<Queue>,
    /// `limits.jobs` or `-j`: the bound on children over all pools, where one was given.
    pub jobs: Option<u32>,
    /// Why each process of the job runs, or does not, by its position.
    pub why: Vec<Why>,
}

/// A process of the plan: a declared process, or one cell of its matrix.
#[derive(Debug)]
pub struct Node {
    /// Its number.
    pub id: NodeId,
    /// Its name: `test`, or `test (linux, 1.88)` for a cell.
    pub name: String,
    /// Its declared process: index into [`Job::processes`].
    pub process: usize,
    /// Its cell; empty without a matrix.
    pub cell: Cell,
    /// Position of the cell in its matrix, counted from 0; `None` without a matrix.
    pub cell_index: Option<u32>,
    /// What must have happened before it starts: `needs`, and what `stdin = { process }` and
    /// `{process.NAME.stdout}` imply. Sorted, without duplicates.
    pub needs: Vec<(NodeId, When)>,
    /// `after`, as far as it is selected.
    pub after: Vec<NodeId>,
    /// The node whose standard output is its standard input, through a pipe.
    pub piped_from: Option<NodeId>,
    /// The node whose standard input is its standard output, through a pipe.
    pub piped_to: Option<NodeId>,
    /// Its pools; never empty.
    pub pools: Vec<PoolId>,
    /// Whether the process names its pools itself, so that everything counts in them.
    pub names_pools: bool,
    /// `weight`.
    pub weight: u32,
    /// `priority`.
    pub priority: i32,
    /// The queue that it consumes.
    pub consumes: Option<QueueId>,
    /// The queues that it feeds.
    pub produces: Vec<QueueId>,
    /// The queues that its dead items go to; empty where they stay in the run's folder.
    pub dead: Vec<QueueId>,
    /// How many children it may have at once; 1 unless it consumes.
    pub workers: u32,
    /// How long it took in earlier runs.
    pub expected: Option<Duration>,
    /// The longest remaining path: its own time and that of what waits for it, where a node of
    /// unknown time counts as one second.
    pub path: Duration,
    /// How many queues lie between it and the sources of its items; 0 for a source. What is nearer
    /// to the end goes first, so that intermediate items stay few.
    pub stage: u32,
}

/// A pool of the plan.
#[derive(Debug)]
pub struct Pool {
    /// Its number.
    pub id: PoolId,
    /// Its name.
    pub name: String,
    /// Its slots, at least 1.
    pub size: u32,
    /// The variables that each slot lends; empty, or one entry a slot.
    pub slots: Vec<Vec<(String, String)>>,
    /// Its `rate`.
    pub rate: Option<Rate>,
    /// Its `memory`.
    pub memory: Option<u64>,
}

/// A queue of the plan: a declared queue, or what one group sees of it. Groups of a queue are
/// neighbours here, in the order of the declaration.
#[derive(Debug)]
pub struct Queue {
    /// Its number.
    pub id: QueueId,
    /// Its declaration: index into [`Job::queues`].
    pub queue: usize,
    /// The group that sees it, of a queue that has groups.
    pub group: Option<String>,
    /// The circle of queues that it is on: those have the same number. They end together.
    pub circle: Option<u32>,
    /// The nodes whose dead items come here.
    pub dead_of: Vec<NodeId>,
    /// The nodes that feed it.
    pub producers: Vec<NodeId>,
    /// The nodes that read it.
    pub consumers: Vec<NodeId>,
}

impl Plan {
    /// Returns a node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Returns the names of the nodes that are not selected.
    pub fn left_out(&self) -> Vec<String> {
        if self.why.iter().all(|why| *why == Why::Runs(Vec::new())) {
            return Vec::new();
        }
        let own: HashSet<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        let all = self.job.processes.iter().flat_map(nodes_of).map(|(name, _)| name);
        all.filter(|name| !own.contains(name.as_str())).collect()
    }

    /// Returns the declared process of a node.
    pub fn process(&self, id: NodeId) -> &Process {
        &self.job.processes[self.node(id).process]
    }

    /// Returns all nodes of the process of one, itself among them: the cells of its matrix.
    pub fn cells(&self, id: NodeId) -> &[Node] {
        let process = self.node(id).process;
        let first = self.nodes.partition_point(|node| node.process < process);
        let end = self.nodes.partition_point(|node| node.process <= process);
        &self.nodes[first..end]
    }

    /// Returns what all groups of a queue see of it, this one among them; without groups only this.
    pub fn groups(&self, id: QueueId) -> &[Queue] {
        let declared = self.queues[id.index()].queue;
        let first = self.queues.partition_point(|queue| queue.queue < declared);
        let end = self.queues.partition_point(|queue| queue.queue <= declared);
        &self.queues[first..end]
    }

    /// Returns the declaration of a queue.
    pub fn queue(&self, id: QueueId) -> &crate::model::Queue {
        &self.job.queues[self.queues[id.index()].queue]
    }

    /// Returns the name of a queue, with its group where it has one: `pages`, `pages/index`.
    pub fn queue_name(&self, id: QueueId) -> String {
        let name = &self.queue(id).name;
        match &self.queues[id.index()].group {
            Some(group) => format!("{name}/{group}"),
            None => name.clone(),
        }
    }
}
