//! Memory: nothing more starts in a pool while less than its `memory` is available.
//!
//! The core asks, the body looks, and a look holds for a moment, because many start at once. Where
//! nothing else runs that would end by itself, one starts nevertheless: what it waits for may be in
//! the hands of others for ever. Unaware of how memory is measured.

use std::time::Duration;

use super::ready::Lack;
use super::timers::Timer;
use super::{Core, Effect};
use crate::event::EventKind;
use crate::model::{NodeId, PoolId};
use crate::plan::Plan;

/// How long a look holds. In a shorter time no child becomes large.
const FRESH: Duration = Duration::from_millis(100);

/// How soon it is looked again where there was too little: what frees memory is seldom quicker.
const AGAIN: Duration = Duration::from_millis(500);

/// What is known of memory.
#[derive(Debug)]
pub(super) struct Memory {
    /// The pools that ask for some.
    pools: Vec<PoolId>,
    /// When it was looked at, and how many bytes were available; `None` where nobody can say.
    seen: Option<(Duration, Option<u64>)>,
    /// Whether a look was asked for and has not come yet.
    asked: bool,
    /// Whether another look is due.
    due: bool,
    /// Pools of which it was told that they wait.
    told: Vec<PoolId>,
}

impl Memory {
    /// Knows nothing yet.
    pub(super) fn of(plan: &Plan) -> Self {
        let asking = plan.pools.iter().filter(|pool| pool.memory.is_some());
        let pools = asking.map(|pool| pool.id).collect();
        Self { pools, seen: None, asked: false, due: false, told: Vec::new() }
    }
}

impl Core {
    /// Returns the pool that keeps a node and those that start with it from starting, because too
    /// little memory is available or because that is not known yet.
    pub(super) fn lacks_memory(&mut self, first: NodeId) -> Option<Lack> {
        if self.memory.pools.is_empty() {
            return None;
        }
        let nodes = self.units.of(first).iter();
        let pools = nodes.flat_map(|node| self.plan.node(*node).pools.iter());
        let least = |pool: &PoolId| Some((self.plan.pools[pool.index()].memory?, *pool));
        let (least, pool) = pools.filter_map(least).max()?;
        if !self.is_anything_busy() {
            return None;
        }
        let Some((_, available)) = self.memory.seen.filter(|(at, _)| *at + FRESH > self.now) else {
            if !std::mem::replace(&mut self.memory.asked, true) {
                self.out.push(Effect::LookAtMemory);
            }
            return Some(Lack::Memory(pool));
        };
        let available = available.filter(|available| *available < least)?;
        if !std::mem::replace(&mut self.memory.due, true) {
            self.timers.set(self.now + AGAIN, Timer::Memory);
        }
        if !self.memory.told.contains(&pool) {
            self.memory.told.push(pool);
            let name = &self.plan.pools[pool.index()].name;
            let (least, available) = (size(least), size(available));
            let message =
                format!("pool `{name}` waits: memory below {least} ({available} available)");
            self.tell(EventKind::Noted { message });
        }
        Some(Lack::Memory(pool))
    }

    /// Takes in how many bytes are available.
    pub(super) fn memory_seen(&mut self, available: Option<u64>) {
        self.memory.seen = Some((self.now, available));
        self.memory.asked = false;
        self.memory_may_do();
    }

    /// Looks again after there was too little.
    pub(super) fn look_at_memory_again(&mut self) {
        self.memory.due = false;
        self.memory_may_do();
    }

    /// Lets those try again that lacked memory.
    pub(super) fn memory_may_do(&mut self) {
        for pool in &self.memory.pools {
            self.ready.room(Lack::Memory(*pool));
        }
    }

    /// Returns the memory that a node's pools ask for, where there was too little.
    pub(super) fn memory_lacking(&self, node: NodeId) -> Option<u64> {
        let (_, available) = self.memory.seen?;
        let pools = self.plan.node(node).pools.iter();
        let least = pools.filter_map(|pool| self.plan.pools[pool.index()].memory).max()?;
        (available? < least && self.is_anything_busy()).then_some(least)
    }

    /// Returns whether something runs that will end without the help of others.
    fn is_anything_busy(&self) -> bool {
        let ends = |node| !super::Manner::of(&self.plan, self.plan.node(node)).is_long();
        self.attempts.values().any(|attempt| attempt.alive && ends(attempt.node))
    }
}

/// Returns a number of bytes as a person would write it: `2 GiB`, `1.5 MiB`.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(super) fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.into_iter().find(|(bits, _)| bytes >> bits > 0);
    let Some((bits, unit)) = unit else { return format!("{bytes} B") };
    let tenths = (bytes as f64 / f64::from(1_u32 << bits) * 10.0).round() / 10.0;
    format!("{tenths} {unit}")
}
