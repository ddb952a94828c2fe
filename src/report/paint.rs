//! Paint: the few colours and signs that a run is drawn with.
//!
//! Five colours with one meaning each, and signs that exist in ASCII too. Unaware of what is drawn.

use std::borrow::Cow;

use super::fence;
use crate::ci::Ci;

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hue {
    /// It went well.
    Good,
    /// It failed.
    Bad,
    /// People should look.
    Warn,
    /// It goes on.
    Busy,
    /// Of little weight.
    Dim,
    /// Of much weight.
    Bold,
    /// Belongs to the node with this number, to tell neighbours apart.
    Of(usize),
}

/// Colours of nodes: none of them means good or bad.
const NODES: [&str; 6] = ["36", "35", "34", "96", "95", "94"];

/// How a screen is drawn on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    /// Whether colours are used.
    pub(super) color: bool,
    /// Whether signs beyond ASCII are used.
    pub(super) unicode: bool,
    /// The system that shows it.
    pub(super) ci: Option<Ci>,
}

impl Paint {
    /// Returns the text in a colour.
    pub(super) fn hue<'a>(self, hue: Hue, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        let text = text.into();
        if !self.color || text.is_empty() {
            return text;
        }
        let code = match hue {
            Hue::Good => "32",
            Hue::Bad => "31",
            Hue::Warn => "33",
            Hue::Busy => "36",
            Hue::Dim => "2",
            Hue::Bold => "1",
            Hue::Of(node) => NODES[node % NODES.len()],
        };
        format!("\x1b[{code}m{text}\x1b[0m").into()
    }

    /// Returns a line that gives no orders to the system that shows it.
    pub(super) fn blunt(self, line: Cow<'_, str>) -> Cow<'_, str> {
        fence::blunt(line, self.ci)
    }

    /// Returns the sign that something was left out.
    pub(super) fn more(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// Returns what stands between things that are named in a row.
    pub(super) fn dot(self) -> &'static str {
        if self.unicode { " · " } else { ", " }
    }

    /// Returns the line beside text that is quoted.
    pub(super) fn quote(self) -> &'static str {
        if self.unicode { "│" } else { "|" }
    }

    /// Returns the mark of a failure.
    pub(super) fn cross(self) -> &'static str {
        if self.unicode { "✗" } else { "x" }
    }

    /// Returns text of at most so many columns, its end cut off.
    pub(super) fn fit(self, text: &str, width: usize) -> Cow<'_, str> {
        if width < self.more().len() {
            return console::truncate_str(text, width, "");
        }
        console::truncate_str(text, width, self.more())
    }

    /// Returns text of at most so many columns, its middle cut out: cells of a matrix and files of
    /// a tree differ at their end.
    pub(super) fn squeeze(self, text: &str, width: usize) -> Cow<'_, str> {
        let columns = console::measure_text_width(text);
        let more = console::measure_text_width(self.more());
        if columns <= width {
            return text.into();
        }
        if width < more + 4 {
            return self.fit(text, width);
        }
        let head = (width - more) / 3;
        let start = console::truncate_str(text, head, "");
        let end = tail(text, width - more - head);
        format!("{start}{}{end}", self.more()).into()
    }
}

/// Returns the longest end of the text that has at most so many columns.
fn tail(text: &str, width: usize) -> &str {
    let mut columns = 0;
    let start = text.char_indices().rev().take_while(|(at, character)| {
        columns += console::measure_text_width(&text[*at..*at + character.len_utf8()]);
        columns <= width
    });
    start.last().map_or("", |(at, _)| &text[at..])
}

/// Returns text padded with spaces to so many columns.
pub(super) fn pad(text: &str, width: usize) -> String {
    let spaces = width.saturating_sub(console::measure_text_width(text));
    format!("{text}{}", " ".repeat(spaces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_long_text_is_cut_out() {
        let paint = Paint { color: false, unicode: true, ci: None };
        assert_eq!(paint.squeeze("test[os=linux,py=3.12]", 16), "test[…x,py=3.12]");
        assert_eq!(paint.squeeze("short", 16), "short");
        assert_eq!(paint.squeeze("日本語のファイル名", 9), "日…イル名");
        let ascii = Paint { color: false, unicode: false, ci: None };
        assert_eq!(ascii.squeeze("abcdefghijklmnop", 9), "ab...mnop");
        assert_eq!(ascii.fit("abcdef", 2), "ab");
    }
}
