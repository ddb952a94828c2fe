//! Xml: text as it stands in XML, whatever it is.
//!
//! Unaware of elements.

use crate::report::sanitize;

/// Returns one line as it stands in a value or between tags. Characters that XML must not hold in
/// any form are shown as others.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in sanitize::text(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Returns lines as they stand between tags.
pub(super) fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_value_or_is_refused() {
        let odd = "<a b=\"c\">&\u{1b}[31m\u{0}\u{ffff}\t]]>";
        let shown = text(odd);
        assert!(shown.starts_with("&lt;a b=&quot;c&quot;&gt;&amp;"), "{shown}");
        let whole = format!("<?xml version=\"1.0\"?><x a=\"{shown}\">{shown}</x>");
        assert!(roxmltree::Document::parse(&whole).is_ok(), "{whole}");
    }
}
