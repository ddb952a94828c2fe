//! Tokens: slots that are shared with make are had by each who needs one, go back, and are never
//! waited for in vain.

use super::body::Body;
use super::story::planned;
use crate::engine::core::{Input, Sharing};

/// Begins a run that serves so many tokens, or joins a server that has so many left.
fn begin(sharing: Sharing, tokens: u32, text: &str) -> Body {
    let mut body = Body::new(planned(text), false);
    body.shares(sharing, tokens);
    body.on(Input::Begin);
    body
}

const FOUR: &str = "limits cpus 2\na\nb\nc\nd";

#[test]
fn a_token_for_each_and_all_go_back() {
    let mut run = begin(Sharing::Serves, 2, FOUR);
    assert_eq!((run.running().as_str(), run.machine.there), ("a b", 0));
    run.exit("a", 0);
    assert_eq!(run.running(), "b c");
    run.all_pass();
    assert_eq!((run.over, run.machine.there, run.machine.hand), (true, 2, 0));
}

#[test]
fn who_waits_for_make_says_so_and_goes_on_when_it_gives_one_back() {
    let text = "limits cpus 3\nz\na\nb needs a\nc needs a";
    let mut run = begin(Sharing::Serves, 3, text);
    run.make_takes();
    run.exit("a", 0);
    assert_eq!(run.running(), "z b");
    assert_eq!(run.waits()[0], "`c` waits: all job slots are taken by `make` or the like");
    run.make_gives();
    assert_eq!(run.running(), "z b c");
}

#[test]
fn one_starts_without_where_others_have_all() {
    let mut run = begin(Sharing::Serves, 2, "limits cpus 2\nx feeds q\ny reads q | workers 1\na");
    run.exit("a", 0);
    run.make_takes();
    run.make_takes();
    run.feeds("x", 1);
    assert_eq!(run.running(), "x y");
    assert_eq!(run.machine.hand, 0);
    run.make_gives();
    assert_eq!(run.machine.hand, 1, "it has one as soon as there is one");
}

#[test]
fn a_pool_of_its_own_takes_what_there_is_and_lends_it() {
    let text = "limits cpus 2\npool p 3\na pool p\nb pool p\nc pool p\nd after a";
    let mut run = begin(Sharing::Serves, 2, text);
    assert_eq!((run.running().as_str(), run.machine.hand), ("a b c", 2));
    run.exit("a", 0);
    assert_eq!((run.running().as_str(), run.machine.hand), ("b c d", 2));
    run.exit("d", 0);
    run.exit("c", 0);
    assert_eq!((run.machine.hand, run.machine.there), (1, 1));
}

#[test]
fn what_was_lost_is_made_again_once_nothing_runs() {
    let mut run = begin(Sharing::Serves, 2, "limits cpus 2\na\nb needs ended:a\nc needs ended:a");
    run.make_takes();
    run.make_dies();
    run.die("a", 9);
    assert_eq!(run.machine.there + run.machine.hand, 2);
    let mut run = begin(Sharing::Serves, 2, "limits cpus 2\nx feeds q\ny reads q\na");
    run.make_takes();
    run.make_dies();
    run.die("a", 9);
    assert_eq!(run.machine.there, 2, "a source has none");
}

#[test]
fn what_was_lost_is_made_again_after_what_runs_after_its_process() {
    let text = "limits cpus 2\na | finally\nb needs ended:a\nc needs ended:a";
    let mut run = begin(Sharing::Serves, 2, text);
    run.make_takes();
    run.make_dies();
    run.die("a", 9);
    assert_eq!(run.machine.there + run.machine.hand, 1, "what runs after it may have it");
    run.exit("a", 0);
    assert_eq!((run.running().as_str(), run.machine.hand), ("b c", 2));
    let mut run = begin(Sharing::Serves, 2, "limits cpus 2\nx feeds q\ny reads q\na | finally");
    run.make_takes();
    run.make_dies();
    run.die("a", 9);
    run.exit("a", 0);
    assert_eq!(run.machine.there, 2, "a source has none");
}

#[test]
fn who_joins_has_one_of_its_own() {
    let mut run = begin(Sharing::Joins, 1, "pool p 9\na pool p\nb pool p\nc");
    assert_eq!((run.running().as_str(), run.machine.there), ("a b", 0));
    run.exit("a", 0);
    assert_eq!(run.running(), "b c");
    run.exit("b", 0);
    assert_eq!(run.machine.there, 1);
    run.all_pass();
    assert_eq!((run.over, run.machine.there), (true, 1));
    let mut run = begin(Sharing::Joins, 0, "a\nb");
    assert_eq!(run.running(), "a");
    run.exit("a", 0);
    assert_eq!(run.running(), "b");
}
