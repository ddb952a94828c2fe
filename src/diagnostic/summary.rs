//! Summary: how many problems there are, and where.
//!
//! Unaware of what they say.

use std::collections::BTreeSet;

use super::safe::clean;

/// Returns `8 problems in jobs/x.toml (7 errors, 1 warning)` and a newline; nothing for nothing.
/// Each problem is the file it lies in and whether it is an error.
pub(super) fn summary<'a>(problems: impl Iterator<Item = (&'a str, bool)>) -> String {
    let (mut files, mut errors, mut warnings) = (BTreeSet::new(), 0, 0);
    for (file, is_error) in problems {
        files.insert(file);
        *(if is_error { &mut errors } else { &mut warnings }) += 1;
    }
    let place = match files.len() {
        0 => return String::new(),
        1 => files.into_iter().map(clean).collect(),
        several => format!("{several} files"),
    };
    let parts = [(errors, "error"), (warnings, "warning")];
    let parts: Vec<String> =
        parts.iter().filter(|(many, _)| *many > 0).map(|(many, what)| count(*many, what)).collect();
    let all = count(errors + warnings, "problem");
    format!("{all} in {place} ({})\n", parts.join(", "))
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_is_counted() {
        let told = |problems: &[(&str, bool)]| summary(problems.iter().copied());
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[("a", true)]), "1 problem in a (1 error)\n");
        let several = [("a", true), ("b", false), ("b", false)];
        assert_eq!(told(&several), "3 problems in 2 files (1 error, 2 warnings)\n");
    }
}
