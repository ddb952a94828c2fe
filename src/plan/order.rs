//! Order: a line in which every node comes after what it waits for.
//!
//! And what can be read off it: the longest remaining path and the distance from the sources of
//! items. Without recursion, and linear in nodes and edges. Unaware of names.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::{Node, Plan, Queue};
use crate::model::NodeId;

/// What a node of unknown time counts in a path.
const UNKNOWN: Duration = Duration::from_secs(1);

impl Plan {
    /// Returns the nodes in an order in which they could start, one after the other: what is
    /// waited for first, producers before their consumers, and then by priority and by the longest
    /// remaining path.
    pub fn order(&self) -> Vec<NodeId> {
        let key = |node: &Node| (node.priority, node.path, Reverse(node.id));
        line(&self.nodes, &self.queues, key)
    }
}

/// Fills in `path` and `stage` of every node.
pub(super) fn rank(nodes: &mut [Node], queues: &[Queue]) {
    let line = line(nodes, queues, |node| Reverse(node.id));
    let mut stages = vec![0; queues.len()];
    for &id in &line {
        let node = &mut nodes[id.index()];
        node.stage = node.consumes.map_or(0, |queue| stages[queue.index()] + 1);
        for queue in node.produces.iter().chain(&node.dead) {
            let stage = &mut stages[queue.index()];
            *stage = node.stage.max(*stage);
        }
    }
    let mut rest = vec![Duration::ZERO; nodes.len()];
    let mut behind = vec![Duration::ZERO; queues.len()];
    for &id in line.iter().rev() {
        let node = &mut nodes[id.index()];
        let readers =
            node.produces.iter().chain(&node.dead).map(|queue| behind[queue.index()]).max();
        let after = rest[id.index()].max(readers.unwrap_or_default());
        node.path = after.saturating_add(node.expected.unwrap_or(UNKNOWN));
        let path = node.path;
        if let Some(queue) = node.consumes {
            let behind = &mut behind[queue.index()];
            *behind = path.max(*behind);
        }
        let before = node.needs.iter().map(|(id, _)| id).chain(&node.after);
        for id in before.chain(&node.piped_from) {
            let rest = &mut rest[id.index()];
            *rest = path.max(*rest);
        }
    }
}

/// Returns the nodes in a line; of those that could come next, the one with the greatest key does.
fn line<K: Ord>(nodes: &[Node], queues: &[Queue], key: impl Fn(&Node) -> K) -> Vec<NodeId> {
    let mut waiting = Waiting::of(nodes, queues);
    let entry = |id: NodeId| (key(&nodes[id.index()]), id);
    let all = || nodes.iter().map(|node| node.id);
    // What waits for nothing at all, and what only waits for a producer.
    let mut free: BinaryHeap<_> = all().filter(|&id| waiting.is_free(id)).map(entry).collect();
    let mut fed: BinaryHeap<_> = all().filter(|&id| waiting.is_only_fed(id)).map(entry).collect();
    let mut line = Vec::with_capacity(nodes.len());
    let mut placed = vec![false; nodes.len()];
    while let Some((_, id)) = free.pop().or_else(|| fed.pop()) {
        if std::mem::replace(&mut placed[id.index()], true) {
            continue;
        }
        line.push(id);
        waiting.placed(&nodes[id.index()], |next, is_free| {
            if is_free { free.push(entry(next)) } else { fed.push(entry(next)) }
        });
    }
    line
}

/// How much each node still waits for.
struct Waiting<'a> {
    queues: &'a [Queue],
    /// By node: who waits for it, as often as it does.
    waiters: Vec<Vec<NodeId>>,
    /// By node: nodes that must come before.
    hard: Vec<usize>,
    /// By node: whether a producer should come before. It need not: a producer may wait for the
    /// start of its consumer.
    hungry: Vec<bool>,
    /// By queue: producers that are not placed, and readers of what dies into it.
    producers: Vec<usize>,
}

impl<'a> Waiting<'a> {
    /// Counts.
    fn of(nodes: &[Node], queues: &'a [Queue]) -> Self {
        let mut waiters = vec![Vec::new(); nodes.len()];
        let mut hard = vec![0; nodes.len()];
        let feeders = |queue: &Queue| queue.producers.len() + queue.dead_of.len();
        let producers: Vec<usize> = queues.iter().map(feeders).collect();
        let hungry = |node: &Node| node.consumes.is_some_and(|queue| producers[queue.index()] > 0);
        let hungry = nodes.iter().map(hungry).collect();
        for node in nodes {
            let before = node.needs.iter().map(|(id, _)| id).chain(&node.after);
            for id in before.chain(&node.piped_from) {
                waiters[id.index()].push(node.id);
                hard[node.id.index()] += 1;
            }
        }
        Self { queues, waiters, hard, hungry, producers }
    }

    fn is_free(&self, id: NodeId) -> bool {
        self.hard[id.index()] == 0 && !self.hungry[id.index()]
    }

    fn is_only_fed(&self, id: NodeId) -> bool {
        self.hard[id.index()] == 0 && self.hungry[id.index()]
    }

    /// Takes note of a node in the line and calls `ready` for each that may come now, with whether
    /// it waits for nothing at all.
    fn placed(&mut self, node: &Node, mut ready: impl FnMut(NodeId, bool)) {
        for id in std::mem::take(&mut self.waiters[node.id.index()]) {
            self.hard[id.index()] -= 1;
            if self.hard[id.index()] == 0 {
                ready(id, !self.hungry[id.index()]);
            }
        }
        for queue in node.produces.iter().chain(&node.dead) {
            let left = &mut self.producers[queue.index()];
            *left -= 1;
            if *left > 0 {
                continue;
            }
            for &id in &self.queues[queue.index()].consumers {
                self.hungry[id.index()] = false;
                if self.hard[id.index()] == 0 {
                    ready(id, true);
                }
            }
        }
    }
}
