//! Stops: failures, deadlines and signals, and how long children have.

use super::story::begin;
use crate::event::{EventKind, Stop};

#[test]
fn after_a_failure_nothing_new_starts_and_what_runs_may_end() {
    let mut run = begin("limits jobs 2\na\nb\nc\nd needs b");
    run.exit("a", 1);
    assert_eq!(run.running(), "b");
    run.exit("b", 0);
    assert_eq!(run.ends(), "a failed, b passed, c skipped, d skipped, exit 1");
    assert_eq!(run.reason("c"), "the run has failed");
}

#[test]
fn kill_stops_what_runs() {
    let mut run = begin("limits kill\na\nb | grace 3\nmail | on-failure\nclean | always");
    assert_eq!(run.running(), "a b clean");
    run.exit("a", 1);
    assert_eq!(run.running(), "b- clean mail", "cleanup and notification are left alone");
    run.seconds(3);
    assert_eq!(run.running(), "b-! clean mail");
    run.die("b", 9);
    run.all_pass();
    assert_eq!(run.ends(), "a failed, b stopped, mail passed, clean passed, exit 1");
}

#[test]
fn continue_goes_on_with_what_does_not_need_it() {
    let mut run = begin("limits continue\nlimits jobs 1\na\nb needs a\nc");
    run.exit("a", 1);
    assert_eq!(run.running(), "c");
    run.all_pass();
    assert_eq!(run.ends(), "a failed, b skipped, c passed, exit 1");
}

#[test]
fn a_signal_stops_everything_and_only_always_still_runs() {
    for (stop, exit) in [(Stop::Terminate, 143), (Stop::Interrupt, 130)] {
        let mut run =
            begin("limits jobs 2\na | grace 2\nb\nc\nclean needs a | always\nmail | on-failure");
        run.stop(stop);
        assert_eq!(run.running(), "a- b-");
        run.die("a", 15);
        assert_eq!(run.running(), "b- clean");
        run.die("b", 15);
        run.exit("clean", 0);
        let ends = "a stopped, b stopped, c skipped, clean passed, mail skipped, exit ";
        assert_eq!(run.ends(), format!("{ends}{exit}"));
        assert_eq!(run.reason("c"), "the run was stopped");
    }
}

#[test]
fn a_second_signal_kills_at_once_and_once() {
    let mut run = begin("a | grace 5\nclean needs a | always\nb | always");
    run.stop(Stop::Interrupt);
    assert_eq!(run.running(), "a- b");
    run.stop(Stop::Terminate);
    assert_eq!(run.running(), "a-! b!");
    run.stop(Stop::Interrupt);
    run.seconds(10);
    run.die("a", 9);
    run.die("b", 9);
    assert_eq!(run.ends(), "a stopped, clean skipped, b stopped, exit 143");
    assert_eq!(run.count(|kind| matches!(kind, EventKind::AttemptKilled { .. })), 2);
}

#[test]
fn a_weaker_stop_never_replaces_a_stronger_one() {
    let mut run = begin("a\nb");
    run.stop(Stop::Terminate);
    run.stop(Stop::Finish);
    assert_eq!(run.referee.stop, Some(Stop::Terminate));
    run.die("a", 15);
    run.exit("b", 1);
    assert_eq!(run.referee.stop, Some(Stop::Terminate));
    assert_eq!(run.ends(), "a stopped, b stopped, exit 143");
}

#[test]
fn to_finish_is_to_end_what_runs() {
    let mut run = begin("limits jobs 1\na\nb\nclean | always");
    run.stop(Stop::Finish);
    assert_eq!(run.running(), "a");
    run.exit("a", 0);
    run.exit("clean", 0);
    assert_eq!(run.ends(), "a passed, b skipped, clean passed, exit 1");
}

#[test]
fn a_run_out_of_time_is_stopped_and_has_failed() {
    let mut run = begin("limits timeout 5\na | grace 2\nb needs a\nmail | on-failure");
    run.seconds(5);
    assert_eq!(run.running(), "a- mail");
    run.seconds(2);
    assert_eq!(run.running(), "a-! mail");
    run.die("a", 9);
    run.exit("mail", 0);
    assert_eq!(run.ends(), "a stopped, b skipped, mail passed, exit 1");
    assert_eq!(run.reason("b"), "needs `a`, which ended as stopped");
}

#[test]
fn an_attempt_out_of_time_is_asked_then_killed_and_timed_out() {
    let mut run = begin("a | timeout 3 slow 1 grace 2");
    let slow = |kind: &EventKind| matches!(kind, EventKind::AttemptSlow { .. });
    run.seconds(1);
    assert_eq!((run.running().as_str(), run.count(slow)), ("a", 1));
    run.seconds(2);
    assert_eq!(run.running(), "a-");
    run.seconds(2);
    assert_eq!(run.running(), "a-!");
    run.die("a", 9);
    assert_eq!(run.ends(), "a timed-out, exit 1");
    let mut run = begin("a | timeout 3 allow");
    run.seconds(3);
    run.exit("a", 0);
    assert_eq!(run.ends(), "a allowed-failure, exit 0", "too late is too late");
}

#[test]
fn an_attempt_that_had_no_turn_is_not_out_of_time() {
    let mut run = begin("a | timeout 3");
    run.machine.turns.waited = std::time::Duration::from_secs(5);
    run.seconds(3);
    assert_eq!(run.running(), "a");
    run.seconds(4);
    assert_eq!(run.running(), "a");
    run.seconds(1);
    assert_eq!(run.running(), "a-", "what was missed is made good once");
    run.die("a", 15);
    let why = |kind: &EventKind| match kind {
        EventKind::NodeEnded { reason, .. } => reason.clone(),
        _ => None,
    };
    let reasons: Vec<_> = run.events.iter().filter_map(why).collect();
    assert_eq!(reasons, ["total of 3s, beside 5s without a CPU"]);
}

#[test]
fn a_silent_attempt_is_out_of_time_too() {
    let mut run = begin("a");
    let attempt = run.child("a");
    run.on(crate::engine::core::Input::Idle { attempt });
    assert_eq!(run.running(), "a-");
    run.die("a", 15);
    assert_eq!(run.ends(), "a timed-out, exit 1");
}

#[test]
fn an_attempt_that_ended_rings_no_more() {
    let mut run = begin("a | timeout 3 slow 1\nb");
    run.exit("a", 0);
    assert_eq!(run.core.next_timer(), None);
    run.seconds(9);
    assert_eq!(run.running(), "b");
}

#[test]
fn killed_by_somebody_else_is_killed() {
    let mut run = begin("a");
    run.die("a", 9);
    assert_eq!(run.ends(), "a killed, exit 1");
}

#[test]
fn consumers_of_items_stop_where_they_are() {
    let mut run = begin("queue q 1 2 3\na reads q | workers 1\nb needs a");
    run.exit("a", 0);
    run.stop(Stop::Terminate);
    assert_eq!(run.running(), "a-");
    run.die("a", 15);
    assert_eq!(run.ends(), "a stopped, b skipped, exit 143");
    let drained = |kind: &EventKind| {
        matches!(kind, EventKind::QueueDrained { done: 1, dead: 0, left: 2, .. })
    };
    assert_eq!(run.count(drained), 1, "what a stop interrupts is not dead");
}

#[test]
fn dead_items_are_not_forgotten_over_a_stop() {
    let mut run = begin("queue q 1 2 3\na reads q | workers 1");
    run.exit("a", 1);
    run.stop(Stop::Terminate);
    run.die("a", 15);
    assert_eq!(run.ends(), "a failed, exit 143");
    assert_eq!(run.reason("a"), "1 item is dead");
}
