//! Conditions: what runs only if something holds, and how that is asked and told.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::harness::Test;

/// Returns a job of processes that say their names, each with what stands beside its name.
pub(super) fn job(lines: &[(&str, &str)]) -> String {
    let process = |(name, says): &(&str, &str)| {
        format!("[process.{name}]\ncommand = [\"echo\", \"{name}\"]\n{says}\n")
    };
    let limits = "limits.jobs = 1\nlimits.on-failure = \"continue\"\n".to_owned();
    limits + &lines.iter().map(process).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_question_holds_or_does_not_and_says_why() {
    let job = job(&[
        ("set", "if = { env = \"CI\" }"),
        ("empty", "if = { env = \"EMPTY\" }"),
        ("unset", "if = { env = \"NONE\", not = true }"),
        ("is", "if = { env = \"CI\", is = \"no\" }"),
        ("own", "if = { env = \"STAGE\", is = \"{vars.stage}\" }\nenv.STAGE = \"live\""),
        ("hidden", "if = { env = \"CI\", not = true }\ninherit-env = false"),
        ("value", "if = { value = \"{vars.stage}!\", is = \"dev!\" }"),
        ("nothing", "if = { value = \"{env.EMPTY}\" }"),
        ("system", "if = { os = \"freebsd\" }"),
        ("other", "if = { os = \"freebsd\", not = true }"),
        ("there", "if = { exists = \"job.toml\", not = true }"),
        ("missing", "if = { exists = \"job.toml/none\" }"),
        ("passes", "if = { command = [\"true\"] }"),
        ("fails", "if = { command = [\"sh\", \"-c\", \"exit 3\"] }"),
        ("contrary", "if = { command = [\"true\"], not = true }"),
        ("both", "if = [{ env = \"CI\" }, { exists = \"none\" }, { command = [\"no-such\"] }]"),
    ]);
    let test = Test::new().job(&format!("vars.stage = \"live\"\n{job}"));
    assert_snapshot!(test.env("CI", "yes").env("EMPTY", "").run().sorted(), @r#"
    both: skipped (`none` does not exist)
    contrary: skipped (`true` passed)
    empty: skipped (EMPTY is not set)
    fails: skipped (`sh -c exit 3` failed: exit code 3)
    hidden: skipped (CI is set)
    is: skipped (CI is "yes", not "no")
    missing: skipped (`job.toml/none` does not exist)
    nothing: skipped ({env.EMPTY} is empty)
    other
    other: passed in [time]
    other: started
    own
    own: passed in [time]
    own: started
    passes
    passes: passed in [time]
    passes: started
    set
    set: passed in [time]
    set: started
    system: skipped (this is linux, not freebsd)
    there: skipped (`job.toml` exists)
    unset
    unset: passed in [time]
    unset: started
    value: skipped ({vars.stage}! is "live!", not "dev!")

    job: passed in [time]
      processes  5 passed · 11 skipped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    "#);
}

#[test]
fn a_condition_sees_what_was_made_and_printed_before() {
    let job = r#"
limits.jobs = 1

[process.build]
script = "touch made; echo changed; echo tag=v1 >> $RUNNER_RESULTS"

[process.made]
needs = ["build"]
if = { exists = "made" }
command = ["true"]

[process.deploy]
if = { value = "{process.build.stdout}", is = "changed" }
command = ["true"]

[process.tagged]
if = { value = "{process.build.result.tag}", is = "v1" }
command = ["true"]

[process.skip]
if = { value = "{process.build.stdout}", is = "same" }
command = ["true"]

[process.behind]
command = ["echo", "<{process.skip.stdout}{process.skip.result.x}>"]
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @r#"
    behind | <>
    behind: passed in [time]
    behind: started
    build  | changed
    build: passed in [time]
    build: started
    deploy: passed in [time]
    deploy: started
    made: passed in [time]
    made: started
    skip: skipped ({process.build.stdout} is "changed", not "same")
    tagged: passed in [time]
    tagged: started

    job: passed in [time]
      processes  5 passed · 1 skipped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    "#);
}

#[test]
fn what_cannot_be_answered_is_a_failure() {
    let job = job(&[
        ("program", "if = { command = [\"no-such\", \"x\"] }"),
        ("killed", "if = { command = [\"sh\", \"-c\", \"kill -9 $$\"] }"),
        ("allowed", "if = { command = [\"no-such\"] }\nallow-failure = true"),
        ("folder", "if = { command = [\"true\"] }\ncwd = \"none\""),
        ("below", "needs = [\"program\"]"),
    ]);
    assert_snapshot!(Test::new().job(&job).run().sorted(), @"
    allowed: failed as allowed (its condition cannot be answered: `no-such` was not found in PATH)
    below: skipped (needs `program`, which ended as failed)
    folder: failed (its condition cannot be answered: working directory `[dir]/none` does not exist)
    killed: failed (its condition cannot be answered: `sh -c kill -9 $$` was killed by SIGKILL)
    program: failed (its condition cannot be answered: `no-such` was not found in PATH)

    ✗ program  its condition cannot be answered: `no-such` was not found in PATH
      again  runner job.toml program

    ✗ killed  its condition cannot be answered: `sh -c kill -9 $$` was killed by SIGKILL
      again  runner job.toml killed

    ✗ folder  its condition cannot be answered: working directory `[dir]/none` does not exist
      again  runner job.toml folder

    job: failed in [time]
      processes  1 failed as allowed · 1 skipped · 3 failed
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn an_endless_condition_ends_with_the_run_and_says_what_it_waits_for() {
    let job = r#"
[process.a]
if = { command = ["sh", "-c", "echo > asked; sleep 1000"] }
command = ["true"]
"#;
    let run = Test::new().job(job).start();
    run.wait_for_file("asked");
    run.signal(Signal::USR1);
    run.wait_for_line("its condition is being asked");
    run.signal(Signal::TERM);
    assert_snapshot!(run.wait(), @"
    [stderr]
    note: `a` waits: its condition is being asked
    stopping: SIGTERM
    a: skipped (the run was stopped)

    job: stopped by SIGTERM after [time]
      run        .runner/runs/[run]
    [exit code: 143]
    ");
}

#[test]
fn a_plan_shows_conditions_and_answers_what_is_known() {
    let job = r#"
[process.build]
command = ["true"]
if = { env = "CI" }

[process.deploy]
needs = ["build"]
command = ["true"]
if = [{ value = "{process.build.stdout}", is = "yes" }, { os = "freebsd", not = true }]
"#;
    assert_snapshot!(Test::new().job(job).args(["plan", "job.toml"]).run(), @r#"
    [stdout]
    job: 2 processes

    #  process  pool     waits for
    1  build    default  if CI is set (no)
    2  deploy   default  needs build, if {process.build.stdout} is "yes",
                         if this is not freebsd (yes)

    pool default: 2 slots
    [exit code: 0]
    "#);
    let test = Test::new().job(job).args(["--dry-run", "job.toml"]).env("CI", "1");
    assert_snapshot!(test.run(), @r#"
    [stdout]
    job: 2 processes

    #  process  pool     waits for
    1  build    default  if CI is set (yes)
    2  deploy   default  needs build, if {process.build.stdout} is "yes",
                         if this is not freebsd (yes)

    pool default: 2 slots

    # build
    # if CI is set (yes)
    cd [dir] && true

    # deploy
    # if {process.build.stdout} is "yes"
    # if this is not freebsd (yes)
    cd [dir] && true
    [exit code: 0]
    "#);
}

#[test]
fn reports_and_modes_show_why_something_was_skipped() {
    let job = job(&[("a", "if = { env = \"NONE\" }"), ("b", "needs = [\"a\"]")]);
    for mode in ["group", "json"] {
        let ran = Test::new().job(&job).args(["--output", mode, "job.toml"]).run();
        assert!(ran.to_string().contains("NONE is not set"), "{mode}: {ran}");
    }
    let files = ["--report", "junit=j.xml", "--report", "markdown=m.md", "job.toml"];
    let ran = Test::new().job(&job).args(files).run();
    let read = |name: &str| std::fs::read_to_string(ran.path(name)).expect("a report");
    assert!(read("j.xml").contains("<skipped message=\"skipped (NONE is not set)\"/>"));
    assert!(read("m.md").contains("| `a` | `skipped (NONE is not set)` |  |"));
}
