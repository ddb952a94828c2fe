//! Framing: where an item ends in what a producer prints, and what is put behind it for a consumer.
//!
//! Bytes come in blocks that are cut anywhere; items go out as slices of those blocks. Only an item
//! that lies in several blocks is copied, once for each of them. Every fault names its offset in
//! the whole stream. Unaware of where blocks come from and of how full the queue is.

use std::io::IoSlice;

use bytes::{BufMut, Bytes, BytesMut};
use serde::de::IgnoredAny;
use thiserror::Error;

use super::Item;
use super::slice::{KEEPS_ALIVE, Slice, gather};
use crate::model::Framing;

/// What is wrong with the bytes of a producer. What was framed before them is valid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameFault {
    /// An item is longer than the queue allows.
    #[error("the item at byte {offset} is longer than `max-item`, {max} bytes")]
    TooLong {
        /// Where the item starts in the stream.
        offset: u64,
        /// `max-item`.
        max: u64,
    },
    /// An item is not what its framing says.
    #[error("the item at byte {offset} is not valid JSON: {reason}")]
    NotJson {
        /// Where in the stream it stops being JSON.
        offset: u64,
        /// Why.
        reason: String,
    },
    /// An item holds the byte that ends items.
    #[error("it holds {what} at byte {offset}, which ends an item there")]
    HoldsTerminator {
        /// Where in the item.
        offset: u64,
        /// The name of the byte.
        what: &'static str,
    },
    /// The producer did not pass and left an unfinished item behind.
    #[error("the producer died inside an item, {bytes} bytes were dropped")]
    Torn {
        /// How long it is.
        bytes: u64,
    },
}

/// Frames the output of one producer for one queue.
#[derive(Debug)]
pub struct Framer {
    framing: Framing,
    max_item: u64,
    /// What came of an item whose end did not come yet.
    partial: BytesMut,
    /// Where that item starts in the stream.
    start: u64,
}

impl Framer {
    /// Makes one for a stream from its beginning.
    pub fn new(framing: Framing, max_item: u64) -> Self {
        Self { framing, max_item, partial: BytesMut::new(), start: 0 }
    }

    /// Takes in the next block and adds the items that end in it to `out`. After a fault nothing
    /// more can be framed.
    pub fn feed(&mut self, block: &Bytes, out: &mut Vec<Slice>) -> Result<(), FrameFault> {
        let first = out.len();
        let mut from = 0;
        for end in memchr::memchr_iter(terminator(self.framing), block) {
            if self.partial.is_empty() {
                self.emit(Slice::cut(block, from..end), out)?;
            } else {
                let item = self.complete(&block[from..end])?;
                self.emit(item, out)?;
            }
            from = end + 1;
        }
        self.check_length(block.len() - from)?;
        self.partial.extend_from_slice(&block[from..]);
        self.let_go(block.len(), &mut out[first..]);
        Ok(())
    }

    /// Ends the stream. What stands behind the last terminator is an item if its producer passed.
    pub fn finish(mut self, passed: bool) -> Result<Option<Slice>, FrameFault> {
        if self.partial.is_empty() {
            return Ok(None);
        }
        if !passed {
            return Err(FrameFault::Torn { bytes: length(self.partial.len()) });
        }
        let mut last = Vec::new();
        let item = self.complete(&[])?;
        self.emit(item, &mut last)?;
        Ok(last.pop())
    }

    /// Puts the end of an item behind what came of it, in a block of its own.
    fn complete(&mut self, rest: &[u8]) -> Result<Slice, FrameFault> {
        self.check_length(rest.len())?;
        let end = self.partial.len() + rest.len();
        self.partial.reserve(rest.len() + 1);
        self.partial.put_slice(rest);
        self.partial.put_u8(terminator(self.framing));
        Ok(Slice::cut(&self.partial.split().freeze(), 0..end))
    }

    fn emit(&mut self, item: Slice, out: &mut Vec<Slice>) -> Result<(), FrameFault> {
        let start = self.start;
        if length(item.len()) > self.max_item {
            return Err(FrameFault::TooLong { offset: start, max: self.max_item });
        }
        self.start += length(item.len()) + 1;
        if self.framing != Framing::Json {
            out.push(item);
        } else if let Some(value) = item.trimmed() {
            let offset = start + length(item.offset_to(&value));
            check_json(&value).map_err(|fault| fault.at(offset))?;
            out.push(value);
        }
        Ok(())
    }

    /// Refuses an unfinished item as soon as it is too long, so that none grows without bound.
    fn check_length(&self, more: usize) -> Result<(), FrameFault> {
        if length(self.partial.len() + more) > self.max_item {
            return Err(FrameFault::TooLong { offset: self.start, max: self.max_item });
        }
        Ok(())
    }

    /// Lets go of a block that is mostly blank, which its items would keep alive.
    fn let_go(&self, block: usize, items: &mut [Slice]) {
        let bytes: usize = items.iter().map(|item| item.len() + 1).sum();
        if !items.is_empty() && block > bytes.saturating_mul(KEEPS_ALIVE) {
            gather(items, bytes, terminator(self.framing));
        }
    }
}

impl FrameFault {
    fn at(self, base: u64) -> Self {
        match self {
            Self::NotJson { offset, reason } => Self::NotJson { offset: base + offset, reason },
            Self::TooLong { .. } | Self::HoldsTerminator { .. } | Self::Torn { .. } => self,
        }
    }
}

/// Checks that a static item may enter a queue of this framing: what comes out of the other end
/// would be something else.
pub fn fits(item: &[u8], framing: Framing) -> Result<(), FrameFault> {
    if let Some(offset) = memchr::memchr(terminator(framing), item) {
        let what = match framing {
            Framing::Lines | Framing::Json => "a line feed",
            Framing::Nul | Framing::Netstring | Framing::U32be => "a zero byte",
        };
        return Err(FrameFault::HoldsTerminator { offset: length(offset), what });
    }
    match framing {
        Framing::Lines | Framing::Nul | Framing::Netstring | Framing::U32be => Ok(()),
        Framing::Json => check_json(item),
    }
}

/// Returns the items as a consumer reads them, each with its terminator, in as few pieces as
/// possible: what was read in one piece is written in one piece.
pub fn frame(items: &[Item], framing: Framing) -> Vec<IoSlice<'_>> {
    let (end, terminator): (u8, &'static [u8]) = match framing {
        Framing::Lines | Framing::Json => (b'\n', b"\n"),
        Framing::Nul | Framing::Netstring | Framing::U32be => (0, b"\0"),
    };
    let mut pieces = Vec::new();
    let mut rest = items;
    while let [first, ..] = rest {
        let behind = |pair: &[Item]| {
            let [one, two] = pair else { return false };
            one.bytes.ends_with(end) && one.bytes.precedes(&two.bytes)
        };
        let run = 1 + rest.windows(2).take_while(|pair| behind(pair)).count();
        let last = &rest[run - 1];
        if last.bytes.ends_with(end) {
            pieces.push(IoSlice::new(first.bytes.through(&last.bytes)));
        } else {
            if run > 1 {
                pieces.push(IoSlice::new(first.bytes.through(&rest[run - 2].bytes)));
            }
            pieces.push(IoSlice::new(&last.bytes));
            pieces.push(IoSlice::new(terminator));
        }
        rest = &rest[run..];
    }
    pieces
}

/// Returns how many of the items are not read to their end, when the last `bytes` of what [`frame`]
/// returned for them are not.
pub fn unread(items: &[Item], bytes: u64) -> usize {
    let mut left = bytes;
    let whole = items.iter().rev().take_while(|item| {
        let open = left > 0;
        left = left.saturating_sub(length(item.bytes.len()) + 1);
        open
    });
    whole.count()
}

/// Returns the byte that ends an item.
pub(super) fn terminator(framing: Framing) -> u8 {
    match framing {
        Framing::Lines | Framing::Json => b'\n',
        Framing::Nul | Framing::Netstring | Framing::U32be => 0,
    }
}

/// Checks that the bytes are one JSON value; the offset of the fault counts from their beginning.
fn check_json(value: &[u8]) -> Result<(), FrameFault> {
    if let Err(fault) = std::str::from_utf8(value) {
        let reason = "it is not UTF-8".to_owned();
        return Err(FrameFault::NotJson { offset: length(fault.valid_up_to()), reason });
    }
    serde_json::from_slice::<IgnoredAny>(value).map(drop).map_err(|fault| {
        // One line, so its column is the place; serde adds the place to the reason, where it would
        // count from the wrong beginning.
        let reason = fault.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        FrameFault::NotJson { offset: length(fault.column().saturating_sub(1)), reason }
    })
}

fn length(bytes: usize) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(framing: Framing, blocks: &[&'static str]) -> Result<Vec<Slice>, FrameFault> {
        let mut framer = Framer::new(framing, 20);
        let mut out = Vec::new();
        for block in blocks {
            framer.feed(&Bytes::from(*block), &mut out)?;
        }
        out.extend(framer.finish(true)?);
        Ok(out)
    }

    fn texts(items: &[Slice]) -> Vec<String> {
        items.iter().map(|item| String::from_utf8_lossy(item).into_owned()).collect()
    }

    #[test]
    fn items_end_where_their_framing_says() {
        let cases: &[(Framing, &[&'static str], &[&str])] = &[
            (Framing::Lines, &["a\n\nb"], &["a", "", "b"]),
            (Framing::Lines, &["a", "b\nc", "\n"], &["ab", "c"]),
            (Framing::Lines, &[], &[]),
            (Framing::Nul, &["a\nb\0c\0"], &["a\nb", "c"]),
            (Framing::Json, &["{\"a\":1}\n\n  \n [2] \r\n", "3"], &["{\"a\":1}", "[2]", "3"]),
            (Framing::Json, &["1\n", " \t"], &["1"]),
        ];
        for (framing, blocks, items) in cases {
            assert_eq!(texts(&framed(*framing, blocks).unwrap()), *items, "{blocks:?}");
        }
    }

    #[test]
    fn faults_name_their_place() {
        let long = |offset| FrameFault::TooLong { offset, max: 20 };
        assert_eq!(framed(Framing::Lines, &["ab\n123456789012345678901\n"]), Err(long(3)));
        assert_eq!(framed(Framing::Lines, &["ab\n1234567890", "12345678901"]), Err(long(3)));
        assert_eq!(framed(Framing::Lines, &["ab\n12345678901234567890\n"]).unwrap().len(), 2);
        let json = framed(Framing::Json, &["1\n\n  {\"a\":", "x}\n"]).unwrap_err();
        assert!(matches!(json, FrameFault::NotJson { offset: 10, .. }), "{json:?}");
        assert_eq!(json.to_string(), "the item at byte 10 is not valid JSON: expected value");
        let json = framed(Framing::Json, &["1 2"]).unwrap_err();
        assert!(matches!(json, FrameFault::NotJson { offset: 2, .. }), "{json:?}");
    }

    #[test]
    fn what_came_before_a_fault_is_valid() {
        let (mut framer, mut out) = (Framer::new(Framing::Json, 20), Vec::new());
        framer.feed(&Bytes::from("1\n2\n?\n4\n"), &mut out).unwrap_err();
        assert_eq!(texts(&out), ["1", "2"]);
    }

    #[test]
    fn a_torn_item_of_a_failed_producer_is_dropped() {
        let (mut framer, mut out) = (Framer::new(Framing::Lines, 20), Vec::new());
        framer.feed(&Bytes::from("a\nbcd"), &mut out).unwrap();
        assert_eq!(framer.finish(false), Err(FrameFault::Torn { bytes: 3 }));
    }

    #[test]
    fn static_items_must_fit() {
        assert_eq!(fits(b"a b", Framing::Lines), Ok(()));
        assert!(fits(b"a\nb", Framing::Lines).is_err());
        assert_eq!(fits(b"a\nb", Framing::Nul), Ok(()));
        let fault = fits(b"a\0b", Framing::Nul).unwrap_err();
        assert_eq!(fault.to_string(), "it holds a zero byte at byte 1, which ends an item there");
        assert!(fits(b"{", Framing::Json).is_err());
    }

    #[test]
    fn a_mostly_blank_block_is_let_go() {
        let mut block = vec![b'\n'; 1000];
        block[500] = b'7';
        let (mut framer, mut out) = (Framer::new(Framing::Json, 20), Vec::new());
        framer.feed(&Bytes::from(block), &mut out).unwrap();
        assert!(!out[0].wastes(2));
    }

    #[test]
    fn what_was_read_together_is_written_together() {
        let item = |bytes| Item { index: 0, bytes, attempt: 1 };
        let slices = framed(Framing::Lines, &["a\nb\nc", "c\nd"]).unwrap();
        let items: Vec<Item> = slices.into_iter().map(item).collect();
        let pieces = frame(&items, Framing::Lines);
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| &**piece).collect();
        assert_eq!(pieces, [&b"a\nb\n"[..], b"cc\n", b"d\n"]);
        let pieces = frame(&items[..1], Framing::Nul);
        assert_eq!(pieces.iter().map(|piece| &**piece).collect::<Vec<_>>(), [&b"a"[..], b"\0"]);
        let counts = [0, 1, 2, 3, 5, 6, 99].map(|bytes| unread(&items, bytes));
        assert_eq!(counts, [0, 1, 1, 2, 2, 3, 4]);
    }
}
