//! Pipes: which processes start together, and whether their pipes can be joined.
//!
//! A pipe of the operating system has one writer, one reader and no memory: its members start
//! together, once. Unaware of pools and of the order of everything else.

use petgraph::unionfind::UnionFind;

use super::links::{Edge, Kind, Links, place};
use crate::model::{Label, Output, Place, Problem, Process, code};

/// The processes that pipes join.
pub(super) struct Chains {
    /// By process: the member of its chain that is declared first, itself without a pipe.
    leaders: Vec<usize>,
}

impl Chains {
    /// Joins.
    pub(super) fn of(links: &Links<'_>) -> Self {
        let mut sets = UnionFind::new(links.edges.len());
        for (reader, edges) in links.edges.iter().enumerate() {
            for edge in edges.iter().filter(|edge| edge.kind == Kind::Pipe) {
                sets.union(reader, edge.to);
            }
        }
        let labels = sets.into_labeling();
        let mut first = vec![usize::MAX; labels.len()];
        for (process, &label) in labels.iter().enumerate() {
            first[label] = first[label].min(process);
        }
        Self { leaders: labels.into_iter().map(|label| first[label]).collect() }
    }

    /// Returns the member that stands for a process.
    pub(super) fn leader(&self, process: usize) -> usize {
        self.leaders[process]
    }

    /// Returns whether pipes join two different processes.
    pub(super) fn joined(&self, a: usize, b: usize) -> bool {
        a != b && self.leaders[a] == self.leaders[b]
    }
}

/// Tells of every pipe that can't be joined.
pub(super) fn check(links: &Links<'_>, chains: &Chains) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, process) in links.job.processes.iter().enumerate() {
        let edges = &links.edges[at];
        let reads = edges.iter().any(|edge| edge.kind == Kind::Pipe);
        if reads || !links.readers[at].is_empty() {
            problems.extend(member(process));
            problems.extend(waits(links, chains, at));
        }
        if !links.readers[at].is_empty() {
            problems.extend(writer(links, at));
        }
    }
    problems
}

/// A member runs once, and nothing else feeds it or is fed by it.
fn member(process: &Process) -> Option<Problem> {
    let (key, why) = if process.matrix.is_some() {
        ("matrix", "this makes several of it")
    } else if process.consumes.is_some() {
        ("consumes", "this makes one child an item of it")
    } else if !process.produces.is_empty() {
        ("produces", "its standard output cannot go to a queue as well")
    } else if process.retry.max > 0 {
        ("retry", "what went through the pipe is gone, so it cannot be tried again")
    } else {
        return None;
    };
    let message = format!("process `{}` is joined by a pipe and has `{key}`", process.name);
    let label = place(process).then(key).label(why);
    let help = "use a queue (`produces`, `consumes`) instead of the pipe, or remove this key";
    Some(Problem::error(code::PIPE, message, label).help(help))
}

/// A writer has one reader, and its standard output is free.
fn writer(links: &Links<'_>, at: usize) -> Vec<Problem> {
    let process = links.process(at);
    let mut problems = Vec::new();
    let pipe = |reader: usize| {
        let at = place(links.process(reader));
        at.then("stdin").then("pipe")
    };
    if let [first, second, ..] = links.readers[at][..] {
        let message = format!("the output of process `{}` is piped to two readers", process.name);
        let problem = Problem::error(code::PIPE, message, pipe(second).label("and here again"));
        let help = "a pipe has one reader: use a queue, or `stdin = { process = … }`";
        problems.push(problem.also(pipe(first).label("it is read here")).help(help));
    }
    if !matches!(process.stdout, Output::Log) {
        let message = format!("the output of process `{}` goes to a pipe already", process.name);
        let label = place(process).then("stdout").label("so it cannot go here");
        let read = pipe(links.readers[at][0]).label("it is read here");
        problems
            .push(Problem::error(code::PIPE, message, label).also(read).help("remove `stdout`"));
    }
    problems
}

/// A member can't wait for another one: they start together.
fn waits(links: &Links<'_>, chains: &Chains, at: usize) -> Vec<Problem> {
    let process = links.process(at);
    let told = |edge: &&Edge| edge.kind != Kind::Pipe && chains.joined(at, edge.to);
    let problem = |edge: &Edge| {
        let to = links.name(edge.to);
        let message = format!(
            "process `{}` waits for `{to}`, but a pipe makes them start together",
            process.name
        );
        let label = edge.spot.place(process).label(format!("waits for `{to}`"));
        Problem::error(code::PIPE, message, label)
            .also(together(links, at, edge.to))
            .help("remove this entry")
    };
    links.edges[at].iter().filter(told).map(problem).collect()
}

/// Returns the place that joins two members of a chain: where one of them reads a pipe.
pub(super) fn together(links: &Links<'_>, a: usize, b: usize) -> Label {
    let reads = |at: &usize| links.edges[*at].iter().any(|edge| edge.kind == Kind::Pipe);
    let reader = [a, b].into_iter().find(reads).unwrap_or(a);
    let at: Place = place(links.process(reader)).then("stdin").then("pipe");
    at.label(format!("`{}` and `{}` start together", links.name(a), links.name(b)))
}
