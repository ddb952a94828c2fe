//! Outlook: what is said of a process before it runs, and how its plan came about.

use insta::assert_snapshot;

use crate::harness::{Ran, Test};

const JOB: &str = r#"
[vars]
root = "here"

[pool.default]
size = 4

[pool.cargo]
size = 1

[process.build]
pool = "cargo"
inputs = ["src/**", "Cargo.toml"]
tags = ["slow"]
command = ["true"]

[process.test]
needs = ["build"]
matrix.os = ["linux", "mac"]
command = ["test", "{matrix.os}", "=", "linux"]

[process.deploy]
needs = ["test"]
if = { env = "NO_SUCH" }
command = ["true"]
"#;

/// Returns what is said with these words of a job that has run once.
fn said(args: &[&str]) -> Ran {
    let words = ["-j", "1", "--on-failure", "continue", "--output", "quiet"];
    let ran = Test::new().file("runner.toml", JOB).args(words).run().exits(1);
    ran.then(args).run()
}

#[test]
fn a_process_is_explained_with_what_it_waits_for_and_how_it_ended() {
    assert_snapshot!(said(&["explain", "test"]), @"
    [stdout]
    test runs, because the whole job runs

    test (linux)
      order      3 of 4 processes
      waits for  needs build
      pool       default, 1 of 4 slots
      before     deploy
      takes      about [time], as before

    test (mac)
      order      2 of 4 processes
      waits for  needs build
      pool       default, 1 of 4 slots
      before     deploy

    in the last runs
      [run]  test (linux) passed in [time]
      [run]  test (mac) failed in [time]
    [exit code: 0]
    ");
    assert_snapshot!(said(&["explain", "build"]), @"
    [stdout]
    build runs, because the whole job runs

      order      1 of 4 processes
      pool       cargo, 1 of 1 slot
      inputs     src/**, Cargo.toml
      before     test (linux), test (mac)
      takes      about [time], as before

    in the last runs
      [run]  passed in [time]
    [exit code: 0]
    ");
}

#[test]
fn who_does_not_run_is_told_why() {
    assert_snapshot!(said(&["explain", "deploy"]), @"
    [stdout]
    deploy is skipped, because what it asks does not hold: if NO_SUCH is set

      order      4 of 4 processes
      waits for  needs test (2 cells), if NO_SUCH is set (no)
      pool       default, 1 of 4 slots

    in the last runs
      [run]  skipped: needs `test (mac)`, which ended as failed
    [exit code: 0]
    ");
    assert_snapshot!(said(&["explain", "deploy", "--only", "slow"]), @"
    [stdout]
    deploy does not run, because nobody asked for it

    in the last runs
      [run]  skipped: needs `test (mac)`, which ended as failed
    [exit code: 0]
    ");
}

#[test]
fn a_slip_in_a_name_is_told() {
    assert_snapshot!(said(&["explain", "tset"]), @"
    [stderr]
    there is no code and no process `tset`; did you mean `test`?
    [exit code: 2]
    ");
    assert_snapshot!(said(&["explain", "deplyo", "runner.toml"]), @"
    [stderr]
    runner: no process is called `deplyo`; did you mean `deploy`?
    [exit code: 2]
    ");
}

#[test]
fn a_plan_tells_how_it_came_about() {
    assert_snapshot!(said(&["plan", "--trace-plan", "--only", "slow", "-j", "2"]), @"
    [stdout]
    runner: 1 process; at most 2 children at once

    #  process  pool   waits for
    1  build    cargo

    pool default: 4 slots
    pool cargo: 1 slot

    runs because
      build  it is tagged `slow`

    left out because
      test    nobody asked for it
      deploy  nobody asked for it
    [stderr]
    plan: reads `runner.toml`
    plan: vars.root is `here`
    plan: asked for --only `slow`
    plan: build runs, because it is tagged `slow`
    plan: test is left out, because nobody asked for it
    plan: deploy is left out, because nobody asked for it
    plan: pool default has 4 slots
    plan: pool cargo has 1 slot
    plan: at most 2 children at once
    plan: 1. build: priority 0, longest path [time]
    [exit code: 0]
    ");
}
