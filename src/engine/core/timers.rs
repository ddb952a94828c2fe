//! Timers: what happens by itself, and when.
//!
//! Unaware of what is done when one rings.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{AttemptId, NodeId, PoolId};

/// What a timer is for. The order decides among those that ring at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// An attempt is out of time.
    Total(AttemptId),
    /// An attempt takes long.
    Slow(AttemptId),
    /// A service should be ready by now.
    Unready(AttemptId),
    /// A service is probed again.
    Look(AttemptId),
    /// An attempt was asked to end, and still has a child.
    Grace(AttemptId),
    /// Who reads the pipe of an attempt has long been gone.
    Unheard(AttemptId),
    /// What a node asks for should be answered by now.
    Unanswered(NodeId),
    /// A node is tried again.
    Retry(NodeId),
    /// What a long-lived child had read is given to a fresh one.
    Replay(NodeId, AttemptId),
    /// A batch has waited long enough for more items.
    Linger(NodeId),
    /// A node that paused may try an item.
    Probe(NodeId),
    /// A pool's rate allows another start.
    Rate(PoolId),
    /// There may be more memory.
    Memory,
    /// The run is out of time.
    Deadline,
}

impl Timer {
    fn starts(self) -> bool {
        match self {
            Self::Retry(_)
            | Self::Replay(..)
            | Self::Linger(_)
            | Self::Probe(_)
            | Self::Rate(_)
            | Self::Memory => true,
            Self::Total(_)
            | Self::Slow(_)
            | Self::Unready(_)
            | Self::Look(_)
            | Self::Grace(_)
            | Self::Unheard(_)
            | Self::Unanswered(_)
            | Self::Deadline => false,
        }
    }
}

/// All timers that are set.
#[derive(Debug, Default)]
pub(super) struct Timers {
    set: BTreeSet<(Duration, Timer)>,
    /// Of those, after which something may start.
    starts: usize,
}

impl Timers {
    /// Sets a timer.
    pub(super) fn set(&mut self, at: Duration, timer: Timer) {
        if self.set.insert((at, timer)) {
            self.starts += usize::from(timer.starts());
        }
    }

    /// Takes a timer back.
    pub(super) fn unset(&mut self, at: Duration, timer: Timer) {
        if self.set.remove(&(at, timer)) {
            self.starts -= usize::from(timer.starts());
        }
    }

    /// Returns and removes the next timer that has rung by now.
    pub(super) fn rung(&mut self, now: Duration) -> Option<Timer> {
        let (at, timer) = *self.set.first().filter(|(at, _)| *at <= now)?;
        self.unset(at, timer);
        Some(timer)
    }

    /// Returns when the next timer rings.
    pub(super) fn next(&self) -> Option<Duration> {
        self.set.first().map(|(at, _)| *at)
    }

    /// Returns whether something may start after one of them.
    pub(super) fn will_start(&self) -> bool {
        self.starts > 0
    }
}
