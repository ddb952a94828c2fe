//! Ceiling: a stop that takes too long is made shorter.
//!
//! Unaware of why it does; who is left is named.

use std::time::Duration;

use tokio::time::Instant;

use super::Driver;
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::sentry::CEILING;
use crate::event::{EventKind, Stop};
use crate::model::NodeId;

/// How long a stop may take beyond the longest grace before everything is killed, and again before
/// the run ends without waiting any more: together less than the sentry waits.
const PATIENCE: Duration = Duration::from_millis(800);

/// Attempts that are named at most where they do not end.
const NAMED: usize = 5;

impl Driver {
    /// Begins to count how long a stop takes.
    pub(super) fn set_ceiling(&mut self, stop: Stop) {
        if stop == Stop::Kill {
            self.ceiling = Some(Instant::now() + PATIENCE);
            self.signals.hasten(CEILING);
            return;
        }
        let grace = self.context.plan.job.longest_grace();
        self.ceiling = Some(Instant::now() + grace + PATIENCE);
        self.signals.allow(grace + CEILING);
    }

    /// Ends a stop that takes too long: first by killing, then without waiting any more.
    pub(super) fn hit_ceiling(&mut self) -> Result<(), Fault> {
        let stop = self.context.teller.read(|tally| tally.stop.as_ref().map(|(stop, ..)| *stop));
        if stop == Some(Stop::Kill) {
            let message = format!("gave up waiting for {}", self.unending());
            self.context.teller.tell(EventKind::Noted { message });
            self.over = true;
            return Ok(());
        }
        let reason = "the stop took too long".to_owned();
        self.on(Input::Stop { stop: Stop::Kill, signal: None, reason })
    }

    /// Names what does not end although it was killed.
    pub(super) fn unending(&self) -> String {
        self.context.teller.read(|tally| {
            let name = |node: NodeId| &self.context.plan.node(node).name;
            let running = tally.running.values().take(NAMED);
            let named: Vec<_> =
                running.map(|it| format!("`{}` (pid {})", name(it.node), it.pid)).collect();
            named.join(", ")
        })
    }
}
