//! Gauge: one line for each queue: how full it is, how fast items pass, who waits for whom.
//!
//! Columns that do not fit are left out from the right. Unaware of attempts.

use std::time::Duration;

use super::super::flow::percent;
use super::super::paint::{Hue, Paint, pad};
use super::super::sanitize::text;
use super::super::words::{self, compact};
use super::frame::View;
use crate::event::Queue;

/// Cells of a gauge.
const CELLS: usize = 10;

/// How old a rate may be: levels are told when they change, so an old one means that nothing moves.
const FRESH: Duration = Duration::from_secs(1);

/// How old an item must be to be worth a look.
const OLD: Duration = Duration::from_secs(2);

/// Columns from which a gauge is drawn beside its figures.
const WITH_CELLS: usize = 44;

/// Columns from which rates are shown.
const WITH_RATES: usize = 70;

/// Returns a line for each of the first queues; where not all are shown, those that are drained go
/// last.
pub(super) fn gauges(view: &View<'_>, shown: usize) -> Vec<String> {
    let mut queues: Vec<_> = view.tally.queues.iter().collect();
    if shown < queues.len() {
        queues.sort_by_key(|queue| queue.drained);
        queues.truncate(shown);
    }
    let names = queues.iter().map(|queue| console::measure_text_width(&text(&queue.name))).max();
    let names = names.unwrap_or(0).min(view.columns() / 3);
    let figures = queues.iter().map(|queue| figures(queue).len()).max().unwrap_or(0);
    queues.into_iter().map(|queue| gauge(view, queue, names, figures)).collect()
}

fn gauge(view: &View<'_>, queue: &Queue, names: usize, columns: usize) -> String {
    let paint = view.paint;
    let name = text(&queue.name);
    let mut line = pad(&paint.squeeze(&name, names), names);
    if view.columns() >= WITH_CELLS {
        line = format!("{line} {}", cells(queue, paint));
    }
    line = format!("{line} {:>columns$}", figures(queue));
    let dead = (queue.level.dead > 0).then(|| format!("{} dead", compact_count(queue.level.dead)));
    let dead = dead.map_or(String::new(), |dead| paint.hue(Hue::Bad, dead).into_owned());
    let rates = if view.columns() >= WITH_RATES { rates(view, queue) } else { String::new() };
    let room = view.columns().saturating_sub(console::measure_text_width(&line));
    line + &fitting(room, [age(view, queue), rates, dead, state(view, queue)])
}

/// Joins those parts that fit beside each other, the last first.
fn fitting(room: usize, parts: [String; 4]) -> String {
    let mut line = String::new();
    for part in parts.into_iter().rev().filter(|part| !part.is_empty()) {
        let longer = format!("  {part}{line}");
        if console::measure_text_width(&longer) <= room {
            line = longer;
        }
    }
    line
}

fn figures(queue: &Queue) -> String {
    format!("{}/{}", queue.level.depth, queue.capacity)
}

fn cells(queue: &Queue, paint: Paint) -> String {
    let capacity = queue.capacity.max(1);
    let filled = (queue.level.depth.min(capacity) * CELLS as u64).div_ceil(capacity);
    let filled = usize::try_from(filled).unwrap_or(CELLS);
    let (full, empty) = if paint.unicode { ("■", "·") } else { ("#", ".") };
    let hue = if queue.level.producers_blocked { Hue::Warn } else { Hue::Busy };
    let empty = paint.hue(Hue::Dim, empty.repeat(CELLS - filled));
    format!("{}{empty}", paint.hue(hue, full.repeat(filled)))
}

/// Writes how many items came in and were done, a second.
fn rates(view: &View<'_>, queue: &Queue) -> String {
    let fresh = view.now.saturating_sub(queue.at) < FRESH && !queue.drained;
    let (put, done) = if fresh { queue.rates } else { (0.0, 0.0) };
    format!("{:>4}/s in {:>4}/s out", compact(put), compact(done))
}

/// Says how long the oldest item is inside, once that is worth a look.
fn age(view: &View<'_>, queue: &Queue) -> String {
    let oldest = queue.level.oldest.filter(|_| !queue.drained && queue.level.depth > 0);
    let oldest = oldest.map(|oldest| oldest + view.now.saturating_sub(queue.at));
    let oldest = oldest.filter(|oldest| *oldest >= OLD);
    oldest.map_or(String::new(), |oldest| format!("oldest {}", words::rough(oldest)))
}

/// Says who waits for whom, or what the queue came to.
fn state(view: &View<'_>, queue: &Queue) -> String {
    let paint = view.paint;
    let wide = view.columns() >= WITH_CELLS;
    let (blocked, starved) = (percent(queue.blocked_part()), percent(queue.starved_part()));
    let (hue, words) = match (queue.drained, queue.level.producers_blocked) {
        (true, _) => (Hue::Good, format!("{} done", compact_count(queue.level.done))),
        (false, true) if wide => (Hue::Warn, format!("producer blocked {blocked}")),
        (false, true) => (Hue::Warn, "blocked".to_owned()),
        (false, false) if !queue.level.consumers_starved => return String::new(),
        (false, false) if wide => (Hue::Dim, format!("consumers starved {starved}")),
        (false, false) => (Hue::Dim, "starved".to_owned()),
    };
    paint.hue(hue, words).into_owned()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn compact_count(count: u64) -> String {
    compact(count as f64)
}
