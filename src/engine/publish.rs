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
use super::lent::Lent;
use super::outlet::{Frames, Held, Refused};
use crate::event::Verdict;
use crate::model::{AttemptId, Emit, NodeId};
use crate::queue::{Item, Origin};

/// Bytes of dead items that are read back at once.
const DEAD_BATCH: u64 = 64 * 1024;

/// Puts what was held back into the queues that it is for, waiting for room, and then accepts the
/// item. Where nobody is left to read that, the item is not done: it goes back.
pub(super) async fn accept(
    context: Rc<Context>,
    (node, attempt): (NodeId, AttemptId),
    verdict: Verdict,
    remains: Remains,
) -> Result<(), Fault> {
    let mut wanted = false;
    if context.plan.process(node).emit != Emit::Input || in_turn(&context, node, &remains).await {
        for held in &remains.held {
            wanted |= publish(&context, node, held).await.map_err(as_fault)?;
        }
    }
    let how = if wanted { Settlement::Accept } else { Settlement::Return };
    settle(&context, (node, attempt), remains, (how, verdict))
}

/// Puts a dead item into the queue that is for those, waiting for room, and then buries it. Where
/// nobody is left to read that queue, the item is dead all the same.
pub(super) async fn bury(
    context: Rc<Context>,
    (node, attempt): (NodeId, AttemptId),
    verdict: Verdict,
    mut remains: Remains,
) -> Result<(), Fault> {
    for item in remains.lent.as_ref().map_or(&[][..], Lent::items) {
        context.put_dead(node, item).await?;
    }
    if let Some(kept) = remains.kept.take() {
        let last = remains.last(verdict);
        let mut replay = kept.replay();
        while let Some(batch) = replay.next_batch(DEAD_BATCH).map_err(Fault::Spool)? {
            for mut one in batch.split() {
                // It was lent only to be buried, which is no try.
                one.item.attempt -= 1;
                context.put_dead(node, &one.item).await?;
                context.remember_try(node, &one.item, last.clone());
                context.item_dead(node, &one.item, Context::last_of(&remains.logs));
                one.bury();
            }
        }
    }
    settle(&context, (node, attempt), remains, (Settlement::Bury, verdict))
}

/// Waits until all items before those of an attempt are settled, so that what is made of them comes
/// in their order. Returns whether that turn came: it never does where who has items before will
/// not settle them any more.
async fn in_turn(context: &Context, node: NodeId, remains: &Remains) -> bool {
    let first = remains.lent.as_ref().and_then(|lent| lent.items().first());
    match first.zip(context.plan.node(node).consumes) {
        Some((item, queue)) => context.queues[queue.index()].turn(item.index).await,
        None => true,
    }
}

/// Returns whether all of it was taken.
async fn publish(context: &Context, node: NodeId, held: &Held) -> Result<bool, Refused> {
    let mut frames = Frames::new(context, Origin::of(node), &held.queues);
    let mut position = 0;
    loop {
        let block = held.spool.read(position).map_err(Fault::Spool)?;
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
) -> Result<(), Fault> {
    let last = remains.last(verdict);
    let Remains { lent, kept, tries, exit, logs, printed, took, reason, .. } = remains;
    let again = match how {
        Settlement::Again(wait) => Some(wait),
        Settlement::Accept | Settlement::Halve | Settlement::Bury | Settlement::Return => None,
    };
    let is_tried = !matches!(how, Settlement::Return | Settlement::Halve);
    for item in lent.as_ref().filter(|_| is_tried).map_or(&[][..], Lent::items) {
        let (exit, reason) = (exit.clone(), reason.clone());
        let tried = Tried { attempt, exit, verdict, took, again, reason };
        context.item_tried(node, item, tried);
    }
    if how == Settlement::Accept
        && let Some(print) = printed
    {
        context.printed.borrow_mut().add(node, print);
    }
    match (lent, how) {
        (None, _) => {}
        (Some(Lent::One(one)), Settlement::Accept) => one.accept(),
        (Some(Lent::One(one)), Settlement::Again(wait)) => one.again(wait),
        (Some(Lent::One(one)), Settlement::Bury) => {
            context.item_dead(node, &one.item, Context::last_of(&logs));
            one.bury();
        }
        (Some(Lent::Many(many)), Settlement::Accept) => many.accept(),
        (Some(Lent::Many(many)), Settlement::Halve) => many.halve(),
        // Dropped unanswered they go back to where they were.
        (Some(lent @ Lent::One(_)), Settlement::Return | Settlement::Halve)
        | (
            Some(lent @ Lent::Many(_)),
            Settlement::Again(_) | Settlement::Bury | Settlement::Return,
        ) => drop(lent),
    }
    if let Some(kept) = kept {
        match how {
            Settlement::Accept => kept.accept(),
            Settlement::Bury => {
                let stderr = Context::last_of(&logs);
                let each = &mut |item: &Item| {
                    context.remember_try(node, item, last.clone());
                    context.item_dead(node, item, stderr.clone());
                };
                kept.bury(each).map_err(Fault::Spool)?;
            }
            Settlement::Again(_) => {
                let mut replays = context.replays.borrow_mut();
                replays.entry(node).or_default().push((kept.replay(), tries + 1));
            }
            // They were read and will not be given again: they count as left.
            Settlement::Halve | Settlement::Return => kept.leave(),
        }
    }
    Ok(())
}

/// What was held back has been framed before, so a refusal here breaks a law of ours.
fn as_fault(refused: Refused) -> Fault {
    refused.reason().map_or_else(|fault| fault, Fault::Refused)
}
