//! Slots: how many attempts may run at once, pool by pool and over all pools.
//!
//! A semaphore whose permits are values, so that the core stays synchronous and a test can count
//! them. Knows pools, their sizes and their rates; unaware of nodes and children.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::model::{PoolId, Rate};
use crate::plan::Pool;

/// Every pool's slots, and the bound over all of them.
#[derive(Debug)]
pub(super) struct Slots {
    pools: Vec<PoolSlots>,
    jobs: Option<u32>,
    jobs_used: u32,
}

/// What an attempt asks for: all of it or nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    /// The pools; never empty.
    pub(super) pools: &'a [PoolId],
    /// Slots of each.
    pub(super) weight: u32,
    /// Whether it counts in its pools; else it only gets a number.
    pub(super) in_pools: bool,
    /// Whether it counts in the bound over all pools.
    pub(super) in_jobs: bool,
}

/// Slots taken. It is not `Clone`: it goes back exactly once.
#[derive(Debug)]
#[must_use = "a permit that is not given back shrinks its pools for good"]
pub(super) struct Permit {
    taken: Vec<Taken>,
    in_jobs: bool,
}

/// What a permit holds of one pool.
#[derive(Debug)]
struct Taken {
    pool: PoolId,
    slots: Vec<u32>,
    counts: bool,
}

/// Why a claim was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// A pool has too few free slots.
    Pool(PoolId),
    /// The bound over all pools is reached.
    Jobs,
    /// A pool's `rate` allows the next start only then.
    Rate(PoolId, Duration),
}

impl Slots {
    /// Makes free slots.
    pub(super) fn new(pools: &[Pool], jobs: Option<u32>) -> Self {
        Self { pools: pools.iter().map(PoolSlots::new).collect(), jobs, jobs_used: 0 }
    }

    /// Takes all that a claim asks for, or nothing.
    pub(super) fn take(&mut self, now: Duration, claim: Claim<'_>) -> Result<Permit, Full> {
        if claim.in_jobs && self.jobs.is_some_and(|jobs| self.jobs_used >= jobs) {
            return Err(Full::Jobs);
        }
        if claim.in_pools {
            for pool in claim.pools {
                self.pools[pool.index()].check(now, *pool, claim.weight)?;
            }
        }
        let take = |pool: &PoolId| self.pools[pool.index()].take(*pool, claim);
        let taken = claim.pools.iter().map(take).collect();
        self.jobs_used += u32::from(claim.in_jobs);
        Ok(Permit { taken, in_jobs: claim.in_jobs })
    }

    /// Gives slots back and returns the pools that have room again.
    pub(super) fn give_back(&mut self, permit: Permit) -> impl Iterator<Item = PoolId> + use<> {
        self.jobs_used -= u32::from(permit.in_jobs);
        let mut pools = Vec::with_capacity(permit.taken.len());
        for taken in permit.taken {
            pools.push(taken.pool);
            self.pools[taken.pool.index()].give_back(taken);
        }
        pools.into_iter()
    }

    /// Returns slots in use and the size of a pool.
    pub(super) fn usage(&self, pool: PoolId) -> (u32, u32) {
        let pool = &self.pools[pool.index()];
        (pool.used, pool.size)
    }

    /// Returns the bound over all pools and how much of it is in use.
    pub(super) fn jobs(&self) -> Option<(u32, u32)> {
        self.jobs.map(|jobs| (self.jobs_used, jobs))
    }
}

impl Permit {
    /// Returns `RUNNER_SLOT`: the first slot of the first pool.
    pub(super) fn slot(&self) -> u32 {
        self.taken.first().and_then(|taken| taken.slots.first()).copied().unwrap_or_default()
    }

    /// Returns the first slot held of each pool, where it counts there.
    pub(super) fn held(&self) -> impl Iterator<Item = (PoolId, u32)> {
        let first = |taken: &Taken| Some((taken.pool, *taken.slots.first()?));
        self.taken.iter().filter(|taken| taken.counts).filter_map(first)
    }
}

/// The slots of one pool.
#[derive(Debug)]
struct PoolSlots {
    size: u32,
    used: u32,
    counted: Numbers,
    /// Numbers above `size`, for attempts that hold none and still want one of their own.
    exempt: Numbers,
    bucket: Option<Bucket>,
}

impl PoolSlots {
    fn new(pool: &Pool) -> Self {
        let bucket = pool.rate.map(Bucket::new);
        let exempt = Numbers { fresh: pool.size, ..Numbers::default() };
        Self { size: pool.size, used: 0, counted: Numbers::default(), exempt, bucket }
    }

    fn check(&mut self, now: Duration, id: PoolId, weight: u32) -> Result<(), Full> {
        if self.used + weight > self.size {
            return Err(Full::Pool(id));
        }
        let wait = self.bucket.as_mut().and_then(|bucket| bucket.wait(now));
        wait.map_or(Ok(()), |at| Err(Full::Rate(id, at)))
    }

    fn take(&mut self, pool: PoolId, claim: Claim<'_>) -> Taken {
        if !claim.in_pools {
            return Taken { pool, slots: vec![self.exempt.take()], counts: false };
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.tokens -= 1.0;
        }
        self.used += claim.weight;
        let slots = (0..claim.weight).map(|_| self.counted.take()).collect();
        Taken { pool, slots, counts: true }
    }

    fn give_back(&mut self, taken: Taken) {
        let numbers = if taken.counts { &mut self.counted } else { &mut self.exempt };
        if taken.counts {
            self.used -= u32::try_from(taken.slots.len()).unwrap_or(u32::MAX);
        }
        numbers.free.extend(taken.slots.into_iter().map(Reverse));
    }
}

/// Numbers, lowest free one first.
#[derive(Debug, Default)]
struct Numbers {
    free: BinaryHeap<Reverse<u32>>,
    fresh: u32,
}

impl Numbers {
    fn take(&mut self) -> u32 {
        self.free.pop().map_or_else(
            || {
                self.fresh += 1;
                self.fresh - 1
            },
            |Reverse(number)| number,
        )
    }
}

/// A token bucket: full at the start, one token a start.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self { rate, tokens: f64::from(rate.starts), filled: Duration::ZERO }
    }

    /// Returns when there will be a token, or `None` if there is one.
    fn wait(&mut self, now: Duration) -> Option<Duration> {
        let per_token = self.rate.per.as_secs_f64() / f64::from(self.rate.starts);
        let since = now.saturating_sub(self.filled).as_secs_f64();
        self.tokens = (self.tokens + since / per_token).min(f64::from(self.rate.starts));
        self.filled = self.filled.max(now);
        // A token that lacks a nanosecond is there: the timer is no finer.
        let lack = (1.0 - self.tokens) * per_token;
        (lack > 1e-9).then(|| now + Duration::from_secs_f64(lack).max(Duration::from_micros(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(id: u32, size: u32, rate: Option<Rate>) -> Pool {
        Pool { id: PoolId(id), name: format!("p{id}"), size, slots: Vec::new(), rate }
    }

    fn claim(pools: &[PoolId], weight: u32) -> Claim<'_> {
        Claim { pools, weight, in_pools: true, in_jobs: true }
    }

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn all_or_nothing() {
        let mut slots = Slots::new(&[pool(0, 2, None), pool(1, 1, None)], None);
        let both = [PoolId(0), PoolId(1)];
        let first = slots.take(NOW, claim(&both, 1)).unwrap();
        assert_eq!(slots.take(NOW, claim(&both, 1)).unwrap_err(), Full::Pool(PoolId(1)));
        assert_eq!(slots.usage(PoolId(0)), (1, 2));
        assert_eq!(slots.give_back(first).collect::<Vec<_>>(), both);
        assert_eq!(slots.usage(PoolId(0)), (0, 2));
    }

    #[test]
    fn the_lowest_free_number_is_used_again() {
        let mut slots = Slots::new(&[pool(0, 3, None)], None);
        let pools = [PoolId(0)];
        let first = slots.take(NOW, claim(&pools, 1)).unwrap();
        let second = slots.take(NOW, claim(&pools, 1)).unwrap();
        assert_eq!((first.slot(), second.slot()), (0, 1));
        let _ = slots.give_back(first);
        assert_eq!(slots.take(NOW, claim(&pools, 1)).unwrap().slot(), 0);
    }

    #[test]
    fn what_does_not_count_gets_a_number_of_its_own() {
        let mut slots = Slots::new(&[pool(0, 1, None)], Some(1));
        let pools = [PoolId(0)];
        let exempt = Claim { in_pools: false, in_jobs: false, ..claim(&pools, 1) };
        let source = slots.take(NOW, exempt).unwrap();
        assert_eq!(source.slot(), 1);
        assert_eq!(source.held().count(), 0);
        assert_eq!(slots.take(NOW, claim(&pools, 1)).unwrap().slot(), 0);
        assert_eq!(slots.take(NOW, claim(&pools, 1)).unwrap_err(), Full::Jobs);
    }

    #[test]
    fn a_rate_lets_a_burst_through_and_then_one_at_a_time() {
        let rate = Rate { starts: 2, per: Duration::from_secs(1) };
        let mut slots = Slots::new(&[pool(0, 9, Some(rate))], None);
        let pools = [PoolId(0)];
        let _a = slots.take(NOW, claim(&pools, 1)).unwrap();
        let _b = slots.take(NOW, claim(&pools, 1)).unwrap();
        let at = Duration::from_millis(500);
        assert_eq!(slots.take(NOW, claim(&pools, 1)).unwrap_err(), Full::Rate(PoolId(0), at));
        let _c = slots.take(at, claim(&pools, 1)).unwrap();
        assert!(slots.take(at, claim(&pools, 1)).is_err());
    }
}
