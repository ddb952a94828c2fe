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
    process-declared
    node-declared
    process-declared
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

#[test]
fn what_passed_is_folded_as_each_system_folds() {
    for (name, open) in [
        ("GITHUB_ACTIONS", "::group::good: passed"),
        ("GITLAB_CI", "[collapsed=true]\r\u{1b}[0Kgood: passed"),
        ("TF_BUILD", "##[group]good: passed"),
        ("TEAMCITY_VERSION", "##teamcity[blockOpened name='good: passed"),
        ("BUILDKITE", "--- good: passed"),
    ] {
        let ran = Test::new().job(JOB).env(name, "true").run().exits(1);
        assert!(ran.stderr.contains(open), "{name}\n{ran}");
        let failure = ran.stderr.lines().any(|line| {
            line.trim_start_matches("+++ ").starts_with("bad: failed (exit code 2) in")
        });
        assert!(failure, "{name}: a failure is left open\n{ran}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what the runner says goes into a pipe here")]
fn a_system_is_told_what_to_hide_and_nobody_else() {
    let job = "secrets = [\"KEY\"]\nenv.KEY = \"hush: 100%\\nsecond line\"\n\
               [process.a]\nscript = \"printenv KEY\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("job.toml"), job).expect("it is written");
    // Standard error is a pipe, as systems have it.
    let told = |set: &[(&str, &str)]| {
        let mut runner = std::process::Command::new(env!("CARGO_BIN_EXE_runner"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        runner.arg("job.toml").current_dir(&folder).env_clear().env("PATH", path);
        let ran = runner.envs(set.iter().copied()).output().expect("it runs");
        String::from_utf8(ran.stderr).expect("text")
    };
    let github = told(&[("GITHUB_ACTIONS", "true")]);
    let orders = "::add-mask::hush: 100%25%0Asecond line\n::add-mask::hush: 100%25\n\
                  ::add-mask::second line\n";
    let rest = github.strip_prefix(orders);
    assert!(rest.is_some_and(|rest| !rest.contains("second line")), "{github}");
    for file in [".runner/latest/events.jsonl", ".runner/latest/logs/a.out"] {
        let kept = std::fs::read_to_string(folder.path().join(file)).expect("it is kept");
        assert!(
            !kept.contains("second line") && (kept.contains("***") || file.ends_with('l')),
            "{file}\n{kept}"
        );
    }
    let azure = told(&[("TF_BUILD", "True")]);
    assert!(azure.starts_with("##vso[task.setsecret]hush: 100%AZP25%0A"), "{azure}");
    for other in [&[("GITLAB_CI", "true")][..], &[("CI", "true")], &[]] {
        assert!(!told(other).contains("second line"), "{other:?}");
    }
    // It would stay in the log of the other run, or in the file.
    let inner = told(&[("GITHUB_ACTIONS", "true"), ("RUNNER_RUN_ID", "another")]);
    assert!(!inner.contains("add-mask"), "{inner}");
    let file = Test::new().job(job).env("GITHUB_ACTIONS", "true").run().exits(0);
    assert!(!file.stderr.contains("add-mask"), "{file}");
}
