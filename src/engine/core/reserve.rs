//! Reserve: the slots that extra long-lived children leave free.
//!
//! A `stream` child holds its slots until its queue ends. Were all slots held by such children,
//! what should feed them could never start, and nothing would move again. One child of each
//! consumer is enough to go on; the others take only what is beyond this reserve: in each pool room
//! for all who must be there together, and for one of those that end by themselves. Unaware of what
//! runs.

use super::start::Manner;
use crate::model::PoolId;
use crate::plan::Plan;

/// What extra children leave free.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    pools: Vec<u32>,
    jobs: u32,
}

/// What one pool must be able to hold.
#[derive(Debug, Clone, Copy, Default)]
struct Least {
    /// By those whose end depends on others, all together.
    long: u32,
    /// By the greatest of what ends by itself.
    short: u32,
}

impl Reserve {
    /// Returns the reserve of a plan.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut least = vec![Least::default(); plan.pools.len()];
        let mut jobs = 0;
        for first in plan.nodes.iter().filter(|node| node.piped_from.is_none()) {
            let mut own: Vec<(PoolId, u32)> = Vec::new();
            let next = |id: &crate::model::NodeId| plan.node(*id).piped_to;
            for id in std::iter::successors(Some(first.id), next) {
                let node = plan.node(id);
                let manner = Manner::of(plan, node);
                jobs = jobs.max(u32::from(!manner.waits(0)));
                if !manner.waits(0) || node.names_pools {
                    own.extend(node.pools.iter().map(|pool| (*pool, node.weight)));
                }
            }
            let is_long = Manner::of(plan, first).is_long();
            own.sort_unstable();
            for pool in own.chunk_by(|(one, _), (other, _)| one == other) {
                let least = &mut least[pool[0].0.index()];
                let sum = pool.iter().fold(0_u32, |sum, (_, weight)| sum.saturating_add(*weight));
                if is_long {
                    least.long = least.long.saturating_add(sum);
                } else {
                    least.short = least.short.max(sum);
                }
            }
        }
        Self::new(least.iter().map(|pool| pool.long.saturating_add(pool.short)).collect(), jobs)
    }

    pub(super) fn new(pools: Vec<u32>, jobs: u32) -> Self {
        Self { pools, jobs }
    }

    /// Returns the slots of a pool that extra children leave free.
    pub(super) fn of_pool(&self, pool: PoolId) -> u32 {
        self.pools.get(pool.index()).copied().unwrap_or_default()
    }

    /// Returns what they leave free of the bound over all pools.
    pub(super) fn of_jobs(&self) -> u32 {
        self.jobs
    }
}
