//! Queues: who gets which items, in which order, how many there may be, and how they end.

use std::collections::BTreeMap;

use crate::harness::Test;

#[test]
fn every_group_sees_every_item() {
    let job = r#"
[queue.q]
groups = ["one", "two"]

[process.make]
command = ["seq", "1000"]
produces = "q"

[process.one]
consumes = { queue = "q", group = "one" }
deliver = "stream"
workers = 1
command = ["awk", "{ sum += $1 } END { print NR, sum }"]

[process.two]
consumes = { queue = "q", group = "two" }
deliver = "batch"
workers = 1
batch = { items = 100 }
command = ["wc", "-l"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("one"), ["1000 500500"], "{ran}");
    assert_eq!(ran.lines_of("two"), ["100"; 10], "{ran}");
}

#[test]
fn one_key_goes_to_one_slot_in_order() {
    let job = r#"
[queue.q]
framing = "json"
items = { file = "events" }

[process.use]
consumes = "q"
shard = "{item.user}"
workers = 3
command = ["sh", "-c", 'printf "%s %s %s\n" "$RUNNER_SLOT" "$0" "$1"', "{item.user}", "{item.n}"]
"#;
    let line = |n: u32| format!("{{\"user\":\"u{}\",\"n\":{n}}}\n", n * 7 % 5);
    let ran = Test::new().job(job).file("events", (0..60).map(line).collect::<String>());
    let ran = ran.run().exits(0);
    let mut seen: BTreeMap<&str, (&str, Vec<u32>)> = BTreeMap::new();
    let lines = ran.lines_of("use");
    assert_eq!(lines.len(), 60, "{ran}");
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (slot, numbers) = seen.entry(words[1]).or_insert((words[0], Vec::new()));
        assert_eq!(*slot, words[0], "`{}` changed its slot", words[1]);
        numbers.push(words[2].parse().unwrap());
    }
    assert!(seen.values().all(|(_, numbers)| numbers.is_sorted()), "{seen:?}");
}

#[test]
fn the_greatest_priority_goes_first() {
    let job = r#"
[queue.q]
framing = "json"
order = "priority"
priority = "{item.p}"
items = [{ p = 1, n = "a" }, { p = 3, n = "b" }, { p = 2, n = "c" }, { p = 3, n = "d" }]

[process.wait]
command = ["true"]

[process.use]
consumes = "q"
workers = 1
command = ["echo", "{item.n}"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("use"), ["b", "d", "c", "a"], "{ran}");
}

#[test]
fn what_is_made_keeps_the_order_of_what_it_is_made_of() {
    let job = r#"
[queue.q]
items = { range = [0, 40] }

[queue.r]

[process.square]
consumes = "q"
workers = 4
retry = 1
emit = "input"
produces = "r"
script = """
n={item}
[ $((n % 7)) -ne 3 ] || [ "$RUNNER_ATTEMPT" = 2 ] || exit 1
[ $((n % 4)) -ne 0 ] || sleep 0.05
echo $((n * n))
"""

[process.read]
consumes = "r"
deliver = "stream"
workers = 1
command = ["paste", "-sd", " "]
"#;
    let ran = Test::new().job(job).run().exits(0);
    let squares: Vec<String> = (0..40).map(|n: u32| (n * n).to_string()).collect();
    assert_eq!(ran.lines_of("read"), [squares.join(" ")], "{ran}");
}

#[test]
fn a_source_that_holds_back_emits_nothing_unless_it_passes() {
    let job = r#"
[queue.q]

[process.make]
retry = 1
emit = "on-success"
produces = "q"
script = 'echo "try $RUNNER_ATTEMPT"; [ "$RUNNER_ATTEMPT" = 2 ]'

[process.use]
consumes = "q"
workers = 1
command = ["echo", "{item}"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("use"), ["try 2"], "{ran}");
}

#[test]
fn descriptor_3_feeds_a_queue_and_standard_output_stays_a_log() {
    let job = r#"
[queue.q]

[queue.r]

[process.make]
script = 'echo log; echo item >&3; echo "more log"'
produces = { queue = "q", from = "fd3" }

[process.step]
consumes = "q"
workers = 1
script = 'echo "made of "{item}; echo {item}" too" >&3'
produces = ["r"]

[process.use]
consumes = "r"
workers = 1
command = ["echo", "{item}"]
"#;
    let ran = Test::new()
        .job(&job.replace("produces = [\"r\"]", "produces = { queue = \"r\", from = \"fd3\" }"));
    let ran = ran.run().exits(0);
    assert_eq!(ran.lines_of("make"), ["log", "more log"], "{ran}");
    assert_eq!(ran.lines_of("step"), ["made of item"], "{ran}");
    assert_eq!(ran.lines_of("use"), ["item too"], "{ran}");
}

/// A graph of 2 000 pages with circles in it: each is visited once, and the loop ends by itself.
#[test]
fn a_loop_ends_by_itself_when_every_page_was_visited_once() {
    let job = r#"
[queue.pages]
items = ["0"]
unique = true
on-full = "spill"
capacity = 16

[process.visit]
consumes = "pages"
deliver = "batch"
workers = 2
batch = { items = 16, linger = "5ms" }
command = ["awk", """{
    print $1 >> "visited"
    if (2 * $1 + 1 < 2000) print 2 * $1 + 1
    if (2 * $1 + 2 < 2000) print 2 * $1 + 2
    print int($1 / 2)
}"""]
produces = "pages"
"#;
    let ran = Test::new().job(job).run().exits(0);
    let mut visited: Vec<u32> = ran.read("visited").lines().map(|n| n.parse().unwrap()).collect();
    visited.sort_unstable();
    assert_eq!(visited, (0..2000).collect::<Vec<_>>(), "{ran}");
}

#[test]
fn what_does_not_fit_is_spilled_and_comes_back_in_order() {
    let job = r#"
[queue.q]
capacity = 10
on-full = "spill"

[process.make]
script = 'seq 100000; touch made'
produces = "q"

[process.use]
needs = [{ process = "make", when = "ended" }]
consumes = "q"
deliver = "stream"
workers = 1
command = ["awk", "$1 != NR { exit 3 } END { print NR }"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("use"), ["100000"], "{ran}");
    let folder = ran.run_folder(".runner");
    let left = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("spill")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_item_comes_once_however_often_it_is_made() {
    let job = r#"
[queue.q]
framing = "json"
unique = true
key = "{item.url}"

[process.make]
script = """
echo '{"url":"a","n":1}'
echo '{"url":"b","n":2}'
echo '{"url":"a","n":3}'
"""
produces = "q"

[process.use]
consumes = "q"
workers = 1
command = ["echo", "{item.url} {item.n}"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("use"), ["a 1", "b 2"], "{ran}");
}

#[test]
fn the_dead_have_a_queue() {
    let job = r#"
[queue.q]
items = ["good", "bad", "worse"]
dead = "failed"
tolerate = 2

[queue.failed]

[process.use]
consumes = "q"
workers = 1
script = '[ {item} = good ]'

[process.mourn]
consumes = "failed"
workers = 1
command = ["echo", "rest in peace, {item}"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("mourn"), ["rest in peace, bad", "rest in peace, worse"], "{ran}");
}

#[test]
fn dead_items_are_tolerated_up_to_a_part() {
    let job = |part: &str| {
        format!(
            r#"
[queue.q]
items = {{ range = [0, 50] }}
tolerate = "{part}"

[process.use]
consumes = "q"
script = '[ {{item}} != 7 ]'
"#
        )
    };
    let ran = Test::new().job(&job("2%")).run().exits(0);
    assert!(
        ran.stderr.contains("1 failed as allowed") || ran.stderr.contains("are tolerated"),
        "{ran}"
    );
    Test::new().job(&job("1.9%")).run().exits(1);
}

#[test]
fn what_a_failed_producer_made_can_be_discarded() {
    let job = r#"
[queue.q]
on-full = "spill"
on-producer-failure = "discard"

[process.make]
script = 'seq 50; exit 3'
produces = "q"

[process.use]
needs = [{ process = "make", when = "ended" }]
consumes = "q"
command = ["echo", "{item}"]
"#;
    let ran = Test::new().job(job).run().exits(1);
    assert!(ran.lines_of("use").is_empty(), "{ran}");
    let dropped = ran.events().into_iter().filter(|event| event["event"] == "item-dropped");
    let dropped: Vec<_> = dropped.collect();
    assert_eq!(dropped.len(), 50, "{ran}");
    assert_eq!(dropped[49]["bytes"], "50");
}

#[test]
fn a_stream_that_fails_is_followed_by_one_that_reads_everything_again() {
    let job = r#"
[queue.q]
items = { range = [0, 1000] }

[queue.sums]

[process.sum]
consumes = "q"
deliver = "stream"
workers = 1
retry = 1
produces = "sums"
command = ["awk", '{ sum += $1 } END { print sum; if (ENVIRON["RUNNER_ATTEMPT"] == 1) exit 3 }']

[process.tell]
consumes = "sums"
workers = 1
command = ["echo", "{item}"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(
        ran.lines_of("tell"),
        ["499500"],
        "what the first one printed is not published: {ran}"
    );
}

#[test]
fn what_a_stream_read_that_failed_for_good_is_dead_with_its_bytes() {
    let job = r#"
[queue.q]
items = ["a", "b", "c"]

[process.read]
consumes = "q"
deliver = "stream"
workers = 1
script = 'cat >/dev/null; exit 4'
"#;
    let ran = Test::new().job(job).run().exits(1);
    let dead = ran.events().into_iter().filter(|event| event["event"] == "item-dead");
    let dead: Vec<_> = dead.map(|event| event["bytes"].clone()).collect();
    assert_eq!(dead, ["a", "b", "c"], "{ran}");
}

/// A command that is wrong for every item is found out early, and what it has not seen is left.
#[test]
fn what_fails_everything_pauses_and_is_given_up() {
    let job = r#"
[queue.q]
items = { range = [0, 1000] }

[process.use]
consumes = "q"
fail-streak = 2
workers = 2
command = ["false"]
"#;
    let ran = Test::new().job(job).run().exits(1);
    assert!(ran.stderr.contains("different items in a row failed"), "{ran}");
    let dead = ran.events().into_iter().filter(|event| event["event"] == "item-dead").count();
    assert!((4..=6).contains(&dead), "{dead} are dead\n{ran}");
    assert!(ran.stderr.contains(" left"), "{ran}");
}

/// Nobody reads one of the two queues that a stage feeds: it goes on for the other, each item once.
#[test]
fn a_queue_that_nobody_reads_any_more_keeps_nothing_from_another() {
    let job = r#"
[limits]
on-failure = "continue"

[queue.q]
items = { range = [0, 200] }

[queue.a]

[queue.b]

[process.stage]
consumes = "q"
workers = 2
command = ["echo", "{item}"]
produces = ["a", "b"]

[process.good]
consumes = "a"
deliver = "stream"
workers = 1
command = ["awk", "{ sum += $1 } END { print NR, sum }"]

[process.bad]
consumes = "b"
deliver = "stream"
workers = 1
command = ["false"]
"#;
    let ran = Test::new().job(job).run().exits(1);
    assert_eq!(ran.lines_of("good"), ["200 19900"], "{ran}");
}

/// What fails and comes again is before all that waits for its turn behind it.
#[test]
fn workers_keep_the_order_of_their_items_although_some_fail() {
    let job = r#"
[queue.q]
items = { range = [0, 60] }

[queue.r]

[process.square]
consumes = "q"
deliver = "worker"
workers = 2
retry = 1
emit = "input"
produces = "r"
script = '''
while read -r line <&3; do
    id=${line#*\"id\":\"} id=${id%%\"*} n=${id#q:}
    case $line in
    *\"attempt\":1*)
        if [ $((n % 5)) = 2 ]; then
            echo "{\"id\":\"$id\",\"ok\":false,\"error\":\"no\"}" >&4
            continue
        fi
        ;;
    esac
    echo "{\"id\":\"$id\",\"ok\":true,\"out\":[$((n * n))]}" >&4
done
'''

[process.read]
consumes = "r"
deliver = "stream"
workers = 1
command = ["paste", "-sd", " "]
"#;
    let ran = Test::new().job(job).run().exits(0);
    let squares: Vec<String> = (0..60).map(|n: u32| (n * n).to_string()).collect();
    assert_eq!(ran.lines_of("read"), [squares.join(" ")], "{ran}");
}

/// The first item goes back when the run is killed: what was made of later ones waits for no turn.
#[test]
fn a_turn_that_never_comes_holds_nothing_up() {
    let job = r#"
[limits]
on-failure = "kill"

[queue.q]
items = { range = [0, 10] }

[queue.r]

[pool.wide]
size = 3

[process.slow]
consumes = "q"
pool = "wide"
emit = "input"
produces = "r"
script = '[ {item} != 0 ] || exec sleep 600; echo {item}; touch made-{item}'

[process.fail]
script = 'until [ -e made-1 ] && [ -e made-2 ]; do sleep 0.01; done; exit 3'

[process.read]
consumes = "r"
command = ["true"]
"#;
    let ran = Test::new().job(job).run().exits(1);
    assert!(ran.stderr.contains("left"), "{ran}");
}
