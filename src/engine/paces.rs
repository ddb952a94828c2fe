//! Paces: how many items the long-lived children of a node may have in hand, as the core has said
//! last.
//!
//! A worker asks before it takes an item, and sleeps until it may. Unaware of why a node is slow.

use std::cell::RefCell;
use std::collections::HashMap;

use tokio::sync::Notify;

use super::core::Pace;
use crate::model::NodeId;

/// The paces of all nodes, and what their workers have in hand.
#[derive(Debug, Default)]
pub(super) struct Paces {
    nodes: RefCell<HashMap<NodeId, Row>>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Row {
    pace: Pace,
    in_hand: u64,
}

impl Paces {
    /// Sets the pace of a node.
    pub(super) fn set(&self, node: NodeId, pace: Pace) {
        self.nodes.borrow_mut().entry(node).or_default().pace = pace;
        self.changed.notify_waiters();
    }

    /// Returns whether a worker of a node may take one more item.
    pub(super) fn allows(&self, node: NodeId) -> bool {
        let nodes = self.nodes.borrow();
        nodes.get(&node).is_none_or(|row| match row.pace {
            Pace::Free => true,
            Pace::One => row.in_hand == 0,
            Pace::Paused | Pace::Down | Pace::Over => false,
        })
    }

    /// Returns whether the workers of a node may take no more items, ever.
    pub(super) fn are_over(&self, node: NodeId) -> bool {
        self.nodes.borrow().get(&node).is_some_and(|row| row.pace == Pace::Over)
    }

    /// Returns whether what fails now costs no try.
    pub(super) fn are_down(&self, node: NodeId) -> bool {
        self.nodes.borrow().get(&node).is_some_and(|row| row.pace == Pace::Down)
    }

    /// Waits until a service that a node needs is gone, or is there again.
    pub(super) async fn become_down(&self, node: NodeId, down: bool) {
        loop {
            let changed = self.changed.notified();
            if self.are_down(node) == down {
                return;
            }
            changed.await;
        }
    }

    /// Waits until a worker of a node may take one more item, or none ever.
    pub(super) async fn allowed(&self, node: NodeId) {
        loop {
            let changed = self.changed.notified();
            if self.allows(node) || self.are_over(node) {
                return;
            }
            changed.await;
        }
    }

    /// Notes that a worker of a node has taken an item.
    pub(super) fn taken(&self, node: NodeId) {
        self.nodes.borrow_mut().entry(node).or_default().in_hand += 1;
    }

    /// Notes that a worker of a node has an item less in hand.
    pub(super) fn settled(&self, node: NodeId) {
        let mut nodes = self.nodes.borrow_mut();
        let row = nodes.entry(node).or_default();
        row.in_hand = row.in_hand.saturating_sub(1);
        if row.pace != Pace::Free {
            self.changed.notify_waiters();
        }
    }
}
