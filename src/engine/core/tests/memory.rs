//! Memory: what keeps back starts, what lets them go, and why none waits for ever.

use std::time::Duration;

use super::body::Body;
use super::story::planned;
use crate::engine::core::Input;
use crate::event::EventKind;

/// Begins a run on a machine with so many bytes.
fn begin_with(bytes: u64, text: &str) -> Body {
    let mut body = Body::new(planned(text), false);
    body.machine.memory = Some(bytes);
    body.on(Input::Begin);
    body
}

/// Returns what was told to people so far.
fn notes(run: &Body) -> Vec<&str> {
    let noted = run.events.iter().filter_map(|kind| match kind {
        EventKind::Noted { message } => Some(message.as_str()),
        _ => None,
    });
    noted.collect()
}

#[test]
fn nothing_more_starts_while_there_is_too_little() {
    let mut run = begin_with(2000, "pool p 9 | memory 3221225472\na pool p\nb pool p\nc");
    assert_eq!(run.running(), "a c", "one may always run");
    assert_eq!(notes(&run), ["pool `p` waits: memory below 3 GiB (2 KiB available)"]);
    assert_eq!(run.waits(), ["`b` waits: memory below 3 GiB"]);
    run.machine.memory = Some(4 << 30);
    run.pass(Duration::from_secs(1));
    assert_eq!(run.running(), "a c b");
}

#[test]
fn one_starts_once_nothing_else_runs_however_little_there_is() {
    let mut run = begin_with(1, "pool p 9 | memory 5000\na pool p\nb pool p\nc pool p");
    assert_eq!(run.running(), "a");
    run.pass(Duration::from_secs(60));
    assert_eq!(run.running(), "a");
    run.exit("a", 0);
    assert_eq!(run.running(), "b");
    run.exit("b", 0);
    run.exit("c", 0);
    assert!(run.over);
    assert_eq!(notes(&run).len(), 1, "told once");
}

#[test]
fn a_source_that_waits_for_its_reader_is_no_reason_to_wait() {
    let text = "pool p 9 | memory 5000\ns feeds q\nr reads q pool p";
    let mut run = begin_with(1, text);
    run.feeds("s", 3);
    assert_eq!(run.running(), "s r");
}

#[test]
fn where_nobody_can_say_nothing_waits() {
    let mut run = Body::new(planned("pool p 9 | memory 5000\na pool p\nb pool p"), false);
    run.on(Input::Begin);
    assert_eq!(run.running(), "a b");
}
