//! Crashes: children that are killed in the middle of an item cost that item and no other.

use std::collections::BTreeSet;

use crate::harness::{Ran, Test};

/// Items of a run, and how many of them kill whoever has them.
const ITEMS: u32 = 2000;
const KILLERS: usize = 500;

/// Returns which items kill, the same each time, without a pattern. (Xorshift.)
fn killers() -> BTreeSet<u32> {
    let mut state = 2_463_534_242_u32;
    let mut killers = BTreeSet::new();
    while killers.len() < KILLERS {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        killers.insert(state % ITEMS);
    }
    killers
}

fn test(job: &str) -> Test {
    let list: Vec<String> = killers().iter().map(|n| format!(" {n} ")).collect();
    let job = format!("[queue.q]\nitems = {{ range = [0, {ITEMS}] }}\n{job}");
    Test::new().job(&job).file("killers", list.concat()).args(["--output", "quiet", "job.toml"])
}

/// Proves that exactly the killers are dead, and that each other item was done, once.
fn only_killers_are_dead(ran: &Ran) {
    let events = ran.events();
    let of = |kind: &str| {
        let events = events.iter().filter(|event| event["event"] == kind);
        let index = |event: &serde_json::Value| event["item"]["index"].as_u64().expect("an index");
        events.map(|event| (index(event), event["verdict"].clone())).collect::<Vec<_>>()
    };
    let killers: BTreeSet<u64> = killers().into_iter().map(u64::from).collect();
    let dead: Vec<u64> = of("item-dead").into_iter().map(|(index, _)| index).collect();
    assert_eq!(dead.len(), KILLERS);
    assert_eq!(dead.into_iter().collect::<BTreeSet<_>>(), killers);
    let ended = of("item-ended");
    let (passed, failed): (Vec<_>, Vec<_>) =
        ended.into_iter().partition(|(_, verdict)| verdict == "passed");
    assert!(failed.iter().all(|(index, _)| killers.contains(index)), "a neighbour was charged");
    let passed: Vec<u64> = passed.into_iter().map(|(index, _)| index).collect();
    let others: BTreeSet<u64> =
        (0..u64::from(ITEMS)).filter(|index| !killers.contains(index)).collect();
    assert_eq!(passed.len(), others.len(), "an item was done twice");
    assert_eq!(passed.into_iter().collect::<BTreeSet<_>>(), others);
}

/// Eight items in hand, one of them kills the worker: the others are run again alone, uncharged.
#[test]
fn a_worker_that_dies_500_times_costs_only_the_items_that_kill_it() {
    let job = r#"
[process.work]
consumes = "q"
deliver = "worker"
workers = 2
fail-streak = 1000000
script = '''
killers=$(cat killers)
echo '{"ready":true,"window":8}' >&4
while read -r line <&3; do
    id=${line#*\"id\":\"} id=${id%%\"*}
    case $killers in *" ${id#q:} "*) kill -9 $$ ;; esac
    echo "{\"id\":\"$id\",\"ok\":true}" >&4
done
'''
"#;
    only_killers_are_dead(&test(job).run().exits(1));
}

#[test]
fn a_child_of_one_item_that_is_killed_costs_that_item() {
    let job = r#"
[process.work]
consumes = "q"
fail-streak = 1000000
script = 'case $(cat killers) in *" "{item}" "*) kill -9 $$ ;; esac'
"#;
    only_killers_are_dead(&test(job).run().exits(1));
}

#[test]
fn a_batch_that_is_killed_is_halved_until_the_killers_stand_alone() {
    let job = r#"
[process.work]
consumes = "q"
deliver = "batch"
workers = 2
batch = { items = 32 }
fail-streak = 1000000
script = 'while read -r n; do case $(cat killers) in *" $n "*) kill -9 $$ ;; esac; done'
"#;
    only_killers_are_dead(&test(job).run().exits(1));
}
