//! Seats: which row of the screen shows which attempt.
//!
//! An attempt keeps its row until it ends, and its successor in the same slot takes it over, so
//! that rows don't jump when items are short. Unaware of how a row is drawn.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::event::{Attempt, Tally};
use crate::model::{AttemptId, NodeId};

/// How long a row stays free for a successor: longer than a child needs to start.
const FREE: Duration = Duration::from_millis(400);

/// The rows, from the top.
#[derive(Debug, Default)]
pub(super) struct Seats(Vec<Seat>);

#[derive(Debug)]
struct Seat {
    attempt: Option<AttemptId>,
    /// Whose it is or was.
    slot: (NodeId, u32),
    /// When it was last taken.
    at: Duration,
}

impl Seats {
    /// Gives the rows that are free to attempts that have none, the oldest first.
    pub(super) fn seat(&mut self, tally: &Tally, now: Duration, room: usize) {
        for seat in &mut self.0 {
            match seat.attempt {
                Some(attempt) if tally.running.contains_key(&attempt) => seat.at = now,
                Some(_) | None => seat.attempt = None,
            }
        }
        self.0.retain(|seat| seat.attempt.is_some() || now.saturating_sub(seat.at) < FREE);
        self.shrink(room);
        let seated: BTreeSet<_> = self.attempts().into_iter().flatten().collect();
        let standing = tally.running.iter().filter(|(id, _)| !seated.contains(id));
        let standing: Vec<_> = standing.take(room.saturating_sub(seated.len())).collect();
        let strangers: Vec<_> =
            standing.into_iter().filter(|one| !self.succeed(*one, now)).collect();
        for stranger in strangers {
            self.sit(stranger, now, room);
        }
    }

    /// Returns what each row shows; a free one shows nothing.
    pub(super) fn attempts(&self) -> Vec<Option<AttemptId>> {
        self.0.iter().map(|seat| seat.attempt).collect()
    }

    /// Seats an attempt where its predecessor sat, if that row is free.
    fn succeed(&mut self, (id, attempt): (&AttemptId, &Attempt), now: Duration) -> bool {
        let slot = (attempt.node, attempt.slot);
        let free = self.0.iter_mut().find(|seat| seat.attempt.is_none() && seat.slot == slot);
        free.map(|seat| *seat = Seat { attempt: Some(*id), slot, at: now }).is_some()
    }

    /// Seats an attempt in a new row, else in a free one.
    fn sit(&mut self, (id, attempt): (&AttemptId, &Attempt), now: Duration, room: usize) {
        let slot = (attempt.node, attempt.slot);
        let seat = Seat { attempt: Some(*id), slot, at: now };
        if let Some(free) = self.0.iter_mut().find(|seat| seat.attempt.is_none()) {
            *free = seat;
        } else if self.0.len() < room {
            self.0.push(seat);
        }
    }

    /// Gives up rows that the screen has no longer, free ones first.
    fn shrink(&mut self, room: usize) {
        while self.0.len() > room {
            let free = self.0.iter().position(|seat| seat.attempt.is_none());
            self.0.remove(free.unwrap_or(self.0.len() - 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::Story;
    use super::*;
    use crate::event::{Exit, Verdict};

    #[test]
    fn rows_stay_where_they_are() {
        let mut story = Story::new("rows");
        let queue = story.queue("q", 8);
        let node = story.node("work", Some(queue), None);
        let first: Vec<_> = (0..4).map(|_| story.start(node, 1, Some("x"))).collect();
        let mut seats = Seats::default();
        seats.seat(&story.tally(), story.now(), 4);
        assert_eq!(seats.attempts(), first.iter().copied().map(Some).collect::<Vec<_>>());

        story.wait(10).end(first[1], Exit::Code(0), Verdict::Passed, None);
        seats.seat(&story.tally(), story.now(), 4);
        assert_eq!(seats.attempts()[1], None, "a free row stays for a while");
        let next = story.start(node, 1, Some("y"));
        seats.seat(&story.tally(), story.now(), 4);
        assert_eq!(seats.attempts()[1], Some(next));

        story.end(first[0], Exit::Code(0), Verdict::Passed, None).wait(2_000);
        seats.seat(&story.tally(), story.now(), 4);
        assert_eq!(seats.attempts().len(), 3, "nobody came");
        seats.seat(&story.tally(), story.now(), 2);
        assert_eq!(seats.attempts().len(), 2, "the screen shrank");
    }
}
