//! Clock: the time of a run, which stands still while the run does.
//!
//! Ctrl-Z must not eat the time of those that it stops. The clock below it is monotonic, does not
//! jump when the wall clock is set, and does not go on while the machine sleeps. Unaware of what
//! is timed.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::Instant;

/// Pauses that are remembered: far more than anybody makes while one thing is timed.
const REMEMBERED: usize = 1000;

/// The time of a run.
#[derive(Debug)]
pub(super) struct Clock {
    began: Instant,
    /// When each pause began, and how long it was; oldest first.
    pauses: RefCell<Vec<(Instant, Duration)>>,
}

impl Clock {
    /// Begins to count.
    pub(super) fn start() -> Self {
        Self { began: Instant::now(), pauses: RefCell::default() }
    }

    /// Returns the time since the start of the run.
    pub(super) fn now(&self) -> Duration {
        self.elapsed(self.began)
    }

    /// Returns the instant of a time since the start of the run, if it does not stand still.
    pub(super) fn instant(&self, at: Duration) -> Instant {
        self.after(self.began, at)
    }

    /// Returns how much time has passed since then.
    pub(super) fn elapsed(&self, since: Instant) -> Duration {
        since.elapsed().saturating_sub(self.stood_since(since))
    }

    /// Returns when so much time will have passed since then.
    pub(super) fn after(&self, since: Instant, time: Duration) -> Instant {
        since + time + self.stood_since(since)
    }

    /// Takes in that the run has stood still from then until now. Returns for how long.
    pub(super) fn stood_still(&self, since: Instant) -> Duration {
        let pause = since.elapsed();
        let mut pauses = self.pauses.borrow_mut();
        if pauses.len() == REMEMBERED {
            // Only what was timed before it counts a little more; the run itself must not.
            let (_, oldest) = pauses.remove(0);
            pauses[0].1 += oldest;
        }
        pauses.push((since, pause));
        pause
    }

    fn stood_since(&self, since: Instant) -> Duration {
        let pauses = self.pauses.borrow();
        let later = pauses.iter().rev().take_while(|(began, _)| *began >= since);
        later.map(|(_, pause)| *pause).sum()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_stands_still_while_the_run_does() {
        let second = Duration::from_secs(1);
        let clock = Clock::start();
        let first = Instant::now();
        advance(second).await;
        let stop = Instant::now();
        advance(60 * second).await;
        assert_eq!(clock.stood_still(stop), 60 * second);
        let later = Instant::now();
        advance(second).await;
        assert_eq!((clock.now(), clock.elapsed(first)), (2 * second, 2 * second));
        assert_eq!(clock.elapsed(later), second);
        assert_eq!(clock.after(later, second), Instant::now());
        assert_eq!(clock.instant(2 * second), Instant::now());
        for _ in 0..2 * REMEMBERED {
            let stop = Instant::now();
            advance(second).await;
            clock.stood_still(stop);
        }
        assert_eq!(clock.now(), 2 * second);
    }
}
