//! Retries: what is tried again, when, and as what it ends.

use std::time::Duration;

use super::story::begin;
use crate::event::{EventKind, Stop};

#[test]
fn passing_on_a_retry_is_flaky() {
    let mut run = begin("a retry 2\nb needs a");
    run.exit("a", 1);
    run.exit("a", 1);
    assert_eq!(run.running(), "a");
    run.exit("a", 0);
    run.exit("b", 0);
    assert_eq!(run.ends(), "a flaky, b passed, exit 0");
}

#[test]
fn two_retries_are_three_attempts() {
    let mut run = begin("a retry 2");
    for _ in 0..3 {
        run.exit("a", 1);
    }
    assert_eq!(run.ends(), "a failed, exit 1");
    assert_eq!(run.count(|kind| matches!(kind, EventKind::AttemptStarted { .. })), 3);
    let again = |kind: &EventKind| matches!(kind, EventKind::AttemptEnded { again: Some(_), .. });
    assert_eq!(run.count(again), 2);
}

#[test]
fn the_wait_doubles_up_to_its_bound() {
    let mut run = begin("a retry 4 | backoff 1 4");
    for wait in [1, 2, 4, 4] {
        run.exit("a", 1);
        assert_eq!(run.running(), "");
        run.pass(Duration::from_millis(wait * 1000 - 1));
        assert_eq!(run.running(), "");
        run.pass(Duration::from_millis(1));
        assert_eq!(run.running(), "a");
    }
}

#[test]
fn only_what_is_named_is_tried_again() {
    let attempts = |says: &str, end: &dyn Fn(&mut super::body::Body)| {
        let mut run = begin(&format!("a retry 1 | {says}"));
        end(&mut run);
        run.running() == "a"
    };
    assert!(attempts("on 75", &|run| run.exit("a", 75)));
    assert!(!attempts("on 75", &|run| run.exit("a", 1)));
    assert!(!attempts("never 64", &|run| run.exit("a", 64)));
    assert!(attempts("never 64", &|run| run.exit("a", 1)));
    assert!(attempts("on signal", &|run| run.die("a", 9)));
    assert!(!attempts("on signal", &|run| run.exit("a", 1)));
    let timed_out = |run: &mut super::body::Body| {
        run.seconds(1);
        run.die("a", 15);
    };
    assert!(attempts("timeout 1 on timeout", &timed_out));
    assert!(!attempts("timeout 1 on signal", &timed_out), "it was the runner who sent it");
    assert!(!attempts("on signal", &|run| run.exit_with("a", |ended| {
        ended.exit = crate::event::Exit::Signal(9);
        ended.fault = Some("an item is too long".to_owned());
    })));
}

#[test]
fn what_waits_for_its_retry_when_the_run_stops_has_failed() {
    let mut run = begin("a retry 1 | backoff 5 5\nb");
    run.exit("a", 1);
    run.exit("b", 1);
    assert_eq!(run.ends(), "a failed, b failed, exit 1");
    assert_eq!(run.reason("a"), "not tried again: the run has failed");
    let mut run = begin("a retry 1 | backoff 5 5 allow\nb");
    run.exit("a", 1);
    run.exit("b", 1);
    assert_eq!(run.ends(), "a allowed-failure, b failed, exit 1");
}

#[test]
fn what_waits_for_a_slot_for_its_retry_when_the_run_stops_has_failed() {
    let mut run = begin("limits jobs 1\na retry 1 | backoff 1 1\nb");
    run.exit("a", 1);
    assert_eq!(run.running(), "b");
    run.seconds(2);
    run.stop(Stop::Terminate);
    run.die("b", 15);
    assert_eq!(run.ends(), "a failed, b stopped, exit 143");
}

#[test]
fn nothing_is_tried_again_after_a_stop() {
    let mut run = begin("a retry 1\nb retry 1");
    run.stop(Stop::Finish);
    run.exit("a", 1);
    run.exit("b", 0);
    assert_eq!(run.ends(), "a failed, b passed, exit 1");
}

#[test]
fn an_item_is_tried_again_and_only_then_dead() {
    let mut run = begin("queue q 1 2\na reads q retry 1 | workers 1 backoff 1 1");
    run.exit("a", 1);
    assert_eq!(run.running(), "a", "the next item need not wait");
    run.exit("a", 0);
    run.seconds(1);
    run.exit("a", 1);
    assert_eq!(run.ends(), "a failed, exit 1");
    assert_eq!(run.reason("a"), "1 item is dead");
    let drained = |kind: &EventKind| {
        matches!(kind, EventKind::QueueDrained { done: 1, dead: 1, left: 0, .. })
    };
    assert_eq!(run.count(drained), 1);
}

#[test]
fn an_item_that_passes_on_a_retry_makes_its_consumer_flaky() {
    let mut run = begin("queue q 1\na reads q retry 1");
    run.exit("a", 1);
    run.seconds(0);
    run.exit("a", 0);
    assert_eq!(run.ends(), "a flaky, exit 0");
}

#[test]
fn an_item_with_tries_left_is_not_dead_when_the_run_stops() {
    let mut run = begin("queue q 1\na reads q retry 1");
    run.stop(Stop::Finish);
    run.exit("a", 1);
    assert_eq!(run.ends(), "a stopped, exit 1");
    let drained = |kind: &EventKind| {
        matches!(kind, EventKind::QueueDrained { done: 0, dead: 0, left: 1, .. })
    };
    assert_eq!(run.count(drained), 1);
}

#[test]
fn allowed_failures_are_shown_and_harm_nobody() {
    let mut run = begin("a | allow\nb | allows 3\nc | allows 3\nd needs a b");
    run.exit("a", 1);
    run.exit("b", 3);
    assert_eq!(run.running(), "c d");
    run.exit("c", 4);
    run.exit("d", 0);
    assert_eq!(run.ends(), "a allowed-failure, b allowed-failure, c failed, d passed, exit 1");
}

#[test]
fn allowed_codes_hold_for_items_too() {
    let mut run = begin("queue q 1 2\na reads q | allows 3\nb needs a");
    run.exit("a", 3);
    run.exit("a", 3);
    run.exit("b", 0);
    assert_eq!(run.ends(), "a allowed-failure, b passed, exit 0");
    let mut run = begin("queue q 1 2\na reads q | allows 3");
    run.exit("a", 3);
    run.exit("a", 4);
    assert_eq!(run.ends(), "a failed, exit 1");
}
