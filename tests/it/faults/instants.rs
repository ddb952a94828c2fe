//! Instants: a run that is ended at any moment of it, by whatever.
//!
//! A few instants in the suite; `RUNNER_TEST_INSTANTS=1000` makes it so many.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::lifecycle::WORST;
use crate::harness::{Test, alive};

/// Instants that are tried where nobody asks for more.
const FEW: u32 = 12;

/// How long after the start of a run it is ended at the latest.
const SPAN: Duration = Duration::from_millis(1500);

fn instants() -> u32 {
    let asked = std::env::var("RUNNER_TEST_INSTANTS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(FEW)
}

/// Returns the instants at which a run is ended: all over its time, and many near its start.
fn moments(count: u32) -> impl Iterator<Item = Duration> {
    (0..count).map(move |at| {
        let span = if at % 3 == 0 { SPAN / 15 } else { SPAN };
        span * at / count
    })
}

/// P4: nothing is left a second after `kill -9` of the runner, at whatever instant.
#[test]
fn p04_killed_at_any_instant_nothing_is_left() {
    for moment in moments(instants()) {
        let running = Test::new().job(WORST).start();
        std::thread::sleep(moment);
        running.signal(Signal::KILL);
        let daemon = fs::read_to_string(running.path("daemon")).unwrap_or_default();
        let _ = running.wait();
        // It has no environment by which it would be known.
        let gone = || !alive::runs(daemon.trim());
        let began = Instant::now();
        while !gone() {
            assert!(began.elapsed() < Duration::from_secs(10), "{daemon} lives, {moment:?}");
            std::thread::yield_now();
        }
    }
}

/// Work for a second and a half, of all kinds.
const MIXED: &str = r#"
[queue.numbers]
items = { range = [0, 200] }

[process.chain]
script = "sleep 0.2"

[process.next]
needs = ["chain"]
script = "trap 'exit 0' TERM; for i in 1 2 3 4 5; do sleep 0.2; done"

[process.take]
consumes = "numbers"
workers = 4
script = "sleep 0.01; : {item}"
stop.grace = "1s"

[process.sweep]
command = ["true"]
run = "always"
after = ["next", "take"]

[defaults.stop]
grace = "1s"
"#;

/// S11: whatever the instant, the exit code says it, nothing is left, and the journal is readable.
#[test]
fn s11_stopped_at_any_instant_it_says_so() {
    let signals =
        [(Signal::INT, 130), (Signal::TERM, 143), (Signal::QUIT, 131), (Signal::HUP, 129)];
    for moment in moments(instants().div_ceil(3)) {
        for (signal, code) in signals {
            let mut running = Test::new().job(MIXED).start();
            std::thread::sleep(moment);
            if running.has_ended() {
                let _ = running.wait().exits(0);
                continue;
            }
            let began = Instant::now();
            running.signal(signal);
            let ran = running.wait();
            // Grace and two seconds; a loaded machine takes its time to tell us.
            assert!(began.elapsed() < Duration::from_secs(10), "{moment:?} {signal:?}\n{ran}");
            // Before the program has begun the system ends it, and the signal says the same; and a
            // verdict that was told stands.
            let ended = ran.ended();
            let told = ran.stderr.contains("job: passed");
            assert!(ended == code || told && ended == 0, "{ended} {moment:?} {signal:?}\n{ran}");
            if ran.has(".runner/latest/events.jsonl") {
                let events = ran.read(".runner/latest/events.jsonl");
                assert!(events.is_empty() || events.ends_with('\n'), "{events}");
            }
        }
    }
}
