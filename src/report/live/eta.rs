//! Eta: how long a run still takes, by what its nodes took in earlier runs.
//!
//! An estimate for people, in work that does not grow with the number of nodes. Unaware of needs:
//! what waits is taken to fill the slots evenly.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::event::Tally;

/// Returns the time that is left, where earlier times are known for at least half of what has not
/// ended; the rest is taken to be like it.
pub(super) fn left(tally: &Tally, now: Duration) -> Option<Duration> {
    let all = tally.nodes_declared().saturating_sub(tally.nodes_done());
    let known = all.saturating_sub(tally.unknown);
    if known == 0 || known < tally.unknown {
        return None;
    }
    let mean = tally.ahead / known;
    let running: BTreeSet<_> = tally.running.values().map(|attempt| attempt.node).collect();
    let (mut spent, mut longest) = (Duration::ZERO, Duration::ZERO);
    let work = running.iter().map(|node| &tally.nodes[node.index()]);
    for node in work.filter(|node| node.ready.is_none()) {
        let expected = node.expected.unwrap_or(mean);
        let age = now.saturating_sub(node.started.unwrap_or(now)).min(expected);
        spent += age;
        longest = longest.max(expected.saturating_sub(age));
    }
    let work = (tally.ahead + mean * tally.unknown).saturating_sub(spent);
    let slots: u32 = tally.pools.iter().fold(0, |slots, pool| slots.saturating_add(pool.2));
    let slots = tally.jobs.unwrap_or(slots).min(slots).clamp(1, all.max(1));
    Some((work / slots).max(longest))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::Story;
    use super::*;
    use crate::event::{Exit, Outcome, Verdict};

    #[test]
    fn what_is_left_is_spread_over_the_slots() {
        let mut story = Story::new("eta");
        let first = story.node("a", None, Some(8_000));
        for name in ["b", "c", "d", "e", "f", "g"] {
            story.node(name, None, Some(4_000));
        }
        story.node("new", None, None);
        let seconds = |story: &Story| left(&story.tally(), story.now()).map(|left| left.as_secs());
        assert_eq!(seconds(&story), Some(9), "32 s known, 4.6 s guessed, 4 slots");
        let attempt = story.start(first, 1, None);
        story.wait(4_000);
        assert_eq!(seconds(&story), Some(8));
        story.end(attempt, Exit::Code(0), Verdict::Passed, None).done(first, Outcome::Passed, None);
        assert_eq!(seconds(&story), Some(7));
    }

    #[test]
    fn nothing_is_promised_without_knowledge() {
        let mut story = Story::new("eta");
        assert_eq!(left(&story.tally(), story.now()), None);
        story.node("a", None, Some(1_000));
        story.node("b", None, None);
        story.node("c", None, None);
        assert_eq!(left(&story.tally(), story.now()), None);
    }
}
