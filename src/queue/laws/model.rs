//! Model: one lane of a queue, as naive as it can be: a list of items, each in one place.

use std::collections::{BTreeMap, BTreeSet};

use crate::queue::books::Level;
use crate::queue::row::Bond;

/// What a lane is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) shards: Option<u32>,
    pub(super) window: Option<u64>,
    pub(super) spills: bool,
}

/// An item, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The less, the earlier.
    pub(super) rank: i64,
    pub(super) shard: u32,
    pub(super) origin: u32,
    pub(super) attempt: u32,
    pub(super) bytes: Vec<u8>,
    pub(super) bond: Bond,
    pub(super) place: Place,
    /// Whether somebody has ever answered for it.
    pub(super) answered: bool,
}

/// Where an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Waiting,
    /// In the part that begins with this item.
    Part(u64),
    Lent,
    Due,
    Kept,
    /// Settled for good.
    Gone,
}

/// One lane.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) kind: Kind,
    pub(super) items: BTreeMap<u64, Known>,
    pub(super) readers: Vec<u32>,
    pub(super) closed: bool,
    pub(super) done: u64,
    pub(super) dead: u64,
    pub(super) left: u64,
    /// Of these origins nothing that has a lower index is wanted.
    pub(super) discarded: BTreeMap<u32, u64>,
}

impl Lane {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            items: BTreeMap::new(),
            readers: Vec::new(),
            closed: false,
            done: 0,
            dead: 0,
            left: 0,
            discarded: BTreeMap::new(),
        }
    }

    pub(super) fn count(&self, is: impl Fn(&Known) -> bool) -> u64 {
        self.items.values().filter(|item| is(item)).count() as u64
    }

    fn is_unlent(item: &Known) -> bool {
        matches!(item.place, Place::Waiting | Place::Part(_))
    }

    /// The lowest index that nobody has answered for.
    pub(super) fn lowest(&self) -> u64 {
        let open = self.items.iter().find(|(_, item)| !item.answered);
        open.map_or(self.items.len() as u64, |(index, _)| *index)
    }

    /// Whether something of a shard may be lent, to one who takes a thing at a time or to the
    /// reader that holds it.
    fn is_free(&self, shard: u32, reader: Option<u32>) -> bool {
        if self.kind.shards.is_none() {
            return true;
        }
        let with = |place| self.count(|item| item.shard == shard && item.place == place);
        match reader {
            Some(held) => held == shard && with(Place::Due) == 0,
            None => with(Place::Lent) + with(Place::Due) == 0 && !self.readers.contains(&shard),
        }
    }

    /// What may be lent by now, in the order of their turn: first parts, then the rest.
    pub(super) fn turns(&self, reader: Option<u32>) -> Vec<u64> {
        let lowest = self.lowest();
        let within = |index: u64| self.kind.window.is_none_or(|window| index < lowest + window);
        let ready = self.items.iter().filter(|(index, item)| {
            Self::is_unlent(item) && within(**index) && self.is_free(item.shard, reader)
        });
        let key = |index: u64| match &self.items[&index] {
            Known { place: Place::Part(first), .. } => {
                (false, self.items[first].rank, *first, index)
            }
            item => (true, item.rank, index, index),
        };
        let mut turns: Vec<u64> = ready.map(|(index, _)| *index).collect();
        turns.sort_by_key(|index| {
            let (loose, rank, first, _) = key(*index);
            (loose, rank, first, self.items[index].rank, *index)
        });
        turns
    }

    /// Takes one out, which must be the one whose turn it is. Where items are on disk, of several
    /// shards any first one may be.
    pub(super) fn lend(&mut self, index: u64, reader: Option<u32>) {
        let turns = self.turns(reader);
        let shard = self.items[&index].shard;
        let rightly =
            match turns.iter().find(|other| !self.mixes() || self.items[other].shard == shard) {
                Some(first) => *first == index || (self.is_anyhow() && turns.contains(&index)),
                None => false,
            };
        assert!(rightly, "{index} was lent, not the first of {turns:?}");
        self.set(index, Place::Lent);
        self.name_parts();
    }

    /// Whether what waits on disk may be overtaken by what is of another shard.
    fn mixes(&self) -> bool {
        self.kind.spills && self.kind.shards.is_some()
    }

    /// Whether the order of arrival says what is in memory, and something else what goes first.
    fn is_anyhow(&self) -> bool {
        self.kind.spills && self.kind.window.is_some()
    }

    pub(super) fn set(&mut self, index: u64, place: Place) {
        let item = self.items.get_mut(&index).unwrap();
        item.place = place;
        item.answered |= matches!(place, Place::Kept | Place::Gone);
    }

    /// Names each part for its first item, where that is no longer in it.
    fn name_parts(&mut self) {
        let parts = self.items.values().filter_map(|item| match item.place {
            Place::Part(first) if self.items[&first].place != item.place => Some(first),
            _ => None,
        });
        for first in parts.collect::<BTreeSet<u64>>() {
            let rest = self.items.iter().filter(|(_, item)| item.place == Place::Part(first));
            let rest: Vec<(i64, u64)> = rest.map(|(at, item)| (item.rank, *at)).collect();
            let (_, new) = *rest.iter().min().unwrap();
            for (_, at) in rest {
                self.set(at, Place::Part(new));
            }
        }
    }

    /// Takes items back that belong together as `bond` says.
    pub(super) fn give_back(&mut self, indexes: &[u64], bond: Bond) {
        let (gone, back): (Vec<u64>, Vec<u64>) =
            indexes.iter().partition(|index| self.is_unwanted(**index));
        for index in gone {
            self.left += 1;
            self.set(index, Place::Gone);
        }
        for index in &back {
            let place = if bond == Bond::Loose { Place::Waiting } else { Place::Part(back[0]) };
            self.items.get_mut(index).unwrap().bond = bond;
            self.set(*index, place);
        }
    }

    pub(super) fn is_unwanted(&self, index: u64) -> bool {
        let before = self.discarded.get(&self.items[&index].origin);
        before.is_some_and(|before| index < *before)
    }

    /// Drops what is not lent and is so. Returns what that is.
    pub(super) fn sweep(&mut self, goes: impl Fn(&Known) -> bool) -> Vec<u64> {
        let there = |item: &Known| Self::is_unlent(item) || item.place == Place::Due;
        let gone = self.items.iter().filter(|(_, item)| there(item) && goes(item));
        let gone: Vec<u64> = gone.map(|(index, _)| *index).collect();
        for index in &gone {
            self.left += 1;
            self.set(*index, Place::Gone);
        }
        self.name_parts();
        gone
    }

    /// Compares the counts.
    pub(super) fn check(&self, level: &Level) {
        let told = format!("{level:?}\n{self:#?}");
        let settled = level.done + level.dead + level.left + level.kept;
        assert_eq!(level.put, settled + level.depth(), "in = out: {told}");
        assert_eq!(level.put, self.items.len() as u64, "{told}");
        let counts = (level.done, level.dead, level.left);
        assert_eq!(counts, (self.done, self.dead, self.left), "{told}");
        let with = |place| self.count(|item| item.place == place);
        assert_eq!(level.lent, with(Place::Lent), "{told}");
        assert_eq!(level.due, with(Place::Due), "{told}");
        assert_eq!(level.kept, with(Place::Kept), "{told}");
        let unlent = self.count(Self::is_unlent);
        assert_eq!(level.waiting + level.held, unlent, "{told}");
        let turns = self.turns(None);
        let free = turns.len() as u64;
        if self.kind.spills {
            assert!(level.waiting <= free, "{told}");
            // As long as nothing is out there is something to take.
            let idle = level.lent == 0 && level.due == 0 && self.readers.is_empty();
            assert!(!idle || (level.waiting > 0) == (unlent > 0), "{told}");
        } else {
            assert_eq!(level.waiting, free, "{told}");
            let bytes: usize = turns.iter().map(|index| self.items[index].bytes.len()).sum();
            assert_eq!(level.waiting_bytes, bytes as u64, "{told}");
        }
        assert_eq!(level.next_due.is_some(), level.due > 0);
        assert!(level.depth() > 0 || (!level.full && level.bytes == 0), "{told}");
        assert_eq!(level.drained(), level.closed && level.depth() == 0 && level.kept == 0);
    }
}
