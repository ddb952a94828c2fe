//! Answer: whether a service is ready, as often as it is asked.
//!
//! What a probe has started ends with the child that it is for. Unaware of who asks.

use super::Life;
use crate::engine::core::Input;
use crate::engine::fault::Fault;
use crate::engine::probe::Probe;

impl Life<'_> {
    /// Answers until the child is gone, or is to end.
    pub(super) async fn answer(&self, probe: Option<Probe>) -> Result<(), Fault> {
        match probe {
            None => Ok(()),
            // Few attempts have one, and the others should not carry what it takes.
            Some(probe) => Box::pin(self.answer_each(&probe)).await,
        }
    }

    async fn answer_each(&self, probe: &Probe) -> Result<(), Fault> {
        let attempt = self.start.attempt;
        loop {
            tokio::select! {
                biased;
                () = self.over() => return Ok(()),
                () = self.orders.looked() => {}
            }
            let Some(refused) = probe.look(self.context, self.over()).await? else {
                return Ok(());
            };
            self.context.send(Input::Probed { attempt, refused: refused.err() }).await;
        }
    }

    /// Waits until nobody wants to know any more whether the child is ready.
    async fn over(&self) {
        tokio::select! {
            () = self.gone.opened() => {}
            () = self.ending.opened() => {}
        }
    }
}
