//! Wild: workers that reply at random, die, fall silent and speak nonsense.
//!
//! Unaware of what must hold.

use std::cell::RefCell;
use std::time::Duration;

use super::play::pause;
use super::random::Dice;
use crate::child::{Act, Answers, Script};
use crate::event::Exit;
use crate::model::{Deliver, Process, Recycle};

/// Makes a worker of a process that streams, with all that can be said of one.
pub(super) fn make_worker(process: &mut Process, dice: &mut Dice) {
    let Some(consumes) = &mut process.consumes else { return };
    consumes.deliver = Deliver::Worker;
    consumes.fail_streak = 2 + u32::try_from(dice.roll(20)).unwrap();
    consumes.recycle = match dice.roll(3) {
        0 => Recycle { items: Some(1 + dice.roll(4)), ..Recycle::default() },
        1 => Recycle { age: Some(Duration::from_millis(dice.roll(5000))), ..Recycle::default() },
        _ => Recycle::default(),
    };
    process.retry.max = u32::try_from(dice.roll(3)).unwrap();
    if dice.one_in(3) {
        process.timeout.idle = Some(Duration::from_secs(1 + dice.roll(9)));
    }
}

/// Returns what one does.
pub(super) fn worker(mut dice: Dice) -> Script {
    let mut acts = vec![pause(dice.roll(500))];
    if dice.one_in(2) {
        let window = 1 + dice.roll(9);
        acts.push(say(&format!(r#"{{"ready":true,"window":{window}}}"#)));
    }
    let wild = dice.one_in(3);
    let late = RefCell::new(Vec::new());
    let dice = RefCell::new(dice);
    acts.push(Act::Serve(Answers::new(move |line| {
        let request: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = request["id"].as_str().unwrap();
        answer(&mut dice.borrow_mut(), &mut late.borrow_mut(), id, wild)
    })));
    Script::new(acts)
}

fn answer(dice: &mut Dice, late: &mut Vec<Act>, id: &str, wild: bool) -> Vec<Act> {
    let mut acts = vec![pause(dice.roll(300))];
    let sort = dice.roll(if wild { 20 } else { 12 });
    let said = match sort {
        8 => say(&format!(r#"{{"id":"{id}","ok":false,"error":"no"}}"#)),
        9 => say(&format!(r#"{{"id":"{id}","ok":false,"retry":false}}"#)),
        10 => say(&format!(r#"{{"id":"{id}","later":"{}ms"}}"#, dice.roll(3000))),
        11 => {
            acts.push(say(&format!(r#"{{"id":"{id}","progress":0.5}}"#)));
            say(&format!(r#"{{"id":"{id}","ok":true}}"#))
        }
        12 => say("what?"),
        13 => say(r#"{"id":"q0:99999","ok":true}"#),
        14 => Act::Hang,
        15 => Act::End(Exit::Signal(9)),
        16 => Act::End(Exit::Code(1)),
        17 => Act::End(Exit::Code(0)),
        _ => {
            let out = match dice.roll(4) {
                0 => "",
                1 => r#""x""#,
                2 => r#""x","y""#,
                _ => r#""x",{"y": 1},"z""#,
            };
            let done = say(&format!(r#"{{"id":"{id}","ok":true,"out":[{out}]}}"#));
            if dice.one_in(4) {
                late.push(done);
                return acts;
            }
            done
        }
    };
    acts.push(said);
    acts.append(late);
    acts
}

fn say(line: &str) -> Act {
    Act::Say(format!("{line}\n").into())
}
