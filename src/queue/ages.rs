//! Ages: how long the oldest item of a queue is in it, without a look at the clock for each.
//!
//! Items that came between two marks are one cohort: its time, and how many of it are open. Where
//! cohorts become many, neighbours are joined, so that old ages are told less exactly than young
//! ones. Unaware of the items themselves.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Cohorts at most: enough to tell a minute from a minute and a second.
const COHORTS: usize = 64;

/// Marks that are nearer to each other than this are one: nobody looks more often.
const APART: Duration = Duration::from_millis(100);

/// The ages of items that nobody has answered for.
#[derive(Debug)]
pub(super) struct Ages {
    /// The oldest first; there is always a last one, into which items come.
    cohorts: VecDeque<Cohort>,
    marked: Option<Instant>,
}

/// Items that came between two marks.
#[derive(Debug)]
struct Cohort {
    /// The index of its first item.
    first: u64,
    /// How many of it nobody has answered for.
    open: u64,
    since: Option<Instant>,
}

impl Ages {
    /// Begins with no item.
    pub(super) fn new() -> Self {
        Self { cohorts: VecDeque::from([Cohort { first: 0, open: 0, since: None }]), marked: None }
    }

    /// Counts an item that comes.
    pub(super) fn enter(&mut self) {
        if let Some(last) = self.cohorts.back_mut() {
            last.open += 1;
        }
    }

    /// Counts an item that somebody has answered for.
    pub(super) fn leave(&mut self, index: u64) {
        let cohort = self.cohort(index);
        cohort.open = cohort.open.saturating_sub(1);
    }

    /// Counts an item again that somebody had answered for.
    pub(super) fn reenter(&mut self, index: u64) {
        self.cohort(index).open += 1;
    }

    /// Takes in what time it is; the next item to come has this index.
    pub(super) fn mark(&mut self, now: Instant, next: u64) {
        if self.marked.is_some_and(|marked| now.saturating_duration_since(marked) < APART) {
            return;
        }
        self.marked = Some(now);
        while self.cohorts.len() > 1 && self.cohorts[0].open == 0 {
            self.cohorts.pop_front();
        }
        let Some(last) = self.cohorts.back_mut() else { return };
        last.since.get_or_insert(now);
        if last.open == 0 {
            *last = Cohort { first: next, open: 0, since: Some(now) };
            return;
        }
        self.cohorts.push_back(Cohort { first: next, open: 0, since: Some(now) });
        if self.cohorts.len() > COHORTS {
            self.join();
        }
    }

    /// Returns the age of the oldest item, as of the last mark.
    pub(super) fn oldest(&self) -> Option<Duration> {
        let oldest = self.cohorts.iter().find(|cohort| cohort.open > 0)?;
        Some(self.marked?.saturating_duration_since(oldest.since?))
    }

    fn cohort(&mut self, index: u64) -> &mut Cohort {
        let after = match self.cohorts.back() {
            Some(last) if last.first <= index => self.cohorts.len(),
            // Those of the first are counted there, also where older ones were forgotten.
            _ => self.cohorts.partition_point(|cohort| cohort.first <= index).max(1),
        };
        &mut self.cohorts[after - 1]
    }

    /// Joins each second cohort with the one before it, but for the last.
    fn join(&mut self) {
        let last = self.cohorts.pop_back();
        let mut joined = VecDeque::with_capacity(COHORTS);
        while let Some(one) = self.cohorts.pop_front() {
            let open = one.open + self.cohorts.pop_front().map_or(0, |two| two.open);
            joined.push_back(Cohort { open, ..one });
        }
        joined.extend(last);
        self.cohorts = joined;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_oldest_is_the_first_that_is_open() {
        let (start, mut ages) = (Instant::now(), Ages::new());
        assert_eq!(ages.oldest(), None);
        ages.mark(start, 0);
        for index in 0..3 {
            ages.enter();
            ages.mark(start + seconds(index + 1), index + 1);
        }
        assert_eq!(ages.oldest(), Some(seconds(3)));
        ages.leave(1);
        assert_eq!(ages.oldest(), Some(seconds(3)));
        ages.leave(0);
        assert_eq!(ages.oldest(), Some(seconds(1)));
        ages.reenter(0);
        ages.leave(0);
        ages.leave(2);
        assert_eq!(ages.oldest(), None);
        ages.mark(start + seconds(60), 3);
        ages.enter();
        ages.mark(start + seconds(61), 4);
        assert_eq!(ages.oldest(), Some(seconds(1)));
    }

    #[test]
    fn what_is_known_of_a_long_time_is_little() {
        let (start, mut ages) = (Instant::now(), Ages::new());
        for index in 0..10_000 {
            ages.mark(start + seconds(index), index);
            ages.enter();
            assert!(ages.cohorts.len() <= COHORTS);
        }
        assert_eq!(ages.oldest(), Some(seconds(9_999)));
        (0..5_000).for_each(|index| ages.leave(index));
        let oldest = ages.oldest().unwrap();
        assert!((seconds(4_999)..=seconds(9_999)).contains(&oldest), "{oldest:?}");
        (5_000..10_000).for_each(|index| ages.leave(index));
        assert_eq!(ages.oldest(), None);
    }
}
