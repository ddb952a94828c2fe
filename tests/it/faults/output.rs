//! Output: pipes, lines, logs and screens, whatever children print (O).
//!
//! `screens` is about what can act on who looks, `limits` about what is large or lost.

mod limits;
mod screens;

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::Value;

use crate::harness::{Ran, Running, Test};

/// Far less than what a run would take that waits for what never ends, and far more than a loaded
/// machine needs.
const SOON: Duration = Duration::from_secs(30);

/// Returns a log of the only run, as it was written.
fn log(ran: &Ran, name: &str) -> Vec<u8> {
    fs::read(ran.run_folder(".runner").join("logs").join(name)).expect("the log")
}

/// Returns the bytes that the stream of events holds of all children.
fn told(ran: &Ran) -> Vec<u8> {
    let events = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("an event"));
    let output = events.filter(|event: &Value| event["event"] == "output");
    let bytes = output.flat_map(|event| match &event["bytes"] {
        Value::String(text) => text.clone().into_bytes(),
        table => {
            let text = table["base64"].as_str().expect("base64");
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).expect("base64")
        }
    });
    bytes.collect()
}

/// Starts a child and opens its standard output in this process, which is none of the run's.
fn held_outside() -> (Running, File) {
    let script = "echo $$ > pid; until [ -e go ]; do sleep 0.01; done; echo the last words";
    let running = Test::new().job(&format!("[process.a]\nscript = '{script}'\n")).start();
    let pid = running.wait_for_file("pid");
    let pipe = format!("/proc/{}/fd/1", pid.trim());
    let pipe = File::options().write(true).open(pipe).expect("the pipe of the child");
    (running, pipe)
}

#[test]
fn o01_a_grandchild_that_holds_the_pipe_does_not_hold_the_run() {
    let job = r#"
[process.a]
script = """
sleep 600 &
until grep -q sleep /proc/$!/comm; do :; done
echo started $!
"""
"#;
    let started = Instant::now();
    let ran = Test::new().job(job).run().exits(0);
    assert!(started.elapsed() < SOON, "it was waited for");
    let lines = ran.lines_of("a");
    let pid = lines[0].strip_prefix("started ").expect("a pid");
    assert!(ran.stderr.contains(&format!("pid {pid}")), "{ran}");
    assert_snapshot!(ran.to_string().replace(&format!("started {pid}"), "started [pid]"), @"
    [stderr]
    a: started
    a | started [pid]
    a: 1 process outlived its leader (pid [pid], sleep 600): killed
    a: passed in [time]

    job: passed in [time]
      left over  a: pid [pid] (sleep 600), killed
      run        .runner/runs/[run]
    [exit code: 0]
    ");
}

#[test]
fn o01_a_stranger_that_holds_the_pipe_does_not_hold_the_run() {
    let (running, pipe) = held_outside();
    let started = Instant::now();
    fs::write(running.path("go"), "").expect("a file");
    let ran = running.wait().exits(0);
    assert!(started.elapsed() < SOON, "it was waited for");
    drop(pipe);
    assert_eq!(ran.lines_of("a"), ["the last words"]);
    let own = format!("pid {}", std::process::id());
    assert!(ran.stderr.contains(&own), "who holds it is named\n{ran}");
}

#[test]
fn o02_a_stranger_that_goes_on_writing_does_not_hold_the_run() {
    let (running, mut pipe) = held_outside();
    let started = Instant::now();
    let writer = std::thread::spawn(move || while pipe.write_all(b"noise\n").is_ok() {});
    fs::write(running.path("go"), "").expect("a file");
    let ran = running.wait().exits(0);
    assert!(started.elapsed() < SOON, "it was waited for");
    writer.join().expect("it ends once nobody reads");
    assert!(log(&ran, "a.out").windows(14).any(|bytes| bytes == b"the last words"));
}

#[test]
fn o03_the_exit_decides_and_not_the_end_of_the_output() {
    let job = r#"
[process.a]
script = "exec >&- 2>&-; : > closed; until [ -e go ]; do sleep 0.01; done; exit 7"

[process.b]
needs = [{ process = "a", when = "ended" }]
command = ["test", "-e", "go"]
"#;
    let running = Test::new().job(job).args(["job.toml", "--on-failure", "continue"]).start();
    crate::harness::wait_for("closed", || running.path("closed").exists().then_some(()));
    fs::write(running.path("go"), "").expect("a file");
    let ran = running.wait().exits(1);
    assert!(ran.stderr.contains("a: failed (exit code 7)"), "{ran}");
    assert!(ran.stderr.contains("b: passed"), "{ran}");
}

#[test]
fn o07_what_was_printed_before_a_death_is_in_the_log() {
    let deaths = [
        ("timeout", "timeout = '300ms'", ""),
        ("deaf", "timeout = '300ms'\nstop.grace = '50ms'", "trap '' TERM;"),
        ("killed", "", "last=200;"),
    ];
    for (name, keys, before) in deaths {
        let job = format!(
            "[process.a]\n{keys}\nscript = '''{before} i=0\nwhile i=$((i+1)); do echo line $i; \
             echo $i >> count; [ \"$i\" != \"$last\" ] || kill -9 $$; done'''\n"
        );
        let ran = Test::new().job(&job).run().exits(1);
        let count = ran.read("count");
        let counted: usize = count.split_inclusive('\n').filter(|n| n.ends_with('\n')).count();
        let kept = String::from_utf8(log(&ran, "a.out")).expect("text");
        let expected: Vec<_> = (1..=counted).map(|n| format!("line {n}\n")).collect();
        assert!(counted > 0 && kept.starts_with(&expected.concat()), "{name}: {counted}\n{ran}");
    }
}

#[test]
fn o07_so_it_is_of_children_that_share_a_log() {
    let job = r#"
[queue.numbers]
items = { range = [0, 40] }

[process.say]
consumes = "numbers"
workers = 8
script = "echo first {item}; echo last {item}; kill -9 $$"
"#;
    let ran = Test::new().job(job).run().exits(1);
    let kept = String::from_utf8(log(&ran, "say.out")).expect("text");
    for n in 0..40 {
        assert!(kept.contains(&format!("first {n}\nlast {n}\n")), "{n}\n{kept}\n{ran}");
    }
}

#[test]
fn o07_output_is_not_lost_however_short_a_child_lives() {
    let job = r#"
[queue.numbers]
items = { range = [0, 200] }

[process.say]
consumes = "numbers"
command = ["echo", "{item}"]
"#;
    let ran = Test::new().job(job).run().exits(0);
    let mut lines = ran.lines_of("say");
    lines.sort_by_key(|line| line.parse::<u32>().expect("a number"));
    let expected: Vec<_> = (0..200).map(|n| n.to_string()).collect();
    assert_eq!(lines, expected);
}

#[test]
fn o08_no_line_is_torn_and_each_stream_keeps_its_order() {
    let job = r#"
pool.default.size = 20

[process.say]
matrix.n = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
script = """
i=0
while [ $i -lt 300 ]; do
    i=$((i+1)); printf "{matrix.n} is at"; printf " $i of"; printf " 300\n"
done
"""
"#;
    let ran = Test::new().job(job).run().exits(0);
    for n in 1..=20 {
        let expected: Vec<_> = (1..=300).map(|i| format!("{n} is at {i} of 300")).collect();
        assert_eq!(ran.lines_of(&format!("say ({n})")), expected, "{n}");
    }
}

#[test]
fn o09_a_line_without_an_end_is_ended_on_the_screen_only() {
    let job = "[process.a]\nscript = \"printf 'no newline'\"\n";
    for mode in ["plain", "group"] {
        let ran = Test::new().job(job).args(["job.toml", "--output", mode]).run().exits(0);
        assert_eq!(log(&ran, "a.out"), b"no newline");
        let ends = |line: &&str| line.ends_with("no newline");
        assert_eq!(ran.stderr.lines().filter(ends).count(), 1, "{ran}");
    }
}

#[test]
fn o10_every_byte_is_kept() {
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.extend(vec![0; 3_000_000]);
    bytes.extend(b"no newline");
    let test = |mode| {
        let job = "[process.a]\ncommand = [\"cat\", \"bytes\"]\n";
        let ran = Test::new().job(job).file("bytes", &bytes).args(["job.toml", "--output", mode]);
        let ran = ran.run().exits(0);
        assert!(log(&ran, "a.out") == bytes, "{mode}");
        ran
    };
    assert!(told(&test("json")) == bytes, "an event holds the bytes as they were");
    let shown = test("plain").stderr;
    assert!(shown.contains('\u{fffd}') && shown.contains('␀'), "{}", &shown[..1000]);
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
}

#[test]
fn o11_a_character_that_comes_in_two_parts_is_one() {
    let script = "printf 'caf\\303'; until [ -e go ]; do sleep 0.01; done; printf '\\251\\n'";
    for mode in ["plain", "group", "json"] {
        let job = format!("[process.a]\nscript = '''{script}'''\n");
        let running = Test::new().job(&job).args(["job.toml", "--output", mode]).start();
        let first = running.path(".runner/latest/logs/a.out");
        crate::harness::wait_for("the first part", || {
            fs::read(&first).ok().filter(|bytes| bytes == b"caf\xc3")
        });
        fs::write(running.path("go"), "").expect("a file");
        let ran = running.wait().exits(0);
        if mode == "json" {
            assert_eq!(told(&ran), "café\n".as_bytes());
        } else {
            assert!(ran.stderr.lines().any(|line| line.ends_with("café")), "{ran}");
        }
    }
}

#[test]
fn o15_a_writer_that_ignores_that_nobody_reads_is_killed_with_its_set() {
    let job = r#"
[process.deaf]
stop.grace = "50ms"
script = """
trap '' PIPE TERM
(trap '' PIPE TERM; while :; do echo below || sleep 0.01; done) 2>/dev/null &
while :; do echo above || :; done 2>/dev/null
"""

[process.head]
command = ["head", "-n", "1"]
stdin = { pipe = "deaf" }
"#;
    let started = Instant::now();
    let ran = Test::new().job(job).run().exits(0);
    assert!(started.elapsed() < SOON, "{ran}");
    assert!(ran.stderr.contains("deaf: did not stop in time, killed"), "{ran}");
}
