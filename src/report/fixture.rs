//! Fixture: runs told as stories, and a screen that can be read back.
//!
//! For tests only. A story makes the events that an engine would tell, with its logs on disk.
//! Unaware of what reporters make of them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{Mode, Screen, Size};
use crate::ci::Ci;
use crate::event::{
    Event, EventKind, Exit, ItemRef, Leftover, LogPiece, Logs, Outcome, QueueLevel, SCHEMA, Sink,
    Stop, Stream, Tally, Text, Verdict,
};
use crate::model::{AttemptId, NodeId, PoolId, QueueId};

/// Bytes that are likely to hurt.
pub(super) fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let nasty = b"[];:0123mKHJ?>P\\(B \x07\r\n\x9b\x9c\xe2\x82\xac";
    let byte = prop_oneof![
        4 => Just(b'\x1b'),
        8 => proptest::sample::select(nasty.to_vec()),
        2 => any::<u8>(),
    ];
    proptest::collection::vec(byte, 0..200)
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    /// Returns the text so far.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer to which nothing can be written.
pub(super) struct Broken(pub(super) io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

/// A run, told event by event.
pub(super) struct Story {
    folder: TempDir,
    at: Duration,
    /// What happened so far.
    pub(super) events: Vec<Event>,
    nodes: Vec<String>,
    queues: u32,
    attempts: Vec<Told>,
}

/// An attempt of a story.
struct Told {
    node: NodeId,
    started: Duration,
    output: [Vec<u8>; 2],
}

impl Story {
    /// Starts a run of a job.
    pub(super) fn new(job: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let (events, nodes, attempts) = (Vec::new(), Vec::new(), Vec::new());
        let mut story = Self { folder, at: Duration::ZERO, events, nodes, queues: 0, attempts };
        let run = EventKind::RunStarted {
            schema: SCHEMA,
            run: "7".to_owned(),
            job: job.to_owned(),
            file: format!("jobs/{job}.toml").into(),
            options: Vec::new(),
            folder: story.run_folder(),
            started: 1_700_000_000_000,
            nodes: 0,
            jobs: Some(4),
            left_out: Vec::new(),
        };
        story.tell(run);
        story.tell(EventKind::PoolDeclared { pool: PoolId(0), name: "default".into(), size: 4 });
        story
    }

    fn run_folder(&self) -> PathBuf {
        self.folder.path().join(".runner/runs/7")
    }

    /// Tells an event.
    pub(super) fn tell(&mut self, kind: EventKind) -> &mut Self {
        self.events.push(Event { at: self.at, kind });
        self
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, ms: u64) -> &mut Self {
        self.at += Duration::from_millis(ms);
        self
    }

    /// Declares a queue.
    pub(super) fn queue(&mut self, name: &str, capacity: u64) -> QueueId {
        let queue = QueueId(self.queues);
        self.queues += 1;
        self.tell(EventKind::QueueDeclared { queue, name: name.to_owned(), capacity });
        queue
    }

    /// Declares a node; it took `expected` milliseconds in earlier runs.
    pub(super) fn node(
        &mut self,
        name: &str,
        consumes: Option<QueueId>,
        expected: Option<u64>,
    ) -> NodeId {
        self.declare(name, consumes, expected, false)
    }

    /// Declares a service.
    pub(super) fn service(&mut self, name: &str) -> NodeId {
        self.declare(name, None, None, true)
    }

    fn declare(
        &mut self,
        name: &str,
        consumes: Option<QueueId>,
        expected: Option<u64>,
        service: bool,
    ) -> NodeId {
        let node = NodeId::at(self.nodes.len());
        self.nodes.push(name.to_owned());
        self.tell(EventKind::NodeDeclared {
            node,
            name: name.to_owned(),
            process: name.split('[').next().unwrap_or(name).to_owned(),
            cell: BTreeMap::new(),
            consumes,
            produces: Vec::new(),
            pools: Vec::new(),
            service,
            inherits: false,
            expected: expected.map(Duration::from_millis),
        });
        node
    }

    /// Starts an attempt.
    pub(super) fn start(&mut self, node: NodeId, number: u32, item: Option<&str>) -> AttemptId {
        let attempt = AttemptId(self.attempts.len() as u64);
        let slot = u32::try_from(self.attempts.len() % 4).unwrap();
        self.attempts.push(Told { node, started: self.at, output: Default::default() });
        let item = item.map(|preview| ItemRef {
            id: format!("items:{attempt}"),
            index: attempt.0,
            preview: Text::copy(preview.as_bytes()),
        });
        let pid = 800 + slot;
        self.tell(EventKind::AttemptStarted { attempt, node, number, slot, pid, item });
        attempt
    }

    /// Lets a child print.
    pub(super) fn print(&mut self, attempt: AttemptId, stream: Stream, text: &[u8]) -> &mut Self {
        let told = &mut self.attempts[usize::try_from(attempt.0).unwrap()];
        told.output[stream as usize].extend_from_slice(text);
        self.tell(EventKind::Output { attempt, stream, bytes: Text::copy(text) })
    }

    /// Ends an attempt, with its logs on disk.
    pub(super) fn end(
        &mut self,
        attempt: AttemptId,
        exit: Exit,
        verdict: Verdict,
        again: Option<u64>,
    ) -> &mut Self {
        let told = &self.attempts[usize::try_from(attempt.0).unwrap()];
        let (node, took) = (told.node, self.at.saturating_sub(told.started));
        let [stdout, stderr] = &told.output;
        let logs = Logs {
            stdout: self.log(node, "stdout", stdout),
            stderr: self.log(node, "stderr", stderr),
        };
        let again = again.map(Duration::from_millis);
        let leftovers = Vec::new();
        self.tell(EventKind::AttemptEnded {
            attempt,
            node,
            exit,
            verdict,
            took,
            logs,
            leftovers,
            again,
            reason: None,
        })
    }

    /// Says what the attempt that ended last left running behind.
    pub(super) fn leaving(&mut self, pid: u32, command: &str) -> &mut Self {
        if let Some(EventKind::AttemptEnded { leftovers, .. }) =
            self.events.last_mut().map(|event| &mut event.kind)
        {
            leftovers.push(Leftover { pid, command: command.to_owned(), lives: false });
        }
        self
    }

    /// Ends a node.
    pub(super) fn done(
        &mut self,
        node: NodeId,
        outcome: Outcome,
        reason: Option<&str>,
    ) -> &mut Self {
        let first = self.attempts.iter().find(|told| told.node == node);
        let took = first.map_or(Duration::ZERO, |told| self.at.saturating_sub(told.started));
        let reason = reason.map(str::to_owned);
        self.tell(EventKind::NodeEnded { node, outcome, took, reason })
    }

    /// Tells how full a queue is: depth, put, done, dead.
    pub(super) fn level(
        &mut self,
        queue: QueueId,
        [depth, put, done, dead]: [u64; 4],
    ) -> &mut Self {
        let producers_blocked = depth > 100;
        let consumers_starved = depth == 0;
        let level = QueueLevel {
            queue,
            depth,
            put,
            done,
            dead,
            spilled: 0,
            oldest: None,
            producers_blocked,
            consumers_starved,
        };
        self.tell(EventKind::QueueLevels { levels: vec![level] })
    }

    /// Asks for a stop by a signal.
    pub(super) fn stop(&mut self, stop: Stop, signal: Option<i32>, reason: &str) -> &mut Self {
        self.tell(EventKind::StopAsked { stop, signal, reason: reason.to_owned() })
    }

    /// Ends the run.
    pub(super) fn finish(&mut self, exit: u8) -> &mut Self {
        self.tell(EventKind::RunEnded { exit, took: self.at })
    }

    fn log(&self, node: NodeId, stream: &str, bytes: &[u8]) -> Option<LogPiece> {
        if bytes.is_empty() {
            return None;
        }
        let file = self.run_folder().join(format!("{}.{stream}", self.nodes[node.index()]));
        std::fs::create_dir_all(self.run_folder()).unwrap();
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(&file).unwrap();
        let offset = log.metadata().unwrap().len();
        log.write_all(bytes).unwrap();
        Some(LogPiece { file, offset, bytes: bytes.len() as u64 })
    }

    /// Returns a screen and what is written to it: standard error, then standard output.
    pub(super) fn screen(&self, width: Option<usize>) -> (Screen, Paper, Paper) {
        let (err, out) = (Paper::default(), Paper::default());
        let screen = Screen {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            watched: false,
            color: false,
            unicode: true,
            ci: None,
            cwd: self.folder.path().to_owned(),
            size: Box::new(move || width.map(|width| Size { width, height: 24 })),
            ready: Box::new(|| true),
            kept: false,
            used: false,
            said: 0,
            held: None,
        };
        (screen, err, out)
    }

    /// Returns what a mode makes of the story, without colours.
    pub(super) fn shown(&self, mode: Mode, width: Option<usize>) -> String {
        self.shown_with(mode, width, None, false)
    }

    /// Returns what a mode makes of the story.
    pub(super) fn shown_with(
        &self,
        mode: Mode,
        width: Option<usize>,
        ci: Option<Ci>,
        color: bool,
    ) -> String {
        let (mut screen, err, out) = self.screen(width);
        (screen.ci, screen.color) = (ci, color);
        let mut sink = super::sink(mode, screen);
        self.play(&mut *sink).unwrap();
        err.text() + &out.text()
    }

    /// Tells the story to a sink.
    pub(super) fn play(&self, sink: &mut dyn Sink) -> io::Result<Tally> {
        let mut tally = Tally::default();
        for event in &self.events {
            tally.count(event);
            sink.hear(event, &tally)?;
        }
        sink.close()?;
        Ok(tally)
    }

    /// Returns the tally at the end.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.events.iter().for_each(|event| tally.count(event));
        tally
    }

    /// Returns the time at the end.
    pub(super) fn now(&self) -> Duration {
        self.at
    }
}

const OK: Exit = Exit::Code(0);

/// Five tasks in a pool of four: the fifth waits.
pub(super) fn pool() -> Story {
    let mut story = Story::new("pool");
    let nodes: Vec<_> =
        (1..=5).map(|cell| story.node(&format!("task[n={cell}]"), None, None)).collect();
    let mut running: Vec<_> = nodes[..4].iter().map(|node| story.start(*node, 1, None)).collect();
    for (place, node) in nodes.iter().enumerate() {
        story.wait(100);
        story.print(running[place], Stream::Stdout, format!("slot {place}\n").as_bytes());
        story.end(running[place], OK, Verdict::Passed, None).done(*node, Outcome::Passed, None);
        if place == 0 {
            running.push(story.start(nodes[4], 1, None));
        }
    }
    story.wait(1).finish(0);
    story
}

/// A build that fails, with what depends on it.
pub(super) fn broken_build() -> Story {
    let mut story = Story::new("ci");
    let fmt = story.node("fmt", None, None);
    let build = story.node("build", None, None);
    let test = story.node("test", None, None);
    let a = story.start(fmt, 1, None);
    let b = story.start(build, 1, None);
    story.wait(80).end(a, OK, Verdict::Passed, None).done(fmt, Outcome::Passed, None);
    story.print(b, Stream::Stdout, b"compiling\n").wait(1_000);
    story.print(b, Stream::Stderr, b"\x1b[31merror\x1b[0m: cannot find value `x`\n");
    story.print(b, Stream::Stdout, b"1 unit built");
    story.print(b, Stream::Stderr, b"  --> src/main.rs:7:13\n\n");
    story.wait(170).end(b, Exit::Code(101), Verdict::Failed, None).leaving(812, "sleep");
    story.done(build, Outcome::Failed, None);
    story.stop(Stop::Failure, None, "`build` failed");
    story.done(test, Outcome::Skipped, Some("needs `build`"));
    story.wait(5).finish(1);
    story
}

/// Items of which one dies, and a process that passes on its second try.
pub(super) fn items() -> Story {
    let mut story = Story::new("crawl");
    let queue = story.queue("pages", 128);
    let seed = story.node("seed", None, None);
    let fetch = story.node("fetch", Some(queue), None);
    let s = story.start(seed, 1, None);
    story.wait(50).print(s, Stream::Stderr, b"no route\n");
    story.end(s, Exit::Code(7), Verdict::Failed, Some(2_000)).wait(2_000);
    let s = story.start(seed, 2, None);
    story.wait(50).end(s, OK, Verdict::Passed, None).done(seed, Outcome::Flaky, None);
    for (place, page) in ["https://a.example", "https://b.example", "bad"].iter().enumerate() {
        let item = story.start(fetch, 1, Some(page));
        story.wait(300).print(item, Stream::Stdout, b"200\n");
        if place == 2 {
            story.print(item, Stream::Stderr, b"cannot resolve `bad`\n");
            story.end(item, Exit::Signal(9), Verdict::Killed, None);
        } else {
            story.end(item, OK, Verdict::Passed, None);
        }
    }
    story.level(queue, [0, 3, 2, 1]);
    story.tell(EventKind::QueueDrained { queue, done: 2, dead: 1, left: 0 });
    story.done(fetch, Outcome::Failed, Some("1 dead item"));
    story.tell(EventKind::Noted { message: "`curl` was found twice in PATH".to_owned() });
    story.finish(1);
    story
}

/// A run that is stopped by Ctrl-C.
pub(super) fn interrupted() -> Story {
    let mut story = Story::new("serve");
    let server = story.node("server", None, None);
    let report = story.node("report", None, None);
    let attempt = story.start(server, 1, None);
    story.print(attempt, Stream::Stdout, b"listening").wait(3_200);
    story.tell(EventKind::AttemptSlow { attempt });
    story.stop(Stop::Interrupt, Some(2), "SIGINT").wait(10_000);
    story.tell(EventKind::AttemptKilled { attempt });
    story.end(attempt, Exit::Signal(9), Verdict::Stopped, None);
    story.done(server, Outcome::Stopped, None);
    story.done(report, Outcome::Skipped, Some("the run was stopped"));
    story.finish(130);
    story
}

/// A test beside a service that was started again.
pub(super) fn served() -> Story {
    let mut story = Story::new("served");
    let (db, test) = (story.service("db"), story.node("test", None, None));
    let first = story.start(db, 1, None);
    story.print(first, Stream::Stderr, b"no disk\n").wait(100);
    story.end(first, Exit::Code(1), Verdict::Failed, Some(1_000));
    let after = Duration::from_secs(1);
    story.tell(EventKind::ServiceRestarts { node: db, number: 1, burst: 5, after }).wait(1_000);
    let attempt = story.start(db, 2, None);
    let took = Duration::from_millis(300);
    story.wait(300).tell(EventKind::ServiceReady { node: db, attempt, took });
    story.start(test, 1, None);
    story.print(attempt, Stream::Stdout, b"serving").wait(500);
    story
}

/// A run in full swing: two queues, items, a retry, a failure, more to come.
pub(super) fn busy() -> Story {
    let mut story = Story::new("dupes");
    let (files, hashes) = (story.queue("files", 1024), story.queue("hashes", 256));
    let list = story.node("list", None, Some(90_000));
    let hash = story.node("hash", Some(files), Some(80_000));
    let group = story.node("group", Some(hashes), Some(80_000));
    let style = story.node("lint", None, Some(1_000));
    let cell = story.node("test[os=linux,py=3.12]", None, Some(9_000));
    story.node("report", None, Some(1_000));
    for node in [list, group] {
        story.start(node, 1, None);
    }
    let failing = story.start(style, 1, None);
    story.wait(1_000).end(failing, Exit::Code(2), Verdict::Failed, None);
    story.done(style, Outcome::Failed, None).level(files, [900, 1_000, 100, 0]).wait(68_000);
    let again = story.start(cell, 2, None);
    story.level(files, [712, 52_516, 51_802, 2]).level(hashes, [0, 51_816, 51_816, 0]).wait(2_500);
    for path in ["src/engine/core/slots.rs", "日本語のとても長いファイル名.txt", "a\x1b[2Jb"]
    {
        story.start(hash, 1, Some(path));
        story.wait(310);
    }
    story.tell(EventKind::AttemptSlow { attempt: again });
    story.level(files, [712, 54_000, 53_288, 2]).level(hashes, [0, 53_288, 53_288, 0]);
    story
}
