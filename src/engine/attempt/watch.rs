//! Watch: waits for a child's end, carries out orders, notices silence.
//!
//! Unaware of what the child reads and prints.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Life;
use crate::child::{self, Change, Child, Ended};
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::orders::Order;
use crate::engine::turns::Turns;

impl Life<'_> {
    /// Waits until the child is gone.
    pub(super) async fn watch(&self, child: &mut Child) -> Result<Ended, Fault> {
        let timeout = self.context.plan.process(self.start.node).timeout;
        // What runs after a process may do its work in silence, as long as it is not too long.
        let mut idle = timeout.idle.filter(|_| self.start.finally.is_none());
        let (attempt, pid) = (self.start.attempt, child.pid);
        let (mut turns, mut spared) =
            (Turns::since(self.context.teller.clock().now()), Duration::ZERO);
        let ended = loop {
            let clock = self.context.teller.clock();
            let silent = clock.after(self.printed.get(), idle.unwrap_or_default() + spared);
            tokio::select! {
                biased;
                change = child.change() => match change? {
                    Change::Ended(ended) => break ended,
                    Change::Suspended(signal) => {
                        self.context.send(Input::Suspended { attempt, signal }).await;
                    }
                    Change::Resumed => self.context.send(Input::Resumed { attempt }).await,
                },
                order = self.orders.next() => {
                    self.ending.open();
                    match order {
                        Order::Signal(signal) => child.signal(signal),
                        Order::Kill => child.kill(),
                    }
                }
                () = sleep_until(silent), if idle.is_some() => {
                    let limit = idle.unwrap_or_default() + spared;
                    if self.held_up.get() > 0 {
                        // It waits for us: a full queue is not its silence.
                        self.printed.set(Instant::now());
                    } else if clock.elapsed(self.printed.get()) < limit {
                        // It has printed meanwhile.
                    } else if let Some(missed) = turns.missed(clock.now(), child::cpu_turns(pid)) {
                        spared += missed;
                    } else {
                        idle = None;
                        self.context.send(Input::Idle { attempt }).await;
                    }
                }
            }
        };
        self.gone.open();
        Ok(ended)
    }
}
