//! Graph: what starts after what, and what does not start at all.

use insta::assert_snapshot;

use crate::harness::Test;

#[test]
fn needs_and_after() {
    let job = r#"
[process.test]
command = ["echo", "tests"]
needs = ["build"]

[process.build]
command = ["echo", "builds"]

[process.pack]
command = ["echo", "packs"]
after = ["test"]
"#;
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    build: started
    build | builds
    build: passed in [time]
    test: started
    test  | tests
    test: passed in [time]
    pack: started
    pack  | packs
    pack: passed in [time]

    job: passed in [time]
      processes  3 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
    let test = Test::new().job(job).args(["job.toml", "pack"]);
    assert_snapshot!(test.run(), @"
    [stderr]
    pack: started
    pack | packs
    pack: passed in [time]

    job: passed in [time]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn when_says_what_must_have_happened() {
    let job = r#"
limits.on-failure = "continue"
limits.jobs = 1

[process.broken]
script = "exit 3"

[process.passed]
command = ["true"]
needs = ["broken"]

[process.below]
command = ["true"]
needs = ["passed"]

[process.ended]
command = ["true"]
needs = [{ process = "broken", when = "ended" }]

[process.failed]
command = ["true"]
needs = [{ process = "broken", when = "failed" }]

[process.not-failed]
command = ["true"]
needs = [{ process = "ended", when = "failed" }]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    below: skipped (needs `passed`, which ended as skipped)
    broken: failed (exit code 3) in [time]
    broken: started
    ended: passed in [time]
    ended: started
    failed: passed in [time]
    failed: started
    not-failed: skipped (needs `ended`, which ended as passed)
    passed: skipped (needs `broken`, which ended as failed)

    ✗ broken  exit code 3 after [time]
      again  runner job.toml broken

    job: failed in [time]
      processes  2 passed · 3 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn started_does_not_wait_for_the_end() {
    let job = r#"
[process.server]
script = "until [ -e asked ]; do sleep 0.01; done"

[process.client]
script = "touch asked"
needs = [{ process = "server", when = "started" }]
"#;
    Test::new().job(job).args(["job.toml", "-j", "2"]).run().exits(0);
}

#[test]
fn cleanup_runs_after_a_failure() {
    let job = r#"
limits.jobs = 1

[process.work]
script = "exit 1"

[process.more]
command = ["true"]
after = ["work"]

[process.mourn]
command = ["echo", "it failed"]
run = "on-failure"

[process.sweep]
command = ["echo", "swept"]
run = "always"
after = ["mourn"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    more: skipped (the run has failed)
    mourn | it failed
    mourn: passed in [time]
    mourn: started
    nothing new starts: `work` failed
    sweep | swept
    sweep: passed in [time]
    sweep: started
    work: failed (exit code 1) in [time]
    work: started

    ✗ work  exit code 1 after [time]
      again  runner job.toml work

    job: failed in [time]
      processes  2 passed · 1 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn cleanup_for_failures_is_skipped_without_one() {
    let job = r#"
[process.work]
command = ["true"]

[process.sweep]
command = ["echo", "swept"]
run = "always"
needs = ["work"]

[process.mourn]
command = ["echo", "it failed"]
run = "on-failure"
after = ["sweep"]
"#;
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    work: started
    work: passed in [time]
    sweep: started
    sweep | swept
    sweep: passed in [time]
    mourn: skipped (nothing failed)

    job: passed in [time]
      processes  2 passed · 1 skipped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn a_matrix_is_one_process_per_cell() {
    let job = r#"
limits.jobs = 1

[process.test]
command = ["echo", "{matrix.os} {matrix.version} {matrix.note}"]

[process.test.matrix]
os = ["debian", "alpine"]
version = [1, 2]
note = ["-"]
exclude = [{ os = "alpine", version = 1 }]
include = [{ os = "hurd", version = 3, note = "brave" }]

[process.all]
command = ["echo", "all"]
needs = ["test"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    all                   | all
    all: passed in [time]
    all: started
    test (alpine, 2, -)   | alpine 2 -
    test (alpine, 2, -): passed in [time]
    test (alpine, 2, -): started
    test (debian, 1, -)   | debian 1 -
    test (debian, 1, -): passed in [time]
    test (debian, 1, -): started
    test (debian, 2, -)   | debian 2 -
    test (debian, 2, -): passed in [time]
    test (debian, 2, -): started
    test (hurd, 3, brave) | hurd 3 brave
    test (hurd, 3, brave): passed in [time]
    test (hurd, 3, brave): started

    job: passed in [time]
      processes  5 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
    let one = ["job.toml", "test"];
    assert_snapshot!(Test::new().job(job).args(one).run().sorted(), @"
    test (alpine, 2, -)   | alpine 2 -
    test (alpine, 2, -): passed in [time]
    test (alpine, 2, -): started
    test (debian, 1, -)   | debian 1 -
    test (debian, 1, -): passed in [time]
    test (debian, 1, -): started
    test (debian, 2, -)   | debian 2 -
    test (debian, 2, -): passed in [time]
    test (debian, 2, -): started
    test (hurd, 3, brave) | hurd 3 brave
    test (hurd, 3, brave): passed in [time]
    test (hurd, 3, brave): started

    job: passed in [time]
      processes  4 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn files_are_included() {
    let test = Test::new()
        .job(
            "include = [\"parts/build.toml\"]\n\
             [process.all]\ncommand = [\"echo\", \"all\"]\nneeds = [\"build\"]\n",
        )
        .file("parts/build.toml", "[process.build]\ncommand = [\"pwd\"]\n");
    assert_snapshot!(test.run(), @"
    [stderr]
    build: started
    build | [dir]/parts
    build: passed in [time]
    all: started
    all   | all
    all: passed in [time]

    job: passed in [time]
      processes  2 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}
