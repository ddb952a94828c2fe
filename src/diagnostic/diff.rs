//! Diff: what formatting a file would change, as people know it from other tools.
//!
//! Unified, so that it can be read, mailed and applied. Nothing in it acts on a terminal. Unaware
//! of why the text changes.

use std::time::Duration;

use similar::{Algorithm, TextDiff};

use super::safe::{clean, clean_line};

/// How long the smallest difference is looked for: after it, what was found must do.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// Draws the difference of two texts of a file.
pub fn diff(path: &str, before: &str, after: &str, color: bool) -> String {
    let mut by = TextDiff::configure();
    let diff = by.algorithm(Algorithm::Myers).timeout(PATIENCE).diff_lines(before, after);
    let path = clean(path);
    let text = diff.unified_diff().context_radius(CONTEXT).header(&path, &path).to_string();
    let lines = text.split_inclusive('\n').map(|line| {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let safe = clean_line(line.trim_end_matches('\r'));
        painted(&safe, color) + end
    });
    lines.collect()
}

/// Returns a line in the colour of what it says.
fn painted(line: &str, color: bool) -> String {
    let hue = match line.as_bytes().first() {
        _ if !color => None,
        Some(b'+') => Some("32"),
        Some(b'-') => Some("31"),
        Some(b'@') => Some("36"),
        Some(_) | None => None,
    };
    hue.map_or_else(|| line.to_owned(), |hue| format!("\x1b[{hue}m{line}\x1b[0m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_shown_and_acts_on_no_terminal() {
        let drawn = diff("a\u{1b}.toml", "a=1 # \u{9b}31m\nb = 2\n", "a = 1\nb = 2", false);
        let shown = "--- a\\u{1b}.toml\n+++ a\\u{1b}.toml\n@@ -1,2 +1,2 @@\n\
                     -a=1 # ·31m\n-b = 2\n+a = 1\n+b = 2\n\\ No newline at end of file\n";
        assert_eq!(drawn, shown);
        let painted = diff("a", "x\n", "y\n", true);
        assert!(painted.ends_with("\u{1b}[31m-x\u{1b}[0m\n\u{1b}[32m+y\u{1b}[0m\n"), "{painted}");
        assert_eq!(diff("a", "x\n", "x\n", true), "");
    }
}
