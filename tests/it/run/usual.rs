//! Usual: which job is meant where none is named.

use insta::assert_snapshot;

use crate::harness::Test;

const JOB: &str = r#"
description = "Builds and tests"

[process.build]
script = "echo built >>ran"

[process.test]
needs = ["build"]
script = "echo tested >>ran"

[process.list]
script = "echo listed >>ran"
"#;

fn test(args: &[&str]) -> Test {
    Test::new().args(args).args(["-j1", "--output", "quiet"]).file(".git/HEAD", "")
}

#[test]
fn a_job_file_of_a_usual_name_is_found() {
    let all = test(&[]).file("runner.toml", JOB).run().exits(0);
    assert_eq!(all.read("ran"), "built\ntested\nlisted\n");
    let only = test(&["test"]).file("runner.toml", JOB).file("jobs/x.toml", JOB).run().exits(0);
    assert_eq!(only.read("ran"), "built\ntested\n");
    let one = test(&["run", "test"]).file("jobs/ci.toml", JOB).run().exits(0);
    assert_eq!(one.read("jobs/ran"), "built\ntested\n");
}

#[test]
fn a_command_wins() {
    let listed = Test::new().file("runner.toml", JOB).args(["list"]).run();
    assert_snapshot!(listed, @"
    [stdout]
    runner: Builds and tests

    processes
      build
      test
      list
    [exit code: 0]
    ");
    let ran = test(&["run", "list"]).file("runner.toml", JOB).run().exits(0);
    assert_eq!(ran.read("ran"), "listed\n");
}

#[test]
fn it_is_looked_for_up_to_the_top_of_the_repository() {
    let below = |test: Test| {
        test.file("a/b/c.txt", "").through(["sh", "-c", "cd a/b && exec \"$@\"", "sh"])
    };
    let ran = below(test(&["test"]).file("runner.toml", JOB)).run().exits(0);
    assert_eq!(ran.read("ran"), "built\ntested\n");
    let none = below(test(&["test"]).file("runner.toml", JOB).file("a/.git", "")).run();
    assert_snapshot!(none, @"
    [stderr]
    error: `test` is neither a command nor a file

    Usage: runner [OPTIONS] [JOB.toml] [PROCESS]...
           runner <COMMAND>

    For more information, try '--help'.
    [exit code: 2]
    ");
}

#[test]
fn several_are_listed_and_none_is_told() {
    let several = || {
        test(&[])
            .file("jobs/ci.toml", JOB)
            .file("jobs/other.toml", "[process.a]\ncommand = [\"true\"]\n")
    };
    assert_snapshot!(several().run(), @"
    [stdout]
    several job files are here; name the one to run:
      runner jobs/ci.toml     Builds and tests
      runner jobs/other.toml
    [exit code: 4]
    ");
    let ran = several().args(["test"]).run().exits(0);
    assert_eq!(ran.read("jobs/ran"), "built\ntested\n");
    assert_snapshot!(test(&[]).run(), @"
    [stderr]
    runner: no job file is named, and neither `runner.toml` nor `jobs` is here
    `runner init` writes one, `runner --help` says more
    [exit code: 2]
    ");
    assert_snapshot!(test(&["tset"]).file("runner.toml", JOB).run(), @"
    [stderr]
    error: `tset` is neither a command nor a file nor a process; did you mean `runner test`?

    Usage: runner [OPTIONS] [JOB.toml] [PROCESS]...
           runner <COMMAND>

    For more information, try '--help'.
    [exit code: 2]
    ");
}
