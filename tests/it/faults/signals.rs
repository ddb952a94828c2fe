//! Signals and shutdown (S): what ends a run from outside, and what is alive afterwards. The
//! harness proves each time that it is nothing.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use rustix::fs::OFlags;
use rustix::process::Signal;

use crate::harness::{Running, Test, alive, wait_for};

/// Something that runs, something that waits, and something that cleans up.
const JOB: &str = r#"
[process.work]
script = "echo $$ >pid; sleep 600 & wait"

[process.next]
command = ["true"]
needs = ["work"]

[process.sweep]
command = ["echo", "swept"]
run = "always"
after = ["work"]
"#;

/// A process that does not hear SIGTERM, nor do its own.
const DEAF: &str = r#"
[process.deaf]
script = """
trap '' TERM INT
(while :; do sleep 600; done) &
echo $$ >pid
while :; do sleep 600; done
"""
"#;

/// Starts a job and waits until it is under way, and that was told.
fn under_way(job: &str) -> Running {
    let running = Test::new().job(job).start();
    running.wait_for_file("pid");
    running.wait_for_line(": started\n");
    running
}

#[test]
fn s01_nothing_starts_after_the_first_signal() {
    let running = under_way(JOB);
    running.signal(Signal::INT);
    assert_snapshot!(running.wait().exits(130), @"
    [stderr]
    work: started
    stopping: SIGINT
    work: stopped (the run was stopped) in [time]
    next: skipped (needs `work`, which ended as stopped)
    sweep: started
    sweep | swept
    sweep: passed in [time]

    job: stopped by SIGINT after [time]
      processes  1 passed · 1 skipped · 1 stopped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 130]
    ");
}

#[test]
fn s06_cleanup_runs_and_is_shown() {
    let running = under_way(JOB);
    running.signal(Signal::TERM);
    assert_snapshot!(running.wait().exits(143), @"
    [stderr]
    work: started
    stopping: SIGTERM
    work: stopped (the run was stopped) in [time]
    next: skipped (needs `work`, which ended as stopped)
    sweep: started
    sweep | swept
    sweep: passed in [time]

    job: stopped by SIGTERM after [time]
      processes  1 passed · 1 skipped · 1 stopped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 143]
    ");
}

#[test]
fn s08_a_hang_up_sent_by_hand_lets_run_what_runs() {
    let job = "[process.work]\nscript = \"echo $$ >pid; until [ -e go ]; do sleep 0.01; done\"\n\
               [process.next]\ncommand = [\"true\"]\nneeds = [\"work\"]\n";
    let running = under_way(job);
    running.signal(Signal::HUP);
    running.wait_for_line("SIGHUP");
    std::fs::write(running.path("go"), "").expect("a file");
    assert_snapshot!(running.wait().exits(129), @"
    [stderr]
    work: started
    nothing new starts: SIGHUP
    work: passed in [time]
    next: skipped (the run was stopped)

    job: stopped by SIGHUP after [time]
      processes  1 passed · 1 skipped
      slowest    [names]
      run        .runner/runs/[run]
    [exit code: 129]
    ");
}

#[test]
fn s04_who_is_deaf_is_killed_after_the_grace() {
    let running = under_way(&format!("{DEAF}stop.grace = \"200ms\"\n"));
    running.signal(Signal::TERM);
    assert_snapshot!(running.wait().exits(143), @"
    [stderr]
    deaf: started
    stopping: SIGTERM
    deaf: did not stop in time, killed
    deaf: stopped (the run was stopped) in [time]

    job: stopped by SIGTERM after [time]
      run        .runner/runs/[run]
    [exit code: 143]
    ");
}

#[test]
fn s02_a_second_signal_kills_at_once() {
    let running = under_way(&format!("{DEAF}stop.grace = \"10m\"\n"));
    running.signal(Signal::INT);
    running.wait_for_line("SIGINT");
    running.signal(Signal::INT);
    assert_snapshot!(running.wait().exits(130), @"
    [stderr]
    deaf: started
    stopping: SIGINT
    killing everything: SIGINT
    deaf: did not stop in time, killed
    deaf: stopped (the run was stopped) in [time]

    job: stopped by SIGINT after [time]
      run        .runner/runs/[run]
    [exit code: 130]
    ");
}

#[test]
fn s06_the_stop_signal_can_be_chosen() {
    let job = r#"
[process.a]
script = """
trap 'echo bye; exit 0' USR1
echo $$ >pid
while :; do sleep 0.01; done
"""
stop = { signal = "SIGUSR1" }
"#;
    let running = under_way(job);
    running.signal(Signal::TERM);
    let ran = running.wait().exits(143);
    assert!(ran.lines_of("a").contains(&"bye"), "{ran}");
}

#[test]
fn s01_a_queue_under_way_is_stopped() {
    let job = r#"
[queue.numbers]
capacity = 8

[process.make]
command = ["seq", "100000000"]
produces = "numbers"

[process.take]
consumes = "numbers"
workers = 1
script = "echo {item} >pid"
"#;
    let running = under_way(job);
    running.signal(Signal::TERM);
    let ran = running.wait().exits(143);
    assert!(ran.stderr.contains("job: stopped by SIGTERM"), "{ran}");
}

#[test]
fn s03_a_third_signal_kills_everything_and_leaves() {
    let running = under_way(&format!("{DEAF}stop.grace = \"10m\"\n"));
    let began = Instant::now();
    for _ in 0..3 {
        running.signal(Signal::TERM);
        // Signals of one kind that come at once are one.
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = running.wait().exits(143);
    assert!(began.elapsed() < SOON);
}

/// Far less than any grace here, and more than a loaded machine needs.
pub(super) const SOON: Duration = Duration::from_secs(30);

#[test]
fn s05_an_interrupted_run_is_never_green() {
    let job = r#"
[process.polite]
script = """
trap 'exit 0' TERM
echo $$ >pid
while :; do sleep 0.01; done
"""
"#;
    for (signal, code) in
        [(Signal::INT, 130), (Signal::QUIT, 131), (Signal::TERM, 143), (Signal::HUP, 129)]
    {
        let running = under_way(job);
        running.signal(signal);
        if signal == Signal::HUP {
            running.wait_for_line("SIGHUP");
            running.signal(Signal::TERM);
        }
        let ran = running.wait();
        assert!([code, 143].contains(&ran.code()), "{ran}");
        assert_eq!(ran.code() == code, signal != Signal::HUP, "{ran}");
    }
}

#[test]
fn s07_a_stop_stops_children_and_time() {
    let job = r#"
[process.work]
script = "mkfifo go; echo $$ >pid; read -r go <go"
timeout = { total = "3s", idle = "2s" }
"#;
    let running = under_way(job);
    let pid = running.path("pid");
    let pid = fs::read_to_string(pid).expect("a pid");
    running.signal(Signal::TSTP);
    let runner = running.pid().to_string();
    wait_for("both to stand still", || {
        (alive::state(&pid) == Some('T') && alive::state(&runner) == Some('T')).then_some(())
    });
    // Longer than the child may take, were this its time.
    std::thread::sleep(Duration::from_secs(4));
    running.signal(Signal::CONT);
    fs::write(running.path("go"), "now\n").expect("it is read");
    let ran = running.wait().exits(0);
    assert!(ran.stderr.contains("work: passed"), "{ran}");
}

#[test]
fn s08_a_closed_terminal_ends_the_run() {
    let job = "[process.a]\nscript = \"echo $$ >pid; exec sleep 600\"\n";
    let running = Test::new().job(job).on_a_terminal("exec \"$R\" job.toml").start();
    running.wait_for_file("pid");
    // Who holds the other side of the terminal is gone, and with it the terminal.
    running.signal(Signal::KILL);
    let ran = running.wait();
    let events = fs::read_to_string(ran.run_folder(".runner").join("events.jsonl"));
    let ended = wait_for("the end of the run", || {
        let events = events.as_ref().ok()?;
        events.lines().last().filter(|last| last.contains("run-ended")).map(str::to_owned)
    });
    assert!(ended.contains("\"exit\":129"), "{ended}");
}

#[test]
fn s09_a_reader_that_leaves_stops_the_run_quietly() {
    let job = "[process.a]\nscript = \"while :; do echo $$ | tee pid; done\"\n";
    let ran = Test::new().job(job).args(["job.toml", "--output", "json"]).unread().run();
    let ran = ran.exits(141);
    assert!(!ran.stderr.contains("panic"), "{ran}");
    let events = fs::read_to_string(ran.run_folder(".runner").join("events.jsonl"));
    assert!(events.expect("the journal").lines().last().is_some_and(|l| l.contains("run-ended")));
}

#[test]
fn s10_a_shutdown_that_hangs_ends_all_the_same() {
    let running = under_way(&format!("{DEAF}stop.grace = \"300ms\"\n"));
    running.stop_spawner();
    ends_soon(running);
}

/// Asks a run to end, and fails unless it does so long before any grace of these tests is over.
pub(super) fn ends_soon(running: Running) {
    let began = Instant::now();
    running.signal(Signal::TERM);
    let ran = running.wait().exits(143);
    assert!(began.elapsed() < SOON, "{ran}");
}

#[test]
fn s12_a_signal_to_the_whole_group_counts_once() {
    let job = r#"
[process.work]
script = """
trap 'sleep 0.2; echo bye; exit 0' TERM
echo $$ >pid
while :; do sleep 0.01; done
"""
"#;
    let running = Test::new().job(job).group().start();
    running.wait_for_file("pid");
    running.wait_for_line(": started\n");
    running.signal_group(Signal::INT);
    let ran = running.wait().exits(130);
    assert!(ran.lines_of("work").contains(&"bye"), "{ran}");
    assert!(!ran.stderr.contains("killing everything"), "{ran}");
}

#[test]
fn s13_a_signal_to_a_child_alone_is_its_own_failure() {
    let ran = Test::new().job("[process.a]\nscript = \"kill -INT $$\"\n").run().exits(1);
    assert!(ran.stderr.contains("killed by SIGINT"), "{ran}");
}

#[test]
fn s14_what_was_ignored_stays_ignored_but_for_children() {
    let job = r#"
[process.work]
script = """
grep SigIgn /proc/self/status >ignored
echo $$ >pid
until [ -e go ]; do sleep 0.01; done
"""
"#;
    let test =
        Test::new().job(job).through(["sh", "-c", "trap '' INT HUP CHLD; exec \"$0\" \"$@\""]);
    let running = test.start();
    running.wait_for_file("pid");
    running.signal(Signal::INT);
    running.signal(Signal::HUP);
    fs::write(running.path("go"), "").expect("a file");
    let ran = running.wait().exits(0);
    assert_eq!(ran.read("ignored").trim(), "SigIgn:\t0000000000000000");
}

#[test]
fn s14_what_was_blocked_is_heard() {
    // Only a program can block signals for another; Python is there wherever tests run.
    if !crate::harness::installed("s14_what_was_blocked_is_heard", "python3") {
        return;
    }
    let start = "import os,signal,sys;signal.pthread_sigmask(signal.SIG_BLOCK,range(1,32));\
                 os.execv(sys.argv[1],sys.argv[1:])";
    let job = "[process.a]\nscript = \"grep SigBlk /proc/self/status >blocked; echo $$ >pid; \
               sleep 600\"\n";
    let running = Test::new().job(job).through(["python3", "-c", start]).start();
    running.wait_for_file("pid");
    running.signal(Signal::TERM);
    let ran = running.wait().exits(143);
    assert_eq!(ran.read("blocked").trim(), "SigBlk:\t0000000000000000");
}

/// Runs a job in a terminal and says how that was before and after. A shell that does not put the
/// terminal in order by itself waits until somebody has.
fn modes(job: &str, meanwhile: impl FnOnce(&Running)) -> (String, String) {
    let script = "stty rows 24 cols 80; stty -a >before; \"$R\" job.toml; \
                  until [ -e looked ]; do sleep 0.01; done; stty -a >after";
    let running = Test::new().job(job).env("TERM", "xterm").on_a_terminal(script).start();
    meanwhile(&running);
    fs::write(running.path("looked"), "").expect("a file");
    let ran = running.wait();
    (ran.read("before"), ran.read("after"))
}

#[test]
fn s15_the_terminal_is_as_it_was_whatever_ended_the_run() {
    let long = "[process.a]\nscript = \"echo $$ >pid; sleep 600\"\n";
    let (before, after) = modes("[process.a]\ncommand = [\"true\"]\n", |_| {});
    assert_eq!(before, after);
    for signal in [Signal::INT, Signal::TERM, Signal::QUIT, Signal::KILL] {
        let (before, after) = modes(long, |running| {
            running.wait_for_file("pid");
            let engine = running.engine();
            wait_for("the terminal to hear keys", || hears_keys(running).then_some(()));
            rustix::process::kill_process(engine, signal).expect("a runner");
            // Then the spawner puts it in order.
            if signal == Signal::KILL {
                wait_for("its modes", || (!hears_keys(running)).then_some(()));
            }
        });
        assert_eq!(before, after, "{signal:?}");
    }
}

/// Returns whether keys are heard one by one in the terminal of a test.
fn hears_keys(running: &Running) -> bool {
    wait_for("the terminal", || {
        // Who has it open may be about to die.
        let terminal = format!("/proc/{}/fd/0", running.engine_or_shell().as_raw_nonzero());
        let flags = i32::try_from(OFlags::NOCTTY.bits()).expect("flags");
        let terminal = OpenOptions::new().read(true).custom_flags(flags).open(terminal);
        let modes = rustix::termios::tcgetattr(terminal.ok()?).ok()?;
        Some(!modes.local_modes.contains(rustix::termios::LocalModes::ICANON))
    })
}

#[test]
fn s16_a_child_that_breaks_the_terminal_is_cleaned_up_after() {
    let job = "[process.a]\nscript = 'stty raw -echo <\"$TERMINAL\"; echo broken >broken'\n";
    let script = "stty rows 24 cols 80; TERMINAL=$(tty); export TERMINAL; stty -a >before; \
                  \"$R\" job.toml; \
                  stty -a >after";
    let ran = Test::new().job(job).on_a_terminal(script).start().wait();
    assert_eq!(ran.read("broken"), "broken\n");
    assert_eq!(ran.read("before"), ran.read("after"));
}

#[test]
fn s17_a_stop_ends_where_nobody_reads() {
    let test = Test::new().job(&format!(
        "{DEAF}stop.grace = \"300ms\"\n[process.noisy]\n\
        script = \"echo $$ >pid; while :; do echo noise; done\"\n"
    ));
    let path = test.path("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0)
        .expect("a pipe");
    // Held, and never read.
    let held = OpenOptions::new().read(true).write(true).open(&path).expect("a pipe");
    let test = test.args(["job.toml", "--output", "json"]);
    let running = test.stdout(path.to_str().expect("a path")).start();
    running.wait_for_file("pid");
    wait_for("a full pipe", || is_full(&path).then_some(()));
    ends_soon(running);
    drop(held);
}

/// Returns whether a pipe takes nothing more.
fn is_full(path: &Path) -> bool {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("flags");
    let pipe = OpenOptions::new().write(true).custom_flags(flags).open(path).expect("a pipe");
    let mut asked = [rustix::event::PollFd::new(&pipe, rustix::event::PollFlags::OUT)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut asked, Some(&now)) == Ok(0)
}

/// S18: what can't be done to a machine that runs tests, to set its clock or to send it to sleep,
/// does nothing to a run that asks for the time of day once, to have a name.
#[test]
fn s18_a_run_reads_the_clock_of_the_wall_once() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut readers = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("text");
                let reads = text.matches("SystemTime::now()").count();
                readers.extend(std::iter::repeat_n(path, reads));
            }
        }
    }
    assert_eq!(readers.len(), 1, "{readers:?}");
    assert!(readers[0].ends_with("app/run.rs"), "{readers:?}");
}
