//! Watch: waits for a child's end, carries out orders, notices silence.
//!
//! Unaware of what the child reads and prints.

use tokio::time::{Instant, sleep_until};

use super::Life;
use crate::child::{Child, Ended};
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::orders::Order;

impl Life<'_> {
    /// Waits until the child is gone.
    pub(super) async fn watch(&self, child: &mut Child) -> Result<Ended, Fault> {
        let mut idle = self.context.plan.process(self.start.node).timeout.idle;
        let ended = loop {
            let silent = self.printed.get() + idle.unwrap_or_default();
            tokio::select! {
                biased;
                ended = child.wait() => break ended?,
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
                    } else if idle.is_some_and(|idle| self.printed.get().elapsed() >= idle) {
                        idle = None;
                        self.context.send(Input::Idle { attempt: self.start.attempt }).await;
                    }
                }
            }
        };
        self.gone.open();
        Ok(ended)
    }
}
