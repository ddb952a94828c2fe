//! Rerun: an earlier run is made again, or what failed in it and what it never reached.

use insta::assert_snapshot;

use crate::harness::{Ran, Test};

const JOB: &str = r#"
[defaults]
script = "echo $RUNNER_PROCESS >>ran"

[process.build]
script = "echo build >>ran; echo built"

[process.test]
needs = ["build"]
matrix.n = [1, 2]
script = "echo test-{matrix.n} >>ran; test {matrix.n} = 1 || test -e fixed"

[process.deploy]
needs = ["test"]
command = ["sh", "-c", "echo deploy-{vars.to} >>ran"]

[process.lint]

[process.clean]
after = ["deploy"]
run = "always"

[vars]
to = "nowhere"
"#;

/// Returns what ran since the last look.
fn ran(ran: &Ran) -> String {
    let text = if ran.has("ran") { ran.read("ran") } else { String::new() };
    std::fs::remove_file(ran.path("ran")).ok();
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

fn failed(job: &str) -> Ran {
    let args = ["job.toml", "-j", "1", "--var", "to=here", "--output", "quiet"];
    Test::new().job(job).args(args).run().exits(1)
}

const RERUN: [&str; 6] = ["rerun", "--failed", "-j", "1", "--output", "quiet"];

#[test]
fn what_failed_runs_again_and_what_was_not_reached() {
    let first = failed(JOB);
    assert_eq!(ran(&first), "build clean test-1 test-2");
    let again = first.then(RERUN).run().exits(1);
    assert_eq!(ran(&again), "clean test-2");
    let fixed = again.then(RERUN).file("fixed", "").run();
    assert_snapshot!(fixed, @"
    [stderr]
    runs 4 processes of run [run] again
    job: passed in [time]
      processes  4 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
    assert_eq!(ran(&fixed), "clean deploy-here lint test-2");
    assert_snapshot!(fixed.then(RERUN).run(), @"
    [stderr]
    runner: nothing was selected: nothing of run [run] has failed
    [exit code: 4]
    ");
}

#[test]
fn what_passed_runs_again_where_its_output_is_read() {
    let reads = JOB.replace(
        "[process.lint]",
        "[process.read]\nneeds = [\"test\"]\nstdin = { process = \"build\" }",
    );
    let first = failed(&reads);
    ran(&first);
    let fixed = first.then(RERUN).file("fixed", "").run().exits(0);
    assert_eq!(ran(&fixed), "build clean deploy-here read test-2");
}

#[test]
fn a_whole_run_is_made_again_with_its_variables() {
    let first = failed(JOB);
    ran(&first);
    let id = first.run_id();
    let again = first.then(["rerun", &id, "-j1", "--output", "quiet"]).file("fixed", "");
    assert_eq!(ran(&again.run().exits(0)), "build clean deploy-here lint test-1 test-2");
}

#[test]
fn what_is_gone_is_told() {
    let first = failed(JOB);
    let changed = JOB.replace("[process.lint]", "[process.look]");
    let again = first.then(RERUN).file("job.toml", changed).file("fixed", "").run();
    assert_snapshot!(again, @"
    [stderr]
    note: `job.toml` has changed since run [run] began
    note: `lint` is no longer in the job file
    runs 3 processes of run [run] again
    job: passed in [time]
      processes  3 passed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}
