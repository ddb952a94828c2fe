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
    assert_snapshot!(Test::new().job(job).run(), @"");
    let test = Test::new().job(job).args(["job.toml", "pack"]);
    assert_snapshot!(test.run(), @"");
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
    assert_snapshot!(Test::new().job(job).run().sorted(), @"");
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
    assert_snapshot!(Test::new().job(job).run().sorted(), @"");
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
    assert_snapshot!(Test::new().job(job).run(), @"");
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
    assert_snapshot!(Test::new().job(job).run().sorted(), @"");
    let one = ["job.toml", "test"];
    assert_snapshot!(Test::new().job(job).args(one).run().sorted(), @"");
}

#[test]
fn nothing_selected_is_no_success() {
    let job = "[process.a]\ncommand = [\"true\"]\n[process.b]\ncommand = [\"true\"]\n";
    let test = Test::new().job(job).args(["job.toml", "c"]);
    assert_snapshot!(test.run(), @"");
}

#[test]
fn files_are_included() {
    let test = Test::new()
        .job("include = [\"parts/build.toml\"]\n[process.all]\ncommand = [\"echo\", \"all\"]\nneeds = [\"build\"]\n")
        .file("parts/build.toml", "[process.build]\ncommand = [\"pwd\"]\n");
    assert_snapshot!(test.run(), @"");
}
