//! Cells: which cells of a process are meant.
//!
//! Unaware of what they are meant for.

use std::collections::BTreeSet;

/// Which cells of a process are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Cells {
    /// None.
    None,
    /// All of them.
    All,
    /// Some, by position.
    Some(BTreeSet<usize>),
}

impl Cells {
    /// Returns some of so many.
    pub(super) fn of(cells: BTreeSet<usize>, count: usize) -> Self {
        match cells.len() {
            0 => Self::None,
            all if all == count => Self::All,
            _ => Self::Some(cells),
        }
    }

    /// Returns whether a cell is meant.
    pub(in crate::plan) fn has(&self, at: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(cells) => cells.contains(&at),
        }
    }

    /// Returns how many are meant, of so many.
    pub(super) fn count(&self, of: usize) -> usize {
        match self {
            Self::None => 0,
            Self::All => of,
            Self::Some(cells) => cells.len(),
        }
    }

    /// Returns those that both mean, of so many.
    pub(super) fn both(&self, other: &Self, count: usize) -> Self {
        self.those(count, |cell| other.has(cell))
    }

    /// Returns those that the other does not mean, of so many.
    pub(super) fn less(&self, other: &Self, count: usize) -> Self {
        self.those(count, |cell| !other.has(cell))
    }

    /// Returns those that either means, of so many.
    pub(super) fn either(&self, other: &Self, count: usize) -> Self {
        Self::All.those(count, |cell| self.has(cell) || other.has(cell))
    }

    fn those(&self, count: usize, is: impl Fn(usize) -> bool) -> Self {
        Self::of((0..count).filter(|&cell| self.has(cell) && is(cell)).collect(), count)
    }
}
