//! Outside: what people and systems ask of a run, and who has the terminal.
//!
//! Unaware of what the core does about it.

use std::time::Duration;

use tokio::time::Instant;

use super::Driver;
use crate::child;
use crate::engine::context::Context;
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::signals::Asked;
use crate::event::{Attempt, EventKind, Exit, Tally};
use crate::model::NodeId;

/// Attempts that an explanation names at most: what fits a screen.
const EXPLAINED: usize = 50;

impl Driver {
    /// Does what is asked from outside.
    pub(super) fn asked(&mut self, asked: Asked) -> Result<(), Fault> {
        match asked {
            Asked::Stop(stop, signal) => {
                let signal = signal.as_raw();
                let reason = Exit::signal_name(signal);
                self.on(Input::Stop { stop, signal: Some(signal), reason })
            }
            Asked::Explain => self.explain(),
            Asked::Suspend => {
                self.stand_still();
                Ok(())
            }
        }
    }

    /// Tells what every process does, and why each one that waits is waiting.
    pub(super) fn explain(&mut self) -> Result<(), Fault> {
        let Context { plan, teller, .. } = &*self.context;
        let now = teller.now();
        let doing = |attempt: &Attempt| {
            let name = &plan.node(attempt.node).name;
            let does = match (attempt.suspended, attempt.finally) {
                (Some(_), _) => "stands still",
                (None, true) => "runs `finally`",
                (None, false) => "runs",
            };
            let item = attempt.item.as_ref().map(|item| format!(" with `{}`", item.id));
            let age = Duration::from_secs(now.saturating_sub(attempt.started).as_secs());
            let age = humantime::format_duration(age);
            let pid = attempt.pid;
            format!("`{name}` {does}{} for {age} (pid {pid})", item.unwrap_or_default())
        };
        let all = |tally: &Tally| tally.running.values().take(EXPLAINED).map(doing).collect();
        let messages: Vec<String> = teller.read(all);
        for message in messages {
            teller.tell(EventKind::Noted { message });
        }
        self.on(Input::Explain)
    }

    /// Stands still with all children until the run is continued. No time passes for them.
    pub(super) fn stand_still(&mut self) {
        let since = Instant::now();
        let Context { host, teller, .. } = &*self.context;
        host.pause(true);
        teller.give_way(true);
        self.tty.stand_still();
        child::stand_still();
        let stood = teller.clock().stood_still(since);
        self.ceiling = self.ceiling.map(|at| at + stood);
        self.tty.go_on();
        if !self.tty.is_lent() {
            teller.give_way(false);
        }
        host.pause(false);
    }

    /// Leaves the terminal to the process that owns it, or takes it back.
    pub(super) fn lend_terminal(&mut self, lent: bool) {
        if lent {
            self.context.teller.give_way(true);
            self.tty.lend();
        } else {
            self.tty.take_back();
            self.context.teller.give_way(false);
        }
    }

    /// Returns whether the child of a node has the terminal while it runs.
    pub(super) fn is_interactive(&self, node: NodeId) -> bool {
        self.context.plan.process(node).interactive
    }
}
