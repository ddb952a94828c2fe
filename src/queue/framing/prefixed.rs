//! Prefixed: items that say their length before they begin.
//!
//! They may hold any byte. A length is believed only as far as `max-item`, and memory is taken only
//! for what has come, so a wrong one costs nothing. The end of a stream is never the end of an
//! item. Unaware of items that end with a byte.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::{FrameFault, Slice, length};

/// Digits of a length: those of the longest slice.
const DIGITS: usize = 10;

/// Frames a stream of items that say their length.
#[derive(Debug)]
pub(super) struct Prefixed {
    form: Form,
    max_item: u64,
    /// What came of an item whose end did not come yet, with all that stands around it.
    partial: BytesMut,
    /// Where the item lies in that, once its length is known.
    body: Option<Range<usize>>,
    /// Where that item starts in the stream, length included.
    start: u64,
}

/// How a length is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Netstring,
    U32be,
}

/// What is wrong with an item, and where in it.
type Wrong = (usize, &'static str);

impl Prefixed {
    /// Frames netstrings: digits, a colon, the item, a comma.
    pub(super) fn netstring(max_item: u64) -> Self {
        Self::new(Form::Netstring, max_item)
    }

    /// Frames items with four bytes before each, the highest first.
    pub(super) fn u32be(max_item: u64) -> Self {
        Self::new(Form::U32be, max_item)
    }

    fn new(form: Form, max_item: u64) -> Self {
        Self { form, max_item, partial: BytesMut::new(), body: None, start: 0 }
    }

    /// Takes in the next block.
    pub(super) fn feed(&mut self, block: &Bytes, out: &mut Vec<Slice>) -> Result<(), FrameFault> {
        let mut from = 0;
        while from < block.len() {
            let rest = &block[from..];
            if !self.partial.is_empty() {
                from += self.go_on(rest, out)?;
                continue;
            }
            match self.head(rest)? {
                Some(body) if body.end + self.form.tail() <= rest.len() => {
                    let end = self.check_end(rest, &body)?;
                    out.push(Slice::cut(block, from + body.start..from + body.end));
                    self.start += length(end);
                    from += end;
                }
                body => {
                    self.partial.extend_from_slice(rest);
                    self.body = body;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Ends the stream.
    pub(super) fn finish(self) -> Result<(), FrameFault> {
        match length(self.partial.len()) {
            0 => Ok(()),
            bytes => Err(FrameFault::Torn { offset: self.start, bytes }),
        }
    }

    /// Goes on with an item that began in another block. Returns how many bytes were needed.
    fn go_on(&mut self, rest: &[u8], out: &mut Vec<Slice>) -> Result<usize, FrameFault> {
        let Some(body) = self.body.clone() else {
            // A byte at a time: a length has few, and what is behind it must not be taken.
            self.partial.extend_from_slice(&rest[..1]);
            self.body = self.head(&self.partial)?;
            if self.body.as_ref().is_some_and(|body| self.lacks(body) == 0) {
                self.complete(out)?;
            }
            return Ok(1);
        };
        let more = self.lacks(&body).min(rest.len());
        self.partial.extend_from_slice(&rest[..more]);
        if self.lacks(&body) == 0 {
            self.complete(out)?;
        }
        Ok(more)
    }

    /// Returns how many bytes of the item are still to come.
    fn lacks(&self, body: &Range<usize>) -> usize {
        body.end + self.form.tail() - self.partial.len()
    }

    /// Hands out the item of which everything has come.
    fn complete(&mut self, out: &mut Vec<Slice>) -> Result<(), FrameFault> {
        if let Some(body) = self.body.take() {
            let end = self.check_end(&self.partial, &body)?;
            out.push(Slice::cut(&self.partial.split().freeze(), body));
            self.start += length(end);
        }
        Ok(())
    }

    /// Reads the length of the item that starts with these bytes and returns where it lies in them,
    /// or nothing where the length is not all there.
    fn head(&self, bytes: &[u8]) -> Result<Option<Range<usize>>, FrameFault> {
        let read = match self.form {
            Form::Netstring => netstring(bytes),
            Form::U32be => Ok(u32be(bytes)),
        };
        let Some((start, size)) = read.map_err(|wrong| self.wrong(wrong))? else {
            return Ok(None);
        };
        if size > self.max_item {
            return Err(FrameFault::TooLong { offset: self.start, max: self.max_item });
        }
        let size = usize::try_from(size).expect("`max-item` is at most the longest slice");
        Ok(Some(start..start + size))
    }

    /// Checks what stands behind an item. Returns where the next one starts.
    fn check_end(&self, bytes: &[u8], body: &Range<usize>) -> Result<usize, FrameFault> {
        match self.form {
            Form::Netstring if bytes[body.end] != b',' => {
                Err(self.wrong((body.end, "there should be a `,` behind the item")))
            }
            Form::Netstring | Form::U32be => Ok(body.end + self.form.tail()),
        }
    }

    fn wrong(&self, (place, reason): Wrong) -> FrameFault {
        FrameFault::NotNetstring { offset: self.start + length(place), reason }
    }
}

impl Form {
    /// Bytes behind an item.
    fn tail(self) -> usize {
        match self {
            Self::Netstring => 1,
            Self::U32be => 0,
        }
    }
}

/// Returns where the item starts and how long it is.
fn netstring(bytes: &[u8]) -> Result<Option<(usize, u64)>, Wrong> {
    let digits = bytes.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 1 && bytes[0] == b'0' {
        return Err((0, "its length begins with a zero"));
    }
    if digits > DIGITS {
        return Err((0, "its length has too many digits"));
    }
    match bytes.get(digits) {
        None => Ok(None),
        Some(_) if digits == 0 => Err((0, "there should be the digits of a length")),
        Some(b':') => {
            let add = |sum: u64, digit: &u8| sum * 10 + u64::from(digit - b'0');
            Ok(Some((digits + 1, bytes[..digits].iter().fold(0, add))))
        }
        Some(_) => Err((digits, "there should be a `:` behind the length")),
    }
}

fn u32be(bytes: &[u8]) -> Option<(usize, u64)> {
    let (head, _) = bytes.split_first_chunk::<4>()?;
    Some((4, u64::from(u32::from_be_bytes(*head))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(mut framer: Prefixed, blocks: &[&'static str]) -> Result<usize, FrameFault> {
        let mut out = Vec::new();
        for block in blocks {
            framer.feed(&Bytes::from(*block), &mut out)?;
        }
        Ok(out.len())
    }

    #[test]
    fn what_is_no_netstring_is_refused_at_its_place() {
        let cases = [
            ("1:a,abc", 4, "there should be the digits of a length"),
            ("1:a,:b,", 4, "there should be the digits of a length"),
            ("1:a,03:abc,", 4, "its length begins with a zero"),
            ("1:a,00", 4, "its length begins with a zero"),
            ("1:a,12345678901", 4, "its length has too many digits"),
            ("1:a,3abc,", 5, "there should be a `:` behind the length"),
            ("1:a,3:abcd", 9, "there should be a `,` behind the item"),
        ];
        for (text, offset, reason) in cases {
            let fault = Err(FrameFault::NotNetstring { offset, reason });
            assert_eq!(fed(Prefixed::netstring(20), &[text]), fault, "{text}");
            let (one, two) = text.split_at(text.len() - 1);
            assert_eq!(fed(Prefixed::netstring(20), &[one, two]), fault, "{text}");
        }
    }

    #[test]
    fn a_length_beyond_the_bound_is_refused_before_the_item_comes() {
        let long = Err(FrameFault::TooLong { offset: 4, max: 20 });
        assert_eq!(fed(Prefixed::netstring(20), &["1:a,2147483648:"]), long);
        assert_eq!(fed(Prefixed::netstring(20), &["1:a,21", ":"]), long);
        assert_eq!(fed(Prefixed::u32be(20), &["\0\0\0\0\u{7f}\0", "\0\0"]), long);
        assert_eq!(fed(Prefixed::u32be(20), &["\0\0\0\0\0\0\0\u{15}"]), long);
        assert_eq!(fed(Prefixed::u32be(20), &["\0\0\0\0\0\0\0\u{14}"]), Ok(1));
    }
}
