//! Row: what waits of one shard, and whether somebody may take of it.
//!
//! A queue without shards has one row. Parts of a batch that failed, and items that have to run
//! alone, come before all else and are never joined with others. Of a shard one taker at a time has
//! something, until that is settled, so that its items stay in order. Unaware of other rows.

use std::collections::VecDeque;

use super::Item;
use super::item::Place;
use super::order::{Bound, Order};

/// What waits of one shard.
#[derive(Debug)]
pub(super) struct Row {
    parts: VecDeque<Part>,
    order: Order,
    /// Items, those of parts included.
    items: u64,
    /// Their bytes.
    bytes: u64,
    /// Items that are lent.
    pub(super) lent: u64,
    /// Items that wait for another try.
    pub(super) due: u64,
    /// Whether a reader holds it.
    pub(super) read: bool,
}

/// How items were lent, and come back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Bond {
    /// Each by itself.
    #[default]
    Loose,
    /// Together, as a part of a batch that failed.
    Part,
    /// One that has to run alone, because it may have killed others that ran beside it.
    Alone,
}

/// Items that are lent together and with no others.
#[derive(Debug)]
struct Part {
    items: VecDeque<Item>,
    bond: Bond,
}

impl Row {
    /// Makes an empty one.
    pub(super) fn new(ranked: bool) -> Self {
        Self {
            parts: VecDeque::new(),
            order: Order::new(ranked),
            items: 0,
            bytes: 0,
            lent: 0,
            due: 0,
            read: false,
        }
    }

    /// Takes in an item that arrives.
    pub(super) fn push(&mut self, item: Item) {
        self.enters(&item);
        self.order.push(item);
    }

    /// Takes back items, to where they were.
    pub(super) fn give_back(&mut self, items: impl Iterator<Item = Item>, bond: Bond) {
        if bond == Bond::Loose {
            for item in items {
                self.enters(&item);
                self.order.insert(item);
            }
            return;
        }
        let items: VecDeque<Item> = items.inspect(|item| self.enters(item)).collect();
        self.insert_part(Part { items, bond });
    }

    /// Takes out the first item.
    pub(super) fn take(&mut self) -> Option<(Item, Bond)> {
        let (item, bond) = match self.parts.pop_front() {
            None => (self.order.pop()?, Bond::Loose),
            Some(mut part) => {
                let taken = (part.items.pop_front()?, part.bond);
                self.insert_part(part);
                taken
            }
        };
        self.leaves(&item);
        Some((item, bond))
    }

    /// Takes out the first part as it is, or the first items within the bound.
    pub(super) fn take_many(&mut self, limit: Bound) -> (Vec<Item>, Bond) {
        let (items, bond) = match self.parts.pop_front() {
            Some(part) => (part.items.into(), part.bond),
            None => (self.order.pop_within(limit), Bond::Loose),
        };
        for item in &items {
            self.leaves(item);
        }
        (items, bond)
    }

    /// Takes out the item that would be lent last, and is no part of anything.
    pub(super) fn pop_last(&mut self) -> Option<Item> {
        let item = self.order.pop_last()?;
        self.leaves(&item);
        Some(item)
    }

    /// Returns where the item stands that would be lent last, and is no part of anything.
    pub(super) fn last(&self) -> Option<Place> {
        self.order.last()
    }

    /// Returns where it stands among rows: with parts before those without any.
    pub(super) fn first(&self) -> Option<(bool, Place)> {
        let part = self.parts.front().and_then(Part::first).map(|place| (false, place));
        part.or_else(|| self.order.first().map(|place| (true, place)))
    }

    /// Returns whether what is lent next has to run alone.
    pub(super) fn next_is_alone(&self) -> bool {
        self.parts.front().is_some_and(|part| part.bond == Bond::Alone)
    }

    /// Returns whether somebody who takes one thing at a time may take of it, if it is a shard.
    pub(super) fn is_free(&self) -> bool {
        self.lent == 0 && self.due == 0 && !self.read
    }

    /// Returns how many items wait.
    pub(super) fn len(&self) -> u64 {
        self.items
    }

    /// Returns how many of them are parts of something.
    pub(super) fn parted(&self) -> u64 {
        self.items - self.order.len() as u64
    }

    /// Returns how many bytes those have.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lets only those stay of which `stays` says so.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Item) -> bool) {
        let (mut items, mut bytes) = (0, 0);
        let mut counted = |item: &Item| {
            let stays = stays(item);
            if stays {
                items += 1;
                bytes += item.size();
            }
            stays
        };
        self.parts.retain_mut(|part| {
            part.items.retain(&mut counted);
            !part.items.is_empty()
        });
        self.order.retain(&mut counted);
        (self.items, self.bytes) = (items, bytes);
    }

    /// Takes in a part, unless nothing is in it.
    fn insert_part(&mut self, part: Part) {
        if let Some(first) = part.first() {
            let place = self.parts.partition_point(|other| other.first() < Some(first));
            self.parts.insert(place, part);
        }
    }

    fn enters(&mut self, item: &Item) {
        self.items += 1;
        self.bytes += item.size();
    }

    fn leaves(&mut self, item: &Item) {
        self.items -= 1;
        self.bytes -= item.size();
    }
}

impl Part {
    fn first(&self) -> Option<Place> {
        self.items.front().map(Item::place)
    }
}
