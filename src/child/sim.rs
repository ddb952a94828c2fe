//! Sim: children that are only played, in memory and in the runtime's own time.
//!
//! A test of the engine says for each command what its child does; with paused time, hours pass at
//! once. A played child reads, writes, ends and hears signals as a real one does; descriptors that
//! it is given are closed at its end, unread and unwritten. Unaware of the system.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::host::{Alive, Child, Ended, Input, Invocation, Output, StartError};
use super::memory::Memory;
use super::pipe::{PipeReader, PipeWriter, Wrote};
use crate::event::{Exit, Leftover, NotStarted};

/// Process id of the first played child: above all that the system gives, so that nobody is asked
/// about a process of somebody else.
const FIRST_PID: u32 = 1 << 23;

/// What a played child does, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Writes to standard output. If nobody reads it any more, SIGPIPE ends the child.
    Stdout(Bytes),
    /// Writes to standard error, likewise.
    Stderr(Bytes),
    /// Lets time pass.
    Sleep(Duration),
    /// Reads standard input to its end.
    ReadAll,
    /// Copies standard input to standard output, to the end.
    Copy,
    /// Reads so many lines, one after the other, and fewer at the end of standard input; each takes
    /// a time and is printed when it is done.
    Work(u64, Duration),
    /// Closes standard input.
    Close,
    /// Does nothing any more until it is ended.
    Hang,
}

/// What becomes of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Why it can't be started, if it can't.
    pub cannot: Option<NotStarted>,
    /// What it does.
    pub acts: Vec<Act>,
    /// How it ends after that, unless a signal ends it.
    pub exit: Exit,
    /// Whether it ignores every signal but SIGKILL.
    pub deaf: bool,
    /// What it leaves behind.
    pub leftovers: Vec<Leftover>,
}

impl Script {
    /// Makes one of a child that does this and exits with 0.
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self {
            cannot: None,
            acts: acts.into_iter().collect(),
            exit: Exit::Code(0),
            deaf: false,
            leftovers: Vec::new(),
        }
    }

    /// Changes how it ends.
    #[must_use]
    pub fn exit(mut self, code: i32) -> Self {
        self.exit = Exit::Code(code);
        self
    }

    /// Makes it ignore every signal but SIGKILL.
    #[must_use]
    pub fn deaf(mut self) -> Self {
        self.deaf = true;
        self
    }

    /// Makes one of a command that can't be started.
    pub fn cannot(cause: &str) -> Self {
        let cannot = Some(NotStarted { cause: cause.to_owned(), hint: None });
        Self { cannot, ..Self::new([]) }
    }
}

/// Plays children. A clone is the same one.
#[derive(Clone)]
pub struct Sim {
    script: Rc<dyn Fn(&Invocation) -> Script>,
    started: Rc<Cell<u32>>,
    running: Rc<Cell<u32>>,
}

impl Sim {
    /// Plays for each invocation what `script` says.
    pub fn new(script: impl Fn(&Invocation) -> Script + 'static) -> Self {
        Self { script: Rc::new(script), started: Rc::default(), running: Rc::default() }
    }

    /// Returns how many children were started.
    pub fn started(&self) -> u32 {
        self.started.get()
    }

    /// Returns how many children run.
    pub fn running(&self) -> u32 {
        self.running.get()
    }

    #[expect(clippy::disallowed_methods, reason = "a played child lives on by itself")]
    pub(super) fn start(&self, what: &Invocation) -> Result<Child, StartError> {
        let mut script = (self.script)(what);
        if let Some(why) = script.cannot.take() {
            return Err(StartError::Cannot(why));
        }
        let pid = FIRST_PID + self.started.replace(self.started.get() + 1);
        let read = matches!(what.stdin, Input::Pipe).then(Memory::pair);
        let out = matches!(what.stdout, Output::Pipe).then(Memory::pair);
        let err = matches!(what.stderr, Output::Pipe).then(Memory::pair);
        let ((stdin, ours), (stdout, out), (stderr, err)) =
            (read.unzip(), out.unzip(), err.unzip());
        let fate = Rc::<Fate>::default();
        let actor = Actor { stdin, stdout, stderr };
        let running = Running::new(&self.running);
        tokio::task::spawn_local(play(actor, script.clone(), Rc::clone(&fate), running));
        Ok(Child {
            pid,
            stdin: ours.map(PipeWriter::memory),
            stdout: out.map(PipeReader::memory),
            stderr: err.map(PipeReader::memory),
            life: Alive::Sim(SimLife { fate, deaf: script.deaf }),
        })
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim").field("started", &self.started).finish_non_exhaustive()
    }
}

/// What is decided about a played child.
#[derive(Debug, Default)]
struct Fate {
    /// Signals that were sent.
    signals: RefCell<VecDeque<i32>>,
    ended: RefCell<Option<Ended>>,
    /// Rings for the child.
    struck: Notify,
    /// Rings for who waits for its end.
    over: Notify,
}

/// The engine's hold on a played child.
#[derive(Debug)]
pub(super) struct SimLife {
    fate: Rc<Fate>,
    deaf: bool,
}

impl SimLife {
    pub(super) async fn wait(&mut self) -> Ended {
        loop {
            if let Some(ended) = &*self.fate.ended.borrow() {
                return ended.clone();
            }
            self.fate.over.notified().await;
        }
    }

    pub(super) fn signal(&self, signal: i32) {
        let is_pause = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGCONT].contains(&signal);
        if signal == libc::SIGKILL || !(self.deaf || is_pause) {
            self.fate.signals.borrow_mut().push_back(signal);
            self.fate.struck.notify_one();
        }
    }

    pub(super) fn kill(&self) {
        self.signal(libc::SIGKILL);
    }
}

impl Drop for SimLife {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Counts a child while it runs.
#[derive(Debug)]
struct Running(Rc<Cell<u32>>);

impl Running {
    fn new(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// The child's ends of its pipes.
#[derive(Debug)]
struct Actor {
    stdin: Option<Memory>,
    stdout: Option<Memory>,
    stderr: Option<Memory>,
}

async fn play(mut actor: Actor, script: Script, fate: Rc<Fate>, running: Running) {
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
        broken = actor.perform(&script.acts) => match broken {
            Ok(()) => script.exit,
            Err(Broken) => Exit::Signal(libc::SIGPIPE),
        },
    };
    drop((actor, running));
    *fate.ended.borrow_mut() = Some(Ended { exit, leftovers: script.leftovers });
    fate.over.notify_one();
}

/// Nobody reads what the child writes.
struct Broken;

impl Actor {
    async fn perform(&mut self, acts: &[Act]) -> Result<(), Broken> {
        for act in acts {
            match act {
                Act::Stdout(bytes) => write(self.stdout.as_ref(), bytes).await?,
                Act::Stderr(bytes) => write(self.stderr.as_ref(), bytes).await?,
                Act::Sleep(time) => sleep(*time).await,
                Act::ReadAll => while !self.read().await.is_empty() {},
                Act::Copy => loop {
                    let block = self.read().await;
                    if block.is_empty() {
                        break;
                    }
                    write(self.stdout.as_ref(), &block).await?;
                },
                Act::Work(items, each) => self.work(*items, *each).await?,
                Act::Close => self.stdin = None,
                Act::Hang => std::future::pending().await,
            }
        }
        Ok(())
    }

    async fn work(&self, items: u64, each: Duration) -> Result<(), Broken> {
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

async fn write(to: Option<&Memory>, mut bytes: &[u8]) -> Result<(), Broken> {
    let Some(to) = to else { return Ok(()) };
    while !bytes.is_empty() {
        match to.write(&[IoSlice::new(bytes)]).await {
            Wrote::Bytes(taken) => bytes = &bytes[taken..],
            Wrote::ReaderGone => return Err(Broken),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;
    use tokio::time::Instant;

    use super::super::Host;
    use super::*;

    fn invocation(name: &str) -> Invocation {
        Invocation {
            argv: vec![name.into()],
            env: Vec::new(),
            cwd: "/".into(),
            stdin: Input::Pipe,
            stdout: Output::Pipe,
            stderr: Output::Null,
        }
    }

    /// Plays one child in paused time.
    fn play<T>(script: Script, with: impl AsyncFnOnce(Host) -> T) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let host = Host::Sim(Sim::new(move |_| script.clone()));
        LocalSet::new().block_on(&runtime, with(host))
    }

    #[test]
    fn a_played_child_reads_writes_and_ends() {
        let script = Script::new([Act::Copy, Act::Sleep(Duration::from_secs(3600))]).exit(3);
        play(script, async |host| {
            let start = Instant::now();
            let mut child = host.start(invocation("cat")).await.unwrap();
            let (mut stdin, mut stdout) =
                (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            let payload = vec![b'x'; 1 << 20];
            let feed = async {
                assert_eq!(stdin.write_all(&payload).await.unwrap(), Wrote::Bytes(1 << 20));
                drop(stdin);
            };
            let back = async {
                let mut size = 0;
                loop {
                    match stdout.read_with(<[u8]>::len).await.unwrap() {
                        0 => return size,
                        more => size += more,
                    }
                }
            };
            let ((), back, ended) = tokio::join!(feed, back, child.wait());
            assert_eq!((back, ended.unwrap().exit), (1 << 20, Exit::Code(3)));
            assert_eq!(start.elapsed(), Duration::from_secs(3600));
        });
    }

    #[test]
    fn a_deaf_child_hears_only_the_last_signal() {
        for (script, signal) in
            [(Script::new([Act::Hang]), 15), (Script::new([Act::Hang]).deaf(), 9)]
        {
            play(script, async |host| {
                let mut child = host.start(invocation("server")).await.unwrap();
                child.signal(15);
                let grace = tokio::time::timeout(Duration::from_secs(10), child.wait()).await;
                assert_eq!(grace.is_err(), signal == 9);
                child.kill();
                assert_eq!(child.wait().await.unwrap().exit, Exit::Signal(signal));
            });
        }
    }

    #[test]
    fn a_child_ends_when_it_is_dropped_and_some_never_start() {
        play(Script::new([Act::Hang]), async |host| {
            let Host::Sim(sim) = &host else { panic!("it is played") };
            let mut child = host.start(invocation("server")).await.unwrap();
            let mut stdout = child.stdout.take().unwrap();
            assert_eq!((sim.started(), sim.running()), (1, 1));
            drop(child);
            assert!(stdout.read().await.unwrap().is_empty());
            tokio::task::yield_now().await;
            assert_eq!(sim.running(), 0);
        });
        play(Script::cannot("`x` was not found in PATH"), async |host| {
            let refused = host.start(invocation("x")).await;
            assert!(matches!(refused, Err(StartError::Cannot(why)) if why.cause.contains("PATH")));
        });
    }
}
