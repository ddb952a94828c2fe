//! Services: how many there are, and what became of them, apart from the work that they are for.
//!
//! Unaware of which they are.

use super::Outcomes;

/// The services of a run.
#[derive(Debug, Default)]
pub struct Services {
    /// How many were declared.
    pub declared: u32,
    /// How many have been started and have not ended.
    pub running: u32,
    /// How often one was started again.
    pub restarts: u64,
    /// Those that ended.
    pub ended: Outcomes,
}
