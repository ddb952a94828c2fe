//! What attempts leave behind: found, named, killed, and never taken for somebody else's.

use std::path::Path;
use std::time::{Duration, Instant};

use runner::child::{Change, Child, Ended, Host, Input, Output};
use runner::event::Exit;
use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process_group};

use super::tools::{gone, hold, is_gone, lines, read_all, run, shell, soon};

/// P1, O1: the leader ends, and with it what it left in its group.
pub(crate) async fn a_grandchild_in_the_background_is_killed_and_named(host: &Host) {
    let ran = soon(run(host, shell(&until_it_sleeps("sleep 1000 & echo $!;")))).await.unwrap();
    assert_eq!(ran.ended.exit, Exit::Code(0));
    named(&ran.ended, &ran.stdout, "sleep 1000");
}

/// P2, O1: a session of its own hides nobody, though it holds the pipe.
pub(crate) async fn a_grandchild_in_its_own_session_is_killed_and_named(host: &Host) {
    let script = until_it_sleeps("setsid sh -c 'echo $$; exec sleep 1000' &");
    let ran = soon(run(host, shell(&script))).await.unwrap();
    named(&ran.ended, &ran.stdout, "sleep 1000");
}

/// Lets a script end only when what it started in the background has become `sleep`.
fn until_it_sleeps(start: &str) -> String {
    format!("{start} while ! grep -qs sleep /proc/$!/comm; do :; done")
}

fn named(ended: &Ended, pid: &str, command: &str) {
    let [leftover] = &ended.leftovers[..] else { panic!("{ended:?}") };
    assert_eq!((leftover.pid.to_string().as_str(), &*leftover.command), (pid.trim(), command));
}

/// A daemon: forks twice, has its own session, no environment, and no descriptor of ours.
const DAEMON: &str = "env -i setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1 </dev/null' &";

/// P3: it belongs to the attempt that started it, whatever else runs.
pub(crate) async fn a_daemon_without_environment_is_told_from_other_attempts(host: &Host) {
    let start = async |script: &str| host.start(shell(script)).await.unwrap();
    let mut other = start("echo up; exec sleep 1000").await;
    lines(&mut other, 1).await;
    let mut first = start(&format!("({DAEMON}) ; sleep 1000")).await;
    let mut second = start(&format!("({DAEMON}) ; sleep 1000")).await;
    let (one, two) = (lines(&mut first, 1).await, lines(&mut second, 1).await);
    let (one, two) = (hold(&one[0]), hold(&two[0]));
    // Inside another runner there are no marks: then they go with the last whose they can be.
    let marked = getrlimit(Resource::Locks).maximum.is_none();
    soon(end(&mut second)).await;
    if marked {
        gone(&two);
        assert!(!is_gone(&one));
    }
    soon(end(&mut first)).await;
    if marked {
        gone(&one);
    }
    soon(end(&mut other)).await;
    gone(&one);
    gone(&two);
}

async fn end(child: &mut Child) {
    child.kill();
    assert_eq!(child.wait().await.unwrap().exit, Exit::Signal(9));
}

/// P8, P9: adopted processes are reaped at once, and their status is nobody's.
pub(crate) async fn p08_an_orphan_is_reaped_while_its_attempt_lives(host: &Host) {
    let mut what = shell("(sh -c 'echo $$; exit 9' &); read word; exit 5");
    what.stdin = Input::Pipe;
    let mut child = host.start(what).await.unwrap();
    let orphan = lines(&mut child, 1).await[0].clone();
    let deadline = Instant::now() + Duration::from_secs(10);
    while Path::new("/proc").join(&orphan).exists() {
        assert!(Instant::now() < deadline, "a zombie");
        tokio::task::yield_now().await;
    }
    child.stdin.take().unwrap().write_all(b"word\n").await.unwrap();
    let ended = soon(child.wait()).await.unwrap();
    assert_eq!(ended, Ended { exit: Exit::Code(5), leftovers: Vec::new() });
}

/// O1, where nothing else leads to the process: the pipe does.
pub(crate) async fn a_holder_of_the_pipe_is_found_and_killed(host: &Host) {
    let mut child = host.start(shell("echo up; exec sleep 1000")).await.unwrap();
    lines(&mut child, 1).await;
    // Nobody started by that child, but another that was handed its pipe.
    let holder = {
        let stdout = child.stdout.as_ref().unwrap();
        let pipe = format!("/proc/{}/fd/1", child.pid);
        let file = std::fs::OpenOptions::new().write(true).open(pipe).unwrap();
        let mut what = shell("echo up >&2; exec sleep 1000");
        what.stdout = Output::Fd(file.into());
        let mut holder = host.start(what).await.unwrap();
        holder.stderr.as_mut().unwrap().read().await.unwrap();
        let holders = stdout.find_holders(false);
        assert_eq!(holders.len(), 2, "{holders:?}");
        holder
    };
    let mut stdout = child.stdout.take();
    assert!(soon(read_all(&mut stdout)).await.is_empty());
    for mut child in [child, holder] {
        assert_eq!(soon(child.wait()).await.unwrap().exit, Exit::Signal(9));
    }
}

/// P1: after a request to end, the rest has the grace; then it is killed, and named.
pub(crate) async fn who_is_asked_to_stop_gets_grace_for_the_whole_set(host: &Host) {
    let script = "(trap '' TERM; echo $(exec sh -c 'echo $PPID'); exec sleep 1000) & wait";
    let mut child = host.start(shell(script)).await.unwrap();
    let deaf = lines(&mut child, 1).await[0].clone();
    let process = hold(&deaf);
    child.signal(15);
    let mut leader = Some(hold(&child.pid.to_string()));
    gone(&leader.take().unwrap());
    let early = tokio::time::timeout(Duration::from_millis(100), child.wait()).await;
    assert!(early.is_err() && !is_gone(&process), "{early:?}");
    child.kill();
    let ended = soon(child.wait()).await.unwrap();
    assert_eq!(ended.exit, Exit::Signal(15));
    named(&ended, &deaf, "sleep 1000");
    // One that ends within the grace is not named, and nothing waits for the grace to be over.
    let mut child = host.start(shell("sleep 1000 & echo up; wait")).await.unwrap();
    lines(&mut child, 1).await;
    child.signal(15);
    let ended = soon(child.wait()).await.unwrap();
    assert_eq!(ended, Ended { exit: Exit::Signal(15), leftovers: Vec::new() });
}

/// P12: a request to end reaches also who is stopped.
pub(crate) async fn a_stopped_child_hears_a_request_to_end(host: &Host) {
    let script = "trap 'echo bye; exit 4' TERM; echo up; kill -STOP $$; while :; do sleep 1; done";
    let mut child = host.start(shell(script)).await.unwrap();
    lines(&mut child, 1).await;
    child.signal(15);
    let mut stdout = child.stdout.take();
    let (out, ended) = soon(async { tokio::join!(read_all(&mut stdout), child.wait()) }).await;
    assert_eq!((&out[..], ended.unwrap().exit), (&b"bye\n"[..], Exit::Code(4)));
}

/// Also who ignores everything and has left the group; nothing of it outlived its leader.
pub(crate) async fn a_kill_takes_the_whole_set(host: &Host) {
    let script = "trap '' TERM INT HUP; setsid sh -c 'echo $$; exec sleep 1000' & \
                  sh -c 'echo $$; exec sleep 1000' & wait";
    let mut child = host.start(shell(script)).await.unwrap();
    let processes: Vec<_> = lines(&mut child, 2).await.iter().map(|pid| hold(pid)).collect();
    child.kill();
    let ended = soon(child.wait()).await.unwrap();
    assert_eq!(ended, Ended { exit: Exit::Signal(9), leftovers: Vec::new() });
    processes.iter().for_each(gone);
}

/// P3: what may leak lives on when its attempt is over, and is named.
pub(crate) async fn what_may_leak_lives_on_and_is_named(host: &Host) {
    let start = "setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &";
    let mut what = shell(&until_it_sleeps(start));
    what.may_leak = true;
    let ran = soon(run(host, what)).await.unwrap();
    let [left] = &ran.ended.leftovers[..] else { panic!("{:?}", ran.ended) };
    assert!(left.lives, "{left:?}");
    assert_eq!(left.pid.to_string(), ran.stdout.trim());
    // Also while others come and go.
    soon(run(host, shell("true"))).await.unwrap();
    let process = hold(ran.stdout.trim());
    assert!(!is_gone(&process));
    rustix::process::pidfd_send_signal(&process, Signal::KILL).unwrap();
    gone(&process);
}

/// P12: who stops itself is told of, and so is that it goes on.
pub(crate) async fn who_is_stopped_is_told_of(host: &Host) {
    let mut child = host.start(shell("kill -TSTP $$; kill -STOP $$; exit 3")).await.unwrap();
    let group = Pid::from_raw(i32::try_from(child.pid).unwrap()).unwrap();
    for signal in [Signal::TSTP, Signal::STOP] {
        let change = soon(child.change()).await.unwrap();
        assert_eq!(change, Change::Suspended(signal.as_raw()));
        kill_process_group(group, Signal::CONT).unwrap();
    }
    // That it goes on may be told late, and the end in its place.
    assert_eq!(soon(child.wait()).await.unwrap().exit, Exit::Code(3));
}

/// S7: everything stands still and goes on, also what has left its group.
pub(crate) async fn everything_can_be_paused(host: &Host) {
    // They start nothing: a shell that waits for a vfork of its own does not stand still by itself.
    let beat = "while :; do echo; done";
    let script = format!("setsid sh -c 'echo $$; exec 2>&1; {beat}' & echo $!; {beat} >&2");
    let mut child = host.start(shell(&script)).await.unwrap();
    let leader = child.pid;
    let other = lines(&mut child, 1).await.remove(0);
    host.pause(true);
    let state = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next())
    };
    let leader = leader.to_string();
    let stopped = || [&leader, &other].iter().filter(|pid| state(pid) == Some('T')).count();
    for (on, count) in [(true, 2), (false, 0)] {
        host.pause(on);
        soon(async {
            while stopped() != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
    child.kill();
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let ((), ()) = soon(async {
        tokio::join!(async { drop(read_all(&mut out).await) }, async {
            drop(read_all(&mut err).await);
        })
    })
    .await;
    assert_eq!(soon(child.wait()).await.unwrap().exit, Exit::Signal(9));
}
