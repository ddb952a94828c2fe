//! Narrow: problems as wrapped text, where there is no room to draw the lines they are about.
//!
//! Unaware of how problems are found.

use std::fmt::Write as _;

use textwrap::{Options, WordSeparator, WordSplitter};

use super::found::Found;
use super::safe::clean;

/// Writes what is wrong, each place with what is said there, and the help.
pub(super) fn narrow(found: &Found, width: usize) -> String {
    let mut out = format!("{} {}\n", found.code, found.name);
    paragraph(&mut out, &found.message, width);
    for label in &found.labels {
        let place = &label.place;
        let mut said = format!("{}:{}:{}", place.file, place.line, place.column);
        if !label.text.is_empty() {
            write!(said, ": {}", label.text).expect("text takes everything");
        }
        paragraph(&mut out, &said, width);
    }
    if let Some(help) = &found.help {
        paragraph(&mut out, &format!("help: {help}"), width);
    }
    out
}

/// Adds wrapped text, its first line less indented than the others.
fn paragraph(out: &mut String, text: &str, width: usize) {
    let options = Options::new(width)
        .initial_indent("  ")
        .subsequent_indent("    ")
        // Names stay whole.
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    out.extend([&textwrap::fill(&clean(text), options), "\n"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_made_safe_before_it_is_wrapped() {
        let mut out = String::new();
        paragraph(&mut out, "help: close `\u{1b}[31m` in job-a.toml", 16);
        assert_eq!(out, "  help: close\n    `\\u{1b}[31m`\n    in\n    job-a.toml\n");
    }
}
