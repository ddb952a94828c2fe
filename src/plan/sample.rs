//! Sample: jobs for tests, written in a few words.
//!
//! Each line is a process and what it says: `c needs a failed:b after d reads q feeds p pipe w pool
//! x,y weight 2`. A word that ends in `!` is a key: `service!`, `on-failure!`, `always!`, `allow!`,
//! `shard!`, `held!` and `ordered!` for the words of `emit`. A queue says `queue q spill! unique!
//! groups=a,b dead=r` and its items; `reads q/a` reads for a group. Unaware of what is tested.

use std::path::PathBuf;

use crate::model::{
    Action, AllowFailure, Consumes, Deliver, Emit, FileId, Items, Job, Matrix, Need, OnFull,
    Output, Pool, Process, Produces, Queue, RunWhen, Service, Size, Stdin, Template, When,
};

/// Returns a process that says nothing but its name.
pub(crate) fn process(name: &str) -> Process {
    let action = Action::Command(vec![Template::literal("true")]);
    Process::new(name, FileId(0), PathBuf::from("/jobs"), action)
}

/// Returns a queue of this name.
pub(crate) fn queue(name: &str) -> Queue {
    let bytes = 1 << 20;
    let plain = Queue::new(name, FileId(0), PathBuf::from("/jobs"));
    Queue { capacity: 64, capacity_bytes: bytes, ..plain }
}

/// Returns a pool of this name.
pub(crate) fn pool(name: &str, size: Size) -> Pool {
    Pool {
        name: name.to_owned(),
        file: FileId(0),
        description: None,
        size,
        slots: Vec::new(),
        rate: None,
        memory: None,
    }
}

/// Returns how a process takes items of a queue.
pub(crate) fn consumes(queue: &str, deliver: Deliver) -> Consumes {
    Consumes::new(queue, deliver)
}

/// Returns a template.
pub(crate) fn template(text: &str) -> Template {
    let (template, errors) = Template::parse(text);
    assert!(errors.is_empty(), "{errors:?}");
    template
}

/// Returns the job of some lines; queues are declared by being named with `feeds` or `reads`, and
/// `queue q 1 2` and `pool x 2` are declarations too.
pub(crate) fn job(text: &str) -> Job {
    let mut job = Job { name: "sample".to_owned(), ..Job::default() };
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            None => {}
            Some("queue") => {
                let name = words.next().unwrap();
                job.queues.push(described(queue(name), words));
            }
            Some("pool") => {
                let name = words.next().unwrap();
                let size = match words.next().unwrap() {
                    "cpus" => Size::Cpus(1.0),
                    count => Size::Count(count.parse().unwrap()),
                };
                job.pools.push(pool(name, size));
            }
            Some(name) => {
                let process = said(process(name), words);
                job.processes.push(process);
            }
        }
    }
    declare(&mut job);
    wait_for_services(&mut job);
    job
}

/// Lets who needs a service wait until it is ready.
fn wait_for_services(job: &mut Job) {
    let is_service = |process: &&Process| process.service.is_some();
    let services = job.processes.iter().filter(is_service);
    let services: Vec<String> = services.map(|service| service.name.clone()).collect();
    for need in job.processes.iter_mut().flat_map(|process| &mut process.needs) {
        if need.when == When::Passed && services.contains(&need.process) {
            need.when = When::Ready;
        }
    }
}

/// Lets a queue say its words; those that mean nothing else are items.
fn described<'a>(mut queue: Queue, words: impl Iterator<Item = &'a str>) -> Queue {
    let mut items = Vec::new();
    for word in words {
        match word.split_once('=') {
            None if word == "spill!" => queue.on_full = OnFull::Spill,
            None if word == "unique!" => queue.unique = true,
            Some(("groups", groups)) => {
                queue.groups = groups.split(',').map(str::to_owned).collect();
            }
            Some(("dead", dead)) => queue.dead = Some(dead.to_owned()),
            None | Some(_) => items.push(word.to_owned()),
        }
    }
    Queue { items: (!items.is_empty()).then_some(Items::List(items)), ..queue }
}

/// Returns how a process takes items of `QUEUE` or `QUEUE/GROUP`.
fn reader(named: &str, deliver: Deliver) -> Consumes {
    let (queue, group) = named.split_once('/').map_or((named, None), |(q, g)| (q, Some(g)));
    let group = group.map(str::to_owned);
    Consumes { group, ..consumes(queue, deliver) }
}

/// Lets a process say its words.
fn said<'a>(mut process: Process, words: impl Iterator<Item = &'a str>) -> Process {
    let mut verb = "";
    for word in words {
        match (verb, word) {
            (_, "service!") => process.service = Some(Service::default()),
            (_, "on-failure!") => process.run = RunWhen::OnFailure,
            (_, "always!") => process.run = RunWhen::Always,
            (_, "allow!") => process.allow_failure = AllowFailure::Any,
            (_, "held!") => process.emit = Emit::OnSuccess,
            (_, "ordered!") => process.emit = Emit::Input,
            (_, "shard!") => {
                let consumes = process.consumes.as_mut().expect("what it reads stands before");
                consumes.shard = Some(template("{item}"));
            }
            (
                _,
                "needs" | "after" | "reads" | "streams" | "works" | "batches" | "feeds" | "pipe"
                | "stdin" | "pool" | "weight" | "matrix" | "retry" | "priority" | "run" | "to",
            ) => verb = word,
            ("needs", word) => {
                let (when, name) = word.split_once(':').unwrap_or(("passed", word));
                let when = match when {
                    "passed" => When::Passed,
                    "ended" => When::Ended,
                    "failed" => When::Failed,
                    "ready" => When::Ready,
                    _ => When::Started,
                };
                process.needs.push(Need { process: name.to_owned(), when });
            }
            ("after", name) => process.after.push(name.to_owned()),
            ("reads", name) => process.consumes = Some(reader(name, Deliver::Args)),
            ("streams", name) => process.consumes = Some(reader(name, Deliver::Stream)),
            ("works", name) => process.consumes = Some(reader(name, Deliver::Worker)),
            ("batches", name) => process.consumes = Some(reader(name, Deliver::Batch)),
            ("feeds", name) => process.produces.push(Produces::stdout(name)),
            ("pipe", name) => process.stdin = Stdin::Pipe(name.to_owned()),
            ("stdin", name) => process.stdin = Stdin::Process(name.to_owned()),
            ("pool", name) => process.pools.get_or_insert_default().push(name.to_owned()),
            ("weight", weight) => process.weight = weight.parse().unwrap(),
            ("retry", max) => process.retry.max = max.parse().unwrap(),
            ("priority", priority) => process.priority = priority.parse().unwrap(),
            ("matrix", axis) => {
                let (key, values) = axis.split_once('=').unwrap();
                let values = values.split(',').map(str::to_owned).collect();
                let matrix = process.matrix.get_or_insert_with(Matrix::default);
                matrix.axes.push((key.to_owned(), values));
            }
            ("to", "null") => process.stdout = Output::Null,
            ("run", word) => {
                process.action = Action::Command(word.split(',').map(template).collect());
            }
            (verb, word) => panic!("a process does not say `{verb} {word}`"),
        }
    }
    process
}

/// Declares the queues that are named and not declared.
fn declare(job: &mut Job) {
    for process in &job.processes {
        let read = process.consumes.iter().map(|consumes| &consumes.queue);
        for name in read.chain(process.produces.iter().map(|fed| &fed.queue)) {
            if !job.queues.iter().any(|queue| &queue.name == name) {
                job.queues.push(queue(name));
            }
        }
    }
}
