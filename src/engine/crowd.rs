//! Crowd: how many children there may be at once, where the system says how many files may be open.
//!
//! Each child takes descriptors here and in the spawner. Rather than find out at the last one, the
//! plan's bound over all pools is lowered to what there is room for, and that is told. Children
//! that this bound does not count, because others wait for them, are left their room beforehand.
//! Unaware of what runs.

use super::core::Manner;
use crate::plan::{Node, Plan};

/// Descriptors that a child can take: four pipes, of which both ends are open while it starts, and
/// later ours, and the files of what it printed. The spawner takes fewer.
const PER_CHILD: u64 = 8;

/// Descriptors that are left to the rest: the standard ones, the journal, the lock, the spawner,
/// the runtime with its signals, and a file that is read or written in between.
const RESERVED: u64 = 32;

/// Lowers the bound over all pools to what `descriptors` allow, and says so where it did.
pub(super) fn fit(plan: &mut Plan, descriptors: u64) -> Option<String> {
    let room = descriptors.saturating_sub(RESERVED) / PER_CHILD;
    let counted = room.saturating_sub(standing(plan)) / longest_pipe(plan);
    // With none nothing could go on; where even one is too many, its start waits for others.
    let most = u32::try_from(counted).unwrap_or(u32::MAX).max(1);
    if u64::from(most) >= wanted(plan) {
        return None;
    }
    plan.jobs = Some(most);
    let children = if most == 1 { "1 child runs" } else { &format!("{most} children run") };
    Some(format!(
        "at most {children} at once: no more than {descriptors} files may be open (`ulimit -n`)"
    ))
}

/// Returns the children that the bound does not count and that may all be there together.
fn standing(plan: &Plan) -> u64 {
    let mut in_pools = vec![0_u64; plan.pools.len()];
    let mut beside = 0;
    for node in plan.nodes.iter().filter(|node| Manner::of(plan, node).is_long()) {
        let children = if is_sharded(plan, node) { u64::from(node.workers) } else { 1 };
        if node.names_pools {
            in_pools[node.pools[0].index()] += children;
        } else {
            beside += children;
        }
    }
    let sizes = plan.pools.iter().map(|pool| u64::from(pool.size));
    beside + in_pools.into_iter().zip(sizes).map(|(children, size)| children.min(size)).sum::<u64>()
}

/// Returns how many children start together at most.
fn longest_pipe(plan: &Plan) -> u64 {
    let next = |node: &&Node| node.piped_to.map(|id| plan.node(id));
    let firsts = plan.nodes.iter().filter(|node| node.piped_from.is_none());
    firsts.map(|node| std::iter::successors(Some(node), next).count() as u64).max().unwrap_or(1)
}

/// Returns how many children could be there that the bound counts.
fn wanted(plan: &Plan) -> u64 {
    let mut in_pools = vec![0_u64; plan.pools.len()];
    for node in &plan.nodes {
        in_pools[node.pools[0].index()] += u64::from(node.workers);
    }
    let sizes = plan.pools.iter().map(|pool| u64::from(pool.size));
    let all: u64 = in_pools.into_iter().zip(sizes).map(|(nodes, size)| nodes.min(size)).sum();
    all.min(plan.jobs.map_or(u64::MAX, u64::from))
}

fn is_sharded(plan: &Plan, node: &Node) -> bool {
    let consumes = plan.job.processes[node.process].consumes.as_ref();
    consumes.is_some_and(|consumes| consumes.shard.is_some())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::{Machine, Selection, plan, sample};

    /// Returns the bound that a job gets, where so many files may be open.
    fn fitted(text: &str, descriptors: u64) -> Option<u32> {
        let machine = Machine { cpus: 4, jobs: None };
        let mut plan =
            plan(sample::job(text), &Selection::default(), &machine, &BTreeMap::new()).unwrap();
        let said = fit(&mut plan, descriptors);
        assert_eq!(said.is_some(), plan.jobs.is_some(), "{said:?}");
        plan.jobs
    }

    #[test]
    fn who_fits_is_left_alone() {
        assert_eq!(fitted("a\nb\nc\nd\ne", 1024), None);
        assert_eq!(fitted("pool p 500\na pool p\nb pool p", 64), None);
    }

    #[test]
    fn the_bound_is_what_there_is_room_for() {
        assert_eq!(fitted("a\nb\nc\nd\ne", RESERVED + 3 * PER_CHILD), Some(3));
        assert_eq!(fitted("a\nb", 3), Some(1), "without one nothing could go on");
    }

    #[test]
    fn those_that_others_wait_for_have_their_room_beforehand() {
        let text = "s feeds q\nr streams q\na\nb\nc\nd";
        assert_eq!(fitted(text, RESERVED + 5 * PER_CHILD), Some(3));
        let text = format!("{text}\nt feeds z\nu streams z shard!");
        assert_eq!(fitted(&text, RESERVED + 9 * PER_CHILD), Some(2), "each of four shards");
    }

    #[test]
    fn a_pipe_needs_room_for_all_of_it() {
        let text = "a pipe b\nb\nc pipe d\nd\ne pipe f\nf";
        assert_eq!(fitted(text, RESERVED + 4 * PER_CHILD), Some(2));
    }
}
