//! Engine: a plan goes in, events come out.
//!
//! A mind and a body: [`core`] decides and is pure, [`driver`] waits for what happens and does what
//! the core says. Payload bytes never enter the core; they flow from a child's pipe through a queue
//! into another child's pipe, bounded everywhere, so a full queue stops its producer by its own
//! pipe. Unaware of TOML and of screens.
//!
//! Reading order: [`core`]; [`driver`], the only loop; [`attempt`], one child from start to
//! reaping, with [`invocation`] (what it is given, [`lent`] items among that) and [`outlet`] (where
//! its output goes), [`probe`] and [`lookout`], which say when a service is ready; [`findings`] are
//! what its problem matchers find in it; [`stream`] and [`worker`], items for a long-lived one,
//! within its [`limits`] and at its node's pace ([`paces`]); [`open`] makes queues, [`source`] and
//! [`publish`] put items in, [`items`] and [`retry`] say what becomes of one; [`crowd`] bounds
//! children by what the system has room for, [`jobserver`] shares slots with what they start;
//! [`condition`] says what need not run, [`declared`] how a process is told; [`context`],
//! [`teller`], [`clock`], [`orders`], [`printed`], [`results`], [`recent`], [`mod@secrets`],
//! [`signals`], [`tty`] and [`turns`] are what they share. [`standby`] is there before the job is,
//! with the [`sentry`], which needs nobody; so is [`changed`], which asks git.

mod attempt;
mod changed;
mod clock;
mod condition;
mod context;
mod core;
mod crowd;
mod declared;
mod driver;
mod fault;
mod findings;
mod invocation;
mod items;
mod jobserver;
mod lent;
mod limits;
mod lookout;
mod open;
mod orders;
mod outlet;
mod paces;
mod printed;
mod probe;
mod publish;
mod recent;
mod results;
mod retry;
mod secrets;
mod sentry;
mod signals;
mod source;
mod standby;
mod stream;
mod teller;
mod tty;
mod turns;
mod worker;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

pub use changed::{Unasked, changed_since};
pub use fault::Fault;
pub use secrets::{ShortSecret, secrets};
pub use standby::Standby;

use self::core::Input;
use crate::child::{self, Host};
use crate::event::{EventKind, Exit, Node, NodeState, Outcome, SCHEMA, Sink, Stop, Tally};
use crate::journal::{self, RunFolder};
use crate::mask::Masker;
use crate::model::Output;
use crate::plan::Plan;
use crate::queue::Changes;
use context::{Context, Parts};
use driver::Driver;
use jobserver::JobServer;
use signals::Signals;
use teller::{Lost, Teller};
use tty::Tty;

/// Inputs that may wait for the core: more than what a turn of the loop brings, and few enough that
/// a task which tells more has to wait for its turn.
const INBOX: usize = 1024;

/// Signals that may wait for the core: nobody sends more before they have an effect.
const ASKED: usize = 16;

/// Exit code of a run that could not go on.
const FAULT: u8 = 3;

/// A run to be made.
pub struct Run {
    /// What to run.
    pub plan: Plan,
    /// Where it is kept.
    pub folder: RunFolder,
    /// Who hears what happens.
    pub sinks: Vec<Box<dyn Sink>>,
    /// The job file, as it was given.
    pub file: PathBuf,
    /// Options of the command line that make it this run and no other.
    pub options: Vec<String>,
    /// Wall clock at the start, in milliseconds since 1970.
    pub started: u64,
    /// The environment that children inherit.
    pub inherited: Vec<(OsString, OsString)>,
    /// The top of the repository, from which findings name files.
    pub top: PathBuf,
    /// Takes its secrets out of all that is told and logged.
    pub masker: Masker,
    /// Whether it is drawn on a terminal.
    pub on_terminal: bool,
    /// Whether keys of that are for the run.
    pub hears_keys: bool,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub exit: u8,
    /// How long the nodes took that passed, by name.
    pub took: Vec<(String, Duration)>,
}

/// Runs a plan to its end, with what was prepared before it was known.
pub fn run(run: Run, standby: Standby) -> Result<Ended, Fault> {
    let Standby { spawner, sentry } = standby;
    let (asked, receiver) = mpsc::channel(ASKED);
    sentry.begin(asked, run.plan.job.longest_grace());
    let signals = Signals::from(sentry.clone(), receiver);
    // One thread is enough to keep accounts; what costs is the system's work for the children.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Fault::Runtime)?;
    let ended = LocalSet::new().block_on(&runtime, async {
        let host = Host::new(spawner)?;
        let owned = run.plan.nodes.iter().any(|node| run.plan.process(node.id).interactive);
        let tty = Tty::take(run.hears_keys, run.on_terminal || owned);
        go(run, host, (signals, tty), mpsc::channel(INBOX)).await
    });
    sentry.stand_down();
    ended
}

async fn go(
    run: Run,
    host: Host,
    outside: (Signals, Tty),
    (inbox, receiver): (mpsc::Sender<Input>, mpsc::Receiver<Input>),
) -> Result<Ended, Fault> {
    let Run { mut plan, folder, sinks, file, options, started, inherited, masker, top, .. } = run;
    let changes = Changes::default();
    let cut_off =
        folder.after_cut_off().map(|last| format!("the last run was cut off: {}", last.display()));
    let crowded = crowd::fit(&mut plan, child::descriptors());
    let pipe = folder.path().join(journal::JOB_SERVER);
    let (job_server, odd) = JobServer::open(&plan, &pipe, &inherited);
    let plan = Rc::new(plan);
    let launch = context::launch(&plan, &folder, &inherited);
    let queues = open::open(&plan, &launch, folder.path(), &changes).map_err(Fault::Template)?;
    let context = Rc::new(Context::new(Parts {
        host,
        teller: Teller::new(sinks, masker),
        queues,
        launch,
        top,
        inbox,
        plan: Rc::clone(&plan),
        folder,
        job_server,
    }));
    declare(&context, file, options, started);
    for message in [cut_off, crowded, odd].into_iter().flatten() {
        context.teller.tell(EventKind::Noted { message });
    }
    let driver = Driver::new(Rc::clone(&context), receiver, changes, outside);
    let ran = driver.run().await;
    conclude(&context, ran).map_err(|fault| fault.masked(context.teller.masker()))
}

/// Tells what the run consists of, before anything starts.
fn declare(context: &Context, file: PathBuf, options: Vec<String>, started: u64) {
    let (plan, teller) = (&context.plan, &context.teller);
    teller.tell(EventKind::RunStarted {
        schema: SCHEMA,
        run: context.folder.id().to_owned(),
        job: plan.job.name.clone(),
        file,
        options,
        folder: context.folder.path().to_owned(),
        started,
        nodes: u32::try_from(plan.nodes.len()).unwrap_or(u32::MAX),
        jobs: plan.jobs,
        left_out: plan.left_out(),
    });
    for pool in &plan.pools {
        let (pool, name, size) = (pool.id, pool.name.clone(), pool.size);
        teller.tell(EventKind::PoolDeclared { pool, name, size });
    }
    for queue in &plan.queues {
        let (name, capacity) = (plan.queue_name(queue.id), plan.queue(queue.id).capacity);
        teller.tell(EventKind::QueueDeclared { queue: queue.id, name, capacity });
    }
    let mut declared = None;
    for node in &plan.nodes {
        if declared.replace(node.process) != Some(node.process) {
            teller.tell(declared::process(plan, &context.launch, node));
        }
        teller.tell(EventKind::NodeDeclared {
            node: node.id,
            name: node.name.clone(),
            process: plan.process(node.id).name.clone(),
            cell: node.cell.iter().cloned().collect(),
            consumes: node.consumes,
            produces: node.produces.clone(),
            pools: node.pools.clone(),
            service: plan.process(node.id).service.is_some(),
            inherits: matches!(plan.process(node.id).stdout, Output::Inherit),
            expected: node.expected,
        });
    }
}

/// Tells the end of the run. A verdict is told only when everything before it was written.
fn conclude(context: &Context, ran: Result<(), Fault>) -> Result<Ended, Fault> {
    let teller = &context.teller;
    context.host.dismiss();
    teller.tick();
    let synced = context.folder.sync_logs().map_err(Fault::Journal);
    let ran = ran.and(synced).and_then(|()| teller.lost());
    let stop = match &ran {
        Ok(lost) => lost.map(Lost::stop),
        Err(fault) => Some((Stop::Kill, None, fault.to_string())),
    };
    if let Some((stop, signal, reason)) = stop {
        teller.tell(EventKind::StopAsked { stop, signal, reason });
    }
    let exit = if ran.is_err() { FAULT } else { teller.read(Tally::exit) };
    teller.tell(EventKind::RunEnded { exit, took: teller.now() });
    teller.close();
    ran?;
    let exit = teller.lost()?.map_or(exit, |lost| Exit::after_signal(lost.signal().as_raw()));
    context.folder.release();
    Ok(Ended { exit, took: teller.read(took) })
}

fn took(tally: &Tally) -> Vec<(String, Duration)> {
    let passed =
        |node: &&Node| matches!(node.state, NodeState::Done(Outcome::Passed | Outcome::Flaky));
    tally.nodes.iter().filter(passed).map(|node| (node.name.clone(), node.took)).collect()
}
