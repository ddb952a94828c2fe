//! Promises: each one names a test, and the test is there.

use std::fs;
use std::path::Path;

use super::{root, text};

#[test]
fn every_promise_has_a_test() {
    let page = text("docs/promises.md");
    let promises: Vec<&str> = page.lines().filter(|line| line.starts_with("| **")).collect();
    assert!(promises.len() > 8, "only {} promises", promises.len());
    for promise in promises {
        let tests: Vec<&str> = tests(promise).collect();
        assert!(!tests.is_empty(), "no test: {promise}");
        for test in tests {
            assert!(exists(test), "there is no test `{test}`: {promise}");
        }
    }
}

/// Returns the tests that a row names: the words in code of its last column.
fn tests(row: &str) -> impl Iterator<Item = &str> {
    let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
    last.split('`').skip(1).step_by(2)
}

/// Returns whether a path names a test of `tests/it`, or a file of them.
fn exists(test: &str) -> bool {
    let file = |path: &str| root().join("tests/it").join(path).with_extension("rs");
    let whole = test.replace("::", "/");
    let of_file = |path: &Path| fs::read_to_string(path).unwrap_or_default().contains("#[test]");
    let in_file = |(path, name): (&str, &str)| {
        let source = fs::read_to_string(file(path)).unwrap_or_default();
        source.contains(&format!("#[test]\nfn {name}()"))
    };
    of_file(&file(&whole)) || whole.rsplit_once('/').is_some_and(in_file)
}

#[test]
fn what_is_no_test_is_seen() {
    assert!(exists("still"));
    assert!(exists("book::promises::every_promise_has_a_test"));
    assert!(!exists("book::promises::no_such_test") && !exists("no_such_file"));
    assert_eq!(tests("| **a** | `b` of | `c`, `d::e` |").collect::<Vec<_>>(), ["c", "d::e"]);
}
