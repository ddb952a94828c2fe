//! Services: when they come, for whom they stay, and what becomes of those that need them.

use super::story::{begin, begin_late};
use crate::engine::core::{Effect, Input};
use crate::event::{EventKind, Stop};

#[test]
fn a_service_is_started_for_the_first_that_lacks_nothing_else() {
    let mut run = begin("db service! | probed 9\nbuild\na needs build db\nb needs a db\nc");
    assert_eq!(run.running(), "build c");
    run.exit("c", 0);
    run.exit("build", 0);
    assert_eq!(run.running(), "db");
    assert_eq!(run.waits(), ["`a` waits: service `db` is not ready", "`b` waits: needs `a`"]);
    run.refuses("db");
    run.seconds(1);
    run.ready("db");
    assert_eq!(run.running(), "db a");
    run.exit("a", 0);
    assert_eq!(run.running(), "db b");
    run.exit("b", 0);
    assert_eq!(run.running(), "db-");
    run.die("db", 15);
    assert_eq!(run.ends(), "db stopped, build passed, a passed, b passed, c passed, exit 0");
}

#[test]
fn services_that_need_services_come_first_and_go_last() {
    let mut run = begin("db service!\nweb service! needs db\na needs web");
    assert_eq!(run.running(), "db web a");
    run.exit("a", 0);
    assert_eq!(run.running(), "db web-");
    run.die("web", 15);
    assert_eq!(run.running(), "db-");
    run.die("db", 9);
    assert_eq!(run.ends(), "db stopped, web stopped, a passed, exit 0");
}

#[test]
fn what_is_ready_once_it_has_started_is_told_so() {
    let mut run = begin_late("db service!\na needs db");
    assert_eq!(run.running(), "db");
    let told = run.start_to_tell(run.child("db"));
    run.on(told);
    assert_eq!(run.running(), "db a");
    assert_eq!(run.count(|kind| matches!(kind, EventKind::ServiceReady { .. })), 1);
}

#[test]
fn whoever_needs_no_more_than_its_start_does_not_wait_until_it_is_ready() {
    let mut run = begin("db service! | probed 9\na needs started:db\nb needs db");
    assert_eq!(run.running(), "db a");
    run.exit("a", 0);
    run.ready("db");
    assert_eq!(run.running(), "db b");
}

#[test]
fn a_service_that_nobody_lives_to_use_is_never_started() {
    let mut run = begin("limits continue\ndb service!\na\nb needs a db");
    run.exit("a", 1);
    assert_eq!(run.ends(), "db skipped, a failed, b skipped, exit 1");
    assert_eq!(run.reason("db"), "nothing that needs it has started");
}

#[test]
fn one_that_is_not_needed_any_more_before_it_is_started_again_is_waited_for_by_nobody() {
    let mut run = begin("db service! | restarts on-failure 5\na needs started:db\nb | on-failure");
    run.exit("db", 3);
    run.exit("a", 0);
    assert_eq!(run.ends(), "db stopped, a passed, b skipped, exit 0");
    assert_eq!((run.reason("b"), run.core.next_timer()), ("nothing failed", None));
}

#[test]
fn it_stays_for_what_runs_only_after_a_failure_and_no_longer() {
    let text = "db service!\na needs db\nb needs db | on-failure";
    let mut run = begin(text);
    run.exit("a", 0);
    assert_eq!(run.running(), "db-");
    run.die("db", 15);
    assert_eq!(run.ends(), "db stopped, a passed, b skipped, exit 0");
    let mut run = begin(text);
    run.exit("a", 1);
    assert_eq!(run.running(), "db b");
    run.exit("b", 0);
    run.die("db", 15);
    assert_eq!(run.ends(), "db stopped, a failed, b passed, exit 1");
}

#[test]
fn a_service_that_dies_fails_those_that_need_it_and_nobody_else() {
    let mut run = begin("limits continue\ndb service!\na needs db\nb needs a db\nc\nd needs c");
    run.exit("db", 3);
    assert_eq!(run.running(), "c a-");
    run.die("a", 15);
    run.all_pass();
    assert_eq!(run.ends(), "db failed, a stopped, b skipped, c passed, d passed, exit 1");
    assert_eq!(run.reason("a"), "service `db` failed: exit code 3");
    assert_eq!(run.reason("b"), "needs `db`, which ended as failed");
}

#[test]
fn a_service_that_has_lost_its_own_is_stopped_and_those_behind_it_know_why() {
    let mut run = begin("db service!\nweb service! needs db | restarts always 9\na needs web");
    run.exit("db", 3);
    assert_eq!(run.running(), "web- a");
    run.die("web", 15);
    run.die("a", 15);
    assert_eq!(run.ends(), "db failed, web stopped, a stopped, exit 1");
    assert_eq!(run.reason("web"), "service `db` failed: exit code 3");
    assert_eq!(run.reason("a"), "service `web` stopped: service `db` failed: exit code 3");
}

#[test]
fn to_pass_while_it_is_needed_is_to_fail() {
    let mut run = begin("db service! | restarts on-failure 5\na needs db");
    run.exit("db", 0);
    run.die("a", 15);
    assert_eq!(run.ends(), "db failed, a stopped, exit 1");
    assert_eq!(run.reason("db"), "exit code 0 while it was needed");
}

#[test]
fn one_that_is_started_again_is_given_up_after_a_burst() {
    let mut run = begin("db service! | restarts always 2\na needs db");
    run.exit("db", 0);
    assert_eq!(run.running(), "a", "whoever runs is left alone");
    run.seconds(1);
    assert_eq!(run.running(), "a db");
    run.seconds(30);
    run.exit("db", 1);
    run.seconds(1);
    run.exit("db", 1);
    assert_eq!(run.running(), "a-");
    run.die("a", 15);
    assert_eq!(run.reason("db"), "2 restarts in 1m, giving up: exit code 1");
    assert_eq!(run.reason("a"), "service `db` failed: 2 restarts in 1m, giving up: exit code 1");
    assert_eq!(run.count(|kind| matches!(kind, EventKind::ServiceRestarts { .. })), 2);
}

#[test]
fn restarts_are_forgotten_after_a_while() {
    let mut run = begin("db service! | restarts always 1\na needs db");
    for _ in 0..3 {
        run.exit("db", 1);
        run.seconds(61);
    }
    assert_eq!(run.running(), "a db");
}

#[test]
fn nothing_starts_while_a_service_is_down() {
    let mut run = begin(
        "pool p 1\ndb service! | restarts always 5\na needs db pool p\n\
                         b needs db pool p\nc needs a db",
    );
    assert_eq!(run.running(), "db a");
    run.exit("db", 1);
    run.exit("a", 0);
    assert_eq!(run.running(), "");
    assert_eq!(
        run.waits(),
        [
            "`db` waits: retry in 2 s",
            "`b` waits: service `db` is not ready",
            "`c` waits: service `db` is not ready"
        ]
    );
    run.seconds(1);
    run.all_pass_but("db");
    assert_eq!(run.running(), "db-");
}

#[test]
fn one_that_is_not_ready_in_time_has_failed() {
    let mut run = begin("db service! | probed 2 restarts always 5\na needs db");
    run.refuses("db");
    run.seconds(1);
    run.refuses("db");
    run.seconds(1);
    assert_eq!(run.running(), "db-");
    run.die("db", 15);
    assert_eq!(run.ends(), "db failed, a skipped, exit 1");
    assert_eq!(run.reason("db"), "not ready after 2s: connection refused");
}

#[test]
fn what_can_not_be_started_is_not_started_again() {
    let mut run = begin("db service! | probed 2 restarts always 5\na needs db");
    run.cannot_start("db", "`db` was not found in PATH");
    assert_eq!(run.ends(), "db failed, a skipped, exit 1");
}

#[test]
fn a_consumer_waits_for_its_service_and_what_fails_meanwhile_costs_nothing() {
    let mut run = begin(
        "db service! | restarts always 5\nqueue q 1 2 3\nc reads q needs db | \
                         workers 1",
    );
    run.exit("c", 0);
    run.exit("db", 1);
    run.exit("c", 1);
    assert_eq!(run.running(), "", "it takes no item");
    assert_eq!(run.waits()[1], "`c` waits: service `db` is not ready");
    run.seconds(1);
    run.exit("c", 0);
    run.exit("c", 0);
    run.die("db", 15);
    assert_eq!(run.ends(), "db stopped, c passed, exit 0");
}

#[test]
fn a_consumer_whose_service_is_given_up_leaves_its_items() {
    let mut run = begin("db service!\nqueue q 1 2 3\nc reads q needs db | workers 2");
    run.exit("db", 1);
    assert_eq!(run.running(), "c- c-");
    run.die("c", 15);
    run.die("c", 15);
    assert_eq!(run.ends(), "db failed, c stopped, exit 1");
    assert_eq!(run.reason("c"), "service `db` failed: exit code 1");
    assert_eq!(run.referee.levels[0].left, 3);
}

#[test]
fn a_stop_ends_those_that_need_it_first() {
    let mut run = begin("db service!\na needs db\nb needs db");
    run.exit("b", 0);
    run.stop(Stop::Terminate);
    assert_eq!(run.running(), "db a-");
    run.die("a", 15);
    assert_eq!(run.running(), "db-");
    run.die("db", 15);
    assert_eq!(run.ends(), "db stopped, a stopped, b passed, exit 143");
}

#[test]
fn cleanup_after_a_stop_still_has_its_service() {
    let mut run = begin("db service!\na needs db\nb needs db after a | always");
    run.stop(Stop::Interrupt);
    run.die("a", 15);
    assert_eq!(run.running(), "db b");
    run.exit("db", 1);
    run.die("b", 15);
    assert_eq!(run.ends(), "db failed, a stopped, b stopped, exit 130");
    let mut run = begin("db service! | probed 9\na\nb needs db after a | always");
    run.stop(Stop::Terminate);
    run.die("a", 15);
    assert_eq!(run.running(), "db", "it is started for that");
}

#[test]
fn one_whose_first_user_is_gone_before_it_could_start_waits_for_the_next() {
    let text = "pool p 9 | rate 1\nx pool p\ndb service! pool p\na needs db\n\
                b needs db after x | always";
    let mut run = begin(text);
    assert_eq!(run.running(), "x");
    run.stop(Stop::Terminate);
    run.seconds(2);
    assert_eq!(run.running(), "x-");
    assert_eq!(run.waits()[0], "`db` waits: nobody needs it yet");
    run.die("x", 15);
    assert_eq!(run.running(), "db b");
}

#[test]
fn a_second_signal_kills_services_too() {
    let mut run = begin("db service!\na needs db");
    run.stop(Stop::Terminate);
    run.stop(Stop::Terminate);
    assert_eq!(run.running(), "db! a-!");
    run.die("db", 9);
    run.die("a", 9);
    assert_eq!(run.ends(), "db stopped, a stopped, exit 143");
}

#[test]
fn in_the_default_pool_it_holds_nothing() {
    let mut run = begin("limits jobs 1\nlimits cpus 1\ndb service! pool default\na needs db");
    assert_eq!(run.running(), "db a");
    run.all_pass_but("db");
    let mut run = begin("pool p 2\ndb service! pool p\na needs db pool p\nb needs db pool p");
    assert_eq!(run.running(), "db a");
    run.all_pass_but("db");
    assert_eq!(run.running(), "db-");
}

#[test]
fn after_its_end_it_is_asked_no_more() {
    let mut run = begin("db service! | probed 9 restarts always 5\na needs db");
    let first = run.child("db");
    run.exit("db", 1);
    let late = run.core.on(run.now, Input::Probed { attempt: first, refused: None });
    assert!(late.iter().all(|effect| !matches!(effect, Effect::Tell(_) | Effect::Start(_))));
}
