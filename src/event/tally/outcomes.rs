//! Outcomes: how many of something ended, and as what.
//!
//! Unaware of what ended.

use crate::event::Outcome;

/// Counts, in the order of [`Outcome::ALL`].
#[derive(Debug, Default)]
pub struct Outcomes([u32; Outcome::ALL.len()]);

impl Outcomes {
    /// Returns how many ended so.
    pub fn of(&self, outcome: Outcome) -> u32 {
        self.0[outcome as usize]
    }

    /// Returns how many ended.
    pub fn all(&self) -> u32 {
        self.0.iter().sum()
    }

    /// Returns how many failed, ran out of time or were killed.
    pub fn failed(&self) -> u32 {
        Outcome::ALL.iter().filter(|o| o.is_failure()).map(|o| self.of(*o)).sum()
    }

    /// Counts one more.
    pub(super) fn count(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }
}
