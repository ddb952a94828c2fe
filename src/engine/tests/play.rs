//! Play: a stage on which a job runs in memory, and what was heard of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, yield_now};
use tokio::time::{sleep, timeout};

use crate::child::{Act, Host, Invocation, Script, Sim};
use crate::config::{self, Options};
use crate::engine::core::Input;
use crate::engine::{Ended, Fault, INBOX, Run, go};
use crate::event::{Event, EventKind, Exit, Outcome, Sink, Stop, Tally, Verdict};
use crate::journal::RunFolder;
use crate::mask::Masker;
use crate::model::{Job, NodeId, Process, QueueId};
use crate::plan::{Machine, Plan, Selection, plan};

/// Longer than anything here takes: a run that goes on then hangs.
const FOR_EVER: Duration = Duration::from_secs(5 * 3600);

/// What a child is asked to be.
pub(super) struct Called {
    /// Its process.
    pub(super) process: String,
    /// Which try it is.
    pub(super) attempt: u32,
    /// Its item, where it stands in its environment.
    pub(super) item: String,
    /// Its command.
    pub(super) argv: Vec<String>,
}

impl Called {
    fn of(invocation: &Invocation) -> Self {
        let text = |value: &std::ffi::OsString| value.to_string_lossy().into_owned();
        let variable = |name: &str| {
            let found = invocation.env.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| text(value)).unwrap_or_default()
        };
        Self {
            process: variable("RUNNER_PROCESS"),
            attempt: variable("RUNNER_ATTEMPT").parse().unwrap_or(1),
            item: variable("RUNNER_ITEM"),
            argv: invocation.argv.iter().map(text).collect(),
        }
    }
}

/// A job that is about to be played.
pub(super) struct Play {
    home: TempDir,
    job: Job,
    jobs: Option<u32>,
    asked: Vec<(Duration, Stop)>,
    broken: Option<io::ErrorKind>,
}

impl Play {
    /// Takes a job file.
    pub(super) fn toml(text: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("job.toml");
        std::fs::write(&path, text).unwrap();
        let loaded = config::load(&path, &Options::default());
        assert!(loaded.problems.is_empty(), "{:#?}", loaded.problems);
        Self { home, ..Self::job(loaded.job.unwrap()) }
    }

    /// Takes a job.
    pub(super) fn job(job: Job) -> Self {
        assert_eq!(crate::plan::check(&job), []);
        Self { home: tempfile::tempdir().unwrap(), job, jobs: None, asked: vec![], broken: None }
    }

    /// Changes a process.
    pub(super) fn with(mut self, name: &str, change: impl FnOnce(&mut Process)) -> Self {
        change(self.job.processes.iter_mut().find(|process| process.name == name).unwrap());
        self
    }

    /// Bounds the children over all pools.
    pub(super) fn jobs(mut self, jobs: Option<u32>) -> Self {
        self.jobs = jobs;
        self
    }

    /// Asks for a stop after a while.
    pub(super) fn stop(mut self, after: Duration, stop: Stop) -> Self {
        self.asked.push((after, stop));
        self
    }

    /// Lets a sink break when the first child has ended.
    pub(super) fn breaks(mut self, kind: io::ErrorKind) -> Self {
        self.broken = Some(kind);
        self
    }

    /// Returns the folder of the job file.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the plan. What a real pipe is needed for is not played.
    pub(super) fn plan(&self) -> Plan {
        let machine = Machine { cpus: 4, jobs: self.jobs };
        let mut job = self.job.clone();
        job.limits.jobserver = Some(false);
        plan(job, &Selection::default(), &machine, &BTreeMap::new()).unwrap()
    }

    /// Plays it to its end.
    pub(super) fn run(self, script: impl Fn(&Called) -> Script + 'static) -> Played {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let sim = Sim::new(move |invocation| script(&Called::of(invocation)));
        let events = Rc::<RefCell<Vec<Event>>>::default();
        let heard = Heard { events: Rc::clone(&events), broken: self.broken };
        let run = Run {
            plan: self.plan(),
            folder: RunFolder::create(&self.home().join("state"), 9, SystemTime::UNIX_EPOCH)
                .unwrap(),
            sinks: vec![Box::new(heard)],
            file: "job.toml".into(),
            started: 0,
            inherited: Vec::new(),
            masker: Masker::default(),
            top: self.home().to_owned(),
            options: Vec::new(),
            on_terminal: false,
            hears_keys: false,
        };
        let ended = LocalSet::new().block_on(&runtime.unwrap(), async {
            let (inbox, outbox) = mpsc::channel(INBOX);
            for (after, stop) in self.asked.clone() {
                let inbox = inbox.clone();
                #[expect(clippy::disallowed_methods, reason = "somebody outside asks")]
                tokio::task::spawn_local(async move {
                    sleep(after).await;
                    let (signal, reason) = (Some(2), "asked".to_owned());
                    let _ = inbox.send(Input::Stop { stop, signal, reason }).await;
                });
            }
            let host = Host::Sim(sim.clone());
            let ended = go(run, host, Default::default(), (inbox, outbox));
            let ended = timeout(FOR_EVER, ended).await;
            yield_now().await;
            ended
        });
        let events = events.take();
        let Ok(ended) = ended else { panic!("it hangs: {:#?}", last(&events)) };
        assert_eq!(sim.running(), 0, "nobody outlives a run");
        Played { plan: self.plan(), events, ended, started: sim.started(), play: self }
    }
}

fn last(events: &[Event]) -> &[Event] {
    &events[events.len().saturating_sub(20)..]
}

/// Hears everything.
struct Heard {
    events: Rc<RefCell<Vec<Event>>>,
    broken: Option<io::ErrorKind>,
}

impl Sink for Heard {
    fn hear(&mut self, event: &Event, _tally: &Tally) -> io::Result<()> {
        self.events.borrow_mut().push(event.clone());
        match (self.broken, &event.kind) {
            (Some(kind), EventKind::AttemptEnded { .. }) => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn wants_output(&self) -> bool {
        true
    }
}

/// A job that was played.
pub(super) struct Played {
    pub(super) plan: Plan,
    pub(super) events: Vec<Event>,
    pub(super) ended: Result<Ended, Fault>,
    /// Children that were started.
    pub(super) started: u32,
    pub(super) play: Play,
}

impl Played {
    /// Checks the exit code.
    #[track_caller]
    pub(super) fn exits(self, code: u8) -> Self {
        match &self.ended {
            Ok(ended) => assert_eq!(ended.exit, code, "{:#?}", last(&self.events)),
            Err(fault) => assert_eq!(code, 3, "{fault}"),
        }
        let Some(Event { kind: EventKind::RunEnded { exit, .. }, .. }) = self.events.last() else {
            return self;
        };
        assert_eq!(*exit, code);
        self
    }

    /// Returns the number of a node.
    pub(super) fn node(&self, name: &str) -> NodeId {
        self.plan.nodes.iter().find(|node| node.name == name).unwrap().id
    }

    /// Returns how a node ended, and why.
    pub(super) fn outcome(&self, name: &str) -> (Outcome, String) {
        let node = self.node(name);
        let ended = |event: &Event| match &event.kind {
            EventKind::NodeEnded { node: of, outcome, reason, .. } if *of == node => {
                Some((*outcome, reason.clone().unwrap_or_default()))
            }
            _ => None,
        };
        self.events.iter().find_map(ended).unwrap()
    }

    /// Returns when the run ended, in milliseconds.
    pub(super) fn took(&self) -> u128 {
        self.events.last().unwrap().at.as_millis()
    }

    /// Returns when the children of a node were started, in milliseconds.
    pub(super) fn starts(&self, name: &str) -> Vec<u128> {
        let node = self.node(name);
        let started = |event: &Event| {
            matches!(event.kind, EventKind::AttemptStarted { node: of, .. } if of == node)
                .then_some(event.at.as_millis())
        };
        self.events.iter().filter_map(started).collect()
    }

    /// Returns how the children of a node ended.
    pub(super) fn ends(&self, name: &str) -> Vec<(Exit, Verdict)> {
        let node = self.node(name);
        let ended = |event: &Event| match &event.kind {
            EventKind::AttemptEnded { node: of, exit, verdict, .. } if *of == node => {
                Some((exit.clone(), *verdict))
            }
            _ => None,
        };
        self.events.iter().filter_map(ended).collect()
    }

    /// Returns what the children of a process have printed to their logs.
    pub(super) fn printed(&self, process: &str) -> String {
        let path = self.play.home().join("state/latest/logs").join(format!("{process}.out"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// Returns what a queue held and what became of it: put, done, dead, left.
    pub(super) fn queue(&self, name: &str) -> [u64; 4] {
        let queue = self.plan.queues.iter().position(|q| self.plan.queue(q.id).name == name);
        self.settled(QueueId::at(queue.unwrap()))
    }

    /// Returns the same by number.
    pub(super) fn settled(&self, queue: QueueId) -> [u64; 4] {
        let mut settled = [0; 4];
        for event in &self.events {
            match &event.kind {
                EventKind::QueueLevels { levels } => {
                    for level in levels.iter().filter(|level| level.queue == queue) {
                        settled[0] = level.put;
                    }
                }
                EventKind::QueueDrained { queue: of, done, dead, left } if *of == queue => {
                    settled[1..].copy_from_slice(&[*done, *dead, *left]);
                }
                _ => {}
            }
        }
        settled
    }
}

/// Sleeps for milliseconds.
pub(super) fn pause(millis: u64) -> Act {
    Act::Sleep(Duration::from_millis(millis))
}

/// Prints lines.
pub(super) fn print(lines: &str) -> Act {
    let lines: String = lines.split_whitespace().flat_map(|word| [word, "\n"]).collect();
    Act::Stdout(lines.into())
}

/// A child that takes that long and passes.
pub(super) fn takes(millis: u64) -> Script {
    Script::new([pause(millis)])
}

/// A child that prints its item.
pub(super) fn echo(called: &Called) -> Script {
    Script::new([print(&called.item)])
}
