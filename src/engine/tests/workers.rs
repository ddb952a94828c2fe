//! Workers: items asked of long-lived children, one by one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::play::{Play, Played, pause, print};
use crate::child::{Act, Answers, Script};
use crate::event::{EventKind, Exit, Outcome, Stop, Verdict};
use crate::model::{Emit, Process, Wire};

/// Eight items and one worker.
const ONE: &str = r#"
[queue.q]
items = ["a", "b", "c", "d", "e", "f", "g", "h"]

[process.work]
command = ["work"]
consumes = "q"
deliver = "worker"
workers = 1
"#;

/// A worker, and who reads what it makes.
const TWO: &str = r#"
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

fn play(job: &str, change: impl FnOnce(&mut Process)) -> Play {
    Play::toml(job).with("work", change)
}

/// Returns the id and the item of a request.
fn asked(line: &str) -> (String, String) {
    let request: serde_json::Value = serde_json::from_str(line).unwrap();
    let text = |key: &str| request[key].as_str().unwrap().to_owned();
    (text("id"), text("item"))
}

fn say(line: &str) -> Act {
    Act::Say(format!("{line}\n").into())
}

fn ok(id: &str) -> Act {
    say(&format!(r#"{{"id":"{id}","ok":true}}"#))
}

fn ready(window: u32) -> Act {
    say(&format!(r#"{{"ready":true,"window":{window}}}"#))
}

/// A worker that does for each item what this says, by its id and itself.
fn worker(window: u32, answer: impl Fn(&str, &str) -> Vec<Act> + 'static) -> Script {
    let answers = Answers::new(move |line| {
        let (id, item) = asked(line);
        answer(&id, &item)
    });
    Script::new([ready(window), Act::Serve(answers)])
}

/// Returns how tries at items ended, in the order in which they were told.
fn tries(played: &Played) -> Vec<(String, u32, Verdict, String)> {
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
fn dead(played: &Played) -> Vec<(String, String)> {
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
fn of_eight_in_hand_only_the_one_is_dead_that_ends_its_worker() {
    for exit in [Exit::Code(3), Exit::Signal(9), Exit::Signal(11), Exit::Code(0)] {
        let played = play(ONE, |_| {}).run(move |_| {
            let exit = exit.clone();
            // It waits until all are in its hand.
            worker(8, move |id, item| match item {
                "e" => vec![pause(1), Act::End(exit.clone())],
                _ => vec![pause(10), ok(id)],
            })
        });
        let played = played.exits(1);
        assert_eq!(played.queue("q"), [8, 7, 1, 0]);
        assert_eq!(dead(&played)[0].0, "q:4");
        let charged = tries(&played);
        let charged: Vec<_> = charged.iter().filter(|tried| tried.2 != Verdict::Passed).collect();
        assert_eq!(charged.len(), 1, "{charged:?}");
    }
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
fn nonsense_ends_a_worker_and_says_what_was_said() {
    let cases = [
        ("hello", "`hello` is no reply of a worker: it is no JSON object"),
        (r#"{"id":"q:9","ok":true}"#, "no item of that `id` is in its hand"),
        (r#"{"id":"x:0","ok":true}"#, "no item of that `id` is in its hand"),
        (r#"{"id":"q:00","ok":true}"#, "no item of that `id` is in its hand"),
    ];
    for (line, why) in cases {
        let played = play(ONE, |_| {}).run(move |_| {
            worker(1, move |id, item| match item {
                "c" => vec![say(line), ok(id)],
                _ => vec![ok(id)],
            })
        });
        let played = played.exits(1);
        assert_eq!(played.queue("q"), [8, 7, 1, 0], "{line}");
        let charged = tries(&played).into_iter().find(|tried| tried.2 != Verdict::Passed).unwrap();
        assert!(charged.3.contains(why), "{charged:?}");
        assert_eq!(played.started, 3);
    }
}

#[test]
fn the_first_nonsense_charges_nobody() {
    let played = play(ONE, |_| {}).run(|_| {
        worker(4, |id, item| match item {
            // It has something else in hand when it answers for this one again.
            "a" => vec![ok(id), pause(1), ok(id)],
            _ => vec![pause(1), ok(id)],
        })
    });
    let played = played.exits(0);
    assert_eq!(played.queue("q"), [8, 8, 0, 0]);
    assert_eq!(played.ends("work")[0], (Exit::Signal(9), Verdict::Failed));
    assert!(tries(&played).iter().all(|tried| tried.1 == 1 && tried.2 == Verdict::Passed));
}

#[test]
fn a_silent_worker_is_ended_while_it_has_something_in_hand() {
    let change = |process: &mut Process| process.timeout.idle = Some(Duration::from_secs(10));
    let played = play(ONE, change).run(|_| {
        worker(1, |id, item| match item {
            "b" => vec![Act::Hang],
            "c" => {
                let progress = say(&format!(r#"{{"id":"{id}","progress":0.5}}"#));
                vec![pause(9000), progress, pause(9000), ok(id)]
            }
            _ => vec![ok(id)],
        })
    });
    let played = played.exits(1);
    assert_eq!(played.queue("q"), [8, 7, 1, 0]);
    let charged = tries(&played).into_iter().find(|tried| tried.2 != Verdict::Passed).unwrap();
    assert_eq!(charged, ("q:1".to_owned(), 1, Verdict::TimedOut, "idle for 10s".to_owned()));
    assert_eq!(played.took(), 28_000);
}

#[test]
fn an_item_that_takes_too_long_is_charged_and_its_neighbours_are_not() {
    let change = |process: &mut Process| process.timeout.total = Some(Duration::from_secs(10));
    let played = play(ONE, change).run(|_| {
        worker(4, |id, item| match item {
            "b" => vec![Act::Hang],
            _ => vec![pause(2000), ok(id)],
        })
    });
    let played = played.exits(1);
    assert_eq!(played.queue("q"), [8, 7, 1, 0]);
    let charged = tries(&played);
    let charged: Vec<_> = charged.iter().filter(|tried| tried.2 != Verdict::Passed).collect();
    let [(id, 1, Verdict::TimedOut, why)] = &charged[..] else { panic!("{charged:?}") };
    assert_eq!((id.as_str(), why.as_str()), ("q:1", "total of 10s"));
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
fn a_worker_that_leaves_between_items_charges_nobody() {
    let played =
        play(ONE, |_| {}).run(|_| worker(1, |id, _| vec![ok(id), Act::End(Exit::Code(0))]));
    let played = played.exits(0);
    assert_eq!((played.queue("q"), played.started), ([8, 8, 0, 0], 8));
    assert!(tries(&played).iter().all(|tried| tried.2 == Verdict::Passed));
}

#[test]
fn a_stop_charges_nobody() {
    let played = play(ONE, |_| {}).stop(Duration::from_secs(5), Stop::Interrupt).run(|_| {
        worker(4, |id, item| match item {
            "a" => vec![ok(id)],
            _ => vec![Act::Hang],
        })
    });
    let played = played.exits(130);
    assert_eq!(tries(&played).len(), 1);
    assert_eq!(played.queue("q"), [8, 1, 0, 7]);
}

#[test]
fn a_program_that_never_settles_anything_is_given_up() {
    let played = play(ONE, |_| {}).run(|_| Script::new([]).exit(1));
    let played = played.exits(1);
    assert_eq!(played.started, 5);
    let (outcome, reason) = played.outcome("work");
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(reason, "5 workers in a row ended before they had settled an item: exit code 1");
    assert_eq!(played.queue("q"), [8, 0, 0, 8]);
}

#[test]
fn a_worker_may_speak_on_its_standard_streams() {
    let change = |process: &mut Process| process.consumes.as_mut().unwrap().wire = Wire::Stdio;
    let played = play(ONE, change).run(|_| worker(4, |id, _| vec![ok(id)])).exits(0);
    assert_eq!((played.queue("q"), played.started), ([8, 8, 0, 0], 1));
    assert_eq!(played.printed("work"), "");
}

#[test]
fn a_worker_that_lives_on_after_the_end_of_its_wire_is_ended() {
    let played = play(ONE, |_| {}).run(|_| {
        let mut script = worker(8, |id, _| vec![ok(id)]);
        script.acts.push(Act::Hang);
        script
    });
    let played = played.exits(0);
    assert_eq!((played.queue("q"), played.took()), ([8, 8, 0, 0], 10_000));
    assert_eq!(played.ends("work"), [(Exit::Signal(15), Verdict::Ended)]);
    assert_eq!(played.outcome("work").0, Outcome::Passed);
}

#[test]
fn the_last_reply_counts_although_it_has_no_end() {
    let played = play(ONE, |_| {}).run(|_| {
        worker(1, |id, item| match item {
            "h" => vec![
                Act::Say(format!(r#"{{"id":"{id}","ok":true}}"#).into()),
                Act::End(Exit::Code(0)),
            ],
            _ => vec![ok(id)],
        })
    });
    assert_eq!(played.exits(0).queue("q"), [8, 8, 0, 0]);
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

#[test]
fn what_fails_everything_is_tried_one_at_a_time_and_given_up() {
    let job = ONE.replace(r#"["a", "b", "c", "d", "e", "f", "g", "h"]"#, "{ range = [0, 50] }");
    let change = |process: &mut Process| process.consumes.as_mut().unwrap().fail_streak = 5;
    let played = play(&job, change).run(|_| {
        worker(4, |id, _| {
            vec![pause(1), say(&format!(r#"{{"id":"{id}","ok":false,"error":"down"}}"#))]
        })
    });
    let played = played.exits(1);
    let [put, done, dead, left] = played.queue("q");
    assert_eq!((put, done, dead + left), (50, 0, 50));
    assert!((10..16).contains(&dead), "{dead} dead, {left} left");
    assert!(played.outcome("work").1.contains("different items in a row failed"));
    assert_eq!((played.started, played.ends("work")[0].1), (1, Verdict::Passed));
}
