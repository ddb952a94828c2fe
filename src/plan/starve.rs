//! Starve: pools too small for what must run in them at the same time.
//!
//! In a pool that a process names itself everything counts. A source holds its slots while the
//! queue that it feeds is full, and so does a reader whose output is taken as it reads on. If such
//! holders can fill a pool, and everybody who reads those queues needs a slot of the same pool,
//! nothing ever moves again. Of holders that wait for others, which may never meet, one at a time
//! is looked at. A long-lived reader holds its slots until its queue is closed: whoever must go on
//! meanwhile, so that it is, needs others. Unaware of the number of CPUs, so it judges pools of a
//! fixed size; a plan makes the others large enough.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::demand::enough;
use super::lanes::Lane;
use super::links::{Links, place};
use super::pipes::Chains;
use crate::model::{
    Ack, Deliver, Emit, Job, Label, OnFull, Place, Pool, Problem, RunWhen, Size, code,
};

/// Members of a group that get a label.
const MAX_LABELS: usize = 8;

/// Tells of pools of a fixed size that are too small.
pub(super) fn check(links: &Links<'_>, chains: &Chains, cells: &[usize]) -> Vec<Problem> {
    let mut problems = heavy(links.job);
    let enough = enough(links, chains, cells);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); links.job.pools.len()];
    let pools: HashMap<&str, usize> =
        links.job.pools.iter().enumerate().map(|(at, pool)| (pool.name.as_str(), at)).collect();
    for (at, process) in links.job.processes.iter().enumerate() {
        for pool in process.pools.iter().flatten().filter_map(|name| pools.get(name.as_str())) {
            members[*pool].push(at);
        }
    }
    for ((pool, members), enough) in links.job.pools.iter().zip(members).zip(enough) {
        let Some(size) = fixed(pool) else { continue };
        let Served { held, jam } = Served::of(links, u64::from(size), &members);
        let members: Vec<usize> =
            members.into_iter().filter(|&at| links.process(at).service.is_none()).collect();
        let view = View::of(links, cells, u64::from(size) - held, &members);
        let jam = jam.or_else(|| view.piped(chains)).or_else(|| view.met());
        let jam = jam.or_else(|| view.alone()).or_else(|| view.kept());
        let jam = jam.or_else(|| view.fanned());
        problems.extend(jam.map(|jam| starved(links, pool, &jam, (enough, held))));
    }
    problems
}

/// What services keep of a pool: each holds its slots for as long as somebody needs it.
struct Served {
    /// What they hold where all of them run, as far as it fits.
    held: u64,
    /// Why nothing fits beside them.
    jam: Option<Jam>,
}

impl Served {
    fn of(links: &Links<'_>, size: u64, members: &[usize]) -> Self {
        let weight = |&at: &usize| u64::from(links.process(at).weight);
        let (services, others): (Vec<usize>, Vec<usize>) =
            members.iter().partition(|&&at| links.process(at).service.is_some());
        let held: u64 = services.iter().map(weight).sum();
        let heaviest = others.iter().copied().max_by_key(weight);
        let slots = held + heaviest.as_ref().map_or(0, weight);
        if services.is_empty() || slots <= size {
            return Self { held, jam: None };
        }
        let holds = services.into_iter().map(|at| (at, "holds its slots while it is needed"));
        let waits = heaviest.map(|at| (at, "may then never get a slot"));
        let members = holds.chain(waits).map(|(at, why)| (at, why.to_owned())).collect();
        // What the jam tells leaves nothing to look at beside them.
        Self { held: 0, jam: Some(Jam { slots, members }) }
    }
}

/// One pool and who runs in it.
struct View<'a> {
    links: &'a Links<'a>,
    cells: &'a [usize],
    size: u64,
    members: &'a [usize],
    /// Lanes of queues that block and that nobody reads without slots of the pool, with what the
    /// lightest reader needs.
    whole: BTreeMap<usize, u64>,
}

/// A pool that can't go on.
#[derive(Debug, Default)]
struct Jam {
    /// The slots that would be needed.
    slots: u64,
    /// Who holds some, and who gets none, each with why.
    members: BTreeMap<usize, String>,
}

impl<'a> View<'a> {
    fn of(links: &'a Links<'a>, cells: &'a [usize], size: u64, members: &'a [usize]) -> Self {
        let mut view = Self { links, cells, size, members, whole: BTreeMap::new() };
        let touched: BTreeSet<usize> = members
            .iter()
            .flat_map(|&at| links.produces[at].iter().chain(&links.consumes[at]))
            .copied()
            .collect();
        for queue in touched.into_iter().filter(|&at| links.job.queues[at].on_full == OnFull::Block)
        {
            for lane in links.lanes.of_queue(queue) {
                let readers = &links.lanes.lane(lane).readers;
                if readers.iter().all(|&at| view.is_member(at)) {
                    let lightest = readers.iter().map(|&at| view.weight(at)).min();
                    view.whole.extend(lightest.map(|lightest| (lane, lightest)));
                }
            }
        }
        view
    }

    fn is_member(&self, at: usize) -> bool {
        self.members.binary_search(&at).is_ok()
    }

    fn weight(&self, at: usize) -> u64 {
        u64::from(self.links.process(at).weight)
    }

    /// Returns a chain of pipes that does not fit.
    fn piped(&self, chains: &Chains) -> Option<Jam> {
        let mut jams: BTreeMap<usize, Jam> = BTreeMap::new();
        for &at in self.members {
            if !self.links.readers[at].is_empty() || chains.leader(at) != at {
                let jam = jams.entry(chains.leader(at)).or_default();
                jam.slots += self.weight(at);
                let why = "starts together with what its pipe joins".to_owned();
                jam.members.insert(at, why);
            }
        }
        jams.into_values().find(|jam| jam.slots > self.size && jam.members.len() > 1)
    }

    /// Returns how those that nothing holds back fill the pool.
    fn met(&self) -> Option<Jam> {
        let is_free = |at: &&usize| {
            let process = self.links.process(**at);
            self.links.edges[**at].is_empty() && process.run == RunWhen::OnSuccess
        };
        let free: Vec<usize> = self.members.iter().filter(is_free).copied().collect();
        self.jam(&free)
    }

    /// Returns how one that waits for others fills it, once it has started.
    fn alone(&self) -> Option<Jam> {
        let fills = |at: &usize| {
            let lane = self.blocks_at(*at)?;
            let queue = self.links.lanes.lane(lane).queue;
            // Beside others, which a reader may have been started for, only one cell is certain.
            let only = self.links.producers[queue].len() == 1
                && self.links.job.queues[queue].items.is_none();
            let cells = if only { self.fit(*at, 0) } else { 1 };
            let used = cells * self.weight(*at);
            (used + self.whole[&lane] > self.size).then_some(*at)
        };
        self.members.iter().filter_map(fills).find_map(|at| self.jam(&[at]))
    }

    /// Returns how a long-lived reader keeps the slots that those need who feed it, item by item.
    fn kept(&self) -> Option<Jam> {
        self.whole.iter().filter(|(lane, _)| self.lives(**lane)).find_map(|(&lane, &held)| {
            let Lane { queue, readers, .. } = self.links.lanes.lane(lane);
            let feeder = self.links.producers[*queue].iter().find_map(|&at| {
                let own = self.links.lanes.of_reader(at)?;
                let rivals = &self.links.lanes.lane(own).readers;
                let is_stuck = |&at: &usize| {
                    self.is_member(at)
                        && !is_long(self.links, at)
                        && held + self.weight(at) > self.size
                };
                rivals.iter().all(is_stuck).then_some(at)
            })?;
            let name = &self.links.job.queues[*queue].name;
            let keeps = format!("holds its slots until queue `{name}` is closed");
            let keeps = readers.iter().map(|&at| (at, keeps.clone()));
            let stuck = (feeder, "then gets no slot for its next item".to_owned());
            let slots = held + self.weight(feeder);
            Some(Jam { slots, members: keeps.chain([stuck]).collect() })
        })
    }

    /// Returns how long-lived readers of one group leave no slot for those of another, without whom
    /// the queue stays full.
    fn fanned(&self) -> Option<Jam> {
        let queues: BTreeSet<usize> =
            self.members.iter().filter_map(|&at| self.links.consumes[at]).collect();
        queues.into_iter().find_map(|queue| {
            let lanes: Vec<usize> = self.links.lanes.of_queue(queue).collect();
            let whole = lanes.into_iter().filter(|lane| self.whole.contains_key(lane));
            let (long, short): (Vec<usize>, Vec<usize>) = whole.partition(|&lane| self.lives(lane));
            let held: u64 = long.iter().map(|lane| self.whole[lane]).sum();
            let lent = short.iter().map(|lane| self.whole[lane]).max().unwrap_or_default();
            let slots = held + lent;
            if slots <= self.size || long.is_empty() || long.len() + short.len() < 2 {
                return None;
            }
            let name = &self.links.job.queues[queue].name;
            let members = long.into_iter().chain(short).filter_map(|lane| {
                let Lane { readers, group, .. } = self.links.lanes.lane(lane);
                let group = group.unwrap_or_default();
                let why = format!("without group `{group}` queue `{name}` stays full");
                readers.first().map(|&at| (at, why))
            });
            Some(Jam { slots, members: members.collect() })
        })
    }

    /// Returns whether all readers of a lane are long-lived.
    fn lives(&self, lane: usize) -> bool {
        self.links.lanes.lane(lane).readers.iter().all(|&at| is_long(self.links, at))
    }

    /// Fills the pool with what holds slots while it waits for a reader; returns why that is the
    /// end. Sources start first; a reader starts when there is something to read.
    fn jam(&self, candidates: &[usize]) -> Option<Jam> {
        let (sources, readers): (Vec<usize>, Vec<usize>) =
            candidates.iter().partition(|at| self.links.consumes[**at].is_none());
        let (mut used, mut wanted) = (0, 0);
        let mut holders: BTreeMap<usize, usize> = BTreeMap::new();
        for at in sources.into_iter().chain(readers) {
            let Some(lane) = self.blocks_at(at) else { continue };
            if self.has_items(at, &holders) {
                let fit = self.fit(at, used);
                used += fit * self.weight(at);
                wanted += self.weight(at) * self.cells[at] as u64;
                holders.extend((fit > 0).then_some((at, lane)));
            }
        }
        // Which of several fit is certain only where they weigh the same.
        let weights: BTreeSet<u64> = holders.keys().map(|&at| self.weight(at)).collect();
        if wanted > self.size && weights.len() > 1 {
            return None;
        }
        let lanes: BTreeSet<usize> = holders.values().copied().collect();
        let waiting = lanes.iter().flat_map(|&lane| &self.links.lanes.lane(lane).readers);
        let waiting: BTreeSet<usize> =
            waiting.copied().filter(|at| !holders.contains_key(at)).collect();
        let lightest = waiting.iter().map(|&at| self.weight(at)).min()?;
        if used + lightest <= self.size {
            return None;
        }
        let holds = holders.iter().map(|(&at, &lane)| {
            let name = &self.links.job.queues[self.links.lanes.lane(lane).queue].name;
            (at, format!("fills queue `{name}`, then waits for a reader"))
        });
        let waits = waiting.iter().map(|&at| (at, "this reader never gets a slot".to_owned()));
        Some(Jam { slots: wanted + lightest, members: holds.chain(waits).collect() })
    }

    /// Returns how many cells of a process fit beside what is used.
    fn fit(&self, at: usize, used: u64) -> u64 {
        let free = (self.size - used) / self.weight(at).max(1);
        free.min(self.cells[at] as u64)
    }

    /// Returns a lane that makes a process wait with its slots, if all who read it need some of the
    /// same pool.
    fn blocks_at(&self, at: usize) -> Option<usize> {
        let process = self.links.process(at);
        let publishes_alive = match &process.consumes {
            None => process.emit != Emit::OnSuccess,
            Some(said) => match said.deliver {
                // What these print is held back until they have ended, and hold no slot any more.
                Deliver::Args | Deliver::Stdin | Deliver::Batch => false,
                Deliver::Stream => said.ack == Ack::Read,
                Deliver::Worker => true,
            },
        };
        let mut fed = self.links.produces[at].iter().filter(|_| publishes_alive);
        let is_whole = |lane: &usize| self.whole.contains_key(lane);
        fed.find_map(|&queue| self.links.lanes.of_queue(queue).find(is_whole))
    }

    /// Returns whether a process gets items although of this pool only these hold slots.
    fn has_items(&self, at: usize, holders: &BTreeMap<usize, usize>) -> bool {
        let Some(queue) = self.links.consumes[at] else { return true };
        let feeds = |&at: &usize| !self.is_member(at) || holders.contains_key(&at);
        self.links.job.queues[queue].items.is_some()
            || self.links.producers[queue].iter().any(feeds)
    }
}

/// Returns whether the children of a consumer hold their slots from item to item.
fn is_long(links: &Links<'_>, at: usize) -> bool {
    links.process(at).consumes.as_ref().is_some_and(|said| said.deliver.is_long_lived())
}

/// Returns the size of a pool where it does not depend on the machine.
fn fixed(pool: &Pool) -> Option<u32> {
    match pool.size {
        Size::Count(count) => Some(count),
        Size::Cpus(_) => None,
    }
}

/// Tells of a pool that is too small; `kept` is what services keep of it beside the others.
fn starved(links: &Links<'_>, pool: &Pool, jam: &Jam, (enough, kept): (u64, u64)) -> Problem {
    let names: Vec<String> =
        jam.members.keys().map(|&at| format!("`{}`", links.name(at))).collect();
    let who = match &names[..] {
        [first, second, rest @ ..] if rest.len() > 1 => {
            format!("{first}, {second} and {} more", rest.len())
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
        [] => String::new(),
    };
    let size = fixed(pool).unwrap_or_default();
    let slots = jam.slots + kept;
    let message = format!(
        "{who} must run at the same time and need {slots} slots, but their pool `{}` has {size}",
        pool.name
    );
    let problem = Problem::error(code::STARVED, message, size_label(pool, size));
    let labels = jam
        .members
        .iter()
        .take(MAX_LABELS)
        .map(|(&at, why)| place(links.process(at)).then("pool").label(why.clone()));
    let enough = enough.max(slots);
    let help =
        format!("set `size = {enough}` or more, or give the readers another pool or none at all");
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

#[cfg(test)]
mod tests {
    use crate::plan::check;
    use crate::plan::sample::job;

    #[test]
    fn a_long_lived_reader_leaves_slots_for_those_that_feed_it() {
        let text = "pool p 1\ns feeds q\na reads q feeds r pool p\nw works r pool p";
        let told = check(&job(text));
        assert_eq!(
            told[0].message,
            "`a` and `w` must run at the same time and need 2 slots, but their pool `p` has 1"
        );
        let labels: Vec<&str> = told[0].labels.iter().map(|label| label.text.as_str()).collect();
        let why =
            ["then gets no slot for its next item", "holds its slots until queue `r` is closed"];
        assert_eq!(labels[1..], why);
        for right in [
            text.replace("pool p 1", "pool p 2"),
            text.replace("works r", "reads r"),
            text.replace("works r pool p", "works r"),
            format!("queue r spill!\n{text}"),
            // Others work the items off, or read what it makes.
            format!("{text}\nb reads q feeds r"),
            format!("{text}\nx reads r"),
        ] {
            assert_eq!(check(&job(&right)), [], "{right}");
        }
    }

    #[test]
    fn a_service_holds_its_slots_while_others_need_some() {
        let text = "pool p 2\ndb service! pool p\nweb service! pool p needs db\na needs web pool p";
        let told = check(&job(text));
        assert_eq!(
            told[0].message,
            "`db`, `web` and `a` must run at the same time and need 3 slots, but their pool `p` \
             has 2"
        );
        assert_eq!(
            told[0].help.as_deref().map(|help| &help[..24]),
            Some("set `size = 3` or more, ")
        );
        for right in [
            text.replace("pool p 2", "pool p 3"),
            text.replace("web service! pool p", "web service!"),
            text.replace("needs web pool p", "needs web"),
            text.replace("pool p 2", "pool p cpus"),
        ] {
            assert_eq!(check(&job(&right)), [], "{right}");
        }
        let beside = "pool p 2\ndb service! pool p\ns feeds q pool p\nr reads q pool p needs db";
        assert_eq!(check(&job(beside)).len(), 1, "what is left is too small for the others");
        assert_eq!(check(&job(&beside.replace("pool p 2", "pool p 3"))), []);
    }

    #[test]
    fn a_worker_replies_while_it_holds_its_slot() {
        let text = "pool p 1\ns feeds q\nw works q feeds r pool p\nx reads r pool p";
        assert_eq!(check(&job(text)).len(), 1);
        for deliver in ["reads", "batches", "streams"] {
            assert_eq!(check(&job(&text.replace("works", deliver))), [], "{deliver}");
        }
        // What is held back until its source passes needs no reader before.
        let text = "pool p 1\ns feeds q pool p held!\nx reads q pool p";
        assert_eq!(check(&job(text)), []);
    }
}
