//! Deaths: how workers end, and who is charged with it.

use std::time::Duration;

use super::play::pause;
use super::workers::{ONE, dead, ok, play, say, tries, worker};
use crate::child::{Act, Script};
use crate::event::{Event, EventKind, Exit, Outcome, Stop, Verdict};
use crate::model::Process;

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
    let change = |process: &mut Process| {
        process.timeout.total = Some(Duration::from_secs(10));
        process.timeout.slow = Some(Duration::from_secs(9));
    };
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
    let slow = |event: &&Event| matches!(event.kind, EventKind::AttemptSlow { .. });
    assert_eq!(played.events.iter().filter(slow).count(), 1);
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
fn a_program_that_ends_well_before_it_is_asked_is_given_up() {
    let played = play(ONE, |_| {}).run(|_| Script::new([]));
    let played = played.exits(1);
    assert_eq!(played.started, 5);
    let (outcome, reason) = played.outcome("work");
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(reason, "5 workers in a row ended before they had settled an item: exit code 0");
    assert_eq!(played.queue("q"), [8, 0, 0, 8]);
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
fn a_worker_that_closes_its_replies_and_lives_on_is_replaced() {
    let played = play(ONE, |_| {}).run(|_| {
        worker(2, |id, item| match item {
            "c" => vec![Act::HangUp, Act::Hang],
            _ => vec![ok(id)],
        })
    });
    let played = played.exits(1);
    assert_eq!((played.queue("q"), played.took()), ([8, 7, 1, 0], 20_000));
    let charged = tries(&played).into_iter().find(|tried| tried.2 != Verdict::Passed).unwrap();
    assert_eq!((charged.0.as_str(), charged.1), ("q:2", 1));
    assert_eq!(charged.3, "it closed its replies with items in its hand");
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
