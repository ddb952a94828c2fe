//! Items: queues whose items each get a child of their own.

use insta::assert_snapshot;

use crate::harness::Test;

#[test]
fn every_kind_of_source() {
    let job = r#"
[queue.list]
items = ["a", "two words", 3, { id = 4 }]
framing = "json"

[queue.range]
items = { range = [0, 3] }

[queue.glob]
items = { glob = "in/*.txt" }

[queue.file]
items = { file = "names" }

[queue.command]
items = { command = ["printf", "p\\0q\\nr"] }
framing = "nul"

[process.list]
consumes = "list"
workers = 1
command = ["echo", "<{item}>"]

[process.range]
consumes = "range"
workers = 1
command = ["echo", "<{item}>"]

[process.glob]
consumes = "glob"
workers = 1
command = ["echo", "<{item}>"]

[process.file]
consumes = "file"
workers = 1
command = ["echo", "<{item}>"]

[process.command]
consumes = "command"
workers = 1
command = ["echo", "<{item}>"]
"#;
    let test = Test::new().job(job).file("names", "x\ny\nz").file("in/b.txt", "");
    let ran = test.file("in/a.txt", "").file("in/c.md", "").run().exits(0);
    let names = ["list", "range", "glob", "file", "command"];
    let lines = names.map(|name| format!("{name}: {}", ran.lines_of(name).join(" ")));
    assert_snapshot!(lines.join("\n"), @r#"
    list: <"a"> <"two words"> <3> <{"id":4}>
    range: <0> <1> <2>
    glob: <in/a.txt> <in/b.txt>
    file: <x> <y> <z>
    command: <p> <q r>
    "#);
}

#[test]
fn an_item_arrives_as_a_word_or_on_standard_input() {
    let job = r#"
[queue.a]
items = ["-n", "$(touch injected)", "x y"]

[queue.b]
items = ["x\ty"]

[process.word]
consumes = "a"
workers = 1
command = ["printf", "<%s>\n", "{item}"]

[process.stdin]
consumes = "b"
command = ["od", "-An", "-c"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert!(!ran.has("injected"), "{ran}");
    assert_eq!(ran.lines_of("word"), ["<-n>", "<$(touch injected)>", "<x y>"]);
    assert_eq!(
        ran.lines_of("stdin").concat().split_whitespace().collect::<Vec<_>>(),
        ["x", "\\t", "y"]
    );
}

#[test]
fn fields_of_json() {
    let job = r#"
[queue.pages]
framing = "json"
items = [{ url = "http://a", depth = 1 }, { url = "http://b", depth = 2 }]

[process.fetch]
consumes = "pages"
workers = 1
command = ["echo", "{item.url} {item.depth} {item.index}"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("fetch"), ["http://a 1 0", "http://b 2 1"]);
}

#[test]
fn an_item_that_fails_for_good_is_dead() {
    let job = r#"
[queue.numbers]
items = { range = [0, 5] }

[process.check]
consumes = "numbers"
workers = 1
retry = 1
script = """
echo "looks at "{item}
[ {item} != 3 ] || { echo "3 is bad" >&2; exit 4; }
"""
"#;
    let ran = Test::new().job(job).run();
    assert_eq!(ran.lines_of("check").len(), 8, "{ran}");
    assert_snapshot!(ran.sorted(), @"
    check numbers:3 (3): failed (exit code 4)
    check numbers:3 (3): failed (exit code 4), try 2 now
    check | 3 is bad
    check | 3 is bad
    check | looks at 0
    check | looks at 1
    check | looks at 2
    check | looks at 3
    check | looks at 3
    check | looks at 4
    check: failed (1 item is dead) in [time]: 4 items done, 1 dead
    nothing new starts: `check` failed

    ✗ check  1 item is dead after [time]
      item   numbers:3 (3): exit code 4
      │ 3 is bad
      log    .runner/runs/[run]/logs/check.err
      again  runner job.toml check

    job: failed in [time]
      items      numbers 4 done, 1 dead
      look       runner dead list .runner/runs/[run]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn an_item_that_passes_on_a_retry_is_flaky() {
    let job = r#"
[queue.numbers]
items = [1, 2]

[process.check]
consumes = "numbers"
retry = 1
script = "[ {item} = 1 ] || [ $RUNNER_ATTEMPT = 2 ]"
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    check numbers:1 (2): failed (exit code 1), try 2 now
    check: flaky (passed at try 2) in [time]: 2 items done

    job: passed in [time]
      items      numbers 2 done
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn a_failed_attempt_leaks_nothing_into_the_next_queue() {
    let job = r#"
[queue.in]
items = { range = [0, 10] }

[queue.out]

[process.middle]
consumes = "in"
produces = "out"
retry = 1
script = """
echo {item}
[ "$RUNNER_ATTEMPT" = 2 ] || [ {item} != 5 ]
"""

[process.last]
consumes = "out"
deliver = "stream"
workers = 1
command = ["sort", "-n"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    assert_eq!(ran.lines_of("last"), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn a_full_queue_stops_its_producer() {
    let job = r#"
[queue.numbers]
capacity = 4

[process.make]
produces = "numbers"
script = "seq 0 1000000; touch made"

[process.take]
consumes = "numbers"
deliver = "stream"
workers = 1
script = """
read -r first
for n in $(seq 20); do sleep 0.01; done
[ -e made ] || touch held
exit 1
"""
"#;
    let ran = Test::new().job(job).run().exits(1);
    assert!(ran.has("held"), "the producer ran ahead of a queue of 4\n{ran}");
}

#[test]
fn a_torn_last_item_of_a_failed_producer_is_dropped() {
    let job = r#"
[queue.words]

[process.make]
produces = "words"
script = "printf 'whole\ntorn'; exit 1"

[process.take]
consumes = "words"
command = ["echo", "<{item}>"]
"#;
    let ran = Test::new().job(job).run();
    assert_eq!(ran.lines_of("take"), ["<whole>"], "{ran}");
    assert_snapshot!(ran.sorted(), @"
    make: failed (queue `words`: the item at byte 6 is torn, 4 bytes were dropped) in [time]
    make: started
    nothing new starts: `make` failed
    take | <whole>
    take: passed in [time]: 1 item done

    ✗ make  queue `words`: the item at byte 6 is torn, 4 bytes were dropped, after [time]
      again  runner job.toml make

    job: failed in [time]
      processes  1 passed · 1 failed
      items      words 1 done
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn a_last_item_without_its_end_counts() {
    let job = r#"
[queue.words]

[process.make]
produces = "words"
command = ["printf", "one\ntwo"]

[process.take]
consumes = "words"
workers = 1
command = ["echo", "<{item}>"]
"#;
    assert_eq!(Test::new().job(job).run().exits(0).lines_of("take"), ["<one>", "<two>"]);
}

#[test]
fn an_item_that_is_too_long_fails_its_producer() {
    let job = r#"
[queue.words]
max-item = "8B"

[process.make]
produces = "words"
command = ["printf", "short\nmuch too long\nshort\n"]

[process.take]
consumes = "words"
command = ["echo", "<{item}>"]
"#;
    let ran = Test::new().job(job).run();
    assert_snapshot!(ran.sorted(), @"
    make: failed (queue `words`: the item at byte 6 is longer than `max-item`, 8 bytes) in [time]
    make: started
    nothing new starts: `make` failed
    take | <short>
    take: passed in [time]: 1 item done

    ✗ make  queue `words`: the item at byte 6 is longer than `max-item`, 8 bytes, after [time]
      again  runner job.toml make

    job: failed in [time]
      processes  1 passed · 1 failed
      items      words 1 done
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn when_nobody_is_left_to_read_nothing_hangs() {
    let job = r#"
[queue.numbers]
capacity = 4

[process.make]
produces = "numbers"
command = ["seq", "1000000"]

[process.take]
consumes = "numbers"
command = ["no-such-program", "{item}"]
workers = 1
"#;
    assert_snapshot!(Test::new().job(job).run().sorted(), @"
    make: started
    make: stopped (nobody is left to read queue `numbers`: `take` ended as failed) in [time]
    nothing new starts: `take` failed
    take numbers:0 (1): not started: `no-such-program` was not found in PATH
    take: failed (not started: `no-such-program` was not found in PATH) in [time]: 0 items done

    ✗ take  not started: `no-such-program` was not found in PATH
      item   numbers:0 (1): not started: `no-such-program` was not found in PATH
      again  runner job.toml take

    job: failed in [time]
      processes  1 stopped · 1 failed
      items      numbers 0 done, 4 left
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}
