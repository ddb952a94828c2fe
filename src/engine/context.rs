//! Context: what every task of a run needs.
//!
//! Shared by `Rc`, because all tasks live on one thread. Unaware of decisions.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;

use tokio::sync::mpsc;

use super::core::Input;
use super::invocation::{Given, Payload};
use super::items::Tries;
use super::jobserver::JobServer;
use super::lent::Lent;
use super::paces::Paces;
use super::printed::{Blocks, Printed};
use super::results::Results;
use super::stream::Source;
use super::teller::Teller;
use crate::child::Host;
use crate::event::{ItemRef, Stream, Text};
use crate::journal::{Log, Mode, Piece, RunFolder};
use crate::launch::{Launch, Limits, Prepared, Unfit};
use crate::matcher::Matchers;
use crate::model::{Ack, Action, Consumes, Deliver, Framing, NodeId, Placeholder, QueueId};
use crate::plan::Plan;
use crate::queue::{Item, Queue, Reader, Replay};

/// Bytes of an item that events show.
const PREVIEW: usize = 80;

/// What every task of a run needs.
pub(super) struct Context {
    pub(super) plan: Rc<Plan>,
    pub(super) host: Host,
    pub(super) folder: RunFolder,
    pub(super) teller: Teller,
    pub(super) queues: Vec<Queue>,
    pub(super) launch: Launch,
    /// The top of the repository, from which findings name files.
    pub(super) top: PathBuf,
    /// To the core.
    pub(super) inbox: mpsc::Sender<Input>,
    /// Nodes that were tried, ready to be tried again.
    prepared: RefCell<HashMap<NodeId, Rc<Prepared>>>,
    /// Problem matchers, by process.
    matchers: RefCell<HashMap<String, Matchers>>,
    /// What is remembered of items.
    pub(super) tries: Tries,
    /// What failed long-lived children have read, by node, and how often that was tried.
    pub(super) replays: RefCell<HashMap<NodeId, Vec<(Replay, u32)>>>,
    /// How fast the workers of nodes may take items.
    pub(super) paces: Paces,
    logs: RefCell<HashMap<(NodeId, Stream), Log>>,
    /// Outputs to files of the user's that consumers have opened.
    opened: RefCell<HashSet<(NodeId, Stream)>>,
    /// What processes printed that others read.
    pub(super) printed: RefCell<Printed>,
    /// What processes wrote for others.
    pub(super) results: RefCell<Results>,
    /// Nodes that have ended and need not have run.
    pub(super) excused: RefCell<HashSet<NodeId>>,
    /// What this run shares its slots by.
    pub(super) job_server: Option<JobServer>,
}

/// There was nothing to be given to a child.
pub(super) struct Missed;

/// The parts of a context.
pub(super) struct Parts {
    pub(super) plan: Rc<Plan>,
    pub(super) host: Host,
    pub(super) folder: RunFolder,
    pub(super) teller: Teller,
    pub(super) queues: Vec<Queue>,
    pub(super) launch: Launch,
    pub(super) top: PathBuf,
    pub(super) inbox: mpsc::Sender<Input>,
    pub(super) job_server: Option<JobServer>,
}

impl Context {
    /// Joins the parts.
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { plan, host, folder, teller, queues, launch, top, inbox, job_server } = parts;
        Self {
            prepared: RefCell::default(),
            matchers: RefCell::default(),
            tries: Tries::default(),
            replays: RefCell::default(),
            paces: Paces::default(),
            logs: RefCell::default(),
            opened: RefCell::default(),
            excused: RefCell::default(),
            printed: RefCell::new(Printed::new(&plan)),
            results: RefCell::new(Results::new(&plan)),
            job_server,
            plan,
            host,
            folder,
            teller,
            queues,
            launch,
            top,
            inbox,
        }
    }

    /// Tells the core something.
    pub(super) async fn send(&self, input: Input) {
        // The driver goes before its tasks only when the run can't go on, and then nobody listens.
        let _ = self.inbox.send(input).await;
    }

    /// Takes a token of the job server as soon as there is one.
    pub(super) async fn next_token(&self) -> Input {
        let Some(server) = &self.job_server else { return std::future::pending().await };
        // One that can't be read has no more, and nobody waits for it in vain.
        if server.tokens.next().await.is_err() {
            return std::future::pending().await;
        }
        Input::Token
    }

    /// Returns a node ready to be tried.
    pub(super) fn prepared(&self, node: NodeId) -> Result<Rc<Prepared>, Unfit> {
        if let Some(prepared) = self.prepared.borrow().get(&node) {
            return Ok(Rc::clone(prepared));
        }
        let planned = self.plan.node(node);
        let prepared = Rc::new(self.launch.prepare(self.plan.process(node), &planned.cell)?);
        // Of a node that runs once nothing is left to be used again.
        if planned.consumes.is_some() {
            self.prepared.borrow_mut().insert(node, Rc::clone(&prepared));
        }
        Ok(prepared)
    }

    /// Returns what finds problems in what a node prints; nothing where its process has no matcher.
    pub(super) fn matchers(&self, node: NodeId) -> Option<Matchers> {
        let process = self.plan.process(node);
        if process.problem_matcher.is_empty() {
            return None;
        }
        if let Some(matchers) = self.matchers.borrow().get(&process.name) {
            return Some(matchers.clone());
        }
        let matchers = Matchers::new(&process.problem_matcher);
        self.matchers.borrow_mut().insert(process.name.clone(), matchers.clone());
        Some(matchers)
    }

    /// Returns whether what a long-lived child of a node reads is kept until its end.
    pub(super) fn keeps(&self, node: NodeId) -> bool {
        let consumes = self.plan.process(node).consumes.as_ref();
        consumes.is_some_and(|c| c.deliver == Deliver::Stream && c.ack == Ack::Exit)
    }

    /// Returns the framing of the queue that a node reads.
    pub(super) fn framing(&self, node: NodeId) -> Framing {
        let queue = self.plan.node(node).consumes;
        queue.map(|queue| self.plan.queue(queue).framing).unwrap_or_default()
    }

    /// Returns the items of a node's queue as the payload of a long-lived child.
    pub(super) fn items(&self, node: NodeId, ack: Ack, given: &mut Given) -> Payload {
        let Some(queue) = self.plan.node(node).consumes else { return Payload::None };
        let Some(reader) = given.reader.take() else { return Payload::None };
        let framing = self.plan.queue(queue).framing;
        let consumes = self.plan.process(node).consumes.as_ref();
        Payload::Items(Source {
            queue: self.queues[queue.index()].clone(),
            reader,
            replay: given.replay.take().map(|(replay, _)| replay),
            framing,
            ack,
            folder: self.folder.path().to_owned(),
            keep_bytes: consumes.map_or(Consumes::KEEP_BYTES, |consumes| consumes.keep_bytes),
            recycle: consumes.map(|consumes| consumes.recycle).unwrap_or_default(),
        })
    }

    /// Takes what a failed child of a node has read, for a fresh one, and which try it will be.
    pub(super) fn replay(&self, node: NodeId) -> Option<(Replay, u32)> {
        self.replays.borrow_mut().get_mut(&node)?.pop()
    }

    /// Returns whether the children of a node live long: each takes items for as long as there are
    /// any.
    pub(super) fn lives_long(&self, node: NodeId) -> bool {
        let consumes = self.plan.process(node).consumes.as_ref();
        consumes.is_some_and(|consumes| consumes.deliver.is_long_lived())
    }

    /// Returns what a long-lived child of a node reads its items with.
    pub(super) fn reader(&self, node: NodeId) -> Option<Reader> {
        let queue = self.plan.node(node).consumes.filter(|_| self.lives_long(node));
        queue.map(|queue| self.queues[queue.index()].reader())
    }

    /// Lends what a child of a node is given with its start, if it is given anything.
    pub(super) fn lend(&self, node: NodeId, alone: bool) -> Result<Option<Lent>, Missed> {
        let process = self.plan.process(node);
        let Some((consumes, queue)) = process.consumes.as_ref().zip(self.plan.node(node).consumes)
        else {
            return Ok(None);
        };
        let queue = &self.queues[queue.index()];
        let lent = match consumes.deliver {
            Deliver::Args | Deliver::Stdin => queue.take().map(Lent::One),
            Deliver::Batch => {
                let items = if alone { Some(1) } else { consumes.batch.items };
                queue.take_batch(items, consumes.batch.bytes).map(Lent::batch)
            }
            Deliver::Stream | Deliver::Worker => return Ok(None),
        };
        lent.map(Some).ok_or(Missed)
    }

    /// Returns whether the consumers of a queue have fewer items than children may have at once.
    pub(super) fn could_take_more(&self, queue: QueueId, lent: u64) -> bool {
        let consumers = self.plan.queues[queue.index()].consumers.iter();
        let most: u64 = consumers.map(|node| u64::from(self.plan.node(*node).workers)).sum();
        lent < most
    }

    /// Returns how events name an item of a node's queue, and which try it is.
    pub(super) fn item_ref(&self, node: NodeId, item: &Item) -> (ItemRef, u32) {
        let queue = self.plan.node(node).consumes.expect("who has an item consumes");
        (self.named_item(queue, item), item.attempt)
    }

    /// Returns how events name an item of a queue.
    pub(super) fn named_item(&self, queue: QueueId, item: &Item) -> ItemRef {
        let id = format!("{}:{}", self.plan.queue(queue).name, item.index);
        let preview = Text::copy(&self.teller.masker().beginning(&item.bytes, PREVIEW));
        ItemRef { id, index: item.index, preview }
    }

    /// Returns `RUNNER_ITEM_ID` of an item of a node's queue.
    pub(super) fn item_id(&self, node: NodeId, index: u64) -> String {
        let queue = self.plan.node(node).consumes.map(|queue| &self.plan.queue(queue).name);
        format!("{}:{index}", queue.map_or("", String::as_str))
    }

    /// Returns whether which program a node runs does not depend on its item.
    pub(super) fn command_is_fixed(&self, node: NodeId) -> bool {
        match &self.plan.process(node).action {
            Action::Script { .. } => true,
            Action::Command(argv) => argv.first().is_none_or(|program| {
                let of_item = |placeholder: &Placeholder| match placeholder {
                    Placeholder::Item | Placeholder::ItemField(_) | Placeholder::ItemIndex => true,
                    Placeholder::Var(_)
                    | Placeholder::Env(_)
                    | Placeholder::Matrix(_)
                    | Placeholder::Stdout(_)
                    | Placeholder::Result(..)
                    | Placeholder::RunId
                    | Placeholder::Slot => false,
                };
                !program.placeholders().any(|(placeholder, _)| of_item(placeholder))
            }),
        }
    }

    /// Begins a piece of the log of a node.
    pub(super) fn log(&self, node: NodeId, stream: Stream) -> Piece {
        let planned = self.plan.node(node);
        let alone = planned.consumes.is_none() || planned.workers == 1;
        let mode = if alone { Mode::Direct } else { Mode::Gathered };
        let mut logs = self.logs.borrow_mut();
        let log = logs.entry((node, stream)).or_insert_with(|| {
            let name = &self.plan.process(node).name;
            let stem = match planned.cell_index {
                Some(cell) => format!("{name}@{cell}"),
                None => name.clone(),
            };
            self.folder.log(&stem, stream)
        });
        log.piece(mode)
    }

    /// Closes the logs of a node that ended.
    pub(super) fn close_logs(&self, node: NodeId) {
        let mut logs = self.logs.borrow_mut();
        for stream in [Stream::Stdout, Stream::Stderr] {
            logs.remove(&(node, stream));
        }
    }

    /// Returns what a process has printed.
    pub(super) fn printed_by(&self, process: &str) -> Blocks {
        self.printed.borrow().of(process)
    }

    /// Returns whether no attempt of a consumer has opened this output of it before.
    pub(super) fn opens_first(&self, node: NodeId, stream: Stream) -> bool {
        self.opened.borrow_mut().insert((node, stream))
    }
}

/// Takes what is common to all launches of a run.
pub(super) fn launch(
    plan: &Plan,
    folder: &RunFolder,
    inherited: &[(OsString, OsString)],
) -> Launch {
    let stack = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    Launch::new(&plan.job, folder.id(), inherited, Limits::of_stack(stack))
}
