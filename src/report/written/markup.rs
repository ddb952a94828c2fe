//! Markup: text of others as it stands in XML and in HTML.
//!
//! Unaware of elements.

use crate::ci::markup;
use crate::report::sanitize;

/// Returns one line as it stands in a value or between tags.
pub(super) fn text(text: &str) -> String {
    markup(&sanitize::text(text))
}

/// Returns lines as they stand between tags.
pub(super) fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> String {
    lines.into_iter().map(|line| text(line.as_ref())).collect::<Vec<_>>().join("\n")
}
