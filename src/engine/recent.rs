//! Recent: the last that a long-lived child has printed, for an item that dies while it lives on.
//!
//! Bounded, so that a child which prints for days costs no more than one that prints a line.
//! Unaware of where else it goes.

use std::cell::RefCell;

use crate::journal::last_lines;

/// The last bytes of a stream.
#[derive(Debug)]
pub(super) struct Recent {
    bytes: RefCell<Vec<u8>>,
    lines: usize,
    most: usize,
}

impl Recent {
    /// Keeps so many lines, and so many bytes in all.
    pub(super) fn new(lines: usize, most: usize) -> Self {
        Self { bytes: RefCell::default(), lines, most }
    }

    /// Adds a block.
    pub(super) fn add(&self, block: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        bytes.extend_from_slice(&block[block.len().saturating_sub(self.most + 1)..]);
        // Twice as much may be held, so that what is moved is moved seldom.
        if bytes.len() > 2 * self.most {
            let old = bytes.len() - self.most - 1;
            bytes.drain(..old);
        }
    }

    /// Returns the last lines.
    pub(super) fn tail(&self) -> Vec<u8> {
        let bytes = self.bytes.borrow();
        let start = bytes.len().saturating_sub(self.most);
        last_lines(&bytes[start..], self.lines, start > 0).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_whatever_came_before() {
        let recent = Recent::new(2, 8);
        assert_eq!(recent.tail(), b"");
        for (block, tail) in [
            ("a\n", "a\n"),
            ("b\nc\n", "b\nc\n"),
            ("a line of many bytes\nd", "d"),
            ("ef", "def"),
            ("\ng\nh\n", "g\nh\n"),
        ] {
            recent.add(block.as_bytes());
            assert_eq!(recent.tail(), tail.as_bytes(), "{block:?}");
        }
    }
}
