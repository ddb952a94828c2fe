//! Skipped: what becomes of those around a process that need not run, or must not any more.

use insta::assert_snapshot;

use super::conditions::job;
use crate::harness::Test;

#[test]
fn what_needs_a_skipped_process_runs_unless_it_says_otherwise() {
    let job = job(&[
        ("a", "if = { env = \"NONE\" }"),
        ("passed", "needs = [\"a\"]"),
        ("ended", "needs = [{ process = \"a\", when = \"ended\" }]"),
        ("failed", "needs = [{ process = \"a\", when = \"failed\" }]"),
        ("started", "needs = [{ process = \"a\", when = \"started\" }]"),
        ("bad", "cwd = \"none\""),
        ("below", "needs = [\"bad\"]\nif = { env = \"PATH\" }"),
        ("behind", "needs = [\"below\"]"),
        ("mail", "run = \"on-failure\"\nif = { env = \"NONE\" }"),
    ]);
    assert_snapshot!(Test::new().job(&job).run().sorted(), @"
    a: skipped (NONE is not set)
    bad: failed (not started: working directory `[dir]/none` does not exist) in [time]
    bad: started
    behind: skipped (needs `below`, which ended as skipped)
    below: skipped (needs `bad`, which ended as failed)
    ended   | ended
    ended: passed in [time]
    ended: started
    failed: skipped (needs `a`, which ended as skipped)
    mail: skipped (NONE is not set)
    passed  | passed
    passed: passed in [time]
    passed: started
    started: skipped (needs `a`, which ended as skipped)

    ✗ bad  not started: working directory `[dir]/none` does not exist
      again  runner job.toml bad

    job: failed in [time]
      processes  2 passed · 6 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn queues_around_what_is_skipped() {
    let job = r#"
limits.jobs = 1
queue.a.capacity = 8
queue.b.capacity = 8
queue.c.items = ["1", "2"]
queue.d.items = ["1", "2"]

[process.source]
if = { env = "NONE" }
command = ["echo", "never"]
produces = "a"

[process.reader]
command = ["echo", "{item}"]
consumes = "a"

[process.maker]
command = ["printf", "1\n2\n3\n"]
produces = "b"

[process.taker]
if = { env = "NONE" }
command = ["echo", "{item}"]
consumes = "b"

[process.stage]
command = ["echo", "{item}"]
consumes = "c"
produces = "b"

[process.worker]
script = """
while read -r line; do
    id=$(printf %s "$line" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
    echo "{{\\"id\\":\\"$id\\",\\"ok\\":true,\\"out\\":[1]}"
done
"""
deliver = "worker"
wire = "stdio"
consumes = "d"
produces = "b"

[process.end]
needs = ["reader", "maker", "taker", "stage", "worker"]
command = ["echo", "all is well"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    end    | all is well
    end: passed in [time]
    end: started
    maker: passed in [time]
    maker: started
    note: what is put into queue `b` is dropped: its readers need not run
    reader: skipped (everything that feeds it was skipped): 0 items done
    source: skipped (NONE is not set)
    stage: passed in [time]: 2 items done
    taker: skipped (NONE is not set): 0 items done
    worker: passed in [time]: 2 items done
    worker: started

    job: passed in [time]
      processes  4 passed · 3 skipped
      items      c 2 done · d 2 done
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn pipes_and_services_around_what_is_skipped() {
    let job = r#"
limits.jobs = 1

[process.left]
command = ["echo", "never"]

[process.right]
if = { env = "NONE" }
stdin = { pipe = "left" }
command = ["cat"]

[process.server]
if = { env = "NONE" }
service = true
command = ["sleep", "1000"]

[process.user]
needs = ["server"]
command = ["echo", "never"]

[process.end]
needs = ["left", "right"]
command = ["echo", "all is well"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    end    | all is well
    end: passed in [time]
    end: started
    left: skipped (a pipe joins it to `right`, which ended as skipped)
    right: skipped (NONE is not set)
    server: skipped (NONE is not set)
    user: skipped (needs `server`, which ended as skipped)

    job: passed in [time]
      processes  1 passed · 3 skipped
      services   1 skipped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn no_service_is_started_for_what_is_skipped() {
    let job = r#"
[process.server]
service = true
command = ["sh", "-c", "touch started; sleep 1000"]

[process.user]
needs = ["server"]
if = { env = "NONE" }
command = ["true"]
"#;
    let ran = Test::new().job(job).run();
    assert!(!ran.path("started").exists());
    assert_snapshot!(ran.sorted(), @"
    server: skipped (nothing that needs it has started)
    user: skipped (NONE is not set)

    job: passed in [time]
      services   1 skipped
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn each_cell_has_its_own_answer() {
    let job = r#"
limits.jobs = 1

[process.test]
matrix = { os = ["linux", "mac"], level = [1, 2], exclude = [{ os = "mac", level = 1 }] }
if = { value = "{matrix.os}", is = "linux" }
command = ["echo", "{matrix.level}"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @r#"
    test (linux, 1) | 1
    test (linux, 1): passed in [time]
    test (linux, 1): started
    test (linux, 2) | 2
    test (linux, 2): passed in [time]
    test (linux, 2): started
    test (mac, 2): skipped ({matrix.os} is "mac", not "linux")

    job: passed in [time]
      processes  2 passed · 1 skipped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    "#);
}

#[test]
fn who_is_skipped_with_its_pipe_has_empty_results_too() {
    let job = r#"
[process.a]
if = { env = "NONE" }
command = ["echo", "hi"]

[process.b]
stdin = { pipe = "a" }
script = 'cat; echo key=1 >> "$RUNNER_RESULTS"'

[process.c]
command = ["echo", "<{process.a.result.key}{process.b.stdout}{process.b.result.key}>"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("c"), ["<>"]);
}

#[test]
fn the_first_cell_that_fails_ends_the_others() {
    let job = r#"
limits.on-failure = "continue"
pool.two.size = 2

[process.test]
pool = "two"
matrix.part = ["bad", "slow", "late"]
fail-fast = true
script = """
case {matrix.part} in
bad) until test -e slow; do sleep 0.01; done; exit 1 ;;
*) touch slow; exec sleep 1000 ;;
esac
"""

[process.report]
needs = ["test"]
command = ["true"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    report: skipped (needs `test (bad)`, which ended as failed)
    test (bad): failed (exit code 1) in [time]
    test (bad): started
    test (late): skipped (`test (bad)` failed, and fail-fast ends the other cells)
    test (slow): started
    test (slow): stopped (`test (bad)` failed, and fail-fast ends the other cells) in [time]

    ✗ test (bad)  exit code 1 after [time]
      again  runner job.toml 'test (bad)'

    job: failed in [time]
      processes  2 skipped · 1 stopped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}
