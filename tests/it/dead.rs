//! Dead items from outside: listed, shown, given up; [`again`] tries them once more.
//!
//! Unaware of why they died.

mod again;

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Ran, Test};

/// Two of four items die until a file called `mended` is there.
const JOB: &str = r#"
[vars]
word = "is bad"

[queue.numbers]
items = { range = [0, 4] }

[queue.seen]

[process.setup]
script = "echo >>setups"

[process.check]
needs = ["setup"]
consumes = "numbers"
workers = 1
retry = 1
produces = "seen"
script = """
echo {item}
case {item} in 1|3) [ -e mended ] || { echo {item} {vars.word} >&2; exit 4; };; esac
"""

[process.collect]
consumes = "seen"
deliver = "stream"
workers = 1
script = "sort >>collected"

[process.report]
needs = ["collect"]
script = "echo >>reports"
"#;

fn broken() -> Ran {
    Test::new().job(JOB).args(["job.toml", "--var", "word=looks bad"]).run().exits(1)
}

fn dead(ran: Ran, words: &[&str]) -> Ran {
    ran.then([&["dead"], words].concat()).run()
}

/// Returns the id of the run that was begun last.
fn last(ran: &Ran) -> String {
    let folder = ran.path(".runner/latest").canonicalize().expect("there is a run");
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Returns what every line of a list for programs says.
fn values(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a value")).collect()
}

#[test]
fn they_are_listed_and_the_summary_says_how() {
    let ran = broken();
    let run = format!(".runner/runs/{}", last(&ran));
    assert!(ran.stderr.contains(&format!("  look       runner dead list {run}\n")), "{ran}");
    let ran = dead(ran, &["list"]);
    assert_snapshot!(ran, @"
    [stdout]
    numbers:1  check  exit code 4  2 tries  [time] ago  1
    numbers:3  check  exit code 4  2 tries  [time] ago  3

    2 items of run [run] are dead
    [exit code: 0]
    ");
}

#[test]
fn a_run_is_named_in_many_ways() {
    let mut ran = broken();
    let id = last(&ran);
    for run in [&id, "last", &format!(".runner/runs/{id}"), ".runner/latest"] {
        ran = dead(ran, &["list", run, "--json"]).exits(0);
        let items: Vec<_> = values(&ran).into_iter().map(|line| line["item"].clone()).collect();
        assert_eq!(items, ["numbers:1", "numbers:3"], "{run}");
    }
}

#[test]
fn one_is_shown_with_all_that_is_known() {
    let ran = dead(broken(), &["show", "numbers:1"]);
    assert_snapshot!(ran, @"
    [stdout]
    ✗ numbers:1  exit code 4
      process  check
      died     [time] ago · [time] into the run
      tries    2 tries
        1      exit code 4 after [time]
        2      exit code 4 after [time]
      item     1 B
      │ 1
      stderr   its last lines
      │ 1 looks bad
      log      .runner/runs/[run]/logs/check.err
      again    runner dead retry .runner/runs/[run] numbers:1
    [exit code: 0]
    ");
    let ran = dead(ran, &["show", "--raw", "numbers:3", "numbers:1"]).exits(0);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("13", ""));
}

#[test]
fn programs_read_everything() {
    let ran = dead(broken(), &["list", "--json"]).exits(0);
    let line = &values(&ran)[0];
    assert_eq!(line["process"], "check");
    assert_eq!(line["attempts"], 2);
    assert_eq!(line["tries"][1]["exit"]["code"], 4);
    assert_eq!((&line["bytes"], &line["stderr"]), (&"1".into(), &"1 looks bad\n".into()));
    assert_eq!(line["since"], Value::Null);
}

#[test]
fn what_is_given_up_is_not_tried_again() {
    let ran = dead(broken(), &["drop"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: name the items to drop, or add `--all`
    [exit code: 2]
    ");
    let ran = dead(ran, &["drop", "numbers:1"]);
    assert_snapshot!(ran, @"
    [stdout]
    dropped 1 item of run [run]
    [exit code: 0]
    ");
    let ran = dead(ran, &["list", "--all"]);
    assert_snapshot!(ran, @"
    [stdout]
    numbers:1  check  exit code 4  2 tries  [time] ago  dropped  1
    numbers:3  check  exit code 4  2 tries  [time] ago           3

    1 item of run [run] is dead
    1 item was dropped or retried before
    [exit code: 0]
    ");
    let ran = dead(ran, &["drop", "--all"]);
    assert_snapshot!(ran, @"
    [stdout]
    dropped 1 item of run [run]
    [exit code: 0]
    ");
    let ran = dead(ran, &["retry"]);
    assert_snapshot!(ran, @"
    [stdout]
    nothing to do: no item of run [run] is dead
    [exit code: 0]
    ");
    let ran = dead(ran, &["show", "numbers:1"]).exits(0);
    assert!(ran.stdout.contains("  fate     dropped\n"), "{ran}");
}

#[test]
fn what_is_not_there_is_said_with_what_there_is() {
    let mut ran = dead(Test::new().file("a", "").args(["schema"]).run(), &["list"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: no run is kept in `.runner`; name its folder
    [exit code: 2]
    ");
    ran = dead(broken(), &["show", "number:1"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: no item `number:1` of run [run] is dead; did you mean `numbers:1`?
    [exit code: 2]
    ");
    ran = dead(ran, &["retry", "numbers:7777777"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: no item `numbers:7777777` of run [run] is dead; `runner dead list` names those that are
    [exit code: 2]
    ");
    ran = dead(ran, &["list", "20200101-000000-0000"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: no run is called `[run]`; there is [run]
    [exit code: 2]
    ");
    ran = dead(ran, &["list", "numbers:1"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: `list` takes no items; write `runner dead show numbers:1`
    [exit code: 2]
    ");
    ran = dead(ran, &["list", "no/such"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: `no/such` is not the folder of a run: it has no `events.jsonl`
    [exit code: 2]
    ");
    ran = dead(ran, &["drop", "last", "numbers"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: `numbers` is no item: items are named as in the list, `pages:17`
    [exit code: 2]
    ");
}

#[test]
fn a_run_without_any_says_so() {
    let job = "[process.a]\ncommand = [\"true\"]\n";
    let ran = dead(Test::new().job(job).run().exits(0), &["list"]);
    assert_snapshot!(ran, @"
    [stdout]
    no item of run [run] is dead
    [exit code: 0]
    ");
}

#[test]
fn a_run_that_goes_on_is_looked_at_and_not_touched() {
    let job = r#"
[queue.numbers]
items = [1, 2]

[process.check]
consumes = "numbers"
workers = 1
script = "[ {item} = 2 ] || exit 3; echo >dead; while [ ! -e end ]; do sleep 0.01; done"
"#;
    let running = Test::new().job(job).start();
    running.wait_for_file("dead");
    let look = |words: &[&str]| {
        let state = running.path(".runner");
        let state = state.to_str().expect("a path");
        Test::new().args([&["dead"], words, &["--state-dir", state]].concat()).run()
    };
    // Events are written ten times a second.
    let listed = crate::harness::wait_for("the item", || {
        Some(look(&["list"])).filter(|ran| ran.stdout.contains("numbers:0"))
    });
    let refused = look(&["retry"]);
    std::fs::write(running.path("end"), "").expect("a file");
    let ran = running.wait().exits(1);
    assert!(ran.stderr.contains("1 item is dead"), "it was not disturbed\n{ran}");
    assert_snapshot!(listed, @"
    [stdout]
    numbers:0  check  exit code 3  1 try  [time] ago  1

    1 item of run [run], which goes on, is dead
    [exit code: 0]
    ");
    assert_snapshot!(refused, @"
    [stderr]
    runner: run [run] goes on, or its items are being tried again; wait for that
    [exit code: 2]
    ");
}

#[test]
fn what_can_be_typed() {
    let ran = Test::new().args(["dead", "--help"]).run();
    assert_snapshot!(ran, @"
[stdout]
Look at the items that failed for good, try them again, or give them up

Usage: runner dead <COMMAND>

Commands:
  list   List them, one line for each
  show   Show all that is known of some
  retry  Run them through the job again, which may have been mended meanwhile
  drop   Give them up: they are no longer listed, nor tried again
  help   Print this message or the help of the given subcommand(s)

Options:
  -h, --help  Print help

RUN is the id of a run, `last`, or the path of its folder. Without one it is the last run. An item
is named as in the list: its queue, a colon and a number.
[exit code: 0]
");
    let ran = Test::new().args(["dead", "retry", "--help"]).run();
    assert_snapshot!(ran, @"
[stdout]
Run them through the job again, which may have been mended meanwhile

Usage: runner dead retry [OPTIONS] [RUN] [ITEM]...

Arguments:
  [RUN|ITEM]...  The run, and then items of it [default: all of them]

Options:
  -j, --jobs <N>         Bound on children over all pools
      --output <MODE>    How the run is shown [default: auto] [possible values: auto, live, plain,
                         group, quiet, json]
      --state-dir <DIR>  Where runs are kept [default: .runner here, or beside the job files in
                         `jobs`]
      --color <WHEN>     When to use colours [default: auto] [possible values: auto, always, never]
  -h, --help             Print help

RUN is the id of a run, `last`, or the path of its folder. Without one it is the last run. An item
is named as in the list: its queue, a colon and a number.
[exit code: 0]
");
}

#[test]
fn a_list_that_nobody_reads_ends_quietly() {
    let ran = broken().then(["dead", "list"]).unread().run().exits(141);
    assert_eq!(ran.stderr, "");
}
