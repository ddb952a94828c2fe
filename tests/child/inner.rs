//! Scenarios in which an engine or a spawner dies: this program once more, as that engine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use runner::child::{Extra, Fault, Host, Output};
use runner::event::Exit;
use rustix::process::{Pid, Signal, kill_process};

use super::Scenario;
use super::tools::{gone, hold, invocation, lines, read_all, run, shell, soon};

/// Names what the inner engine does; without it, this program is the outer one.
pub(crate) const MODE: &str = "RUNNER_TEST_INNER";

/// The worst that a job can leave: a deaf one in a session of its own, a daemon without an
/// environment, one that was stopped, and a tree. Each prints its number.
const WORST: &str = "echo $$
    setsid sh -c 'trap \"\" TERM HUP INT; echo $$; exec sleep 1000' &
    (env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 1000' &)
    sh -c 'echo $$; kill -STOP $$' &
    sh -c 'sh -c \"echo \\$\\$; exec sleep 1000\" & wait' &
    exec sleep 1000";

/// Processes that print their number in that.
const PROCESSES: usize = 5;

/// Returns what the inner engine does.
pub(crate) fn mode(name: &str) -> Scenario {
    match name {
        "worst" => |host| Box::pin(worst(host)),
        "bereaved" => |host| Box::pin(bereaved(host)),
        "cramped" => |host| Box::pin(cramped(host)),
        "statuses" => |host| Box::pin(statuses(host)),
        _ => panic!("no such mode: {name}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "an engine that dies must not be a child of ours")]
fn command() -> Command {
    Command::new("/bin/sh")
}

/// Starts this program as an inner engine, through a shell.
fn inner(mode: &str, prelude: &str) -> std::process::Child {
    let script = format!("{prelude} exec \"$0\"");
    let program = std::env::current_exe().expect("our own path");
    let mut command = command();
    command.arg("-c").arg(script).arg(program).env(MODE, mode);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("an inner engine")
}

async fn worst(host: &Host) {
    let mut what = shell(WORST);
    what.stdout = Output::Fd(std::io::stdout().as_fd().try_clone_to_owned().expect("a copy"));
    let mut child = host.start(what).await.expect("a child");
    let _ = child.wait().await;
}

/// P4: what `kill -9` of the engine leaves is nothing.
pub(crate) async fn a_killed_engine_leaves_nothing(_: &Host) {
    for _ in 0..5 {
        let mut engine = inner("worst", "");
        let mut out = BufReader::new(engine.stdout.take().expect("a pipe")).lines();
        let pids = (&mut out).take(PROCESSES).map(|line| line.expect("a line"));
        let processes: Vec<_> = pids.map(|pid| hold(&pid)).collect();
        assert_eq!(processes.len(), PROCESSES);
        engine.kill().expect("a living engine");
        engine.wait().expect("its status");
        processes.iter().for_each(gone);
        // Nobody has the pipe any more, known to us or not.
        assert!(out.next().is_none());
    }
}

async fn bereaved(host: &Host) {
    let mut child = host.start(shell("echo $PPID; exec sleep 1000")).await.expect("a child");
    let spawner = lines(&mut child, 1).await[0].parse().expect("a number");
    let process = hold(&child.pid.to_string());
    kill_process(Pid::from_raw(spawner).expect("a pid"), Signal::KILL).expect("a spawner");
    let fault = child.wait().await.expect_err("a fault");
    assert!(matches!(fault, Fault::SpawnerDied));
    gone(&process);
    assert!(host.start(shell("true")).await.is_err());
    writeln!(std::io::stdout(), "{fault}").expect("a reader");
}

/// P5: the engine ends what the spawner leaves, and says why it can't go on.
pub(crate) async fn a_killed_spawner_is_a_fault_and_leaves_nothing(_: &Host) {
    let ended = inner("bereaved", "").wait_with_output().expect("an end");
    assert!(ended.status.success());
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "spawner died\n");
}

async fn statuses(host: &Host) {
    let ran = run(host, shell("exit 7")).await.expect("a run");
    assert_eq!(ran.ended.exit, Exit::Code(7));
    let ran = run(host, shell("cat /proc/self/status")).await.expect("a run");
    assert!(ran.stdout.contains("SigIgn:\t0000000000000000"), "{}", ran.stdout);
}

/// P11, S14: who starts us with signals ignored changes nothing for children.
pub(crate) async fn p11_an_ignored_sigchld_hides_no_status(_: &Host) {
    let ended = inner("statuses", "trap '' CHLD HUP INT;").wait_with_output().expect("an end");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
}

async fn cramped(host: &Host) {
    let mut what = invocation(&["cat", "/proc/self/fd/3"]);
    what.extra = Extra::InOut;
    let mut child = host.start(what).await.expect("a child");
    let mut wire = child.extra_in.take().expect("a wire");
    wire.write_all(b"item\n").await.expect("a reader");
    drop(wire);
    let copy = soon(read_all(&mut child.stdout)).await;
    std::io::stdout().write_all(&copy).expect("a reader");
    let ended = child.wait().await.expect("an end");
    writeln!(std::io::stdout(), "{:?}", ended.exit).expect("a reader");
}

/// The least limits with which this program runs at all are enough for all descriptors of a child.
pub(crate) async fn a_low_limit_keeps_no_descriptor_from_a_child(_: &Host) {
    // Without one above 4 the child's own loader fails, and so its own part.
    for (limit, said) in [(6, "item\nCode(0)\n"), (5, "Code(127)\n")] {
        let ended = inner("cramped", &format!("ulimit -Sn {limit};"));
        let ended = ended.wait_with_output().expect("an end");
        assert_eq!(String::from_utf8_lossy(&ended.stdout), said, "{limit}");
        assert!(ended.status.success());
    }
}
