//! Init: the first job file, for what lies in a folder.

use insta::assert_snapshot;

use crate::harness::Test;

const PACKAGE: &str = r#"{
  "scripts": { "lint": "true", "test": "true", "start": "false", "build": "true" },
  "devDependencies": { "x": "1" }
}"#;

const PYPROJECT: &str = "[tool.ruff]\n[tool.mypy]\n[tool.pytest.ini_options]\n";

/// A Cargo project with packages of npm, Python, Go and a Makefile.
fn everything() -> Test {
    let test = Test::new().file("Cargo.toml", "[workspace]\n").file("Cargo.lock", "");
    let test = test.file("package.json", PACKAGE).file("package-lock.json", "{}");
    let test = test.file("pyproject.toml", PYPROJECT).file("uv.lock", "").file("go.mod", "");
    test.file("Makefile", "lint:\n\ttrue\ndeploy:\n\tfalse\ntest: lint\n\ttrue\n")
}

#[test]
fn what_lies_in_the_folder_is_checked() {
    let ran = everything().args(["init", "--print"]).run().exits(0);
    assert_snapshot!("everything", ran.stdout);
    for (name, text, processes) in [
        ("Cargo.toml", "[package]\n", "fmt, clippy, test"),
        ("package.json", PACKAGE, "install, lint, test, build"),
        ("pyproject.toml", PYPROJECT, "ruff, mypy, test"),
        ("setup.py", "", "test"),
        ("go.mod", "", "fmt, vet, test"),
        ("Makefile", "all: x\nx:\n\ttrue\n", "all"),
        ("package.json", "{", "lint, build, test"),
        ("none", "", "lint, build, test"),
    ] {
        let ran = Test::new().file(name, text).args(["init"]).run().exits(0);
        assert!(ran.stderr.starts_with(&format!("wrote runner.toml: {processes}\n")), "{ran}");
        let ran = ran.then(["fmt", "--check"]).run().exits(0);
        ran.then(["validate"]).run().exits(0);
    }
}

#[test]
fn the_process_that_is_named_is_there() {
    let makefile = "test\\:unit:\n\ttrue\n";
    for (name, text) in [
        ("Makefile", "a/b:\n\ttrue\n"),
        ("Makefile", makefile),
        ("package.json", r#"{ "scripts": { "format:check": "true" } }"#),
    ] {
        let ran = Test::new().file(name, text).args(["init"]).run().exits(0);
        let job = ran.read("runner.toml");
        let line = job.lines().find(|line| line.ends_with("one, and what it needs")).unwrap();
        let named = line.split_whitespace().nth(3).unwrap();
        assert!(job.contains(&format!("[process.{named}]")), "{job}");
    }
}

#[test]
fn commands_run_where_the_project_is() {
    let makefile = "test:\n\ttouch tested\n";
    let ran = Test::new().file("Makefile", makefile).args(["init", "jobs/ci.toml"]).run().exits(0);
    assert_snapshot!(ran, @"
    [stderr]
    wrote jobs/ci.toml: test
    next:
      runner validate jobs/ci.toml
      runner jobs/ci.toml
    [exit code: 0]
    ");
    let ran = ran.then(["jobs/ci.toml", "--output", "quiet"]).run().exits(0);
    assert!(ran.has("tested"), "{ran}");
    let ran = ran.then(["fmt", "--check", "jobs"]).run().exits(0);
    ran.then(["validate", "--strict", "jobs"]).run().exits(0);
}

#[test]
fn every_kind_runs_as_it_is() {
    for kind in ["--ci", "--queue", "--service"] {
        let ran = Test::new().args(["init", kind]).run().exits(0);
        let ran = ran.then(["fmt", "--check"]).run().exits(0);
        let ran = ran.then(["validate", "--strict"]).run().exits(0);
        ran.then(["runner.toml", "--output", "quiet"]).run().exits(0);
    }
}

#[test]
fn nothing_is_written_over_unseen() {
    let ran = Test::new().file("runner.toml", "mine").args(["init"]).run().exits(2);
    assert_snapshot!(ran, @"
    [stderr]
    runner: `runner.toml` exists; name another file, or write over it with --force
    [exit code: 2]
    ");
    assert_eq!(ran.read("runner.toml"), "mine");
    let ran = ran.then(["init", "--force"]).run().exits(0);
    assert!(ran.read("runner.toml").contains("[process.test]"), "{ran}");
}

/// Answers what is asked on a terminal of 40 columns.
fn answered(answers: &str) -> crate::harness::Ran {
    let script = "stty cols 40; printf \"$ANSWERS\" >answers; \"$R\" init";
    Test::new().env("ANSWERS", answers).file("in", answers).stdin("in").on_a_terminal(script).run()
}

#[test]
fn questions_are_asked_on_a_terminal() {
    let ran = answered("2\nitems.toml\n");
    assert!(ran.has("items.toml") && !ran.has("runner.toml"), "{ran}");
    assert!(ran.stdout.contains("  3  a service, and what needs it\r\n"), "{ran}");
    let asked = ran.stdout.lines().filter(|line| line.starts_with(' ') || line.ends_with("?\r"));
    assert!(asked.into_iter().all(|line| line.trim_end().len() <= 40), "{ran}");
}

#[test]
fn who_leaves_in_the_middle_leaves_nothing() {
    for answers in ["\u{4}", "1\n\u{4}", "1\n\u{3}", "9\nx\n\n\u{3}"] {
        let ran = answered(answers);
        assert!(!ran.has("runner.toml"), "{ran}");
    }
}
