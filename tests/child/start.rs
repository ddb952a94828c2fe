//! Starting: statuses, surroundings, and every cause for which nothing starts.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use runner::child::{Host, Input, Output, StartError};
use runner::event::Exit;

use super::tools::{hold, invocation, is_gone, lines, program, read_all, run, shell, soon};

/// A status is a code or a signal, and nothing else's.
pub(crate) async fn p18_codes_and_signals_are_told_apart(host: &Host) {
    for code in [0, 1, 7, 127, 255] {
        let ran = run(host, shell(&format!("echo out; echo err >&2; exit {code}"))).await.unwrap();
        assert_eq!(ran.ended.exit, Exit::Code(code));
        assert_eq!((&*ran.stdout, &*ran.stderr), ("out\n", "err\n"));
        assert!(ran.ended.leftovers.is_empty());
    }
    for signal in [1, 9, 11, 15] {
        let ran = run(host, shell(&format!("kill -{signal} $$"))).await.unwrap();
        assert_eq!(ran.ended.exit, Exit::Signal(signal));
    }
}

/// P19: no signal is blocked or ignored, no descriptor is there but 0, 1 and 2, the group is its
/// own, the limit on descriptors is the one that this program was started with.
pub(crate) async fn p19_a_child_has_clean_surroundings(host: &Host) {
    let ran = run(host, invocation(&["cat", "/proc/self/status"])).await.unwrap();
    let field = |name: &str| {
        let line = ran.stdout.lines().find_map(|line| line.strip_prefix(name));
        line.expect("a field").trim_start_matches(':').trim().to_owned()
    };
    assert_eq!(field("SigBlk"), "0000000000000000");
    assert_eq!(field("SigIgn"), "0000000000000000");
    assert_eq!(field("NSpgid"), field("NSpid"));
    // `ls` has the folder itself open as the fourth.
    let ran = run(host, invocation(&["ls", "/proc/self/fd"])).await.unwrap();
    assert_eq!(ran.stdout, "0\n1\n2\n3\n");
    let ran = run(host, shell("readlink /proc/self/fd/0; pwd; env")).await.unwrap();
    let path = std::env::var("PATH").unwrap();
    for line in ran.stdout.lines() {
        let expected = ["/dev/null", "/", "PWD=/", "_=/usr/bin/env", &format!("PATH={path}")];
        assert!(expected.contains(&line), "{line}");
    }
}

/// P23: there is no terminal to be had.
pub(crate) async fn p23_a_child_has_no_terminal(host: &Host) {
    let ran = run(host, shell("exec 3</dev/tty")).await.unwrap();
    assert_ne!(ran.ended.exit, Exit::Code(0));
    assert!(ran.stderr.contains("/dev/tty"), "{}", ran.stderr);
}

/// P14: one error number, many causes.
pub(crate) async fn p14_every_cause_is_named(host: &Host) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let plain = program(folder.path(), "plain", "#!/bin/sh\n");
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o644)).unwrap();
    program(folder.path(), "crlf", "#!/bin/sh\r\necho\r\n");
    program(folder.path(), "odd", "#! /no/such/shell -x\n");
    program(folder.path(), "folderly", "#!/tmp\n");
    program(folder.path(), "empty", "");
    program(folder.path(), "text", "echo hello\n");
    program(folder.path(), "elf", "\x7fELF but not really");
    symlink("nowhere", at("dangling")).unwrap();
    symlink("circle", at("circle")).unwrap();
    let cases = [
        ("no-such-program-here", "`no-such-program-here` was not found in PATH"),
        ("./missing", "`./missing` does not exist in `{}`"),
        ("{}/missing", "`{}/missing` does not exist"),
        ("./plain", "`./plain` is not executable"),
        ("./crlf", "`./crlf`: bad interpreter \"/bin/sh\\r\" (line ends with CR)"),
        ("./odd", "`./odd`: bad interpreter \"/no/such/shell\" (no such file)"),
        ("./folderly", "`./folderly`: bad interpreter \"/tmp\" (it is a directory)"),
        ("./empty", "`./empty` is an empty file"),
        ("./text", "`./text` is no program, and no script with an interpreter"),
        ("./elf", "`./elf` was built for another machine"),
        ("./dangling", "`./dangling` is a link to `nowhere`, which does not exist"),
        ("./circle", "`./circle` is a link that leads in a circle"),
        ("{}", "`{}` is a directory"),
        ("", "the command is empty"),
    ];
    let place = |text: &str| text.replace("{}", folder.path().to_str().unwrap());
    for (name, cause) in cases {
        let mut what = invocation(&[&place(name)]);
        what.cwd = folder.path().into();
        assert_eq!(cannot(host, what).await, place(cause), "{name}");
    }
    let cwds = [
        ("/no/such/folder", "working directory `/no/such/folder` does not exist"),
        ("/etc/passwd", "working directory `/etc/passwd` is not a directory"),
    ];
    for (cwd, cause) in cwds {
        let mut what = invocation(&["true"]);
        what.cwd = cwd.into();
        assert_eq!(cannot(host, what).await, cause);
    }
    let cause = cannot(host, invocation(&["true", "a\0b"])).await;
    assert_eq!(cause, "an argument of `true` contains a NUL byte");
    let mut what = invocation(&["true"]);
    what.env.push(("A=B".into(), "c".into()));
    assert_eq!(cannot(host, what).await, "the environment variable `A=B` has no valid form");
}

async fn cannot(host: &Host, what: runner::child::Invocation) -> String {
    match soon(host.start(what)).await {
        Err(StartError::Cannot(why)) => why.cause,
        other => panic!("{other:?}"),
    }
}

/// X10: the child's `PATH` counts, and of that only absolute entries.
pub(crate) async fn a_path_is_looked_up_in_the_childs_environment(host: &Host) {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "tool", "#!/bin/sh\necho first\n");
    let with_path = |path: &str| {
        let mut what = invocation(&["tool"]);
        what.env = vec![("PATH".into(), path.into())];
        what.cwd = folder.path().into();
        what
    };
    let here = folder.path().to_str().unwrap().to_owned();
    assert_eq!(run(host, with_path(&here)).await.unwrap().stdout, "first\n");
    for path in ["", ".", "::/bin"] {
        assert_eq!(cannot(host, with_path(path)).await, "`tool` was not found in PATH");
    }
    // It moves within PATH, after it was found.
    let other = tempfile::tempdir().unwrap();
    let both = format!("{here}:{}", other.path().to_str().unwrap());
    assert_eq!(run(host, with_path(&both)).await.unwrap().stdout, "first\n");
    std::fs::remove_file(folder.path().join("tool")).unwrap();
    program(other.path(), "tool", "#!/bin/sh\necho second\n");
    assert_eq!(run(host, with_path(&both)).await.unwrap().stdout, "second\n");
}

/// P15: who has just written a program may still have it open.
pub(crate) async fn p15_a_busy_program_is_tried_again(host: &Host) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    std::fs::copy("/bin/true", &path).unwrap();
    let writer = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let path = path.to_str().unwrap();
    let cause = cannot(host, invocation(&[path])).await;
    assert_eq!(cause, format!("`{path}` is still open for writing by another process"));
    let closes = async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        drop(writer);
    };
    let (ran, ()) = tokio::join!(run(host, invocation(&[path])), closes);
    assert_eq!(ran.unwrap().ended.exit, Exit::Code(0));
}

/// P16: with both sizes, and only this start fails.
pub(crate) async fn too_long_arguments_are_explained_with_sizes(host: &Host) {
    let long = "x".repeat(200 << 10);
    let cause = cannot(host, invocation(&["echo", &long])).await;
    assert_eq!(cause, "an argument has 204800 bytes, and this system takes 131072");
    let many = vec!["y".repeat(100 << 10); 100];
    let many: Vec<_> = std::iter::once("echo").chain(many.iter().map(String::as_str)).collect();
    let cause = cannot(host, invocation(&many)).await;
    assert!(cause.starts_with("the arguments have 10240105 bytes and the environment "), "{cause}");
    assert_eq!(run(host, invocation(&["true"])).await.unwrap().ended.exit, Exit::Code(0));
}

/// Far more than fits a packet.
pub(crate) async fn a_megabyte_of_arguments_arrives(host: &Host) {
    let argument = "z".repeat(100_000);
    let mut argv = vec!["/bin/sh", "-c", "for a; do echo ${#a}; done", "sh"];
    argv.extend([&*argument; 10]);
    let ran = run(host, invocation(&argv)).await.unwrap();
    assert_eq!(ran.stdout, "100000\n".repeat(10));
}

/// Each gets its own payload and answers with it.
pub(crate) async fn three_hundred_children_live_at_once(host: &Host) {
    let mut children = Vec::new();
    for number in 0..300 {
        let mut what = shell("echo up; read word; echo $word; exit 3");
        what.stdin = Input::Pipe;
        what.stderr = Output::Null;
        let child = host.start(what).await.unwrap();
        children.push((number, child));
    }
    for (_, child) in &mut children {
        assert_eq!(lines(child, 1).await, ["up"]);
    }
    for (number, mut child) in children {
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(format!("{number}\n").as_bytes()).await.unwrap();
        let out = read_all(&mut child.stdout).await;
        assert_eq!(out, format!("{number}\n").as_bytes());
        assert_eq!(child.wait().await.unwrap().exit, Exit::Code(3));
    }
}

/// A child nobody waits for any more is killed, also while it starts.
pub(crate) async fn a_dropped_start_leaves_nothing(host: &Host) {
    let mut child = host.start(shell("echo $$; exec sleep 1000")).await.unwrap();
    let process = hold(&lines(&mut child, 1).await[0]);
    assert!(!is_gone(&process));
    drop(child);
    super::tools::gone(&process);
    let (ours, theirs) = runner::child::pipe().unwrap();
    let mut what = shell("exec sleep 1000");
    what.stdout = Output::Fd(theirs);
    tokio::select! {
        biased;
        started = host.start(what) => panic!("{started:?}"),
        () = tokio::task::yield_now() => {}
    }
    // The end of the pipe comes when nobody has it any more.
    let end = rustix::io::read(&ours, &mut [0; 1]).unwrap();
    assert_eq!(end, 0);
}
