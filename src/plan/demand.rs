//! Demand: how many slots of a pool are always enough.
//!
//! What queues and pipes join can run together, so that a pool which holds all of it at the same
//! time never stops. Groups that nothing holds back meet in a pool as well. Less may do; `starve`
//! says what certainly does not. Unaware of the sizes of pools.

use std::collections::{BTreeMap, HashMap};

use petgraph::unionfind::UnionFind;

use super::links::Links;
use super::pipes::Chains;
use crate::model::Deliver;

/// What some processes take of a pool.
#[derive(Debug, Clone, Copy, Default)]
struct Slots {
    /// Held by long-lived ones, all at the same time.
    held: u64,
    /// Held by the heaviest of the others, for one item.
    lent: u64,
}

/// Returns by pool how many slots let everything go on that is joined in it; at least 1.
pub(super) fn enough(links: &Links<'_>, chains: &Chains, cells: &[usize]) -> Vec<u64> {
    let pools: HashMap<&str, usize> =
        links.job.pools.iter().enumerate().map(|(at, pool)| (pool.name.as_str(), at)).collect();
    let groups = groups(links);
    let mut members: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    let mut services = vec![Slots::default(); links.job.pools.len()];
    for (at, process) in links.job.processes.iter().enumerate() {
        for pool in process.pools.iter().flatten().filter_map(|name| pools.get(name.as_str())) {
            let weight = u64::from(process.weight);
            if process.service.is_some() {
                services[*pool].held += weight;
                continue;
            }
            services[*pool].lent = weight.max(services[*pool].lent);
            members.entry((*pool, groups[at])).or_default().push(at);
        }
    }
    let mut enough = vec![1; links.job.pools.len()];
    let mut meeting = vec![Slots::default(); enough.len()];
    for ((pool, _), members) in members {
        let piped = members.windows(2).any(|two| chains.joined(two[0], two[1]));
        let stage = |at: usize| links.lanes.of_reader(at);
        if !piped && members.iter().all(|&at| stage(at) == stage(members[0])) {
            continue;
        }
        let slots = slots(links, cells, &members);
        enough[pool] = enough[pool].max(slots.held + slots.lent);
        if members.iter().any(|&at| links.edges[at].is_empty() && stage(at).is_none()) {
            meeting[pool].held += slots.held;
            meeting[pool].lent = slots.lent.max(meeting[pool].lent);
        }
    }
    let all = enough.iter().zip(&meeting).zip(&services);
    all.map(|((alone, met), services)| {
        let enough = (*alone).max(met.held + met.lent);
        // Whoever runs beside services has all its slots beside theirs.
        if services.held > 0 { services.held + enough.max(services.lent) } else { enough }
    })
    .collect()
}

/// Returns a number for each process that those share which queues or pipes join.
fn groups(links: &Links<'_>) -> Vec<usize> {
    let processes = links.edges.len();
    let mut sets = UnionFind::new(processes + links.producers.len());
    for (process, feeds) in links.feeds.iter().enumerate() {
        for queue in feeds.iter().chain(&links.consumes[process]) {
            sets.union(process, processes + queue);
        }
        for &reader in &links.readers[process] {
            sets.union(process, reader);
        }
    }
    sets.into_labeling()
}

/// Returns the slots that long-lived members hold, and one attempt of the others beside them.
fn slots(links: &Links<'_>, cells: &[usize], members: &[usize]) -> Slots {
    let mut slots = Slots::default();
    for &at in members {
        let process = links.process(at);
        let weight = u64::from(process.weight);
        match process.consumes.as_ref().map(|consumes| consumes.deliver) {
            Some(Deliver::Args | Deliver::Stdin | Deliver::Batch) => {
                slots.lent = weight.max(slots.lent);
            }
            Some(Deliver::Stream | Deliver::Worker) | None => {
                slots.held += weight * cells[at] as u64;
            }
        }
    }
    slots
}
