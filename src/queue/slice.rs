//! Slice: some bytes of a block that was read at once.
//!
//! It keeps hold of the whole block and knows where in it it lies. So what lies behind each other,
//! with all that stands around it, can be written in one piece again without a copy, which two
//! `Bytes` that were cut from one could not. The price is that a small slice keeps a large block
//! alive; whoever holds slices for longer than their neighbours copies them out. Unaware of items
//! and queues.

use std::fmt;
use std::ops::{Deref, Range};

use bytes::{BufMut, Bytes, BytesMut};

use super::wire::Wire;

/// How many times its own size a slice that stands alone may keep alive. A copy of less than a
/// quarter of a block costs less than the memory that it frees.
pub(super) const KEEPS_ALIVE: usize = 4;

/// Bytes of a slice at most. Its ends take half the room so, and no `max-item` that a machine could
/// hold is less.
pub(super) const LONGEST: u64 = u32::MAX as u64;

/// Some bytes of a block.
#[derive(Clone, Default)]
pub struct Slice {
    block: Bytes,
    start: u32,
    end: u32,
}

impl Slice {
    /// Cuts a slice out of a block.
    ///
    /// # Panics
    ///
    /// When it is read, if the range does not lie in the block; and at once if it ends beyond
    /// 4 GiB, where no block is that large.
    pub(super) fn cut(block: &Bytes, range: Range<usize>) -> Self {
        Self { block: block.clone(), start: narrow(range.start), end: narrow(range.end) }
    }

    fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns the bytes as a value of their own, without a copy.
    pub fn bytes(&self) -> Bytes {
        self.block.slice(self.range())
    }

    /// Returns where in its block it lies with what should stand around it, where that does.
    pub(super) fn dressed(&self, wire: Wire) -> Option<Range<usize>> {
        let Range { mut start, mut end } = self.range();
        let tail = wire.tail();
        if !self.block[end..].starts_with(tail) {
            return None;
        }
        end += tail.len();
        if wire.has_heads() {
            let head = wire.head(self.len());
            start = start.checked_sub(head.len())?;
            self.block[start..].starts_with(&head).then_some(())?;
        }
        Some(start..end)
    }

    /// Returns a part of its block.
    pub(super) fn around(&self, range: Range<usize>) -> &[u8] {
        &self.block[range]
    }

    /// Returns whether both were cut from one block.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.block.as_ptr() == other.block.as_ptr() && self.block.len() == other.block.len()
    }

    /// Returns whether `bytes` of the block are too few to keep the rest of it alive.
    pub(super) fn wastes(&self, bytes: usize) -> bool {
        self.block.len() > bytes.saturating_mul(KEEPS_ALIVE)
    }

    /// Returns the bytes without the blanks of JSON around them, where there is something else.
    pub(super) fn trimmed(&self) -> Option<Self> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let first = self.iter().position(|byte| !blank(byte))?;
        let last = self.iter().rposition(|byte| !blank(byte))?;
        let start = self.range().start;
        Some(Self::cut(&self.block, start + first..start + last + 1))
    }

    /// Returns the bytes without this one at their end, where it stands there.
    pub(super) fn without(mut self, last: u8) -> Self {
        if self.last() == Some(&last) {
            self.end -= 1;
        }
        self
    }

    /// Returns how far behind the start of this one another slice of the same block starts.
    pub(super) fn offset_to(&self, other: &Self) -> usize {
        (other.start - self.start) as usize
    }

    /// Copies the bytes out of their block, where they are too few to keep it alive.
    pub(super) fn detach(&mut self) {
        if self.wastes(self.len()) {
            *self = Bytes::copy_from_slice(self).into();
        }
    }
}

impl AsMut<Self> for Slice {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Copies slices into one new block, each with what stands around it.
pub(super) fn gather<T: AsMut<Slice>>(slices: &mut [T], wire: Wire) {
    let bytes = slices.iter_mut().map(|slice| wire.size(slice.as_mut().len())).sum();
    let mut block = BytesMut::with_capacity(bytes);
    for slice in &mut *slices {
        let slice = slice.as_mut();
        block.put_slice(&wire.head(slice.len()));
        let start = block.len();
        block.put_slice(slice);
        // The old block is let go of below; until then the range does not fit it.
        (slice.start, slice.end) = (narrow(start), narrow(block.len()));
        block.put_slice(wire.tail());
    }
    let block = block.freeze();
    for slice in slices {
        slice.as_mut().block = block.clone();
    }
}

/// Blocks are a few hundred KiB, or one item, and what is longer than [`LONGEST`] is no item.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).expect("a block is refused long before it has 4 GiB")
}

impl From<Bytes> for Slice {
    fn from(block: Bytes) -> Self {
        let end = narrow(block.len());
        Self { block, start: 0, end }
    }
}

impl Deref for Slice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.block[self.range()]
    }
}

impl fmt::Debug for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

impl PartialEq for Slice {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Slice {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Framing;

    #[test]
    fn a_small_slice_lets_go_of_a_large_block() {
        let block = Bytes::from(vec![b'x'; 100]);
        let mut small = Slice::cut(&block, 10..20);
        let mut large = Slice::cut(&block, 10..60);
        small.detach();
        large.detach();
        assert!(!small.is_beside(&large));
        assert!(large.is_beside(&Slice::from(block)));
        assert_eq!(small.len(), 10);
    }

    #[test]
    fn gathered_slices_lie_behind_each_other() {
        let mut slices = [Slice::from(Bytes::from("a")), Slice::from(Bytes::from("bc"))];
        gather(&mut slices, Wire(Framing::Lines));
        assert!(slices[0].is_beside(&slices[1]));
        assert_eq!(slices[0].around(0..5), b"a\nbc\n");
        gather(&mut slices, Wire(Framing::Netstring));
        assert_eq!(slices[1].dressed(Wire(Framing::Netstring)), Some(4..9));
    }
}
