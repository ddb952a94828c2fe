//! Wire: items as a consumer reads them, each with what says where it ends.
//!
//! What was read in one piece is written in one piece, because a slice knows what stands around it
//! in its block; only where nothing fitting stands there is a head made. Unaware of where items
//! come from.

use std::io::IoSlice;

use super::Item;
use crate::model::Framing;

/// Digits of a length, and the colon behind it.
const HEAD: usize = 11;

/// What stands around an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire(pub(super) Framing);

/// What stands before an item.
#[derive(Debug)]
pub(super) struct Head {
    bytes: [u8; HEAD],
    from: usize,
}

impl Wire {
    /// Returns whether anything stands before an item.
    pub(super) fn has_heads(self) -> bool {
        match self.0 {
            Framing::Lines | Framing::Json | Framing::Nul => false,
            Framing::Netstring | Framing::U32be => true,
        }
    }

    /// Returns what stands before an item of that length.
    pub(super) fn head(self, length: usize) -> Head {
        match self.0 {
            Framing::Lines | Framing::Json | Framing::Nul => Head::NONE,
            Framing::Netstring => Head::digits(length),
            Framing::U32be => Head::binary(length),
        }
    }

    /// Returns what stands behind an item.
    pub(super) fn tail(self) -> &'static [u8] {
        match self.0 {
            Framing::Lines | Framing::Json => b"\n",
            Framing::Nul => b"\0",
            Framing::Netstring => b",",
            Framing::U32be => b"",
        }
    }

    /// Returns how many bytes an item of that length is with what stands around it.
    pub(super) fn size(self, length: usize) -> usize {
        let head = if self.has_heads() { self.head(length).len() } else { 0 };
        head + length + self.tail().len()
    }
}

impl Head {
    const NONE: Self = Self { bytes: [0; HEAD], from: HEAD };

    fn digits(length: usize) -> Self {
        let mut head = Self { bytes: [b':'; HEAD], from: HEAD - 1 };
        let mut rest = length;
        loop {
            head.from -= 1;
            head.bytes[head.from] = b"0123456789"[rest % 10];
            rest /= 10;
            if rest == 0 {
                return head;
            }
        }
    }

    fn binary(length: usize) -> Self {
        let mut head = Self { bytes: [0; HEAD], from: HEAD - 4 };
        let length = u32::try_from(length).expect("a slice is never longer");
        head.bytes[HEAD - 4..].copy_from_slice(&length.to_be_bytes());
        head
    }
}

impl std::ops::Deref for Head {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.from..]
    }
}

/// Returns the items as a consumer reads them, in as few pieces as possible. `heads` is filled with
/// what is nowhere yet and has to stand before an item.
pub fn frame<'a>(items: &'a [Item], framing: Framing, heads: &'a mut Vec<u8>) -> Vec<IoSlice<'a>> {
    let wire = Wire(framing);
    heads.clear();
    if wire.has_heads() {
        for item in items.iter().filter(|item| item.bytes.dressed(wire).is_none()) {
            heads.extend_from_slice(&wire.head(item.bytes.len()));
        }
    }
    let (mut heads, mut pieces, mut rest) = (&heads[..], Vec::new(), items);
    while let [first, behind @ ..] = rest {
        if let Some(dressed) = first.bytes.dressed(wire) {
            let run = behind.iter().scan(dressed.end, |end, item| {
                let next = item.bytes.dressed(wire).filter(|next| next.start == *end)?;
                item.bytes.is_beside(&first.bytes).then(|| *end = next.end)?;
                Some(*end)
            });
            let (count, end) = run.fold((0, dressed.end), |(count, _), end| (count + 1, end));
            pieces.push(IoSlice::new(first.bytes.around(dressed.start..end)));
            rest = &behind[count..];
        } else {
            let (head, others) = heads.split_at(wire.head(first.bytes.len()).len());
            heads = others;
            let parts = [head, &first.bytes, wire.tail()];
            pieces.extend(parts.into_iter().filter(|part| !part.is_empty()).map(IoSlice::new));
            rest = behind;
        }
    }
    pieces
}

/// Returns how many of the items are not read to their end, when the last `bytes` of what [`frame`]
/// returned for them are not.
pub fn unread(items: &[Item], bytes: u64, framing: Framing) -> usize {
    let mut left = bytes;
    let whole = items.iter().rev().take_while(|item| {
        let open = left > 0;
        left = left.saturating_sub(Wire(framing).size(item.bytes.len()) as u64);
        open
    });
    whole.count()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::queue::Slice;

    fn items(block: &'static str, ranges: &[(usize, usize)]) -> Vec<Item> {
        let block = Bytes::from(block);
        let slice = |(start, end): &(usize, usize)| Slice::cut(&block, *start..*end);
        ranges.iter().map(|range| Item { bytes: slice(range), ..Item::default() }).collect()
    }

    fn pieces(items: &[Item], framing: Framing) -> Vec<String> {
        let mut heads = Vec::new();
        let pieces = frame(items, framing, &mut heads);
        pieces.iter().map(|piece| piece.escape_ascii().to_string()).collect()
    }

    #[test]
    fn what_lies_together_is_written_together() {
        let lines = items("a\nb\ncc\nd", &[(0, 1), (2, 3), (4, 6), (7, 8)]);
        assert_eq!(pieces(&lines, Framing::Lines), ["a\\nb\\ncc\\n", "d", "\\n"]);
        assert_eq!(pieces(&lines[..1], Framing::Nul), ["a", "\\x00"]);
        let apart = [lines[0].clone(), lines[2].clone()];
        assert_eq!(pieces(&apart, Framing::Lines), ["a\\n", "cc\\n"]);
        let strings = items("1:a,0:,3:b\nc,x", &[(2, 3), (6, 6), (9, 12)]);
        assert_eq!(pieces(&strings, Framing::Netstring), ["1:a,0:,3:b\\nc,"]);
        let binary = ["\\x00\\x00\\x00\\x01", "a", "\\x00\\x00\\x00\\x00"];
        assert_eq!(pieces(&strings[..2], Framing::U32be), binary);
        let lengths = items("\0\0\0\u{1}a\0\0\0\0", &[(4, 5), (9, 9)]);
        assert_eq!(pieces(&lengths, Framing::U32be), [binary.concat()]);
    }

    #[test]
    fn an_item_is_read_once_nothing_of_it_is_left() {
        let items = items("a\nb\ncc\nd", &[(0, 1), (2, 3), (4, 6), (7, 8)]);
        let counts = |framing| [0, 1, 2, 3, 5, 6, 99].map(|bytes| unread(&items, bytes, framing));
        assert_eq!(counts(Framing::Lines), [0, 1, 1, 2, 2, 3, 4]);
        assert_eq!(counts(Framing::Netstring), [0, 1, 1, 1, 2, 2, 4]);
        assert_eq!(counts(Framing::U32be), [0, 1, 1, 1, 1, 2, 4]);
    }

    #[test]
    fn a_head_is_the_length() {
        for (length, head) in [(0, "0:"), (9, "9:"), (10, "10:"), (4_294_967_295, "4294967295:")] {
            assert_eq!(&*Wire(Framing::Netstring).head(length), head.as_bytes());
        }
        assert_eq!(&*Wire(Framing::U32be).head(258), [0, 0, 1, 2]);
        assert!(Wire(Framing::Lines).head(258).is_empty());
    }
}
