//! Lookout: waits for a line among what a child prints.
//!
//! Line by line, as they pass on the way to the log, and with a bound: of a line that does not end
//! only the beginning is looked at. Unaware of what follows from it.

use std::cell::RefCell;

use regex::bytes::Regex;

use super::orders::Gate;

/// Bytes of a line that are looked at: a message of a server is shorter, and what it prints by the
/// megabyte is none.
const LONGEST: usize = 64 * 1024;

/// Who waits for a line.
#[derive(Debug)]
pub(super) struct Lookout {
    /// Nothing matches what is no expression; it was refused before.
    wanted: Option<Regex>,
    seen: Gate,
}

/// A stream that is looked at.
#[derive(Debug)]
pub(super) struct View {
    lookout: std::rc::Rc<Lookout>,
    /// The line that has not ended, as far as it is looked at.
    line: RefCell<Vec<u8>>,
}

impl Lookout {
    /// Waits for a line that matches.
    pub(super) fn new(pattern: &str) -> Self {
        Self { wanted: Regex::new(pattern).ok(), seen: Gate::default() }
    }

    /// Waits until there was such a line.
    pub(super) async fn seen(&self) {
        self.seen.opened().await;
    }

    fn look(&self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.wanted.as_ref().is_some_and(|wanted| wanted.is_match(line)) {
            self.seen.open();
        }
    }
}

impl View {
    /// Looks at one stream.
    pub(super) fn new(lookout: std::rc::Rc<Lookout>) -> Self {
        Self { lookout, line: RefCell::default() }
    }

    /// Takes in a block.
    pub(super) fn pass(&self, block: &[u8]) {
        if self.lookout.seen.is_open() {
            return;
        }
        let mut line = self.line.borrow_mut();
        let mut pieces = block.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LONGEST - line.len();
            line.extend_from_slice(&piece[..piece.len().min(room)]);
            if pieces.peek().is_some() {
                self.lookout.look(&line);
                line.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    fn sees(pattern: &str, blocks: &[&[u8]]) -> bool {
        let lookout = Rc::new(Lookout::new(pattern));
        let view = View::new(Rc::clone(&lookout));
        for block in blocks {
            view.pass(block);
        }
        lookout.seen.is_open()
    }

    #[test]
    fn a_line_is_seen_however_it_comes() {
        assert!(sees("^ready$", &[b"not ready\nready\n"]));
        assert!(sees("^ready$", &[b"re", b"ad", b"y", b"\n"]));
        assert!(sees("^ready$", &[b"ready\r\n"]));
        assert!(sees("port \\d+", &[b"\xff port 80\n"]));
        assert!(!sees("^ready$", &[b"ready"]), "the line has not ended");
        assert!(!sees("^ready$", &[b"al", b"ready\n"]));
    }

    #[test]
    fn of_a_line_that_does_not_end_only_the_beginning_is_kept() {
        let lookout = Rc::new(Lookout::new("end|^ok$"));
        let view = View::new(Rc::clone(&lookout));
        for _ in 0..64 {
            view.pass(&[b'x'; 4096]);
        }
        assert_eq!(view.line.borrow().len(), LONGEST);
        view.pass(b"end\n");
        assert!(!lookout.seen.is_open());
        view.pass(b"ok\n");
        assert!(lookout.seen.is_open());
    }
}
