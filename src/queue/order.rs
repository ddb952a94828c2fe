//! Order: what waits, in the order in which it is lent.
//!
//! Without priorities items come in their order already and a ring is enough, of which many are
//! taken at once; with priorities a tree is. What comes back goes to where it was. Unaware of what
//! is lent.

use std::collections::{BTreeMap, VecDeque};

use super::Item;
use super::item::Place;
use super::wire::Wire;

/// Items that wait.
#[derive(Debug)]
pub(super) enum Order {
    /// In the order of their arrival.
    Fifo(VecDeque<Item>),
    /// The highest priority first.
    Ranked(BTreeMap<Place, Item>),
}

/// How many items are taken at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// At most so many.
    pub(super) items: usize,
    /// At most so many bytes, but at least one item.
    pub(super) bytes: u64,
    /// With what stands around each, where this is given.
    pub(super) wire: Option<Wire>,
}

impl Bound {
    /// Returns a counter that says of one item after the other whether it is within.
    pub(super) fn counter(self) -> impl FnMut(&Item) -> bool {
        let (mut items, mut room) = (self.items.max(1), Some(self.bytes));
        let mut first = true;
        move |item: &Item| {
            let size = self.wire.map_or(item.bytes.len(), |wire| wire.size(item.bytes.len()));
            room = room.and_then(|room| room.checked_sub(size as u64));
            let within = items > 0 && (room.is_some() || first);
            items = items.saturating_sub(1);
            first = false;
            within
        }
    }
}

impl Order {
    /// Makes one in which nothing waits.
    pub(super) fn new(ranked: bool) -> Self {
        if ranked { Self::Ranked(BTreeMap::new()) } else { Self::Fifo(VecDeque::new()) }
    }

    /// Takes in an item that arrives: without priorities it is the last.
    pub(super) fn push(&mut self, item: Item) {
        match self {
            Self::Fifo(ring) => ring.push_back(item),
            Self::Ranked(tree) => drop(tree.insert(item.place(), item)),
        }
    }

    /// Takes back an item, to where it was.
    pub(super) fn insert(&mut self, item: Item) {
        match self {
            Self::Fifo(ring) => {
                let place = ring.partition_point(|other| other.index < item.index);
                ring.insert(place, item);
            }
            Self::Ranked(_) => self.push(item),
        }
    }

    /// Takes out the first.
    pub(super) fn pop(&mut self) -> Option<Item> {
        match self {
            Self::Fifo(ring) => ring.pop_front(),
            Self::Ranked(tree) => tree.pop_first().map(|(_, item)| item),
        }
    }

    /// Takes out the last.
    pub(super) fn pop_last(&mut self) -> Option<Item> {
        match self {
            Self::Fifo(ring) => ring.pop_back(),
            Self::Ranked(tree) => tree.pop_last().map(|(_, item)| item),
        }
    }

    /// Takes out the first items, as many as stay within the bound.
    pub(super) fn pop_within(&mut self, limit: Bound) -> Vec<Item> {
        let within = limit.counter();
        match self {
            Self::Fifo(ring) => {
                let count = ring.iter().map(within).take_while(|within| *within).count();
                ring.drain(..count).collect()
            }
            Self::Ranked(tree) => {
                let count = tree.values().map(within).take_while(|within| *within).count();
                let first = (0..count).filter_map(|_| tree.pop_first());
                first.map(|(_, item)| item).collect()
            }
        }
    }

    /// Returns where the first stands.
    pub(super) fn first(&self) -> Option<Place> {
        match self {
            Self::Fifo(ring) => ring.front().map(Item::place),
            Self::Ranked(tree) => tree.first_key_value().map(|(place, _)| *place),
        }
    }

    /// Returns where the last stands.
    pub(super) fn last(&self) -> Option<Place> {
        match self {
            Self::Fifo(ring) => ring.back().map(Item::place),
            Self::Ranked(tree) => tree.last_key_value().map(|(place, _)| *place),
        }
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Fifo(ring) => ring.len(),
            Self::Ranked(tree) => tree.len(),
        }
    }

    /// Lets only those stay of which `stays` says so.
    pub(super) fn retain(&mut self, mut stays: impl FnMut(&Item) -> bool) {
        match self {
            Self::Fifo(ring) => ring.retain(stays),
            Self::Ranked(tree) => tree.retain(|_, item| stays(item)),
        }
    }
}
