//! Shape: how long files, functions and lines are, and how they open.
//!
//! A function that fits on a screen is read as a whole; the limits are numbers so that nobody has
//! to argue. Unaware of what the text means.

use super::tokens::functions;

/// Lines of a file.
const FILE: usize = 500;

/// Lines of a function, from `fn` to its closing brace.
const FUNCTION: usize = 70;

/// Columns of a line.
const LINE: usize = 100;

/// Returns everything that is too long in a Rust file.
pub(super) fn lengths(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > FILE {
        found.push(format!("{path}: {lines} lines, more than {FILE}: split it by what it does"));
    }
    for (line, columns) in text.lines().map(|line| line.chars().count()).enumerate() {
        if columns > LINE {
            found.push(format!("{path}:{}: {columns} columns, more than {LINE}", line + 1));
        }
    }
    for function in functions(text).into_iter().filter(|function| function.lines > FUNCTION) {
        let (name, line, lines) = (function.name, function.line, function.lines);
        found.push(format!("{path}:{line}: `{name}` has {lines} lines, more than {FUNCTION}"));
    }
    found
}

/// Returns whether a Rust file does not open with what it is.
pub(super) fn head(path: &str, text: &str) -> Vec<String> {
    let first = text.lines().next().unwrap_or_default();
    match first.strip_prefix("//! ") {
        Some(said) if said.trim_end().ends_with(['.', ':']) || said.len() > 20 => Vec::new(),
        _ => vec![format!(
            "{path}:1: does not open with `//!` and a sentence: what it is, and why so"
        )],
    }
}

/// Returns the lengths of the functions of a file that are no tests.
pub(super) fn function_lengths(text: &str) -> Vec<usize> {
    let functions = functions(text).into_iter().filter(|function| !function.test);
    functions.map(|function| function.lines).collect()
}

/// Returns the middle of some numbers.
pub(super) fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_passes() {
        assert_eq!(lengths("a.rs", "//! A.\n\nfn f() {\n}\n"), Vec::<String>::new());
        assert_eq!(head("a.rs", "//! A room of its own.\n"), Vec::<String>::new());
    }

    #[test]
    fn what_is_long_is_refused() {
        let line = "x".repeat(LINE + 1);
        assert_eq!(lengths("a.rs", &line), ["a.rs:1: 101 columns, more than 100"]);
        let function = format!("\nfn f() {{{}}}", "\n".repeat(FUNCTION));
        assert_eq!(lengths("a.rs", &function), ["a.rs:2: `f` has 71 lines, more than 70"]);
        let file = "\n".repeat(FILE + 1);
        let told = ["a.rs: 501 lines, more than 500: split it by what it does"];
        assert_eq!(lengths("a.rs", &file), told);
    }

    #[test]
    fn a_file_without_a_head_is_refused() {
        for text in ["", "use std::fmt;\n", "//! x\n", "// A comment that is no doc.\n"] {
            assert_eq!(head("a.rs", text).len(), 1, "{text:?}");
        }
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!([median(vec![]), median(vec![7]), median(vec![9, 1, 2])], [0, 7, 2]);
    }
}
