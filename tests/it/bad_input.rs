//! Bad input: what is wrong with a job file is said with its place, and nothing is started.
//!
//! The rules themselves are proved by `invalid`; here the whole program is.

use insta::assert_snapshot;

use crate::harness::{Ran, Test};

/// A process that leaves a trace, put in front of everything that is wrong.
const TRACE: &str = "[process.trace]\nscript = \"touch started\"\n";

/// Runs a job that is wrong.
fn wrong(text: impl AsRef<[u8]>) -> Ran {
    refused(Test::new().file("job.toml", [TRACE.as_bytes(), text.as_ref()].concat()))
}

/// Proves that a test ends with 2 and leaves no trace.
fn refused(test: Test) -> Ran {
    let ran = test.run().exits(2);
    assert!(!ran.has("started"), "something was started\n{ran}");
    assert!(!ran.has(".runner"), "a run was begun\n{ran}");
    assert_eq!(ran.stdout, "", "standard output is for results");
    ran
}

#[test]
fn an_unknown_key() {
    assert_snapshot!(wrong("comand = [\"true\"]\n"), @r#"
    [stderr]
    E101 unknown-key

      × [process.trace] has no key `comand`
       ╭─[job.toml:3:1]
     2 │ script = "touch started"
     3 │ comand = ["true"]
       · ───┬──
       ·    ╰── did you mean `command`?
       ╰────
      help: write `command = ["true"]`

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn a_wrong_type() {
    assert_snapshot!(wrong("weight = \"two\"\n"), @r#"
    [stderr]
    E102 wrong-type

      × `weight` must be a whole number from 1 to 65536
       ╭─[job.toml:3:10]
     2 │ script = "touch started"
     3 │ weight = "two"
       ·          ──┬──
       ·            ╰── this is a string
       ╰────
      help: write a whole number from 1 to 65536

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn a_missing_command() {
    assert_snapshot!(wrong("[process.nothing]\nneeds = [\"trace\"]\n"), @r#"
    [stderr]
    E104 missing

      × [process.nothing] has neither `command` nor `script`
       ╭─[job.toml:3:10]
     2 │ script = "touch started"
     3 │ [process.nothing]
       ·          ───┬───
       ·             ╰── nothing to execute
     4 │ needs = ["trace"]
       ╰────
      help: add command = ["program", "argument"]

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn a_cycle() {
    let text = "
[process.a]
command = [\"true\"]
needs = [\"c\"]

[process.b]
command = [\"true\"]
needs = [\"a\"]

[process.c]
command = [\"true\"]
needs = [\"b\"]
";
    assert_snapshot!(wrong(text), @r#"
    [stderr]
    E204 cycle

      × these 3 processes wait for each other: a -> c -> b -> a
       ╭─[job.toml:6:10]
     5 │ command = ["true"]
     6 │ needs = ["c"]
       ·          ─┬─
       ·           ╰── 1. `a` waits for `c`
     7 │ 
       ╰────
        ╭─[job.toml:10:10]
      9 │ command = ["true"]
     10 │ needs = ["a"]
        ·          ─┬─
        ·           ╰── 3. `b` waits for `a`: closes the circle
     11 │ 
        ╰────
        ╭─[job.toml:14:10]
     13 │ command = ["true"]
     14 │ needs = ["b"]
        ·          ─┬─
        ·           ╰── 2. `c` waits for `b`
        ╰────
      help: remove `"a"` from `needs` of `b`, or another of the 3 entries

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn an_unknown_process() {
    assert_snapshot!(wrong("needs = [\"trase\"]\n"), @r#"
    [stderr]
    E201 unknown-process

      × process `trace` names process `trase`, which no file declares
       ╭─[job.toml:3:10]
     1 │ [process.trace]
       ·          ──┬──
       ·            ╰── the closest one is declared here
     2 │ script = "touch started"
     3 │ needs = ["trase"]
       ·          ───┬───
       ·             ╰── no process has this name
       ╰────
      help: write `"trace"`, or declare [process.trase]

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn an_unknown_pool() {
    assert_snapshot!(wrong("pool = \"nett\"\n\n[pool.net]\nsize = 2\n"), @r#"
    [stderr]
    E202 unknown-pool

      × process `trace` runs in pool `nett`, which no file declares
       ╭─[job.toml:3:8]
     2 │ script = "touch started"
     3 │ pool = "nett"
       ·        ───┬──
       ·           ╰── no pool has this name
     4 │ 
     5 │ [pool.net]
       ·       ─┬─
       ·        ╰── the closest one is declared here
     6 │ size = 2
       ╰────
      help: write `"net"`, or declare [pool.nett]

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn an_unknown_queue() {
    assert_snapshot!(wrong("produces = \"page\"\n\n[queue.pages]\nitems = [1]\n"), @r#"
    [stderr]
    E203 unknown-queue

      × process `trace` names queue `page`, which no file declares
       ╭─[job.toml:3:12]
     2 │ script = "touch started"
     3 │ produces = "page"
       ·            ───┬──
       ·               ╰── no queue has this name
     4 │ 
     5 │ [queue.pages]
       ·        ──┬──
       ·          ╰── the closest one is declared here
     6 │ items = [1]
       ╰────
      help: write `"pages"`, or declare [queue.page]

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn a_missing_file() {
    assert_snapshot!(refused(Test::new().args(["none.toml"])), @"
    [stderr]
    E001 unreadable

      × `none.toml` cannot be read: there is no such file
      help: check the path

    1 problem in none.toml (1 error)
    [exit code: 2]
    ");
}

#[test]
fn a_folder_instead_of_a_file() {
    assert_snapshot!(refused(Test::new().file("jobs/x", "").args(["jobs"])), @"
    [stderr]
    E001 unreadable

      × `jobs` cannot be read: it is a folder
      help: name a file in it

    1 problem in jobs (1 error)
    [exit code: 2]
    ");
}

#[test]
fn an_empty_file() {
    assert_snapshot!(refused(Test::new().job("")), @r#"
    [stderr]
    E003 empty

      × this job declares no process
      help: add one: [process.hello] with command = ["echo", "hello"]

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn invalid_utf_8() {
    assert_snapshot!(wrong(b"description = \"caf\xe9\"\n"), @"
    [stderr]
    E001 unreadable

      × `job.toml` cannot be read: byte 59, on line 3, is not UTF-8: 0xE9
      help: save the file as UTF-8

    1 problem in job.toml (1 error)
    [exit code: 2]
    ");
}

#[test]
fn a_file_that_is_too_large() {
    let comment = format!("# {}\n", "x".repeat(97));
    assert_snapshot!(wrong(comment.repeat(84_000)), @"
    [stderr]
    E001 unreadable

      × `job.toml` cannot be read: it is larger than 8 MiB
      help: split it and join the parts with `include`

    1 problem in job.toml (1 error)
    [exit code: 2]
    ");
}

#[test]
fn no_toml() {
    assert_snapshot!(wrong("needs = [\"a\"\nretry = 2\n"), @r#"
    [stderr]
    E002 syntax

      × this is not TOML: missing comma between array elements
       ╭─[job.toml:4:1]
     3 │ needs = ["a"
     4 │ retry = 2
       · ┬
       · ╰── `,` is missing here
       ╰────
      help: write `,` here. The other tables of this file were still checked.

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn everything_at_once() {
    let text = "
[process.a]
command = \"ls -l\"
timeout = \"soon\"

[process.b]
needs = [\"A\"]
script = \"echo {item}\"
";
    assert_snapshot!(wrong(text), @r#"
    [stderr]
    E102 wrong-type

      × `command` must be a list
       ╭─[job.toml:5:11]
     4 │ [process.a]
     5 │ command = "ls -l"
       ·           ───┬───
       ·              ╰── this is a string
     6 │ timeout = "soon"
       ╰────
      help: write a list: `command = ["ls", "-l"]`

    E103 bad-value

      × `soon` is not a duration
       ╭─[job.toml:6:11]
     5 │ command = "ls -l"
     6 │ timeout = "soon"
       ·           ───┬──
       ·              ╰── no number before the unit
     7 │ 
       ╰────
      help: write a number and a unit: 500ms, 30s, 5m, 1h30m

    E201 unknown-process

      × process `b` names process `A`, which no file declares
       ╭─[job.toml:4:10]
     3 │ 
     4 │ [process.a]
       ·          ┬
       ·          ╰── the closest one is declared here
     5 │ command = "ls -l"
       ╰────
        ╭─[job.toml:9:10]
      8 │ [process.b]
      9 │ needs = ["A"]
        ·          ─┬─
        ·           ╰── no process has this name
     10 │ script = "echo {item}"
        ╰────
      help: write `"a"`, or declare [process.A]

    E108 unknown-placeholder

      × `{item}` does not name anything here
        ╭─[job.toml:10:16]
      9 │ needs = ["A"]
     10 │ script = "echo {item}"
        ·                ───┬──
        ·                   ╰── this process consumes no queue
        ╰────
      help: add `consumes` with the name of a queue

    4 problems in job.toml (4 errors)
    [exit code: 2]
    "#);
}

#[test]
fn the_command_line() {
    let job = || Test::new().job(TRACE);
    assert_snapshot!(refused(job().args(["job.toml", "--outptu", "plain"])), @"
    [stderr]
    error: unexpected argument '--outptu' found

      tip: a similar argument exists: '--output'

    Usage: runner --output <MODE> <JOB.toml> [PROCESS]...

    For more information, try '--help'.
    [exit code: 2]
    ");
    assert_snapshot!(refused(job().args(["job.toml", "--var", "root"])), @"
    [stderr]
    error: invalid value 'root' for '--var <NAME=VALUE>': it should be NAME=VALUE

    For more information, try '--help'.
    [exit code: 2]
    ");
    assert_snapshot!(refused(job().args(["job.toml", "-j", "0"])), @"
    [stderr]
    error: invalid value '0' for '--jobs <N>': 0 is not in 1..=4294967295

    For more information, try '--help'.
    [exit code: 2]
    ");
}

#[test]
fn a_process_that_is_not_there() {
    assert_snapshot!(refused(Test::new().job(TRACE).args(["job.toml", "trase"])), @"
    [stderr]
    runner: no process is called `trase`; did you mean `trace`?
    [exit code: 2]
    ");
}

#[test]
fn a_variable_that_is_not_declared() {
    assert_snapshot!(refused(Test::new().job(TRACE).args(["job.toml", "--var", "rot=x"])), @r#"
    [stderr]
    E103 bad-value

      × `--var rot=…` sets a variable that no file declares
      help: declare it: [vars] with rot = "…"

    1 problem in job.toml (1 error)
    [exit code: 2]
    "#);
}

#[test]
fn validation_is_as_strict() {
    let test = Test::new().file("jobs/a.toml", "[process.a]\ncomand = [\"true\"]\n");
    let test =
        test.file("jobs/deep/b.toml", "[process.b]\ncommand = [\"true\"]\nneeds = [\"c\"]\n");
    assert_snapshot!(refused(test.args(["validate", "jobs"])), @r#"
    [stderr]
    E101 unknown-key

      × [process.a] has no key `comand`
       ╭─[jobs/a.toml:2:1]
     1 │ [process.a]
     2 │ comand = ["true"]
       · ───┬──
       ·    ╰── did you mean `command`?
       ╰────
      help: write `command = ["true"]`

    1 problem in jobs/a.toml (1 error)
    E201 unknown-process

      × process `b` names process `c`, which no file declares
       ╭─[jobs/deep/b.toml:3:10]
     2 │ command = ["true"]
     3 │ needs = ["c"]
       ·          ─┬─
       ·           ╰── no process has this name
       ╰────
      help: declare it: [process.c]

    1 problem in jobs/deep/b.toml (1 error)
    2 of 2 job files cannot run
    more on a code: `runner explain E101`
    [exit code: 2]
    "#);
}
