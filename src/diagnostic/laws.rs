//! Laws of all formats: whatever a file holds, what is written is valid and acts on nothing.

use std::fs;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::config::{Options, load};

/// What a file is broken with.
const PIECES: [&str; 19] = [
    "\u{1b}[31m",
    "\u{9b}2J",
    "\"",
    "'''",
    "[",
    "]\n",
    "{",
    "}",
    "=",
    "\r",
    "\t",
    "\u{202e}",
    "漢字",
    "\\u001b",
    "\u{7f}",
    "{vars.\u{1b}}",
    "\u{ffff}",
    "]]>&lt;<x",
    "::error file=x::%0A",
];

/// The formats for programs.
const FORMATS: [Format; 6] =
    [Format::Short, Format::Json, Format::GitHub, Format::GitLab, Format::Sarif, Format::Junit];

/// A good file, some bytes of which were replaced.
fn broken() -> impl Strategy<Value = String> {
    let cuts = prop::collection::vec((0_usize..3000, 0_usize..40, 0..PIECES.len()), 1..6);
    cuts.prop_map(|cuts| {
        let mut text = include_str!("../config/everything.toml").to_owned();
        for (at, length, piece) in cuts {
            let floor =
                |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
            let (from, to) = (floor(at).unwrap_or(0), floor(at + length).unwrap_or(0));
            text.replace_range(from..to, PIECES[piece]);
        }
        text
    })
}

/// What is found in a text, told as of a file with this name.
fn findings(text: &str, name: &str) -> Findings {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.toml");
    fs::write(&path, text).unwrap();
    let mut loaded = load(&path, &Options::default());
    name.clone_into(&mut loaded.sources[0].path);
    assert_eq!(loaded.job.is_some(), loaded.is_sound());
    let mut findings = Findings::default();
    findings.add(loaded.problems, loaded.sources);
    findings
}

/// Fails where a document is not what its format says.
fn is_valid(format: Format, text: &str, problems: usize) {
    let json = || serde_json::from_str::<Value>(text).unwrap();
    let list = |value: &Value| value.as_array().unwrap().len();
    let found = match format {
        Format::Pretty => return,
        Format::Short => {
            assert!(text.lines().all(|line| line.contains("error[") || line.contains("warning[")));
            text.lines().count()
        }
        Format::Json => list(&json()["problems"]),
        Format::GitHub => {
            let commands = text.lines().filter(|line| {
                let (head, _) = line[2..].split_once("::").unwrap();
                let (command, values) = head.split_once(' ').unwrap();
                let keys = values.split(',').map(|value| value.split_once('=').unwrap().0);
                let keys = keys.collect::<Vec<_>>().join(" ");
                keys.starts_with("file line endLine") && ["error", "warning"].contains(&command)
            });
            commands.count()
        }
        Format::GitLab => list(&json()),
        Format::Sarif => list(&json()["runs"][0]["results"]),
        Format::Junit => {
            let document = roxmltree::Document::parse(text).unwrap();
            let is_case = |node: &roxmltree::Node<'_, '_>| node.has_tag_name("testcase");
            document.descendants().filter(is_case).count() - usize::from(problems == 0)
        }
    };
    assert_eq!(found, problems, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn programs_read_what_is_written_of_any_text(
        text in broken(),
        name in prop::sample::select(&PIECES[..]),
    ) {
        let findings = findings(&text, name);
        for format in FORMATS {
            let written = format.write(&findings, &Style { color: false, width: 80 });
            prop_assert!(!written.contains(|c: char| c.is_control() && c != '\n'), "{written:?}");
            prop_assert!(!written.contains('\u{202e}'), "{written:?}");
            is_valid(format, &written, findings.all().count());
        }
    }

    #[test]
    fn people_see_any_text_at_any_width(
        text in broken(),
        width in 1_usize..=300,
        color in any::<bool>(),
    ) {
        let drawn = Format::Pretty.write(&findings(&text, "job.toml"), &Style { color, width });
        let acts = |c: char| c.is_control() && c != '\n' && !(color && c == '\u{1b}');
        prop_assert!(!drawn.contains(acts), "{drawn:?}");
        let unsafe_ones = ["\u{1b}[2J", "\u{202e}", "OutOfBounds"];
        prop_assert!(!unsafe_ones.iter().any(|found| drawn.contains(found)));
        let bare = console::strip_ansi_codes(&drawn);
        let wide = bare.lines().find(|line| console::measure_text_width(line) > width.max(40));
        prop_assert_eq!(wide, None, "{} columns:\n{}", width, bare);
    }
}

/// Found by the law above: the last line, where there are both errors and warnings.
#[test]
fn the_summary_is_wrapped_too() {
    let text = "[process.a]\ncommand = [\"a\"]\nx = { b = 1,\n }\n";
    let drawn =
        Format::Pretty.write(&findings(text, "job.toml"), &Style { color: false, width: 1 });
    assert!(drawn.ends_with("2 problems in job.toml (1 error, 1\nwarning)\n"), "{drawn}");
}

#[test]
fn nothing_wrong_is_a_valid_document_too() {
    let findings = findings("[process.a]\ncommand = [\"a\"]\n", "job.toml");
    for format in FORMATS {
        is_valid(format, &format.write(&findings, &Style { color: false, width: 80 }), 0);
    }
}
