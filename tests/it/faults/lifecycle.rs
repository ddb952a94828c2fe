//! Process lifecycle (P): who belongs to a run, and that nothing of it outlives it.

use std::fs;
use std::time::Instant;

use insta::assert_snapshot;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use super::signals::{SOON, ends_soon};
use crate::harness::{Running, Test, alive, installed, wait_for};

/// The worst children: a tree, a new session, deaf to all requests; a daemon without environment.
pub(super) const WORST: &str = r#"
[queue.numbers]
items = { range = [0, 1000] }

[process.deaf]
script = """
trap '' TERM INT HUP
setsid sh -c 'trap "" TERM INT HUP; echo $$ >session; sleep 600; :' &
(env -i /usr/bin/setsid /bin/sh -c 'echo $$ >daemon; exec sleep 600' &)
(setsid sh -c 'sleep 600 & sleep 600' &)
until [ -s session ] && [ -s daemon ]; do sleep 0.01; done
echo $$ >pid
sleep 600
:
"""

[process.read]
consumes = "numbers"
deliver = "stream"
script = "sleep 600"
"#;

/// Waits until nothing of the worst children is alive.
fn wait_for_their_end(running: &Running) {
    wait_for("the end of all", || {
        let lives =
            |name: &&str| alive::runs(&fs::read_to_string(running.path(name)).expect("a number"));
        (!["pid", "session", "daemon"].iter().any(lives)).then_some(())
    });
}

#[test]
fn p01_the_grace_is_for_the_whole_set() {
    let job = r#"
[process.build]
script = """
trap 'exit 0' TERM
(trap '' TERM; exec sleep 600) &
until grep -qs sleep /proc/$!/comm; do sleep 0.01; done
echo $$ >pid
wait
"""
stop.grace = "2s"
"#;
    let running = Test::new().job(job).start();
    running.wait_for_file("pid");
    running.wait_for_line(": started\n");
    running.signal(Signal::TERM);
    let ran = running.wait().exits(143);
    assert!(ran.stderr.contains("build: 1 process outlived its leader (pid "), "{ran}");
    assert!(ran.stderr.contains(", sleep 600): killed"), "{ran}");
}

/// A process that leaves its group and holds nothing of the run.
const DAEMON: &str = "env -i /usr/bin/setsid /bin/sh -c 'echo $$ >daemon; exec sleep 600' \
                      </dev/null >/dev/null 2>&1 & until [ -s daemon ]; do sleep 0.01; done";

#[test]
fn p02_p03_what_leaves_the_group_is_killed_and_named() {
    for leaks in ["", "leaks = \"fail\""] {
        let job = format!("[process.a]\nscript = \"\"\"{DAEMON}\"\"\"\n{leaks}\n");
        let ran = Test::new().job(&job).run();
        assert_eq!(ran.code(), i32::from(!leaks.is_empty()), "{ran}");
        assert!(ran.stderr.contains("a: 1 process outlived its leader"), "{ran}");
        assert!(ran.stderr.contains("left over  a: pid "), "{ran}");
        let pid = ran.read("daemon");
        assert!(!fs::exists(format!("/proc/{}", pid.trim())).expect("/proc"), "{ran}");
        let why = "a: failed (it left a process running: pid ";
        assert_eq!(ran.stderr.contains(why), !leaks.is_empty(), "{ran}");
    }
}

#[test]
fn p03_what_may_leak_lives_on_and_is_listed() {
    let job = format!("[process.a]\nscript = \"\"\"{DAEMON}\"\"\"\nleaks = \"allow\"\n");
    let ran = Test::new().job(&job).run().exits(0);
    let pid: i32 = ran.read("daemon").trim().parse().expect("a number");
    let daemon = pidfd_open(Pid::from_raw(pid).expect("a pid"), PidfdFlags::empty());
    pidfd_send_signal(daemon.expect("it lives"), Signal::KILL).expect("it lives");
    assert!(ran.stderr.contains("left running"), "{ran}");
    let said = format!("  left over  a: pid {pid} (sleep 600), left running\n");
    assert!(ran.stderr.contains(&said), "{ran}");
}

#[test]
fn p04_nothing_outlives_a_killed_runner() {
    let running = Test::new().job(WORST).start();
    running.wait_for_file("pid");
    running.signal(Signal::KILL);
    wait_for_their_end(&running);
    let ran = running.wait();
    assert!(ran.to_string().ends_with("[signal: 9]\n"), "{ran}");
    let killed = ran.run_id();
    let next = ran.then(["next.toml"]).file("next.toml", "[process.a]\ncommand = [\"true\"]\n");
    let ran = next.run().exits(0);
    let told = format!("the last run was cut off: .runner/runs/{killed}\n");
    assert!(ran.stderr.contains(&told), "{ran}");
    let ran = ran.then(["next.toml"]).run().exits(0);
    assert!(!ran.stderr.contains("cut off"), "told once\n{ran}");
}

#[test]
fn p05_a_killed_spawner_is_a_fault_and_leaves_nothing() {
    let running = Test::new().job(WORST).start();
    running.wait_for_file("pid");
    kill_process(running.spawner(), Signal::KILL).expect("a spawner");
    wait_for_their_end(&running);
    let ran = running.wait().exits(3);
    assert!(ran.stderr.ends_with("runner: spawner died\n"), "{ran}");
    let events = fs::read_to_string(ran.run_folder(".runner").join("events.jsonl"));
    let events = events.expect("the journal");
    assert!(events.lines().last().is_some_and(|last| last.contains("\"exit\":3")), "{events}");
}

#[test]
fn p06_no_child_dies_with_a_thread() {
    let job = "[process.a]\nscript = \"LC_ALL=C setpriv --dump\"\n";
    let ran = Test::new().job(job).run().exits(0);
    let dump = ran.lines_of("a").join("\n");
    assert!(dump.contains("Parent death signal: [none]"), "{ran}");
}

#[test]
fn p07_who_started_the_runner_may_leave() {
    let job = "[process.a]\nscript = \"echo $$ >pid; until [ -e go ]; do sleep 0.01; done; \
               echo done >done\"\n";
    let running = Test::new().job(job).through(["sh", "-c", "\"$0\" \"$@\" & exit 0"]).start();
    running.wait_for_file("pid");
    fs::write(running.path("go"), "").expect("a file");
    running.wait_for_line("job: passed");
    let ran = running.wait().exits(0);
    assert_eq!(ran.read("done"), "done\n");
}

#[test]
fn p13_a_start_that_hangs_does_not_hang_the_run() {
    let job = r#"
[process.first]
script = "echo $$ >pid; until [ -e go ]; do sleep 0.01; done"

[process.second]
command = ["true"]
after = ["first"]
run = "always"
"#;
    let running = Test::new().job(job).start();
    running.wait_for_file("pid");
    running.stop_spawner();
    fs::write(running.path("go"), "").expect("a file");
    ends_soon(running);
}

#[test]
fn p09_the_status_of_an_orphan_is_nobodys() {
    let orphan = |code: u32| {
        format!(
            "(setsid sh -c 'echo $$ >orphan; exit {code}' &) ; until [ -s orphan ]; do sleep 0.01; \
             done; while grep -qs ' [^Z] ' /proc/$(cat orphan)/stat; do sleep 0.01; done"
        )
    };
    let job = |code, own| format!("[process.a]\nscript = \"{}; exit {own}\"\n", orphan(code));
    let ran = Test::new().job(&job(7, 0)).run().exits(0);
    assert!(ran.stderr.contains("a: passed"), "{ran}");
    let ran = Test::new().job(&job(0, 7)).run().exits(1);
    assert!(ran.stderr.contains("a  exit code 7"), "{ran}");
}

#[test]
fn p10_a_number_is_nobody_elses_until_all_of_it_is_gone() {
    let job = r#"
[process.a]
stop.grace = "100ms"
script = """
echo $$ >pid
sh -c 'trap "" TERM; echo >ready; until [ -e go ]; do sleep 0.01; done' &
until [ -e ready ]; do sleep 0.01; done
exec sleep 600
"""
"#;
    let running = Test::new().job(job).start();
    let leader = running.wait_for_file("pid");
    running.wait_for_file("ready");
    running.wait_for_line("a: started\n");
    running.stop_spawner();
    let pid = Pid::from_raw(leader.trim().parse().expect("a number")).expect("a pid");
    kill_process(pid, Signal::KILL).expect("it lives");
    wait_for("its death", || (alive::state(leader.trim()) == Some('Z')).then_some(()));
    kill_process(running.spawner(), Signal::CONT).expect("a spawner");
    // Its group can be signalled as long as its number is kept: so it is buried last.
    let ran = running.wait().exits(1);
    assert!(ran.stderr.contains("killed by SIGKILL"), "{ran}");
    assert_eq!(alive::state(leader.trim()), None, "{ran}");
}

#[test]
fn p22_a_run_inside_a_run_dies_with_it() {
    let runner = env!("CARGO_BIN_EXE_runner");
    let job = format!("[process.inner]\ncommand = [\"{runner}\", \"inner.toml\"]\n");
    let running = Test::new().job(&job).file("inner.toml", WORST).start();
    running.wait_for_file("pid");
    let began = Instant::now();
    running.signal(Signal::KILL);
    wait_for_their_end(&running);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(running.wait().ended(), 137);
}

#[test]
fn p12_a_child_that_is_stopped_is_told_of() {
    let job = "[process.a]\nscript = \"echo $$ >pid; kill -STOP $$; echo on\"\n";
    let running = Test::new().job(job).start();
    let pid: i32 = running.wait_for_file("pid").trim().parse().expect("a number");
    running.wait_for_line("a: stopped by SIGSTOP (pid ");
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::CONT).expect("a child");
    let ran = running.wait().exits(0);
    assert!(ran.lines_of("a").contains(&"on"), "{ran}");
}

#[test]
fn p21_a_service_that_dies_again_and_again_is_given_up() {
    let job = r#"
[process.db]
service = true
restart = { when = "on-failure", backoff = "10ms", burst = 2, within = "1h" }
script = "echo no disk >&2; exit 7"

[process.test]
command = ["sleep", "600"]
needs = ["db"]
"#;
    let ran = Test::new().job(job).args(["job.toml", "--output", "quiet"]).run().exits(1);
    assert_snapshot!(ran, @"
    [stderr]
    db: failed (2 restarts in 1h, giving up: exit code 7) in [time]
    no disk

    ✗ db  2 restarts in 1h, giving up: exit code 7, after [time], 3 tries
      │ no disk
      log    .runner/runs/[run]/logs/db.err
      again  runner job.toml db

    job: failed in [time]
      services   1 failed · 2 restarts
      run        .runner/runs/[run]
    [exit code: 1]
    ");
}

#[test]
fn p16_an_argument_that_is_too_long_fails_its_item_alone() {
    let job = r#"
[queue.words]
items = { file = "words" }

[process.say]
consumes = "words"
command = ["printf", "%.5s\n", "{item}"]
"#;
    let words = format!("short\n{}\nother\n", "x".repeat(200_000));
    let ran = Test::new().job(job).file("words", words).run().exits(1);
    let mut said = ran.lines_of("say");
    said.sort_unstable();
    assert_eq!(said, ["other", "short"], "the run goes on\n{ran}");
    let told = "not started: argument 2 has 200000 bytes, and the system takes at most 131071";
    assert!(ran.stderr.contains(told), "{ran}");
    assert!(ran.stderr.contains("a payload has no such bound: `deliver = \"stdin\"`"), "{ran}");
}

#[test]
fn p17_a_zero_byte_fails_its_item_alone() {
    let job = r#"
[queue.words]
framing = "netstring"

[process.make]
command = ["printf", '5:short,3:a\0b,5:other,']
produces = "words"

[process.say]
consumes = "words"
command = ["echo", "{item}"]
"#;
    let ran = Test::new().job(job).run().exits(1);
    let mut said = ran.lines_of("say");
    said.sort_unstable();
    assert_eq!(said, ["other", "short"], "the run goes on\n{ran}");
    assert!(ran.stderr.contains("not started: variable `RUNNER_ITEM` holds a NUL byte"), "{ran}");
}

#[test]
fn p17_a_name_of_the_environment_that_can_not_be_is_found_before_anything_runs() {
    let job = "[process.a]\ncommand = [\"touch\", \"ran\"]\nenv = { \"A=B\" = \"c\" }\n";
    let ran = Test::new().job(job).run().exits(2);
    assert!(ran.stderr.contains("A=B") && !ran.has("ran"), "{ran}");
}

/// What a shell says so that the runner may have only so many processes: root has no such bound, so
/// it becomes a user whom nobody else is.
fn processes(most: u32, user: u32) -> String {
    format!(
        "chmod 777 .; exec prlimit --nproc={most}:{most} setpriv --reuid={user} \
         --regid={user} --clear-groups \"$@\""
    )
}

/// Returns whether another user can be become here.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    root && installed("p20", "setpriv") && installed("p20", "prlimit")
}

#[test]
fn p20_a_fork_that_is_refused_is_tried_again_and_nothing_is_lost() {
    if !is_root() {
        return;
    }
    let job = r#"
[pool.wide]
size = 40

[queue.numbers]
items = { range = [0, 60] }

[process.say]
pool = "wide"
consumes = "numbers"
script = "echo {item}; exec sleep 0.1"
"#;
    let ran = Test::new().job(job).under(&processes(13, 54_320)).run().exits(0);
    let mut said: Vec<u32> =
        ran.lines_of("say").iter().map(|line| line.parse().expect("a number")).collect();
    said.sort_unstable();
    assert_eq!(said, (0..60).collect::<Vec<_>>(), "{ran}");
}

/// It takes the half minute that a start is tried.
#[test]
fn p20_a_fork_that_is_refused_for_too_long_is_the_end() {
    if !is_root() {
        return;
    }
    let job = "[process.a]\ncommand = [\"true\"]\n";
    let ran = Test::new().job(job).under(&processes(3, 54_321)).run().exits(3);
    assert!(ran.stderr.contains("failed to start `true`: "), "{ran}");
    assert!(ran.stderr.contains("for 30 seconds"), "{ran}");
}
