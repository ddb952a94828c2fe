//! The limits of the machine: descriptors, processes, memory, disks.
//!
//! Two of them can be had in a long form: `RUNNER_TEST_CHILDREN=10000` (children at once) and
//! `RUNNER_TEST_ITEMS=20000` (items, one after the other) before `cargo test --release --test it
//! faults::resources`.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::Signal;

use crate::harness::{Running, Test, installed, wait_for};

/// Returns a number that the environment gives, or another.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().expect("a number"))
}

/// Returns a number beside a name in `/proc/PID/status`, in KiB where it is memory.
fn status(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    number.expect("it is told").parse().expect("a number")
}

fn oom_score(pid: impl std::fmt::Display) -> i32 {
    let score = fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).expect("it runs");
    score.trim().parse().expect("a number")
}

/// Makes a fifo: who opens it to read waits there until the test writes.
fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a fifo");
}

/// Lets everybody go on who waits at a fifo.
fn open_gate(path: &Path) {
    drop(fs::OpenOptions::new().write(true).open(path).expect("the fifo"));
}

/// Lets everybody go on who waits at a gate or comes to it, until the end.
fn let_all_through(run: &mut Running) {
    wait_for("the end", || {
        let how = OFlags::WRONLY | OFlags::NONBLOCK;
        drop(rustix::fs::open(run.path("gate"), how, Mode::empty()));
        run.has_ended().then_some(())
    });
}

/// Returns how many lines a file has by now.
fn lines(run: &Running, name: &str) -> u64 {
    fs::read_to_string(run.path(name)).map_or(0, |text| text.lines().count() as u64)
}

#[test]
fn r01_with_64_descriptors_200_workers_are_a_few_and_all_is_done() {
    let job = r#"
[pool.wide]
size = 200

[queue.numbers]
items = { range = [0, 400] }

[process.say]
pool = "wide"
consumes = "numbers"
workers = 200
command = ["sh", "-c", "echo $RUNNER_SLOT $(ulimit -n)"]
"#;
    let ran = Test::new().job(job).under("ulimit -n 64").run().exits(0);
    let said = ran.lines_of("say");
    assert_eq!(said.len(), 400, "{ran}");
    assert!(said.iter().all(|line| line.ends_with(" 64") && line.len() == 4), "{ran}");
    let told = "at most 4 children run at once: no more than 64 files may be open (`ulimit -n`)";
    assert!(ran.stderr.contains(told), "{ran}");
}

#[test]
fn r01_who_waits_for_others_does_not_take_their_descriptors() {
    let job = r#"
[pool.wide]
size = 200

[queue.a]
[queue.b]

[process.source]
command = ["seq", "2000"]
produces = "a"

[process.stage]
pool = "wide"
consumes = "a"
deliver = "stream"
workers = 100
produces = "b"
command = ["cat"]

[process.sink]
consumes = "b"
deliver = "stream"
command = ["wc", "-l"]
workers = 1
"#;
    let ran = Test::new().job(job).under("ulimit -n 96").run().exits(0);
    assert_eq!(ran.lines_of("sink"), ["2000"], "{ran}");
}

#[test]
fn r01_the_limit_is_raised_for_the_runner_and_not_for_its_children() {
    let job = "[process.a]\nscript = \"ulimit -Sn; ulimit -Hn\"\n";
    let ran = Test::new().job(job).under("ulimit -Sn 64; ulimit -Hn 300").run().exits(0);
    assert_eq!(ran.lines_of("a"), ["64", "300"], "{ran}");
    assert!(!ran.stderr.contains("at most"), "{ran}");
}

#[test]
fn r02_a_thousand_children_at_once_take_little_memory() {
    let children = number("RUNNER_TEST_CHILDREN", 1000);
    let job = format!(
        r#"
[pool.crowd]
size = {children}

[queue.numbers]
capacity = {children}
items = {{ range = [0, {children}] }}

[process.wait]
pool = "crowd"
consumes = "numbers"
script = "echo >> started; read x < gate || true"
"#
    );
    let test = Test::new().job(&job).args(["--output", "quiet", "job.toml"]);
    fifo(&test.path("gate"));
    // What is beyond the limit of this system is capped, and said so.
    let mut run = test.under("ulimit -n 200000 2>/dev/null || true").start();
    let capped = || {
        let said = fs::read_to_string(run.path(".stderr")).unwrap_or_default();
        said.split("at most ").nth(1)?.split(' ').next()?.parse().ok()
    };
    let at_once = wait_for("the children", || {
        let most = capped().unwrap_or(children).min(children);
        (lines(&run, "started") == most).then_some(most)
    });
    let memory = status(run.pid(), "VmHWM") / 1024;
    eprintln!("{at_once} children at once: {memory} MiB");
    assert!(memory <= 300, "{memory} MiB");
    // Those that were capped come to the gate later.
    let_all_through(&mut run);
    run.wait().exits(0);
}

#[test]
fn r03_nothing_more_starts_while_there_is_too_little_memory() {
    let job = r#"
[pool.large]
size = 4
memory = "900000GiB"

[process.a]
pool = "large"
script = "echo > a; mkdir alone; read x < gate || true; rmdir alone"

[process.b]
pool = "large"
script = "mkdir alone; rmdir alone"
"#;
    let test = Test::new().job(job);
    fifo(&test.path("gate"));
    let run = test.start();
    run.wait_for_line("pool `large` waits: memory below 900000 GiB (");
    run.wait_for_file("a");
    run.signal(Signal::USR1);
    run.wait_for_line("waits: memory below 900000 GiB\n");
    open_gate(&run.path("gate"));
    let ran = run.wait().exits(0);
    assert_eq!(ran.stderr.matches("pool `large` waits").count(), 1, "told once\n{ran}");
}

#[test]
fn r03_the_system_would_rather_end_a_child_than_the_runner() {
    let job =
        "[process.a]\nscript = \"cat /proc/self/oom_score_adj > score; read x < gate || true\"\n";
    let test = Test::new().job(job);
    fifo(&test.path("gate"));
    let run = test.start();
    let child: i32 = run.wait_for_file("score").trim().parse().expect("a number");
    let runner = oom_score(run.pid());
    assert!(child > runner, "{child} {runner}");
    open_gate(&run.path("gate"));
    run.wait().exits(0);
}

#[test]
fn r03_whom_somebody_else_has_killed_may_have_been_too_large() {
    let ran = Test::new().job("[process.a]\nscript = \"kill -9 $$\"\n").run().exits(1);
    assert!(ran.stderr.contains("killed by SIGKILL (out of memory?)"), "{ran}");
}

/// Prints more than the small disk or the small file of a test holds.
const CHATTY: &str = "[process.a]\ncommand = [\"head\", \"-c\", \"4000000\", \"/dev/zero\"]\n";

#[test]
fn r04_a_full_disk_is_never_green() {
    if !rustix::process::geteuid().is_root() || !installed("r04", "unshare") {
        return;
    }
    let mount = "mkdir state; exec unshare -m sh -c \
                 'mount -t tmpfs -o size=1M none state && exec \"$@\"' sh \"$@\"";
    let args = ["--state-dir", "state", "job.toml"];
    let ran = Test::new().job(CHATTY).args(args).under(mount).run().exits(3);
    assert!(ran.stderr.contains("/logs/a.out`: no space left on the disk"), "{ran}");
}

#[test]
fn r05_a_file_that_may_not_grow_is_a_full_disk() {
    let ran = Test::new().job(CHATTY).under("ulimit -f 1000").run().exits(3);
    let told = "/logs/a.out`: no file may grow further (`ulimit -f`)";
    assert!(ran.stderr.contains(told), "{ran}");
}

#[test]
fn r05_a_child_that_writes_beyond_its_own_limit_is_killed_by_name() {
    let script = "ulimit -f 1; exec head -c 1000000 /dev/zero > big";
    let ran = Test::new().job(&format!("[process.a]\nscript = \"{script}\"\n")).run().exits(1);
    assert!(ran.stderr.contains("killed by SIGXFSZ"), "{ran}");
}

#[test]
fn r07_who_has_no_turn_is_not_out_of_time() {
    if !installed("r07_who_has_no_turn_is_not_out_of_time", "taskset") {
        return;
    }
    // All on one CPU: one that needs some 80 ms of it, and many that take all they get. So it is
    // there for two seconds: beyond its limits, of which it needs a tenth. A disk may be slow, too.
    let job = r#"
[process.greedy]
matrix.one = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]
command = ["taskset", "-c", "0", "sh", "-c", "until [ -e done ]; do :; done"]

[process.starved]
timeout = { total = "1s", idle = "900ms" }
command = ["taskset", "-c", "0", "sh", "-c", """
i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done; echo >done"""]
"#;
    let ran = Test::new().job(job).args(["job.toml", "-j", "25"]).run().exits(0);
    assert!(ran.stderr.contains("starved: passed"), "{ran}");
}

#[test]
fn r07_who_hangs_is_out_of_time_on_a_busy_machine_too() {
    let job = "[process.a]\ntimeout = \"200ms\"\nscript = \"while :; do :; done\"\n";
    let ran = Test::new().job(job).run().exits(1);
    assert!(ran.stderr.contains("timed out (total of 200ms"), "{ran}");
}

#[test]
fn r08_memory_and_descriptors_stay_the_same_however_long_it_runs() {
    let items = number("RUNNER_TEST_ITEMS", 3000);
    let job = format!(
        r#"
[queue.numbers]
items = {{ range = [0, {items}] }}

[process.say]
consumes = "numbers"
script = "echo >> said"
"#
    );
    let run = Test::new().job(&job).args(["--output", "quiet", "job.toml"]).start();
    let look = |part: u64| {
        wait_for("items", || (lines(&run, "said") >= items * part / 10).then_some(()));
        let open = fs::read_dir(format!("/proc/{}/fd", run.pid())).expect("it runs").count();
        (status(run.pid(), "VmRSS"), open)
    };
    let (early, late) = (look(3), look(9));
    run.wait().exits(0);
    eprintln!("KiB and descriptors after 3/10 and 9/10 of {items} items: {early:?} {late:?}");
    assert!(late.0 <= early.0 + 4096, "memory has grown: {early:?} {late:?}");
    assert!(late.1 <= early.1 + 10, "descriptors are left open: {early:?} {late:?}");
}

/// Six that start themselves again in a new session, each as soon as it is there, and never rest.
const BOMB: &str = r#"
[process.bomb]
stop.grace = "200ms"
script = "for i in 1 2 3 4 5 6; do ./walk; done; sleep 600"
"#;

#[test]
fn r09_who_forks_for_ever_is_ended_all_the_same() {
    for signal in [Signal::TERM, Signal::KILL] {
        let walk = "#!/bin/sh\necho >>steps\nsetsid ./walk &\n";
        let run = Test::new().job(BOMB).program("walk", walk).start();
        wait_for("many steps", || (lines(&run, "steps") > 200).then_some(()));
        run.wait_for_line("bomb: started\n");
        run.signal(signal);
        assert_eq!(run.wait().ended(), 128 + signal.as_raw());
    }
}

/// Items on disk, output on disk.
const SPILLS: &str = r#"
[queue.q]
on-full = "spill"
capacity = 10

[process.make]
command = ["seq", "1000000", "1100000"]
produces = "q"

[process.hold]
consumes = "q"
script = "echo > started; read x < gate || true"
"#;

/// Returns the names of what lies in the folder of a run and is of no use after it.
fn passing(run: &Path) -> Vec<String> {
    let entries = fs::read_dir(run).expect("the run").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("spill-") || name.starts_with(".spool-")).collect()
}

/// Starts a run that has spilled.
fn spilled() -> (Running, PathBuf) {
    let test = Test::new().job(SPILLS).args(["--output", "quiet", "job.toml"]);
    fifo(&test.path("gate"));
    let run = test.start();
    run.wait_for_file("started");
    let folder = fs::canonicalize(run.path(".runner/latest")).expect("the run");
    wait_for("items on disk", || (!passing(&folder).is_empty()).then_some(()));
    (run, folder)
}

#[test]
fn r10_nothing_passing_is_left_by_a_run_that_was_stopped() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let (mut run, folder) = spilled();
        run.signal(signal);
        let_all_through(&mut run);
        let ran = run.wait();
        assert_eq!(passing(&folder), [""; 0], "{signal:?}\n{ran}");
    }
}

#[test]
fn r10_what_a_killed_run_leaves_the_next_one_removes() {
    let (run, folder) = spilled();
    run.signal(Signal::KILL);
    let killed = run.wait();
    assert!(!passing(&folder).is_empty(), "{killed}");
    fs::write(killed.path("other.toml"), "[process.a]\ncommand = [\"true\"]\n").expect("a file");
    let ran = killed.then(["other.toml"]).run().exits(0);
    assert_eq!(passing(&folder), [""; 0], "{ran}");
}
