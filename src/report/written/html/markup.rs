//! Markup: text of others as it stands in the page, so that none of it is markup or script.
//!
//! Between tags and in values what means something to HTML is written as a reference. Inside the
//! JSON that the scripts read the character that could begin a tag is written as its escape, which
//! is the same text to JSON and nothing to HTML. Unaware of what the text says.

use std::io::{self, Write};

use memchr::memchr;

use crate::report::sanitize;

/// Returns one line as it stands between tags or in a quoted value.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in sanitize::text(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Returns lines as they stand between tags.
pub(super) fn lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().map(text).collect::<Vec<_>>().join("\n")
}

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
    fn no_text_is_markup() {
        let odd = "<b onclick=\"x\">&amp;'\u{1b}[31m\0\u{202e}</b>";
        let shown = "&lt;b onclick=&quot;x&quot;&gt;&amp;amp;&#39;␀\u{fffd}&lt;/b&gt;";
        assert_eq!(text(odd), shown);
        assert_eq!(lines(["a", "<"]), "a\n&lt;");
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
