//! Waiting: why something has not started, as a value that can be had at any time.
//!
//! Unaware of who asks.

use std::fmt;
use std::time::Duration;

use super::Core;
use super::nodes::State;
use crate::event::EventKind;
use crate::model::{NodeId, When};

/// Nodes that an explanation names at most: what fits a screen.
const EXPLAINED: usize = 50;

/// Why a node waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Waiting {
    /// For something.
    On(Reason),
    /// For nothing: it runs, or it ended.
    No,
}

/// What a node waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// Another node.
    Needs {
        /// Its name.
        name: String,
        /// What must have happened to it.
        when: When,
    },
    /// Another node, for the order only.
    After(String),
    /// A slot of a pool.
    Pool {
        /// Its name.
        name: String,
        /// Slots in use.
        used: u32,
        /// Its slots.
        size: u32,
    },
    /// The bound over all pools.
    Jobs {
        /// Children that count.
        used: u32,
        /// The bound.
        jobs: u32,
    },
    /// The next start that a pool's rate allows.
    Rate(String),
    /// An item.
    Items(String),
    /// Room in a queue that it feeds.
    Room(String),
    /// The wait before the next try.
    Retry(Duration),
    /// A failure, which is what it runs on.
    Failure,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needs { name, when: When::Passed } => write!(f, "needs `{name}`"),
            Self::Needs { name, when: When::Ended } => write!(f, "needs the end of `{name}`"),
            Self::Needs { name, when: When::Failed } => write!(f, "needs a failure of `{name}`"),
            Self::Needs { name, when: When::Started } => write!(f, "needs the start of `{name}`"),
            Self::After(name) => write!(f, "comes after `{name}`"),
            Self::Pool { name, used, size } => write!(f, "pool `{name}` {used}/{size}"),
            Self::Jobs { used, jobs } => write!(f, "jobs {used}/{jobs}"),
            Self::Rate(name) => write!(f, "the rate of pool `{name}`"),
            Self::Items(name) => write!(f, "queue `{name}` is empty"),
            Self::Room(name) => write!(f, "queue `{name}` is full"),
            Self::Retry(wait) => write!(f, "retry in {} s", wait.as_secs() + 1),
            Self::Failure => write!(f, "runs only after a failure"),
        }
    }
}

impl Core {
    /// Tells why each waiting node waits.
    pub(super) fn explain(&mut self) {
        let reasons = (0..self.rows.len()).map(NodeId::at).filter_map(|node| {
            match self.waiting(node) {
                Waiting::On(reason) => Some((node, reason)),
                Waiting::No => None,
            }
        });
        let shown: Vec<_> = reasons
            .take(EXPLAINED)
            .map(|(node, reason)| format!("`{}` waits: {reason}", self.plan.node(node).name))
            .collect();
        for message in shown {
            self.tell(EventKind::Noted { message });
        }
    }

    /// Returns why a node waits.
    pub(super) fn waiting(&self, node: NodeId) -> Waiting {
        let row = &self.rows[node.index()];
        let reason = match row.state {
            State::Waiting if row.awaits_failure(self.failed) && row.unmet == 0 => {
                Some(Reason::Failure)
            }
            State::Waiting => self.unmet_edge(node),
            State::Ready | State::Running if row.in_line => self.lacking_slot(node),
            State::Ready | State::Running if row.children == 0 => self.lacking_item(node),
            State::Backoff => Some(Reason::Retry(self.retry_in(node))),
            State::Ready | State::Running | State::Done { .. } => None,
        };
        reason.map_or(Waiting::No, Waiting::On)
    }

    fn unmet_edge(&self, node: NodeId) -> Option<Reason> {
        let node = self.plan.node(node);
        let name = |id: &NodeId| self.plan.node(*id).name.clone();
        let open = |id: &NodeId| !self.rows[id.index()].is_done();
        let need = node.needs.iter().find(|(needed, when)| {
            open(needed) && (*when != When::Started || self.rows[needed.index()].started.is_none())
        });
        need.map(|(needed, when)| Reason::Needs { name: name(needed), when: *when })
            .or_else(|| node.after.iter().find(|id| open(id)).map(|id| Reason::After(name(id))))
    }

    fn lacking_slot(&self, node: NodeId) -> Option<Reason> {
        let node = self.plan.node(node);
        let name = |index: usize| self.plan.pools[index].name.clone();
        for pool in &node.pools {
            let (used, size) = self.slots.usage(*pool);
            if used + node.weight > size {
                return Some(Reason::Pool { name: name(pool.index()), used, size });
            }
        }
        match self.slots.jobs() {
            Some((used, jobs)) if used >= jobs => Some(Reason::Jobs { used, jobs }),
            _ => {
                let rated = node.pools.iter().find(|p| self.plan.pools[p.index()].rate.is_some());
                rated.map(|pool| Reason::Rate(name(pool.index())))
            }
        }
    }

    fn lacking_item(&self, node: NodeId) -> Option<Reason> {
        let planned = self.plan.node(node);
        let queue = planned.consumes?;
        let full = |queue: &&crate::model::QueueId| self.queues[queue.index()].level.full;
        if let Some(full) = planned.produces.iter().find(full) {
            return Some(Reason::Room(self.plan.queue(*full).name.clone()));
        }
        Some(Reason::Items(self.plan.queue(queue).name.clone()))
    }

    fn retry_in(&self, node: NodeId) -> Duration {
        self.timers.retry_at(node).map_or(Duration::ZERO, |at| at.saturating_sub(self.now))
    }
}
