//! Mask: secrets are taken out of all that a run writes for people and programs to read.
//!
//! A secret is looked for in every form in which programs write it, and what is found becomes
//! [`MASK`]. It works on a stream, block by block: what may be the beginning of a secret is held
//! back until it is known, everything else goes on at once. The result does not depend on where
//! blocks end. Without secrets nothing is looked at or copied. Unaware of where values come from
//! and of what is masked.
//!
//! Reading order: this file; `forms` is how programs write a value.

mod forms;

#[cfg(test)]
mod laws;

use std::borrow::Cow;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use bytes::{Bytes, BytesMut};

/// What stands for a secret.
pub const MASK: &[u8] = b"***";

/// Bytes of the shortest secret: a shorter one stands in so much text by chance that what is left
/// would be unreadable, and its place would tell it.
pub const SHORTEST: usize = 4;

/// Takes secrets out. A clone knows the same ones.
#[derive(Debug, Clone, Default)]
pub struct Masker(Option<Arc<Known>>);

/// What is looked for.
#[derive(Debug)]
struct Known {
    search: AhoCorasick,
    /// All forms of all secrets, in order.
    forms: Vec<Vec<u8>>,
    longest: usize,
}

impl Masker {
    /// Makes one that knows these values, each of at least [`SHORTEST`] bytes.
    pub fn new(values: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let values = values.into_iter().filter(|value| value.len() >= SHORTEST);
        let mut forms: Vec<Vec<u8>> = values.flat_map(|value| forms::forms(&value)).collect();
        forms.sort();
        forms.dedup();
        let Some(longest) = forms.iter().map(Vec::len).max() else { return Self(None) };
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        let search = search.expect("an environment is far smaller than what a search can hold");
        Self(Some(Arc::new(Known { search, forms, longest })))
    }

    /// Returns whether it knows no secret, so that nothing is ever changed.
    pub fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    /// Begins a stream.
    pub fn stream(&self) -> Stream {
        Stream { known: self.0.clone(), held: BytesMut::new() }
    }

    /// Returns bytes without secrets.
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.0 {
            Some(known) if known.search.is_match(bytes) => {
                let mut out = Vec::with_capacity(bytes.len());
                known.mask(bytes, true, &mut out);
                out.into()
            }
            Some(_) | None => bytes.into(),
        }
    }

    /// Returns the beginning of some bytes without secrets, at most so many; one that is cut off
    /// there is masked too.
    pub fn beginning<'a>(&self, bytes: &'a [u8], most: usize) -> Cow<'a, [u8]> {
        let Some(known) = &self.0 else { return bytes[..bytes.len().min(most)].into() };
        let seen = &bytes[..bytes.len().min(most + known.longest)];
        let mut out = Vec::new();
        known.mask(seen, seen.len() == bytes.len(), &mut out);
        out.truncate(most);
        out.into()
    }

    /// Returns a text without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => text.into(),
            Cow::Owned(masked) => String::from_utf8_lossy(&masked).into_owned().into(),
        }
    }
}

/// A stream on its way. What it holds at its end must be asked for.
#[derive(Debug)]
#[must_use = "what is held back is lost unless the stream is finished"]
pub struct Stream {
    known: Option<Arc<Known>>,
    /// What may be the beginning of a secret.
    held: BytesMut,
}

impl Stream {
    /// Takes in a block, and returns what is known to be in the clear.
    pub fn mask(&mut self, block: Bytes) -> Bytes {
        let Some(known) = &self.known else { return block };
        if self.held.is_empty() && known.is_clear(&block) {
            return block;
        }
        self.held.extend_from_slice(&block);
        let mut out = Vec::with_capacity(self.held.len());
        let held = self.held.len() - known.mask(&self.held, false, &mut out);
        let _ = self.held.split_to(self.held.len() - held);
        out.into()
    }

    /// Ends the stream, and returns the rest of it.
    pub fn finish(&mut self) -> Bytes {
        let held = std::mem::take(&mut self.held);
        let mut out = Vec::with_capacity(held.len());
        if let Some(known) = &self.known {
            known.mask(&held, true, &mut out);
        }
        out.into()
    }
}

impl Known {
    /// Returns whether there is nothing in a block that is a secret or may become one.
    fn is_clear(&self, block: &[u8]) -> bool {
        self.open(block, 0) == block.len() && !self.search.is_match(block)
    }

    /// Writes bytes without their secrets, up to where it is not known yet what they are; returns
    /// how many those were: all of them at the `end` of a stream.
    fn mask(&self, bytes: &[u8], end: bool, out: &mut Vec<u8>) -> usize {
        let mut from = 0;
        let mut open = if end { bytes.len() } else { self.open(bytes, 0) };
        while let Some(found) = self.search.find(Input::new(bytes).range(from..)) {
            // What begins first wins, and what is still open may turn out to be a secret.
            if found.start() >= open {
                break;
            }
            out.extend_from_slice(&bytes[from..found.start()]);
            out.extend_from_slice(MASK);
            from = found.end();
            if open < from {
                open = self.open(bytes, from);
            }
        }
        out.extend_from_slice(&bytes[from..open]);
        open
    }

    /// Returns the first place, not before `from`, at which a form begins that goes on beyond the
    /// end; the end where there is none.
    fn open(&self, bytes: &[u8], from: usize) -> usize {
        let first = from.max((bytes.len() + 1).saturating_sub(self.longest));
        (first..bytes.len()).find(|at| self.may_go_on(&bytes[*at..])).unwrap_or(bytes.len())
    }

    /// Returns whether a form is longer than these bytes and begins with them.
    fn may_go_on(&self, bytes: &[u8]) -> bool {
        let next = self.forms.partition_point(|form| &**form <= bytes);
        self.forms.get(next).is_some_and(|form| form.starts_with(bytes))
    }
}
