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
    assert_snapshot!(Test::new().job(job).run().sorted(), @"");
}

#[test]
fn a_signal_fails_the_run() {
    let job = "[process.a]\nscript = \"kill -SEGV $$\"\n";
    assert_snapshot!(Test::new().job(job).run(), @"");
    let job = "[process.a]\nscript = \"kill -KILL $$\"\n";
    assert_snapshot!(Test::new().job(job).run(), @"");
}

#[test]
fn other_exit_codes_can_be_a_success() {
    let job = "[process.a]\nscript = \"exit 3\"\nsuccess = [0, 3]\n";
    assert_snapshot!(Test::new().job(job).run(), @"");
    let job = "[process.a]\ncommand = [\"true\"]\nsuccess = [3]\n";
    assert_snapshot!(Test::new().job(job).run(), @"");
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
    assert_snapshot!(Test::new().job(job).run(), @"");
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
    assert_snapshot!(Test::new().job(job).run(), @"");
}

#[test]
fn retries_end() {
    let job = "[process.a]\nscript = \"exit 5\"\nretry = { max = 2, backoff = \"1ms\" }\n";
    assert_snapshot!(Test::new().job(job).run(), @"");
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
timeout = { idle = "200ms" }
after = ["total"]

[process.busy]
script = "for n in 1 2 3 4 5 6; do echo $n; sleep 0.1; done"
timeout = { idle = "5s" }
after = ["idle"]

[process.deaf]
script = "trap '' TERM; echo deaf; while :; do sleep 60; done"
timeout = { idle = "200ms" }
stop = { grace = "100ms" }
after = ["busy"]
"#;
    assert_snapshot!(Test::new().job(job).run(), @"");
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
    assert_snapshot!(running.wait(), @"");
}

#[test]
fn the_whole_run_has_a_timeout() {
    let job = "limits.timeout = \"200ms\"\n[process.a]\ncommand = [\"sleep\", \"60\"]\n";
    assert_snapshot!(Test::new().job(job).run(), @"");
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
    assert_snapshot!(ran.sorted(), @"");
}

#[test]
fn kill_stops_what_runs() {
    let job = BESIDE.replace("$(seq 40)", "$(seq 4000)");
    let test = Test::new().job(&job).args(["job.toml", "--on-failure", "kill"]);
    let ran = test.run().exits(1);
    assert!(!ran.has("finished") && !ran.has("next"), "{ran}");
    assert_snapshot!(ran.sorted(), @"");
}

#[test]
fn continue_runs_all_that_does_not_need_it() {
    let ran = Test::new().job(&format!("limits.on-failure = \"continue\"\n{BESIDE}")).run();
    let ran = ran.exits(1);
    assert!(ran.has("finished") && ran.has("next"), "{ran}");
}
