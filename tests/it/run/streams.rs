//! Streams: long-lived readers of a queue, and how they are ended.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use crate::harness::{Ran, Test};

/// How many runs of the endless reader, how many at the same time, and how many items in each.
const RUNS: usize = 100;
const ABREAST: usize = 10;
const ITEMS: usize = 200;

#[test]
fn an_endless_reader_gets_every_item_every_time() {
    let job = format!(
        r#"
[queue.numbers]

[process.write]
command = ["seq", "{ITEMS}"]
produces = "numbers"

[process.read]
consumes = "numbers"
deliver = "stream"
on-end = "terminate"
settle = "200ms"
workers = 1
script = "while :; do if read -r n; then echo \"$n\" >>handled; else sleep 0.05; fi; done"
"#
    );
    let handled = |ran: &Ran| ran.read("handled").lines().map(str::to_owned).collect::<Vec<_>>();
    let expected: Vec<_> = (1..=ITEMS).map(|n| n.to_string()).collect();
    let one = || {
        let ran = Test::new().job(&job).run().exits(0);
        assert_eq!(handled(&ran), expected, "{ran}");
    };
    std::thread::scope(|scope| {
        for _ in 0..ABREAST {
            scope.spawn(|| (0..RUNS / ABREAST).for_each(|_| one()));
        }
    });
}

#[test]
fn a_reader_gets_everything_and_then_the_end() {
    let job = r#"
[queue.numbers]

[process.write]
command = ["seq", "1000"]
produces = "numbers"

[process.sum]
consumes = "numbers"
deliver = "stream"
workers = 1
command = ["awk", "{ sum += $1 } END { print NR, sum }"]
"#;
    assert_eq!(Test::new().job(job).run().exits(0).lines_of("sum"), ["1000 500500"]);
}

#[test]
fn readers_compete() {
    let job = r#"
[pool.wide]
size = 4

[queue.numbers]
items = { range = [0, 2000] }

[process.read]
consumes = "numbers"
deliver = "stream"
workers = 3
pool = "wide"
script = "while read -r n; do echo \"$n\"; done"
"#;
    let ran = Test::new().job(job).run().exits(0);
    let lines = ran.lines_of("read");
    let numbers: BTreeSet<u32> = lines.iter().map(|line| line.parse().expect("a number")).collect();
    assert_eq!((lines.len(), numbers.len()), (2000, 2000));
}

#[test]
fn what_a_stream_prints_feeds_the_next_queue() {
    let job = r#"
[queue.numbers]
items = { range = [0, 100] }

[queue.doubled]

[process.double]
consumes = "numbers"
produces = "doubled"
deliver = "stream"
workers = 1
command = ["awk", "{ print 2 * $1 }"]

[process.sum]
consumes = "doubled"
deliver = "stream"
workers = 1
command = ["awk", "{ sum += $1 } END { print NR, sum }"]

[process.tell]
command = ["sed", "s/^/sum: /"]
stdin = { process = "sum" }
"#;
    assert_eq!(Test::new().job(job).run().exits(0).lines_of("tell"), ["sum: 100 9900"]);
}

#[test]
fn a_reader_that_leaves_early_leaves_the_rest_to_a_fresh_one() {
    let job = r#"
[queue.numbers]
items = { range = [0, 10] }

[process.read]
consumes = "numbers"
deliver = "stream"
workers = 1
script = "read -r n; echo \"$n\""
"#;
    let ran = Test::new().job(job).run();
    let lines = ran.lines_of("read");
    let numbers: BTreeSet<_> = lines.iter().collect();
    assert_eq!((ran.code(), numbers.len(), lines.len()), (0, 10, 10), "{ran}");
}

#[test]
fn a_reader_that_fails_fails_the_run() {
    let job = r#"
[queue.numbers]
items = { range = [0, 10] }

[process.read]
consumes = "numbers"
deliver = "stream"
workers = 1
script = "read -r n; echo \"cannot use $n\" >&2; exit 6"
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    nothing new starts: `read` failed
    read | cannot use 0
    read: failed (exit code 6) in [time]: 0 items done
    read: started

    ✗ read  exit code 6 after [time]
      │ cannot use 0
      log    .runner/runs/[run]/logs/read.err
      again  runner job.toml read

    job: failed in [time]
      items      numbers 0 done, 1 dead, 9 left
      look       runner dead list .runner/runs/[run]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn an_endless_reader_that_is_deaf_is_killed_after_the_grace() {
    let job = r#"
[queue.numbers]
items = [1, 2]

[process.read]
consumes = "numbers"
deliver = "stream"
on-end = "terminate"
settle = "100ms"
stop.grace = "100ms"
workers = 1
script = "trap '' TERM; while :; do if read -r n; then echo \"$n\"; else sleep 0.05; fi; done"
"#;
    assert_snapshot!(Test::new().job(job).run(), @"
    [stderr]
    read: started
    read | 1
    read | 2
    read: did not stop in time, killed
    read: stopped in [time]: 2 items done

    job: passed in [time]
      items      numbers 2 done
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn items_that_a_reader_has_read_can_be_done_at_once() {
    let job = r#"
[queue.words]
framing = "nul"
items = ["one", "two\nlines", "three"]

[process.read]
consumes = "words"
deliver = "stream"
ack = "read"
workers = 1
command = ["tr", "\\n\\0", "?\\n"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("read"), ["one", "two?lines", "three"]);
    assert!(ran.stderr.contains("words 3 done"), "{ran}");
}
