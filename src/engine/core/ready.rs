//! Ready: what could start now, in the order in which it should.
//!
//! What asks for the same pools stands in one line; only the head of a line is tried, and a line
//! whose head was refused is not looked at again until one of its pools has room. So a start costs
//! a logarithm, however many wait. Unaware of why something is ready.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::model::PoolId;

/// The order among what is ready: priority, nearness to the end of a chain of queues, longest
/// remaining path, and last the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// `priority`, higher first.
    pub(super) priority: Reverse<i32>,
    /// Queues behind it, more first.
    pub(super) stage: Reverse<u32>,
    /// Longest remaining path first.
    pub(super) path: Reverse<Duration>,
    /// What starts: an index into the units.
    pub(super) unit: usize,
}

/// A line: what asks for the same pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Line(usize);

/// Everything that is ready.
#[derive(Debug, Default)]
pub(super) struct Ready {
    lines: Vec<BTreeSet<Rank>>,
    by_pools: HashMap<Vec<PoolId>, Line>,
    by_pool: HashMap<PoolId, Vec<Line>>,
    /// Lines whose head may be able to start.
    marked: BTreeSet<usize>,
    len: usize,
}

impl Ready {
    /// Returns the line of those that ask for these pools; none means that they ask for nothing.
    pub(super) fn line(&mut self, pools: &[PoolId]) -> Line {
        let mut key = pools.to_vec();
        key.sort_unstable();
        key.dedup();
        if let Some(line) = self.by_pools.get(&key) {
            return *line;
        }
        let line = Line(self.lines.len());
        self.lines.push(BTreeSet::new());
        for pool in &key {
            self.by_pool.entry(*pool).or_default().push(line);
        }
        self.by_pools.insert(key, line);
        line
    }

    /// Puts something into its line.
    pub(super) fn insert(&mut self, line: Line, rank: Rank) {
        self.len += usize::from(self.lines[line.0].insert(rank));
        self.marked.insert(line.0);
    }

    /// Takes something out of its line.
    pub(super) fn remove(&mut self, line: Line, rank: Rank) {
        self.len -= usize::from(self.lines[line.0].remove(&rank));
    }

    /// Returns what should be tried next: the best head of the lines that may have room.
    pub(super) fn best(&mut self) -> Option<(Line, Rank)> {
        let lines = &self.lines;
        self.marked.retain(|line| !lines[*line].is_empty());
        let head = |line: &usize| Some((*self.lines[*line].first()?, *line));
        let heads = self.marked.iter().filter_map(head);
        heads.min().map(|(rank, line)| (Line(line), rank))
    }

    /// Says that the head of a line was refused.
    pub(super) fn refused(&mut self, line: Line) {
        self.marked.remove(&line.0);
    }

    /// Says that a pool has room again.
    pub(super) fn room(&mut self, pool: PoolId) {
        if let Some(lines) = self.by_pool.get(&pool) {
            self.marked.extend(lines.iter().map(|line| line.0));
        }
    }

    /// Says that the bound over all pools has room again.
    pub(super) fn room_in_jobs(&mut self) {
        self.marked.extend(0..self.lines.len());
    }

    /// Returns whether nothing is ready.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(priority: i32, path: u64, unit: usize) -> Rank {
        let path = Reverse(Duration::from_secs(path));
        Rank { priority: Reverse(priority), stage: Reverse(0), path, unit }
    }

    #[test]
    fn priority_then_path_then_order() {
        let mut ready = Ready::default();
        let line = ready.line(&[PoolId(0)]);
        for rank in [rank(0, 1, 0), rank(0, 1, 1), rank(0, 5, 2), rank(1, 0, 3)] {
            ready.insert(line, rank);
        }
        let mut order = Vec::new();
        while let Some((line, rank)) = ready.best() {
            ready.remove(line, rank);
            order.push(rank.unit);
        }
        assert_eq!(order, [3, 2, 0, 1]);
        assert!(ready.is_empty());
    }

    #[test]
    fn a_refused_line_waits_for_its_pool() {
        let mut ready = Ready::default();
        let full = ready.line(&[PoolId(0), PoolId(1)]);
        let free = ready.line(&[PoolId(1)]);
        ready.insert(full, rank(9, 0, 0));
        ready.insert(free, rank(0, 0, 1));
        assert_eq!(ready.best().map(|(line, _)| line), Some(full));
        ready.refused(full);
        assert_eq!(ready.best().map(|(line, _)| line), Some(free));
        ready.room(PoolId(0));
        assert_eq!(ready.best().map(|(line, _)| line), Some(full));
    }
}
