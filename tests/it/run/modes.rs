//! Modes: the same run as it is shown in each of them, when nobody looks at a terminal.

use insta::assert_snapshot;

use crate::harness::Test;

const JOB: &str = r#"
limits.on-failure = "continue"
limits.jobs = 1

[process.good]
script = "echo fine; echo 'a warning' >&2"

[process.bad]
script = "echo working; echo 'it is broken' >&2; exit 2"
after = ["good"]
"#;

fn mode(name: &str) -> Test {
    Test::new().job(JOB).args(["job.toml", "--output", name])
}

#[test]
fn plain() {
    assert_snapshot!(mode("plain").run().sorted(), @"
    bad  | it is broken
    bad  | working
    bad: failed (exit code 2) in [time]
    bad: started
    good | a warning
    good | fine
    good: passed in [time]
    good: started

    ✗ bad  exit code 2 after [time]
      │ it is broken
      log    .runner/runs/[run]/logs/bad.err
      again  runner job.toml bad

    job: failed in [time]
      processes  1 passed · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn group() {
    assert_snapshot!(mode("group").run(), @"
    [stderr]
    good: started
    good: passed in [time]
    fine
    a warning
    bad: started
    bad: failed (exit code 2) in [time]
    working
    it is broken

    ✗ bad  exit code 2 after [time]
      │ it is broken
      log    .runner/runs/[run]/logs/bad.err
      again  runner job.toml bad

    job: failed in [time]
      processes  1 passed · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn quiet() {
    assert_snapshot!(mode("quiet").run(), @"
    [stderr]
    bad: failed (exit code 2) in [time]
    working
    it is broken

    ✗ bad  exit code 2 after [time]
      │ it is broken
      log    .runner/runs/[run]/logs/bad.err
      again  runner job.toml bad

    job: failed in [time]
      processes  1 passed · 1 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn json() {
    let ran = mode("json").run().exits(1);
    assert_eq!(ran.stderr, "", "the stream is all there is");
    let kinds = ran.stdout.lines().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).expect("an event on each line");
        event["event"].as_str().expect("its kind").to_owned()
    });
    let kinds: Vec<_> = kinds.filter(|kind| kind != "queue-levels").collect();
    assert_snapshot!(kinds.join("\n"), @"
    run-started
    pool-declared
    node-declared
    node-declared
    attempt-started
    output
    output
    attempt-ended
    node-ended
    attempt-started
    output
    output
    attempt-ended
    node-ended
    run-ended
    ");
}

#[test]
fn what_a_run_is_for_is_printed_in_every_mode() {
    let job = "[process.a]\ncommand = [\"echo\", \"the result\"]\nstdout = \"inherit\"\n";
    for mode in ["live", "plain", "group", "quiet"] {
        let ran = Test::new().job(job).args(["job.toml", "--output", mode]).run().exits(0);
        assert_eq!(ran.stdout, "the result\n", "{mode}\n{ran}");
    }
    let lost = Test::new().job(job).stdout("/dev/full").run();
    assert_eq!(lost.code(), 3, "what it was for is lost\n{lost}");
}

#[test]
fn the_mode_is_chosen_by_the_place() {
    let plain = Test::new().job(JOB).run().exits(1);
    assert!(plain.stderr.contains("good | fine"), "{plain}");
    let ci = Test::new().job(JOB).env("CI", "true").run().exits(1);
    assert!(ci.stderr.lines().any(|line| line == "fine"), "{ci}");
    let github = Test::new().job(JOB).env("GITHUB_ACTIONS", "true").run().exits(1);
    assert!(github.to_string().contains("::group::"), "{github}");
}

#[test]
fn colours_are_asked_for() {
    let shown = |test: Test| test.run().exits(1).stderr.contains('\x1b');
    assert!(!shown(Test::new().job(JOB)));
    assert!(shown(Test::new().job(JOB).args(["job.toml", "--color", "always"])));
    assert!(shown(Test::new().job(JOB).env("FORCE_COLOR", "1")));
    assert!(!shown(Test::new().job(JOB).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
}
