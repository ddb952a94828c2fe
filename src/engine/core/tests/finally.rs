//! Finally: what runs after a node, when, and what its own end means.

use std::time::Duration;

use super::body::Body;
use super::story::{begin, begin_late};
use crate::engine::core::Answer;
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

/// Three cells that wait for their next try, and one that runs.
const GIVEN_UP: &str = "pool p 2 | lends PORT 80 81\n\
                        a matrix k=1,2,3 retry 1 pool p | finally backoff 9 9 grace 3\nb pool p";

/// Returns the slot and the port of what runs after a node.
fn slot_of(body: &Body, name: &str) -> (Option<u32>, String) {
    let start = &body.children[&body.child(name)].start;
    let port = start.lent.first().map_or("none", |(_, port)| port);
    (start.finally.expect("it runs after it").slot, port.to_owned())
}

fn given_up() -> Body {
    let mut body = begin(GIVEN_UP);
    for cell in 1..=3 {
        body.exit(&format!("a ({cell})"), 1);
    }
    assert_eq!(body.running(), "b");
    body
}

#[test]
fn after_what_is_given_up_between_two_tries_it_waits_for_slots() {
    let mut body = given_up();
    body.exit("b", 1);
    assert_eq!(body.running(), "~a (1) ~a (2)");
    assert_eq!(body.waits(), ["`a (3)` waits: pool `p` 2/2"]);
    assert_eq!(slot_of(&body, "a (1)"), (Some(0), "80".to_owned()));
    assert_eq!(slot_of(&body, "a (2)"), (Some(1), "81".to_owned()));
    body.exit("a (2)", 0);
    assert_eq!(slot_of(&body, "a (3)"), (Some(1), "81".to_owned()));
    body.all_pass();
    assert_eq!(body.ends(), "a (1) failed, a (2) failed, a (3) failed, b failed, exit 1");
    assert_eq!(body.reason("a (3)"), "not tried again: the run has failed");
}

#[test]
fn while_a_run_stops_it_has_its_grace_from_when_it_has_slots() {
    let mut body = given_up();
    body.stop(Stop::Interrupt);
    assert_eq!(body.running(), "b- ~a (1)");
    body.seconds(2);
    body.die("b", 15);
    assert_eq!(body.running(), "~a (1) ~a (2)");
    body.seconds(1);
    assert_eq!(body.running(), "~a (1)! ~a (2)");
    body.die("a (1)", 9);
    assert_eq!(body.running(), "~a (2) ~a (3)");
    body.seconds(2);
    assert_eq!(body.running(), "~a (2)! ~a (3)");
    body.seconds(1);
    assert_eq!(body.running(), "~a (2)! ~a (3)!");
    body.die("a (2)", 9);
    body.die("a (3)", 9);
    assert_eq!(body.ends(), "a (1) failed, a (2) failed, a (3) failed, b stopped, exit 130");
}

#[test]
fn a_second_stop_ends_what_waits_for_its_slots() {
    let mut body = given_up();
    body.stop(Stop::Interrupt);
    body.stop(Stop::Interrupt);
    assert_eq!(body.running(), "b-! ~a (1)!");
    assert_eq!(body.ends(), "a (2) failed, a (3) failed, ");
    body.die("b", 9);
    body.die("a (1)", 9);
    assert_eq!(body.ends(), "a (1) failed, a (2) failed, a (3) failed, b stopped, exit 130");
}

#[test]
fn it_waits_for_no_rate_and_no_memory() {
    let mut body = begin("pool p 9 | rate 1\na pool p retry 1 | finally backoff 9 9\nb");
    body.exit("a", 1);
    body.exit("b", 1);
    assert_eq!((body.running(), slot_of(&body, "a").0), ("~a".to_owned(), Some(0)));
}

#[test]
fn a_service_that_waits_to_be_started_again_has_one_too() {
    let mut body = begin("s service! | finally restarts always 5\na needs started:s");
    body.exit("s", 1);
    body.exit("a", 0);
    assert_eq!(body.running(), "~s");
    assert!(slot_of(&body, "s").0.is_some());
    body.exit("s", 0);
    assert_eq!(body.ends(), "s stopped, a passed, exit 0");
}

/// Whether somebody else reads the queue hangs on a condition, which no plan knows.
#[test]
fn it_waits_for_no_slots_that_only_its_end_can_free() {
    let mut body = begin(
        "pool p 1\nqueue q | holds 1\na pool p retry 1 priority 1 | finally backoff 9 9\n\
         x feeds q pool p\nr reads q | asks\ns reads q needs ended:a\nu",
    );
    body.tell(body.node("r"), Answer::Unmet("it need not".to_owned()));
    body.exit("a", 1);
    body.feeds("x", 1);
    assert_eq!(body.running(), "u x");
    body.exit("u", 1);
    assert_eq!((body.running(), slot_of(&body, "a").0), ("x ~a".to_owned(), None));
    body.exit("a", 0);
    body.exit("s", 0);
    body.exit("x", 0);
    assert_eq!(body.ends(), "a failed, x passed, r skipped, s passed, u failed, exit 1");
}
