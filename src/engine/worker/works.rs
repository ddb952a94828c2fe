//! Works: what the workers of a node read, what they feed, and how their process has them treated.
//!
//! The same for each of its workers, and taken from the plan when one starts. Unaware of what a
//! worker does.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::protocol::out;
use super::protocol::request::Requests;
use crate::engine::context::Context;
use crate::model::{self, Emit, NodeId, QueueId, Recycle};
use crate::queue::{Origin, Queue, Reader, fits};

/// A reply may be so many times as long as the longest item that a queue takes which is fed: text
/// needs up to six bytes for one in JSON, and most replies list several short items.
const LONGEST_REPLY: u64 = 8;

/// Bytes that any reply may have beside items: keys, and an error with the trace of a stack.
const SLACK: u64 = 64 << 10;

/// What the workers of a node do.
#[derive(Debug)]
pub(in crate::engine) struct Works {
    pub(super) node: NodeId,
    /// The queue that they read.
    pub(super) reader: Reader,
    queue: Queue,
    pub(super) requests: Requests,
    /// What the id of each of its items begins with.
    head: String,
    /// The queues that they feed.
    pub(super) feeds: Vec<Feed>,
    pub(super) origin: Origin,
    /// Whether what they make keeps the order of what they read.
    pub(super) in_turn: bool,
    /// Bytes of a reply at most.
    pub(super) longest: usize,
    /// `timeout.total`, of each item.
    pub(super) total: Option<Duration>,
    /// `timeout.slow`, likewise.
    pub(super) slow: Option<Duration>,
    /// How long a worker may take to end by itself.
    pub(super) grace: Duration,
    pub(super) recycle: Recycle,
}

/// A queue that is fed.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) queue: Queue,
    id: QueueId,
    name: String,
}

impl Feed {
    /// Says which queue it is that can't take something.
    pub(super) fn named(&self, why: &str) -> String {
        format!("queue `{}`: {why}", self.name)
    }
}

impl Works {
    /// Takes those of a node that consumes.
    pub(in crate::engine) fn of(context: &Context, node: NodeId, reader: Reader) -> Self {
        let plan = &context.plan;
        let read = plan.node(node).consumes.expect("who works on items consumes them");
        let process = plan.process(node);
        let consumes = process.consumes.as_ref().expect("so it was declared");
        let name = &plan.queue(read).name;
        let feed = |id: &QueueId| Feed {
            queue: context.queues[id.index()].clone(),
            id: *id,
            name: plan.queue(*id).name.clone(),
        };
        // All groups of a queue are fed at once.
        let is_first =
            |id: &&QueueId| plan.groups(**id).first().is_some_and(|first| first.id == **id);
        let feeds: Vec<Feed> = plan.node(node).produces.iter().filter(is_first).map(feed).collect();
        let longest = feeds.iter().map(|feed| plan.queue(feed.id).max_item).max();
        let longest =
            longest.unwrap_or_default().saturating_mul(LONGEST_REPLY).saturating_add(SLACK);
        Self {
            node,
            reader,
            queue: context.queues[read.index()].clone(),
            requests: Requests::new(name, plan.queue(read).framing),
            head: format!("{name}:"),
            feeds,
            origin: Origin::of(node),
            in_turn: process.emit == Emit::Input,
            longest: usize::try_from(longest).unwrap_or(usize::MAX),
            total: process.timeout.total,
            slow: process.timeout.slow,
            grace: process.stop.grace,
            recycle: consumes.recycle,
        }
    }

    /// Waits until it is the turn of what comes of an item. Returns whether it came.
    pub(super) async fn turn(&self, index: u64) -> bool {
        !self.in_turn || self.queue.turn(index).await
    }

    /// Returns the item that an id names.
    pub(super) fn index(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix(&self.head)?;
        let is_number =
            digits == "0" || digits.starts_with(|digit: char| ('1'..='9').contains(&digit));
        digits.parse().ok().filter(|_| is_number)
    }

    /// Returns what is to be put where, or why it can't be: each queue gets all of it.
    pub(super) fn items(
        &self,
        context: &Context,
        out: &[&RawValue],
    ) -> Result<VecDeque<(usize, Bytes)>, String> {
        let mut items = VecDeque::with_capacity(self.feeds.len() * out.len());
        for (at, feed) in self.feeds.iter().enumerate() {
            let declared = context.plan.queue(feed.id);
            for value in out {
                let item = out::item(value, declared.framing).map_err(str::to_owned);
                let item = item.and_then(|item| fitting(item, declared));
                items.push_back((at, item.map_err(|why| feed.named(&why))?));
            }
        }
        Ok(items)
    }
}

fn fitting(item: Bytes, declared: &model::Queue) -> Result<Bytes, String> {
    if item.len() as u64 > declared.max_item {
        let (length, most) = (item.len(), declared.max_item);
        return Err(format!("an item of {length} bytes is longer than `max-item`, {most}"));
    }
    fits(&item, declared).map_err(|fault| fault.to_string())?;
    Ok(item)
}
