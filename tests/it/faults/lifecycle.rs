//! Lifecycle: how children are born and end, and what is left of them.

use insta::assert_snapshot;

use crate::harness::Test;

#[test]
fn p21_a_service_that_dies_again_and_again_is_given_up() {
    let job = r#"
[process.db]
service = true
restart = { when = "on-failure", backoff = "10ms", burst = 2, within = "1h" }
script = "echo no disk >&2; exit 7"

[process.test]
command = ["sleep", "600"]
needs = ["db"]
"#;
    let ran = Test::new().job(job).args(["job.toml", "--output", "quiet"]).run().exits(1);
    assert_snapshot!(ran, @"
    [stderr]
    db: failed (2 restarts in 1h, giving up: exit code 7) in [time]
    no disk

    ✗ db  2 restarts in 1h, giving up: exit code 7, after [time], 3 tries
      │ no disk
      log    .runner/runs/[run]/logs/db.err
      again  runner job.toml db

    job: failed in [time]
      services   1 failed · 2 restarts
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}
