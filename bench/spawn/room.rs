//! How fast `child` starts, runs and reaps a program whose output is captured by two pipes.
//!
//! Usage: `spawn COUNT JOBS PROGRAM [ARGUMENT...]`. Prints starts per second, to be read beside
//! those of `floor.c` in the same minute.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::Write as _;
use std::rc::Rc;
use std::time::Instant;

use runner::child::{Host, Input, Invocation, Output, Spawner};
use runner::event::Exit;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spawner = Spawner::fork()?;
    let mut words = std::env::args_os().skip(1);
    let mut number = || words.next()?.to_str()?.parse::<u32>().ok();
    let (Some(count), Some(jobs)) = (number(), number()) else {
        return Err("usage: spawn COUNT JOBS PROGRAM [ARGUMENT...]".into());
    };
    let argv: Vec<OsString> = words.collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let start = Instant::now();
    local.block_on(&runtime, async {
        let host = Rc::new(Host::new(spawner)?);
        let left = Rc::new(Cell::new(count));
        let mut slots = tokio::task::JoinSet::new();
        for _ in 0..jobs {
            slots.spawn_local(slot(Rc::clone(&host), Rc::clone(&left), argv.clone()));
        }
        while let Some(done) = slots.join_next().await {
            done??;
        }
        Outcome::Ok(())
    })?;
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{rate:.0} starts/s")?;
    Ok(())
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Starts one child after the other until none are left.
async fn slot(host: Rc<Host>, left: Rc<Cell<u32>>, argv: Vec<OsString>) -> Outcome {
    while left.get() > 0 {
        left.set(left.get() - 1);
        let invocation = Invocation {
            argv: argv.clone(),
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
