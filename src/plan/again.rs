//! Again: the part of a job through which items go that an earlier run has left.
//!
//! A queue that such items lie for is fed with them alone. Its consumers run, and whoever reads
//! what those make or what dies there; what they need runs only where that run has not come so far.
//! The rest of the job is taken out, so that what is left is planned like any other. Of a queue
//! with groups each group gets a queue of its own, because each has items of its own. Unaware of
//! where the items lie.

use std::collections::BTreeSet;

use super::links::{Edge, Kind, Links};
use crate::model::{Items, Job, Process, Produces, Queue, When};

/// What one group sees of a queue; the whole queue where it has no groups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// The queue.
    pub queue: String,
    /// The group.
    pub group: Option<String>,
}

impl Share {
    /// Returns the share that events call so: `pages`, `pages/index`.
    pub fn named(name: &str) -> Self {
        let (queue, group) = name.split_once('/').map_or((name, None), |(q, g)| (q, Some(g)));
        Self { queue: queue.to_owned(), group: group.map(str::to_owned) }
    }

    /// Returns whether a job has it, with somebody who reads it.
    pub fn is_of(&self, job: &Job) -> bool {
        job.processes.iter().filter_map(|process| process.consumes.as_ref()).any(|consumes| {
            consumes.queue == self.queue && (self.group.is_none() || consumes.group == self.group)
        })
    }
}

/// Returns the part of a proved job through which the items of these shares go; `has_met` says
/// whether a process has come so far in the run that has left them.
pub fn again(mut job: Job, shares: &BTreeSet<Share>, has_met: &dyn Fn(&str, When) -> bool) -> Job {
    // Who has had these items was let in then, whatever would be answered now.
    let readers = job.processes.iter_mut().filter(|process| reads(process, shares));
    readers.for_each(|reader| reader.conditions.clear());
    let chosen = Chosen::of(&job, shares, has_met);
    let mut queues = Vec::with_capacity(job.queues.len());
    let mut split = BTreeSet::new();
    for (at, mut queue) in std::mem::take(&mut job.queues).into_iter().enumerate() {
        let own = shares.iter().filter(|share| share.queue == queue.name);
        let fed: BTreeSet<&str> = own.clone().filter_map(|share| share.group.as_deref()).collect();
        if own.count() == 0 {
            queue.items.take_if(|_| !chosen.sourced[at]);
            queues.push(queue);
        } else if queue.groups.is_empty() {
            queues.push(Queue { items: Some(Items::Kept), ..queue });
        } else {
            split.insert(queue.name.clone());
            queues.extend(parts(&queue, &fed));
        }
    }
    job.queues = queues;
    let mut at = 0..job.processes.len();
    job.processes.retain(|_| at.next().is_some_and(|at| chosen.runs[at]));
    join(&mut job, &split);
    job
}

/// Returns whether a process reads one of these shares.
fn reads(process: &Process, shares: &BTreeSet<Share>) -> bool {
    process.consumes.as_ref().is_some_and(|consumes| {
        let of = |group| Share { queue: consumes.queue.clone(), group };
        shares.contains(&of(None)) || shares.contains(&of(consumes.group.clone()))
    })
}

/// Returns a queue for each group of one.
fn parts(queue: &Queue, fed: &BTreeSet<&str>) -> Vec<Queue> {
    let part = |group: &String| Queue {
        name: part_name(&queue.name, group),
        groups: Vec::new(),
        items: fed.contains(group.as_str()).then_some(Items::Kept),
        ..queue.clone()
    };
    queue.groups.iter().map(part).collect()
}

fn part_name(queue: &str, group: &str) -> String {
    format!("{queue}/{group}")
}

/// Lets what is left of a job name only what is left of it.
fn join(job: &mut Job, split: &BTreeSet<String>) {
    let left: BTreeSet<String> = job.processes.iter().map(|process| process.name.clone()).collect();
    let queues: Vec<String> = job.queues.iter().map(|queue| queue.name.clone()).collect();
    for process in &mut job.processes {
        process.needs.retain(|need| left.contains(&need.process));
        process.after.retain(|name| left.contains(name));
        if let Some(consumes) = process.consumes.as_mut().filter(|c| split.contains(&c.queue))
            && let Some(group) = consumes.group.take()
        {
            consumes.queue = part_name(&consumes.queue, &group);
        }
        let made = std::mem::take(&mut process.produces).into_iter();
        process.produces = made.flat_map(|made| into_parts(made, split, &queues)).collect();
    }
    for queue in &mut job.queues {
        // Its dead can't go to several queues. They stay in the run's folder, as most do.
        queue.dead.take_if(|dead| split.contains(dead));
    }
}

/// Returns what feeds every part of a queue that was split.
fn into_parts(made: Produces, split: &BTreeSet<String>, queues: &[String]) -> Vec<Produces> {
    if !split.contains(&made.queue) {
        return vec![made];
    }
    let start = part_name(&made.queue, "");
    let parts = queues.iter().filter(|name| name.starts_with(&start));
    parts.map(|queue| Produces { queue: queue.clone(), ..made.clone() }).collect()
}

/// What of a job runs.
struct Chosen {
    /// By process: whether it runs.
    runs: Vec<bool>,
    /// By queue: whether its own items are put in.
    sourced: Vec<bool>,
    /// Processes whose partners are to be looked at, and whether what they consume is made anew.
    next: Vec<(usize, bool)>,
}

impl Chosen {
    fn of(job: &Job, shares: &BTreeSet<Share>, has_met: &dyn Fn(&str, When) -> bool) -> Self {
        let links = Links::of(job).0;
        let mut chosen = Self {
            runs: vec![false; job.processes.len()],
            sourced: vec![false; job.queues.len()],
            next: Vec::new(),
        };
        for (at, process) in job.processes.iter().enumerate() {
            if reads(process, shares) {
                chosen.next.push((at, false));
            }
        }
        while let Some((process, anew)) = chosen.next.pop() {
            let is_new = !std::mem::replace(&mut chosen.runs[process], true);
            if is_new {
                chosen.goes_on(&links, process, has_met);
            }
            if anew && let Some(queue) = links.consumes[process] {
                chosen.made_anew(&links, queue, shares);
            }
        }
        chosen
    }

    /// Chooses who takes what a process makes, and what it can't do without.
    fn goes_on(&mut self, links: &Links<'_>, process: usize, met: &dyn Fn(&str, When) -> bool) {
        for Edge { to, kind, .. } in &links.edges[process] {
            let is_met = match kind {
                // What is an order among what runs asks for nobody.
                Kind::After => true,
                Kind::Need(when) => {
                    links.process(*to).service.is_none() && met(links.name(*to), *when)
                }
                // What was printed or written then is not there now.
                Kind::Stdin | Kind::Stdout | Kind::Result | Kind::Pipe => false,
            };
            if !is_met {
                self.next.push((*to, true));
            }
        }
        let dead = links.consumes[process].and_then(|queue| {
            let name = links.job.queues[queue].dead.as_ref()?;
            links.job.queues.iter().position(|queue| queue.name == *name)
        });
        let readers = links.readers[process].iter();
        let takers = links.produces[process].iter().chain(&dead);
        let takers = takers.flat_map(|&queue| &links.consumers[queue]);
        self.next.extend(readers.chain(takers).map(|&taker| (taker, false)));
    }

    /// Chooses what fills a queue of somebody whose work has to be done anew.
    fn made_anew(&mut self, links: &Links<'_>, queue: usize, shares: &BTreeSet<Share>) {
        let is_fed = shares.iter().any(|share| share.queue == links.job.queues[queue].name);
        if !is_fed && !std::mem::replace(&mut self.sourced[queue], true) {
            self.next.extend(links.producers[queue].iter().map(|&maker| (maker, true)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    fn left(job: Job, shares: &[&str], met: &[&str]) -> Job {
        let shares = shares.iter().map(|name| Share::named(name)).collect();
        again(job, &shares, &|process, _| met.contains(&process))
    }

    fn processes(job: &Job) -> Vec<&str> {
        job.processes.iter().map(|process| process.name.as_str()).collect()
    }

    fn sources(job: &Job) -> Vec<String> {
        let queue = |queue: &Queue| Some(format!("{} {:?}", queue.name, queue.items.as_ref()?));
        job.queues.iter().filter_map(queue).collect()
    }

    #[test]
    fn what_is_downstream_runs_and_what_is_upstream_does_not() {
        let text = "queue p 1 2\na feeds p\nb reads p feeds q\nc reads q feeds r\nd reads r\n\
                    e feeds q\nf needs d\nqueue r 7";
        let job = left(sample::job(text), &["q"], &[]);
        assert_eq!(processes(&job), ["c", "d"]);
        assert_eq!(sources(&job), ["q Kept"]);
    }

    #[test]
    fn a_need_that_was_met_is_not_met_again() {
        let text = "queue q 1\na\nb needs a\nc reads q needs b after a\nqueue p 1\nx feeds p\n\
                    y reads p";
        let met = left(sample::job(text), &["q"], &["b"]);
        assert_eq!(processes(&met), ["c"]);
        assert!(met.processes[0].needs.is_empty() && met.processes[0].after.is_empty());
        let unmet = left(sample::job(text), &["q"], &["a"]);
        assert_eq!(processes(&unmet), ["b", "c"]);
        assert_eq!(unmet.processes[1].needs.len(), 1);
        let anew = text.replace("needs b", "needs y");
        let anew = left(sample::job(&anew), &["q"], &[]);
        assert_eq!(processes(&anew), ["c", "x", "y"]);
        assert_eq!(sources(&anew), ["q Kept", "p List([\"1\"])"]);
    }

    #[test]
    fn what_is_printed_or_served_is_made_again() {
        let text = "queue q 1\na\nb reads q stdin a needs s\ns service!";
        assert_eq!(processes(&left(sample::job(text), &["q"], &["a", "s"])), ["a", "b", "s"]);
    }

    #[test]
    fn the_dead_of_the_dead_have_their_reader() {
        let mut job = sample::job("queue q 1\na reads q\nb reads bin");
        job.queues[0].dead = Some("bin".to_owned());
        assert_eq!(processes(&left(job, &["q"], &[])), ["a", "b"]);
    }

    #[test]
    fn each_group_has_a_queue_of_its_own() {
        let mut job =
            sample::job("queue q 1\na reads q\nb reads q feeds q\nc reads q feeds r\nd reads r");
        let groups = ["x", "y", "z"].map(str::to_owned);
        job.queues[0].groups = groups.to_vec();
        for (process, group) in job.processes.iter_mut().zip(groups) {
            process.consumes.as_mut().unwrap().group = Some(group);
        }
        let one = left(job.clone(), &["q/x"], &[]);
        assert_eq!((processes(&one), sources(&one)), (vec!["a"], vec!["q/x Kept".to_owned()]));
        assert_eq!(one.processes[0].consumes.as_ref().unwrap().queue, "q/x");
        // What `b` makes goes to all groups.
        let all = left(job, &["q/y"], &[]);
        assert_eq!(processes(&all), ["a", "b", "c", "d"]);
        assert_eq!(sources(&all), ["q/y Kept"]);
        let fed: Vec<_> = all.processes[1].produces.iter().map(|fed| fed.queue.as_str()).collect();
        assert_eq!(fed, ["q/x", "q/y", "q/z"]);
    }

    #[test]
    fn a_share_is_found_by_its_name() {
        let job = sample::job("queue q 1\na reads q");
        assert!(Share::named("q").is_of(&job));
        assert!(!Share::named("p").is_of(&job) && !Share::named("q/x").is_of(&job));
    }
}
