//! Sim: children that are only played, in memory and in the runtime's own time.
//!
//! A test of the engine says for each command what its child does; with paused time, hours pass at
//! once. A played child reads, writes, ends and hears signals as a real one does; descriptors that
//! it is given are closed at its end, unread and unwritten. Unaware of the system.
//!
//! Reading order: [`Act`] and [`Script`], what a test says; [`Sim`]; `actor` plays it.

mod actor;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use super::host::{Alive, Child, Ended, Extra, Input, Invocation, Output, StartError};
use super::memory::Memory;
use super::pipe::{PipeReader, PipeWriter};
use crate::event::{Exit, Leftover, NotStarted};
use actor::{Actor, play};

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
    /// Writes to its wire: descriptor 4 or 3, or standard output where it has neither.
    Say(Bytes),
    /// Reads its wire, descriptor 3 or else standard input, line after line to the end, and does
    /// for each what this says.
    Serve(Answers),
    /// Closes standard input.
    Close,
    /// Closes its wire to whoever asks.
    HangUp,
    /// Ends here, so.
    End(Exit),
    /// Does nothing any more until it is ended.
    Hang,
}

/// What a played child does for each line of its wire. A clone is the same one.
#[derive(Clone)]
pub struct Answers(Rc<Answer>);

/// What it does for one.
type Answer = dyn Fn(&str) -> Vec<Act>;

impl Answers {
    /// Makes one that does what `answer` says; the line comes without its end.
    pub fn new(answer: impl Fn(&str) -> Vec<Act> + 'static) -> Self {
        Self(Rc::new(answer))
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Answers").finish_non_exhaustive()
    }
}

impl PartialEq for Answers {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Answers {}

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
        let extra_in = (what.extra == Extra::InOut).then(Memory::pair);
        let extra_out = (what.extra != Extra::Nothing).then(Memory::pair);
        let ((stdin, ours), (stdout, out), (stderr, err)) =
            (read.unzip(), out.unzip(), err.unzip());
        let ((wire_in, extra_in), (wire_out, extra_out)) = (extra_in.unzip(), extra_out.unzip());
        let fate = Rc::<Fate>::default();
        let actor = Actor { stdin, stdout, stderr, wire_in, wire_out };
        let running = Running::new(&self.running);
        tokio::task::spawn_local(play(actor, script.clone(), Rc::clone(&fate), running));
        Ok(Child {
            pid,
            stdin: ours.map(PipeWriter::memory),
            stdout: out.map(PipeReader::memory),
            stderr: err.map(PipeReader::memory),
            extra_in: extra_in.map(PipeWriter::memory),
            extra_out: extra_out.map(PipeReader::memory),
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

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;
    use tokio::time::Instant;

    use super::super::{Host, Wrote};
    use super::*;

    fn invocation(name: &str) -> Invocation {
        Invocation {
            stdin: Input::Pipe,
            stdout: Output::Pipe,
            ..Invocation::silent(vec![name.into()], Vec::new(), "/".into())
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
    fn a_played_worker_answers_line_by_line_until_it_ends() {
        let answers = Answers::new(|line| match line {
            "die" => vec![Act::End(Exit::Code(7))],
            line => vec![Act::Say(format!("<{line}>").into())],
        });
        let script = Script::new([Act::Say("ready ".into()), Act::Serve(answers)]);
        for (asked, said, code) in [("a\nb\n", "ready <a><b>", 0), ("a\ndie\nb\n", "ready <a>", 7)]
        {
            play(script.clone(), async |host| {
                let what = Invocation { extra: Extra::InOut, ..invocation("worker") };
                let mut child = host.start(what).await.unwrap();
                let mut wire = child.extra_in.take().unwrap();
                wire.write_all(asked.as_bytes()).await.unwrap();
                drop(wire);
                assert_eq!(child.wait().await.unwrap().exit, Exit::Code(code));
                let said_now = child.extra_out.as_mut().unwrap().read().await.unwrap();
                assert_eq!(said_now, said);
            });
        }
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
