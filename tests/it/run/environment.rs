//! Environment: the variables, the folder and the words that a child gets.

use insta::assert_snapshot;

use crate::harness::Test;

#[test]
fn variables_come_from_everywhere() {
    let job = r#"
limits.jobserver = false
env = { LEVEL = "job", JOB = "1" }
env-file = "job.env"

[process.all]
env = { LEVEL = "process" }
env-file = "process.env"
command = ["sh", "-c", "echo $LEVEL $JOB $FROM_JOB $FROM_PROCESS $OUTER"]

[process.some]
inherit-env = ["PATH"]
needs = ["all"]
command = ["sh", "-c", "echo ${OUTER-unset} $JOB ${HOME-unset}"]

[process.none]
inherit-env = false
needs = ["some"]
command = ["/usr/bin/env"]
"#;
    let test = Test::new()
        .job(job)
        .file("job.env", "# a comment\nFROM_JOB=one\nLEVEL=file\n")
        .file("process.env", "FROM_PROCESS=\"two words\"\n")
        .env("OUTER", "outer");
    let ran = test.run();
    let lines = ["all", "some", "none"].map(|name| {
        let mut lines = ran.lines_of(name);
        lines.sort_unstable();
        let folder = ran.run_folder(".runner");
        let lines = lines.join("\n").replace(&*folder.to_string_lossy(), "[folder]");
        lines.replace(&ran.run_id(), "[run]")
    });
    assert_snapshot!(lines.join("\n\n"), @"
    process 1 one two words outer

    unset 1 unset

    FROM_JOB=one
    JOB=1
    LEVEL=job
    RUNNER_ATTEMPT=1
    RUNNER_PROCESS=none
    RUNNER_RESULTS=[folder]/results-2
    RUNNER_RUN_ID=[run]
    RUNNER_SLOT=0
    ");
}

#[test]
fn every_child_knows_who_it_is() {
    let job = r#"
[queue.words]
items = ["x"]

[process.a]
consumes = "words"
script = """
echo "$RUNNER_PROCESS $RUNNER_ATTEMPT $RUNNER_SLOT $RUNNER_ITEM $RUNNER_ITEM_ID $RUNNER_ITEM_INDEX"
[ "$RUNNER_RUN_ID" = {run.id} ] && echo {item} {item.index} {slot}
"""
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_snapshot!(ran.lines_of("a").join("\n"), @"
    a 1 0 x words:0 0
    x 0 0
    ");
}

#[test]
fn the_folder_is_the_job_files_unless_it_is_said() {
    let job = r#"
[process.own]
command = ["pwd"]

[process.other]
command = ["pwd"]
cwd = "../elsewhere"
needs = ["own"]
"#;
    let test = Test::new().file("deep/job.toml", job).file("elsewhere/x", "");
    assert_snapshot!(test.args(["deep/job.toml"]).run(), @"
    [stderr]
    own: started
    own   | [dir]/deep
    own: passed in [time]
    other: started
    other | [dir]/elsewhere
    other: passed in [time]

    job: passed in [time]
      processes  2 passed
      slowest    [names]
      run        deep/.runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn values_stay_one_word() {
    let job = r#"
[vars]
odd = "two words; touch injected $(touch injected) ' \" *"

[process.list]
command = ["printf", "<%s>\n", "{vars.odd}", "a{vars.odd}b", "{{vars.odd}"]

[process.script]
needs = ["list"]
script = "printf '<%s>\n' {vars.odd} \"a{vars.odd}b\" '{vars.odd}'"

[process.file]
needs = ["script"]
command = ["cat"]
stdin = "{vars.odd}\n"
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert!(!ran.has("injected"), "{ran}");
    let lines = ["list", "script", "file"].map(|name| ran.lines_of(name).join("\n"));
    assert_snapshot!(lines.join("\n\n"), @r#"
    <two words; touch injected $(touch injected) ' " *>
    <atwo words; touch injected $(touch injected) ' " *b>
    <{vars.odd}>

    <two words; touch injected $(touch injected) ' " *>
    <atwo words; touch injected $(touch injected) ' " *b>
    <two words; touch injected $(touch injected) ' " *>

    two words; touch injected $(touch injected) ' " *
    "#);
}

#[test]
fn the_command_line_overrides_variables() {
    let job = "vars = { who = \"you\" }\n[process.a]\ncommand = [\"echo\", \"{vars.who}\"]\n";
    let test = Test::new().job(job).args(["job.toml", "--var", "who=me = myself"]);
    assert_eq!(test.run().exits(0).lines_of("a"), ["me = myself"]);
}

#[test]
fn the_output_of_a_process_can_be_a_word() {
    let job = r#"
[process.version]
command = ["printf", "\n 1.2.3 \n\n"]

[process.tell]
needs = ["version"]
command = ["echo", "<{process.version.stdout}>"]
"#;
    assert_eq!(Test::new().job(job).run().exits(0).lines_of("tell"), ["<1.2.3>"]);
}

#[test]
fn the_shell_can_be_chosen() {
    let job = r#"
[process.a]
shell = ["bash", "-euo", "pipefail", "-c"]
script = "false | true; echo never"

[process.b]
after = ["a"]
run = "always"
script = "echo $unset"
"#;
    let ran = Test::new().job(job).run().exits(1);
    assert!(ran.lines_of("a").is_empty(), "{ran}");
    assert_snapshot!(ran.sorted(), @"
    a: failed (exit code 1) in [time]
    a: started
    b | sh: 1: unset: parameter not set
    b: failed (exit code 2) in [time]
    b: started
    nothing new starts: `a` failed

    ✗ a  exit code 1 after [time]
      again  runner job.toml a

    ✗ b  exit code 2 after [time]
      │ sh: 1: unset: parameter not set
      log    .runner/runs/[run]/logs/b.err
      again  runner job.toml b

    job: failed in [time]
      processes  2 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}
