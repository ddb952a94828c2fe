//! Braces: placeholders as other tools write them, which stay as they stand.
//!
//! `{{` is a literal brace, so `{{ item }}` would reach a child as `{ item }}` and nobody would
//! know why. Only what names something that we have is taken for a slip. Unaware of where it
//! stands.

use std::ops::Range;

/// What a placeholder of ours begins with.
const HEADS: [&str; 7] = ["item", "matrix.", "vars.", "env.", "process.", "run.id", "slot"];

/// Returns the first placeholder of another tool, and what it is called here.
pub(super) fn other(text: &str) -> Option<(Range<usize>, String)> {
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let inner = open + 2;
        let close = text[inner..].find("}}").map(|at| inner + at)?;
        let name = text[inner..close].trim();
        if let Some(meant) = meant(name) {
            let start = if text[..open].ends_with('$') { open - 1 } else { open };
            return Some((start..close + 2, meant));
        }
        from = inner;
    }
    None
}

/// Returns what a name in double braces is here, if it is something.
fn meant(name: &str) -> Option<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.chars().all(word) {
        return None;
    }
    // go-task: `{{.NAME}}`.
    if let Some(var) = name.strip_prefix('.').filter(|var| !var.is_empty()) {
        return Some(format!("vars.{var}"));
    }
    let known = |head: &&str| match head.strip_suffix('.') {
        Some(_) => name.starts_with(*head) && name.len() > head.len(),
        None => name == *head || name.starts_with("item."),
    };
    HEADS.iter().any(known).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_something_is_a_slip() {
        for (text, meant) in [
            ("a {{ item }} b", Some("item")),
            ("${{ matrix.os }}", Some("matrix.os")),
            ("{{.VERSION}}", Some("vars.VERSION")),
            ("{{x}} {{ env.HOME }}", Some("env.HOME")),
            ("{{print $1}}", None),
            ("{{literal} ${HOME}", None),
            ("{{ a b }}", None),
            ("{{", None),
        ] {
            assert_eq!(other(text).map(|(_, meant)| meant).as_deref(), meant, "{text}");
        }
        assert_eq!(other("x ${{ item }}").map(|(range, _)| range), Some(2..13));
    }
}
