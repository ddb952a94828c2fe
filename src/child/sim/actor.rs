//! Actor: a child that is played, with its ends of its pipes.
//!
//! Unaware of who wrote the script.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::super::memory::Memory;
use super::super::pipe::Wrote;
use super::{Act, Answers, Ended, Fate, Running, Script};
use crate::event::Exit;

/// SIGPIPE: nobody reads what the child writes.
const SIGPIPE: i32 = 13;

/// The child's ends of its pipes.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) stdin: Option<Memory>,
    pub(super) stdout: Option<Memory>,
    pub(super) stderr: Option<Memory>,
    pub(super) wire_in: Option<Memory>,
    pub(super) wire_out: Option<Memory>,
}

/// Plays a child to its end.
pub(super) async fn play(actor: Actor, script: Script, fate: Rc<Fate>, running: Running) {
    let mut actor = actor;
    let struck = async {
        loop {
            if let Some(signal) = fate.signals.borrow_mut().pop_front() {
                return Exit::Signal(signal);
            }
            fate.struck.notified().await;
        }
    };
    let exit = tokio::select! {
        biased;
        exit = struck => exit,
        performed = actor.perform(script.acts) => match performed {
            Ok(()) => script.exit,
            Err(exit) => exit,
        },
    };
    drop((actor, running));
    *fate.ended.borrow_mut() = Some(Ended { exit, leftovers: script.leftovers });
    fate.over.notify_one();
}

impl Actor {
    /// Does all of it, or says how that ended before.
    async fn perform(&mut self, acts: Vec<Act>) -> Result<(), Exit> {
        let mut acts = VecDeque::from(acts);
        while let Some(act) = acts.pop_front() {
            match act {
                Act::Stdout(bytes) => write(self.stdout.as_ref(), &bytes).await?,
                Act::Stderr(bytes) => write(self.stderr.as_ref(), &bytes).await?,
                Act::Say(bytes) => {
                    write(self.wire_out.as_ref().or(self.stdout.as_ref()), &bytes).await?;
                }
                Act::Serve(answers) => {
                    for answer in self.answer(&answers).await.into_iter().rev() {
                        acts.push_front(answer);
                    }
                }
                Act::Sleep(time) => sleep(time).await,
                Act::ReadAll => while !self.read().await.is_empty() {},
                Act::Copy => loop {
                    let block = self.read().await;
                    if block.is_empty() {
                        break;
                    }
                    write(self.stdout.as_ref(), &block).await?;
                },
                Act::Work(items, each) => self.work(items, each).await?,
                Act::Close => self.stdin = None,
                Act::HangUp => self.wire_out = None,
                Act::End(exit) => return Err(exit),
                Act::Hang => std::future::pending().await,
            }
        }
        Ok(())
    }

    /// Reads a line of the wire; returns what to do for it, and to serve on after that.
    async fn answer(&self, answers: &Answers) -> Vec<Act> {
        let Some(wire) = self.wire_in.as_ref().or(self.stdin.as_ref()) else { return Vec::new() };
        let line = wire.read_line().await;
        if line.is_empty() {
            return Vec::new();
        }
        let mut acts = (answers.0)(String::from_utf8_lossy(&line).trim_end_matches('\n'));
        acts.push(Act::Serve(answers.clone()));
        acts
    }

    async fn work(&self, items: u64, each: Duration) -> Result<(), Exit> {
        let Some(stdin) = &self.stdin else { return Ok(()) };
        for _ in 0..items {
            let line = stdin.read_line().await;
            if line.is_empty() {
                break;
            }
            sleep(each).await;
            write(self.stdout.as_ref(), &line).await?;
        }
        Ok(())
    }

    async fn read(&self) -> Bytes {
        match &self.stdin {
            Some(stdin) => stdin.read().await,
            None => Bytes::new(),
        }
    }
}

async fn write(to: Option<&Memory>, mut bytes: &[u8]) -> Result<(), Exit> {
    let Some(to) = to else { return Ok(()) };
    while !bytes.is_empty() {
        match to.write(&[IoSlice::new(bytes)]).await {
            Wrote::Bytes(taken) => bytes = &bytes[taken..],
            Wrote::ReaderGone => return Err(Exit::Signal(SIGPIPE)),
        }
    }
    Ok(())
}
