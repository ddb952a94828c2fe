//! Pace: a consumer whose items fail one after the other pauses, and then tries one at a time.
//!
//! What fails everything may be out of order for a while: a host that is down, a disk that is full.
//! Without a pause all items would be dead before somebody looks. A consumer that fails as many
//! items again, one at a time, is given up, and what it has not tried is left. Unaware of why an
//! item failed.

use std::collections::BTreeSet;
use std::time::Duration;

use super::timers::Timer;
use super::{Core, Effect, Pace};
use crate::event::{EventKind, Exit, Outcome, Verdict};
use crate::model::{AttemptId, Consumes, NodeId};

/// The first pause; each is followed by one twice as long.
const FIRST: Duration = Duration::from_millis(250);

/// The longest pause. With the usual `fail-streak` a command that fails whatever it is given is
/// given up within a minute.
const LONGEST: Duration = Duration::from_secs(2);

/// The items of a node that failed one after the other.
#[derive(Debug, Default)]
pub(super) struct Streak {
    /// Which; no more than twice `fail-streak`, then it is given up.
    failed: BTreeSet<u64>,
    /// How many of them were tried one at a time.
    probes: u32,
    /// Until when nothing is tried.
    until: Option<Duration>,
    /// Whether it was given up.
    over: bool,
}

impl Core {
    /// Returns how many items a node may have in hand.
    pub(super) fn pace(&self, node: NodeId) -> Pace {
        let row = &self.rows[node.index()];
        let streak = &row.streak;
        match streak.until {
            _ if streak.over => Pace::Over,
            _ if row.unserved > 0 => Pace::Down,
            Some(_) => Pace::Paused,
            None if streak.probes > 0 => Pace::One,
            None => Pace::Free,
        }
    }

    /// Takes in that a try at an item is over that a long-lived child has in hand.
    pub(super) fn item_over(
        &mut self,
        attempt: AttemptId,
        (index, number): (u64, u32),
        failed: Option<Box<(Verdict, Exit)>>,
        dead: bool,
    ) {
        let Some(attempt) = self.attempts.get(&attempt) else { return };
        let node = attempt.node;
        let Some(failed) = failed else {
            self.rows[node.index()].flaky |= number > 1;
            self.item_passed(node);
            return;
        };
        let (verdict, exit) = *failed;
        if dead {
            self.item_died(node, verdict, &exit);
        }
        self.item_failed(node, index);
    }

    /// Notes that an item passed.
    pub(super) fn item_passed(&mut self, node: NodeId) {
        let row = &mut self.rows[node.index()];
        if row.streak.failed.is_empty() {
            return;
        }
        let was_slow = row.streak.probes > 0;
        if let Some(until) = std::mem::take(&mut row.streak).until {
            self.timers.unset(until, Timer::Probe(node));
        }
        if was_slow {
            self.set_pace(node);
        }
    }

    /// Notes that an item failed.
    pub(super) fn item_failed(&mut self, node: NodeId, index: u64) {
        let consumes = self.plan.process(node).consumes.as_ref();
        let limit = consumes.map_or(Consumes::FAIL_STREAK, |consumes| consumes.fail_streak);
        let row = &mut self.rows[node.index()];
        let streak = &mut row.streak;
        streak.failed.insert(index);
        let failed = u32::try_from(streak.failed.len()).unwrap_or(u32::MAX);
        // What was in hand when the pause began may fail too.
        if failed < limit || streak.until.is_some() || row.broken.is_some() {
            return;
        }
        if failed >= limit.saturating_mul(2) {
            let reason = format!("{failed} different items in a row failed");
            row.broken = Some((Outcome::Failed, Some(reason)));
            row.streak.over = true;
            return self.set_pace(node);
        }
        let pause = FIRST.saturating_mul(1 << streak.probes.min(8)).min(LONGEST);
        let until = self.now.saturating_add(pause);
        let is_first = streak.probes == 0;
        streak.probes += 1;
        streak.until = Some(until);
        self.timers.set(until, Timer::Probe(node));
        if is_first {
            let name = &self.plan.node(node).name;
            let message = format!(
                "`{name}` pauses: {limit} different items in a row failed; it goes on with one at \
                 a time"
            );
            self.tell(EventKind::Noted { message });
        }
        self.set_pace(node);
    }

    /// Lets a node try one item after a pause.
    pub(super) fn probe(&mut self, node: NodeId) {
        self.rows[node.index()].streak.until = None;
        self.set_pace(node);
    }

    /// Has a consumer work as fast as it should now.
    pub(super) fn set_pace(&mut self, node: NodeId) {
        if self.is_stream(node) {
            let pace = self.pace(node);
            self.out.push(Effect::Pace { node, pace });
        }
        self.reconsider_consumer(node);
    }
}
