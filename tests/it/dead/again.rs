//! Again: dead items go through their job once more; what is done, what dies anew, what a kill
//! leaves.

use insta::assert_snapshot;
use rustix::process::Signal;

use super::{JOB, broken, dead, last};
use crate::harness::{Test, wait_for};

#[test]
fn what_is_no_text_is_shown_and_kept_byte_for_byte() {
    let job = r#"
[queue.blobs]
framing = "nul"

[process.make]
produces = "blobs"
script = 'printf "\377\001\033[2Jx\n\000plain\000"'

[process.eat]
consumes = "blobs"
deliver = "stdin"
workers = 1
script = "cat >>eaten; [ -e mended ]"
"#;
    let ran = dead(Test::new().job(job).run().exits(1), &["show", "blobs:0"]);
    assert_snapshot!(ran, @"
    [stdout]
    ✗ blobs:0  exit code 1
      process  eat
      died     [time] ago · [time] into the run
      tries    1 try
        1      exit code 1 after [time]
      item     8 B
      │ 00000000  ff 01 1b 5b 32 4a 78 0a                          ...[2Jx.
      again    runner dead retry .runner/runs/[run] blobs:0
    [exit code: 0]
    ");
    let ran = dead(ran, &["list"]);
    assert_snapshot!(ran, @"
    [stdout]
    blobs:0  eat  exit code 1  1 try  [time] ago  �␁x␊
    blobs:1  eat  exit code 1  1 try  [time] ago  plain

    2 items of run [run] are dead
    [exit code: 0]
    ");
    std::fs::write(ran.path("job.toml"), job.replace("nul", "lines")).expect("a file");
    let ran = dead(ran, &["retry"]);
    let refused = "runner: `blobs:0` does not fit any more: it holds a line feed at byte 7,";
    assert!(ran.stderr.starts_with(refused), "{ran}");
    std::fs::write(ran.path("job.toml"), job).expect("a file");
    std::fs::write(ran.path("mended"), "").expect("a file");
    std::fs::remove_file(ran.path("eaten")).expect("it is there");
    let ran = dead(ran, &["retry"]).exits(0);
    let eaten = std::fs::read(ran.path("eaten")).expect("they were eaten");
    assert_eq!(eaten, b"\xff\x01\x1b[2Jx\nplain");
}

#[test]
fn once_the_cause_is_mended_they_are_done() {
    let ran = broken();
    let old = last(&ran);
    std::fs::write(ran.path("mended"), "").expect("a file");
    let ran = dead(ran, &["retry", "-j", "1"]);
    assert_snapshot!(ran.sorted(), @"
    check: passed in [time]: 2 items done
    collect: passed in [time]: 2 items done
    collect: started
    tries 2 items of run [run] again

    job: passed in [time]
      processes  2 passed
      items      numbers 2 done · seen 2 done
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
    assert_eq!(ran.read("collected"), "0\n2\n1\n3\n", "what flows on is collected\n{ran}");
    assert_eq!(ran.read("setups"), "\n", "a need that was met is not met again");
    assert!(!ran.has("reports"), "what only comes after is not run");
    let ran = dead(ran, &["list", &old]);
    assert_snapshot!(ran, @"
    [stdout]
    no item of run [run] is dead
    2 items were dropped or retried before; `--all` lists them
    [exit code: 0]
    ");
    let ran = dead(ran, &["retry", &old]);
    assert_snapshot!(ran, @"
    [stdout]
    nothing to do: no item of run [run] is dead
    [exit code: 0]
    ");
    let ran = dead(ran, &["list", &old, "--all"]);
    assert_snapshot!(ran, @"
    [stdout]
    numbers:1  check  exit code 4  2 tries  [time] ago  retried in [run]  1
    numbers:3  check  exit code 4  2 tries  [time] ago  retried in [run]  3

    no item of run [run] is dead
    2 items were dropped or retried before
    [exit code: 0]
    ");
}

#[test]
fn one_that_fails_again_is_dead_in_the_new_run() {
    let ran = broken();
    let old = last(&ran);
    let ran = dead(ran, &["retry", "numbers:3"]).exits(1);
    assert!(ran.stderr.contains("3 looks bad"), "the options are those of the old run\n{ran}");
    let ran = dead(ran, &["list"]);
    assert_snapshot!(ran, @"
    [stdout]
    numbers:0  check  exit code 4  2 tries  [time] ago  3

    1 item of run [run] is dead
    [exit code: 0]
    ");
    let ran = dead(ran, &["list", &old]);
    assert_snapshot!(ran, @"
    [stdout]
    numbers:1  check  exit code 4  2 tries  [time] ago  1

    1 item of run [run] is dead
    1 item was dropped or retried before; `--all` lists them
    [exit code: 0]
    ");
    let ran = dead(ran, &["retry", &old, "numbers:3"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: `numbers:3` was retried in [run] already
    [exit code: 2]
    ");
}

#[test]
fn each_group_tries_its_own_again() {
    let job = r#"
[queue.pages]
items = ["a", "b"]
groups = ["index", "archive"]

[process.index]
consumes = { queue = "pages", group = "index" }
workers = 1
script = "echo {item} >>indexed; [ {item} != a ] || [ -e mended ]"

[process.archive]
consumes = { queue = "pages", group = "archive" }
workers = 1
script = "echo {item} >>archived; [ -e mended ]"
"#;
    let ran = dead(Test::new().job(job).run().exits(1), &["list"]);
    let (items, counts) = ran.stdout.split_once("\n\n").expect("an empty line");
    let mut items: Vec<_> = items.lines().filter_map(|line| line.split(' ').next()).collect();
    items.sort_unstable();
    assert_eq!(items, ["pages/archive:0", "pages/archive:1", "pages/index:0"]);
    assert!(counts.ends_with(" are dead: pages/archive 2, pages/index 1\n"), "{counts}");
    std::fs::write(ran.path("mended"), "").expect("a file");
    let ran = dead(ran, &["retry"]).exits(0);
    assert_eq!(ran.read("indexed"), "a\nb\na\n");
    assert_eq!(ran.read("archived"), "a\nb\na\nb\n");
}

#[test]
fn a_job_that_has_changed_too_much_is_told() {
    let ran = broken();
    std::fs::write(ran.path("job.toml"), JOB.replace("numbers", "number")).expect("a file");
    let ran = dead(ran, &["retry"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: in `job.toml` nobody reads queue `numbers` any more; is it `number` now?
    [exit code: 2]
    ");
    std::fs::remove_file(ran.path("job.toml")).expect("it is there");
    let ran = dead(ran, &["retry"]);
    assert_snapshot!(ran, @"
    [stderr]
    runner: the job file of run [run] can't be found: `job.toml` is gone
    [exit code: 2]
    ");
}

#[test]
fn a_retry_that_is_killed_loses_nothing() {
    let slow = JOB.replace(
        "echo {item}\n",
        "echo {item}\n[ ! -e slow ] || [ {item} = 1 ] || { echo >there; read -r x <fifo; }\n",
    );
    let ran = Test::new().job(&slow).run().exits(1);
    let old = last(&ran);
    for name in ["mended", "slow"] {
        std::fs::write(ran.path(name), "").expect("a file");
    }
    let fifo = ran.path("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o600.into()).expect("a pipe");
    let running = ran.then(["dead", "retry"]).start();
    running.wait_for_file("there");
    // What is done is written ten times a second.
    let events = running.path(".runner/latest/events.jsonl");
    wait_for("the first item", || {
        let text = std::fs::read_to_string(&events).ok()?;
        text.contains("item-ended").then_some(())
    });
    running.signal(Signal::KILL);
    let ran = running.wait();
    let ran = dead(ran, &["list", &old]);
    assert_snapshot!(ran, @"
    [stdout]
    numbers:1  check  exit code 4  2 tries  [time] ago  in retry: [run]  1
    numbers:3  check  exit code 4  2 tries  [time] ago  in retry: [run]  3

    2 items of run [run] are dead
    [exit code: 0]
    ");
    std::fs::remove_file(ran.path("slow")).expect("it is there");
    let ran = dead(ran, &["retry", &old]);
    assert_snapshot!(ran.sorted(), @"
    check: passed in [time]: 2 items done
    collect: passed in [time]: 2 items done
    collect: started
    note: 2 items went into run [run], which was cut short and may have done some
    note: the last run was cut off: .runner/runs/[run]
    tries 2 items of run [run] again

    job: passed in [time]
      processes  2 passed
      items      numbers 2 done · seen 2 done
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 0]
    ");
    let ran = dead(ran, &["list", &old, "--all"]);
    assert_snapshot!(ran, @"
    [stdout]
    numbers:1  check  exit code 4  2 tries  [time] ago  retried in [run]  1
    numbers:3  check  exit code 4  2 tries  [time] ago  retried in [run]  3

    no item of run [run] is dead
    2 items were dropped or retried before
    [exit code: 0]
    ");
}
