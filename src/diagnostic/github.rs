//! GitHub: workflow commands, which GitHub Actions shows as annotations beside the changed lines.
//!
//! A command is one line whose values are percent-escaped, so that nothing in a file ends a value
//! and begins a command of its own. Unaware of how problems are found.

use std::fmt::Write as _;

use super::findings::Findings;
use super::found::Grade;
use super::safe::clean;

/// Writes `::error file=…,line=…,…::message`, a line for each problem.
pub(super) fn github(findings: &Findings) -> String {
    let mut out = String::new();
    for found in findings.all() {
        let command = match found.severity {
            Grade::Error => "error",
            Grade::Warning => "warning",
        };
        let place = &found.place;
        let (file, line, end) = (property(&place.file), place.line, place.end_line);
        // Columns of a range over several lines are refused.
        let columns = if place.is_in_one_line() {
            format!("col={},endColumn={},", place.column, place.end_column)
        } else {
            String::new()
        };
        let title = property(&format!("{} {}", found.code, found.name));
        let cure = found.cure().map(|cure| format!("%0A{}", message(cure))).unwrap_or_default();
        let said = message(&found.message);
        writeln!(
            out,
            "::{command} file={file},line={line},endLine={end},{columns}title={title}::{said}{cure}"
        )
        .expect("text takes everything");
    }
    out
}

/// Escapes what would end a message.
fn message(text: &str) -> String {
    clean(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what would end a property.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_value_before_its_end() {
        assert_eq!(message("a%0A\r\nb::c,d"), "a%250A\\r\\nb::c,d");
        assert_eq!(property("a,b:c%"), "a%2Cb%3Ac%25");
    }
}
