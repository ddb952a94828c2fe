//! Ends: the end of a queue, rule by rule.

use super::body::Body;
use super::story::begin;
use crate::engine::core::Input;
use crate::event::EventKind;

/// Returns done, dead and left of the queues that were drained, in that order.
fn drained(run: &Body) -> Vec<(u64, u64, u64)> {
    let counts = |kind: &EventKind| match kind {
        EventKind::QueueDrained { done, dead, left, .. } => Some((*done, *dead, *left)),
        _ => None,
    };
    run.events.iter().filter_map(counts).collect()
}

fn closed(run: &Body) -> usize {
    run.count(|kind| matches!(kind, EventKind::QueueClosed { .. }))
}

#[test]
fn rule_1_a_queue_is_closed_when_every_producer_is_final() {
    let mut run = begin("queue q 1\na feeds q\nb feeds q needs a\nc reads q");
    run.exit("a", 0);
    assert_eq!(closed(&run), 0);
    run.exit("b", 0);
    assert_eq!(closed(&run), 1);
}

#[test]
fn rule_2_it_is_drained_when_nothing_waits_is_lent_or_is_due() {
    let mut run = begin("source feeds q\nreader reads q retry 1 | backoff 5 5 workers 1");
    run.feeds("source", 2);
    run.exit("source", 0);
    run.exit("reader", 1);
    run.exit("reader", 0);
    assert_eq!((run.running().as_str(), drained(&run).len()), ("", 0), "one item is due");
    run.seconds(5);
    assert_eq!((run.running().as_str(), drained(&run).len()), ("reader", 0), "it is lent");
    run.exit("reader", 0);
    assert_eq!(drained(&run), [(2, 0, 0)]);
    assert_eq!(run.ends(), "source passed, reader flaky, exit 0");
}

#[test]
fn rule_3_a_stream_is_done_when_its_children_have_ended() {
    let mut run = begin("source feeds q\nreader streams q | workers 2\nlast needs reader");
    run.feeds("source", 3);
    run.reads("reader", 3);
    run.exit("source", 0);
    run.exit("reader", 0);
    assert_eq!(run.ends(), "source passed, ");
    run.exit("reader", 0);
    assert_eq!(run.running(), "last", "one that had nothing to read passes at the end");
    assert_eq!(drained(&run), [(3, 0, 0)]);
}

#[test]
fn rule_4_an_endless_reader_is_ended_and_that_is_no_failure() {
    let mut run =
        begin("source feeds q\nreader streams q | endless grace 3 workers 1\nlast needs reader");
    run.feeds("source", 2);
    run.reads("reader", 2);
    run.exit("source", 0);
    let attempt = run.child("reader");
    run.on(Input::Quiet { attempt });
    assert_eq!(run.running(), "reader-");
    run.seconds(3);
    assert_eq!(run.running(), "reader-!");
    run.die("reader", 9);
    assert_eq!(run.running(), "last", "who needs it may start");
    run.exit("last", 0);
    assert_eq!(run.ends(), "source passed, reader stopped, last passed, exit 0");
    assert_eq!(drained(&run), [(2, 0, 0)]);
}

#[test]
fn an_endless_reader_is_good_also_after_a_failure_of_others() {
    let mut run = begin(
        "limits continue\nqueue q 1\nreader streams q | endless workers 1\nlast needs reader\nbad",
    );
    run.reads("reader", 1);
    run.exit("bad", 1);
    let attempt = run.child("reader");
    run.on(Input::Quiet { attempt });
    run.die("reader", 15);
    run.exit("last", 0);
    assert_eq!(run.ends(), "reader stopped, last passed, bad failed, exit 1");
}

#[test]
fn rule_6_what_a_failed_producer_made_is_worked_off() {
    let mut run = begin("source feeds q\nreader reads q | workers 1");
    run.feeds("source", 2);
    run.exit("source", 1);
    run.exit("reader", 0);
    run.exit("reader", 0);
    assert_eq!(run.ends(), "source failed, reader passed, exit 1");
    assert_eq!(drained(&run), [(2, 0, 0)]);
}

#[test]
fn rule_7_a_producer_whose_readers_are_dead_is_stopped_and_told_why() {
    let mut run = begin("source feeds q\nstage streams q feeds r | workers 1\nsink streams r");
    run.feeds("source", 3);
    run.reads("stage", 1);
    run.put(run.node("stage"));
    run.on(Input::Time);
    run.exit("sink", 3);
    assert_eq!(run.running(), "source stage-");
    run.die("stage", 15);
    assert_eq!(run.running(), "source-");
    run.die("source", 15);
    assert_eq!(run.ends(), "source stopped, stage stopped, sink failed, exit 1");
    assert_eq!(run.reason("source"), "nobody is left to read queue `q`: `stage` ended as stopped");
    assert_eq!(run.reason("stage"), "nobody is left to read queue `r`: `sink` ended as failed");
    assert_eq!(drained(&run).iter().map(|(done, dead, left)| done + dead + left).sum::<u64>(), 4);
}

#[test]
fn a_producer_that_still_feeds_somebody_goes_on() {
    let mut run =
        begin("limits continue\nsource feeds q r\none streams q\ntwo streams r | workers 1");
    run.feeds("source", 1);
    run.exit("one", 1);
    assert_eq!(run.running(), "source two");
    run.feeds("source", 1);
    run.reads("two", 2);
    run.exit("source", 0);
    run.exit("two", 0);
    assert_eq!(run.ends(), "source passed, one failed, two passed, exit 1");
}

#[test]
fn as_long_as_one_reader_is_left_nobody_is_stopped() {
    let mut run = begin("limits continue\nsource feeds q\none streams q\ntwo reads q");
    run.feeds("source", 4);
    run.exit("one", 1);
    assert!(run.running().starts_with("source two"));
    run.exit("source", 0);
    run.all_pass();
    assert_eq!(run.ends(), "source passed, one failed, two passed, exit 1");
}

#[test]
fn a_producer_that_has_not_started_is_skipped_when_nobody_reads() {
    let mut run = begin("limits continue\nx\nlate feeds q needs x\nbad\nreader reads q needs bad");
    run.exit("bad", 1);
    assert_eq!(run.ends(), "late skipped, bad failed, reader skipped, ");
    run.exit("x", 0);
    assert!(run.over);
}

#[test]
fn static_items_that_nobody_may_read_are_never_put_in() {
    let mut run = begin("queue q 1 2 3 | holds 2\nbad\nreader reads q needs bad");
    run.exit("bad", 1);
    assert_eq!(run.ends(), "bad failed, reader skipped, exit 1");
    assert_eq!(drained(&run), [(0, 0, 0)]);
}

#[test]
fn a_reader_that_reads_nothing_fails_instead_of_being_started_for_ever() {
    let mut run = begin("source feeds q\nreader streams q");
    run.feeds("source", 1);
    run.exit("reader", 0);
    assert_eq!(run.running(), "source-");
    run.die("source", 15);
    assert_eq!(run.ends(), "source stopped, reader failed, exit 1");
    assert_eq!(run.reason("reader"), "ended with exit code 0 before it had read an item");
    let mut run = begin("queue q 1 2\nreader streams q | workers 1");
    run.exit_with("reader", |ended| ended.unread = 2);
    assert_eq!(run.ends(), "reader failed, exit 1", "also once the queue is closed");
}

#[test]
fn a_reader_that_has_read_some_is_followed_by_a_fresh_one() {
    let mut run = begin("queue q 1 2 3\nreader streams q | workers 1");
    run.reads("reader", 1);
    run.exit("reader", 0);
    assert_eq!(run.running(), "reader");
    run.reads("reader", 2);
    run.exit("reader", 0);
    assert_eq!(run.ends(), "reader passed, exit 0");
}

#[test]
fn a_broken_command_fails_its_consumer_and_not_its_items() {
    let mut run = begin("queue q 1 2 3\nreader reads q retry 5 | workers 1");
    run.cannot_start("reader", "`foo` was not found in PATH");
    assert_eq!(run.ends(), "reader failed, exit 1");
    assert_eq!(run.reason("reader"), "not started: `foo` was not found in PATH");
    assert_eq!(drained(&run), [(0, 0, 3)]);
}

#[test]
fn output_that_makes_no_sense_fails_its_producer() {
    let mut run = begin("source feeds q\nreader reads q");
    run.exit_with("source", |ended| {
        ended.exit = crate::event::Exit::Signal(9);
        ended.fault = Some("an item has more than 4 bytes".to_owned());
    });
    assert_eq!(run.ends(), "source failed, reader passed, exit 1");
    assert_eq!(run.reason("source"), "an item has more than 4 bytes");
}

#[test]
fn a_producer_that_waits_for_a_reader_that_waits_for_it_is_ended() {
    // As long as `one` reads, `late` may come late. Once it is gone nobody would ever move.
    let mut run = begin(
        "limits continue\nqueue q | holds 1\nsource feeds q\none reads q\n\
         late reads q needs source",
    );
    run.feeds("source", 1);
    run.cannot_start("one", "`foo` was not found in PATH");
    assert_eq!(run.running(), "source-");
    run.die("source", 15);
    assert_eq!(run.ends(), "source stopped, one failed, late failed, exit 1");
    let reason = "what it waits for can't end before queue `q` is read";
    assert_eq!(run.reason("late"), reason);
}
