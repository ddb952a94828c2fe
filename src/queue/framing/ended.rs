//! Ended: items that end with a byte.
//!
//! The byte is searched for at memory speed, so this is the way of most items. Unaware of items
//! that say their length.

use bytes::{BufMut, Bytes, BytesMut};

use super::{FrameFault, Slice, check_json, length};

/// Frames a stream of items that end with a byte.
#[derive(Debug)]
pub(super) struct Ended {
    terminator: u8,
    json: bool,
    crlf: bool,
    max_item: u64,
    /// What came of an item whose end did not come yet.
    partial: BytesMut,
    /// Where that item starts in the stream.
    start: u64,
}

impl Ended {
    /// Frames lines; one CR before the LF may be no part of them.
    pub(super) fn lines(max_item: u64, crlf: bool) -> Self {
        Self { crlf, ..Self::new(b'\n', max_item) }
    }

    /// Frames what ends with a zero byte.
    pub(super) fn nul(max_item: u64) -> Self {
        Self::new(0, max_item)
    }

    /// Frames lines of which each is a JSON value or blank.
    pub(super) fn json(max_item: u64) -> Self {
        Self { json: true, ..Self::new(b'\n', max_item) }
    }

    fn new(terminator: u8, max_item: u64) -> Self {
        let partial = BytesMut::new();
        Self { terminator, json: false, crlf: false, max_item, partial, start: 0 }
    }

    /// Takes in the next block.
    pub(super) fn feed(&mut self, block: &Bytes, out: &mut Vec<Slice>) -> Result<(), FrameFault> {
        let mut from = 0;
        for end in memchr::memchr_iter(self.terminator, block) {
            let item = if self.partial.is_empty() {
                Slice::cut(block, from..end)
            } else {
                self.complete(&block[from..end])?
            };
            let raw = item.len();
            let item = if self.crlf { item.without(b'\r') } else { item };
            self.emit(item, raw, out)?;
            from = end + 1;
        }
        let rest = &block[from..];
        self.check_length(rest)?;
        self.partial.extend_from_slice(rest);
        Ok(())
    }

    /// Ends the stream.
    pub(super) fn finish(mut self, passed: bool) -> Result<Option<Slice>, FrameFault> {
        if self.partial.is_empty() {
            return Ok(None);
        }
        if !passed {
            let bytes = length(self.partial.len());
            return Err(FrameFault::Torn { offset: self.start, bytes });
        }
        let mut last = Vec::new();
        let item = self.complete(&[])?;
        let raw = item.len();
        self.emit(item, raw, &mut last)?;
        Ok(last.pop())
    }

    /// Puts the end of an item behind what came of it, in a block of its own.
    fn complete(&mut self, rest: &[u8]) -> Result<Slice, FrameFault> {
        self.check_length(rest)?;
        let end = self.partial.len() + rest.len();
        self.partial.reserve(rest.len() + 1);
        self.partial.put_slice(rest);
        self.partial.put_u8(self.terminator);
        Ok(Slice::cut(&self.partial.split().freeze(), 0..end))
    }

    /// Hands out an item that had so many bytes in the stream.
    fn emit(&mut self, item: Slice, raw: usize, out: &mut Vec<Slice>) -> Result<(), FrameFault> {
        let start = self.start;
        if length(item.len()) > self.max_item {
            return Err(FrameFault::TooLong { offset: start, max: self.max_item });
        }
        self.start += length(raw) + 1;
        if !self.json {
            out.push(item);
        } else if let Some(value) = item.trimmed() {
            check_json(&value, start + length(item.offset_to(&value)))?;
            out.push(value);
        }
        Ok(())
    }

    /// Refuses an unfinished item as soon as it is too long, so that none grows without bound.
    fn check_length(&self, more: &[u8]) -> Result<(), FrameFault> {
        // A CR at its end may turn out to be no part of it.
        let cr = self.crlf && more.last().or(self.partial.last()) == Some(&b'\r');
        let most = self.max_item + u64::from(cr);
        if length(self.partial.len() + more.len()) > most {
            return Err(FrameFault::TooLong { offset: self.start, max: self.max_item });
        }
        Ok(())
    }
}
