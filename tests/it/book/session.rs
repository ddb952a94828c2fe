//! Session: does what stands on a page, and compares what is said.
//!
//! All in one folder, in which `runner` is the program, as is `stub NAME…` in a comment: programs
//! that a machine may lack, which do nothing and pass. Times and names of runs differ, and so may
//! the order of what is said at the same time: what is said to one command is compared line by line
//! in any order. A line `…` stands for any others.

use std::fmt::Write;

use super::page::{Page, Step, Then};
use crate::harness::{Ran, Test, redact};

/// What each shell knows.
const BEGINNING: &str = r#"
mkdir -p .bin
ln -sf "$0" .bin/runner
PATH="$PWD/.bin:$PATH"
stub() {
    for name; do
        printf '#!/bin/sh\n' >".bin/$name"
        chmod +x ".bin/$name"
    done
}
"#;

/// Does what stands on a page.
pub(super) fn hold(page: &Page) {
    let mut test = Test::new();
    for (at, step) in page.steps.iter().enumerate() {
        test = match step {
            Step::Before(script) => {
                let ran = shell(test, &format!("set -e\n{script}"));
                assert_eq!(ran.code(), 0, "{}: {script}\n{ran}", page.path);
                ran.then::<&str>([])
            }
            Step::Job { name, text, then } => {
                let formatted = runner::config::format(text);
                assert_eq!(formatted.as_ref(), Ok(text), "{}: `runner fmt`", page.path);
                let test = test.file(name, text);
                let checked = shell(test, &format!("runner validate {name}"));
                assert!(matches!(checked.code(), 0), "{}:\n{text}\n{checked}", page.path);
                let typed = page.steps[at + 1..].iter().map_while(console).any(|c| runs(c, name));
                match then {
                    Then::Run(code) if !typed => run(checked, page, name, *code),
                    _ => checked.then::<&str>([]),
                }
            }
            Step::Console(said) => typed(test, page, said),
        };
    }
}

/// Returns what is typed, of a step before the next job file.
fn console(step: &Step) -> Option<&str> {
    match step {
        Step::Console(said) => Some(said),
        Step::Before(_) => Some(""),
        Step::Job { .. } => None,
    }
}

/// Returns whether a console runs a job file.
fn runs(console: &str, name: &str) -> bool {
    let typed = console.lines().filter_map(|line| line.strip_prefix("$ "));
    typed.filter_map(|line| line.split_once("runner")).any(|(_, rest)| {
        let mut words = rest.split_whitespace();
        let first = words.clone().next();
        first == Some(name) || first == Some("run") && words.any(|word| word == name)
    })
}

/// Runs a job file.
fn run(ran: Ran, page: &Page, name: &str, code: i32) -> Test {
    let ran = shell(ran.then::<&str>([]), &format!("runner {name}"));
    assert_eq!(ran.code(), code, "{}: {name}\n{}\n{ran}", page.path, ran.read(name));
    ran.then::<&str>([])
}

/// Types what stands in a console, and compares what is said.
fn typed(test: Test, page: &Page, console: &str) -> Test {
    let mut script = "exec 2>&1\n".to_owned();
    for line in console.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let quoted = line.replace('\'', r"'\''");
        let _ = write!(script, "printf '%s\\n' '$ {quoted}'\n{line}\n");
    }
    let ran = shell(test, &script);
    let said = redact(&ran.stdout, &ran.path(""));
    let shown = redact(console, &ran.path(""));
    let (said, shown) = (answers(&said), answers(&shown));
    assert_eq!(said.len(), shown.len(), "{}: a command was not typed\n{ran}", page.path);
    for ((typed, said), (_, shown)) in said.iter().zip(&shown) {
        let mut left = said.clone();
        let is_part = shown.contains(&"…");
        for line in shown.iter().filter(|line| **line != "…") {
            let found = left.iter().position(|said| said == line);
            let found = found.unwrap_or_else(|| {
                panic!("{}: {typed}\n`{line}` was not said, but:\n{}", page.path, said.join("\n"))
            });
            left.remove(found);
        }
        assert!(is_part || left.is_empty(), "{}: {typed}\nalso said: {left:#?}", page.path);
    }
    ran.then::<&str>([])
}

/// Cuts a console into commands, each with the lines that are said to it.
fn answers(console: &str) -> Vec<(&str, Vec<&str>)> {
    let mut answers: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in console.lines() {
        if line.starts_with("$ ") {
            answers.push((line, Vec::new()));
        } else if let Some((_, said)) = answers.last_mut() {
            said.push(line.trim_end());
        }
    }
    answers
}

/// Runs a script in the folder of a session.
fn shell(test: Test, script: &str) -> Ran {
    test.through(["sh", "-c", &format!("{BEGINNING}{script}")]).run()
}

#[test]
fn a_console_that_runs_a_job_is_known() {
    assert!(runs("$ runner a.toml\n", "a.toml"));
    assert!(runs("$ CI=true runner a.toml --output plain\n", "a.toml"));
    assert!(runs("$ runner run a.toml\n", "a.toml"));
    assert!(!runs("$ runner validate a.toml\n", "a.toml"));
    assert!(!runs("runner a.toml\n$ runner b.toml", "a.toml"));
}

#[test]
#[should_panic(expected = "`b` was not said")]
fn what_was_not_said_is_told() {
    let step = Step::Console("$ echo a\nb\n".to_owned());
    hold(&Page { path: "toy".to_owned(), steps: vec![step] });
}

#[test]
#[should_panic(expected = "also said")]
fn what_is_not_shown_is_told() {
    let step = Step::Console("$ printf 'a\\nb\\n'\na\n".to_owned());
    hold(&Page { path: "toy".to_owned(), steps: vec![step] });
}
