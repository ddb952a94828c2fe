//! Story: a job in a few lines, and what happens to it, in words that a test can compare.
//!
//! Each line is one of [`sample`], and after a bar what that has no words for: `a needs b | always
//! timeout 5`. Unaware of what is tested.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::body::Body;
use crate::engine::core::{Ended, Input};
use crate::event::{EventKind, Exit, NotStarted};
use crate::model::{
    Ack, Action, AllowFailure, AttemptId, Condition, Deliver, Emit, Job, NodeId, OnEnd, OnFailure,
    Os, Probe, Process, Question, Rate, Ready, RestartWhen, RetryOn, RunWhen, Template,
};
use crate::plan::{Machine, Plan, Selection, check, plan, sample};

/// CPUs of the machine of a test, if its job says nothing else.
const CPUS: u32 = 4;

/// Returns the job of some lines, and its machine.
pub(in crate::engine::core) fn job(text: &str) -> (Job, Machine) {
    let said = |line: &str| line.split('|').next().unwrap().trim_end().to_owned();
    let (limits, lines): (Vec<_>, Vec<_>) =
        text.lines().partition(|line| line.trim_start().starts_with("limits"));
    let mut job = sample::job(&lines.iter().map(|line| said(line)).collect::<Vec<_>>().join("\n"));
    let mut machine = Machine { cpus: CPUS, jobs: None };
    for line in lines {
        let Some((first, more)) = line.split_once('|') else { continue };
        let mut name = first.split_whitespace();
        match name.next().unwrap() {
            "pool" => pool_says(&mut job, name.next().unwrap(), more),
            "queue" => {
                let name = name.next().unwrap();
                let queue = job.queues.iter_mut().find(|queue| queue.name == name).unwrap();
                queue.capacity = more.trim().strip_prefix("holds ").unwrap().parse().unwrap();
            }
            name => {
                let process = job.processes.iter_mut().find(|process| process.name == name);
                process_says(process.unwrap(), more);
            }
        }
    }
    for words in limits.iter().map(|line| line.split_whitespace().collect::<Vec<_>>()) {
        match words[1..] {
            ["continue"] => job.limits.on_failure = Some(OnFailure::Continue),
            ["kill"] => job.limits.on_failure = Some(OnFailure::Kill),
            ["timeout", limit] => job.limits.timeout = Some(seconds(limit)),
            ["jobs", jobs] => machine.jobs = Some(jobs.parse().unwrap()),
            ["cpus", cpus] => machine.cpus = cpus.parse().unwrap(),
            _ => panic!("limits do not say {words:?}"),
        }
    }
    (job, machine)
}

/// Returns the plan of some lines.
pub(in crate::engine::core) fn planned(text: &str) -> Plan {
    let (job, machine) = job(text);
    assert_eq!(check(&job), [], "{text}");
    plan(job, &Selection::default(), &machine, &BTreeMap::new()).unwrap()
}

fn seconds(word: &str) -> Duration {
    Duration::from_secs_f64(word.parse().unwrap())
}

fn pool_says(job: &mut Job, name: &str, more: &str) {
    let pool = job.pools.iter_mut().find(|pool| pool.name == name).unwrap();
    match more.split_whitespace().collect::<Vec<_>>()[..] {
        ["rate", starts] => {
            let rate = Rate { starts: starts.parse().unwrap(), per: Duration::from_secs(1) };
            pool.rate = Some(rate);
        }
        ["memory", bytes] => pool.memory = Some(bytes.parse().unwrap()),
        ["lends", key, ref values @ ..] => {
            let lent = |value: &&str| vec![(key.to_owned(), (*value).to_owned())];
            pool.slots = values.iter().map(lent).collect();
        }
        ref words => panic!("a pool does not say {words:?}"),
    }
}

fn process_says(process: &mut Process, more: &str) {
    let mut words = more.split_whitespace();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap();
        let consumes = process.consumes.as_mut();
        match word {
            "always" => process.run = RunWhen::Always,
            "on-failure" => process.run = RunWhen::OnFailure,
            "asks" => {
                process
                    .conditions
                    .push(Condition { question: Question::Os(Os::Linux), not: false });
            }
            "fails-fast" => process.fail_fast = true,
            "timeout" => process.timeout.total = Some(seconds(value())),
            "slow" => process.timeout.slow = Some(seconds(value())),
            "grace" => process.stop.grace = seconds(value()),
            "allow" => process.allow_failure = AllowFailure::Any,
            "allows" => {
                process.allow_failure = AllowFailure::Codes(vec![value().parse().unwrap()]);
            }
            "backoff" => {
                process.retry.backoff.first = seconds(value());
                process.retry.backoff.most = seconds(value());
            }
            "on" => process.retry.on.push(match value() {
                "timeout" => RetryOn::Timeout,
                "signal" => RetryOn::Signal,
                code => RetryOn::Code(code.parse().unwrap()),
            }),
            "never" => process.retry.never.push(value().parse().unwrap()),
            "workers" => consumes.unwrap().workers = Some(value().parse().unwrap()),
            "batch" => {
                let consumes = consumes.unwrap();
                consumes.deliver = Deliver::Batch;
                consumes.batch.items = Some(value().parse().unwrap());
            }
            "works" => consumes.unwrap().deliver = Deliver::Worker,
            "streak" => consumes.unwrap().fail_streak = value().parse().unwrap(),
            "held" => process.emit = Emit::OnSuccess,
            "finally" => {
                let command = Action::Command(vec![Template::literal("true")]);
                process.finally.push(command);
            }
            "probed" => {
                let file = Probe::File(Template::literal("ready"));
                let timeout = seconds(value());
                let service = process.service.as_mut().expect("it is a service");
                service.ready = Some(Ready { timeout, ..Ready::new(file) });
            }
            "restarts" => {
                let restart = &mut process.service.as_mut().expect("it is a service").restart;
                restart.when = match value() {
                    "on-failure" => RestartWhen::OnFailure,
                    _ => RestartWhen::Always,
                };
                restart.burst = value().parse().unwrap();
            }
            "endless" => consumes.unwrap().on_end = OnEnd::Terminate,
            "acks-read" => consumes.unwrap().ack = Ack::Read,
            word => panic!("a process does not say `{word}`"),
        }
    }
}

/// Begins a run.
pub(in crate::engine::core) fn begin(text: &str) -> Body {
    let mut body = Body::new(planned(text), false);
    body.on(Input::Begin);
    body
}

/// Begins a run whose body tells nothing by itself.
pub(in crate::engine::core) fn begin_late(text: &str) -> Body {
    let mut body = Body::new(planned(text), true);
    body.on(Input::Begin);
    body
}

impl Body {
    /// Returns the node of a name.
    pub(in crate::engine::core) fn node(&self, name: &str) -> NodeId {
        let node = self.plan.nodes.iter().find(|node| node.name == name);
        node.unwrap_or_else(|| panic!("no node is called {name}")).id
    }

    /// Names the nodes of all children, oldest child first; one that was signalled has a `-`, one
    /// that was killed a `!`, and one that runs after its node a `~` in front.
    pub(in crate::engine::core) fn running(&self) -> String {
        let name = |child: &super::child::Child| {
            let signalled = if child.signals.is_empty() { "" } else { "-" };
            let killed = if child.killed { "!" } else { "" };
            let finally = if child.start.finally.is_some() { "~" } else { "" };
            format!("{finally}{}{signalled}{killed}", self.plan.node(child.node).name)
        };
        self.children.values().map(name).collect::<Vec<_>>().join(" ")
    }

    /// Returns the oldest child of a node.
    pub(in crate::engine::core) fn child(&self, name: &str) -> AttemptId {
        let node = self.node(name);
        let child = self.children.iter().find(|(_, child)| child.node == node);
        *child.unwrap_or_else(|| panic!("{name} has no child; running: {}", self.running())).0
    }

    /// Ends the oldest child of a node with a code.
    pub(in crate::engine::core) fn exit(&mut self, name: &str, code: i32) {
        self.end_child(self.child(name), Exit::Code(code));
    }

    /// Says that a service is ready.
    pub(in crate::engine::core) fn ready(&mut self, name: &str) {
        self.answer(self.child(name), None);
    }

    /// Says that a service is not ready.
    pub(in crate::engine::core) fn refuses(&mut self, name: &str) {
        self.answer(self.child(name), Some("connection refused"));
    }

    /// Ends the oldest child of a node by a signal.
    pub(in crate::engine::core) fn die(&mut self, name: &str, signal: i32) {
        self.end_child(self.child(name), Exit::Signal(signal));
    }

    /// Says that the oldest child of a node could not be started.
    pub(in crate::engine::core) fn cannot_start(&mut self, name: &str, cause: &str) {
        let id = self.child(name);
        if !self.children[&id].told {
            let told = Input::Started { attempt: id, pid: 0, item: None, number: 1 };
            self.children.get_mut(&id).unwrap().told = true;
            self.on(told);
        }
        let why = NotStarted { cause: cause.to_owned(), hint: None };
        self.end_with(id, |ended| {
            ended.exit = Exit::NotStarted(why);
            ended.command_at_fault = true;
        });
    }

    /// Ends the oldest child of a node in any way.
    pub(in crate::engine::core) fn exit_with(&mut self, name: &str, how: impl FnOnce(&mut Ended)) {
        self.end_with(self.child(name), how);
    }

    /// Lets every child pass, oldest first, until none is left.
    pub(in crate::engine::core) fn all_pass(&mut self) {
        while let Some((id, _)) = self.children.first_key_value() {
            let id = *id;
            while self.streams(self.children[&id].node) && self.read(id) {}
            self.end_child(id, Exit::Code(0));
        }
    }

    /// Lets every child pass but those of one node.
    pub(in crate::engine::core) fn all_pass_but(&mut self, name: &str) {
        let node = self.node(name);
        while let Some((id, _)) = self.children.iter().find(|(_, child)| child.node != node) {
            self.end_child(*id, Exit::Code(0));
        }
    }

    /// Lets the oldest child pass.
    pub(in crate::engine::core) fn one_passes(&mut self) {
        let id = *self.children.first_key_value().expect("something runs").0;
        self.end_child(id, Exit::Code(0));
    }

    /// Ends the oldest child of a node well; it has made one item.
    pub(in crate::engine::core) fn publishes_one(&mut self, name: &str) {
        let id = self.child(name);
        self.children.get_mut(&id).unwrap().held = 1;
        self.end_child(id, Exit::Code(0));
    }

    /// Puts items into the queues that a node feeds.
    pub(in crate::engine::core) fn feeds(&mut self, name: &str, items: u32) {
        let node = self.node(name);
        for _ in 0..items {
            self.put(node);
            self.on(Input::Time);
        }
    }

    /// Lets the oldest child of a node read items.
    pub(in crate::engine::core) fn reads(&mut self, name: &str, items: u32) {
        let id = self.child(name);
        for _ in 0..items {
            assert!(self.read(id), "there is no item");
        }
        self.on(Input::Time);
    }

    /// Lets whole seconds pass.
    pub(in crate::engine::core) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Returns how all nodes ended that did, in the order of the file, and the exit code once the
    /// run is over.
    pub(in crate::engine::core) fn ends(&self) -> String {
        let mut text = String::new();
        for node in &self.plan.nodes {
            if let Some((outcome, _)) = self.referee.outcomes.get(&node.id) {
                write!(text, "{} {outcome}, ", node.name).unwrap();
            }
        }
        if self.over {
            write!(text, "exit {}", self.referee.tally.exit()).unwrap();
        }
        text
    }

    /// Returns why a node ended.
    pub(in crate::engine::core) fn reason(&self, name: &str) -> &str {
        self.referee.outcomes[&self.node(name)].1.as_deref().unwrap_or("")
    }

    /// Returns why what waits is waiting, one line each.
    pub(in crate::engine::core) fn waits(&mut self) -> Vec<String> {
        let before = self.events.len();
        self.on(Input::Explain);
        let noted = |kind: &EventKind| match kind {
            EventKind::Noted { message } => Some(message.clone()),
            _ => None,
        };
        self.events[before..].iter().filter_map(noted).collect()
    }

    /// Counts the events that are so.
    pub(in crate::engine::core) fn count(&self, is_so: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|kind| is_so(kind)).count()
    }
}
