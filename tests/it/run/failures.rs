//! Failures: what fails a run, what does not, and what happens to the rest.

use insta::assert_snapshot;

use crate::harness::Test;

#[test]
fn an_exit_code_fails_the_run() {
    let job = r#"
[process.build]
script = "echo compiling; echo 'error: no such thing' >&2; exit 101"

[process.test]
command = ["true"]
needs = ["build"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    build | compiling
    build | error: no such thing
    build: failed (exit code 101) in [time]
    build: started
    nothing new starts: `build` failed
    test: skipped (needs `build`, which ended as failed)

    ✗ build  exit code 101 after [time]
      │ error: no such thing
      log    .runner/runs/[run]/logs/build.err
      again  runner job.toml build

    job: failed in [time]
      processes  1 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn a_signal_fails_the_run() {
    let job = "[process.a]\nscript = \"kill -SEGV $$\"\n";
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    a: started
    a: failed (killed by SIGSEGV) in [time]
    nothing new starts: `a` failed

    ✗ a  killed by SIGSEGV after [time]
      again  runner job.toml a

    job: failed in [time]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
    let job = "[process.a]\nscript = \"kill -KILL $$\"\n";
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    a: started
    a: killed by SIGKILL (out of memory?) in [time]
    nothing new starts: `a` failed

    ✗ a  killed by SIGKILL (out of memory?) after [time]
      again  runner job.toml a

    job: failed in [time]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn other_exit_codes_can_be_a_success() {
    let job = "[process.a]\nscript = \"exit 3\"\nsuccess = [0, 3]\n";
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    a: started
    a: passed in [time]

    job: passed in [time]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
    let job = "[process.a]\ncommand = [\"true\"]\nsuccess = [3]\n";
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    a: started
    a: failed (exit code 0) in [time]
    nothing new starts: `a` failed

    ✗ a  exit code 0 after [time]
      again  runner job.toml a

    job: failed in [time]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn a_failure_can_be_allowed() {
    let job = r#"
[process.any]
script = "exit 9"
allow-failure = true

[process.some]
script = "exit 9"
allow-failure = [9]
needs = ["any"]

[process.other]
script = "exit 8"
allow-failure = [9]
needs = ["some"]
"#;
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    any: started
    any: failed as allowed (exit code 9) in [time]
    some: started
    some: failed as allowed (exit code 9) in [time]
    other: started
    other: failed (exit code 8) in [time]
    nothing new starts: `other` failed

    ✗ other  exit code 8 after [time]
      again  runner job.toml other

    job: failed in [time]
      processes  2 failed as allowed · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn an_allowed_failure_is_told_as_that_in_every_form() {
    let job = "[process.lint]\ncommand = [\"false\"]\nallow-failure = true\n";
    for mode in ["plain", "group", "json"] {
        let ran = Test::new().job(job).args(["--output", mode, "job.toml"]).run().exits(0);
        let said = if mode == "json" { "\"allowed-failure\"" } else { "failed as allowed" };
        assert!(ran.to_string().contains(said), "{mode}: {ran}");
    }
    let files = ["--report", "junit=j.xml", "--report", "markdown=m.md", "job.toml"];
    let ran = Test::new().job(job).args(files).run().exits(0);
    assert!(ran.read("j.xml").contains("<skipped message=\"failed as allowed (exit code 1)\""));
    assert!(ran.read("m.md").contains("failed as allowed (exit code 1)"), "{}", ran.read("m.md"));
}

#[test]
fn passing_on_a_retry_is_flaky() {
    let job = r#"
[process.a]
script = """
echo "try $RUNNER_ATTEMPT"
[ "$RUNNER_ATTEMPT" -ge 3 ]
"""
retry = 2
"#;
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    a: started
    a | try 1
    a: failed (exit code 1), try 2 now
    a | try 2
    a: failed (exit code 1), try 3 now
    a | try 3
    a: flaky (passed at try 3) in [time]

    job: passed in [time]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn retries_end() {
    let job = "[process.a]\nscript = \"exit 5\"\nretry = { max = 2, backoff = \"1ms\" }\n";
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    a: started
    a: failed (exit code 5), try 2 in [time]
    a: failed (exit code 5), try 3 in [time]
    a: failed (exit code 5) in [time]
    nothing new starts: `a` failed

    ✗ a  exit code 5 after [time], 3 tries
      again  runner job.toml a

    job: failed in [time]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn some_failures_are_not_tried_again() {
    let job = r#"
limits.on-failure = "continue"

[process.on]
script = "echo try >>on; exit 1"
retry = { max = 2, on = [75, "signal"] }

[process.never]
script = "echo try >>never; exit 64"
retry = { max = 2, never = [64] }

[process.signal]
script = "echo try >>signal; kill -TERM $$"
retry = { max = 2, on = ["signal"] }
"#;
    let ran = Test::new().job(job).run().exits(1);
    let tries = ["on", "never", "signal"].map(|name| ran.read(name).lines().count());
    assert_eq!(tries, [1, 1, 3], "{ran}");
}

#[test]
fn a_timeout_ends_an_attempt() {
    let job = r#"
limits.on-failure = "continue"
limits.jobs = 1

[process.total]
command = ["sleep", "60"]
timeout = "100ms"

[process.idle]
script = "echo once; sleep 60"
timeout = { idle = "1s" }
after = ["total"]

[process.busy]
script = "for n in 1 2 3 4 5 6; do echo $n; sleep 0.1; done"
timeout = { idle = "5s" }
after = ["idle"]

[process.deaf]
script = "trap '' TERM; echo deaf; while :; do sleep 60; done"
timeout = { idle = "1s" }
stop = { grace = "100ms" }
after = ["busy"]
"#;
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    total: started
    total: timed out (total of 100ms) in [time]
    idle: started
    idle  | once
    idle: timed out (idle for [time]) in [time]
    busy: started
    busy  | 1
    busy  | 2
    busy  | 3
    busy  | 4
    busy  | 5
    busy  | 6
    busy: passed in [time]
    deaf: started
    deaf  | deaf
    deaf: did not stop in time, killed
    deaf: timed out (idle for [time]) in [time]

    ✗ total  timed out (total of 100ms) after [time]
      again  runner job.toml total

    ✗ idle  timed out (idle for [time]) after [time]
      │ once
      log    .runner/runs/[run]/logs/idle.out
      again  runner job.toml idle

    ✗ deaf  timed out (idle for [time]) after [time]
      │ deaf
      log    .runner/runs/[run]/logs/deaf.out
      again  runner job.toml deaf

    job: failed in [time]
      processes  1 passed · 3 timed out
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn slowness_is_only_told() {
    let job = r#"
[process.a]
script = "until [ -e slow ]; do sleep 0.01; done"
timeout = { slow = "50ms" }
"#;
    let running = Test::new().job(job).start();
    running.wait_for_line("a: slow");
    std::fs::write(running.path("slow"), "").expect("a file");
    assert_snapshot!(running.wait(), @"
    [stderr]
    a: started
    a: slow, runs for [time]
    a: passed in [time]

    job: passed in [time]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn the_whole_run_has_a_timeout() {
    let job = "limits.timeout = \"1s\"\n[process.a]\ncommand = [\"sleep\", \"60\"]\n";
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    a: started
    stopping: the run's timeout of 1s is over
    a: stopped (the run was out of time) in [time]

    job: timed out after [time]
      stopped    the run's timeout of 1s is over
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

/// A failure beside something that runs, and something that waits.
const BESIDE: &str = r#"
[pool.wide]
size = 2

[process.broken]
script = "until [ -e running ]; do sleep 0.01; done; exit 1"
pool = "wide"

[process.beside]
script = "touch running; for n in $(seq 40); do sleep 0.01; done; touch finished"
pool = "wide"

[process.next]
script = "touch next"
needs = ["beside"]
"#;

#[test]
fn no_new_lets_run_what_runs() {
    let ran = Test::new().job(BESIDE).run().exits(1);
    assert!(ran.has("finished") && !ran.has("next"), "{ran}");
    assert_snapshot!(ran.sorted(), @"
    beside: passed in [time]
    beside: started
    broken: failed (exit code 1) in [time]
    broken: started
    next: skipped (the run has failed)
    nothing new starts: `broken` failed

    ✗ broken  exit code 1 after [time]
      again  runner job.toml broken

    job: failed in [time]
      processes  1 passed · 1 skipped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn kill_stops_what_runs() {
    let job = BESIDE.replace("$(seq 40)", "$(seq 4000)");
    let test = Test::new().job(&job).args(["job.toml", "--on-failure", "kill"]);
    let ran = test.run().exits(1);
    assert!(!ran.has("finished") && !ran.has("next"), "{ran}");
    assert_snapshot!(ran.sorted(), @"
    beside: started
    beside: stopped (the run has failed) in [time]
    broken: failed (exit code 1) in [time]
    broken: started
    next: skipped (needs `beside`, which ended as stopped)
    stopping: `broken` failed

    ✗ broken  exit code 1 after [time]
      again  runner job.toml broken

    job: failed in [time]
      processes  1 skipped · 1 stopped · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn continue_runs_all_that_does_not_need_it() {
    let ran = Test::new().job(&format!("limits.on-failure = \"continue\"\n{BESIDE}")).run();
    let ran = ran.exits(1);
    assert!(ran.has("finished") && ran.has("next"), "{ran}");
}
