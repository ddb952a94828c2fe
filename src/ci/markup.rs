//! Markup: text as it stands in XML and HTML, so that none of it is markup.
//!
//! Unaware of elements.

/// Returns text as it stands between tags or in a quoted value. Characters that XML must not hold
/// in any form are shown as another.
pub fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push('\n'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_value_or_is_refused() {
        let shown = markup("<a b=\"c\" d='e'>&\u{1b}[31m\u{0}\u{ffff}\t]]>");
        let expected =
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\u{fffd}[31m\u{fffd}\u{fffd}&#9;]]&gt;";
        assert_eq!(shown, expected);
        let whole = format!("<?xml version=\"1.0\"?><x a=\"{shown}\" b='{shown}'>{shown}</x>");
        assert!(roxmltree::Document::parse(&whole).is_ok(), "{whole}");
    }
}
