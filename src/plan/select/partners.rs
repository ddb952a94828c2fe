//! Partners: what a process can't do without.
//!
//! That is what it needs, what feeds the queue that it consumes, who consumes the queues that it
//! feeds, because nothing else would empty them, and whoever a pipe joins it to. A need asks only
//! that something has happened, so it falls away with what is skipped or was done before; whoever
//! reads what another makes, or waits for it to fail, is left out with it. Unaware of who asked.

use super::cells::Cells;
use super::why::{Ground, Left, Why};
use super::{Asked, Chosen};
use crate::model::When;
use crate::plan::links::{Kind, Links};

/// Who can't do without whom.
pub(super) struct Partners<'a> {
    /// The job.
    pub(super) links: &'a Links<'a>,
    /// By process: who names it, but for `after`.
    namers: Vec<Vec<usize>>,
}

/// One process that another can't do without.
pub(super) struct Partner {
    /// The process.
    pub(super) process: usize,
    /// Why it is there.
    pub(super) ground: Ground,
    /// Whether the other only needs something to have happened.
    falls_away: bool,
}

impl<'a> Partners<'a> {
    /// Looks at who names whom.
    pub(super) fn of(links: &'a Links<'a>) -> Self {
        let mut namers = vec![Vec::new(); links.edges.len()];
        for (process, edges) in links.edges.iter().enumerate() {
            for edge in edges.iter().filter(|edge| edge.kind != Kind::After) {
                namers[edge.to].push(process);
            }
        }
        Self { links, namers }
    }

    /// Calls `found` for every process that one can't do without.
    pub(super) fn each(&self, process: usize, mut found: impl FnMut(Partner)) {
        let links = self.links;
        for edge in &links.edges[process] {
            let (ground, falls_away) = match edge.kind {
                Kind::After => continue,
                Kind::Need(_) => (Ground::Needed(process), true),
                Kind::Stdin | Kind::Stdout | Kind::Result => (Ground::Needed(process), false),
                Kind::Pipe => (Ground::Piped(process), false),
            };
            found(Partner { process: edge.to, ground, falls_away });
        }
        let stays = |process, ground| Partner { process, ground, falls_away: false };
        for &reader in &links.readers[process] {
            found(stays(reader, Ground::Piped(process)));
        }
        for &queue in &links.feeds[process] {
            for &consumer in &links.consumers[queue] {
                found(stays(consumer, Ground::Reads(queue)));
            }
        }
        if let Some(queue) = links.consumes[process] {
            for &feeder in &links.feeders[queue] {
                found(stays(feeder, Ground::Feeds(queue)));
            }
        }
    }

    /// Calls `found` for every process that depends on one of the first, with the one through which
    /// it does.
    pub(super) fn dependants(&self, first: Vec<bool>, mut found: impl FnMut(usize, usize)) {
        let mut seen = first;
        let mut next: Vec<usize> = (0..seen.len()).filter(|&process| seen[process]).collect();
        while let Some(of) = next.pop() {
            let fed = self.links.feeds[of].iter().flat_map(|&queue| &self.links.consumers[queue]);
            for &process in self.namers[of].iter().chain(fed) {
                found(process, of);
                if !std::mem::replace(&mut seen[process], true) {
                    next.push(process);
                }
            }
        }
    }

    /// Returns which processes can't run, because they can't do without what is left out.
    pub(super) fn without(&self, skipped: &[bool], done: &[bool]) -> Vec<Option<Left>> {
        let mut gone = skipped.to_vec();
        let mut left = vec![None; gone.len()];
        let mut next: Vec<usize> =
            (0..gone.len()).filter(|&process| skipped[process] || done[process]).collect();
        while let Some(lost) = next.pop() {
            let mut affected = self.namers[lost].clone();
            self.each(lost, |partner| affected.push(partner.process));
            for process in affected {
                if gone[process] || done[process] {
                    continue;
                }
                if let Some(missing) = self.missing(process, &gone, done) {
                    gone[process] = true;
                    left[process] = Some(Left::Without(missing));
                    next.push(process);
                }
            }
        }
        left
    }

    /// Returns what a process can't do without and does not have.
    fn missing(&self, process: usize, gone: &[bool], done: &[bool]) -> Option<usize> {
        let links = self.links;
        let named = links.edges[process].iter().find(|edge| match edge.kind {
            Kind::Need(When::Failed) => gone[edge.to] || done[edge.to],
            Kind::Stdin | Kind::Stdout | Kind::Result | Kind::Pipe => gone[edge.to],
            Kind::After | Kind::Need(When::Passed | When::Ended | When::Started | When::Ready) => {
                false
            }
        });
        let read = || links.readers[process].iter().copied().find(|reader| gone[*reader]);
        named.map(|edge| edge.to).or_else(read).or_else(|| {
            let unread = |lane: &usize| {
                let readers = &links.lanes.lane(*lane).readers;
                !readers.is_empty() && readers.iter().all(|reader| gone[*reader])
            };
            let lanes = links.feeds[process].iter().flat_map(|q| links.lanes.of_queue(*q));
            let lane = lanes.filter(unread).map(|lane| links.lanes.lane(lane).readers[0]).next();
            lane.or_else(|| self.unfed(process, gone))
        })
    }

    /// Returns a feeder of the queue that a process reads, where none is left.
    fn unfed(&self, process: usize, gone: &[bool]) -> Option<usize> {
        let queue = self.links.consumes[process]?;
        let feeders = &self.links.feeders[queue];
        let has_items = self.links.job.queues[queue].items.is_some();
        let none = !has_items && feeders.iter().all(|feeder| gone[*feeder]);
        feeders.first().copied().filter(|_| none)
    }

    /// Returns what is asked for with all that it can't do without.
    pub(super) fn close(&self, asked: &Asked, skipped: &[Cells], done: &[Cells]) -> Chosen {
        let mut cells = asked.cells.clone();
        let why = (0..cells.len()).map(|at| match &asked.left[at] {
            _ if cells[at] != Cells::None => Why::Runs(asked.grounds[at].clone()),
            Some(left) => Why::Left(left.clone()),
            None => Why::Left(Left::Unasked),
        });
        let mut why: Vec<Why> = why.collect();
        let mut next: Vec<usize> =
            (0..cells.len()).filter(|&at| cells[at] != Cells::None).collect();
        // The first in the file is looked at first, so that its need is the reason that is told.
        next.reverse();
        let mut walked = vec![false; cells.len()];
        while let Some(process) = next.pop() {
            if std::mem::replace(&mut walked[process], true) {
                continue;
            }
            self.each(process, |Partner { process: other, ground, falls_away }| {
                let count = asked.counts[other];
                let mut more = Cells::All.less(&skipped[other], count);
                if falls_away {
                    more = more.less(&done[other], count);
                }
                if more == Cells::None {
                    return;
                }
                if cells[other] == Cells::None {
                    why[other] = Why::Runs(vec![ground]);
                }
                cells[other] = cells[other].either(&more, count);
                next.push(other);
            });
        }
        Chosen { cells, why }
    }
}
