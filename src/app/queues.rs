//! Queues: what is worth knowing of one, in a few words, and what is at its ends.
//!
//! Only what differs from a plain queue is told. Unaware of where it is shown.

use std::collections::HashMap;

use super::words::{count, safe};
use crate::model::{Consumes, Job, OnFull, OnProducerFailure, Order, Queue, Tolerate};

/// A percentage is shown to a millionth of it.
const PRECISE: f64 = 1e6;

/// Names that are listed; a longer list says how many more there are.
const MAX_NAMED: usize = 8;

/// Returns how much a queue holds, and how it differs from a plain one.
pub(super) fn remarks(queue: &Queue) -> Vec<String> {
    let capacity = usize::try_from(queue.capacity).unwrap_or(usize::MAX);
    let mut words = vec![format!("room for {}", count(capacity, "item"))];
    words.extend(framing(queue));
    words.extend((queue.on_full == OnFull::Spill).then(|| "spills to disk".to_owned()));
    if queue.unique {
        let key = queue.key.as_ref().map_or("item".to_owned(), |key| safe(&key.source()));
        words.push(format!("each {key} once"));
    }
    match &queue.order {
        Order::Fifo => {}
        Order::Priority(by) => words.push(format!("greatest {} first", safe(&by.source()))),
    }
    words.extend(match queue.tolerate {
        Tolerate::Items(0) => None,
        Tolerate::Items(items) => Some(format!("tolerates {items} dead")),
        Tolerate::Part(part) => Some(format!("tolerates {}% dead", percent(part))),
    });
    words.extend(match queue.on_producer_failure {
        OnProducerFailure::Drain => None,
        OnProducerFailure::Discard => Some("drops what a failed producer made".to_owned()),
    });
    words
}

/// Returns a part of all in percent, as it was written: 0.07 times 100 is a little more than 7.
fn percent(part: f64) -> f64 {
    (part * 100.0 * PRECISE).round() / PRECISE
}

/// Returns how items end, where they are no lines.
pub(super) fn framing(queue: &Queue) -> Option<String> {
    let word = queue.framing.word();
    match (word, queue.crlf) {
        ("lines", false) => None,
        ("lines", true) => Some("lines that end in CR LF".to_owned()),
        (word, _) => Some(word.to_owned()),
    }
}

/// Who puts items into each queue of a job, and who takes them out.
#[derive(Debug, Default)]
pub(super) struct Ends<'a> {
    of_queue: HashMap<&'a str, End<'a>>,
}

/// What is at the two ends of one queue.
#[derive(Debug, Default)]
pub(super) struct End<'a> {
    /// Processes that feed it.
    pub(super) producers: Vec<&'a str>,
    /// Queues whose dead items it gets.
    pub(super) dying: Vec<&'a str>,
    /// Processes that read it, and how.
    pub(super) consumers: Vec<(&'a str, &'a Consumes)>,
}

impl<'a> Ends<'a> {
    /// Looks through a job.
    pub(super) fn of(job: &'a Job) -> Self {
        let mut ends = Self::default();
        for process in &job.processes {
            for fed in &process.produces {
                ends.at(&fed.queue).producers.push(&process.name);
            }
            if let Some(consumes) = &process.consumes {
                ends.at(&consumes.queue).consumers.push((&process.name, consumes));
            }
        }
        for queue in &job.queues {
            if let Some(dead) = &queue.dead {
                ends.at(dead).dying.push(&queue.name);
            }
            ends.at(&queue.name);
        }
        ends
    }

    fn at(&mut self, queue: &'a str) -> &mut End<'a> {
        self.of_queue.entry(queue).or_default()
    }

    /// Returns the ends of a declared queue.
    pub(super) fn of_queue(&self, queue: &Queue) -> &End<'a> {
        self.of_queue.get(queue.name.as_str()).expect("each declared queue was looked at")
    }
}

impl End<'_> {
    /// Returns a line for each group that sees the queue, and one for its dead items.
    pub(super) fn lines(&self, queue: &Queue) -> Vec<String> {
        let own = queue.items.as_ref().map(|_| "items".to_owned());
        let makers = self.producers.iter().map(|name| safe(name));
        let dying = self.dying.iter().map(|name| format!("dead of {}", safe(name)));
        let from = named(own.into_iter().chain(makers).chain(dying).collect());
        let whole = queue.groups.is_empty().then_some(None);
        let groups = whole.into_iter().chain(queue.groups.iter().map(Some));
        let lines = groups.map(|group| {
            let of_group = self.consumers.iter().filter(|(_, said)| said.group.as_ref() == group);
            let reader = |(name, said): &(&str, &Consumes)| {
                format!("{} ({})", safe(name), said.deliver.word())
            };
            let to = named(of_group.map(reader).collect());
            match group {
                Some(group) => format!("{from} -> {}: {to}", safe(group)),
                None => format!("{from} -> {to}"),
            }
        });
        let dead = queue.dead.as_ref().map(|dead| format!("dead -> {}", safe(dead)));
        lines.chain(dead).collect()
    }
}

/// Returns names in a row.
fn named(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        names.truncate(MAX_NAMED);
        names.push(format!("{more} more"));
    }
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
