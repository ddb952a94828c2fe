//! What attempts leave behind: found, named, killed, and never taken for somebody else's.

use std::path::Path;
use std::time::{Duration, Instant};

use runner::child::{Child, Ended, Host, Input, Output};
use runner::event::Exit;
use rustix::process::{Resource, getrlimit};

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
pub(crate) async fn an_orphan_is_reaped_while_its_attempt_lives(host: &Host) {
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
        let holders = stdout.kill_holders();
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
