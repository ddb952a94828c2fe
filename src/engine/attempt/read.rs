//! Read: what a child prints, to its end.
//!
//! The end comes when nobody holds the pipe any more. Once the child is gone, what outlived it has
//! a second of silence, or five of chatter, and is then killed and named. Unaware of what becomes
//! of the bytes.

use std::time::Duration;

use bytes::Bytes;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

use super::Life;
use crate::child::PipeReader;
use crate::engine::fault::Fault;
use crate::engine::orders::Order;
use crate::engine::outlet::{Outlet, Refused};
use crate::model::Leaks;

/// How long something that outlives its leader may keep the leader's pipes open in silence.
pub(in crate::engine) const SILENCE: Duration = Duration::from_secs(1);

/// How long it may do so while it goes on writing.
const DRAIN: Duration = Duration::from_secs(5);

/// Bytes after which others have their turn: a child that prints as fast as it can must not delay a
/// signal, and what is copied within a millisecond does not.
const TURN: usize = 1 << 20;

impl Life<'_> {
    /// Reads one of the child's streams to its end. Returns its outlet, or why it could not be
    /// framed.
    pub(super) async fn read(
        &self,
        pipe: Option<PipeReader>,
        mut outlet: Outlet,
    ) -> Result<Result<Outlet, String>, Fault> {
        let Some(mut pipe) = pipe else { return Ok(Ok(outlet)) };
        match self.read_pipe(&mut pipe, &mut outlet).await {
            Ok(()) => Ok(Ok(outlet)),
            Err(refused) => {
                // What it prints can't be used; it must not run on as if it could.
                self.orders.give(Order::Kill);
                refused.reason().map(Err)
            }
        }
    }

    async fn read_pipe(&self, pipe: &mut PipeReader, outlet: &mut Outlet) -> Result<(), Refused> {
        let mut turn = TURN;
        loop {
            let block = tokio::select! {
                biased;
                block = pipe.read() => block.map_err(Fault::Pump)?,
                () = self.gone.opened() => return self.drain(pipe, outlet).await,
            };
            if block.is_empty() {
                return Ok(());
            }
            turn = turn.saturating_sub(block.len());
            self.take(outlet, block).await?;
            if turn == 0 {
                turn = TURN;
                yield_now().await;
                if self.gone.is_open() {
                    return self.drain(pipe, outlet).await;
                }
            }
        }
    }

    /// Reads what is left in a pipe whose child is gone; something else may keep it open.
    async fn drain(&self, pipe: &mut PipeReader, outlet: &mut Outlet) -> Result<(), Refused> {
        let mut end = Instant::now() + DRAIN;
        while Instant::now() < end {
            let silence = end.min(Instant::now() + SILENCE);
            let Ok(block) = timeout_at(silence, pipe.read()).await else { break };
            let block = block.map_err(Fault::Pump)?;
            if block.is_empty() {
                return Ok(());
            }
            let taken = Instant::now();
            self.take(outlet, block).await?;
            // The time that a full queue takes is not that of who holds the pipe.
            end += taken.elapsed();
        }
        self.find_holders(pipe);
        Ok(())
    }

    /// Notes who keeps a pipe open although its child is gone, and ends it, unless it may leak.
    pub(in crate::engine) fn find_holders(&self, pipe: &PipeReader) {
        let live = self.context.plan.process(self.start.node).leaks == Leaks::Allow;
        self.holders.borrow_mut().extend(pipe.find_holders(live));
    }

    async fn take(&self, outlet: &mut Outlet, block: Bytes) -> Result<(), Refused> {
        self.held_up.set(self.held_up.get() + 1);
        let taken = outlet.take(self.context, block).await;
        self.held_up.set(self.held_up.get() - 1);
        self.printed.set(Instant::now());
        taken
    }
}
