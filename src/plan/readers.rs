//! Readers: what a consumer asks of its queue, and of whoever else reads it.
//!
//! Who keeps items in order must get all of them; and a batch must fit. Unaware of what feeds a
//! queue.

use super::links::{Links, consumes_place, place};
use super::written::size;
use crate::model::{Batch, Deliver, Emit, Label, Place, Problem, Process, Queue, code};

/// Tells of readers that would not get what they ask for; `cells` has the nodes of each process.
pub(super) fn check(links: &Links<'_>, cells: &[usize]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, process) in links.job.processes.iter().enumerate() {
        let (Some(consumes), Some(queue)) = (&process.consumes, links.consumes[at]) else {
            continue;
        };
        if consumes.shard.is_some() {
            problems.extend(shared(links, cells, at, &Alone::SHARD));
        }
        if process.emit == Emit::Input {
            problems.extend(shared(links, cells, at, &Alone::ORDER));
        }
        if consumes.deliver == Deliver::Batch {
            problems.extend(large(process, &consumes.batch, &links.job.queues[queue]));
        }
    }
    problems
}

/// Why a reader must be the only one.
struct Alone {
    key: &'static str,
    why: &'static str,
    of: &'static str,
}

impl Alone {
    const SHARD: Self = Self {
        key: "shard",
        why: "the same value goes to the same slot only if all items come here",
        of: "`shard` of",
    };
    const ORDER: Self = Self {
        key: "emit",
        why: "the order of all items is known only where all of them come",
        of: "emit = \"input\" of",
    };
}

/// Tells of a reader that must be the only one and is not.
fn shared(links: &Links<'_>, cells: &[usize], at: usize, alone: &Alone) -> Option<Problem> {
    let process = links.process(at);
    let lane = links.lanes.lane(links.lanes.of_reader(at)?);
    let other = lane.readers.iter().copied().find(|&other| other != at);
    if other.is_none() && cells[at] < 2 {
        return None;
    }
    let queue = &links.job.queues[lane.queue].name;
    let (what, remedy) = match lane.group {
        Some(group) => (format!("group `{group}` of queue `{queue}`"), "another group"),
        None => (format!("queue `{queue}`"), "`groups`"),
    };
    let (key, name) = (alone.key, &process.name);
    let message = format!("{} `{name}` needs {what} for itself alone", alone.of);
    let problem = Problem::error(code::CONFLICT, message, label(process, key, alone.why));
    let Some(other) = other.map(|other| links.process(other)) else {
        let text = format!("these are {} readers", cells[at]);
        let problem = problem.also(label(process, "matrix", &text));
        return Some(problem.help(format!("remove `{key}` or `matrix` from [process.{name}]")));
    };
    let text = format!("`{}` takes some of them", other.name);
    Some(problem.also(consumes_place(other).label(text)).help(format!(
        "remove `{key}` from [process.{name}], or read through {remedy}, which sees every item"
    )))
}

/// Tells of a batch that is never full, because the queue is full before.
fn large(process: &Process, batch: &Batch, queue: &Queue) -> Option<Problem> {
    let items = batch.items.filter(|&items| items > queue.capacity);
    let bytes = batch.bytes.filter(|&bytes| bytes > queue.capacity_bytes);
    let quoted = |bytes| format!("\"{}\"", size(bytes));
    let (key, room, asked, held) = match (items, bytes) {
        (Some(items), _) => ("items", "capacity", items.to_string(), queue.capacity.to_string()),
        (None, Some(bytes)) => {
            ("bytes", "capacity-bytes", quoted(bytes), quoted(queue.capacity_bytes))
        }
        (None, None) => return None,
    };
    let (name, read) = (&process.name, &queue.name);
    let message =
        format!("a batch of process `{name}` could never be full: queue `{read}` is full before");
    let label = place(process).then("batch").then(key).label(format!("so much: {asked}"));
    let there = Place::value(queue.file, ["queue", read, room]);
    Some(
        Problem::error(code::CONFLICT, message, label)
            .also(there.label(format!("room for {held}")))
            .help(format!(
                "write {room} = {asked} in [queue.{read}], or {key} = {held} in `batch`"
            )),
    )
}

fn label(process: &Process, key: &str, text: &str) -> Label {
    place(process).then(key).label(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::check;
    use crate::plan::sample::job;

    fn told(text: &str) -> Vec<String> {
        let line = |problem: Problem| {
            format!("{} {}; {}", problem.code.id, problem.message, problem.help.unwrap_or_default())
        };
        check(&job(text)).into_iter().map(line).collect()
    }

    #[test]
    fn who_keeps_an_order_reads_alone() {
        for text in [
            "queue q 1\nx reads q shard!\n",
            "queue q 1 groups=a,b\nx reads q/a shard!\ny reads q/b",
            "queue q 1\nx works q ordered! feeds r\ny reads r\nz reads r",
        ] {
            assert_eq!(told(text), [""; 0], "{text}");
        }
        for (text, expected) in [
            (
                "queue q 1\nx reads q shard!\ny reads q",
                "E301 `shard` of `x` needs queue `q` for itself alone; remove `shard` from \
                 [process.x], or read through `groups`, which sees every item",
            ),
            (
                "queue q 1 groups=a\nx reads q/a feeds r ordered!\ny reads q/a\nz reads r",
                "E301 emit = \"input\" of `x` needs group `a` of queue `q` for itself alone; \
                 remove `emit` from [process.x], or read through another group, which sees every \
                 item",
            ),
            (
                "queue q 1\nx reads q shard! matrix k=1,2",
                "E301 `shard` of `x` needs queue `q` for itself alone; remove `shard` or `matrix` \
                 from [process.x]",
            ),
        ] {
            assert_eq!(told(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_batch_can_be_full() {
        let told = |items, bytes| {
            let mut job = job("queue q 1\nx batches q");
            let batch = Batch { items, bytes, ..Batch::default() };
            job.processes[0].consumes.as_mut().unwrap().batch = batch;
            check(&job).pop().and_then(|problem| problem.help)
        };
        assert_eq!(told(Some(64), Some(1 << 20)), None);
        let help = "write capacity = 65 in [queue.q], or items = 64 in `batch`";
        assert_eq!(told(Some(65), None).as_deref(), Some(help));
        let help =
            "write capacity-bytes = \"1048577B\" in [queue.q], or bytes = \"1MiB\" in `batch`";
        assert_eq!(told(None, Some((1 << 20) + 1)).as_deref(), Some(help));
    }
}
