//! Child: a child of a test, and what those of a node are like.
//!
//! Unaware of what happens to it.

use super::body::Body;
use super::stock::Item;
use crate::engine::core::{Given, Start};
use crate::model::{Ack, Deliver, Emit, NodeId};

/// A child that lives, or whose outcome is being carried out.
#[derive(Debug)]
pub(in crate::engine::core) struct Child {
    pub(in crate::engine::core) node: NodeId,
    pub(in crate::engine::core) start: Start,
    pub(in crate::engine::core) items: Vec<Item>,
    /// Which try this is for what it has read, if it is kept.
    pub(in crate::engine::core) tries: u32,
    /// Items that it has read and that its end will decide about.
    pub(in crate::engine::core) kept: u64,
    /// Items that it has read.
    pub(in crate::engine::core) read: u64,
    /// Items that it made and that are held back.
    pub(in crate::engine::core) held: u64,
    pub(in crate::engine::core) told: bool,
    pub(in crate::engine::core) signals: Vec<i32>,
    pub(in crate::engine::core) killed: bool,
    pub(in crate::engine::core) quiet: bool,
    /// Items that it makes straight into queues.
    pub(in crate::engine::core) goal: u64,
}

impl Child {
    /// Returns the item that it was given, where it was one.
    pub(super) fn one(&self) -> Option<Item> {
        match self.items[..] {
            [item] => Some(item),
            _ => None,
        }
    }
}

impl Body {
    /// Takes in a child that was started.
    pub(super) fn start_child(&mut self, start: Start, given: (Vec<Item>, u64, u32), goal: u64) {
        let (items, kept, tries) = given;
        let child = Child {
            node: start.node,
            goal,
            items,
            tries,
            kept,
            read: kept,
            held: 0,
            told: false,
            signals: Vec::new(),
            killed: false,
            quiet: false,
            start,
        };
        self.children.insert(child.start.attempt, child);
    }

    /// Returns what a child was given.
    pub(super) fn given(&self, child: &Child) -> Given {
        let consumes = self.plan.process(child.node).consumes.as_ref();
        if child.start.finally.is_some() {
            return Given::Nothing;
        }
        match &child.items[..] {
            [Item { index, number }] => Given::Item { index: *index, number: *number },
            [_, _, ..] => Given::Batch(child.items.len() as u64),
            [] if self.streams(child.node) && consumes.is_some_and(|c| c.ack == Ack::Exit) => {
                Given::Kept { number: child.tries }
            }
            [] => Given::Nothing,
        }
    }

    /// Returns whether what a node's children print goes straight into queues.
    pub(super) fn publishes(&self, node: NodeId) -> bool {
        let consumes = self.plan.process(node).consumes.as_ref();
        let reads = |ack| ack == Ack::Read && self.streams(node);
        !self.plan.node(node).produces.is_empty()
            && consumes.is_none_or(|consumes| reads(consumes.ack))
            && self.plan.process(node).emit != Emit::OnSuccess
    }

    pub(in crate::engine::core) fn works(&self, node: NodeId) -> bool {
        let consumes = self.plan.process(node).consumes.as_ref();
        consumes.is_some_and(|consumes| consumes.deliver == Deliver::Worker)
    }

    pub(super) fn lives_long(&self, node: NodeId) -> bool {
        self.streams(node) || self.works(node)
    }

    pub(in crate::engine::core) fn streams(&self, node: NodeId) -> bool {
        let consumes = self.plan.process(node).consumes.as_ref();
        consumes.is_some_and(|consumes| consumes.deliver == Deliver::Stream)
    }
}
