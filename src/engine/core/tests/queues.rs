//! Queues: who is started for what, and who waits for room.

use super::story::begin;

#[test]
fn a_child_is_started_for_each_item_up_to_the_workers() {
    let mut run = begin("source feeds q\nworker reads q | workers 2");
    assert_eq!(run.running(), "source");
    assert_eq!(run.waits(), ["`worker` waits: queue `q` is empty"]);
    run.feeds("source", 3);
    assert_eq!(run.running(), "source worker worker");
    run.exit("worker", 0);
    assert_eq!(run.running(), "source worker worker");
    run.exit("source", 0);
    run.all_pass();
    assert_eq!(run.ends(), "source passed, worker passed, exit 0");
}

#[test]
fn one_item_starts_one_long_lived_child() {
    let mut run = begin("source feeds q\nreader streams q | workers 3");
    run.feeds("source", 1);
    assert_eq!(run.running(), "source reader");
    run.reads("reader", 1);
    run.feeds("source", 5);
    assert_eq!(run.running(), "source reader reader reader");
}

#[test]
fn two_readers_of_one_queue_compete() {
    let mut run = begin("source feeds q\none streams q | workers 1\ntwo streams q | workers 1");
    run.feeds("source", 1);
    assert_eq!(run.running(), "source one", "one item needs one reader");
    run.feeds("source", 1);
    assert_eq!(run.running(), "source one two");
}

#[test]
fn a_child_for_which_there_is_no_item_left_is_no_attempt() {
    // The long-lived child reads what the core has meant for the other; the level is told late.
    let mut run = begin("limits jobs 1\nx\nsource feeds q\none reads q\ntwo streams q");
    run.feeds("source", 1);
    assert_eq!(run.running(), "source x two");
    run.late = true;
    run.reads("two", 1);
    run.exit("x", 0);
    assert_eq!(run.running(), "source two");
    run.late = false;
    run.feeds("source", 2);
    assert_eq!(run.running(), "source two one");
    run.exit("source", 0);
    run.all_pass();
    assert_eq!(run.ends(), "x passed, source passed, one passed, two passed, exit 0");
}

#[test]
fn what_is_nearer_to_the_end_goes_first() {
    let mut run = begin("limits jobs 1\nsource feeds q\nstage reads q feeds r\nsink reads r");
    run.feeds("source", 3);
    run.publishes_one("stage");
    assert_eq!(run.running(), "source stage", "it was started while the item was on its way");
    run.publishes_one("stage");
    assert_eq!(run.running(), "source sink", "intermediate items stay few");
}

#[test]
fn a_stage_is_not_started_while_its_queue_is_full() {
    let mut run = begin(
        "queue r | holds 1\nsource feeds q\nstage reads q feeds r | workers 1\nsink reads r | \
         workers 1",
    );
    run.feeds("source", 9);
    run.publishes_one("stage");
    assert_eq!(run.running(), "source stage sink", "there was room until it was published");
    run.publishes_one("stage");
    assert_eq!(run.running(), "source sink", "the item that is lent counts");
    assert_eq!(run.waits(), ["`stage` waits: queue `r` is full"]);
    run.exit("sink", 0);
    assert_eq!(run.running(), "source sink", "what was held back is there first");
    run.exit("sink", 0);
    assert_eq!(run.running(), "source stage");
}

#[test]
fn a_slot_is_free_while_an_outcome_waits_to_be_published() {
    let mut run = begin(
        "limits jobs 1\nqueue r | holds 1\nsource feeds q\nstage reads q feeds r\nsink reads r\nx",
    );
    run.feeds("source", 1);
    run.exit("x", 0);
    let id = run.child("stage");
    run.children.get_mut(&id).unwrap().held = 2;
    run.exit("stage", 0);
    assert_eq!(run.running(), "source sink", "the second item waits for room, and holds nothing");
    run.exit("sink", 0);
    run.exit("sink", 0);
    run.exit("source", 0);
    assert!(run.over);
}

#[test]
fn a_consumer_counts_as_started_once_it_takes_items() {
    let mut run = begin("source feeds q needs started:reader\nreader reads q needs x\nx");
    assert_eq!(run.running(), "x");
    run.exit("x", 0);
    assert_eq!(run.running(), "source");
    run.feeds("source", 1);
    run.exit("source", 0);
    run.exit("reader", 0);
    assert_eq!(run.ends(), "source passed, reader passed, x passed, exit 0");
}

#[test]
fn static_items_need_no_source() {
    let mut run = begin("queue q 1 2 3 | holds 1\na reads q | workers 1\nb needs a");
    for _ in 0..3 {
        run.exit("a", 0);
    }
    run.exit("b", 0);
    assert_eq!(run.ends(), "a passed, b passed, exit 0");
}

#[test]
fn after_a_failure_what_is_in_a_queue_is_worked_off() {
    let mut run = begin("source feeds q\nreader reads q | workers 1\nbad");
    run.feeds("source", 1);
    run.exit("bad", 1);
    run.feeds("source", 1);
    run.exit("reader", 0);
    run.exit("reader", 0);
    run.exit("source", 0);
    assert_eq!(run.ends(), "source passed, reader passed, bad failed, exit 1");
}

#[test]
fn a_consumer_whose_producers_were_all_skipped_is_skipped() {
    let mut run =
        begin("limits continue\nbad\nsource feeds q needs bad\nreader reads q\nlast needs reader");
    run.exit("bad", 1);
    assert_eq!(run.ends(), "bad failed, source skipped, reader skipped, last skipped, exit 1");
    assert_eq!(run.reason("reader"), "everything that feeds it was skipped");
}

#[test]
fn a_consumer_without_items_passes() {
    let mut run = begin("source feeds q\nreader streams q\nlast needs reader");
    run.exit("source", 0);
    assert_eq!(run.running(), "last");
}

#[test]
fn what_runs_on_failure_may_feed_a_queue() {
    let text = "a feeds q\nmore feeds q | on-failure\nreader streams q";
    let mut run = begin(text);
    run.feeds("a", 1);
    run.reads("reader", 1);
    run.exit("a", 0);
    assert_eq!(run.ends(), "a passed, more skipped, ", "the reader waits for the end of the queue");
    run.exit("reader", 0);
    assert_eq!(run.ends(), "a passed, more skipped, reader passed, exit 0");
    let mut run = begin(text);
    run.exit("a", 1);
    run.feeds("more", 1);
    run.reads("reader", 1);
    run.exit("more", 0);
    run.exit("reader", 0);
    assert_eq!(run.ends(), "a failed, more passed, reader passed, exit 1");
}
