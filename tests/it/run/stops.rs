//! Stops: signals, and what is alive afterwards. The harness proves each time that it is nothing.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::harness::{Running, Test};

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
fn interrupt() {
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
fn terminate() {
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
fn hang_up_lets_run_what_runs() {
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
fn the_grace_ends() {
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
fn a_second_signal_kills_at_once() {
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
fn the_stop_signal_can_be_chosen() {
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
fn what_the_runner_itself_is_killed_by_leaves_nothing() {
    let worst = r#"
[queue.numbers]
items = { range = [0, 1000] }

[process.deaf]
script = "trap '' TERM; setsid sleep 600 & (setsid sh -c 'sleep 600 & sleep 600' &) ; sleep 600"

[process.read]
consumes = "numbers"
deliver = "stream"
script = "echo $$ >pid; sleep 600"
"#;
    let running = under_way(worst);
    running.signal(Signal::KILL);
    let ran = running.wait();
    assert!(ran.to_string().ends_with("[signal: 9]\n"), "{ran}");
}

#[test]
fn a_queue_under_way_is_stopped() {
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
