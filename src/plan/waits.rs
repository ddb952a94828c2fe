//! Waits: what must have happened before what, and what therefore never happens.
//!
//! Every process starts and ends; every lane of a queue is opened, by the first of its readers that
//! has started, and closed, when the last of those that feed the queue has ended. A start waits for
//! ends (`needs`), the end of a producer for all lanes of its queue to be open, or it blocks once
//! the queue is full, and the end of a consumer for its lane to be closed. The members of a pipe
//! have one start in common. What can't happen in this order can't happen in any, so a circle here
//! is a job that hangs. A queue that spills makes nobody wait, and neither does one of a loop,
//! which is told where it does not spill; a loop is closed as one, once its lanes are emptied and
//! what feeds it from outside has ended. Unaware of how a circle is told.

use std::collections::{HashMap, HashSet, VecDeque};

use petgraph::Direction::Incoming;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::cut::{Cut, MOST_TRIED, Tangle};
use super::links::{Kind, Links};
use super::loops::Loops;
use super::pipes::Chains;
use crate::model::OnFull;

/// Something that happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// A process starts, or the pipe chain that it leads.
    Start(usize),
    /// A process ends.
    End(usize),
    /// One reader of a lane has started, or none is needed.
    Open,
    /// Every producer of a lane, or all that feed a loop from outside, have ended.
    Closed,
}

/// Why one event waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// A process names another: position among its links.
    Link(usize, usize),
    /// It ends after it has started.
    Inside,
    /// A service ends after a process that needs it: that process, and where among its links.
    Serves(usize, usize),
    /// A producer ends when somebody empties the queue that it feeds.
    Full(usize, usize),
    /// A consumer ends when its queue is closed.
    Reads(usize, usize),
    /// The queue does so through this process.
    By(usize),
    /// A loop is closed when this queue of it is emptied.
    Emptied(usize),
}

/// Processes that wait for each other, each for another of them.
#[derive(Debug)]
pub(super) struct Knot {
    /// The shortest circle through the member declared first.
    pub(super) circle: Vec<Why>,
    /// What unties it: processes, each with a position among its links.
    pub(super) cut: Vec<(usize, usize)>,
    /// Whether nothing smaller does.
    pub(super) fewest: bool,
    /// Whether the circle is all there is.
    pub(super) is_circle: bool,
}

/// The events of a job, each with those that it waits for.
type Events = DiGraph<Event, Why>;

/// Returns each knot that would still be one if all others were untied, in the order of the file.
pub(super) fn knots(links: &Links<'_>, chains: &Chains, loops: &Loops) -> Vec<Knot> {
    let stuck = stuck(&events(links, chains, loops));
    let mut left = MOST_TRIED;
    let mut parts = Parts::new(stuck.node_count());
    let mut found: Vec<(usize, Knot)> = kosaraju_scc(&stuck)
        .into_iter()
        .filter(|members| members.len() > 1 || stuck.contains_edge(members[0], members[0]))
        .filter_map(|members| knot(&stuck, &members, &mut parts, &mut left))
        .collect();
    found.sort_by_key(|(first, _)| *first);
    found.into_iter().map(|(_, knot)| knot).collect()
}

/// Which events are in which knot. Each is in one, so that all of them share one table.
struct Parts {
    /// By event: its number within its knot, and the event there that is numbered first.
    numbers: Vec<Option<(usize, NodeIndex)>>,
    /// By event: the step by which it was first reached.
    came: Vec<Option<EdgeIndex>>,
}

impl Parts {
    fn new(events: usize) -> Self {
        Self { numbers: vec![None; events], came: vec![None; events] }
    }

    /// Notes the members of a knot.
    fn note(&mut self, members: &[NodeIndex]) {
        for (at, member) in members.iter().enumerate() {
            self.numbers[member.index()] = Some((at, members[0]));
        }
    }

    /// Returns the number of an event, if it is in the same knot as another.
    fn number(&self, event: NodeIndex, other: NodeIndex) -> Option<usize> {
        let (number, knot) = self.numbers[event.index()]?;
        let (_, other) = self.numbers[other.index()]?;
        (knot == other).then_some(number)
    }
}

/// Looks at one knot; returns also the member declared first. `left` is what may be tried.
fn knot(
    stuck: &Events,
    members: &[NodeIndex],
    parts: &mut Parts,
    left: &mut usize,
) -> Option<(usize, Knot)> {
    parts.note(members);
    let (tangle, entries) = tangle(stuck, members, parts);
    if tangle.is_free() {
        return None;
    }
    let (first, from) = first(stuck, members)?;
    let circle = shortest(stuck, parts, from);
    let link = |why: &Why| match why {
        Why::Link(process, at) => Some((*process, *at)),
        Why::Inside
        | Why::Serves(..)
        | Why::Full(..)
        | Why::Reads(..)
        | Why::By(_)
        | Why::Emptied(_) => None,
    };
    // The last step is the one that closes the circle as it is drawn.
    let closing = circle.iter().rev().find_map(link);
    let wished = closing.and_then(|link| entries.iter().position(|entry| *entry == link));
    let Cut { entries: cut, fewest } = tangle.cut(wished, left);
    let mut cut: Vec<(usize, usize)> = cut.into_iter().map(|entry| entries[entry]).collect();
    cut.sort_unstable();
    let is_circle = circle.iter().filter_map(link).count() == entries.len();
    Some((first, Knot { circle, cut, fewest, is_circle }))
}

/// Takes a knot out of the graph; returns also the entries that can be removed.
fn tangle(stuck: &Events, members: &[NodeIndex], parts: &Parts) -> (Tangle, Vec<(usize, usize)>) {
    let any = members.iter().map(|&member| stuck[member] == Event::Open);
    let mut tangle = Tangle::new(any.collect());
    let mut entries = Vec::new();
    for (at, &member) in members.iter().enumerate() {
        for edge in stuck.edges(member) {
            let Some(on) = parts.number(edge.target(), member) else {
                tangle.waits_elsewhere(at);
                continue;
            };
            let entry = match *edge.weight() {
                Why::Link(process, link) => {
                    entries.push((process, link));
                    Some(entries.len() - 1)
                }
                Why::Inside
                | Why::Serves(..)
                | Why::Full(..)
                | Why::Reads(..)
                | Why::By(_)
                | Why::Emptied(_) => None,
            };
            tangle.waits(at, on, entry);
        }
    }
    (tangle, entries)
}

/// Builds the graph.
fn events(links: &Links<'_>, chains: &Chains, loops: &Loops) -> Events {
    let processes = links.job.processes.len();
    let mut events = Events::with_capacity(3 * processes, 4 * processes);
    let start = |process| NodeIndex::new(2 * chains.leader(process));
    let end = |process| NodeIndex::new(2 * process + 1);
    for process in 0..processes {
        events.add_node(Event::Start(process));
        events.add_node(Event::End(process));
        if chains.leader(process) == process {
            events.add_edge(end(process), start(process), Why::Inside);
        }
    }
    for process in 0..processes {
        if chains.leader(process) != process {
            events.add_edge(end(process), start(process), Why::Inside);
        }
        for (at, edge) in links.edges[process].iter().enumerate() {
            let why = Why::Link(process, at);
            match edge.kind {
                Kind::Pipe => events.add_edge(end(process), end(edge.to), why),
                _ if chains.joined(process, edge.to) => continue,
                Kind::Need(when) if when.holds() => {
                    if links.process(edge.to).service.is_some() {
                        events.add_edge(end(edge.to), end(process), Why::Serves(process, at));
                    }
                    events.add_edge(start(process), start(edge.to), why)
                }
                Kind::Need(_) | Kind::After | Kind::Stdin | Kind::Stdout | Kind::Result => {
                    events.add_edge(start(process), end(edge.to), why)
                }
            };
        }
    }
    flow(&mut events, links, chains, loops);
    events
}

/// Adds what queues make wait.
fn flow(events: &mut Events, links: &Links<'_>, chains: &Chains, loops: &Loops) {
    let start = |process| NodeIndex::new(2 * chains.leader(process));
    let end = |process| NodeIndex::new(2 * process + 1);
    let mut closings: HashMap<Closing, NodeIndex> = HashMap::new();
    let mut fed = HashSet::new();
    for lane in links.lanes.iter() {
        let queue = lane.queue;
        let on = loops.of_lane(links, lane);
        let open = events.add_node(Event::Open);
        let closing = on.map_or(Closing::Queue(queue), Closing::Loop);
        let closed = *closings.entry(closing).or_insert_with(|| events.add_node(Event::Closed));
        if on.is_some() {
            events.add_edge(closed, open, Why::Emptied(queue));
        }
        let blocks = on.is_none() && links.job.queues[queue].on_full == OnFull::Block;
        let is_new = fed.insert((closed, queue));
        for &feeder in &links.feeders[queue] {
            if blocks {
                events.add_edge(end(feeder), open, Why::Full(feeder, queue));
            }
            if is_new && on.is_none_or(|on| !loops.is_inside(links, feeder, on)) {
                events.add_edge(closed, end(feeder), Why::By(feeder));
            }
        }
        for &reader in &lane.readers {
            events.add_edge(end(reader), closed, Why::Reads(reader, queue));
            events.add_edge(open, start(reader), Why::By(reader));
        }
    }
}

/// What closes at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Closing {
    /// The lanes of a queue that are on no loop.
    Queue(usize),
    /// All lanes of a loop.
    Loop(usize),
}

/// Lets happen what can and returns the graph of the rest.
fn stuck(events: &Events) -> Events {
    let waits = |at| {
        let count = events.neighbors(at).count();
        if events[at] == Event::Open { count.min(1) } else { count }
    };
    let mut pending: Vec<usize> = events.node_indices().map(waits).collect();
    let mut free: Vec<NodeIndex> =
        events.node_indices().filter(|at| pending[at.index()] == 0).collect();
    let mut happened = vec![false; pending.len()];
    while let Some(event) = free.pop() {
        happened[event.index()] = true;
        for waiting in events.neighbors_directed(event, Incoming) {
            let left = &mut pending[waiting.index()];
            if *left == 1 {
                free.push(waiting);
            }
            *left = left.saturating_sub(1);
        }
    }
    events.filter_map(|at, event| (!happened[at.index()]).then_some(*event), |_, why| Some(*why))
}

/// Returns the process of a knot that is declared first, and its event there, its start if it is
/// part of the knot.
fn first(events: &Events, knot: &[NodeIndex]) -> Option<(usize, NodeIndex)> {
    let place = |&at: &NodeIndex| match events[at] {
        Event::Start(process) => Some((process, 0, at)),
        Event::End(process) => Some((process, 1, at)),
        Event::Open | Event::Closed => None,
    };
    knot.iter().filter_map(place).min().map(|(process, _, at)| (process, at))
}

/// Returns the shortest way from an event back to itself.
fn shortest(events: &Events, parts: &mut Parts, from: NodeIndex) -> Vec<Why> {
    let mut next = VecDeque::from([from]);
    while let Some(event) = next.pop_front() {
        // The neighbours come back last added first; the file's order is the expected one.
        let mut edges: Vec<_> = events.edges(event).collect();
        edges.reverse();
        for edge in edges {
            if edge.target() == from {
                let mut circle = vec![*edge.weight()];
                let mut at = event;
                while let Some(edge) = parts.came[at.index()].filter(|_| at != from) {
                    circle.push(events[edge]);
                    at = events.edge_endpoints(edge).expect("the edge was just walked").0;
                }
                circle.reverse();
                return circle;
            }
            let is_member = parts.number(edge.target(), from).is_some();
            let came = &mut parts.came[edge.target().index()];
            if is_member && came.is_none() {
                *came = Some(edge.id());
                next.push_back(edge.target());
            }
        }
    }
    Vec::new()
}
