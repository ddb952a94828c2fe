//! Publish: what becomes of an item, and of what was printed for it.
//!
//! Output enters the next queue only when its item is accepted: a failed attempt leaks nothing.
//! Unaware of why an item is accepted or not.

use std::rc::Rc;

use super::attempt::Remains;
use super::context::Context;
use super::core::Settlement;
use super::fault::Fault;
use super::items::Tried;
use super::outlet::{Frames, Refused};
use crate::event::Verdict;
use crate::model::{AttemptId, NodeId};
use crate::queue::Spool;

/// Puts what was held back into the queues that it is for, waiting for room, and then accepts the
/// item. Where nobody is left to read that, the item is not done: it goes back.
pub(super) async fn accept(
    context: Rc<Context>,
    (node, attempt): (NodeId, AttemptId),
    verdict: Verdict,
    remains: Remains,
) -> Result<(), Fault> {
    let published = match &remains.held {
        Some(held) => publish(&context, node, held).await,
        None => Ok(true),
    };
    let taken = published.map_err(as_fault)?;
    let how = if taken { Settlement::Accept } else { Settlement::Return };
    settle(&context, (node, attempt), remains, (how, verdict));
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
pub(super) fn settle(
    context: &Context,
    (node, attempt): (NodeId, AttemptId),
    remains: Remains,
    (how, verdict): (Settlement, Verdict),
) {
    let Remains { delivery, kept, exit, logs, took, reason, .. } = remains;
    if let Some(delivery) = delivery.as_ref().filter(|_| how != Settlement::Return) {
        let again = match how {
            Settlement::Again(wait) => Some(wait),
            Settlement::Accept | Settlement::Bury | Settlement::Return => None,
        };
        let tried = Tried { attempt, exit, verdict, took, again, reason };
        context.item_tried(node, &delivery.item, tried);
    }
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
            context.item_dead(node, &delivery.item, &logs);
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

/// What was held back has been framed before, so a refusal here breaks a law of ours.
fn as_fault(refused: Refused) -> Fault {
    refused.reason().map_or_else(|fault| fault, Fault::Refused)
}
