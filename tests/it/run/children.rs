//! Children: how programs are started, fed, read and cleaned up behind.

use insta::assert_snapshot;

use crate::harness::Test;

/// Programs that can't be executed, each for another reason, and one that can.
const BROKEN: &str = r#"
limits.on-failure = "continue"
limits.jobs = 1

[process.unknown]
command = ["no-such-program"]

[process.path]
command = ["./none"]
after = ["unknown"]

[process.plain]
command = ["./plain"]
after = ["path"]

[process.script]
command = ["./script"]
after = ["plain"]

[process.folder]
command = ["./folder"]
after = ["script"]

[process.cwd]
command = ["true"]
cwd = "nowhere"
after = ["folder"]

[process.fine]
command = ["echo", "the rest goes on"]
after = ["cwd"]
"#;

#[test]
fn a_program_that_can_not_be_executed_is_explained() {
    let test = Test::new()
        .job(BROKEN)
        .file("plain", "#!/bin/sh\n")
        .file("folder/x", "")
        .program("script", "#!/no/shell\n");
    assert_snapshot!(test.run(), @r#"
    [stderr]
    unknown: started
    unknown: failed (not started: `no-such-program` was not found in PATH) in [time]
    path: started
    path: failed (not started: `./none` does not exist in `[dir]`) in [time]
    plain: started
    plain: failed (not started: `./plain` is not executable) in [time]
    script: started
    script: failed (not started: `./script`: bad interpreter "/no/shell" (no such file)) in [time]
    folder: started
    folder: failed (not started: `./folder` is a directory) in [time]
    cwd: started
    cwd: failed (not started: working directory `[dir]/nowhere` does not exist) in [time]
    fine: started
    fine    | the rest goes on
    fine: passed in [time]

    ✗ unknown  not started: `no-such-program` was not found in PATH
      again  runner job.toml unknown

    ✗ path  not started: `./none` does not exist in `[dir]`
      again  runner job.toml path

    ✗ plain  not started: `./plain` is not executable
      help   chmod +x ./plain
      again  runner job.toml plain

    ✗ script  not started: `./script`: bad interpreter "/no/shell" (no such file)
      again  runner job.toml script

    ✗ folder  not started: `./folder` is a directory
      again  runner job.toml folder

    ✗ cwd  not started: working directory `[dir]/nowhere` does not exist
      again  runner job.toml cwd

    job: failed in [time]
      processes  1 passed · 6 failed
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    "#);
}

#[test]
fn stdin_in_every_form() {
    let job = r#"
limits.jobs = 3

[process.closed]
command = ["wc", "-c"]

[process.text]
command = ["cat"]
stdin = { text = "some text\n" }
needs = ["closed"]

[process.file]
command = ["cat"]
stdin = { file = "payload" }
needs = ["text"]

[process.ended]
command = ["tr", "a-z", "A-Z"]
stdin = { process = "file" }

[process.source]
command = ["seq", "100000"]
needs = ["ended"]

[process.pipe]
command = ["tail", "-n", "1"]
stdin = { pipe = "source" }
"#;
    let ran = Test::new().job(job).file("payload", "from a file\n").run().exits(0);
    let lines = ["closed", "text", "file", "ended", "pipe"].map(|name| ran.lines_of(name).concat());
    assert_eq!(lines, ["0", "some text", "from a file", "FROM A FILE", "100000"], "{ran}");
}

#[test]
fn a_pipe_whose_reader_has_enough_is_no_failure() {
    let job = r#"
[process.endless]
command = ["yes"]

[process.head]
command = ["head", "-n", "1"]
stdin = { pipe = "endless" }
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    endless: started
    endless: stopped in [time]
    head    | y
    head: passed in [time]
    head: started

    job: passed in [time]
      processes  1 passed · 1 stopped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn output_goes_where_it_should() {
    let job = r#"
[process.file]
script = "echo new; echo error >&2"
stdout = { file = "out" }
stderr = { file = "err", append = true }

[process.null]
script = "echo nothing; echo something >&2"
stdout = "null"
needs = ["file"]
"#;
    let test = Test::new().job(job).file("out", "old, and longer\n").file("err", "old\n");
    let ran = test.run().exits(0);
    assert_eq!([ran.read("out"), ran.read("err")], ["new\n", "old\nerror\n"]);
    assert_eq!(ran.lines_of("null"), ["something"]);
    assert!(ran.lines_of("file").is_empty(), "{ran}");
}

#[test]
fn a_child_that_does_not_read_harms_nobody() {
    let job = r#"
[pool.wide]
size = 4

[queue.numbers]
items = { range = [0, 100] }

[process.deaf]
pool = "wide"
stdin = { file = "payload" }
script = "until [ -e done ]; do sleep 0.01; done"

[process.quick]
pool = "wide"
consumes = "numbers"
command = ["true"]

[process.mark]
script = "touch done"
needs = ["quick"]
"#;
    let payload = vec![b'x'; 10 << 20];
    let ran = Test::new().job(job).file("payload", payload).run().exits(0);
    assert!(ran.has("done"), "{ran}");
}

#[test]
fn a_grandchild_in_a_session_of_its_own_is_killed_too() {
    let job = "[process.a]\nscript = \"setsid sleep 600 >/dev/null 2>&1 & echo started\"\n";
    Test::new().job(job).run().exits(0);
}
