//! Selection: which part of a job runs, and what is said where none does.

use std::process::Command;

use insta::assert_snapshot;

use crate::harness::{Ran, Test, installed};

const JOB: &str = r#"
[defaults]
script = "echo $RUNNER_PROCESS >> ran"

[process.build]
inputs = ["src/**"]

[process.unit]
needs = ["build"]
tags = ["test"]
inputs = ["tests/unit/**"]

[process.slow]
needs = ["build"]
tags = ["test"]
matrix.part = ["a", "b", "c"]
inputs = ["tests/{matrix.part}.txt"]

[process.docs]
inputs = ["docs", "README.md"]

[process.report]
after = ["unit", "slow"]
inputs = []
"#;

fn test(args: &[&str]) -> Test {
    Test::new().job(JOB).args(["job.toml", "-j", "1", "--output", "quiet"]).args(args)
}

/// Returns what ran, in its order.
fn ran(args: &[&str]) -> String {
    lines(&test(args).run().exits(0))
}

fn lines(ran: &Ran) -> String {
    let text = if ran.has("ran") { ran.read("ran") } else { String::new() };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_part_is_asked_for_by_tags_names_and_globs() {
    assert_eq!(ran(&["--only", "test"]), "build unit slow slow slow");
    assert_eq!(ran(&["--only", "u*", "--only", "docs"]), "build unit docs");
    assert_eq!(ran(&["d*"]), "docs");
    assert_eq!(ran(&["unit", "slow", "--skip", "slow (b)", "--skip", "build"]), "unit slow slow");
}

#[test]
fn nothing_and_a_slip_are_told_apart() {
    assert_snapshot!(test(&["--only", "tset"]).run(), @"
    [stderr]
    runner: no process is called or tagged `tset`; did you mean `test`?
    [exit code: 2]
    ");
    assert_snapshot!(test(&["docs", "--only", "test"]).run(), @"
    [stderr]
    runner: nothing was selected: `--only` matches nothing of what is named
    [exit code: 4]
    ");
    assert_snapshot!(test(&["docs", "--skip", "d*"]).run(), @"
    [stderr]
    runner: nothing was selected: everything that was asked for is skipped
    [exit code: 4]
    ");
    assert_snapshot!(test(&["docs", "--shard", "2/2"]).run(), @"
    [stderr]
    runner: nothing was selected: shard 2/2 is empty: there is work for 1 only
    [exit code: 4]
    ");
    assert_snapshot!(test(&["docs", "--shard", "2/2", "--allow-empty"]).run(), @"
    [stderr]
    runner: nothing was selected: shard 2/2 is empty: there is work for 1 only
    [exit code: 0]
    ");
    assert_snapshot!(test(&["--shard", "0/2"]).run(), @"
    [stderr]
    error: invalid value '0/2' for '--shard <I/N>': it is written `2/5`, from `1/1` to `10000/10000`

    For more information, try '--help'.
    [exit code: 2]
    ");
    assert_snapshot!(test(&["--shard", "1/2", "--durations", "none.json"]).run(), @"
    [stderr]
    runner: there is no file `none.json`; copy `durations.json` of a state folder, for all shards
    [exit code: 2]
    ");
}

#[test]
fn a_plan_says_why() {
    let plan =
        |args: &[&str]| Test::new().job(JOB).args(["plan", "job.toml", "-j1"]).args(args).run();
    assert_snapshot!(plan(&["--only", "test", "--skip", "slow (b)"]), @"
    [stdout]
    job: 4 processes; one child at a time

    #  process   pool     waits for
    1  build     default
    2  unit      default  needs build
    3  slow (a)  default  needs build
    4  slow (c)  default  needs build

    pool default: 1 slot

    runs because
      build  `unit` needs it
      unit   it is tagged `test`
      slow   it is tagged `test`; 2 of 3 cells

    left out because
      docs    nobody asked for it
      report  nobody asked for it
    [exit code: 0]
    ");
    assert_snapshot!(plan(&["--shard", "2/3"]), @"
    [stdout]
    job: 3 processes; one child at a time

    #  process   pool     waits for
    1  build     default
    2  slow (a)  default  needs build
    3  docs      default

    pool default: 1 slot

    runs because
      build  `slow` needs it
      slow   it is in this shard; 1 of 3 cells
      docs   it is in this shard

    left out because
      unit    it is in another shard
      report  it is in another shard
    [exit code: 0]
    ");
}

#[test]
fn shards_run_everything_once_and_what_is_needed_with_it() {
    let shard = |number: &str| ran(&["--shard", number]);
    let parts = ["build unit slow", "build slow docs", "build slow report"];
    assert_eq!(["1/3", "2/3", "3/3"].map(shard), parts);
    let durations = r#"{"schema":1,"nodes":{"job.toml:slow (a)":{"micros":9000000,"age":0}}}"#;
    let shard = |number: &str| {
        let args = ["--shard", number, "--durations", "took.json"];
        lines(&test(&args).file("took.json", durations).run().exits(0))
    };
    let parts = ["build slow", "build unit slow slow docs report"];
    assert_eq!(["1/2", "2/2"].map(shard), parts);
}

/// Commits what is there, or does something else with git.
#[expect(clippy::disallowed_methods, reason = "git is not one of the program's children")]
fn git(test: &Test, args: &[&str]) {
    let set =
        ["user.name=t", "user.email=t@t", "init.defaultBranch=main", "maintenance.auto=false"];
    let set = set.iter().flat_map(|it| ["-c", it]);
    let done = Command::new("git").args(set).args(args).current_dir(test.path("")).output();
    let done = done.expect("git");
    assert!(done.status.success(), "{done:?}");
}

/// Returns a repository in which `main` has the job, on a branch of its own.
fn repository(args: &[&str]) -> Test {
    committed(
        test(args)
            .file("src/lib.rs", "")
            .file("tests/b.txt", "")
            .file("docs/a.md", "")
            .file(".gitignore", ".*\nran\n"),
    )
}

/// Commits all to `main`, and goes on on a branch of its own.
fn committed(test: Test) -> Test {
    for words in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "first"]] {
        git(&test, words);
    }
    git(&test, &["checkout", "-qb", "topic"]);
    test
}

#[test]
fn what_changed_decides_what_runs() {
    if !installed("run::selection::what_changed_decides_what_runs", "git") {
        return;
    }
    let since = || repository(&["--since", "main"]);
    let changed = |name: &str| lines(&since().file(name, "changed").run().exits(0));
    assert_eq!(changed("src/lib.rs"), "build unit slow slow slow");
    assert_eq!(changed("tests/b.txt"), "build slow");
    assert_eq!(changed("docs/new\n\"ü.md"), "docs");
    // In a commit, and since then removed from the working tree.
    let test = since().file("src/gone.rs", "");
    git(&test, &["add", "."]);
    git(&test, &["commit", "-qm", "second"]);
    std::fs::remove_file(test.path("src/gone.rs")).expect("it is there");
    git(&test, &["commit", "-qam", "third"]);
    assert_snapshot!(test.run(), @"
    [stderr]
    runner: nothing was selected: what changed since `main` affects nothing of it
    [exit code: 4]
    ");
    let all = since().job(&JOB.replace("[process.docs]", "\n[process.docs]"));
    assert_eq!(lines(&all.run().exits(0)), "build unit slow slow slow docs report");
}

#[test]
fn what_main_did_meanwhile_is_no_change() {
    if !installed("run::selection::what_main_did_meanwhile_is_no_change", "git") {
        return;
    }
    let test = repository(&["--since", "main"]).file("docs/b.md", "");
    git(&test, &["add", "."]);
    git(&test, &["commit", "-qm", "docs"]);
    git(&test, &["checkout", "-q", "main"]);
    let test = test.file("src/new.rs", "");
    git(&test, &["add", "."]);
    git(&test, &["commit", "-qm", "src"]);
    git(&test, &["checkout", "-q", "topic"]);
    assert_eq!(lines(&test.run().exits(0)), "docs");
}

#[test]
fn a_plan_says_what_changed() {
    if !installed("run::selection::a_plan_says_what_changed", "git") {
        return;
    }
    let test = repository(&[]).file("tests/b.txt", "changed");
    let plan = test.run().then(["plan", "job.toml", "-j1", "--since", "main"]);
    assert_snapshot!(plan.run(), @"
    [stdout]
    job: 2 processes; one child at a time

    #  process   pool     waits for
    1  build     default
    2  slow (b)  default  needs build

    pool default: 1 slot

    runs because
      build  `slow` needs it
      slow   `tests/b.txt` has changed; 1 of 3 cells

    left out because
      unit    nothing that it reads has changed
      docs    nothing that it reads has changed
      report  nothing that it reads has changed
    [exit code: 0]
    ");
}

#[test]
fn what_the_job_file_hands_over_is_read_too() {
    if !installed("run::selection::what_the_job_file_hands_over_is_read_too", "git") {
        return;
    }
    let job = r#"
[defaults]
script = "echo $RUNNER_PROCESS >> ran"
inputs = ["src/**"]

[queue.listed]
items = { file = "docs/list[1]" }

[process.file]
consumes = "listed"

[queue.found]
items = { glob = "tests/*.txt" }

[process.glob]
consumes = "found"

[queue.printed]
items = { command = ["echo", "a"] }

[process.command]
consumes = "printed"

[process.environment]
env-file = "some.env"

[process.input]
stdin.file = "docs/input"
"#;
    let since = || {
        let test = test(&["--since", "main"]).job(job).file("docs/list[1]", "a\n");
        let test = test.file("some.env", "A=1\n").file("docs/input", "");
        committed(test.file("tests/b.txt", "").file(".gitignore", ".*\nran\n"))
    };
    let sorted = |ran: &Ran| {
        let mut names: Vec<_> = lines(ran).split(' ').map(str::to_owned).collect();
        names.sort();
        names
    };
    let changed = |name: &str| sorted(&since().file(name, "changed").run().exits(0));
    assert_eq!(changed("docs/list[1]"), ["command", "file"]);
    assert_eq!(changed("tests/b.txt"), ["command", "glob"]);
    let ran = sorted(&since().file("some.env", "A=2\n").run().exits(0));
    assert_eq!(ran, ["command", "environment"]);
    assert_eq!(changed("docs/input"), ["command", "input"]);
    assert_eq!(changed("docs/list1"), ["command"], "nobody knows what a command reads");
}

#[test]
fn git_that_cannot_answer_is_told() {
    if !installed("run::selection::git_that_cannot_answer_is_told", "git") {
        return;
    }
    assert_snapshot!(test(&["--since", "main"]).env("GIT_CEILING_DIRECTORIES", "/").run(), @"
    [stderr]
    runner: `.` is in no git repository
    [exit code: 2]
    ");
    assert_snapshot!(repository(&["--since", "nope"]).run(), @"
    [stderr]
    runner: git knows no revision `nope` here; in CI set `fetch-depth: 0`, or `GIT_DEPTH: 0`
    [exit code: 2]
    ");
    assert_snapshot!(test(&["--since=--output=x"]).run(), @"
    [stderr]
    runner: `--output=x` is no revision: name a branch, a tag or a commit
    [exit code: 2]
    ");
    assert_snapshot!(repository(&["--since", "main"]).env("PATH", "/none").run(), @"
    [stderr]
    runner: failed to list what changed: `git` was not found in PATH
    [exit code: 3]
    ");
    let test = repository(&["--since", "other"]);
    git(&test, &["checkout", "-q", "--orphan", "other"]);
    git(&test, &["commit", "-qm", "unrelated"]);
    git(&test, &["checkout", "-q", "topic"]);
    assert_snapshot!(test.run(), @"
    [stderr]
    runner: `other` and HEAD have no common ancestor; in CI set `fetch-depth: 0`, or `GIT_DEPTH: 0`
    [exit code: 2]
    ");
}
