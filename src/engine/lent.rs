//! Lent: the items that one child is given, until it is known what becomes of them.
//!
//! Dropped, they go back to where they were. Unaware of how they reach the child.

use super::core::Given;
use crate::queue::{Batch, Delivery, Item};

/// Items that one child is given.
#[derive(Debug)]
pub(super) enum Lent {
    /// One.
    One(Delivery),
    /// Several.
    Many(Batch),
}

impl Lent {
    /// Takes a batch; one item of its own is no batch.
    pub(super) fn batch(batch: Batch) -> Self {
        match batch.one() {
            Ok(one) => Self::One(one),
            Err(many) => Self::Many(many),
        }
    }

    /// Returns the items.
    pub(super) fn items(&self) -> &[Item] {
        match self {
            Self::One(one) => std::slice::from_ref(&one.item),
            Self::Many(many) => many.items(),
        }
    }

    /// Returns the item, where it is one.
    pub(super) fn one(&self) -> Option<&Item> {
        match self {
            Self::One(one) => Some(&one.item),
            Self::Many(_) => None,
        }
    }

    /// Returns the part of all items that is the same for all of these, where its reader splits
    /// them.
    pub(super) fn shard(&self) -> Option<u32> {
        match self {
            Self::One(one) => one.shard(),
            Self::Many(many) => many.shard(),
        }
    }

    /// Returns what the core needs to know of them.
    pub(super) fn given(&self) -> Given {
        match self {
            Self::One(one) => Given::Item { index: one.item.index, number: one.item.attempt },
            Self::Many(many) => Given::Batch(many.items().len() as u64),
        }
    }
}
