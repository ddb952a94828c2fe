//! Circles: queues that feed each other end together.
//!
//! A crawler feeds the queue that it reads, so no producer of that queue is ever final before its
//! consumers are. Such queues are closed when all that feeds them from outside is final, and
//! nothing in any of them waits, is lent or is due: then nobody is left who could put something in.
//! Unaware of what flows.

use super::Core;
use crate::model::{NodeId, QueueId};
use crate::plan::{Plan, Queue};

/// Returns the queues of each circle, by its number.
pub(super) fn of(plan: &Plan) -> Vec<Vec<QueueId>> {
    let mut circles: Vec<Vec<QueueId>> = Vec::new();
    for queue in &plan.queues {
        let Some(circle) = queue.circle else { continue };
        let circle = circle as usize;
        if circles.len() <= circle {
            circles.resize_with(circle + 1, Vec::new);
        }
        circles[circle].push(queue.id);
    }
    circles
}

/// Returns whether a node feeds a queue from within the circle that the queue is on.
pub(super) fn is_inside(plan: &Plan, queue: &Queue, node: NodeId) -> bool {
    let read = plan.node(node).consumes.and_then(|read| plan.queues[read.index()].circle);
    queue.circle.is_some() && queue.circle == read
}

impl Core {
    /// Closes the queues of a circle, if they are at their end.
    pub(super) fn close_circle(&mut self, circle: u32) {
        let queues = &self.circles[circle as usize];
        if !queues.iter().all(|queue| self.queues[queue.index()].is_at_rest()) {
            return;
        }
        for queue in queues.clone() {
            self.close(queue);
        }
    }
}
