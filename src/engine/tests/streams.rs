//! Long-lived readers of a queue, and how they end.

use std::cell::Cell;
use std::time::Duration;

use super::play::{Play, Played, pause, print};
use crate::child::{Act, Script};
use crate::event::{Exit, Outcome, Verdict};

/// Twenty numbers for the children of `read`, which say more.
fn job(says: &str) -> String {
    let head = "[queue.q]\nitems = { range = [0, 20] }\n[process.read]\ncommand = [\"read\"]";
    format!(
        "{head}\nconsumes = \"q\"\ndeliver = \"stream\"\npool = \"p\"\n{says}\n[pool.p]\nsize = 4"
    )
}

const SECOND: Duration = Duration::from_secs(1);

fn numbers(played: &Played) -> Vec<u32> {
    let printed = played.printed("read");
    let mut numbers: Vec<_> = printed.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_reader_gets_everything_and_then_the_end() {
    let played = Play::toml(&job("workers = 1")).run(|_| Script::new([Act::Work(99, SECOND)]));
    let played = played.exits(0);
    assert_eq!(numbers(&played), (0..20).collect::<Vec<_>>());
    assert_eq!((played.queue("q"), played.started), ([20, 20, 0, 0], 1));
}

#[test]
fn items_go_to_who_is_free() {
    let played = Play::toml(&job("workers = 4")).run(|_| Script::new([Act::Work(99, SECOND)]));
    let played = played.exits(0);
    assert_eq!(played.queue("q"), [20, 20, 0, 0]);
    assert!(played.took() < 8_000, "{}", played.took());
}

#[test]
fn an_endless_reader_is_ended_once_it_has_read_everything_and_is_quiet() {
    let says = "workers = 1\non-end = \"terminate\"\nsettle = \"3s\"";
    let script = || Script::new([Act::Work(99, 2 * SECOND), Act::Hang]);
    let played = Play::toml(&job(says)).run(move |_| script()).exits(0);
    assert_eq!(numbers(&played), (0..20).collect::<Vec<_>>());
    assert_eq!(played.ends("read"), [(Exit::Signal(15), Verdict::Ended)]);
    assert_eq!(played.outcome("read").0, Outcome::Stopped);
    assert!((43_000..44_000).contains(&played.took()), "{}", played.took());
}

#[test]
fn a_deaf_endless_reader_is_killed_after_its_grace() {
    let says = "workers = 1\non-end = \"terminate\"\nstop = { grace = \"1m\" }";
    let script = || Script::new([Act::ReadAll, Act::Hang]).deaf();
    let played = Play::toml(&job(says)).run(move |_| script()).exits(0);
    assert_eq!(played.ends("read"), [(Exit::Signal(9), Verdict::Ended)]);
    assert_eq!(played.queue("q"), [20, 20, 0, 0]);
    assert!((61_000..62_000).contains(&played.took()), "{}", played.took());
}

#[test]
fn a_reader_that_leaves_early_leaves_the_rest_to_fresh_ones() {
    for on_end in ["eof", "terminate"] {
        let says = format!("workers = 1\non-end = \"{on_end}\"");
        let played = Play::toml(&job(&says)).run(|_| Script::new([Act::Work(6, SECOND)]));
        let played = played.exits(0);
        assert_eq!(numbers(&played), (0..20).collect::<Vec<_>>(), "{on_end}");
        assert_eq!((played.queue("q"), played.started), ([20, 20, 0, 0], 4), "{on_end}");
    }
}

#[test]
fn a_reader_that_closes_its_input_and_lives_on_holds_nobody_up() {
    for (on_end, lives) in [("eof", pause(60_000)), ("terminate", Act::Hang)] {
        let says = format!("workers = 1\non-end = \"{on_end}\"");
        let script = move || Script::new([Act::Work(15, SECOND), Act::Close, lives.clone()]);
        let played = Play::toml(&job(&says)).run(move |_| script()).exits(0);
        assert_eq!(numbers(&played), (0..20).collect::<Vec<_>>(), "{on_end}");
        assert_eq!((played.queue("q"), played.started), ([20, 20, 0, 0], 2), "{on_end}");
    }
}

#[test]
fn a_reader_that_reads_nothing_fails() {
    let exits = |acts: Vec<Act>| Script::new(acts);
    for (on_end, acts) in
        [("eof", vec![]), ("terminate", vec![]), ("terminate", vec![Act::Close, Act::Hang])]
    {
        let says = format!("workers = 1\non-end = \"{on_end}\"");
        let played = Play::toml(&job(&says)).run(move |_| exits(acts.clone())).exits(1);
        let (outcome, reason) = played.outcome("read");
        assert_eq!(outcome, Outcome::Failed);
        assert!(reason.contains("before it had read an item"), "{on_end}: {reason}");
        assert_eq!(played.queue("q"), [20, 0, 0, 20]);
    }
}

#[test]
fn of_two_workers_one_dies_and_the_process_fails_with_every_item_accounted_for() {
    let job = r#"
[queue.q]
[pool.p]
size = 2

[process.make]
command = ["make"]
produces = "q"

[process.read]
command = ["read", "{slot}"]
consumes = "q"
deliver = "stream"
workers = 2
pool = "p"
"#;
    let played = Play::toml(job).run(|called| match &called.argv.join(" ")[..] {
        "make" => Script::new([print("1 2 3 4 5 6 7 8"), pause(100)]),
        "read 0" => Script::new([Act::Work(2, SECOND), pause(3_000)]).exit(9),
        _ => Script::new([Act::Work(99, SECOND)]),
    });
    let played = played.exits(1);
    assert_eq!(played.outcome("read").0, Outcome::Failed);
    let [put, done, dead, left] = played.queue("q");
    assert_eq!((put, done + dead + left), (8, 8));
    assert!(dead >= 2 && done >= 2, "{dead} {done}");
}

#[test]
fn items_that_come_back_after_the_end_get_a_fresh_reader() {
    // One takes its time over its first item and leaves the next; the other has seen the end.
    let job = r#"
[queue.q]
items = ["a", "b", "c"]
[pool.p]
size = 2

[process.read]
command = ["read"]
consumes = "q"
deliver = "stream"
workers = 2
pool = "p"
ON-END
"#;
    for on_end in ["", "on-end = \"terminate\""] {
        let first = Cell::new(true);
        let played = Play::toml(&job.replace("ON-END", on_end)).run(move |_| {
            if first.replace(false) {
                Script::new([Act::Work(1, 60 * SECOND)])
            } else {
                Script::new([Act::Work(99, SECOND)])
            }
        });
        let played = played.exits(0);
        assert_eq!(played.queue("q"), [3, 3, 0, 0]);
        assert_eq!(played.starts("read")[2], 60_000);
    }
}

#[test]
fn a_slow_reader_of_a_full_queue_is_no_standstill() {
    let job = r#"
[queue.in]
items = ["a", "b"]
[queue.out]
capacity = 1
[process.stage]
command = ["stage", "{item}"]
consumes = "in"
produces = "out"
[process.read]
command = ["read"]
consumes = "out"
deliver = "stream"
workers = 1
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "stage" => Script::new([print("1 2 3 4")]),
        _ => Script::new([Act::Work(99, 60 * SECOND)]),
    });
    let played = played.exits(0);
    assert_eq!((played.queue("in"), played.queue("out")), ([2, 2, 0, 0], [8, 8, 0, 0]));
}

#[test]
fn what_a_stream_prints_counts_only_once_it_has_passed() {
    let job = r#"
[queue.q]
items = ["a", "b"]
[queue.out]
[process.read]
command = ["read"]
consumes = "q"
deliver = "stream"
workers = 1
produces = "out"
ACK
[process.last]
command = ["last"]
consumes = "out"
deliver = "stream"
workers = 1
"#;
    for (ack, counts) in [("", 0), ("ack = \"read\"", 2)] {
        let played =
            Play::toml(&job.replace("ACK", ack)).run(|called| match called.process.as_str() {
                "read" => Script::new([Act::Work(2, SECOND)]).exit(1),
                _ => Script::new([Act::Copy]),
            });
        let played = played.exits(1);
        assert_eq!(played.queue("out"), [counts, counts, 0, 0], "{ack}");
        let dead = if ack.is_empty() { 2 } else { 0 };
        assert_eq!(played.queue("q"), [2, 2 - dead, dead, 0], "{ack}");
    }
}

#[test]
fn a_reader_is_replaced_after_so_many_items() {
    let job = r#"
[queue.q]
items = ["a", "b", "c", "d", "e", "f", "g", "h"]

[process.read]
command = ["read"]
consumes = "q"
deliver = "stream"
workers = 1
recycle = { items = 3 }
"#;
    let played = Play::toml(job).run(|_| Script::new([Act::Copy])).exits(0);
    assert_eq!((played.queue("q"), played.started), ([8, 8, 0, 0], 3));
    assert_eq!(played.printed("read"), "a\nb\nc\nd\ne\nf\ng\nh\n");
    assert_eq!(played.outcome("read").0, Outcome::Passed);
}
