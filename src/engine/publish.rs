//! Publish: what becomes of an item, and of what was printed for it.
//!
//! Output enters the next queue only when its item is accepted: a failed attempt leaks nothing.
//! Unaware of why an item is accepted or not.

use std::rc::Rc;

use super::attempt::Remains;
use super::context::Context;
use super::core::Settlement;
use super::fault::Fault;
use super::outlet::{Frames, Refused};
use crate::event::{EventKind, Exit, Logs, Text};
use crate::journal::tail;
use crate::model::NodeId;
use crate::queue::{Delivery, Spool};

/// Lines of standard error that are kept of an item that died.
const TAIL_LINES: usize = 20;

/// Bytes of them.
const TAIL_BYTES: usize = 4096;

/// Puts what was held back into the queues that it is for, waiting for room, and then accepts the
/// item. Where nobody is left to read that, the item is not done: it goes back.
pub(super) async fn accept(
    context: Rc<Context>,
    node: NodeId,
    remains: Remains,
) -> Result<(), Fault> {
    let published = match &remains.held {
        Some(held) => publish(&context, node, held).await,
        None => Ok(true),
    };
    let taken = published.map_err(as_fault)?;
    let how = if taken { Settlement::Accept } else { Settlement::Return };
    settle(&context, node, remains, how);
    Ok(())
}

/// Returns whether all of it was taken.
async fn publish(context: &Context, node: NodeId, held: &Spool) -> Result<bool, Refused> {
    let mut frames = Frames::new(context, &context.plan.node(node).produces);
    let mut position = 0;
    loop {
        let block = held.read(position).map_err(Fault::Spool)?;
        if block.is_empty() {
            return frames.finish(context, true).await;
        }
        position += block.len() as u64;
        if !frames.publish(context, &block).await? {
            return Ok(false);
        }
    }
}

/// Answers for an item, or for those that a long-lived child has read.
pub(super) fn settle(context: &Context, node: NodeId, remains: Remains, how: Settlement) {
    let Remains { delivery, kept, exit, logs, .. } = remains;
    if how == Settlement::Accept
        && let Some(piece) = &logs.stdout
    {
        context.printed.borrow_mut().add(node, piece);
    }
    match (delivery, how) {
        (None, _) => {}
        (Some(delivery), Settlement::Accept) => delivery.accept(),
        (Some(delivery), Settlement::Again(wait)) => delivery.again(wait),
        (Some(delivery), Settlement::Bury) => {
            tell_dead(context, node, &delivery, exit, &logs);
            delivery.bury();
        }
        // Dropped unanswered it goes back to where it was.
        (Some(delivery), Settlement::Return) => drop(delivery),
    }
    if let Some(kept) = kept {
        match how {
            Settlement::Accept => kept.accept(),
            Settlement::Bury => kept.bury(),
            // They were read and can't be given again: they count as left.
            Settlement::Again(_) | Settlement::Return => drop(kept),
        }
    }
}

fn tell_dead(context: &Context, node: NodeId, delivery: &Delivery, exit: Exit, logs: &Logs) {
    let Some(queue) = context.plan.node(node).consumes else { return };
    let (item, attempts) = context.item_ref(node, &delivery.item);
    // The log is there to be looked at; a tail that can't be read now is no reason to end the run.
    let stderr = logs.stderr.as_ref().and_then(|piece| tail(piece, TAIL_LINES, TAIL_BYTES).ok());
    let stderr = Text(stderr.unwrap_or_default().into());
    let bytes = Text(delivery.item.bytes.bytes());
    context.teller.tell(EventKind::ItemDead { queue, node, item, bytes, attempts, exit, stderr });
}

/// What was held back has been framed before, so a refusal here breaks a law of ours.
fn as_fault(refused: Refused) -> Fault {
    refused.reason().map_or_else(|fault| fault, Fault::Refused)
}
