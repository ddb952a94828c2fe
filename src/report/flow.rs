//! Flow: how items went through queues, and who held them up.
//!
//! A queue that is full most of its time is read too slowly; one that is empty most of it is fed
//! too slowly. Who reads the last full queue, or feeds the first empty one, is what a faster run
//! needs. Unaware of where it is written.

use std::time::Duration;

use super::sanitize::text;
use super::words::compact;
use crate::event::{Queue, Tally};
use crate::model::QueueId;

/// How long a queue must have been open before who waited says anything about its job.
const TELLING: Duration = Duration::from_secs(2);

/// The part of its time from which on a queue counts as held up.
const MOSTLY: f64 = 0.5;

/// Names of processes that are told at most.
const NAMED: usize = 3;

/// Says of each queue how deep it was and who waited how much.
pub(super) fn queues(tally: &Tally) -> Vec<String> {
    let told = tally.queues.iter().filter(|queue| queue.open >= TELLING);
    told.map(|queue| {
        let deepest = compact_count(queue.deepest);
        let capacity = compact_count(queue.capacity);
        let waits = waits(queue).map(|waits| format!(", {waits}")).unwrap_or_default();
        let most = if queue.deepest > queue.capacity {
            format!("up to {deepest}, {capacity} in memory")
        } else {
            format!("up to {deepest} of {capacity}")
        };
        format!("{} {most}{waits}", text(&queue.name))
    })
    .collect()
}

/// Says who waited, if anybody did for a part of the time that can be seen.
fn waits(queue: &Queue) -> Option<String> {
    let said = [(queue.blocked_part(), "full"), (queue.starved_part(), "empty")];
    let said = said.iter().filter(|(part, _)| *part >= 0.01);
    let said: Vec<_> = said.map(|(part, word)| format!("{word} {}", percent(*part))).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// Names who held the run up, and why that is known.
pub(super) fn bottleneck(tally: &Tally) -> Option<String> {
    let telling = |queue: &&Queue| queue.open >= TELLING;
    let mut full: Vec<_> = tally.queues.iter().filter(telling).collect();
    let mut empty = full.clone();
    full.retain(|queue| queue.blocked_part() >= MOSTLY);
    empty.retain(|queue| queue.starved_part() >= MOSTLY);
    if let Some(queue) = full.last() {
        let readers = names(tally, |consumes, _| consumes == Some(queue.level.queue))?;
        let part = percent(queue.blocked_part());
        return Some(format!("{readers}: queue {} was full {part}", text(&queue.name)));
    }
    let queue = empty.first()?;
    let feeders = names(tally, |_, produces| produces.contains(&queue.level.queue))?;
    let part = percent(queue.starved_part());
    Some(format!("{feeders}: queue {} was empty {part}", text(&queue.name)))
}

fn names(tally: &Tally, is_meant: impl Fn(Option<QueueId>, &[QueueId]) -> bool) -> Option<String> {
    let meant = tally.nodes.iter().filter(|node| is_meant(node.consumes, &node.produces));
    let mut names: Vec<_> = meant.map(|node| text(&node.name)).collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Writes a part of the time: `82 %`.
pub(super) fn percent(part: f64) -> String {
    format!("{:.0}%", part * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn compact_count(count: u64) -> String {
    compact(count as f64)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Story;
    use super::*;
    use crate::event::Outcome;

    #[test]
    fn who_is_too_slow_is_named() {
        let mut story = Story::new("crawl");
        let (pages, links) = (story.queue("pages", 200), story.queue("links", 8));
        let fetch = story.node("fetch", Some(pages), None);
        let parse = story.node("parse", Some(links), None);
        story.level(pages, [150, 160, 0, 0]).level(links, [0, 0, 0, 0]);
        story.wait(6_000).level(pages, [20, 300, 280, 0]).level(links, [1, 280, 270, 0]);
        story.wait(2_000).done(fetch, Outcome::Passed, None).done(parse, Outcome::Passed, None);
        story.level(pages, [20, 300, 280, 0]).level(links, [1, 280, 270, 0]).finish(0);
        let tally = story.tally();
        let said = ["pages up to 150 of 200, full 75%", "links up to 1 of 8, empty 75%"];
        assert_eq!(queues(&tally), said);
        assert_eq!(bottleneck(&tally).unwrap(), "fetch: queue pages was full 75%");
    }
}
