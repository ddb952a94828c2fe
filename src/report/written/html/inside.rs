//! Inside: JSON as it stands in an element of the page.
//!
//! The character that could begin a tag is written as its escape, which is the same text to JSON
//! and nothing to HTML. Unaware of what the text says.

use std::io::{self, Write};

use memchr::memchr;

use crate::report::sanitize;

/// Returns text of several lines without anything that acts, for JSON.
pub(super) fn plain(text: &str) -> String {
    text.split('\n').map(sanitize::text).collect::<Vec<_>>().join("\n")
}

/// Writes JSON into an element of the page, which nothing in it ends.
pub(super) struct Inside<'a>(pub(super) &'a mut dyn Write);

impl Write for Inside<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(at) = memchr(b'<', rest) {
            self.0.write_all(&rest[..at])?;
            // It stands in strings only, as nothing else in JSON has it.
            self.0.write_all(b"\\u003c")?;
            rest = &rest[at + 1..];
        }
        self.0.write_all(rest)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_plain() {
        assert_eq!(plain("a\r\n\x1b[31mb"), "a␍\nb");
    }

    #[test]
    fn nothing_in_json_ends_its_element() {
        let odd = "</script><!-- <script>";
        let mut out = Vec::new();
        serde_json::to_writer(Inside(&mut out), odd).unwrap();
        assert!(!out.contains(&b'<'), "{out:?}");
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), odd);
    }
}
