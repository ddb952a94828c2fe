//! Loops: queues whose consumers feed, directly or through others, the queue that they read.
//!
//! A loop closes as one: when all that feeds it from outside has ended and nothing in it is waiting
//! or lent. Whoever stands in it writes what only he, or somebody behind him, will read; so a queue
//! of a loop must never make its producers wait. Unaware of the order of processes.

use std::collections::BTreeSet;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::lanes::Lane;
use super::links::{Links, consumes_place, dead_place, place, produces_place};
use crate::model::{Deliver, OnFull, Order, Place, Problem, code};

/// Queues, or processes, of a loop that get a label: nobody reads more.
const MAX_LABELS: usize = 8;

/// The loops of a job.
#[derive(Debug)]
pub(super) struct Loops {
    /// The queues of each, in the order of the file.
    loops: Vec<Vec<usize>>,
    /// By queue: the loop that it is on.
    of_queue: Vec<Option<usize>>,
}

impl Loops {
    /// Finds them.
    pub(super) fn of(links: &Links<'_>) -> Self {
        let queues = links.feeders.len();
        let mut flow: DiGraph<(), ()> = DiGraph::with_capacity(queues, queues);
        for _ in 0..queues {
            flow.add_node(());
        }
        for (process, consumed) in links.consumes.iter().enumerate() {
            let Some(consumed) = consumed.filter(|_| !links.feeds[process].is_empty()) else {
                continue;
            };
            let through = flow.add_node(());
            flow.add_edge(NodeIndex::new(consumed), through, ());
            for &fed in &links.feeds[process] {
                flow.add_edge(through, NodeIndex::new(fed), ());
            }
        }
        let circles = kosaraju_scc(&flow).into_iter().filter(|knot| knot.len() > 1);
        let mut loops: Vec<Vec<usize>> = circles
            .map(|knot| {
                let is_queue = |at: &usize| *at < queues;
                let members: BTreeSet<usize> =
                    knot.into_iter().map(NodeIndex::index).filter(is_queue).collect();
                members.into_iter().collect()
            })
            .collect();
        loops.sort();
        let mut of_queue = vec![None; queues];
        for (at, members) in loops.iter().enumerate() {
            for &queue in members {
                of_queue[queue] = Some(at);
            }
        }
        Self { loops, of_queue }
    }

    /// Returns the loop that a queue is on.
    pub(super) fn of_queue(&self, queue: usize) -> Option<usize> {
        self.of_queue[queue]
    }

    /// Returns whether a process reads a queue of a loop and feeds it.
    pub(super) fn is_inside(&self, links: &Links<'_>, process: usize, at: usize) -> bool {
        let on_it = |queue: &usize| self.of_queue[*queue] == Some(at);
        links.consumes[process].iter().any(on_it) && links.feeds[process].iter().any(on_it)
    }

    /// Returns the loop that a lane is on: what another group sees of its queue may leave it.
    pub(super) fn of_lane(&self, links: &Links<'_>, lane: &Lane<'_>) -> Option<usize> {
        let inside = |at: &usize| lane.readers.iter().any(|&it| self.is_inside(links, it, *at));
        self.of_queue[lane.queue].filter(inside)
    }
}

/// Tells of loops that nothing ever enters, and of queues of the others that could block.
pub(super) fn check(links: &Links<'_>, loops: &Loops) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, queues) in loops.loops.iter().enumerate() {
        let from_outside = |&queue: &usize| {
            let outside = |&process: &usize| !loops.is_inside(links, process, at);
            links.job.queues[queue].items.is_some() || links.feeders[queue].iter().any(outside)
        };
        let meant = |queue: &usize| links.meant_queues.contains(queue);
        if queues.iter().any(from_outside) || queues.iter().any(meant) {
            let blocks = |queue: &&usize| links.job.queues[**queue].on_full == OnFull::Block;
            let blocking = queues.iter().filter(blocks);
            problems.extend(blocking.map(|&queue| blocking_problem(links, loops, at, queue)));
        } else {
            problems.push(empty_problem(links, loops, at));
        }
    }
    problems.extend((0..links.edges.len()).filter_map(|at| endless(links, loops, at)));
    problems
}

/// Tells of a `stream` child that stands in a loop: it ends at the close of its queue, and the loop
/// is closed only when nothing more can come from it.
fn endless(links: &Links<'_>, loops: &Loops, at: usize) -> Option<Problem> {
    let process = links.process(at);
    let consumes = process.consumes.as_ref().filter(|said| said.deliver == Deliver::Stream)?;
    let on = loops.of_queue(links.consumes[at]?)?;
    let fed = *links.feeds[at].iter().find(|&&fed| loops.of_queue(fed) == Some(on))?;
    let (name, read) = (&process.name, &consumes.queue);
    let message = format!("`stream` of process `{name}` would wait for its own end");
    let label = consumes_place(process).label(format!("it ends once queue `{read}` is closed"));
    let fed_name = &links.job.queues[fed].name;
    let text = format!("and until it ends, more may come into `{fed_name}` of the same loop");
    Some(
        Problem::error(code::CONFLICT, message, label)
            .also(feeding_place(links, at, fed).label(text))
            .help(format!("set deliver = \"worker\", \"args\" or \"stdin\" in [process.{name}]")),
    )
}

/// Tells of a queue on a loop that could block itself.
fn blocking_problem(links: &Links<'_>, loops: &Loops, at: usize, queue: usize) -> Problem {
    let declared = &links.job.queues[queue];
    let name = &declared.name;
    let message = format!("queue `{name}` is on a loop, and could block itself for ever");
    let text =
        format!("after {} items whoever reads it may wait for room in it", declared.capacity);
    let label = Place::value(declared.file, ["queue", name, "on-full"]).label(text);
    let problem = Problem::error(code::LOOP, message, label).help(match declared.order {
        Order::Fifo => format!("add `on-full = \"spill\"` to [queue.{name}]"),
        Order::Priority(_) => {
            format!("write `on-full = \"spill\"` instead of `order` in [queue.{name}]")
        }
    });
    let inside = |process: &&usize| loops.is_inside(links, **process, at);
    let reader = links.consumers[queue].iter().find(inside).map(|&process| {
        let text = format!("1. `{}` reads it and feeds the loop", links.name(process));
        consumes_place(links.process(process)).label(text)
    });
    let writer = links.feeders[queue].iter().find(inside).map(|&process| {
        let text = format!("2. `{}` feeds it from the loop", links.name(process));
        feeding_place(links, process, queue).label(text)
    });
    reader.into_iter().chain(writer).fold(problem, Problem::also)
}

/// Tells of a loop that is fed by nothing but itself.
fn empty_problem(links: &Links<'_>, loops: &Loops, at: usize) -> Problem {
    let queues = &loops.loops[at];
    let first = &links.job.queues[queues[0]];
    let name = &first.name;
    let message = match queues.len() {
        1 => format!("queue `{name}` is fed only by those who read it"),
        count => format!("queue `{name}` and {} more of its loop feed only each other", count - 1),
    };
    let declared = Place::key(first.file, ["queue", name]);
    let problem = Problem::error(code::UNFED, message, declared.label("nothing ever enters it"))
        .help(format!("add `items` to [queue.{name}], or feed it from outside the loop"));
    let inside = queues.iter().flat_map(|&queue| {
        let producers = links.feeders[queue].iter();
        producers.filter(|&&process| loops.is_inside(links, process, at)).map(move |p| (*p, queue))
    });
    let label = |(process, queue): (usize, usize)| {
        let fed = &links.job.queues[queue].name;
        let text = format!("`{}` feeds `{fed}` with what it reads here", links.name(process));
        feeding_place(links, process, queue).label(text)
    };
    inside.take(MAX_LABELS).map(label).fold(problem, Problem::also)
}

/// Returns where it is said that a process feeds a queue.
pub(super) fn feeding_place(links: &Links<'_>, process: usize, queue: usize) -> Place {
    let declared = links.process(process);
    let name = &links.job.queues[queue].name;
    match declared.produces.iter().position(|fed| fed.queue == *name) {
        Some(index) => produces_place(declared, index),
        // Its dead items go there.
        None => links.consumes[process]
            .map_or_else(|| place(declared), |read| dead_place(&links.job.queues[read])),
    }
}
