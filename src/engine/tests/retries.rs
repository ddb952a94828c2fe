//! Retries, timeouts and deadlines, in virtual hours.

use super::play::{Play, pause, print, takes};
use crate::child::{Act, Script};
use crate::event::{EventKind, Exit, Outcome, Verdict};

#[test]
fn a_backoff_doubles_through_an_hour() {
    let job = r#"
[process.a]
command = ["a"]
retry = { max = 4, backoff = "10m..30m", jitter = 0 }
"#;
    let played = Play::toml(job)
        .run(|called| if called.attempt < 5 { takes(1000).exit(7) } else { takes(1000) });
    let played = played.exits(0);
    // Each try takes a second; the waits between are 10, 20, 30 and 30 minutes.
    assert_eq!(played.starts("a"), [0, 601_000, 1_802_000, 3_603_000, 5_404_000]);
    assert_eq!(played.outcome("a"), (Outcome::Flaky, String::new()));
}

#[test]
fn attempts_end() {
    let job = "[process.a]\ncommand = [\"a\"]\nretry = 2";
    let played = Play::toml(job).run(|_| takes(5).exit(1)).exits(1);
    assert_eq!(played.ends("a"), vec![(Exit::Code(1), Verdict::Failed); 3]);
}

#[test]
fn a_timeout_is_a_signal_and_then_the_end_of_the_grace() {
    let job = r#"
[process.polite]
command = ["polite"]
timeout = "1m"

[process.deaf]
command = ["deaf"]
timeout = "1m"
stop = { grace = "5s" }
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "deaf" => Script::new([Act::Hang]).deaf(),
        _ => Script::new([Act::Hang]),
    });
    let played = played.exits(1);
    assert_eq!(played.ends("polite"), [(Exit::Signal(15), Verdict::TimedOut)]);
    assert_eq!(played.ends("deaf"), [(Exit::Signal(9), Verdict::TimedOut)]);
    assert_eq!(played.took(), 65_000);
}

#[test]
fn silence_is_counted_from_the_last_output() {
    let job = "[process.a]\ncommand = [\"a\"]\ntimeout = { idle = \"10s\" }";
    let script = || {
        let said = (0..3).flat_map(|_| [pause(9_000), print("still here")]);
        Script::new(said.chain([Act::Hang]))
    };
    let played = Play::toml(job).run(move |_| script()).exits(1);
    assert_eq!(played.outcome("a").0, Outcome::TimedOut);
    assert_eq!(played.took(), 37_000);
}

#[test]
fn who_is_held_up_by_a_full_queue_is_not_silent() {
    let job = r#"
[queue.q]
capacity = 1

[process.make]
command = ["make"]
produces = "q"
timeout = { idle = "10s" }

[process.use]
command = ["use", "{item}"]
consumes = "q"
workers = 1
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "make" => Script::new([print("a b c d")]),
        _ => takes(60_000),
    });
    let played = played.exits(0);
    assert_eq!(played.queue("q"), [4, 4, 0, 0]);
    assert_eq!(played.took(), 240_000);
}

#[test]
fn the_run_has_a_deadline() {
    let job = r#"
[limits]
timeout = "30m"

[process.a]
command = ["a"]

[process.b]
command = ["b"]
needs = ["a"]

[process.after]
command = ["after"]
needs = ["a"]
run = "always"
"#;
    let played = Play::toml(job).run(|called| match called.process.as_str() {
        "a" => Script::new([Act::Hang]),
        _ => takes(1000),
    });
    let played = played.exits(1);
    assert_eq!(played.outcome("a").0, Outcome::Stopped);
    assert_eq!(played.outcome("b").0, Outcome::Skipped);
    assert_eq!(played.outcome("after").0, Outcome::Passed);
    assert_eq!(played.took(), 1_801_000);
}

#[test]
fn a_start_is_told_before_output_and_output_before_the_end() {
    let job = "[process.a]\ncommand = [\"a\"]";
    let played = Play::toml(job).run(|_| Script::new([print("x"), print("y")])).exits(0);
    let told: Vec<_> = played.events.iter().filter_map(|event| letter(&event.kind)).collect();
    assert_eq!(told.concat(), "(x)!");
    assert_eq!(played.printed("a"), "x\ny\n");
}

#[test]
fn items_that_can_not_be_had_fail_who_wants_them() {
    let job = r#"
[limits]
on-failure = "kill"

[queue.q]
items = { file = "missing" }

[process.use]
command = ["use", "{item}"]
consumes = "q"

[process.long]
command = ["long"]
"#;
    let played = Play::toml(job).run(|_| Script::new([Act::Hang])).exits(1);
    let (outcome, reason) = played.outcome("use");
    assert_eq!(outcome, Outcome::Failed);
    assert!(reason.contains("missing"), "{reason}");
    assert_eq!(played.outcome("long").0, Outcome::Stopped);
    assert!(played.took() < 100, "{}", played.took());
}

fn letter(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::AttemptStarted { .. } => Some("("),
        EventKind::Output { .. } => Some("x"),
        EventKind::AttemptEnded { .. } => Some(")"),
        EventKind::NodeEnded { .. } => Some("!"),
        _ => None,
    }
}
