//! Facts: what is known about some processes wherever a unit runs.
//!
//! Bits of words, so that 64 processes are looked at together; cleared by what was touched, so that
//! a pass costs what it meets. Unaware of the graph.

use crate::model::When;

/// Positions among the facts about a process: it did not fail, it failed, it is over.
pub(super) const GOOD: usize = 0;
pub(super) const BAD: usize = 1;
pub(super) const OVER: usize = 2;

/// Returns what a need says about a process of this bit.
pub(super) fn says(when: When, bit: u64) -> [u64; 3] {
    match when {
        When::Passed => [bit, 0, bit],
        When::Failed => [0, bit, bit],
        When::Ended => [0, 0, bit],
        When::Started | When::Ready => [0, 0, 0],
    }
}

/// What holds wherever a unit runs, about some processes.
pub(super) struct Facts {
    pub(super) targets: Vec<usize>,
    /// By process: its bit, if it is one of them.
    pub(super) bits: Vec<u64>,
    /// By leader.
    pub(super) of: Vec<[u64; 3]>,
    /// Leaders of which something is known.
    pub(super) known: Vec<usize>,
}

impl Facts {
    pub(super) fn new(count: usize) -> Self {
        Self {
            targets: Vec::new(),
            bits: vec![0; count],
            of: vec![[0; 3]; count],
            known: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, targets: &[usize]) {
        self.targets = targets.to_vec();
        for (at, &target) in targets.iter().enumerate() {
            self.bits[target] = 1 << at;
        }
    }

    /// Adds to what is known of a unit; returns whether nothing was.
    pub(super) fn add(&mut self, leader: usize, found: [u64; 3]) -> bool {
        let was_known = self.of[leader] != [0; 3];
        let now = &mut self.of[leader];
        now.iter_mut().zip(found).for_each(|(known, found)| *known |= found);
        let is_new = !was_known && found != [0; 3];
        self.known.extend(is_new.then_some(leader));
        is_new
    }

    pub(super) fn end(&mut self) {
        self.targets.iter().for_each(|&target| self.bits[target] = 0);
        self.known.drain(..).for_each(|leader| self.of[leader] = [0; 3]);
    }
}
