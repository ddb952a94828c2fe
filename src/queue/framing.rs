//! Framing: where an item ends in what a producer prints.
//!
//! Bytes come in blocks that are cut anywhere; items go out as slices of those blocks. Only an item
//! that lies in several blocks is copied, once for each of them. Every fault names its offset in
//! the whole stream. Unaware of where blocks come from and of how full the queue is.
//!
//! Reading order: [`ended`] for what ends with a byte, [`prefixed`] for what begins with a length.

mod ended;
mod prefixed;

use bytes::Bytes;
use serde::de::IgnoredAny;
use thiserror::Error;

use self::ended::Ended;
use self::prefixed::Prefixed;
use super::slice::{KEEPS_ALIVE, LONGEST, Slice, gather};
use super::wire::Wire;
use crate::model::{self, Framing};

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
    /// An item that needs no framing is longer than the queue allows.
    #[error("it has {bytes} bytes, `max-item` is {max}")]
    TooLarge {
        /// How long it is.
        bytes: u64,
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
    /// An item has not its length before it, or ends elsewhere.
    #[error("what stands at byte {offset} is no netstring: {reason}")]
    NotNetstring {
        /// Where in the stream it stops being one.
        offset: u64,
        /// Why.
        reason: &'static str,
    },
    /// An item holds the byte that ends items.
    #[error("it holds {what} at byte {offset}, which ends an item there")]
    HoldsTerminator {
        /// Where in the item.
        offset: u64,
        /// The name of the byte.
        what: &'static str,
    },
    /// The stream ends inside an item, and its producer did not pass or there is more to come.
    #[error("the item at byte {offset} is torn, {bytes} bytes were dropped")]
    Torn {
        /// Where the item starts in the stream.
        offset: u64,
        /// How much of it came.
        bytes: u64,
    },
}

/// Frames the output of one producer for one queue.
#[derive(Debug)]
pub struct Framer {
    kind: Kind,
    wire: Wire,
}

#[derive(Debug)]
enum Kind {
    Ended(Ended),
    Prefixed(Prefixed),
}

impl Framer {
    /// Makes one for a stream from its beginning.
    pub fn new(queue: &model::Queue) -> Self {
        let max_item = queue.max_item.min(LONGEST);
        let kind = match queue.framing {
            Framing::Lines => Kind::Ended(Ended::lines(max_item, queue.crlf)),
            Framing::Nul => Kind::Ended(Ended::nul(max_item)),
            Framing::Json => Kind::Ended(Ended::json(max_item)),
            Framing::Netstring => Kind::Prefixed(Prefixed::netstring(max_item)),
            Framing::U32be => Kind::Prefixed(Prefixed::u32be(max_item)),
        };
        Self { kind, wire: Wire(queue.framing) }
    }

    /// Takes in the next block and adds the items that end in it to `out`. After a fault nothing
    /// more can be framed.
    pub fn feed(&mut self, block: &Bytes, out: &mut Vec<Slice>) -> Result<(), FrameFault> {
        let first = out.len();
        match &mut self.kind {
            Kind::Ended(ended) => ended.feed(block, out)?,
            Kind::Prefixed(prefixed) => prefixed.feed(block, out)?,
        }
        self.let_go(block.len(), &mut out[first..]);
        Ok(())
    }

    /// Ends the stream. What stands behind the last terminator is an item if its producer passed.
    pub fn finish(self, passed: bool) -> Result<Option<Slice>, FrameFault> {
        match self.kind {
            Kind::Ended(ended) => ended.finish(passed),
            Kind::Prefixed(prefixed) => prefixed.finish().map(|()| None),
        }
    }

    /// Lets go of a block that is mostly blank, which its items would keep alive.
    fn let_go(&self, block: usize, items: &mut [Slice]) {
        let bytes: usize = items.iter().map(|item| self.wire.size(item.len())).sum();
        if !items.is_empty() && block > bytes.saturating_mul(KEEPS_ALIVE) {
            gather(items, self.wire);
        }
    }
}

/// Checks that an item may enter a queue that was not framed for it: where it is too long, or what
/// came out of the other end would be something else.
pub fn fits(item: &[u8], queue: &model::Queue) -> Result<(), FrameFault> {
    let max = queue.max_item.min(LONGEST);
    if length(item.len()) > max {
        return Err(FrameFault::TooLarge { bytes: length(item.len()), max });
    }
    let free_of = |byte: u8, what| match memchr::memchr(byte, item) {
        Some(at) => Err(FrameFault::HoldsTerminator { offset: length(at), what }),
        None => Ok(()),
    };
    match queue.framing {
        Framing::Lines => free_of(b'\n', "a line feed"),
        Framing::Nul => free_of(0, "a zero byte"),
        Framing::Json => free_of(b'\n', "a line feed").and_then(|()| check_json(item, 0)),
        Framing::Netstring | Framing::U32be => Ok(()),
    }
}

/// Checks that the bytes, which start there in the stream, are one JSON value.
fn check_json(value: &[u8], start: u64) -> Result<(), FrameFault> {
    if let Err(fault) = std::str::from_utf8(value) {
        let reason = "it is not UTF-8".to_owned();
        return Err(FrameFault::NotJson { offset: start + length(fault.valid_up_to()), reason });
    }
    serde_json::from_slice::<IgnoredAny>(value).map(drop).map_err(|fault| {
        // One line, so its column is the place; serde adds the place to the reason, where it would
        // count from the wrong beginning.
        let reason = fault.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        FrameFault::NotJson { offset: start + length(fault.column().saturating_sub(1)), reason }
    })
}

fn length(bytes: usize) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(framing: Framing) -> model::Queue {
        let plain = model::Queue::new("q", model::FileId(0), std::path::PathBuf::new());
        model::Queue { framing, max_item: 20, ..plain }
    }

    fn framed_for(queue: &model::Queue, blocks: &[&'static str]) -> Result<Vec<Slice>, FrameFault> {
        let mut framer = Framer::new(queue);
        let mut out = Vec::new();
        for block in blocks {
            framer.feed(&Bytes::from(*block), &mut out)?;
        }
        out.extend(framer.finish(true)?);
        Ok(out)
    }

    fn framed(framing: Framing, blocks: &[&'static str]) -> Result<Vec<Slice>, FrameFault> {
        framed_for(&queue(framing), blocks)
    }

    fn texts(items: &[Slice]) -> Vec<String> {
        items.iter().map(|item| String::from_utf8_lossy(item).into_owned()).collect()
    }

    #[test]
    fn items_end_where_their_framing_says() {
        let cases: &[(Framing, &[&'static str], &[&str])] = &[
            (Framing::Lines, &["a\n\nb"], &["a", "", "b"]),
            (Framing::Lines, &["a", "b\nc", "\n"], &["ab", "c"]),
            (Framing::Lines, &["a\r\n"], &["a\r"]),
            (Framing::Lines, &[], &[]),
            (Framing::Nul, &["a\nb\0c\0"], &["a\nb", "c"]),
            (Framing::Json, &["{\"a\":1}\n\n  \n [2] \r\n", "3"], &["{\"a\":1}", "[2]", "3"]),
            (Framing::Json, &["1\n", " \t"], &["1"]),
            (
                Framing::Netstring,
                &["1:a,0:,12:", "a,b", "\ncdefghij,"],
                &["a", "", "a,b\ncdefghij"],
            ),
            (Framing::Netstring, &["1", "1:abcdefghijk", ","], &["abcdefghijk"]),
            (Framing::U32be, &["\0\0\0\u{1}a\0\0\0\0\0\0\0\u{2}b\n"], &["a", "", "b\n"]),
            (Framing::U32be, &["\0\0", "\0\u{3}a", "bc"], &["abc"]),
        ];
        for (framing, blocks, items) in cases {
            assert_eq!(texts(&framed(*framing, blocks).unwrap()), *items, "{blocks:?}");
        }
    }

    #[test]
    fn one_cr_before_the_lf_is_no_part_of_an_item() {
        let crlf = model::Queue { crlf: true, ..queue(Framing::Lines) };
        let cases: &[(&[&'static str], &[&str])] = &[
            (&["a\r\nb\n\r\n\r\r\nc\r"], &["a", "b", "", "\r", "c\r"]),
            (&["a\r", "\nb", "\r\n"], &["a", "b"]),
            (&["12345678901234567890\r", "\n"], &["12345678901234567890"]),
        ];
        for (blocks, items) in cases {
            assert_eq!(texts(&framed_for(&crlf, blocks).unwrap()), *items, "{blocks:?}");
        }
        for long in [&["12345678901234567890\r"][..], &["12345678901234567890\r\r", "\n"]] {
            let fault = framed_for(&crlf, long);
            assert_eq!(fault, Err(FrameFault::TooLong { offset: 0, max: 20 }), "{long:?}");
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
        let (mut framer, mut out) = (Framer::new(&queue(Framing::Json)), Vec::new());
        framer.feed(&Bytes::from("1\n2\n?\n4\n"), &mut out).unwrap_err();
        assert_eq!(texts(&out), ["1", "2"]);
    }

    #[test]
    fn a_torn_item_is_dropped() {
        let (mut framer, mut out) = (Framer::new(&queue(Framing::Lines)), Vec::new());
        framer.feed(&Bytes::from("a\nbcd"), &mut out).unwrap();
        assert_eq!(framer.finish(false), Err(FrameFault::Torn { offset: 2, bytes: 3 }));
        let cases: &[(Framing, &[&'static str], u64)] = &[
            (Framing::Netstring, &["1:a,1"], 1),
            (Framing::Netstring, &["1:a,", "1:b"], 3),
            (Framing::U32be, &["\0\0\0\0\0\0"], 2),
            (Framing::U32be, &["\0\0\0\0\0\0\0\u{2}b"], 5),
        ];
        for (framing, blocks, bytes) in cases {
            let torn = FrameFault::Torn { offset: 4, bytes: *bytes };
            assert_eq!(framed(*framing, blocks), Err(torn), "{blocks:?}");
        }
    }

    #[test]
    fn items_from_elsewhere_must_fit() {
        assert_eq!(fits(b"a b", &queue(Framing::Lines)), Ok(()));
        assert!(fits(b"a\nb", &queue(Framing::Lines)).is_err());
        assert_eq!(fits(b"a\nb", &queue(Framing::Nul)), Ok(()));
        let fault = fits(b"a\0b", &queue(Framing::Nul)).unwrap_err();
        assert_eq!(fault.to_string(), "it holds a zero byte at byte 1, which ends an item there");
        assert!(fits(b"{", &queue(Framing::Json)).is_err());
        assert!(fits(b"{\n}", &queue(Framing::Json)).is_err());
        for framing in [Framing::Netstring, Framing::U32be] {
            assert_eq!(fits(b"a\0\n", &queue(framing)), Ok(()));
            let fault = fits(&[b'a'; 21], &queue(framing)).unwrap_err().to_string();
            assert_eq!(fault, "it has 21 bytes, `max-item` is 20");
        }
    }

    #[test]
    fn a_mostly_blank_block_is_let_go() {
        let mut block = vec![b'\n'; 1000];
        block[500] = b'7';
        let (mut framer, mut out) = (Framer::new(&queue(Framing::Json)), Vec::new());
        framer.feed(&Bytes::from(block), &mut out).unwrap();
        assert!(!out[0].wastes(2));
    }
}
