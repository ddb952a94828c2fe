//! Open: the queues of a plan are made, with what the engine knows of those that read them.
//!
//! A queue asks of an item what its templates say: its key, its priority, its shard. Unaware of
//! what is done with items.

use std::path::Path;

use crate::launch::{Launch, Unfit};
use crate::model::{Emit, NodeId, Order, Template};
use crate::plan::{self, Plan};
use crate::queue::{Ask, Changes, Lane, Queue, Spec};

/// Items for each child of a node with `emit = "input"` between the oldest one that is not settled
/// and the newest one that is lent: what is made of them waits for its turn.
const WINDOW: u64 = 64;

/// Makes the queues of a plan, by their numbers.
pub(super) fn open(
    plan: &Plan,
    launch: &Launch,
    folder: &Path,
    changes: &Changes,
) -> Result<Vec<Queue>, Unfit> {
    let mut queues = Vec::with_capacity(plan.queues.len());
    while let Some(next) = plan.queues.get(queues.len()) {
        let declared = plan.queue(next.id);
        let groups = plan.groups(next.id);
        let lanes = groups.iter().map(|group| lane(plan, launch, group));
        let priority = match &declared.order {
            Order::Fifo => None,
            Order::Priority(template) => Some(ask(launch, template)?),
        };
        let spec = Spec {
            declared,
            lanes: lanes.collect::<Result<_, _>>()?,
            folder,
            key: declared.key.as_ref().map(|key| ask(launch, key)).transpose()?,
            priority,
        };
        queues.extend(Queue::open(spec, changes));
    }
    Ok(queues)
}

/// Says what one group, or all readers of a queue without groups, need.
fn lane(plan: &Plan, launch: &Launch, queue: &plan::Queue) -> Result<Lane, Unfit> {
    let mut lane = Lane::new(queue.id);
    for reader in &queue.consumers {
        let workers = plan.node(*reader).workers;
        let process = plan.process(*reader);
        let shard = process.consumes.as_ref().and_then(|consumes| consumes.shard.as_ref());
        if let Some(shard) = shard {
            lane.shard = Some((ask(launch, shard)?, workers));
        }
        if process.emit == Emit::Input {
            lane.window = Some(window(plan, *reader));
        }
    }
    Ok(lane)
}

/// Returns how far ahead a node may be: each of its children may have what it can take twice.
fn window(plan: &Plan, node: NodeId) -> u64 {
    let batch = plan.process(node).consumes.as_ref().and_then(|consumes| consumes.batch.items);
    let most = batch.unwrap_or_default().saturating_mul(2).max(WINDOW);
    most.saturating_mul(u64::from(plan.node(node).workers))
}

fn ask(launch: &Launch, template: &Template) -> Result<Ask, Unfit> {
    let filled = launch.of_items(template)?;
    Ok(Box::new(move |item| filled.fill(item).map_err(|unfit| unfit.to_string())))
}
