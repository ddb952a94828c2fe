//! Lines: the replies in what a worker writes, whatever blocks it is read in.
//!
//! A line that lies in one block is cut out of it without a copy. Unaware of what a line says.

use bytes::{Bytes, BytesMut};

/// Cuts blocks into lines.
#[derive(Debug)]
pub(in crate::engine::worker) struct Lines {
    /// What was not looked at.
    block: Bytes,
    /// A line whose end is still to come.
    rest: BytesMut,
    longest: usize,
}

/// A line that is longer than any may be; its start.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine::worker) struct TooLong(pub(in crate::engine::worker) Bytes);

impl Lines {
    /// Cuts lines of at most so many bytes.
    pub(in crate::engine::worker) fn new(longest: usize) -> Self {
        Self { block: Bytes::new(), rest: BytesMut::new(), longest }
    }

    /// Adds a block; all lines of the one before were taken.
    pub(in crate::engine::worker) fn push(&mut self, block: Bytes) {
        self.block = block;
    }

    /// Takes the next line, without its end.
    pub(in crate::engine::worker) fn next(&mut self) -> Result<Option<Bytes>, TooLong> {
        let end = memchr::memchr(b'\n', &self.block);
        let part = end.unwrap_or(self.block.len());
        if self.rest.len() + part > self.longest {
            self.rest.extend_from_slice(&self.block[..part.min(self.longest)]);
            return Err(TooLong(self.rest.split().freeze()));
        }
        let Some(end) = end else {
            self.rest.extend_from_slice(&std::mem::take(&mut self.block));
            return Ok(None);
        };
        let mut line = self.block.split_to(end + 1);
        line.truncate(end);
        if !self.rest.is_empty() {
            self.rest.extend_from_slice(&line);
            line = self.rest.split().freeze();
        }
        Ok(Some(line))
    }

    /// Takes a last line that has no end.
    pub(in crate::engine::worker) fn last(&mut self) -> Option<Bytes> {
        Some(self.rest.split().freeze()).filter(|rest| !rest.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_may_be_so_long_and_no_longer() {
        for (blocks, longest) in [(vec!["abc\n"], 3), (vec!["a", "bc", "\n"], 3)] {
            let read = |longest| {
                let mut lines = Lines::new(longest);
                let mut last = Ok(None);
                for block in &blocks {
                    lines.push(Bytes::from(*block));
                    last = lines.next();
                    if last.is_err() {
                        break;
                    }
                }
                last
            };
            assert_eq!(read(longest), Ok(Some("abc".into())));
            assert!(read(longest - 1).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_blocks_are_cut_into_the_same_lines(
            text in "[ab\n]{0,30}",
            cuts in vec(1_usize..9, 0..9),
        ) {
            let mut lines = Lines::new(99);
            let mut found = Vec::new();
            let mut bytes = Bytes::from(text.clone());
            for cut in cuts.into_iter().chain([text.len()]) {
                lines.push(bytes.split_to(cut.min(bytes.len())));
                while let Some(line) = lines.next().unwrap() {
                    found.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            found.extend(lines.last().map(|line| String::from_utf8(line.to_vec()).unwrap()));
            prop_assert_eq!(found, text.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
