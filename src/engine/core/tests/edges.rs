//! Edges: what starts after what, and what never starts.

use super::story::{begin, begin_late};

#[test]
fn a_chain_runs_in_order() {
    let mut run = begin("a\nb needs a\nc after b");
    assert_eq!(run.running(), "a");
    run.exit("a", 0);
    assert_eq!(run.running(), "b");
    run.exit("b", 0);
    run.exit("c", 0);
    assert_eq!(run.ends(), "a passed, b passed, c passed, exit 0");
}

#[test]
fn a_failure_skips_what_needs_it_and_says_why() {
    let mut run = begin("limits continue\na\nb needs a\nc needs b\nd needs ended:a\ne after b");
    run.exit("a", 1);
    run.all_pass();
    assert_eq!(run.ends(), "a failed, b skipped, c skipped, d passed, e passed, exit 1");
    assert_eq!(run.reason("b"), "needs `a`, which ended as failed");
    assert_eq!(run.reason("c"), "needs `b`, which ended as skipped");
}

#[test]
fn each_kind_of_need_is_met_by_what_it_names() {
    let text = "limits continue\na\npassed needs a\nended needs ended:a\nfailed needs failed:a\n\
                started needs started:a";
    let mut run = begin(text);
    assert_eq!(run.running(), "a started");
    run.exit("a", 1);
    assert_eq!(run.running(), "started ended failed");
    let mut run = begin(text);
    run.exit("a", 0);
    assert_eq!(run.running(), "started passed ended");
    run.all_pass();
    assert_eq!(
        run.ends(),
        "a passed, passed passed, ended passed, failed skipped, started passed, exit 0"
    );
}

#[test]
fn two_edges_to_one_process_are_two() {
    let mut run = begin("a\nb needs started:a ended:a after a");
    run.exit("a", 0);
    assert_eq!(run.running(), "b");
}

#[test]
fn what_could_not_be_started_has_not_started() {
    let mut run = begin("limits continue\na\nb needs started:a");
    assert_eq!(run.running(), "a b");
    run.all_pass();
    run = begin_late("limits continue\na\nb needs started:a");
    run.cannot_start("a", "it was not found");
    assert_eq!(run.ends(), "a failed, b skipped, exit 1");
}

#[test]
fn what_runs_on_failure_waits_until_it_is_certain() {
    let text = "a\nb needs a\nmail | on-failure";
    let mut run = begin(text);
    run.all_pass();
    assert_eq!(run.ends(), "a passed, b passed, mail skipped, exit 0");
    assert_eq!(run.reason("mail"), "nothing failed");
    let mut run = begin(text);
    run.exit("a", 1);
    assert_eq!(run.running(), "mail");
    run.all_pass();
    assert_eq!(run.ends(), "a failed, b skipped, mail passed, exit 1");
}

#[test]
fn what_runs_on_failure_comes_after_what_it_needs_however_that_ends() {
    let text = "limits continue\na\nb\nmail needs b | on-failure\nafter needs mail";
    let mut run = begin(text);
    run.exit("a", 1);
    assert_eq!(run.running(), "b");
    run.exit("b", 1);
    assert_eq!(run.running(), "mail");
    run.all_pass();
    assert_eq!(run.ends(), "a failed, b failed, mail passed, after passed, exit 1");
}

#[test]
fn a_late_failure_still_lets_a_later_one_in() {
    // The second waits for the end of what comes after the first.
    let mut run = begin("one | on-failure\nx after one\ntwo after x | on-failure");
    assert_eq!(run.running(), "x");
    run.exit("x", 1);
    assert_eq!(run.running(), "two");
    run.all_pass();
    assert_eq!(run.ends(), "one skipped, x failed, two passed, exit 1");
}

#[test]
fn what_always_runs_comes_after_what_it_needs_whatever_happens() {
    let text = "a\nb needs a\nclean needs b | always";
    let mut run = begin(text);
    run.exit("a", 1);
    assert_eq!(run.running(), "clean");
    run.all_pass();
    assert_eq!(run.ends(), "a failed, b skipped, clean passed, exit 1");
    let mut run = begin(text);
    run.all_pass();
    assert_eq!(run.ends(), "a passed, b passed, clean passed, exit 0");
}

#[test]
fn priority_goes_first_and_then_the_longest_path() {
    let mut run = begin("limits jobs 1\na\nb\nc needs b\nd priority 1\ne priority -1");
    let mut order = Vec::new();
    while !run.over {
        order.push(run.running());
        run.one_passes();
    }
    assert_eq!(order, ["d", "b", "a", "c", "e"]);
}

#[test]
fn members_of_a_pipe_start_and_end_together() {
    let mut run = begin("x\na\nb pipe a needs x\nc pipe b");
    assert_eq!(run.running(), "x");
    run.exit("x", 0);
    assert_eq!(run.running(), "a b c");
    run.die("a", 13);
    run.exit("b", 0);
    run.exit("c", 0);
    assert_eq!(run.ends(), "x passed, a stopped, b passed, c passed, exit 0");
}

#[test]
fn a_writer_whose_reader_had_enough_is_as_good_as_passed() {
    let mut run = begin("a\nb pipe a\nc needs a");
    run.exit("b", 0);
    run.die("a", 13);
    assert_eq!(run.running(), "c");
}

#[test]
fn a_pipe_without_one_of_its_members_is_skipped() {
    let mut run = begin("limits continue\nx\na\nb pipe a needs x\nc pipe b\nd needs ended:c");
    run.exit("x", 1);
    assert_eq!(run.running(), "d");
    run.all_pass();
    assert_eq!(run.ends(), "x failed, a skipped, b skipped, c skipped, d passed, exit 1");
    assert_eq!(run.reason("a"), "a pipe joins it to `b`, which ended as skipped");
}

#[test]
fn a_matrix_is_as_many_nodes() {
    let mut run = begin("a matrix k=1,2\nb needs a");
    assert_eq!(run.running(), "a (1) a (2)");
    run.exit("a (2)", 0);
    run.exit("a (1)", 0);
    assert_eq!(run.running(), "b");
}
