//! Codes: each has a page that tells the truth, and a file that shows it.

use insta::assert_snapshot;
use runner::diagnostic::pages;
use runner::model::code;

use crate::harness::Test;

/// Codes that no file alone can show.
const NOT_ALONE: [&str; 1] = ["W503"];

#[test]
fn the_example_of_each_page_has_the_problem_of_that_page() {
    for page in pages() {
        let code = page.code.id;
        let fenced = page.text.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```"));
        let Some((example, _)) = fenced else {
            assert!(NOT_ALONE.contains(&code), "{code} has no example");
            continue;
        };
        let args = ["validate", "--format", "short", "job.toml"];
        let ran = Test::new().job(example).args(args).run();
        let has = |line: &str, code: &str| line.contains(&format!("[{code}"));
        // A key that is refused, a program that this machine does not have.
        let beside = |line: &str| has(line, "E107") || has(line, "W50");
        let is_told = ran.stdout.lines().any(|line| has(line, code))
            && ran.stdout.lines().all(|line| has(line, code) || beside(line));
        assert!(is_told, "{code}\n{example}\n{ran}");
    }
}

#[test]
fn every_code_has_a_file_that_shows_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/invalid");
    let names = std::fs::read_dir(folder).expect("the folder of invalid files");
    let names =
        names.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    let names: Vec<String> = names.collect();
    for code in code::ALL {
        let start = format!("{}-", code.id.to_lowercase());
        let shown = names.iter().any(|name| name.starts_with(&start));
        assert!(shown, "no file shows {}", code.id);
    }
}

#[test]
fn a_code_is_explained() {
    let explain = |args: &[&str]| Test::new().args(["explain"]).args(args).run();
    let page = explain(&["E205"]).exits(0);
    assert_snapshot!(page, @r#"
    [stdout]
    E205 queue-without-producer

    No process produces into this queue and it has no `items`, so whoever reads it would have
    nothing to do and the job would pass without having done anything.

        [queue.urls]

        [process.fetch]
        consumes = "urls"
        command = ["curl", "-fsSO", "{item}"]

    Give it a source, `items = { file = "urls.txt" }`, or let a process say
    `produces = "urls"`. A queue that may be empty has one too: `items = []`.
    [exit code: 0]
    "#);
    for word in ["e205", "queue-without-producer", "Queue-Without-Producer"] {
        assert_eq!(explain(&[word]).exits(0).stdout, page.stdout);
    }
    let styled = explain(&["E205", "--color", "always"]).exits(0).stdout;
    assert!(styled.starts_with("\u{1b}[1mE205 queue-without-producer\u{1b}[0m\n"), "{styled:?}");
    assert_eq!(console::strip_ansi_codes(&styled), page.stdout);
    let list = explain(&[]).exits(0).stdout;
    let ids: Vec<&str> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(ids, code::ALL.iter().map(|code| code.id).collect::<Vec<_>>());
}

#[test]
fn a_code_that_is_not_there_is_told() {
    assert_snapshot!(Test::new().args(["explain", "circle"]).run(), @r"
    [stderr]
    there is no code `circle`; did you mean `cycle`?
    [exit code: 2]
    ");
}
