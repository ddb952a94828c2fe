//! Items that get a child of their own, and stages of queues.

use super::play::{Play, echo, pause, print, takes};
use crate::child::{Act, Script};
use crate::event::{EventKind, Outcome};

/// A producer, a stage and a reader.
const STAGES: &str = r#"
[queue.in]
items = ["a", "b", "bad", "c"]

[queue.out]

[process.stage]
command = ["stage", "{item}"]
consumes = "in"
produces = "out"
workers = 2
retry = 1

[process.read]
command = ["read", "{item}"]
consumes = "out"
workers = 1
"#;

#[test]
fn what_a_failed_attempt_printed_goes_nowhere() {
    let played = Play::toml(STAGES).run(|called| match called.process.as_str() {
        "stage" if called.item == "bad" => Script::new([print("torn-1 torn-2")]).exit(1),
        "stage" if called.attempt == 1 => Script::new([print("first"), pause(10)]).exit(1),
        "stage" => Script::new([print(&called.item)]),
        _ => echo(called),
    });
    let played = played.exits(1);
    assert_eq!(played.queue("in"), [4, 3, 1, 0]);
    let mut read: Vec<_> = played.printed("read").lines().map(str::to_owned).collect();
    read.sort_unstable();
    assert_eq!(read, ["a", "b", "c"]);
    let dead = |kind: &EventKind| match kind {
        EventKind::ItemDead { item, attempts, bytes, .. } => {
            Some((item.id.clone(), *attempts, bytes.clone()))
        }
        _ => None,
    };
    let dead: Vec<_> = played.events.iter().filter_map(|event| dead(&event.kind)).collect();
    let [(id, attempts, bytes)] = &dead[..] else { panic!("one is dead: {dead:?}") };
    assert_eq!((id.as_str(), *attempts, &bytes.0[..]), ("in:2", 2, &b"bad"[..]));
}

#[test]
fn what_a_failing_producer_made_is_worked_off() {
    let job = r#"
[queue.q]

[process.make]
command = ["make"]
produces = "q"

[process.use]
command = ["use", "{item}"]
consumes = "q"
workers = 1
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "make" => Script::new([print("a b c"), Act::Stdout("torn".into())]).exit(1),
        _ => Script::new([pause(60_000), print(&called.item)]),
    });
    let played = played.exits(1);
    assert_eq!(played.queue("q"), [3, 3, 0, 0]);
    assert_eq!(played.printed("use"), "a\nb\nc\n");
    assert_eq!(played.outcome("use").0, Outcome::Passed);
    let (outcome, reason) = played.outcome("make");
    assert_eq!(outcome, Outcome::Failed);
    assert!(reason.contains("the item at byte 6 is torn, 4 bytes"), "{reason}");
}

#[test]
fn retries_that_are_due_are_not_the_end_of_a_queue() {
    let job = r#"
[queue.q]
items = ["a"]

[process.use]
command = ["use", "{item}"]
consumes = "q"
retry = { max = 2, backoff = "1h..1h", jitter = 0 }
"#;
    let played = Play::toml(job).run(|called| takes(1000).exit(i32::from(called.attempt < 3)));
    let played = played.exits(0);
    assert_eq!(played.outcome("use").0, Outcome::Flaky);
    assert_eq!(played.took(), 7_203_000);
}

#[test]
fn when_no_reader_can_start_the_producer_is_stopped() {
    let job = r#"
[queue.q]
capacity = 2

[process.make]
command = ["make"]
produces = "q"

[process.use]
command = ["use"]
consumes = "q"
deliver = "stdin"
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "make" => Script::new(std::iter::repeat_n(print("x y z"), 99_999)),
        _ => Script::cannot("`use` was not found in PATH"),
    });
    let played = played.exits(1);
    assert_eq!(played.outcome("use").0, Outcome::Failed);
    let (outcome, reason) = played.outcome("make");
    assert_eq!(outcome, Outcome::Stopped);
    assert!(reason.starts_with("nobody is left to read queue `q`: `use` ended"), "{reason}");
    let [put, done, dead, left] = played.queue("q");
    assert_eq!((put, done, dead), (left, 0, 0));
}

#[test]
fn an_item_whose_output_nobody_reads_is_not_done() {
    let job = r#"
[queue.in]
items = ["a", "b", "c"]

[queue.out]
capacity = 1

[process.stage]
command = ["stage", "{item}"]
consumes = "in"
produces = "out"
workers = 1

[process.read]
command = ["read"]
consumes = "out"
deliver = "stream"
workers = 1
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "stage" => Script::new([print("1 2 3 4 5")]),
        _ => Script::new([Act::Work(1, std::time::Duration::from_secs(5))]).exit(1),
    });
    let played = played.exits(1);
    assert_eq!(played.queue("in"), [3, 0, 0, 3]);
    let [put, done, dead, left] = played.queue("out");
    assert_eq!((put, done), (dead + left, 0));
}

#[test]
fn a_child_that_does_not_read_its_item_may_pass() {
    let job = r#"
[queue.q]
items = ["a", "b"]

[process.use]
command = ["use"]
consumes = "q"
deliver = "stdin"
workers = 2
"#;
    let played = Play::toml(job).run(|_| Script::new([Act::Close, pause(1000)]));
    assert_eq!(played.exits(0).queue("q"), [2, 2, 0, 0]);
}

#[test]
fn the_output_of_a_process_is_a_word_and_a_payload_again_and_again() {
    let job = r#"
[queue.q]
items = ["x", "y"]

[process.who]
command = ["who"]
retry = 1

[process.say]
command = ["say", "{item}", "{process.who.stdout}"]
consumes = "q"
workers = 1

[process.copy]
command = ["copy"]
stdin = { process = "who" }
retry = 1
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "who" if called.attempt == 1 => Script::new([print("wrong")]).exit(1),
        "who" => Script::new([print("right")]),
        "say" => Script::new([print(&called.argv.join("-"))]),
        _ => Script::new([Act::Copy]).exit(i32::from(called.attempt == 1)),
    });
    let played = played.exits(0);
    assert_eq!(played.printed("say"), "say-x-right\nsay-y-right\n");
    assert_eq!(played.printed("copy"), "right\nright\n");
}
