//! Links: who names whom, resolved from names to positions in the job.
//!
//! Built once and read by everything else of this room. Every reference keeps where it stands in
//! the job file, so that a problem can point at it. A name that leads nowhere makes a problem and
//! no link. Unaware of what a link means for the order.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::lanes::Lanes;
use super::texts::{Text, each_text};
use crate::model::{
    Job, Label, Place, Placeholder, Problem, Process, Produces, Queue, Stdin, When, code,
    nearest_at,
};

/// Wrong names that get a suggestion. Each is compared with every declared name, and a report draws
/// no more than 50 problems of a file.
const MAX_SUGGESTIONS: usize = 50;

/// The references of a job; processes and queues are positions in it.
pub(super) struct Links<'a> {
    /// The job.
    pub(super) job: &'a Job,
    /// Position of each process.
    pub(super) names: HashMap<&'a str, usize>,
    /// By process: the processes that it names.
    pub(super) edges: Vec<Vec<Edge>>,
    /// By process: who reads its standard output through a pipe.
    pub(super) readers: Vec<Vec<usize>>,
    /// By process: the queue that it consumes.
    pub(super) consumes: Vec<Option<usize>>,
    /// By process: the queues that it feeds.
    pub(super) produces: Vec<Vec<usize>>,
    /// By queue: the processes that feed it.
    pub(super) producers: Vec<Vec<usize>>,
    /// By queue: the processes that read it.
    pub(super) consumers: Vec<Vec<usize>>,
    /// By queue: the queue that its dead items go to.
    pub(super) dead: Vec<Option<usize>>,
    /// Queues whose dead items would come back to them; their edge is left out.
    pub(super) undying: Vec<usize>,
    /// By process: the queues that get something of it, what it makes or its dead items.
    pub(super) feeds: Vec<Vec<usize>>,
    /// By queue: the processes that it gets something of.
    pub(super) feeders: Vec<Vec<usize>>,
    /// What the groups of each queue see of it.
    pub(super) lanes: Lanes<'a>,
    /// Queues that a wrong name might have meant.
    pub(super) meant_queues: Vec<usize>,
    /// Processes that a wrong name might have meant.
    pub(super) meant_processes: Vec<usize>,
}

/// One process naming another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    /// The named process.
    pub(super) to: usize,
    /// What for.
    pub(super) kind: Kind,
    /// Where.
    pub(super) spot: Spot,
}

/// What one process names another for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `needs`.
    Need(When),
    /// `after`.
    After,
    /// `stdin = { process }`.
    Stdin,
    /// `{process.NAME.stdout}`.
    Stdout,
    /// `{process.NAME.result.KEY}`.
    Result,
    /// `stdin = { pipe }`.
    Pipe,
}

/// Where in a process a name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    /// `needs[i]`.
    Need(usize),
    /// `after[i]`.
    After(usize),
    /// `stdin.process`.
    Stdin,
    /// `stdin.pipe`.
    Pipe,
    /// Some bytes of a text: a placeholder.
    Within(Text, Range<usize>),
}

impl<'a> Links<'a> {
    /// Resolves every name; those that lead nowhere are returned as problems.
    pub(super) fn of(job: &'a Job) -> (Self, Vec<Problem>) {
        let mut names = HashMap::with_capacity(job.processes.len());
        for (at, process) in job.processes.iter().enumerate() {
            names.entry(process.name.as_str()).or_insert(at);
        }
        let count = job.processes.len();
        let mut links = Self {
            job,
            names,
            edges: Vec::with_capacity(count),
            readers: vec![Vec::new(); count],
            consumes: Vec::with_capacity(count),
            produces: Vec::with_capacity(count),
            producers: vec![Vec::new(); job.queues.len()],
            consumers: vec![Vec::new(); job.queues.len()],
            dead: Vec::with_capacity(job.queues.len()),
            undying: Vec::new(),
            feeds: Vec::with_capacity(count),
            feeders: Vec::new(),
            lanes: Lanes::default(),
            meant_queues: Vec::new(),
            meant_processes: Vec::new(),
        };
        let mut unknown = Unknown::default();
        for (at, process) in job.processes.iter().enumerate() {
            links.processes(at, process, &mut unknown);
        }
        links.queues(&mut unknown);
        links.dead(&mut unknown);
        links.flow();
        unknown.pools(job);
        (links, unknown.problems)
    }

    /// Returns a process.
    pub(super) fn process(&self, at: usize) -> &'a Process {
        &self.job.processes[at]
    }

    /// Returns the name of a process.
    pub(super) fn name(&self, at: usize) -> &'a str {
        &self.job.processes[at].name
    }

    /// Resolves the processes that one names.
    fn processes(&mut self, at: usize, process: &'a Process, unknown: &mut Unknown) {
        let mut edges = Vec::new();
        each_name(process, &mut |name, kind, spot| {
            if let Some(&to) = self.names.get(name) {
                edges.push(Edge { to, kind, spot });
            } else {
                let meant = unknown.process(self.job, process, name, &spot);
                self.meant_processes.extend(meant);
            }
        });
        for edge in edges.iter().filter(|edge| edge.kind == Kind::Pipe) {
            self.readers[edge.to].push(at);
        }
        self.edges.push(edges);
    }

    /// Resolves the queues of every process.
    fn queues(&mut self, unknown: &mut Unknown) {
        let job = self.job;
        let queues = queues(job);
        for (at, process) in job.processes.iter().enumerate() {
            let mut resolve = |name: &str, label: Label| {
                let found = queues.get(name).copied();
                if found.is_none() {
                    let meant = unknown.queue(job, process, name, label);
                    self.meant_queues.extend(meant);
                }
                found
            };
            let consumes = process.consumes.as_ref().and_then(|consumes| {
                let place = consumes_place(process);
                resolve(&consumes.queue, place.label("no queue has this name"))
            });
            let mut produces: Vec<usize> = Vec::with_capacity(process.produces.len());
            for (index, Produces { queue: name, .. }) in process.produces.iter().enumerate() {
                let place = produces_place(process, index);
                let queue = resolve(name, place.label("no queue has this name"));
                produces.extend(queue.filter(|queue| !produces.contains(queue)));
            }
            if let Some(queue) = consumes {
                self.consumers[queue].push(at);
            }
            for &queue in &produces {
                self.producers[queue].push(at);
            }
            self.consumes.push(consumes);
            self.produces.push(produces);
        }
    }
}

impl Links<'_> {
    /// Resolves where dead items go.
    fn dead(&mut self, unknown: &mut Unknown) {
        let job = self.job;
        let queues = queues(job);
        for queue in &job.queues {
            let found = queue.dead.as_deref().and_then(|name| {
                let found = queues.get(name).copied();
                if found.is_none() {
                    let meant = unknown.dead(job, queue, name);
                    self.meant_queues.extend(meant);
                }
                found
            });
            self.dead.push(found);
        }
        self.untie_dead();
    }

    /// Leaves out the edges by which dead items would come back.
    fn untie_dead(&mut self) {
        let mut seen_from = vec![usize::MAX; self.dead.len()];
        for first in 0..self.dead.len() {
            let mut at = first;
            while seen_from[at] == usize::MAX {
                seen_from[at] = first;
                let Some(next) = self.dead[at] else { break };
                if seen_from[next] == first {
                    self.undying.push(at);
                    self.dead[at] = None;
                }
                at = next;
            }
        }
    }

    /// Puts together what gets into queues, and who reads what of them.
    fn flow(&mut self) {
        self.feeders = self.producers.clone();
        for (process, produces) in self.produces.iter().enumerate() {
            let mut feeds = produces.clone();
            let dead = self.consumes[process].and_then(|queue| self.dead[queue]);
            if let Some(dead) = dead.filter(|dead| !feeds.contains(dead)) {
                feeds.push(dead);
                self.feeders[dead].push(process);
            }
            self.feeds.push(feeds);
        }
        self.lanes = Lanes::of(self.job, &self.consumes);
    }
}

/// Returns the position of each queue.
fn queues(job: &Job) -> HashMap<&str, usize> {
    job.queues.iter().enumerate().map(|(at, queue)| (queue.name.as_str(), at)).collect()
}

impl Spot {
    /// Returns the place of a name in its process.
    pub(super) fn place(&self, process: &Process) -> Place {
        let at = place(process);
        match self {
            Self::Need(index) => at.then("needs").item(*index).then("process"),
            Self::After(index) => at.then("after").item(*index),
            Self::Stdin => at.then("stdin").then("process"),
            Self::Pipe => at.then("stdin").then("pipe"),
            Self::Within(text, range) => text.place(process).within(range.clone()),
        }
    }
}

/// Returns the place of a process.
pub(super) fn place(process: &Process) -> Place {
    Place::value(process.file, ["process", &process.name])
}

/// Returns the place where a process names the queue that it consumes.
pub(super) fn consumes_place(process: &Process) -> Place {
    place(process).then("consumes").then("queue")
}

/// Returns the place where a process names a queue that it feeds.
pub(super) fn produces_place(process: &Process, index: usize) -> Place {
    place(process).then("produces").item(index)
}

/// Returns the place where a queue names the one that its dead items go to.
pub(super) fn dead_place(queue: &Queue) -> Place {
    Place::value(queue.file, ["queue", &queue.name, "dead"])
}

/// Calls `found` for every process that one names.
fn each_name<'a>(process: &'a Process, found: &mut dyn FnMut(&'a str, Kind, Spot)) {
    for (index, need) in process.needs.iter().enumerate() {
        found(&need.process, Kind::Need(need.when), Spot::Need(index));
    }
    for (index, name) in process.after.iter().enumerate() {
        found(name, Kind::After, Spot::After(index));
    }
    match &process.stdin {
        Stdin::Process(name) => found(name, Kind::Stdin, Spot::Stdin),
        Stdin::Pipe(name) => found(name, Kind::Pipe, Spot::Pipe),
        Stdin::Closed | Stdin::Text(_) | Stdin::File(_) | Stdin::Inherit => {}
    }
    each_text(process, &mut |template, text| {
        for (placeholder, range) in template.placeholders() {
            let is_result = matches!(placeholder, Placeholder::Result(..));
            let kind = if is_result { Kind::Result } else { Kind::Stdout };
            if let Some(name) = placeholder.process() {
                found(name, kind, Spot::Within(text, range.clone()));
            }
        }
    });
}

/// Names that lead nowhere.
#[derive(Default)]
struct Unknown {
    problems: Vec<Problem>,
    suggested: usize,
}

impl Unknown {
    /// Tells of a process that no file declares; returns the one that may have been meant.
    fn process(&mut self, job: &Job, of: &Process, name: &str, spot: &Spot) -> Option<usize> {
        let message =
            format!("process `{}` names process `{name}`, which no file declares", of.name);
        let label = spot.place(of).label("no process has this name");
        let problem = Problem::error(code::UNKNOWN_PROCESS, message, label);
        let names = job.processes.iter().map(|process| process.name.as_str());
        let near = self.nearest(name, names);
        self.problems.push(match near {
            Some(at) => {
                let near = &job.processes[at];
                let written = match spot {
                    Spot::Within(text, range) => text.written(of, range, &near.name),
                    Spot::Need(_) | Spot::After(_) | Spot::Stdin | Spot::Pipe => quoted(&near.name),
                };
                let declared = Place::key(near.file, ["process", &near.name]);
                suggest(problem, declared, written, &format!("[process.{name}]"))
            }
            None => problem.help(format!("declare it: [process.{name}]")),
        });
        near
    }

    /// Tells of a queue that no file declares; returns the one that may have been meant.
    fn queue(&mut self, job: &Job, of: &Process, name: &str, label: Label) -> Option<usize> {
        let message = format!("process `{}` names queue `{name}`, which no file declares", of.name);
        let problem = Problem::error(code::UNKNOWN_QUEUE, message, label);
        let near = self.nearest(name, job.queues.iter().map(|queue| queue.name.as_str()));
        self.suggest_queue(job, problem, name, near)
    }

    /// Tells of a queue for dead items that no file declares.
    fn dead(&mut self, job: &Job, of: &Queue, name: &str) -> Option<usize> {
        let message = format!("queue `{}` names queue `{name}`, which no file declares", of.name);
        let label = dead_place(of).label("where its dead items should go");
        let problem = Problem::error(code::UNKNOWN_QUEUE, message, label);
        let near = self.nearest(name, job.queues.iter().map(|queue| queue.name.as_str()));
        self.suggest_queue(job, problem, name, near.filter(|&at| job.queues[at].name != of.name))
    }

    /// Adds the queue that may have been meant; returns it.
    fn suggest_queue(
        &mut self,
        job: &Job,
        problem: Problem,
        name: &str,
        near: Option<usize>,
    ) -> Option<usize> {
        self.problems.push(match near {
            Some(at) => {
                let near = &job.queues[at];
                let declared = Place::key(near.file, ["queue", &near.name]);
                suggest(problem, declared, quoted(&near.name), &format!("[queue.{name}]"))
            }
            None => problem.help(format!("declare it: [queue.{name}]")),
        });
        near
    }

    /// Tells of every pool that no file declares.
    fn pools(&mut self, job: &Job) {
        let known: HashSet<&str> = job.pools.iter().map(|pool| pool.name.as_str()).collect();
        for process in &job.processes {
            for (index, name) in process.pools.iter().flatten().enumerate() {
                if name != "default" && !known.contains(name.as_str()) {
                    self.pool(job, process, index, name);
                }
            }
        }
    }

    /// Tells of one.
    fn pool(&mut self, job: &Job, of: &Process, index: usize, name: &str) {
        let message =
            format!("process `{}` runs in pool `{name}`, which no file declares", of.name);
        let label = place(of).then("pool").item(index).label("no pool has this name");
        let problem = Problem::error(code::UNKNOWN_POOL, message, label);
        let near = self.nearest(name, job.pools.iter().map(|pool| pool.name.as_str()));
        self.problems.push(match near {
            Some(at) => {
                let near = &job.pools[at];
                let declared = Place::key(near.file, ["pool", &near.name]);
                suggest(problem, declared, quoted(&near.name), &format!("[pool.{name}]"))
            }
            None => problem.help(format!("declare it: [pool.{name}]")),
        });
    }

    /// Returns the position of the nearest name, where one is near and not too many were asked for.
    fn nearest<'n>(&mut self, name: &str, names: impl Iterator<Item = &'n str>) -> Option<usize> {
        self.suggested += 1;
        if self.suggested > MAX_SUGGESTIONS { None } else { nearest_at(name, names) }
    }
}

/// Adds what was probably meant: how it is written there, where it is declared, and what to declare
/// otherwise.
fn suggest(problem: Problem, near: Place, written: String, other: &str) -> Problem {
    let own = problem.labels[0].place.clone();
    problem
        .also(near.label("the closest one is declared here"))
        .help(format!("write `{written}`, or declare {other}"))
        .fix(own, written)
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
