//! Conditions: what is asked before a node starts, and what an answer leads to.

use super::body::Body;
use super::story::begin;
use crate::engine::core::conditions::{AT_ONCE, LONGEST};
use crate::engine::core::{Answer, Input};
use crate::event::{EventKind, Stop};
use crate::model::NodeId;

impl Body {
    /// Is asked whether the conditions of a node hold.
    pub(super) fn ask(&mut self, node: NodeId) {
        self.referee.asked(node);
        self.machine.asks.insert(node);
        assert!(self.asked_now() <= AT_ONCE, "too many are asked for at the same time");
    }

    /// Counts those that are asked for and have not ended.
    fn asked_now(&self) -> usize {
        let waits = |node: &&NodeId| !self.referee.outcomes.contains_key(*node);
        self.machine.asks.iter().filter(waits).count()
    }

    /// Answers; late, where the node has ended meanwhile.
    pub(super) fn tell(&mut self, node: NodeId, answer: Answer) {
        assert!(self.machine.asks.remove(&node), "nobody asked");
        self.referee.answered(node, &answer);
        self.on(Input::Answered { node, answer });
    }

    fn holds(&mut self, name: &str) {
        self.tell(self.node(name), Answer::Holds);
    }

    fn unmet(&mut self, name: &str) {
        self.tell(self.node(name), Answer::Unmet("CI is not set".to_owned()));
    }

    fn asks(&self) -> String {
        let name = |node: &NodeId| self.plan.node(*node).name.clone();
        self.machine.asks.iter().map(name).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn it_is_asked_once_all_that_a_node_needs_is_done() {
    let mut run = begin("x\na needs x retry 1 | asks\nb needs a");
    assert_eq!((run.running(), run.asks()), ("x".to_owned(), String::new()));
    run.exit("x", 0);
    assert_eq!((run.running(), run.asks()), (String::new(), "a".to_owned()));
    assert!(run.waits().contains(&"`a` waits: its condition is being asked".to_owned()));
    run.holds("a");
    run.exit("a", 1);
    run.seconds(2);
    assert_eq!(
        (run.running(), run.asks()),
        ("a".to_owned(), String::new()),
        "it is not asked again"
    );
    run.all_pass();
    assert_eq!(run.ends(), "x passed, a flaky, b passed, exit 0");
}

#[test]
fn what_needs_a_process_that_need_not_run_runs_unless_it_says_otherwise() {
    let text = "a | asks\npassed needs a\nended needs ended:a\nfailed needs failed:a\n\
                started needs started:a\norder after a\nbehind needs passed";
    let mut run = begin(text);
    run.unmet("a");
    assert_eq!(run.running(), "passed ended order");
    run.all_pass();
    assert_eq!(
        run.ends(),
        "a skipped, passed passed, ended passed, failed skipped, started skipped, order passed, \
         behind passed, exit 0"
    );
    assert_eq!(run.reason("a"), "CI is not set");
    assert_eq!(run.reason("failed"), "needs `a`, which ended as skipped");
}

#[test]
fn a_failure_is_passed_on_before_anything_is_asked() {
    let mut run = begin("limits continue\nx\na needs x | asks\nb needs a");
    run.exit("x", 1);
    assert_eq!(run.asks(), "");
    assert_eq!(run.ends(), "x failed, a skipped, b skipped, exit 1");
}

#[test]
fn what_cannot_be_told_fails() {
    let mut run = begin("a | asks\nb needs a\nc | asks allow\nd needs c");
    run.tell(run.node("c"), Answer::Unanswered("`gti` was not found".to_owned()));
    run.tell(run.node("a"), Answer::Unanswered("`gti` was not found".to_owned()));
    run.all_pass();
    assert_eq!(run.ends(), "a failed, b skipped, c allowed-failure, d passed, exit 1");
    assert_eq!(run.reason("a"), "its condition cannot be answered: `gti` was not found");
}

#[test]
fn an_answer_has_its_time() {
    let mut run = begin("a | asks");
    run.pass(LONGEST);
    assert_eq!(run.ends(), "a failed, exit 1");
    assert_eq!(run.reason("a"), "its condition cannot be answered: no answer within 2m");
}

#[test]
fn a_bounded_number_is_asked_at_the_same_time() {
    let cells = (0..2 * AT_ONCE).map(|cell| cell.to_string()).collect::<Vec<_>>().join(",");
    let mut run = begin(&format!("a matrix k={cells} | asks"));
    assert_eq!(run.machine.asks.len(), AT_ONCE);
    for cell in 0..2 * AT_ONCE {
        run.unmet(&format!("a ({cell})"));
    }
    assert_eq!(run.referee.tally.exit(), 0);
    assert!(run.over);
}

#[test]
fn a_stop_waits_for_no_answer() {
    let mut run = begin("a | asks\nb reads q | asks\nc feeds q\nd | asks always");
    run.stop(Stop::Terminate);
    assert_eq!(run.ends(), "a skipped, b skipped, ");
    assert_eq!(run.reason("a"), "the run was stopped");
    run.holds("d");
    run.all_pass();
    assert!(run.over, "{}", run.ends());
    run.unmet("a");
}

#[test]
fn no_service_is_started_for_what_need_not_run() {
    let mut run = begin("db service!\na needs db | asks");
    assert_eq!((run.running(), run.asks()), (String::new(), "a".to_owned()));
    run.unmet("a");
    assert_eq!(run.ends(), "db skipped, a skipped, exit 0");
    let mut run = begin("db service!\na needs db | asks");
    run.holds("a");
    assert_eq!(run.running(), "db a");
}

#[test]
fn what_needs_a_service_that_need_not_run_is_skipped() {
    let mut run = begin("db service! | asks\na needs db\nb needs a\nc after a");
    assert_eq!((run.running(), run.asks()), (String::new(), "db".to_owned()));
    run.unmet("db");
    run.all_pass();
    assert_eq!(run.ends(), "db skipped, a skipped, b skipped, c passed, exit 0");
    assert_eq!(run.reason("a"), "needs `db`, which ended as skipped");
}

#[test]
fn a_pipe_starts_as_a_whole_or_not_at_all() {
    let mut run = begin("a\nb pipe a | asks\nc pipe b\nd needs a c");
    assert_eq!(run.running(), "");
    run.unmet("b");
    assert_eq!(run.running(), "d");
    let idle = ["a", "b", "c"].map(|name| run.node(name));
    assert_eq!(run.referee.idle, idle.into(), "whoever reads what they write reads nothing");
    run.all_pass();
    assert_eq!(run.ends(), "a skipped, b skipped, c skipped, d passed, exit 0");
}

#[test]
fn a_source_that_need_not_run_closes_its_queue() {
    let mut run =
        begin("a feeds q | asks\nb reads q\nc needs b\nx feeds r | asks\ny feeds r\nz reads r");
    run.unmet("a");
    run.unmet("x");
    assert_eq!(run.running(), "y c");
    run.publishes_one("y");
    run.all_pass();
    assert_eq!(run.ends(), "a skipped, b skipped, c passed, x skipped, y passed, z passed, exit 0");
    assert_eq!(run.reason("b"), "everything that feeds it was skipped");
}

#[test]
fn what_feeds_a_reader_that_need_not_run_goes_on() {
    let mut run = begin("a feeds q\nb reads q | asks\nc needs a b");
    run.feeds("a", 1);
    run.unmet("b");
    assert_eq!(run.running(), "a", "it is not stopped");
    run.feeds("a", 2);
    run.exit("a", 0);
    run.all_pass();
    assert_eq!(run.ends(), "a passed, b skipped, c passed, exit 0");
}

#[test]
fn what_feeds_a_reader_that_need_not_run_and_one_that_failed_is_stopped() {
    let text = "limits continue\nx feeds p q\na reads p | asks\nb streams q";
    for is_first in [true, false] {
        let mut run = begin(text);
        run.feeds("x", 1);
        if is_first {
            run.unmet("a");
        }
        run.exit("b", 5);
        if !is_first {
            assert_eq!(run.running(), "x");
            run.unmet("a");
        }
        assert_eq!(run.running(), "x-");
        run.die("x", 15);
        assert_eq!(run.ends(), "x stopped, a skipped, b failed, exit 1");
        let reason = "nobody is left to read queue `q`: `b` ended as failed";
        assert_eq!(run.reason("x"), reason);
    }
}

#[test]
fn a_stage_before_a_reader_that_need_not_run_works_on() {
    let mut run =
        begin("queue p 1 2\na reads p feeds q | workers 1\nb reads q | asks\nc needs a b");
    run.unmet("b");
    run.publishes_one("a");
    run.publishes_one("a");
    assert_eq!(run.running(), "c");
    run.all_pass();
    assert_eq!(run.ends(), "a passed, b skipped, c passed, exit 0");
    let told = |kind: &EventKind| {
        matches!(kind, EventKind::Noted { message }
        if message == "what is put into queue `q` is dropped: its readers need not run")
    };
    assert_eq!(run.count(told), 1);
}

#[test]
fn the_first_cell_that_fails_ends_the_others() {
    let text = "limits continue\nlimits jobs 2\na matrix k=1,2,3 | fails-fast\nb needs a";
    let mut run = begin(text);
    assert_eq!(run.running(), "a (1) a (2)");
    run.exit("a (1)", 1);
    assert_eq!(run.running(), "a (2)-");
    run.die("a (2)", 15);
    assert_eq!(run.ends(), "a (1) failed, a (2) stopped, a (3) skipped, b skipped, exit 1");
    let reason = "`a (1)` failed, and fail-fast ends the other cells";
    assert_eq!([run.reason("a (2)"), run.reason("a (3)")], [reason; 2]);
    let mut run = begin("limits continue\na matrix k=1,2\nb needs a");
    run.exit("a (1)", 1);
    assert_eq!(run.running(), "a (2)");
}

#[test]
fn a_cell_that_may_fail_ends_no_other() {
    let mut run = begin("a matrix k=1,2 | fails-fast allow");
    run.exit("a (1)", 1);
    run.all_pass();
    assert_eq!(run.ends(), "a (1) allowed-failure, a (2) passed, exit 0");
}

#[test]
fn fail_fast_ends_cells_that_read_or_are_due_again() {
    let text = "limits continue\nqueue q 1 2\na reads q matrix k=1,2 | fails-fast workers 1";
    let mut run = begin(text);
    assert_eq!(run.running(), "a (1) a (2)");
    run.cannot_start("a (1)", "it was not found");
    assert_eq!(run.running(), "a (2)-");
    run.die("a (2)", 15);
    assert_eq!(run.ends(), "a (1) failed, a (2) stopped, exit 1");
    let mut run = begin("limits continue\na matrix k=1,2 | fails-fast backoff 9 9 on 1");
    run.exit("a (2)", 1);
    assert_eq!(run.ends(), "a (2) failed, ");
    run.die("a (1)", 15);
    let text = "limits continue\na matrix k=1,2 retry 1 | fails-fast backoff 9 9 never 64";
    let mut run = begin(text);
    run.exit("a (1)", 1);
    run.exit("a (2)", 64);
    assert_eq!(run.ends(), "a (1) failed, a (2) failed, exit 1");
    let end = "not tried again: `a (2)` failed, and fail-fast ends the other cells";
    assert_eq!(run.reason("a (1)"), end);
}
