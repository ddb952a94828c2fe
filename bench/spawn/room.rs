//! How fast `child` starts, runs and reaps a program whose output is captured by two pipes.
//!
//! Usage: `spawn COUNT JOBS PROGRAM [ARGUMENT...]`. Prints starts per second, to be read beside
//! those of `floor.c` in the same minute.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::Write as _;
use std::time::Instant;

use runner::child::{Host, Input, Invocation, Output, Spawner};
use runner::event::Exit;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spawner = Spawner::fork()?;
    let mut words = std::env::args_os().skip(1);
    let mut number = || words.next()?.to_str()?.parse::<usize>().ok();
    let (Some(count), Some(jobs)) = (number(), number()) else {
        return Err("usage: spawn COUNT JOBS PROGRAM [ARGUMENT...]".into());
    };
    let argv: Vec<OsString> = words.collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let start = Instant::now();
    local.block_on(&runtime, async {
        let host = Host::new(spawner)?;
        let left = Cell::new(count);
        let slots = (0..jobs).map(|_| slot(&host, &left, &argv));
        let slots: Vec<_> = slots.map(Box::pin).collect();
        all(slots).await
    })?;
    let rate = count as f64 / start.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{rate:.0} starts/s")?;
    Ok(())
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Drives all slots at once.
async fn all<F: Future<Output = Outcome> + Unpin>(slots: Vec<F>) -> Outcome {
    // A slot is polled by its own task in the engine; a `JoinSet` does the same here.
    let mut slots: Vec<_> = slots.into_iter().map(Some).collect();
    std::future::poll_fn(|context| {
        for slot in &mut slots {
            if let Some(running) = slot
                && let std::task::Poll::Ready(done) = std::pin::Pin::new(running).poll(context)
            {
                *slot = None;
                if done.is_err() {
                    return std::task::Poll::Ready(done);
                }
            }
        }
        match slots.iter().all(Option::is_none) {
            true => std::task::Poll::Ready(Ok(())),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

/// Starts one child after the other until none are left.
async fn slot(host: &Host, left: &Cell<usize>, argv: &[OsString]) -> Outcome {
    while left.get() > 0 {
        left.set(left.get() - 1);
        let invocation = Invocation {
            argv: argv.to_vec(),
            env: std::env::vars_os().collect(),
            cwd: "/".into(),
            stdin: Input::Null,
            stdout: Output::Pipe,
            stderr: Output::Pipe,
        };
        let mut child = host.start(invocation).await?;
        let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
        let read = async |reader: &mut Option<runner::child::PipeReader>| {
            if let Some(reader) = reader {
                while reader.read_with(<[u8]>::len).await? > 0 {}
            }
            std::io::Result::Ok(())
        };
        let (out, err, ended) = tokio::join!(read(&mut stdout), read(&mut stderr), child.wait());
        out?;
        err?;
        if ended?.exit != Exit::Code(0) {
            return Err("a child failed".into());
        }
    }
    Ok(())
}
