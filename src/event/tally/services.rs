//! Services: how many there are, and what became of them, apart from the work that they are for.
//!
//! Unaware of which they are.

use crate::event::Outcome;

/// The services of a run.
#[derive(Debug, Default)]
pub struct Services {
    /// How many were declared.
    pub declared: u32,
    /// How many have been started and have not ended.
    pub running: u32,
    /// How often one was started again.
    pub restarts: u64,
    /// Those that ended, by outcome, in the order of [`Outcome::ALL`].
    ended: [u32; Outcome::ALL.len()],
}

impl Services {
    /// Returns how many ended so.
    pub fn ended_as(&self, outcome: Outcome) -> u32 {
        self.ended[outcome as usize]
    }

    /// Returns how many failed.
    pub fn failed(&self) -> u32 {
        Outcome::ALL.iter().filter(|o| o.is_failure()).map(|o| self.ended_as(*o)).sum()
    }

    /// Returns how many ended.
    pub fn done(&self) -> u32 {
        self.ended.iter().sum()
    }

    /// Counts one that ended.
    pub(super) fn end(&mut self, outcome: Outcome) {
        self.ended[outcome as usize] += 1;
    }
}
