//! Turns: time that a child waited for a CPU does not count against it.
//!
//! On a machine that has too much to do, what a child does in a second takes ten. So when a limit
//! is reached, the child is given once more the time that it could have run and did not: a limit
//! ends what hangs, not what had no turn. Unaware of limits and of children.

use std::time::Duration;

use crate::child::CpuTurns;

/// Less than this is no reason to wait on: each look costs a walk through the processes.
const LEAST: Duration = Duration::from_millis(50);

/// What a child had of the CPU when that was last looked at.
#[derive(Debug, Default)]
pub(super) struct Turns {
    at: Duration,
    had: Duration,
    /// How long it had waited, which was made good.
    made_good: Duration,
}

impl Turns {
    /// Looks for the first time at a child that was started at a time.
    pub(super) fn since(at: Duration) -> Self {
        Self { at, ..Self::default() }
    }

    /// Returns how much longer it has, if this is what it had in all at a time.
    pub(super) fn missed(&mut self, at: Duration, turns: CpuTurns) -> Option<Duration> {
        let waited = turns.waited.saturating_sub(self.made_good);
        let ran = turns.had.saturating_sub(self.had);
        // What it waits for now is told only when its turn comes: it may have been all the time.
        let waits = at.saturating_sub(self.at).saturating_sub(ran);
        let missed = if turns.is_ready { waits.max(waited) } else { waited };
        (self.at, self.had) = (at, turns.had);
        if missed < LEAST {
            return None;
        }
        self.made_good += missed;
        Some(missed)
    }

    /// Returns what a limit is called with what was made good beside it.
    pub(super) fn beside(&self, limit: String) -> String {
        if self.made_good.is_zero() {
            return limit;
        }
        let tenths = self.made_good.as_millis().div_ceil(100);
        let tenths = Duration::from_millis(100) * u32::try_from(tenths).unwrap_or(u32::MAX);
        format!("{limit}, beside {} without a CPU", humantime::format_duration(tenths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn turns(had: u64, waited: u64, is_ready: bool) -> CpuTurns {
        CpuTurns { had: millis(had), waited: millis(waited), is_ready }
    }

    #[test]
    fn what_was_missed_is_made_good_once() {
        let mut child = Turns::since(millis(10));
        assert_eq!(child.missed(millis(510), turns(1, 300, false)), Some(millis(300)));
        assert_eq!(child.missed(millis(810), turns(1, 300, false)), None);
        assert_eq!(child.missed(millis(820), turns(1, 400, false)), Some(millis(100)));
        assert_eq!(child.beside("5s".to_owned()), "5s, beside 400ms without a CPU");
        assert_eq!(Turns::default().beside("5s".to_owned()), "5s");
    }

    #[test]
    fn who_waits_for_its_turn_is_waited_for_and_who_has_it_is_not() {
        let mut child = Turns::default();
        assert_eq!(child.missed(millis(300), turns(10, 20, true)), Some(millis(290)));
        assert_eq!(child.missed(millis(590), turns(20, 300, true)), Some(millis(280)));
        assert_eq!(child.missed(millis(870), turns(270, 570, true)), None, "it runs");
        assert_eq!(child.missed(millis(880), turns(270, 570, false)), None, "it sleeps");
    }
}
