//! Spill: items beyond the capacity, on disk.
//!
//! The last that came lie in memory until they are worth a file; then they are written as one
//! sorted segment, in one piece, which is never changed and is removed as soon as it is read.
//! Whatever the order, the first of all is the first of one of the segments or of those in memory,
//! so priorities need nothing but a tree of segments. Unaware of what the capacity is.
//!
//! # Memory
//!
//! What was not written yet, and of each segment that is being read a block. Where items arrive in
//! their order that is one segment; with priorities it may be all of them, which costs a hundredth
//! of what is on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::item::{Place, Rank};
use super::segment::{Segment, Stored};
use super::wire::Wire;
use super::{Item, SpoolFault};
use crate::model::QueueId;

/// Memory of items before they are written: large enough that files are few, small enough to be
/// flat; in tests so small that items are written at all.
const RECENT: u64 = if cfg!(test) { 1000 } else { 4 << 20 };

/// What an item costs in memory besides its bytes: itself, its place in a tree, its allocation.
const BOOKS: u64 = 160;

/// Items beyond the capacity.
#[derive(Debug)]
pub(super) struct Spill {
    folder: PathBuf,
    /// `spill-QUEUE-LANE`, before the number of a segment.
    stem: String,
    /// Whether priorities say what goes first.
    ranked: bool,
    wire: Wire,
    /// Those that are not written, in their order.
    recent: BTreeMap<Place, Stored>,
    /// What those cost in memory.
    recent_cost: u64,
    /// Those that are written, each by where its first item stands.
    segments: BTreeMap<Place, Segment>,
    items: u64,
    /// Segments that were written so far.
    written: u32,
    /// Whether something could not be written or read: then what is there stays for a person.
    broken: bool,
}

impl Spill {
    /// Makes an empty one, whose files lie in `folder` if it comes to that.
    pub(super) fn new(folder: &Path, name: &str, lane: QueueId, ranked: bool, wire: Wire) -> Self {
        let plain = |sign: char| if sign.is_ascii_alphanumeric() { sign } else { '-' };
        let name: String = name.chars().map(plain).collect();
        Self {
            folder: folder.to_owned(),
            stem: format!("spill-{name}-{lane}"),
            ranked,
            wire,
            recent: BTreeMap::new(),
            recent_cost: 0,
            segments: BTreeMap::new(),
            items: 0,
            written: 0,
            broken: false,
        }
    }

    /// Writes what came last, where it is much: after this one more has room.
    pub(super) fn make_room(&mut self) -> Result<(), SpoolFault> {
        if self.recent_cost < RECENT {
            return Ok(());
        }
        let path = self.folder.join(format!("{}-{}", self.stem, self.written));
        // What fails stays in memory too, and is written again to the same place.
        let segment = Segment::write(path, self.recent.values(), self.wire);
        self.broken |= segment.is_err();
        if let Some((place, _)) = self.recent.first_key_value() {
            self.segments.insert(*place, segment?);
        }
        self.recent.clear();
        self.recent_cost = 0;
        self.written += 1;
        Ok(())
    }

    /// Takes in an item.
    pub(super) fn push(&mut self, row: u32, mut item: Item) {
        item.bytes.detach();
        self.recent_cost += item.size() + BOOKS;
        self.items += 1;
        self.recent.insert(self.place(item.rank, item.index), Stored { row, item });
    }

    /// Takes out the item that goes first.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(super) fn pop(&mut self) -> Result<(u32, Item), SpoolFault> {
        let stored = if self.first_is_recent() {
            let (_, stored) = self.recent.pop_first().expect("there is an item");
            self.recent_cost -= stored.item.size() + BOOKS;
            stored
        } else {
            let mut first = self.segments.first_entry().expect("there is an item");
            let stored = first.get_mut().pop();
            self.broken |= stored.is_err();
            let stored = stored?;
            let segment = first.remove();
            if let Some(((rank, index), _)) = segment.first() {
                self.segments.insert(self.place(rank, index), segment);
            }
            stored
        };
        self.items -= 1;
        Ok((stored.row, stored.item))
    }

    /// Returns where the item stands that goes first.
    pub(super) fn first(&self) -> Option<Place> {
        let recent = self.recent.first_key_value().map(|(place, _)| *place);
        let written = self.segments.first_key_value().map(|(place, _)| *place);
        recent.into_iter().chain(written).min()
    }

    /// Returns the size of the item that goes first.
    pub(super) fn first_size(&self) -> Option<u64> {
        if self.first_is_recent() {
            return self.recent.first_key_value().map(|(_, stored)| stored.item.size());
        }
        let (_, first) = self.segments.first_key_value()?;
        first.first().map(|(_, size)| size)
    }

    /// Lets only those stay of which `stays` says so.
    pub(super) fn retain(
        &mut self,
        stays: &mut dyn FnMut(&Item) -> bool,
    ) -> Result<(), SpoolFault> {
        let mut rest = Self {
            folder: self.folder.clone(),
            stem: self.stem.clone(),
            recent: BTreeMap::new(),
            segments: BTreeMap::new(),
            ..*self
        };
        (rest.recent_cost, rest.items) = (0, 0);
        let mut sifted = Ok(());
        while sifted.is_ok() && self.items > 0 {
            sifted = self.pop().and_then(|(row, item)| {
                if stays(&item) {
                    rest.push(row, item);
                    rest.make_room()?;
                }
                Ok(())
            });
        }
        // After a fault what was not looked at stays too.
        self.items += rest.items;
        self.recent_cost += rest.recent_cost;
        self.recent.append(&mut rest.recent);
        self.segments.append(&mut rest.segments);
        (self.written, self.broken) = (rest.written, self.broken || rest.broken);
        sifted
    }

    /// Returns how many items there are.
    pub(super) fn len(&self) -> u64 {
        self.items
    }

    /// Returns whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.items == 0
    }

    fn first_is_recent(&self) -> bool {
        let recent = self.recent.first_key_value().map(|(place, _)| place);
        let written = self.segments.first_key_value().map(|(place, _)| place);
        recent.is_some_and(|recent| written.is_none_or(|written| recent < written))
    }

    fn place(&self, rank: Rank, index: u64) -> Place {
        (if self.ranked { rank } else { Rank::default() }, index)
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        if !self.broken {
            self.segments.values().for_each(Segment::remove);
        }
    }
}
