//! GitHub: workflow commands, which GitHub Actions shows as annotations beside the changed lines.
//!
//! What would act on a terminal is shown as text first. Unaware of how problems are found.

use super::findings::Findings;
use super::found::{Found, Grade};
use super::safe::clean;
use crate::ci::github_command;

/// Writes `::error file=…,line=…,…::message`, a line for each problem.
pub(super) fn github(findings: &Findings) -> String {
    findings.all().map(command).collect()
}

fn command(found: &Found) -> String {
    let name = match found.severity {
        Grade::Error => "error",
        Grade::Warning => "warning",
    };
    let place = &found.place;
    let number = |number: usize| number.to_string();
    let (file, title) = (clean(&place.file), format!("{} {}", found.code, found.name));
    let (line, end) = (number(place.line), number(place.end_line));
    let (column, end_column) = (number(place.column), number(place.end_column));
    let mut properties = vec![("file", &*file), ("line", &line), ("endLine", &end)];
    // Columns of a range over several lines are refused.
    if place.is_in_one_line() {
        properties.extend([("col", &*column), ("endColumn", &end_column)]);
    }
    properties.push(("title", &title));
    let cure = found.cure().map(|cure| format!("\n{}", clean(cure))).unwrap_or_default();
    github_command(name, &properties, &format!("{}{cure}", clean(&found.message)))
}
