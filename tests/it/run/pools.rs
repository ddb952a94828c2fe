//! Pools: how many run at the same time.

use std::collections::HashMap;

use crate::harness::{Ran, Test};

/// Returns how many attempts ran at the same time at most.
fn most(ran: &Ran) -> i64 {
    let (mut now, mut most) = (0, 0);
    for event in ran.events() {
        match event["event"].as_str() {
            Some("attempt-started") => now += 1,
            Some("attempt-ended") => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    most
}

/// A job of many tasks in a pool, each of which waits until `abreast` have started.
fn tasks(pool: &str, abreast: u32) -> String {
    format!(
        r#"
[pool.p]
{pool}

[process.task]
matrix.n = [1, 2, 3, 4, 5, 6, 7, 8]
pool = "p"
script = """
echo >{{matrix.n}}.task
until [ "$(ls ./*.task | wc -l)" -ge {abreast} ]; do sleep 0.01; done
echo $RUNNER_SLOT ${{PORT-none}}
"""
"#
    )
}

#[test]
fn a_pool_is_never_above_its_size() {
    let job = |abreast| Test::new().job(&tasks("size = 3", abreast));
    let ran = job(3).run().exits(0);
    assert_eq!(most(&ran), 3, "{ran}");
    let ran = job(2).args(["job.toml", "-j", "2"]).run().exits(0);
    assert_eq!(most(&ran), 2, "{ran}");
    let ran = Test::new().job(&format!("limits.jobs = 1\n{}", tasks("size = 3", 1)));
    let ran = ran.run().exits(0);
    assert_eq!(most(&ran), 1, "{ran}");
}

#[test]
fn weights_count() {
    let job = r#"
[pool.p]
size = 4

[process.task]
matrix.n = [1, 2, 3, 4]
pool = "p"
weight = 2
command = ["sleep", "0.05"]
"#;
    assert!(most(&Test::new().job(job).run().exits(0)) <= 2);
}

#[test]
fn slots_lend_variables() {
    let slots = "slots = [{ PORT = \"5001\" }, { PORT = \"5002\" }]";
    let ran = Test::new().job(&tasks(slots, 2)).run().exits(0);
    assert_eq!(most(&ran), 2, "{ran}");
    let mut ports = HashMap::new();
    for n in 1..=8 {
        let lines = ran.lines_of(&format!("task ({n})"));
        let (slot, port) = lines[0].split_once(' ').expect("a slot and a port");
        assert_eq!(ports.entry(port).or_insert(slot), &slot, "{ran}");
    }
    assert_eq!(ports, HashMap::from([("5001", "0"), ("5002", "1")]));
}

#[test]
fn a_rate_spreads_starts() {
    let job = r#"
[pool.p]
size = 8
rate = "10/s"

[process.task]
matrix.n = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
pool = "p"
command = ["true"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    let events = ran.events();
    let starts = events.iter().filter(|event| event["event"] == "attempt-started");
    let starts: Vec<_> = starts.filter_map(|event| event["at"].as_u64()).collect();
    // Ten may start at once, each further one a tenth of a second later.
    assert!(starts[11] >= 200_000, "{starts:?}");
}

#[test]
fn the_higher_priority_goes_first() {
    let job = r#"
limits.jobs = 1

[process.low]
command = ["true"]

[process.high]
command = ["true"]
priority = 5

[process.long]
command = ["true"]

[process.after-long]
command = ["true"]
needs = ["long"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    let started = ran.stderr.lines().filter_map(|line| line.strip_suffix(": started"));
    assert_eq!(started.collect::<Vec<_>>()[..2], ["high", "long"], "{ran}");
}
