//! Pile: items on disk, added at one end and read from the other.
//!
//! Items that came one after the other share what is known of them, so that it costs little beside
//! their bytes, which lie there as a consumer reads them. Unaware of what becomes of them.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::super::item::Rank;
use super::super::order::Bound;
use super::super::wire::frame;
use super::super::{Item, Origin, Slice, Spool, SpoolFault};
use super::Wire;

/// What stands before a run of items, the highest byte first: the first index, rank and bytes in 8
/// bytes each; origin, attempt, row and number of items in 4 each. The length of each item
/// follows.
const HEAD: usize = 40;

/// Bytes of a length.
const LENGTH: usize = 4;

/// Items on disk.
#[derive(Debug)]
pub(super) struct Pile {
    folder: PathBuf,
    wire: Wire,
    spool: Spool,
    /// What was read of the spool and not taken.
    block: Bytes,
    /// Where what was not read begins.
    position: u64,
    /// Items of the run that is being taken.
    run: VecDeque<Item>,
    /// The row that those belong to.
    row: u32,
    items: u64,
}

impl Pile {
    /// Makes an empty one.
    pub(super) fn new(folder: &Path, wire: Wire) -> Self {
        Self {
            folder: folder.to_owned(),
            wire,
            spool: Spool::new(folder),
            block: Bytes::new(),
            position: 0,
            run: VecDeque::new(),
            row: 0,
            items: 0,
        }
    }

    /// Takes everything out of it.
    pub(super) fn take(&mut self) -> Self {
        let empty = Self::new(&self.folder, self.wire);
        std::mem::replace(self, empty)
    }

    /// Adds items of a row at the end. After a fault nothing more can be added.
    pub(super) fn add(&mut self, items: &[Item], row: u32) -> Result<(), SpoolFault> {
        let mut heads = Vec::new();
        for run in items.chunk_by(follows) {
            let size = |item: &Item| self.wire.size(item.bytes.len()) as u64;
            let mut head = Vec::with_capacity(HEAD + run.len() * LENGTH);
            head.put_u64(run[0].index);
            head.put_u64(run[0].rank.0);
            head.put_u64(run.iter().map(size).sum());
            head.put_u32(run[0].origin.0);
            head.put_u32(run[0].attempt);
            head.put_u32(row);
            head.put_u32(narrow(run.len()));
            for item in run {
                head.put_u32(narrow(item.bytes.len()));
            }
            self.spool.write(&head)?;
            for piece in frame(run, self.wire.0, &mut heads) {
                self.spool.write(&piece)?;
            }
            self.items += run.len() as u64;
        }
        Ok(())
    }

    /// Returns how many bytes it would be larger with these.
    pub(super) fn cost(&self, items: &[Item]) -> u64 {
        let runs = items.chunk_by(follows).count() * HEAD;
        let bytes = |item: &Item| self.wire.size(item.bytes.len()) + LENGTH;
        (runs + items.iter().map(bytes).sum::<usize>()) as u64
    }

    /// Takes out the first items within the bound, none where there is none, and says to which
    /// row they belong.
    pub(super) fn next(&mut self, limit: Bound) -> Result<(Vec<Item>, u32), SpoolFault> {
        if self.run.is_empty() && self.items > 0 {
            self.read_run()?;
        }
        let count = self.run.iter().map(limit.counter()).take_while(|within| *within).count();
        self.items -= count as u64;
        Ok((self.run.drain(..count).collect(), self.row))
    }

    /// Returns how many items there are.
    pub(super) fn items(&self) -> u64 {
        self.items
    }

    /// Returns how many bytes are on disk and not taken.
    pub(super) fn bytes(&self) -> u64 {
        self.spool.len() - self.position
    }

    fn read_run(&mut self) -> Result<(), SpoolFault> {
        let mut head = self.read(HEAD)?;
        let (first, rank, bytes) = (head.get_u64(), head.get_u64(), head.get_u64());
        let (origin, attempt) = (head.get_u32(), head.get_u32());
        self.row = head.get_u32();
        let count = head.get_u32();
        let mut lengths = self.read(count as usize * LENGTH)?;
        let wire = self.read(usize::try_from(bytes).expect("it was in memory before"))?;
        let mut from = 0;
        for index in first..first + u64::from(count) {
            let length = lengths.get_u32() as usize;
            let start = from + self.wire.head(length).len();
            let bytes = Slice::cut(&wire, start..start + length);
            let (rank, origin) = (Rank(rank), Origin(origin));
            self.run.push_back(Item { index, bytes, attempt, origin, rank });
            from += self.wire.size(length);
        }
        Ok(())
    }

    /// Reads so many bytes, which are there.
    fn read(&mut self, bytes: usize) -> Result<Bytes, SpoolFault> {
        while self.block.len() < bytes {
            let more = self.spool.read(self.position)?;
            self.position += more.len() as u64;
            let mut block = BytesMut::from(std::mem::take(&mut self.block));
            block.put_slice(&more);
            self.block = block.freeze();
        }
        Ok(self.block.split_to(bytes))
    }
}

/// Returns whether all that is known of one item follows from what is known of the one before it.
fn follows(one: &Item, two: &Item) -> bool {
    let alike = |item: &Item| (item.rank, item.origin, item.attempt);
    two.index == one.index + 1 && alike(one) == alike(two)
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("it was in memory before, item by item")
}
