//! Starve: pools too small for what must run in them at the same time.
//!
//! In a pool that a process names itself everything counts. What queues and pipes join runs
//! together: a source holds its slots while its queue is full, a long-lived reader while it waits
//! for items, the members of a pipe while they wait for each other. If they could fill a pool and
//! leave no room for the one that would set them free, nothing would ever move again. Unaware of
//! the number of CPUs, so it judges pools of a fixed size; a plan makes the others large enough.

use std::collections::{BTreeMap, HashMap};

use petgraph::unionfind::UnionFind;

use super::links::{Links, place};
use super::pipes::Chains;
use crate::model::{Deliver, Job, Label, Place, Pool, Problem, Size, code};

/// Members of a group that get a label.
const MAX_LABELS: usize = 8;

/// What must fit into one pool at the same time.
pub(super) struct Demand {
    /// The pool: position in the job.
    pub(super) pool: usize,
    /// Slots.
    pub(super) slots: u64,
    /// The processes that take them.
    pub(super) members: Vec<usize>,
}

/// Tells of pools of a fixed size that are too small.
pub(super) fn check(links: &Links<'_>, chains: &Chains, cells: &[usize]) -> Vec<Problem> {
    let mut problems = heavy(links.job);
    for demand in demands(links, chains, cells) {
        let pool = &links.job.pools[demand.pool];
        let fixed = fixed(pool).filter(|size| u64::from(*size) < demand.slots);
        problems.extend(fixed.map(|size| starved(links, pool, size, &demand)));
    }
    problems
}

/// Returns what each named pool must hold at the same time.
pub(super) fn demands(links: &Links<'_>, chains: &Chains, cells: &[usize]) -> Vec<Demand> {
    let pools: HashMap<&str, usize> =
        links.job.pools.iter().enumerate().map(|(at, pool)| (pool.name.as_str(), at)).collect();
    let groups = groups(links);
    let mut members: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (at, process) in links.job.processes.iter().enumerate() {
        for pool in process.pools.iter().flatten().filter_map(|name| pools.get(name.as_str())) {
            members.entry((*pool, groups[at])).or_default().push(at);
        }
    }
    let demand = |((pool, _), members): ((usize, usize), Vec<usize>)| {
        let piped = members.windows(2).any(|two| chains.joined(two[0], two[1]));
        let stage = |at: usize| links.consumes[at];
        let mixed = members.iter().any(|&at| stage(at) != stage(members[0]));
        let slots = slots(links, cells, &members);
        (piped || mixed).then_some(Demand { pool, slots, members })
    };
    members.into_iter().filter_map(demand).collect()
}

/// Returns a number for each process that those share which queues or pipes join.
fn groups(links: &Links<'_>) -> Vec<usize> {
    let processes = links.edges.len();
    let mut sets = UnionFind::new(processes + links.producers.len());
    for (process, produces) in links.produces.iter().enumerate() {
        for queue in produces.iter().chain(&links.consumes[process]) {
            sets.union(process, processes + queue);
        }
        for &reader in &links.readers[process] {
            sets.union(process, reader);
        }
    }
    sets.into_labeling()
}

/// Returns the slots that long-lived members hold, and one attempt of the others beside them.
fn slots(links: &Links<'_>, cells: &[usize], members: &[usize]) -> u64 {
    let (mut held, mut lent) = (0, 0);
    for &at in members {
        let process = links.process(at);
        let weight = u64::from(process.weight);
        match process.consumes.as_ref().map(|consumes| consumes.deliver) {
            Some(Deliver::Args | Deliver::Stdin) => lent = weight.max(lent),
            Some(Deliver::Stream) | None => held += weight * cells[at] as u64,
        }
    }
    held + lent
}

/// Returns the size of a pool where it does not depend on the machine.
fn fixed(pool: &Pool) -> Option<u32> {
    match pool.size {
        Size::Count(count) => Some(count),
        Size::Cpus(_) => None,
    }
}

/// Tells of a pool that is too small for a group.
fn starved(links: &Links<'_>, pool: &Pool, size: u32, demand: &Demand) -> Problem {
    let names: Vec<String> =
        demand.members.iter().map(|&at| format!("`{}`", links.name(at))).collect();
    let who = match &names[..] {
        [.., _, _] if names.len() > 3 => {
            format!("{}, {} and {} more", names[0], names[1], names.len() - 2)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
        [] => String::new(),
    };
    let slots = demand.slots;
    let message = format!(
        "{who} must run at the same time and need {slots} slots, but their pool `{}` has {size}",
        pool.name
    );
    let problem = Problem::error(code::STARVED, message, size_label(pool, size));
    let labels = demand.members.iter().take(MAX_LABELS).map(|&at| {
        let process = links.process(at);
        let what = match (&links.consumes[at], links.produces[at].is_empty()) {
            (Some(_), _) => "reads a queue, and needs a slot for it",
            (None, false) => "holds its slot while its queue is full",
            (None, true) => "starts together with what its pipe joins",
        };
        place(process).then("pool").label(what)
    });
    let help =
        format!("set `size = {slots}` or more, or give one of them another pool or none at all");
    labels.fold(problem, Problem::also).help(help)
}

/// Tells of processes that weigh more than a pool of theirs has slots.
fn heavy(job: &Job) -> Vec<Problem> {
    let pools: HashMap<&str, &Pool> = job.pools.iter().map(|p| (p.name.as_str(), p)).collect();
    let mut problems = Vec::new();
    for process in &job.processes {
        let named = process.pools.iter().flatten().map(String::as_str);
        let default = process.pools.is_none().then_some("default");
        for pool in named.chain(default).filter_map(|name| pools.get(name)) {
            let Some(size) = fixed(pool).filter(|size| process.weight > *size) else { continue };
            let (name, weight) = (&process.name, process.weight);
            let message = format!(
                "process `{name}` takes {weight} slots, but pool `{}` has {size}",
                pool.name
            );
            let label = place(process).then("weight").label("so it could never start");
            let problem = Problem::error(code::TOO_HEAVY, message, label);
            let help = format!("set `weight = {size}` or less, or give the pool more slots");
            problems.push(problem.also(size_label(pool, size)).help(help));
        }
    }
    problems
}

/// Labels the size of a pool.
fn size_label(pool: &Pool, size: u32) -> Label {
    let key = if pool.slots.is_empty() { "size" } else { "slots" };
    let text = if size == 1 { "one at a time".to_owned() } else { format!("{size} slots") };
    Place::value(pool.file, ["pool", &pool.name, key]).label(text)
}
