//! Queue: what is known of one queue: how full it is, how fast items pass, and who waits for whom.
//!
//! Levels come about ten times a second, and between two of them a queue counts as it was at the
//! first. Unaware of nodes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::QueueLevel;
use crate::model::QueueId;

/// Time over which rates are counted: levels come ten times a second, and a figure that jumps as
/// often can't be read. What came in before it is forgotten, such as a list that was put at once.
const RATE_WINDOW: Duration = Duration::from_secs(2);

/// The least time that a rate is over: what came in the first instant is no rate yet.
const RATE_LEAST: f64 = 1.0;

/// Time between two levels that are kept for rates, which bounds how many are.
const RATE_STEP: Duration = Duration::from_millis(50);

/// A queue, as full as it is.
#[derive(Debug)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Items that it holds at most.
    pub capacity: u64,
    /// How full it was last, and when that was.
    pub level: QueueLevel,
    /// When `level` was told.
    pub at: Duration,
    /// Items that came in and went out for good per second, over about [`RATE_WINDOW`].
    pub rates: (f64, f64),
    /// When so many had come in and gone out, oldest first, for as long as the window.
    recent: VecDeque<(Duration, u64, u64)>,
    /// Whether it was closed.
    pub closed: bool,
    /// Whether it was drained.
    pub drained: bool,
    /// Items that were dropped because nobody was left to take them.
    pub left: u64,
    /// The most items that were inside at once, as far as it was told.
    pub deepest: u64,
    /// How long it was open, from its first item on.
    pub open: Duration,
    /// How long of that its producers waited for room.
    pub blocked: Duration,
    /// How long of that its consumers waited for items.
    pub starved: Duration,
}

impl Queue {
    pub(super) fn new(queue: QueueId, name: String, capacity: u64) -> Self {
        let level = QueueLevel {
            queue,
            depth: 0,
            put: 0,
            done: 0,
            dead: 0,
            spilled: 0,
            oldest: None,
            producers_blocked: false,
            consumers_starved: false,
        };
        Self {
            name,
            capacity,
            level,
            at: Duration::ZERO,
            rates: (0.0, 0.0),
            recent: VecDeque::new(),
            closed: false,
            drained: false,
            left: 0,
            deepest: 0,
            open: Duration::ZERO,
            blocked: Duration::ZERO,
            starved: Duration::ZERO,
        }
    }

    pub(super) fn told(&mut self, at: Duration, level: &QueueLevel) {
        self.count(at, level.put, level.put.saturating_sub(level.depth));
        self.press(at);
        self.deepest = self.deepest.max(level.depth);
        self.at = at;
        self.level.clone_from(level);
    }

    /// Takes in that nothing will be put in any more: from now on nobody waits for room or for
    /// more.
    pub(super) fn close(&mut self, at: Duration) {
        if !self.closed {
            self.press(at);
            self.at = at;
            self.closed = true;
        }
    }

    /// Counts how long it has been as it was told last.
    fn press(&mut self, at: Duration) {
        if self.closed || self.level.put == 0 && !self.level.consumers_starved {
            return;
        }
        let time = at.saturating_sub(self.at);
        self.open += time;
        if self.level.producers_blocked {
            self.blocked += time;
        }
        if self.level.consumers_starved {
            self.starved += time;
        }
    }

    /// Returns the part of its time, from 0 to 1, in which its producers waited for room.
    pub fn blocked_part(&self) -> f64 {
        part(self.blocked, self.open)
    }

    /// Returns the part of its time, from 0 to 1, in which its consumers waited for items.
    pub fn starved_part(&self) -> f64 {
        part(self.starved, self.open)
    }

    /// Counts rates. What a reader keeps until its exit has left the queue and is not done yet, so
    /// what went out is what came in and is not inside.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn count(&mut self, at: Duration, put: u64, gone: u64) {
        let since = at.saturating_sub(RATE_WINDOW);
        while self.recent.get(1).is_some_and(|(next, ..)| *next <= since) {
            self.recent.pop_front();
        }
        let known = self.recent.front().map(|(first, put, gone)| (since.max(*first), *put, *gone));
        let (first, was_put, was_gone) = known.unwrap_or_default();
        let seconds = at.saturating_sub(first).as_secs_f64().max(RATE_LEAST);
        let rate = |now: u64, was: u64| now.saturating_sub(was) as f64 / seconds;
        self.rates = (rate(put, was_put), rate(gone, was_gone));
        if self.recent.back().is_none_or(|(last, ..)| at.saturating_sub(*last) >= RATE_STEP) {
            self.recent.push_back((at, put, gone));
        }
    }

    /// Takes in what it came to.
    pub(super) fn drain(&mut self, done: u64, dead: u64, left: u64) {
        self.closed = true;
        self.drained = true;
        self.left = left;
        self.level.done = done;
        self.level.dead = dead;
        self.level.depth = 0;
    }
}

fn part(time: Duration, of: Duration) -> f64 {
    if of.is_zero() { 0.0 } else { time.as_secs_f64() / of.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells levels every 100 ms and returns the rates at the end, in whole items.
    fn rates(levels: impl IntoIterator<Item = (u64, u64)>) -> [String; 2] {
        let mut queue = Queue::new(QueueId::at(0), "pages".to_owned(), 1024);
        for (step, (put, depth)) in (0..).zip(levels) {
            let level = QueueLevel { depth, put, ..queue.level.clone() };
            queue.told(Duration::from_millis(5 + 100 * step), &level);
        }
        [queue.rates.0, queue.rates.1].map(|rate| format!("{rate:.0}"))
    }

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        assert_eq!(rates([(400, 400)]), ["400", "0"], "a list is no rate of 80 000");
        assert_eq!(rates((0..40).map(|n| (400, 400 - n))), ["0", "10"], "and soon forgotten");
        assert_eq!(rates((0..40).map(|n| (50 * n, 0))), ["500", "500"], "read, though not done");
        let stopped = (0..20).map(|n| (50 * n, 0)).chain((0..40).map(|_| (950, 0)));
        assert_eq!(rates(stopped), ["0", "0"]);
    }

    #[test]
    fn it_is_known_who_waited_for_whom() {
        let mut queue = Queue::new(QueueId::at(0), "pages".to_owned(), 4);
        let level = |depth, blocked, starved| QueueLevel {
            depth,
            put: 9,
            producers_blocked: blocked,
            consumers_starved: starved,
            ..Queue::new(QueueId::at(0), String::new(), 4).level
        };
        let seconds = Duration::from_secs;
        queue.told(seconds(1), &level(4, true, false));
        queue.told(seconds(4), &level(2, false, false));
        queue.told(seconds(6), &level(0, false, true));
        queue.close(seconds(11));
        queue.told(seconds(30), &level(0, false, true));
        assert_eq!((queue.open, queue.deepest), (seconds(10), 4));
        let percent = |part: f64| format!("{:.0}", part * 100.0);
        assert_eq!(
            (percent(queue.blocked_part()), percent(queue.starved_part())),
            ("30".into(), "50".into())
        );
    }
}
