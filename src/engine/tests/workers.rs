//! Workers: items asked of long-lived children, one by one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::play::{Play, Played, pause, print};
use crate::child::{Act, Answers, Script};
use crate::event::{EventKind, Outcome, Verdict};
use crate::model::{Emit, Process, Wire};

/// Eight items and one worker.
pub(super) const ONE: &str = r#"
[queue.q]
items = ["a", "b", "c", "d", "e", "f", "g", "h"]

[process.work]
command = ["work"]
consumes = "q"
deliver = "worker"
workers = 1
"#;

/// A worker, and who reads what it makes.
pub(super) const TWO: &str = r#"
[queue.q]
items = ["a", "b", "c", "d", "e", "f", "g", "h"]

[queue.out]
capacity = 1

[process.work]
command = ["work"]
consumes = "q"
deliver = "worker"
workers = 1
produces = "out"

[process.read]
command = ["read", "{item}"]
consumes = "out"
workers = 1
"#;

pub(super) fn play(job: &str, change: impl FnOnce(&mut Process)) -> Play {
    Play::toml(job).with("work", change)
}

/// Returns the id and the item of a request.
pub(super) fn asked(line: &str) -> (String, String) {
    let request: serde_json::Value = serde_json::from_str(line).unwrap();
    let text = |key: &str| request[key].as_str().unwrap().to_owned();
    (text("id"), text("item"))
}

pub(super) fn say(line: &str) -> Act {
    Act::Say(format!("{line}\n").into())
}

pub(super) fn ok(id: &str) -> Act {
    say(&format!(r#"{{"id":"{id}","ok":true}}"#))
}

pub(super) fn ready(window: u32) -> Act {
    say(&format!(r#"{{"ready":true,"window":{window}}}"#))
}

/// A worker that does for each item what this says, by its id and itself.
pub(super) fn worker(window: u32, answer: impl Fn(&str, &str) -> Vec<Act> + 'static) -> Script {
    let answers = Answers::new(move |line| {
        let (id, item) = asked(line);
        answer(&id, &item)
    });
    Script::new([ready(window), Act::Serve(answers)])
}

/// Returns how tries at items ended, in the order in which they were told.
pub(super) fn tries(played: &Played) -> Vec<(String, u32, Verdict, String)> {
    let told = |kind: &EventKind| match kind {
        EventKind::ItemEnded { item, number, verdict, exit, reason, .. } => {
            let why = reason.clone().unwrap_or_else(|| exit.to_string());
            Some((item.id.clone(), *number, *verdict, why))
        }
        _ => None,
    };
    played.events.iter().filter_map(|event| told(&event.kind)).collect()
}

/// Returns the dead items with the standard error that was kept.
pub(super) fn dead(played: &Played) -> Vec<(String, String)> {
    let told = |kind: &EventKind| match kind {
        EventKind::ItemDead { item, stderr, .. } => {
            Some((item.id.clone(), String::from_utf8_lossy(&stderr.0).into_owned()))
        }
        _ => None,
    };
    played.events.iter().filter_map(|event| told(&event.kind)).collect()
}

#[test]
fn a_window_is_filled_and_no_more() {
    for window in [1, 3, 64] {
        let held = Rc::new(RefCell::new(Vec::new()));
        let most = Rc::new(Cell::new(0));
        let (hand, seen) = (Rc::clone(&held), Rc::clone(&most));
        let played = play(ONE, |_| {}).run(move |_| {
            let (hand, seen) = (Rc::clone(&hand), Rc::clone(&seen));
            worker(window, move |id, _| {
                let mut hand = hand.borrow_mut();
                hand.push(id.to_owned());
                seen.set(hand.len().max(seen.get()));
                // The last of a full hand goes first.
                let full = hand.len() == 3 || window == 1 || id.ends_with('7');
                if full { hand.drain(..).rev().map(|id| ok(&id)).collect() } else { vec![pause(1)] }
            })
        });
        let played = played.exits(0);
        assert_eq!(played.queue("q"), [8, 8, 0, 0]);
        assert_eq!((played.started, most.get()), (1, 3.min(window as usize)));
        assert_eq!(tries(&played).len(), 8);
        assert_eq!(played.outcome("work").0, Outcome::Passed);
    }
}

#[test]
fn a_failing_item_is_tried_again_and_dies_with_all_that_is_known() {
    let change = |process: &mut Process| {
        process.retry.max = 1;
        process.retry.backoff.first = Duration::from_secs(60);
        process.retry.backoff.most = Duration::from_secs(60);
    };
    let played = play(ONE, change).run(|_| {
        worker(8, |id, item| match item {
            "b" => vec![
                Act::Stderr("b is bad\n".into()),
                say(&format!(r#"{{"id":"{id}","ok":false,"error":"bad"}}"#)),
            ],
            "d" => vec![say(&format!(r#"{{"id":"{id}","ok":false,"error":"no","retry":false}}"#))],
            _ => vec![ok(id)],
        })
    });
    let played = played.exits(1);
    assert_eq!(played.queue("q"), [8, 6, 2, 0]);
    // It waited for the retry.
    assert_eq!((played.started, played.took()), (1, 60_000));
    let failed = |(id, number, verdict, why): &(String, u32, Verdict, String)| {
        (*verdict != Verdict::Passed).then(|| format!("{id} {number} {verdict:?} {why}"))
    };
    let failed: Vec<_> = tries(&played).iter().filter_map(failed).collect();
    let said = |id, number, why| format!("q:{id} {number} Failed replied: {why}");
    assert_eq!(failed, [said(1, 1, "bad"), said(3, 1, "no"), said(1, 2, "bad")]);
    let stderr = "b is bad\n".repeat(2);
    let dead = dead(&played);
    assert_eq!(dead[1], ("q:1".to_owned(), stderr));
    assert_eq!(dead[0].0, "q:3");
}

#[test]
fn an_item_comes_later_at_no_cost_of_a_try() {
    let asked = Rc::new(Cell::new(0));
    let played = play(ONE, |_| {}).run(move |_| {
        let asked = Rc::clone(&asked);
        worker(2, move |id, item| {
            asked.set(asked.get() + u32::from(item == "c"));
            if item == "c" && asked.get() < 3 {
                return vec![say(&format!(r#"{{"id":"{id}","later":"1h"}}"#))];
            }
            vec![ok(id)]
        })
    });
    let played = played.exits(0);
    assert_eq!((played.queue("q"), played.took()), ([8, 8, 0, 0], 7_200_000));
    assert!(tries(&played).iter().all(|tried| tried.1 == 1));
    assert_eq!((played.outcome("work").0, played.started), (Outcome::Passed, 1));
}

#[test]
fn what_comes_of_an_item_is_published_with_it_and_holds_no_reply_up() {
    let played = play(TWO, |_| {}).run(|called| match called.process.as_str() {
        "work" => worker(8, |id, item| match item {
            "b" => vec![say(&format!(r#"{{"id":"{id}","ok":false,"error":"no"}}"#))],
            _ => vec![say(&format!(r#"{{"id":"{id}","ok":true,"out":["{item}1","{item}2"]}}"#))],
        }),
        _ => Script::new([pause(1000), print(&called.item)]),
    });
    let played = played.exits(1);
    assert_eq!(played.queue("q"), [8, 7, 1, 0]);
    assert_eq!(played.queue("out"), [14, 14, 0, 0]);
    let printed = played.printed("read");
    let printed: Vec<_> = printed.lines().collect();
    let made =
        ["a", "c", "d", "e", "f", "g", "h"].map(|item| [format!("{item}1"), format!("{item}2")]);
    assert_eq!(printed, made.concat());
}

#[test]
fn what_does_not_fit_its_queue_fails_its_item_and_names_the_queue() {
    let played = play(TWO, |_| {}).run(|called| match called.process.as_str() {
        "work" => worker(1, |id, item| match item {
            "a" => vec![say(&format!(r#"{{"id":"{id}","ok":true,"out":["x","y\nz"]}}"#))],
            _ => vec![ok(id)],
        }),
        _ => Script::new([print(&called.item)]),
    });
    let played = played.exits(1);
    assert_eq!((played.queue("q"), played.queue("out")), ([8, 7, 1, 0], [0, 0, 0, 0]));
    let charged = tries(&played).into_iter().find(|tried| tried.2 != Verdict::Passed).unwrap();
    assert!(charged.3.starts_with("replied: queue `out`: "), "{}", charged.3);
}

#[test]
fn a_worker_is_replaced_after_so_many_items_or_so_long() {
    let change = |process: &mut Process| {
        process.consumes.as_mut().unwrap().recycle.items = Some(3);
    };
    let played = play(ONE, change).run(|_| worker(64, |id, _| vec![ok(id)])).exits(0);
    assert_eq!((played.queue("q"), played.started), ([8, 8, 0, 0], 3));
    let change = |process: &mut Process| {
        process.consumes.as_mut().unwrap().recycle.age = Some(Duration::from_secs(5));
    };
    let played = play(ONE, change).run(|_| worker(1, |id, _| vec![pause(2000), ok(id)]));
    let played = played.exits(0);
    assert_eq!((played.queue("q"), played.started), ([8, 8, 0, 0], 3));
    assert!(tries(&played).iter().all(|tried| tried.2 == Verdict::Passed));
}

#[test]
fn a_worker_may_speak_on_its_standard_streams() {
    let change = |process: &mut Process| process.consumes.as_mut().unwrap().wire = Wire::Stdio;
    let played = play(ONE, change).run(|_| worker(4, |id, _| vec![ok(id)])).exits(0);
    assert_eq!((played.queue("q"), played.started), ([8, 8, 0, 0], 1));
    assert_eq!(played.printed("work"), "");
}

#[test]
fn what_is_made_keeps_the_order_of_what_was_read() {
    let change = |process: &mut Process| {
        process.emit = Emit::Input;
        process.retry.max = 1;
    };
    let failed = Rc::new(Cell::new(false));
    let played = play(TWO, change).run(move |called| {
        let failed = Rc::clone(&failed);
        match called.process.as_str() {
            "work" => {
                let held = RefCell::new(Vec::new());
                worker(4, move |id, item| {
                    if item == "b" && !failed.replace(true) {
                        return vec![say(&format!(r#"{{"id":"{id}","ok":false,"error":"x"}}"#))];
                    }
                    let out = format!(r#"{{"id":"{id}","ok":true,"out":["{item}"]}}"#);
                    held.borrow_mut().push(say(&out));
                    // Two at a time, the second first.
                    let full = held.borrow().len() == 2;
                    if full { held.borrow_mut().drain(..).rev().collect() } else { vec![pause(1)] }
                })
            }
            _ => Script::new([print(&called.item)]),
        }
    });
    let played = played.exits(0);
    assert_eq!((played.queue("q"), played.outcome("work").0), ([8, 8, 0, 0], Outcome::Flaky));
    assert_eq!(played.printed("read"), "a\nb\nc\nd\ne\nf\ng\nh\n");
}

#[test]
fn the_items_of_a_shard_go_to_one_worker_in_order() {
    let job = r#"
[queue.q]
items = ["a1", "b1", "a2", "c1", "b2", "a3", "c2", "a4"]
framing = "lines"

[process.work]
command = ["work"]
consumes = "q"
deliver = "worker"
workers = 2
shard = "{item}"
"#;
    let seen = Rc::<RefCell<Vec<(u32, String)>>>::default();
    let (told, count) = (Rc::clone(&seen), Rc::new(Cell::new(0)));
    let played = play(job, |_| {}).run(move |_| {
        let (seen, number) = (Rc::clone(&told), count.get());
        count.set(number + 1);
        worker(3, move |id, item| {
            seen.borrow_mut().push((number, item.to_owned()));
            vec![pause(1), ok(id)]
        })
    });
    assert_eq!(played.exits(0).queue("q"), [8, 8, 0, 0]);
    let seen = seen.borrow();
    let by = |worker: u32| {
        let of = seen.iter().filter(|(by, _)| *by == worker).map(|(_, item)| item.clone());
        of.collect::<Vec<_>>()
    };
    for worker in [0, 1] {
        assert!(!by(worker).is_empty(), "each has a shard: {seen:?}");
        let order = ["a1", "b1", "a2", "c1", "b2", "a3", "c2", "a4"];
        let place = |item: &String| order.iter().position(|known| known == item);
        assert!(by(worker).is_sorted_by_key(place), "{seen:?}");
    }
}

#[test]
fn a_dead_item_goes_to_the_queue_for_those() {
    let job = r#"
[queue.q]
items = ["a", "b", "c"]
dead = "bad"

[queue.bad]
capacity = 1

[process.work]
command = ["work"]
consumes = "q"
deliver = "worker"
workers = 1

[process.read]
command = ["read", "{item}"]
consumes = "bad"
workers = 1
"#;
    let played = play(job, |_| {}).run(|called| match called.process.as_str() {
        "work" => worker(3, |id, item| match item {
            "b" => vec![ok(id)],
            _ => vec![say(&format!(r#"{{"id":"{id}","ok":false,"error":"no"}}"#))],
        }),
        _ => Script::new([pause(1000), print(&called.item)]),
    });
    let played = played.exits(1);
    assert_eq!((played.queue("q"), played.queue("bad")), ([3, 1, 2, 0], [2, 2, 0, 0]));
    assert_eq!(played.printed("read"), "a\nc\n");
}
