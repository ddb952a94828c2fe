//! Waiting: why something has not started, as a value that can be had at any time.
//!
//! Unaware of who asks.

use std::fmt;
use std::time::Duration;

use super::Core;
use super::memory::size;
use super::nodes::State;
use super::start::Manner;
use crate::event::EventKind;
use crate::model::{NodeId, PoolId, When};
use crate::plan::Node;

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
    /// A slot of the machine that `make` or the like has.
    Token,
    /// As much memory as a pool asks for.
    Memory(u64),
    /// The next start that a pool's rate allows.
    Rate(String),
    /// An item.
    Items(String),
    /// Room in a queue that it feeds.
    Room(String),
    /// The terminal, which this node has.
    Terminal(String),
    /// Those that a pipe joins to it, which start with it.
    Pipe(String),
    /// The wait before the next try.
    Retry(Duration),
    /// The answer to its conditions.
    Condition,
    /// A failure, which is what it runs on.
    Failure,
    /// Somebody who needs it, and nothing else.
    Use,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needs { name, when: When::Passed } => write!(f, "needs `{name}`"),
            Self::Needs { name, when: When::Ended } => write!(f, "needs the end of `{name}`"),
            Self::Needs { name, when: When::Failed } => write!(f, "needs a failure of `{name}`"),
            Self::Needs { name, when: When::Started } => write!(f, "needs the start of `{name}`"),
            Self::Needs { name, when: When::Ready } => write!(f, "service `{name}` is not ready"),
            Self::Use => write!(f, "nobody needs it yet"),
            Self::After(name) => write!(f, "comes after `{name}`"),
            Self::Pool { name, used, size } => write!(f, "pool `{name}` {used}/{size}"),
            Self::Jobs { used, jobs } => write!(f, "jobs {used}/{jobs}"),
            Self::Token => write!(f, "all job slots are taken by `make` or the like"),
            Self::Memory(least) => write!(f, "memory below {}", size(*least)),
            Self::Rate(name) => write!(f, "the rate of pool `{name}`"),
            Self::Items(name) => write!(f, "queue `{name}` is empty"),
            Self::Room(name) => write!(f, "queue `{name}` is full"),
            Self::Terminal(name) => write!(f, "`{name}` has the terminal"),
            Self::Pipe(name) => write!(f, "starts together with `{name}`"),
            Self::Retry(wait) => write!(f, "retry in {} s", wait.as_secs() + 1),
            Self::Condition => write!(f, "its condition is being asked"),
            Self::Failure => write!(f, "runs only after a failure"),
        }
    }
}

impl Core {
    /// Tells why each waiting node waits.
    pub(super) fn explain(&mut self) {
        let lack = |node| self.lack(node).map(|reason| (node, reason));
        let reasons = (0..self.rows.len()).map(NodeId::at).filter_map(lack);
        let shown: Vec<_> = reasons
            .take(EXPLAINED)
            .map(|(node, reason)| format!("`{}` waits: {reason}", self.plan.node(node).name))
            .collect();
        for message in shown {
            self.tell(EventKind::Noted { message });
        }
    }

    /// Returns what a node waits for.
    pub(super) fn lack(&self, node: NodeId) -> Option<Reason> {
        match self.waiting(node) {
            Waiting::On(reason) => Some(reason),
            Waiting::No => None,
        }
    }

    /// Returns why a node waits.
    pub(super) fn waiting(&self, node: NodeId) -> Waiting {
        let row = &self.rows[node.index()];
        let reason = match row.state {
            State::Waiting if row.awaits_failure(self.failed) && row.unmet == 0 => {
                Some(Reason::Failure)
            }
            State::Asking => Some(Reason::Condition),
            State::Waiting => self.unmet_edge(node).or_else(|| {
                let is_asked_for = self.is_summoned(node);
                if is_asked_for { self.unserved(node) } else { Some(Reason::Use) }
            }),
            State::Ready | State::Running if row.children == 0 => self.lacking(node),
            State::Backoff => Some(Reason::Retry(self.retry_in(node))),
            State::Finally if self.is_in_line(node) => self.lacking_slot(self.plan.node(node)),
            State::Ready | State::Running | State::Finally | State::Done { .. } => None,
        };
        reason.map_or(Waiting::No, Waiting::On)
    }

    fn unmet_edge(&self, node: NodeId) -> Option<Reason> {
        let node = self.plan.node(node);
        let name = |id: &NodeId| self.plan.node(*id).name.clone();
        let open = |id: &NodeId| !self.rows[id.index()].is_done();
        let need = node.needs.iter().find(|(needed, when)| {
            let started = when.holds()
                && (self.rows[needed.index()].start_was_heard || self.is_service(*needed));
            open(needed) && !started
        });
        need.map(|(needed, when)| Reason::Needs { name: name(needed), when: *when })
            .or_else(|| node.after.iter().find(|id| open(id)).map(|id| Reason::After(name(id))))
    }

    /// Returns a service that a node needs and that is not there.
    fn unserved(&self, node: NodeId) -> Option<Reason> {
        let mut services = super::services::held(&self.plan, node);
        let (service, when) = services.find(|(service, when)| !self.serves(*service, *when))?;
        Some(Reason::Needs { name: self.plan.node(service).name.clone(), when })
    }

    /// Returns what a node lacks that is let in and has no child.
    fn lacking(&self, node: NodeId) -> Option<Reason> {
        if let Some(reason) = self.unserved(node) {
            return Some(reason);
        }
        if self.is_service(node) && !self.is_due(node) {
            return Some(Reason::Use);
        }
        let joined = self.units.of(node).iter().find(|other| !self.rows[other.index()].in_line);
        let planned = self.plan.node(node);
        if planned.consumes.is_none() && joined.is_some_and(|other| *other != node) {
            return joined.map(|other| Reason::Pipe(self.plan.node(*other).name.clone()));
        }
        let name = |queue| self.plan.queue(queue).name.clone();
        if let Some(queue) = planned.consumes {
            if let Some(full) = self.full_queue(node) {
                return Some(Reason::Room(name(full)));
            }
            if self.queues[queue.index()].level.waiting == 0 {
                return Some(Reason::Items(name(queue)));
            }
        }
        if let Some(holder) = self.has_terminal.filter(|_| self.is_interactive(node)) {
            return Some(Reason::Terminal(self.plan.node(holder).name.clone()));
        }
        self.lacking_slot(planned)
    }

    fn lacking_slot(&self, node: &Node) -> Option<Reason> {
        let name = |pool: PoolId| self.plan.pools[pool.index()].name.clone();
        let waits = Manner::of(&self.plan, node).waits(0);
        if !waits || node.names_pools {
            for pool in &node.pools {
                let (used, size) = self.slots.usage(*pool);
                if used + node.weight > size {
                    return Some(Reason::Pool { name: name(*pool), used, size });
                }
            }
        }
        match self.slots.jobs().filter(|_| !waits) {
            Some((used, jobs)) if used >= jobs => Some(Reason::Jobs { used, jobs }),
            _ => {
                if let Some(least) = self.memory_lacking(node.id) {
                    return Some(Reason::Memory(least));
                }
                if !waits && self.slots.tokens.are_lacking() {
                    return Some(Reason::Token);
                }
                let rated = |pool: &&PoolId| self.plan.pools[pool.index()].rate.is_some();
                let rated = node.pools.iter().find(rated);
                rated.map(|pool| Reason::Rate(name(*pool)))
            }
        }
    }

    fn retry_in(&self, node: NodeId) -> Duration {
        self.rows[node.index()].tries_at.map_or(Duration::ZERO, |at| at.saturating_sub(self.now))
    }
}
