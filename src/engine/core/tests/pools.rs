//! Pools: how many run at once, and who goes first.

use super::story::begin;
use crate::engine::core::Effect;
use crate::engine::core::Input;

#[test]
fn a_fifth_task_waits_for_four_slots() {
    let mut run = begin("pool p 4\na pool p\nb pool p\nc pool p\nd pool p\ne pool p");
    assert_eq!(run.running(), "a b c d");
    assert_eq!(run.waits(), ["`e` waits: pool `p` 4/4"]);
    run.exit("c", 0);
    assert_eq!(run.running(), "a b d e");
}

#[test]
fn the_default_pool_is_as_large_as_the_machine() {
    let run = begin("limits cpus 2\na\nb\nc");
    assert_eq!(run.running(), "a b");
    let run = begin("limits cpus 2\nlimits jobs 1\na\nb\nc");
    assert_eq!(run.running(), "a");
}

#[test]
fn the_bound_over_all_pools_holds_over_all_pools() {
    let mut run = begin("limits jobs 2\npool p 2\npool r 2\na pool p\nb pool r\nc pool p\nd");
    assert_eq!(run.running(), "a b");
    assert_eq!(run.waits()[0], "`c` waits: jobs 2/2");
    run.exit("b", 0);
    assert_eq!(run.running(), "a c");
}

#[test]
fn all_pools_are_taken_or_none() {
    let mut run = begin("pool p 1\npool r 1\na pool p\nboth pool p r\nb pool r\nc pool r");
    assert_eq!(run.running(), "a b", "what can't have both holds neither");
    run.exit("a", 0);
    assert_eq!(run.running(), "b");
    run.exit("b", 0);
    assert_eq!(run.running(), "both", "the better rank goes first");
}

#[test]
fn a_heavy_one_is_not_starved_by_light_ones() {
    let run = begin("pool p 2\na pool p\nheavy pool p weight 2\nb pool p\nx needs heavy");
    assert_eq!(run.running(), "heavy", "it has the longest path");
    let mut run =
        begin("pool p 2\na pool p priority 1\nheavy pool p weight 2\nb pool p\nx needs heavy");
    assert_eq!(run.running(), "a", "`b` does not overtake what waits for the pool to empty");
    run.exit("a", 0);
    assert_eq!(run.running(), "heavy");
    run.exit("heavy", 0);
    assert_eq!(run.running(), "b x");
}

#[test]
fn a_heavy_one_is_overtaken_where_a_slot_waits_for_who_comes_behind() {
    let text =
        "pool p 3\nsource feeds q pool p\nheavy pool p weight 3 priority 9\nreader reads q pool p";
    let mut run = begin(text);
    assert_eq!(run.running(), "heavy");
    run.exit("heavy", 0);
    let text = "pool p 3\nsource feeds q pool p\nreader reads q pool p\nx\nheavy pool p weight 3 \
                priority 9 needs x";
    let mut run = begin(text);
    run.exit("x", 0);
    assert_eq!(run.waits()[1], "`heavy` waits: pool `p` 1/3");
    run.feeds("source", 1);
    assert_eq!(run.running(), "source reader");
    run.exit("source", 0);
    run.exit("reader", 0);
    assert_eq!(run.running(), "heavy");
}

#[test]
fn who_leaves_a_line_lets_the_next_one_try() {
    let mut run = begin(
        "limits continue\npool p 3\nlong pool p weight 2 priority 9\n\
         heavy feeds q pool p weight 2\n\
         bad reads q needs failed:z\nz\nlight pool p priority -1",
    );
    assert_eq!(run.running(), "long z");
    run.exit("z", 0);
    assert_eq!(run.ends(), "heavy skipped, bad skipped, z passed, ");
    assert_eq!(run.running(), "long light");
}

#[test]
fn slots_lend_their_variables() {
    let mut run = begin("pool p 2 | lends PORT 80 81\na pool p\nb pool p\nc pool p");
    let lent = |run: &super::body::Body, name| {
        let start = &run.children[&run.child(name)].start;
        (start.slot, start.lent.clone())
    };
    let port = |value: &str| vec![("PORT".to_owned(), value.to_owned())];
    assert_eq!(lent(&run, "a"), (0, port("80")));
    assert_eq!(lent(&run, "b"), (1, port("81")));
    run.exit("a", 0);
    assert_eq!(lent(&run, "c"), (0, port("80")));
}

#[test]
fn what_holds_no_slot_is_lent_nothing_and_has_a_number_of_its_own() {
    let run = begin("limits cpus 1\na feeds q\nb feeds q\nc streams q");
    let slots: Vec<u32> = run.children.values().map(|child| child.start.slot).collect();
    assert_eq!(slots, [1, 2]);
}

#[test]
fn a_rate_lets_a_burst_through_and_then_one_at_a_time() {
    let mut run = begin("pool p 9 | rate 2\na pool p\nb pool p\nc pool p\nd pool p");
    assert_eq!(run.running(), "a b");
    assert_eq!(run.waits()[0], "`c` waits: the rate of pool `p`");
    assert_eq!(run.core.next_timer(), Some(std::time::Duration::from_millis(500)));
    run.pass(std::time::Duration::from_millis(500));
    assert_eq!(run.running(), "a b c");
    run.seconds(1);
    assert_eq!(run.running(), "a b c d");
}

#[test]
fn a_pipe_takes_what_its_members_claim_together() {
    let mut run = begin("pool p 3\nx pool p\ny pool p\na pool p\nb pool p pipe a");
    assert_eq!(run.running(), "a b x", "a longer path goes first");
    run.exit("a", 0);
    assert_eq!(run.running(), "b x y");
    let run = begin("limits jobs 1\na\nb pipe a");
    assert_eq!(run.running(), "a b", "who writes to a pipe holds nothing");
}

#[test]
fn with_one_job_a_source_and_a_stream_run_beside_it() {
    let mut run = begin("limits jobs 1\nx\nsource feeds q\nstage reads q feeds r\nsink streams r");
    assert_eq!(run.running(), "source x");
    run.feeds("source", 2);
    assert_eq!(run.running(), "source x");
    run.exit("x", 0);
    assert_eq!(run.running(), "source stage");
    run.publishes_one("stage");
    assert_eq!(run.running(), "source stage sink", "the source and the first reader hold nothing");
    run.all_pass();
    assert!(run.over, "{}", run.running());
}

#[test]
fn extra_workers_leave_a_slot_to_what_feeds_them() {
    // Two readers with two workers each could hold both slots, and the stage would never run.
    let mut run = begin(
        "limits jobs 2\nsource feeds q\nstage reads q feeds r s\none streams r | workers 2\n\
         two streams s | workers 2",
    );
    run.feeds("source", 9);
    assert_eq!(run.running(), "source stage stage");
    for _ in 0..6 {
        run.publishes_one("stage");
    }
    let readers = run.running().matches(['n', 'w']).count();
    assert!(run.running().contains("stage"), "{}", run.running());
    assert!(readers > 0);
    run.exit("source", 0);
    run.all_pass();
    assert!(run.over, "{}", run.running());
}

#[test]
fn an_unknown_attempt_changes_nothing() {
    let mut run = begin("a");
    let attempt = crate::model::AttemptId(77);
    for input in [
        Input::Started { attempt, pid: 1, item: None, number: 1 },
        Input::Settled { attempt },
        Input::Idle { attempt },
        Input::Quiet { attempt },
        Input::Missed { attempt },
    ] {
        assert_eq!(run.core.on(run.now, input), Vec::<Effect>::new());
    }
}
