//! Feeding and reading: nothing blocks anybody else, nothing is lost.

use std::time::{Duration, Instant};

use runner::child::{Extra, Host, Input, Output, Wrote, pipe};
use runner::event::Exit;

use super::tools::{invocation, lines, read_all, run, shell, soon};

/// Q10: quick children go on beside a payload that nobody takes.
pub(crate) async fn a_child_that_never_reads_harms_nobody(host: &Host) {
    let payload = vec![b'x'; 10 << 20];
    let mut what = shell("exec sleep 1000");
    what.stdin = Input::Pipe;
    let mut deaf = host.start(what).await.unwrap();
    let mut stdin = deaf.stdin.take().unwrap();
    let quick = async {
        for _ in 0..100 {
            let ran = run(host, invocation(&["true"])).await.unwrap();
            assert_eq!(ran.ended.exit, Exit::Code(0));
        }
    };
    tokio::select! {
        wrote = stdin.write_all(&payload) => panic!("{wrote:?}"),
        () = quick => {}
    }
    assert!(stdin.unread().unwrap() > 0);
    deaf.kill();
    assert_eq!(deaf.wait().await.unwrap().exit, Exit::Signal(9));
    // Q11: the end of the reader is an answer, no error.
    assert_eq!(stdin.write_all(&payload).await.unwrap(), Wrote::ReaderGone);
}

/// Q12: all pipes are pumped at once.
pub(crate) async fn a_megabyte_goes_through_cat_and_back(host: &Host) {
    let payload: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let mut what = invocation(&["cat"]);
    what.stdin = Input::Pipe;
    let mut child = host.start(what).await.unwrap();
    let (stdin, mut stdout) = (child.stdin.take(), child.stdout.take());
    let feed = async {
        let mut stdin = stdin.unwrap();
        assert_eq!(stdin.write_all(&payload).await.unwrap(), Wrote::Bytes(payload.len()));
    };
    let ((), back, ended) = tokio::join!(feed, read_all(&mut stdout), child.wait());
    assert_eq!(ended.unwrap().exit, Exit::Code(0));
    assert!(back == payload);
}

/// O7, and that handed-out blocks and grown pipes lose nothing.
pub(crate) async fn much_output_arrives_whole_and_in_order(host: &Host) {
    let mut child = host.start(invocation(&["seq", "1", "2000000"])).await.unwrap();
    let stdout = child.stdout.as_mut().unwrap();
    let (mut blocks, mut size) = (Vec::new(), 0);
    loop {
        let block = stdout.read().await.unwrap();
        if block.is_empty() {
            break;
        }
        size += block.len();
        blocks.push(block);
    }
    assert_eq!(child.wait().await.unwrap().exit, Exit::Code(0));
    let mut expected = String::with_capacity(size);
    for number in 1..=2_000_000 {
        use std::fmt::Write as _;
        writeln!(expected, "{number}").unwrap();
    }
    assert!(blocks.concat() == expected.as_bytes());
}

/// A payload that was not read can be told, after its reader died.
pub(crate) async fn unread_bytes_are_counted_after_the_reader_died(host: &Host) {
    let mut what = shell("exec head -c 100 >/dev/null");
    what.stdin = Input::Pipe;
    let mut child = host.start(what).await.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut piece = shell("read line; echo $line; exit 0");
    piece.stdin = Input::Pipe;
    assert_eq!(stdin.write_all(&[b'y'; 100]).await.unwrap(), Wrote::Bytes(100));
    assert_eq!(soon(child.wait()).await.unwrap().exit, Exit::Code(0));
    assert_eq!(stdin.unread().unwrap(), 0);
    // A shell reads one byte at a time, so that all behind the line is left.
    let mut child = host.start(piece).await.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"word\n0123456789").await.unwrap();
    assert_eq!(lines(&mut child, 1).await, ["word"]);
    soon(child.wait()).await.unwrap();
    assert_eq!(stdin.unread().unwrap(), 10);
}

/// Two children and a pipe between them, without the engine.
pub(crate) async fn descriptors_are_passed_on(host: &Host) {
    let start = Instant::now();
    let (read, write) = pipe().unwrap();
    let mut from = invocation(&["seq", "3"]);
    from.stdout = Output::Fd(write);
    let mut into = invocation(&["cat"]);
    into.stdin = Input::Fd(read);
    let (left, right) = tokio::join!(run(host, from), run(host, into));
    assert_eq!(left.unwrap().ended.exit, Exit::Code(0));
    assert_eq!(right.unwrap().stdout, "1\n2\n3\n");
    assert!(start.elapsed() < Duration::from_secs(20));
}

/// What it is given is open in it, and nothing else.
pub(crate) async fn descriptors_above_2_are_those_that_were_asked_for(host: &Host) {
    // `ls` has the folder itself open as one more.
    let cases = [
        (Extra::Nothing, "0\n1\n2\n3\n"),
        (Extra::Out, "0\n1\n2\n3\n4\n"),
        (Extra::InOut, "0\n1\n2\n3\n4\n5\n"),
    ];
    for (extra, open) in cases {
        let mut what = invocation(&["ls", "/proc/self/fd"]);
        what.extra = extra;
        assert_eq!(run(host, what).await.unwrap().stdout, open, "{extra:?}");
    }
    let mut what = shell("echo noise; echo item >&3");
    what.extra = Extra::Out;
    let mut child = host.start(what).await.unwrap();
    assert!(child.extra_in.is_none());
    assert_eq!(soon(read_all(&mut child.extra_out)).await, b"item\n");
    assert_eq!(soon(read_all(&mut child.stdout)).await, b"noise\n");
}

/// A wire in both directions, with noise beside it.
pub(crate) async fn what_comes_on_3_goes_back_on_4(host: &Host) {
    let payload: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let mut what = shell("echo noise >&2; exec cat <&3 >&4");
    what.extra = Extra::InOut;
    let mut child = host.start(what).await.unwrap();
    let (wire, mut back) = (child.extra_in.take(), child.extra_out.take());
    let feed = async {
        let mut wire = wire.unwrap();
        assert_eq!(wire.write_all(&payload).await.unwrap(), Wrote::Bytes(payload.len()));
    };
    let ((), back, ended) = tokio::join!(feed, read_all(&mut back), child.wait());
    assert_eq!(ended.unwrap().exit, Exit::Code(0));
    assert!(back == payload);
}
