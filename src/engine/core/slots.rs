//! Slots: how many attempts may run at once, pool by pool and over all pools.
//!
//! A semaphore whose permits are values, so that the core stays synchronous and a test can count
//! them. Knows pools, their sizes and their rates; unaware of nodes and children.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::reserve::Reserve;
use super::tokens::{Tokens, Use};
use crate::model::{PoolId, Rate};
use crate::plan::Pool;

/// Every pool's slots, and the bound over all of them.
#[derive(Debug)]
pub(super) struct Slots {
    pools: Vec<PoolSlots>,
    jobs: Option<Jobs>,
    /// What this run shares with others.
    pub(super) tokens: Tokens,
}

/// The bound over all pools.
#[derive(Debug)]
struct Jobs {
    size: u32,
    used: u32,
    /// What extra children may use of it.
    spare: u32,
    extra: u32,
}

/// What an attempt asks for: all of it or nothing.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Claim<'a> {
    /// The pools; never empty.
    pub(super) pools: &'a [PoolId],
    /// Slots of each.
    pub(super) weight: u32,
    /// Whether it counts in its pools; else it only gets a number.
    pub(super) in_pools: bool,
    /// Whether it counts in the bound over all pools.
    pub(super) in_jobs: bool,
    /// Whether it is a start that the rates of its pools count.
    pub(super) rated: bool,
    /// Whether its end depends on that of others, so that it may hold its slots for long.
    pub(super) long: bool,
    /// Whether it is an extra long-lived child, which leaves the reserve alone.
    pub(super) extra: bool,
}

/// Slots taken. It is not `Clone`: it goes back exactly once.
#[derive(Debug)]
#[must_use = "a permit that is not given back shrinks its pools for good"]
pub(super) struct Permit {
    taken: Vec<Taken>,
    in_jobs: bool,
    long: bool,
    extra: bool,
    token: Use,
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
    /// A pool has too few slots beside its reserve.
    Spare(PoolId),
    /// The bound over all pools is reached.
    Jobs,
    /// It is reached for extra children.
    SpareJobs,
    /// A token is lacking of those that are shared with others.
    Token,
    /// A pool's `rate` allows the next start only then.
    Rate(PoolId, Duration),
}

impl Slots {
    /// Makes free slots.
    pub(super) fn new(pools: &[Pool], jobs: Option<u32>, reserve: &Reserve) -> Self {
        let pool = |pool: &Pool| PoolSlots::new(pool, reserve.of_pool(pool.id));
        // Without one job nothing could ever start.
        let jobs = jobs.map(|jobs| jobs.max(1)).map(|size| {
            let spare = size.saturating_sub(reserve.of_jobs());
            Jobs { size, used: 0, spare, extra: 0 }
        });
        let pools = pools.iter().map(pool).collect();
        Self { pools, jobs, tokens: Tokens::default() }
    }

    /// Takes all that attempts ask for which start together, or nothing.
    pub(super) fn take(
        &mut self,
        now: Duration,
        claims: &[Claim<'_>],
    ) -> Result<Vec<Permit>, Full> {
        let mut permits = Vec::with_capacity(claims.len());
        let taken = claims
            .iter()
            .try_for_each(|claim| self.take_one(*claim).map(|permit| permits.push(permit)));
        let refused = taken.and_then(|()| {
            let tokens = permits.iter().map(|permit: &Permit| permit.token);
            if self.tokens.suffice(tokens) { self.draw(now, claims) } else { Err(Full::Token) }
        });
        if refused.is_err() {
            for permit in permits.drain(..) {
                let _ = self.give_back(permit);
            }
        }
        refused.map(|()| permits)
    }

    fn take_one(&mut self, claim: Claim<'_>) -> Result<Permit, Full> {
        if let Some(jobs) = self.jobs.as_ref().filter(|_| claim.in_jobs) {
            if jobs.used >= jobs.size {
                return Err(Full::Jobs);
            }
            if claim.extra && jobs.extra >= jobs.spare {
                return Err(Full::SpareJobs);
            }
        }
        if claim.in_pools {
            for pool in claim.pools {
                self.pools[pool.index()].check(*pool, claim)?;
            }
        }
        let token = self.tokens.count(claim);
        let take = |pool: &PoolId| self.pools[pool.index()].take(*pool, claim);
        let slots = claim.pools.iter().map(take).collect();
        if let Some(jobs) = self.jobs.as_mut().filter(|_| claim.in_jobs) {
            jobs.used += 1;
            jobs.extra += u32::from(claim.extra);
        }
        let Claim { in_jobs, long, extra, .. } = claim;
        Ok(Permit { taken: slots, in_jobs, long, extra, token })
    }

    /// Draws from the bucket of a rate for each start. Those that start together need only the
    /// first drop: a bucket that is smaller than they are many would never hold them all.
    fn draw(&mut self, now: Duration, claims: &[Claim<'_>]) -> Result<(), Full> {
        let counted = || claims.iter().filter(|c| c.in_pools && c.rated).flat_map(|c| c.pools);
        for pool in counted() {
            let bucket = self.pools[pool.index()].bucket.as_mut();
            if let Some(at) = bucket.and_then(|bucket| bucket.wait(now)) {
                return Err(Full::Rate(*pool, at));
            }
        }
        for pool in counted() {
            if let Some(bucket) = &mut self.pools[pool.index()].bucket {
                bucket.drops -= 1.0;
            }
        }
        Ok(())
    }

    /// Gives slots back and returns the pools that have room again.
    pub(super) fn give_back(&mut self, permit: Permit) -> impl Iterator<Item = PoolId> + use<> {
        let Permit { taken, in_jobs, long, extra, token } = permit;
        self.tokens.give_back(token);
        if let Some(jobs) = self.jobs.as_mut().filter(|_| in_jobs) {
            jobs.used -= 1;
            jobs.extra -= u32::from(extra);
        }
        let mut pools = Vec::with_capacity(taken.len());
        for taken in taken {
            pools.push(taken.pool);
            self.pools[taken.pool.index()].give_back(taken, long, extra);
        }
        pools.into_iter()
    }

    /// Returns slots in use and the size of a pool.
    pub(super) fn usage(&self, pool: PoolId) -> (u32, u32) {
        let pool = &self.pools[pool.index()];
        (pool.used, pool.size)
    }

    /// Returns whether all that holds slots of a pool ends by itself.
    pub(super) fn frees_itself(&self, pool: PoolId) -> bool {
        self.pools[pool.index()].long == 0
    }

    /// Returns how much of the bound over all pools is in use, and the bound.
    pub(super) fn jobs(&self) -> Option<(u32, u32)> {
        self.jobs.as_ref().map(|jobs| (jobs.used, jobs.size))
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

    /// Returns whether an extra long-lived child holds it.
    pub(super) fn is_extra(&self) -> bool {
        self.extra
    }
}

/// The slots of one pool.
#[derive(Debug)]
struct PoolSlots {
    size: u32,
    used: u32,
    /// What extra children may use of it, and what they use.
    spare: u32,
    extra: u32,
    /// Permits of those whose end depends on others.
    long: u32,
    counted: Numbers,
    /// Numbers above `size`, for attempts that hold none and still want one of their own.
    exempt: Numbers,
    bucket: Option<Bucket>,
}

impl PoolSlots {
    fn new(pool: &Pool, reserve: u32) -> Self {
        Self {
            size: pool.size,
            used: 0,
            spare: pool.size.saturating_sub(reserve),
            extra: 0,
            long: 0,
            counted: Numbers::default(),
            exempt: Numbers { fresh: pool.size, ..Numbers::default() },
            bucket: pool.rate.map(Bucket::new),
        }
    }

    fn check(&self, id: PoolId, claim: Claim<'_>) -> Result<(), Full> {
        if self.used + claim.weight > self.size {
            return Err(Full::Pool(id));
        }
        if claim.extra && self.extra + claim.weight > self.spare {
            return Err(Full::Spare(id));
        }
        Ok(())
    }

    fn take(&mut self, pool: PoolId, claim: Claim<'_>) -> Taken {
        if !claim.in_pools {
            return Taken { pool, slots: vec![self.exempt.take()], counts: false };
        }
        self.used += claim.weight;
        self.long += u32::from(claim.long);
        if claim.extra {
            self.extra += claim.weight;
        }
        let slots = (0..claim.weight).map(|_| self.counted.take()).collect();
        Taken { pool, slots, counts: true }
    }

    fn give_back(&mut self, taken: Taken, long: bool, extra: bool) {
        let numbers = if taken.counts { &mut self.counted } else { &mut self.exempt };
        if taken.counts {
            let weight = u32::try_from(taken.slots.len()).unwrap_or(u32::MAX);
            self.used -= weight;
            self.long -= u32::from(long);
            if extra {
                self.extra -= weight;
            }
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

/// The bucket of a rate: full at the start, one drop a start.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    drops: f64,
    filled: Duration,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self { rate, drops: f64::from(rate.starts), filled: Duration::ZERO }
    }

    /// Returns when there will be a drop, or `None` if there is one.
    fn wait(&mut self, now: Duration) -> Option<Duration> {
        let per_drop = self.rate.per.as_secs_f64() / f64::from(self.rate.starts);
        let since = now.saturating_sub(self.filled).as_secs_f64();
        self.drops = (self.drops + since / per_drop).min(f64::from(self.rate.starts));
        self.filled = self.filled.max(now);
        // A drop that lacks a nanosecond is there: the timer is no finer.
        let lack = (1.0 - self.drops) * per_drop;
        (lack > 1e-9).then(|| now + Duration::from_secs_f64(lack).max(Duration::from_micros(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(id: u32, size: u32, rate: Option<Rate>) -> Pool {
        Pool { id: PoolId(id), name: format!("p{id}"), size, slots: Vec::new(), rate, memory: None }
    }

    fn claim(pools: &[PoolId], weight: u32) -> Claim<'_> {
        let (in_pools, in_jobs, rated) = (true, true, true);
        Claim { pools, weight, in_pools, in_jobs, rated, long: false, extra: false }
    }

    fn slots(pools: &[Pool], jobs: Option<u32>) -> Slots {
        Slots::new(pools, jobs, &Reserve::default())
    }

    impl Slots {
        fn one(&mut self, now: Duration, claim: Claim<'_>) -> Result<Permit, Full> {
            self.take(now, &[claim]).map(|mut permits| permits.remove(0))
        }
    }

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn all_or_nothing() {
        let mut slots = slots(&[pool(0, 2, None), pool(1, 1, None)], None);
        let both = [PoolId(0), PoolId(1)];
        let first = slots.one(NOW, claim(&both, 1)).unwrap();
        assert_eq!(slots.one(NOW, claim(&both, 1)).unwrap_err(), Full::Pool(PoolId(1)));
        assert_eq!(slots.usage(PoolId(0)), (1, 2));
        assert_eq!(slots.give_back(first).collect::<Vec<_>>(), both);
        assert_eq!(slots.usage(PoolId(0)), (0, 2));
    }

    #[test]
    fn the_lowest_free_number_is_used_again() {
        let mut slots = slots(&[pool(0, 3, None)], None);
        let pools = [PoolId(0)];
        let first = slots.one(NOW, claim(&pools, 1)).unwrap();
        let second = slots.one(NOW, claim(&pools, 1)).unwrap();
        assert_eq!((first.slot(), second.slot()), (0, 1));
        let _ = slots.give_back(first);
        assert_eq!(slots.one(NOW, claim(&pools, 1)).unwrap().slot(), 0);
    }

    #[test]
    fn what_does_not_count_gets_a_number_of_its_own() {
        let mut slots = slots(&[pool(0, 1, None)], Some(1));
        let pools = [PoolId(0)];
        let exempt = Claim { in_pools: false, in_jobs: false, ..claim(&pools, 1) };
        let source = slots.one(NOW, exempt).unwrap();
        assert_eq!(source.slot(), 1);
        assert_eq!(source.held().count(), 0);
        assert_eq!(slots.one(NOW, claim(&pools, 1)).unwrap().slot(), 0);
        assert_eq!(slots.one(NOW, claim(&pools, 1)).unwrap_err(), Full::Jobs);
    }

    #[test]
    fn a_rate_lets_a_burst_through_and_then_one_at_a_time() {
        let rate = Rate { starts: 2, per: Duration::from_secs(1) };
        let mut slots = slots(&[pool(0, 9, Some(rate))], None);
        let pools = [PoolId(0)];
        let _a = slots.one(NOW, claim(&pools, 1)).unwrap();
        let _b = slots.one(NOW, claim(&pools, 1)).unwrap();
        let at = Duration::from_millis(500);
        assert_eq!(slots.one(NOW, claim(&pools, 1)).unwrap_err(), Full::Rate(PoolId(0), at));
        let _c = slots.one(at, claim(&pools, 1)).unwrap();
        assert!(slots.one(at, claim(&pools, 1)).is_err());
    }

    #[test]
    fn a_refused_chain_costs_no_drop_and_a_chain_needs_only_one_to_start() {
        let rate = Rate { starts: 1, per: Duration::from_secs(1) };
        let mut slots = slots(&[pool(0, 9, Some(rate)), pool(1, 1, None)], None);
        let (rated, single) = ([PoolId(0)], [PoolId(1)]);
        let holder = slots.one(NOW, claim(&single, 1)).unwrap();
        let chain = [claim(&rated, 1), claim(&single, 1)];
        assert_eq!(slots.take(NOW, &chain).unwrap_err(), Full::Pool(PoolId(1)));
        let _ = slots.give_back(holder);
        let _chain = slots.take(NOW, &chain).unwrap();
        let second = Duration::from_secs(1);
        let _two = slots.take(second, &[claim(&rated, 1), claim(&rated, 1)]).unwrap();
        let debt = slots.one(second, claim(&rated, 1)).unwrap_err();
        assert_eq!(debt, Full::Rate(PoolId(0), 3 * second));
    }

    #[test]
    fn extra_children_leave_the_reserve_alone() {
        let reserve = Reserve::new(vec![1], 1);
        let mut slots = Slots::new(&[pool(0, 3, None)], Some(2), &reserve);
        let pools = [PoolId(0)];
        let extra = Claim { long: true, extra: true, ..claim(&pools, 1) };
        let held = slots.one(NOW, extra).unwrap();
        assert_eq!(slots.one(NOW, extra).unwrap_err(), Full::SpareJobs);
        let beside = Claim { in_jobs: false, ..extra };
        let _second = slots.one(NOW, beside).unwrap();
        assert_eq!(slots.one(NOW, beside).unwrap_err(), Full::Spare(PoolId(0)));
        assert!(!slots.frees_itself(PoolId(0)));
        let _short = slots.one(NOW, claim(&pools, 1)).unwrap();
        let _ = slots.give_back(held);
        assert_eq!(slots.jobs(), Some((1, 2)));
    }
}
