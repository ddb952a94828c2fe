//! Ready: what could start now, in the order in which it should.
//!
//! What asks for exactly the same things stands in one line; only the head of a line is tried. A
//! line whose head was refused waits for what it lacked. When there is some of it again the best of
//! those lines is tried, and only if that may leave something, the next: a wave. So a start costs a
//! logarithm, however many wait for whatever. Unaware of why something is ready.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::time::Duration;

use crate::model::{NodeId, PoolId, QueueId};

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

/// What a start can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Lack {
    /// Slots of a pool.
    Pool(PoolId),
    /// Slots of a pool that extra long-lived children may take.
    Spare(PoolId),
    /// A start that a pool's rate allows.
    Rate(PoolId),
    /// The memory that a pool asks for.
    Memory(PoolId),
    /// A token of those that are shared with others.
    Token,
    /// The bound over all pools.
    Jobs,
    /// What extra long-lived children may take of the bound over all pools.
    SpareJobs,
    /// An item for a child of its own.
    Item(QueueId),
    /// More items for a batch.
    Batch(QueueId),
    /// An item for one more long-lived child.
    Stream(QueueId),
    /// Room in a queue.
    Room(QueueId),
    /// The terminal.
    Terminal,
}

/// Everything that a start asks for; what asks for the same stands in one line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Wants {
    /// Slots of pools, where they count.
    pub(super) slots: Vec<(PoolId, u32)>,
    /// Whether it counts in the bound over all pools.
    pub(super) in_jobs: bool,
    /// Whether it is an extra long-lived child.
    pub(super) extra: bool,
    /// Whether it runs after a node, and so lacks nothing but slots.
    pub(super) after: bool,
    /// An item of this queue.
    pub(super) item: Option<QueueId>,
    /// Who asks, where what it lacks is not what others lack: its batch, or what it reads again.
    pub(super) own: Option<NodeId>,
    /// Room in these queues.
    pub(super) room: Vec<QueueId>,
}

/// A line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Line(usize);

/// Everything that is ready.
#[derive(Debug, Default)]
pub(super) struct Ready {
    lines: Vec<Row>,
    by_wants: HashMap<Wants, Line>,
    /// Lines to be tried, by their heads.
    marked: BTreeSet<(Rank, usize)>,
    /// Lines that were refused, by what they lacked and by their heads.
    refused: HashMap<Lack, BTreeSet<(Rank, usize)>>,
}

/// One line.
#[derive(Debug, Default)]
struct Row {
    ranks: BTreeSet<Rank>,
    place: Place,
}

/// Where a line stands, and the head that it was put there with.
#[derive(Debug, Clone, Copy, Default)]
enum Place {
    /// It is empty.
    #[default]
    Nowhere,
    /// It is to be tried; it may have been woken by a wave.
    Marked(Rank, Option<Lack>),
    /// It lacked something.
    Refused(Rank, Lack),
}

/// There is some of this; whoever stands behind the place in the refused lines may try.
type Wave = (Lack, (Rank, usize));

impl Ready {
    /// Returns the line of those that ask for exactly this.
    pub(super) fn line(&mut self, wants: Wants) -> Line {
        *self.by_wants.entry(wants).or_insert_with(|| {
            self.lines.push(Row::default());
            Line(self.lines.len() - 1)
        })
    }

    /// Puts something into its line.
    pub(super) fn insert(&mut self, line: Line, rank: Rank) {
        let ranks = &mut self.lines[line.0].ranks;
        ranks.insert(rank);
        if ranks.first() == Some(&rank) {
            let wave = self.take_out(line.0);
            self.mark(line.0, wave.map(|(lack, _)| lack));
        }
    }

    /// Takes something out of its line, because it started or because it should not any more.
    pub(super) fn remove(&mut self, line: Line, rank: Rank) {
        let ranks = &mut self.lines[line.0].ranks;
        let was_head = ranks.first() == Some(&rank);
        if ranks.remove(&rank) && was_head {
            let wave = self.take_out(line.0);
            self.mark(line.0, None);
            self.pass_on(wave);
        }
    }

    /// Returns what should be tried next.
    pub(super) fn best(&self) -> Option<(Line, Rank)> {
        self.marked.first().map(|(rank, line)| (Line(*line), *rank))
    }

    /// Says that the head of a line was refused; `all` says that then nobody else who lacks the
    /// same has a chance.
    pub(super) fn refuse(&mut self, line: Line, lack: Lack, all: bool) {
        let wave = self.take_out(line.0);
        let row = &mut self.lines[line.0];
        if let Some(head) = row.ranks.first() {
            row.place = Place::Refused(*head, lack);
            self.refused.entry(lack).or_default().insert((*head, line.0));
        }
        self.pass_on(wave.filter(|(woken_by, _)| *woken_by != lack || !all));
    }

    /// Says that there is some of this again.
    pub(super) fn room(&mut self, lack: Lack) {
        let first = self.refused.get(&lack).and_then(BTreeSet::first).copied();
        self.wake(lack, first);
    }

    /// Returns whether somebody waits for this.
    pub(super) fn is_lacking(&self, lack: Lack) -> bool {
        self.refused.get(&lack).is_some_and(|lines| !lines.is_empty())
    }

    /// Returns whether somebody better waits for this.
    pub(super) fn is_behind(&self, rank: Rank, lack: Lack) -> bool {
        let first = self.refused.get(&lack).and_then(BTreeSet::first);
        first.is_some_and(|(better, _)| *better < rank)
    }

    fn mark(&mut self, line: usize, woken_by: Option<Lack>) {
        let row = &mut self.lines[line];
        if let Some(head) = row.ranks.first() {
            row.place = Place::Marked(*head, woken_by);
            self.marked.insert((*head, line));
        }
    }

    /// Takes a line from where it stands. Who waited for something, or was woken by it, hands that
    /// on: others may wait only because this one was before them.
    fn take_out(&mut self, line: usize) -> Option<Wave> {
        match std::mem::take(&mut self.lines[line].place) {
            Place::Nowhere => None,
            Place::Marked(head, woken_by) => {
                self.marked.remove(&(head, line));
                woken_by.map(|lack| (lack, (head, line)))
            }
            Place::Refused(head, lack) => {
                if let Some(lines) = self.refused.get_mut(&lack) {
                    lines.remove(&(head, line));
                }
                Some((lack, (head, line)))
            }
        }
    }

    fn pass_on(&mut self, wave: Option<Wave>) {
        let Some((lack, from)) = wave else { return };
        let behind = (Bound::Excluded(from), Bound::Unbounded);
        let next = self.refused.get(&lack).and_then(|lines| lines.range(behind).next().copied());
        self.wake(lack, next);
    }

    fn wake(&mut self, lack: Lack, found: Option<(Rank, usize)>) {
        if let Some((_, line)) = found {
            self.take_out(line);
            self.mark(line, Some(lack));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Lack = Lack::Pool(PoolId(0));
    const Q: Lack = Lack::Pool(PoolId(1));

    fn rank(priority: i32, path: u64, unit: usize) -> Rank {
        let path = Reverse(Duration::from_secs(path));
        Rank { priority: Reverse(priority), stage: Reverse(0), path, unit }
    }

    fn line(ready: &mut Ready, weight: u32) -> Line {
        ready.line(Wants { slots: vec![(PoolId(0), weight)], ..Wants::default() })
    }

    fn next(ready: &Ready) -> Option<usize> {
        ready.best().map(|(_, rank)| rank.unit)
    }

    #[test]
    fn priority_then_path_then_order() {
        let mut ready = Ready::default();
        let line = line(&mut ready, 1);
        for rank in [rank(0, 1, 0), rank(0, 1, 1), rank(0, 5, 2), rank(1, 0, 3)] {
            ready.insert(line, rank);
        }
        let mut order = Vec::new();
        while let Some((line, rank)) = ready.best() {
            ready.remove(line, rank);
            order.push(rank.unit);
        }
        assert_eq!(order, [3, 2, 0, 1]);
    }

    /// Three lines of one member each, all refused for `P`, best first.
    fn three_refused() -> (Ready, [Line; 3]) {
        let mut ready = Ready::default();
        let lines = [1, 2, 3].map(|weight| line(&mut ready, weight));
        for (unit, line) in lines.into_iter().enumerate() {
            ready.insert(line, rank(0, 0, unit));
            ready.refuse(line, P, true);
        }
        (ready, lines)
    }

    #[test]
    fn a_refused_line_waits_for_what_it_lacked() {
        let (mut ready, _) = three_refused();
        assert_eq!(next(&ready), None);
        ready.room(Q);
        assert_eq!(next(&ready), None);
        ready.room(P);
        assert_eq!(next(&ready), Some(0));
    }

    #[test]
    fn a_wave_goes_on_after_a_start_and_ends_at_a_refusal() {
        let (mut ready, lines) = three_refused();
        ready.room(P);
        ready.remove(lines[0], rank(0, 0, 0));
        assert_eq!(next(&ready), Some(1));
        ready.refuse(lines[1], P, true);
        assert_eq!(next(&ready), None);
    }

    #[test]
    fn a_wave_passes_one_that_lacks_something_else() {
        let (mut ready, lines) = three_refused();
        ready.room(P);
        ready.refuse(lines[0], Q, true);
        assert_eq!(next(&ready), Some(1));
        ready.refuse(lines[1], P, false);
        assert_eq!(next(&ready), Some(2));
        ready.refuse(lines[2], P, false);
        assert_eq!(next(&ready), None);
    }

    #[test]
    fn one_that_leaves_lets_those_behind_it_try() {
        let (mut ready, lines) = three_refused();
        assert!(ready.is_behind(rank(0, 0, 1), P));
        ready.remove(lines[0], rank(0, 0, 0));
        assert_eq!(next(&ready), Some(1));
        ready.refuse(lines[1], Q, true);
        assert_eq!(next(&ready), Some(2));
        assert!(!ready.is_behind(rank(0, 0, 2), P));
    }

    #[test]
    fn a_new_head_is_tried() {
        let (mut ready, lines) = three_refused();
        ready.insert(lines[2], rank(9, 0, 3));
        assert_eq!(next(&ready), Some(3));
        ready.remove(lines[2], rank(9, 0, 3));
        assert_eq!(next(&ready), Some(0));
        ready.refuse(lines[0], P, true);
        assert_eq!(next(&ready), Some(2));
    }
}
