//! Slice: some bytes of a block that was read at once.
//!
//! It keeps hold of the whole block and knows where in it it lies. So what lies behind each other,
//! terminators included, can be written in one piece again without a copy, which two `Bytes` that
//! were cut from one could not. The price is that a small slice keeps a large block alive; whoever
//! holds slices for longer than their neighbours copies them out. Unaware of items and queues.

use std::fmt;
use std::ops::{Deref, Range};

use bytes::{BufMut, Bytes, BytesMut};

/// How many times its own size a slice that stands alone may keep alive. A copy of less than a
/// quarter of a block costs less than the memory that it frees.
pub(super) const KEEPS_ALIVE: usize = 4;

/// Some bytes of a block.
#[derive(Clone, Default)]
pub struct Slice {
    block: Bytes,
    start: usize,
    end: usize,
}

impl Slice {
    /// Cuts a slice out of a block.
    ///
    /// # Panics
    ///
    /// When it is read, if the range does not lie in the block.
    pub(super) fn cut(block: &Bytes, range: Range<usize>) -> Self {
        Self { block: block.clone(), start: range.start, end: range.end }
    }

    /// Returns the bytes as a value of their own, without a copy.
    pub fn bytes(&self) -> Bytes {
        self.block.slice(self.start..self.end)
    }

    /// Returns the bytes from here to the end of `last`, with the terminator behind it, where both
    /// lie in one block.
    pub(super) fn through(&self, last: &Self) -> &[u8] {
        &self.block[self.start..=last.end]
    }

    /// Returns whether the terminator follows in the block.
    pub(super) fn ends_with(&self, terminator: u8) -> bool {
        self.block.get(self.end) == Some(&terminator)
    }

    /// Returns whether `next` follows in the same block, one terminator away.
    pub(super) fn precedes(&self, next: &Self) -> bool {
        self.is_beside(next) && next.start == self.end + 1
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
        let start = self.start + self.iter().position(|byte| !blank(byte))?;
        let end = self.start + self.iter().rposition(|byte| !blank(byte))? + 1;
        Some(Self { block: self.block.clone(), start, end })
    }

    /// Returns how far behind the start of this one another slice of the same block starts.
    pub(super) fn offset_to(&self, other: &Self) -> usize {
        other.start - self.start
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

/// Copies slices into one new block, each with its terminator behind it.
pub(super) fn gather<T: AsMut<Slice>>(slices: &mut [T], bytes: usize, terminator: u8) {
    let mut block = BytesMut::with_capacity(bytes + slices.len());
    for slice in &mut *slices {
        let slice = slice.as_mut();
        let start = block.len();
        block.put_slice(slice);
        (slice.start, slice.end) = (start, block.len());
        // The old block is let go of below; until then the range does not fit it.
        block.put_u8(terminator);
    }
    let block = block.freeze();
    for slice in slices {
        slice.as_mut().block = block.clone();
    }
}

impl From<Bytes> for Slice {
    fn from(block: Bytes) -> Self {
        let end = block.len();
        Self { block, start: 0, end }
    }
}

impl Deref for Slice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.block[self.start..self.end]
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
        gather(&mut slices, 3, b'\n');
        assert!(slices[0].precedes(&slices[1]));
        assert_eq!(slices[0].through(&slices[1]), b"a\nbc\n");
    }
}
