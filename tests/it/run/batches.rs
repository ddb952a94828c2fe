//! Batches: several items for one child, and how the bad ones among them are found.

use insta::assert_snapshot;

use crate::harness::Test;

#[test]
fn items_arrive_on_standard_input_or_as_arguments() {
    let job = r#"
[queue.a]
items = { range = [0, 5] }

[queue.b]
framing = "nul"
items = ["-n", "two words", "$(touch injected)", "line\nfeed"]

[queue.c]
items = ["x", "y"]

[process.stdin]
consumes = "a"
deliver = "batch"
workers = 1
batch = { items = 3 }
command = ["sh", "-c", "tr '\n' ' '; echo"]

[process.args]
consumes = "b"
deliver = "batch"
workers = 1
batch = { items = 10, as = "args" }
command = ["printf", "<%s>\n"]

[process.script]
consumes = "c"
deliver = "batch"
workers = 1
batch = { items = 10, as = "args" }
script = 'echo "$# $*"'
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert!(!ran.has("injected"), "{ran}");
    assert_eq!(ran.lines_of("stdin"), ["0 1 2 ", "3 4 "], "{ran}");
    let args = ["<-n>", "<two words>", "<$(touch injected)>", "<line", "feed>"];
    assert_eq!(ran.lines_of("args"), args, "{ran}");
    assert_eq!(ran.lines_of("script"), ["2 x y"], "{ran}");
}

/// A batch of 64 with one bad item: it runs once whole, and then twice for each halving.
#[test]
fn a_failing_batch_is_halved_until_the_bad_item_stands_alone() {
    let job = r#"
[queue.numbers]
items = { range = [0, 64] }

[process.check]
consumes = "numbers"
deliver = "batch"
workers = 1
batch = { items = 64 }
script = '! grep -qx 37'
"#;
    let ran = Test::new().job(job).run().exits(1);
    assert_snapshot!(ran, @"
    [stderr]
    check: started
    check numbers:37 (37): failed (exit code 1)
    check: failed (1 item is dead) in [time]: 63 items done, 1 dead
    nothing new starts: `check` failed

    ✗ check  1 item is dead after [time]
      item   numbers:37 (37): exit code 1
      again  runner job.toml check

    job: failed in [time]
      items      numbers 63 done, 1 dead
      look       runner dead list .runner/runs/[run]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
    let events = ran.events();
    let started = events.iter().filter(|event| event["event"] == "attempt-started").count();
    assert!(started <= 1 + 2 * 6, "{started} children for one bad item of 64");
    let ended: Vec<_> = events.iter().filter(|event| event["event"] == "item-ended").collect();
    assert_eq!(ended.len(), 64, "every item has one result");
}

#[test]
fn a_bad_item_is_tried_again_as_often_as_it_says_and_the_others_once() {
    let job = r#"
[queue.numbers]
items = { range = [0, 8] }

[process.check]
consumes = "numbers"
deliver = "batch"
workers = 1
batch = { items = 8 }
retry = 2
script = 'while read -r n; do [ "$n" != 5 ] || { echo "$RUNNER_ATTEMPT" >>tries; exit 3; }; done'
"#;
    let ran = Test::new().job(job).run().exits(1);
    let dead = ran.events().into_iter().find(|event| event["event"] == "item-dead").unwrap();
    assert_eq!((&dead["item"]["id"], &dead["attempts"]), (&"numbers:5".into(), &3.into()));
    assert_eq!(dead["tries"].as_array().unwrap().len(), 3, "{dead}");
    assert!(ran.read("tries").ends_with("1\n2\n3\n"), "{ran}");
}

#[test]
fn a_batch_that_is_too_long_for_the_system_is_halved() {
    let job = r#"
[queue.long]
max-item = "1MiB"
items = { file = "long" }

[process.count]
consumes = "long"
deliver = "batch"
workers = 1
batch = { items = 100, as = "args" }
script = 'echo $#'
"#;
    let long = format!("{}\n", "x".repeat(100_000)).repeat(100);
    let ran = Test::new().job(job).file("long", long).run().exits(0);
    let counts = ran.lines_of("count");
    let all: u32 = counts.iter().map(|count| count.parse::<u32>().unwrap()).sum();
    assert_eq!(all, 100, "{ran}");
    assert!(counts.len() <= 8, "{counts:?}");
}

#[test]
fn a_batch_waits_for_more_only_so_long() {
    let job = r#"
[queue.q]

[process.make]
script = 'echo a; echo b; until [ -e seen ]; do sleep 0.01; done; echo c'
produces = "q"

[process.use]
consumes = "q"
deliver = "batch"
workers = 1
batch = { items = 100, linger = "50ms" }
script = "tr '\n' ' '; echo; touch seen"
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("use"), ["a b ", "c "], "{ran}");
}
