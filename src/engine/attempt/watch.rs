//! Watch: waits for a child's end, carries out orders, notices silence.
//!
//! Unaware of what the child reads and prints.

use tokio::time::{Instant, sleep_until};

use super::Life;
use crate::child::{Change, Child, Ended};
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::orders::Order;

impl Life<'_> {
    /// Waits until the child is gone.
    pub(super) async fn watch(&self, child: &mut Child) -> Result<Ended, Fault> {
        let mut idle = self.context.plan.process(self.start.node).timeout.idle;
        let attempt = self.start.attempt;
        let ended = loop {
            let clock = self.context.teller.clock();
            let silent = clock.after(self.printed.get(), idle.unwrap_or_default());
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
                    if self.held_up.get() > 0 {
                        // It waits for us: a full queue is not its silence.
                        self.printed.set(Instant::now());
                    } else if idle.is_some_and(|idle| clock.elapsed(self.printed.get()) >= idle) {
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
