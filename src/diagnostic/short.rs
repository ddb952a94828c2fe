//! Short: a line for each problem, as compilers write them, for editors and for `grep`.
//!
//! The cure follows behind a semicolon, because a line that only says what is wrong sends people
//! elsewhere. Unaware of how problems are found.

use std::fmt::Write as _;

use super::findings::Findings;
use super::found::Grade;
use super::safe::clean;

/// Writes `job.toml:3:1: error[E101]: [process.a] has no key `comand`; did you mean `command`?`.
pub(super) fn short(findings: &Findings) -> String {
    let mut out = String::new();
    for found in findings.all() {
        let grade = match found.severity {
            Grade::Error => "error",
            Grade::Warning => "warning",
        };
        let place = &found.place;
        let (file, said) = (clean(&place.file), found.sentence());
        let (line, column, code) = (place.line, place.column, found.code);
        writeln!(out, "{file}:{line}:{column}: {grade}[{code}]: {}", clean(&said))
            .expect("text takes everything");
    }
    out
}
