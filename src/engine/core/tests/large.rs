//! Large: 100 000 nodes and items take twice the steps of 50 000, and no stack.
//!
//! What is counted are the effects; that none of them costs more the more there are is seen by the
//! time, with a bound so wide that only a quadratic step can miss it. Unaware of what ends how.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::body::Body;
use super::story::planned;
use crate::engine::core::Input;
use crate::event::{Exit, Outcome};
use crate::plan::{Machine, Plan, Selection, plan, sample};

/// Nodes of a large plan.
const MANY: usize = 100_000;

/// A run of so many nodes is over within this time; it takes a hundredth, and a quadratic one days.
const SOON: Duration = Duration::from_secs(60);

/// A stack that holds every story, and no step of it for each cell of a matrix.
const STACK: usize = 512 << 10;

/// Returns the plan of lines that are right.
fn large(text: &str) -> Plan {
    let machine = Machine { cpus: 64, jobs: None };
    plan(sample::job(text), &Selection::default(), &machine, &BTreeMap::new()).unwrap()
}

/// Runs a plan to its end and returns how it did; the first child to end fails where that is asked
/// for.
fn run(plan: Plan, mut fails: bool) -> Body {
    let mut body = Body::new(plan, true);
    let start = Instant::now();
    body.on(Input::Begin);
    while let Some((id, _)) = body.children.first_key_value() {
        let code = i32::from(std::mem::take(&mut fails));
        body.end_child(*id, Exit::Code(code));
    }
    assert!(body.over);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    body
}

/// Returns a job of so many nodes, each with the line that it is given.
fn lines(count: usize, line: impl Fn(usize, &mut String)) -> String {
    let mut text = String::new();
    for at in 0..count {
        write!(text, "p{at}").unwrap();
        line(at, &mut text);
        text.push('\n');
    }
    text
}

fn chain(count: usize) -> String {
    lines(count, |at, text| {
        if at > 0 {
            write!(text, " needs p{}", at - 1).unwrap();
        }
    })
}

fn star(count: usize) -> String {
    lines(count, |at, text| text.push_str(if at == 0 { "" } else { " needs p0" }))
}

/// Asserts that twice the nodes are twice the effects.
fn is_linear(text: impl Fn(usize) -> String, fails: bool) -> Body {
    let half = run(large(&text(MANY / 2)), fails).effects;
    let body = run(large(&text(MANY)), fails);
    assert!(body.effects <= half * 2 + 10, "{half} effects become {}", body.effects);
    body
}

#[test]
fn a_chain_of_100_000() {
    let body = is_linear(chain, false);
    assert_eq!(body.referee.tally.ended_as(Outcome::Passed), 100_000);
}

#[test]
fn a_star_of_100_000() {
    let body = is_linear(star, false);
    assert_eq!(body.referee.tally.ended_as(Outcome::Passed), 100_000);
}

#[test]
fn a_failing_root_of_100_000() {
    for text in [chain, star] {
        let body = is_linear(text, true);
        assert_eq!(body.referee.tally.ended_as(Outcome::Skipped), 99_999);
    }
}

#[test]
fn a_stop_among_100_000() {
    let mut body = Body::new(large(&lines(MANY, |_, _| {})), false);
    body.late = true;
    body.on(Input::Begin);
    body.stop(crate::event::Stop::Kill);
    while let Some((id, _)) = body.children.first_key_value() {
        body.end_child(*id, Exit::Signal(9));
    }
    assert_eq!(body.referee.tally.ended_as(Outcome::Skipped), 100_000 - 64);
}

#[test]
fn ranks_and_a_thousand_pools_among_20_000() {
    let text = |count| {
        let mut text = String::new();
        for pool in 0..1000 {
            writeln!(text, "pool x{pool} 1").unwrap();
        }
        text += "pool all 64\n";
        text + &lines(count, |at, text| {
            write!(text, " pool all x{} priority {}", at % 1000, at % 7).unwrap();
        })
    };
    let body = run(large(&text(MANY / 5)), false);
    assert_eq!(body.referee.tally.ended_as(Outcome::Passed), 20_000);
}

#[test]
fn a_pipe_of_many_is_one_unit() {
    let text = |count| {
        lines(count, |at, text| {
            if at > 0 {
                write!(text, " pipe p{}", at - 1).unwrap();
            }
        })
    };
    run(large(&text(10_000)), false);
}

/// Each cell that is given up has something that runs after it, and has failed.
#[test]
fn a_failure_among_1000_cells_that_wait_for_their_next_try() {
    let cells = (0..1000).map(|cell| cell.to_string()).collect::<Vec<_>>().join(",");
    let text = format!(
        "limits continue\na matrix k={cells} retry 1 | fails-fast finally backoff 9 9 never 64"
    );
    let play = move || {
        let mut body = Body::new(planned(&text), false);
        body.on(Input::Begin);
        for left in (0..1000).rev() {
            let oldest = *body.children.keys().next().unwrap();
            body.end_child(oldest, Exit::Code(if left > 0 { 1 } else { 64 }));
        }
        body.all_pass();
        body.referee.tally.ended_as(Outcome::Failed)
    };
    let small = std::thread::Builder::new().stack_size(STACK).spawn(play).unwrap();
    assert_eq!(small.join().unwrap(), 1000);
}

/// Steps of the core and time for items of a queue that many nodes read or feed.
fn items(text: &str, count: u64) {
    let mut body = Body::new(planned(text), true);
    let start = Instant::now();
    body.on(Input::Begin);
    let source = body.child("source");
    for _ in 0..count {
        body.put(body.node("source"));
        tell_all(&mut body);
        let other = *body.children.keys().find(|id| **id != source).unwrap();
        body.end_child(other, Exit::Code(0));
        tell_all(&mut body);
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

fn tell_all(body: &mut Body) {
    let ids: Vec<_> = body.settling.keys().copied().collect();
    for id in ids {
        body.settle(id);
    }
    while let Some(queue) = body.untold.first().copied() {
        let told = body.level_to_tell(queue);
        body.on(told);
    }
}

#[test]
fn an_item_costs_the_same_however_many_read_and_feed_its_queue() {
    let readers = lines(5_000, |_, text| text.push_str(" reads q"));
    items(&format!("source feeds q\n{readers}"), 5_000);
    let idle = lines(20_000, |_, text| text.push_str(" needs source"));
    items(&format!("source feeds q\nreader reads q\n{idle}"), 20_000);
}
