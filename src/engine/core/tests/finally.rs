//! Finally: what runs after a node, when, and what its own end means.

use std::time::Duration;

use super::story::{begin, begin_late};
use crate::event::{EventKind, Exit, Stop};
use crate::model::AttemptId;

#[test]
fn it_runs_once_after_the_last_try_and_before_the_end() {
    let mut body = begin("a retry 1 | finally finally\nb needs a");
    body.exit("a", 3);
    assert_eq!(body.running(), "a");
    body.exit("a", 0);
    assert_eq!((body.running(), body.ends()), ("~a".into(), String::new()));
    body.exit("a", 0);
    assert_eq!((body.running(), body.ends()), ("~a".into(), String::new()));
    body.exit("a", 0);
    assert_eq!((body.running(), body.ends()), ("b".into(), "a flaky, ".into()));
}

#[test]
fn it_has_the_slots_of_what_it_comes_after() {
    let mut body = begin("pool p 1\na pool p | finally\nb pool p");
    body.exit("a", 0);
    assert_eq!(body.running(), "~a");
    body.exit("a", 0);
    assert_eq!(body.running(), "b");
}

#[test]
fn one_that_fails_fails_what_had_passed_and_nothing_else() {
    let mut body = begin("limits continue\na | finally\nb | finally\nc | finally allow");
    for (name, code) in [("a", 0), ("b", 2), ("c", 0)] {
        body.exit(name, code);
        body.exit(name, 3);
    }
    assert_eq!(body.ends(), "a failed, b failed, c allowed-failure, exit 1");
    assert_eq!(body.reason("a"), "finally: exit code 3");
    assert_eq!(body.reason("b"), "");
    assert_eq!(body.reason("c"), "finally: exit code 3");
    assert_eq!(body.count(|kind| matches!(kind, EventKind::FinallyStarted { .. })), 3);
}

#[test]
fn it_is_told_how_the_process_ended() {
    let mut body = begin(
        "limits cpus 6\nlimits continue\na retry 1 | finally\nb | finally\nc | finally\n\
         d | finally allow\ne | finally allow timeout 2\nf | finally allow",
    );
    body.exit("a", 1);
    for (name, code) in [("a", 0), ("b", 7), ("d", 5)] {
        body.exit(name, code);
    }
    body.die("c", 11);
    body.die("f", 9);
    body.seconds(2);
    body.die("e", 15);
    let told = |name: &str| {
        let finally = body.children[&body.child(name)].start.finally.expect("it runs after it");
        (finally.outcome.word(), finally.code)
    };
    assert_eq!(told("a"), ("passed", Some(0)));
    assert_eq!(told("b"), ("failed", Some(7)));
    assert_eq!(told("c"), ("failed", None));
    assert_eq!(told("d"), ("failed", Some(5)));
    assert_eq!(told("e"), ("timed-out", None), "that it may fail hides nothing");
    assert_eq!(told("f"), ("killed", None));
}

#[test]
fn a_stop_lets_it_run_for_its_grace_and_a_second_one_does_not() {
    let mut body = begin("a | finally grace 3\nb | finally grace 3");
    body.exit("a", 0);
    body.stop(Stop::Interrupt);
    assert_eq!(body.running(), "b- ~a");
    body.die("b", 15);
    assert_eq!(body.running(), "~a ~b");
    body.seconds(3);
    assert_eq!(body.running(), "~a! ~b!");
    body.die("a", 9);
    body.die("b", 9);
    assert_eq!(body.ends(), "a stopped, b stopped, exit 130");
    assert_eq!(body.reason("a"), "finally: the run was stopped");

    let mut body = begin("a | finally\nb | finally");
    body.exit("a", 0);
    body.stop(Stop::Interrupt);
    body.stop(Stop::Interrupt);
    assert_eq!(body.running(), "b-! ~a!");
    body.die("b", 9);
    body.die("a", 9);
    assert_eq!(body.ends(), "a stopped, b stopped, exit 130");
}

#[test]
fn it_is_bounded() {
    let mut body = begin("a | finally timeout 2 grace 1\nb | finally");
    body.exit("a", 0);
    body.exit("b", 0);
    body.seconds(2);
    assert_eq!(body.running(), "~a- ~b");
    body.seconds(1);
    assert_eq!(body.running(), "~a-! ~b");
    body.die("a", 9);
    assert_eq!(body.reason("a"), "finally: timed out (total of 2s)");
    body.seconds(297);
    assert_eq!(body.running(), "~b-");
}

#[test]
fn a_consumer_has_one_after_its_last_item_and_a_service_after_its_end() {
    let mut body = begin("queue q 1 2\na reads q | workers 1 finally");
    body.exit("a", 0);
    assert_eq!(body.running(), "a");
    body.exit("a", 0);
    assert_eq!(body.running(), "~a");
    body.exit("a", 0);
    assert_eq!(body.ends(), "a passed, exit 0");

    let mut body = begin("s service! | finally\na needs s | finally");
    body.exit("a", 0);
    assert_eq!(body.running(), "s ~a");
    body.exit("a", 0);
    assert_eq!(body.running(), "s-");
    body.die("s", 15);
    assert_eq!(body.running(), "~s");
    body.exit("s", 4);
    assert_eq!(body.ends(), "s failed, a passed, exit 1");
}

#[test]
fn nothing_new_starts_while_it_runs_after_a_failure() {
    let mut body = begin("limits jobs 1\na priority 1 | finally\nb");
    body.exit("a", 1);
    assert_eq!(body.running(), "~a");
    assert_eq!(body.reason("b"), "the run has failed");
    body.exit("a", 0);
    assert_eq!(body.ends(), "a failed, b skipped, exit 1");
}

#[test]
fn what_never_started_has_none() {
    let mut body = begin_late("a | finally");
    body.cannot_start("a", "there is no a");
    assert_eq!((body.running(), body.ends()), (String::new(), "a failed, exit 1".into()));
}

/// Found by the first law.
#[test]
fn a_cell_that_fails_ends_the_others_and_leaves_what_runs_after_them() {
    let mut body = begin("a matrix k=1,2,3 | finally fails-fast");
    let third = body.child("a (3)");
    body.exit("a (1)", 0);
    body.exit("a (2)", 1);
    assert_eq!(body.running(), "a (3)- ~a (1) ~a (2)");
    body.end_child(third, Exit::Signal(15));
    assert_eq!(body.running(), "~a (1) ~a (2) ~a (3)");
    body.all_pass();
    assert_eq!(body.ends(), "a (1) passed, a (2) failed, a (3) stopped, exit 1");
}

#[test]
fn one_that_can_not_be_started_is_told() {
    let mut body = begin("a | finally");
    body.exit("a", 0);
    body.cannot_start("a", "it was not found");
    assert_eq!(body.reason("a"), "finally: not started: it was not found");
    let last = body.events.iter().rev().find_map(|kind| match kind {
        EventKind::FinallyEnded { attempt, exit, took, .. } => {
            Some((*attempt, exit.clone(), *took))
        }
        _ => None,
    });
    let (attempt, exit, took) = last.expect("it ended");
    assert_eq!((attempt, took), (AttemptId(1), Duration::ZERO));
    assert!(matches!(exit, Exit::NotStarted(_)));
}

#[test]
fn a_cell_that_has_ended_but_for_it_is_ended_by_no_other() {
    let mut body = begin("limits continue\na matrix k=1,2 | fails-fast finally");
    body.exit("a (1)", 0);
    body.exit("a (2)", 1);
    assert_eq!(body.running(), "~a (1) ~a (2)");
    body.exit("a (2)", 0);
    body.exit("a (1)", 0);
    assert_eq!(body.ends(), "a (1) passed, a (2) failed, exit 1");
}
