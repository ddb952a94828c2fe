//! Mark: by what a process is known to belong to an attempt, wherever it has gone.
//!
//! A limit that no Linux since 2.4.25 enforces, that on file locks. It is inherited by everything
//! that a child starts, through new sessions and emptied environments, and its hard part can't be
//! raised again. The outermost runner marks with both parts and reads the hard one; one inside it
//! keeps that, and marks with the soft part; one further inside has no marks left. Unaware of what
//! is done with it.

use rustix::process::{Pid, Resource, getrlimit};

use super::kin;
use super::wire::Id;

/// The mark of attempt 0. Far above any number of locks, were the limit ever enforced again.
const FIRST: u64 = 1 << 40;

/// With what the processes of this runner can be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// With both parts of the limit.
    Outer,
    /// With the soft one; the hard one is the mark of an outer runner.
    Inner(u64),
    /// With nothing.
    None,
}

impl Marks {
    /// Finds out what is left to be marked with.
    pub(super) fn left() -> Self {
        let limit = getrlimit(Resource::Locks);
        match (limit.current, limit.maximum) {
            (_, None) => Self::Outer,
            (Some(soft), Some(hard)) if soft == hard && hard >= FIRST => Self::Inner(hard),
            _ => Self::None,
        }
    }

    /// Returns the limit, soft and hard, that all processes of an attempt have.
    pub(super) fn for_attempt(self, id: Id) -> Option<(u64, u64)> {
        match self {
            Self::Outer => Some((FIRST + id, FIRST + id)),
            Self::Inner(hard) => Some((id, hard)),
            Self::None => None,
        }
    }

    /// Returns the attempt whose mark a process has.
    pub(super) fn of(self, process: Pid) -> Option<Id> {
        match self {
            Self::Outer => kin::limit_on_locks(process)?.1.checked_sub(FIRST),
            Self::Inner(_) => Some(kin::limit_on_locks(process)?.0).filter(|id| *id < FIRST),
            Self::None => None,
        }
    }
}
