//! Segment: a file of items, written in one piece and read once from its beginning.
//!
//! It is open only while something is written or read, so that as many as the disk holds cost no
//! descriptor. Each item has all that is known of it before its bytes, so that a person can read
//! what a run has left behind. Unaware of what its items wait for.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;

use bytes::{BufMut, Bytes};

use super::item::{Place, Rank};
use super::slice::gather;
use super::wire::Wire;
use super::{Item, Origin, Slice, SpoolFault};

/// Bytes that are read at once: a two hundredth of a segment, as many may be read at once; in tests
/// about two items.
const BLOCK: usize = if cfg!(test) { 120 } else { 16 * 1024 };

/// What stands before the bytes of an item, the highest byte first: index and rank in 8 bytes each;
/// origin, row, attempt and length in 4 each.
const HEAD: usize = 32;

/// An item, and the row that it belongs to.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) row: u32,
    pub(super) item: Item,
}

/// A file of items.
#[derive(Debug)]
pub(super) struct Segment {
    path: PathBuf,
    /// Where the next block starts.
    position: u64,
    /// Bytes of the file.
    bytes: u64,
    /// What was read and not taken.
    block: VecDeque<Stored>,
    /// Where the first item stands and how large it is; it may not be in memory.
    first: Option<(Place, u64)>,
    wire: Wire,
}

impl Segment {
    /// Writes items to a file and returns it, ready to be read.
    pub(super) fn write<'a>(
        path: PathBuf,
        items: impl Iterator<Item = &'a Stored>,
        wire: Wire,
    ) -> Result<Self, SpoolFault> {
        let (mut text, mut first) = (Vec::new(), None);
        for Stored { row, item } in items {
            text.put_u64(item.index);
            text.put_u64(item.rank.0);
            text.put_u32(item.origin.0);
            text.put_u32(*row);
            text.put_u32(item.attempt);
            text.put_u32(u32::try_from(item.bytes.len()).expect("a slice is never longer"));
            text.put_slice(&item.bytes);
            first.get_or_insert((item.place(), item.size()));
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let written = options.open(&path).and_then(|mut file| file.write_all(&text));
        let (bytes, block) = (text.len() as u64, VecDeque::new());
        match written {
            Ok(()) => Ok(Self { path, position: 0, bytes, block, first, wire }),
            Err(source) => Err(SpoolFault::new("write", path, source)),
        }
    }

    /// Takes out the first item. After the last the file is gone.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(super) fn pop(&mut self) -> Result<Stored, SpoolFault> {
        let next = self.read().and_then(|()| self.second());
        self.first = next.map_err(|source| SpoolFault::new("read", self.path.clone(), source))?;
        let first = self.block.pop_front().expect("there is an item");
        if self.first.is_none() {
            self.remove();
        }
        Ok(first)
    }

    /// Returns where the first item stands and how large it is.
    pub(super) fn first(&self) -> Option<(Place, u64)> {
        self.first
    }

    /// Removes the file.
    pub(super) fn remove(&self) {
        // It lies in the folder of the run, and one that stays there does no harm.
        let _ = fs::remove_file(&self.path);
    }

    /// Reads the next block, whole items, where there is none.
    fn read(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            return Ok(());
        }
        let file = File::open(&self.path)?;
        let first = self.first.map_or(HEAD, |(_, size)| HEAD + at_most(size, usize::MAX));
        let left = self.bytes - self.position;
        let mut block = vec![0; at_most(left, first.max(BLOCK))];
        file.read_exact_at(&mut block, self.position)?;
        let (mut items, end) = whole_items(&Bytes::from(block));
        self.position += end as u64;
        let mut slices: Vec<&mut Slice> = items.iter_mut().map(|s| &mut s.item.bytes).collect();
        gather(&mut slices, self.wire);
        self.block.extend(items);
        // Somebody else has changed the file.
        if self.block.is_empty() { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    }

    /// Returns where the second item stands and how large it is, without reading all of it.
    fn second(&self) -> io::Result<Option<(Place, u64)>> {
        if let Some(Stored { item, .. }) = self.block.get(1) {
            return Ok(Some((item.place(), item.size())));
        }
        if self.position == self.bytes {
            return Ok(None);
        }
        let mut head = [0; HEAD];
        File::open(&self.path)?.read_exact_at(&mut head, self.position)?;
        Ok(Some(((Rank(long(&head, 8)), long(&head, 0)), length(&head) as u64)))
    }
}

/// Returns the items that lie whole in a block, and where the last of them ends.
fn whole_items(block: &Bytes) -> (Vec<Stored>, usize) {
    let (mut items, mut from) = (Vec::new(), 0);
    while let Some(head) = block.get(from..from + HEAD) {
        let end = from + HEAD + length(head);
        if end > block.len() {
            break;
        }
        let bytes = Slice::cut(block, from + HEAD..end);
        let (index, rank) = (long(head, 0), Rank(long(head, 8)));
        let (origin, attempt) = (Origin(short(head, 16)), short(head, 24));
        let item = Item { index, bytes, attempt, origin, rank };
        items.push(Stored { row: short(head, 20), item });
        from = end;
    }
    (items, from)
}

fn long(head: &[u8], at: usize) -> u64 {
    u64::from(short(head, at)) << 32 | u64::from(short(head, at + 4))
}

fn short(head: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([0, 1, 2, 3].map(|byte| head[at + byte]))
}

/// Returns the length that stands in a head.
fn length(head: &[u8]) -> usize {
    short(head, 28) as usize
}

fn at_most(bytes: u64, most: usize) -> usize {
    usize::try_from(bytes).map_or(most, |bytes| bytes.min(most))
}
