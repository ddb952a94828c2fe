//! Flow: what goes into a queue and who takes it out again.
//!
//! Unaware of loops and of the order of processes.

use super::links::{Links, dead_place, place};
use super::loops::{Loops, feeding_place};
use crate::model::{Emit, Label, Place, Problem, Queue, code};

/// Tells of queues that nothing feeds or nothing reads, and of producers that would emit twice.
pub(super) fn check(links: &Links<'_>, loops: &Loops) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, queue) in links.job.queues.iter().enumerate() {
        if links.meant_queues.contains(&at) || loops.of_queue(at).is_some() {
            continue;
        }
        let fed = queue.items.is_some() || !links.feeders[at].is_empty();
        match links.consumers[at].first() {
            Some(&reader) if !fed => problems.push(unfed(links, at, reader)),
            None => problems.push(unread(links, at)),
            Some(_) => {}
        }
    }
    problems.extend((0..links.edges.len()).filter_map(|at| twice(links, at)));
    problems
}

fn declared(links: &Links<'_>, at: usize, text: impl Into<String>) -> Label {
    let queue = &links.job.queues[at];
    Place::key(queue.file, ["queue", &queue.name]).label(text)
}

/// Tells of a queue that is read and that nothing feeds.
fn unfed(links: &Links<'_>, at: usize, reader: usize) -> Problem {
    let name = &links.job.queues[at].name;
    let reader = links.process(reader);
    let message = format!("queue `{name}` is read by `{}`, but nothing feeds it", reader.name);
    let read = place(reader).then("consumes").label("the reader");
    Problem::error(code::UNFED, message, declared(links, at, "it would always be empty"))
        .also(read)
        .help(format!("add `produces = \"{name}\"` to a process, or `items` to the queue"))
}

/// Tells of a queue that nothing reads.
fn unread(links: &Links<'_>, at: usize) -> Problem {
    let queue = &links.job.queues[at];
    let name = &queue.name;
    let help = format!("add `consumes = \"{name}\"` to a process, or remove the queue");
    let Some(&writer) = links.producers[at].first() else {
        if let Some(dying) = links.dead.iter().position(|dead| *dead == Some(at)) {
            return unburied(links, at, &links.job.queues[dying]).help(help);
        }
        let message = format!("queue `{name}` is read by no process");
        return Problem::error(code::UNREAD, message, declared(links, at, "")).help(help);
    };
    let writer = links.process(writer);
    let message =
        format!("queue `{name}` is written by `{}`, but no process reads it", writer.name);
    let (count, name) = (queue.capacity, &writer.name);
    let text = format!("after {count} items `{name}` would block for ever");
    let written = place(writer).then("produces").label("the writer");
    Problem::error(code::UNREAD, message, declared(links, at, text)).also(written).help(help)
}

/// Tells of a queue that gets the dead items of another, and that nothing reads.
fn unburied(links: &Links<'_>, at: usize, dying: &Queue) -> Problem {
    let name = &links.job.queues[at].name;
    let message = format!(
        "queue `{name}` gets the dead items of queue `{}`, but no process reads it",
        dying.name
    );
    let label = declared(links, at, "nobody looks at them");
    Problem::error(code::UNREAD, message, label)
        .also(dead_place(dying).label("without this key they stay in the run's folder"))
}

/// Tells of a source that is tried again and has put items in already. What a consumer makes is
/// published when its item is accepted, and so only once.
fn twice(links: &Links<'_>, at: usize) -> Option<Problem> {
    let process = links.process(at);
    if process.retry.max == 0 || process.consumes.is_some() || process.emit == Emit::OnSuccess {
        return None;
    }
    let repeats = |queue: &usize| !links.job.queues[*queue].unique;
    let fed: Vec<usize> = links.produces[at].iter().copied().filter(repeats).collect();
    let first = &links.job.queues[*fed.first()?].name;
    let name = &process.name;
    let message = format!("process `{name}` is tried again, and would emit its items twice");
    let label = place(process).then("retry").label("each try begins from the start");
    let help = format!(
        "add `emit = \"on-success\"`, which holds its items back until it passes, or \
         `unique = true` to [queue.{first}]; or remove `retry` and let a consumer retry"
    );
    let entry = |&queue: &usize| {
        let name = &links.job.queues[queue].name;
        let text = format!("what a failed try has put into `{name}` stays");
        feeding_place(links, at, queue).label(text)
    };
    let problem = Problem::error(code::TWICE, message, label).help(help);
    Some(fed.iter().map(entry).fold(problem, Problem::also))
}
