//! Stops: what is asked of a run from outside, and what breaks.

use std::io::ErrorKind;
use std::time::Duration;

use super::play::{Play, takes};
use crate::child::{Act, Script};
use crate::engine::Fault;
use crate::event::{EventKind, Exit, Outcome, Stop, Verdict};

/// Two that run, one that waits for them, one that cleans up.
const JOB: &str = r#"
[process.polite]
command = ["polite"]

[process.deaf]
command = ["deaf"]

[process.next]
command = ["next"]
needs = ["polite"]

[process.cleanup]
command = ["cleanup"]
needs = ["polite", "deaf"]
run = "always"
"#;

const SOON: Duration = Duration::from_secs(60);

fn script(called: &super::play::Called) -> Script {
    match called.process.as_str() {
        "polite" => Script::new([Act::Hang]),
        "deaf" => Script::new([Act::Hang]).deaf(),
        _ => takes(5_000),
    }
}

#[test]
fn a_stop_is_a_signal_a_grace_and_a_cleanup() {
    let played = Play::toml(JOB).stop(SOON, Stop::Interrupt).run(script).exits(130);
    assert_eq!(played.ends("polite"), [(Exit::Signal(15), Verdict::Stopped)]);
    assert_eq!(played.ends("deaf"), [(Exit::Signal(9), Verdict::Stopped)]);
    assert_eq!(played.outcome("next").0, Outcome::Skipped);
    assert_eq!(played.outcome("cleanup").0, Outcome::Passed);
    assert_eq!(played.took(), 75_000);
}

#[test]
fn a_second_stop_kills_now() {
    let play = Play::toml(JOB).stop(SOON, Stop::Interrupt);
    let play = play.stop(SOON + Duration::from_secs(1), Stop::Terminate);
    let played = play.run(script).exits(130);
    assert_eq!(played.ends("deaf"), [(Exit::Signal(9), Verdict::Stopped)]);
    assert_eq!(played.outcome("cleanup").0, Outcome::Skipped);
    assert_eq!(played.took(), 61_000);
}

#[test]
fn a_cleanup_that_does_not_end_meets_the_ceiling() {
    let script = |called: &super::play::Called| match called.process.as_str() {
        "polite" | "deaf" => takes(60_000),
        _ => Script::new([Act::Hang]),
    };
    let played = Play::toml(JOB).stop(SOON / 2, Stop::Terminate).run(script).exits(130);
    assert_eq!(played.ends("cleanup"), [(Exit::Signal(9), Verdict::Stopped)]);
    // It was started when the last child had its signal, and had a grace and a little more.
    assert_eq!(played.took(), 40_800);
}

#[test]
fn a_killed_producer_does_not_wait_for_a_reader_that_waits_for_its_end() {
    let job = r#"
[limits]
on-failure = "ON-FAILURE"

[queue.q]
capacity = 2

[process.make]
command = ["make"]
produces = "q"

[process.other]
command = ["other"]

[process.late]
command = ["late", "{item}"]
consumes = "q"
needs = [{ process = "make", when = "failed" }]

[process.early]
command = ["early"]
consumes = "q"
deliver = "stream"
"#;
    for (on_failure, stop, exit) in [("kill", None, 1), ("no-new", Some(Stop::Terminate), 130)] {
        let mut play = Play::toml(&job.replace("ON-FAILURE", on_failure));
        if let Some(stop) = stop {
            play = play.stop(SOON, stop);
        }
        let played = play.run(move |called| match called.process.as_str() {
            "make" => Script::new([super::play::print("a b c d e f"), Act::Hang]),
            "other" => takes(30_000).exit(i32::from(stop.is_none())),
            _ => Script::new([Act::Hang]),
        });
        let played = played.exits(exit);
        assert!(played.took() < 72_000, "{on_failure}: {}", played.took());
        let [put, done, dead, left] = played.queue("q");
        assert_eq!((put, done + dead), (left, 0), "{on_failure}");
    }
}

#[test]
fn hang_up_lets_run_what_runs() {
    let script = |_: &super::play::Called| takes(90_000);
    let played = Play::toml(JOB).stop(SOON, Stop::Finish).run(script).exits(130);
    assert_eq!(played.outcome("polite").0, Outcome::Passed);
    assert_eq!(played.outcome("next").0, Outcome::Skipped);
}

#[test]
fn a_reader_of_the_output_that_leaves_is_a_quiet_stop() {
    let played =
        Play::toml(JOB).breaks(ErrorKind::BrokenPipe).run(|called| match called.process.as_str() {
            "polite" => takes(1000),
            _ => Script::new([Act::Hang]),
        });
    assert_eq!(played.ended.as_ref().unwrap().exit, 141);
}

#[test]
fn output_that_can_not_be_written_is_a_fault() {
    let played = Play::toml(JOB).breaks(ErrorKind::StorageFull).run(|called| {
        match called.process.as_str() {
            "polite" => takes(1000),
            _ => Script::new([Act::Hang]).deaf(),
        }
    });
    let last = played.events.last().unwrap();
    assert!(matches!(last.kind, EventKind::AttemptEnded { .. }), "{last:?}");
    assert!(matches!(played.ended, Err(Fault::Output(_))), "{:?}", played.ended);
}

#[test]
fn what_was_asked_to_stop_before_it_began_never_begins() {
    let played = Play::toml("[process.a]\ncommand = [\"a\"]")
        .stop(Duration::ZERO, Stop::Kill)
        .run(|_| Script::new([Act::Hang]));
    assert_eq!(played.exits(130).outcome("a").0, Outcome::Stopped);
}

#[test]
fn a_queue_under_way_is_stopped_and_nothing_is_counted_twice() {
    let job = r#"
[queue.first]
items = { range = [0, 1000000000] }

[queue.second]

[process.one]
command = ["one", "{item}"]
consumes = "first"
produces = "second"

[process.two]
command = ["two", "{item}"]
consumes = "second"
"#;
    let played = Play::toml(job)
        .stop(SOON, Stop::Terminate)
        .run(|called| Script::new([super::play::pause(300), super::play::print(&called.item)]));
    let played = played.exits(130);
    for queue in ["first", "second"] {
        let [put, done, dead, left] = played.queue(queue);
        assert_eq!((put, dead), (done + left, 0), "{queue}");
        assert!(done > 100, "{queue}: {done}");
    }
}
