//! Waits: for every reason to wait there is a sentence, at any time.

use super::body::Body;
use super::story::begin;
use crate::engine::core::waiting::{Reason, Waiting};
use crate::model::When;

fn waiting(run: &Body, name: &str) -> Waiting {
    run.core.waiting(run.node(name))
}

fn on(reason: Reason) -> Waiting {
    Waiting::On(reason)
}

#[test]
fn other_nodes() {
    let run =
        begin("a\nb needs a\nc needs started:b\nd needs failed:a\ne needs ended:a\nf after a");
    let needs = |name: &str, when| on(Reason::Needs { name: name.to_owned(), when });
    assert_eq!(waiting(&run, "a"), Waiting::No);
    assert_eq!(waiting(&run, "b"), needs("a", When::Passed));
    assert_eq!(waiting(&run, "c"), needs("b", When::Started));
    assert_eq!(waiting(&run, "d"), needs("a", When::Failed));
    assert_eq!(waiting(&run, "e"), needs("a", When::Ended));
    assert_eq!(waiting(&run, "f"), on(Reason::After("a".to_owned())));
}

#[test]
fn a_failure_and_those_in_the_same_pipe() {
    let run = begin("x\na\nb pipe a needs x\nmail | on-failure");
    assert_eq!(waiting(&run, "a"), on(Reason::Pipe("b".to_owned())));
    assert_eq!(waiting(&run, "mail"), on(Reason::Failure));
}

#[test]
fn slots_of_a_pool_of_the_run_and_of_time() {
    let run = begin("pool p 1\na pool p\nb pool p");
    let pool = Reason::Pool { name: "p".to_owned(), used: 1, size: 1 };
    assert_eq!(waiting(&run, "b"), on(pool));
    let run = begin("limits jobs 1\npool p 9\na pool p priority 1\nb");
    assert_eq!(waiting(&run, "b"), on(Reason::Jobs { used: 1, jobs: 1 }));
    let run = begin("pool p 9 | rate 1\na pool p\nb pool p");
    assert_eq!(waiting(&run, "b"), on(Reason::Rate("p".to_owned())));
}

#[test]
fn items_and_room() {
    let mut run =
        begin("queue r | holds 1\ns feeds q\nstage reads q feeds r\nsink reads r | workers 1");
    assert_eq!(waiting(&run, "stage"), on(Reason::Items("q".to_owned())));
    run.feeds("s", 1);
    assert_eq!(waiting(&run, "stage"), Waiting::No, "it runs");
    run.publishes_one("stage");
    assert_eq!(waiting(&run, "stage"), on(Reason::Room("r".to_owned())));
}

#[test]
fn the_next_try() {
    let mut run = begin("a retry 1 | backoff 8 8");
    run.exit("a", 1);
    assert_eq!(waiting(&run, "a"), on(Reason::Retry(std::time::Duration::from_secs(8))));
    run.pass(std::time::Duration::from_millis(500));
    assert_eq!(run.waits(), ["`a` waits: retry in 8 s"]);
}

#[test]
fn nothing_once_it_has_ended() {
    let mut run = begin("a\nb");
    run.exit("a", 0);
    assert_eq!(waiting(&run, "a"), Waiting::No);
}

#[test]
fn no_more_sentences_than_fit_a_screen() {
    use std::fmt::Write as _;
    let mut text = "a\n".to_owned();
    (0..200).for_each(|at| writeln!(text, "b{at} needs a").unwrap());
    assert_eq!(begin(&text).waits().len(), 50);
}
