//! Invocation: what an attempt is given: its command, its payload and where its output goes.
//!
//! Unaware of how long it runs.

mod finally;

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

use bytes::Bytes;

use super::context::Context;
use super::core::Start;
use super::findings::Findings;
use super::items::{TAIL_BYTES, TAIL_LINES};
use super::lent::Lent;
use super::outlet::{Frames, Log, Outlet};
use super::printed::Blocks;
use super::probe::Probe;
use super::recent::Recent;
use super::stream::Source;
use super::worker::Wanted;
use crate::child;
use crate::event::{NotStarted, Stream};
use crate::journal::ResultsFile;
use crate::launch::{self, Destination, Unfit, Values};
use crate::model::{
    Ack, Action, BatchForm, Deliver, Emit, Environment, Framing, From, Leaks, QueueId, Wire,
};
use crate::queue::{Item, Origin, Reader, Replay, Spool};

/// What an attempt is given besides what the core says.
pub(super) struct Given {
    /// Items, where it is given some with its start.
    pub(super) lent: Option<Lent>,
    /// What a child that failed has read, where it is given that, and which try this is for it.
    pub(super) replay: Option<(Replay, u32)>,
    /// How it reads its items, where it lives long.
    pub(super) reader: Option<Reader>,
    /// The end of a pipe that is its standard input.
    pub(super) stdin: Option<OwnedFd>,
    /// The end of a pipe that is its standard output.
    pub(super) stdout: Option<OwnedFd>,
}

/// What is written to a child.
pub(super) enum Payload {
    /// Nothing by us.
    None,
    /// These bytes.
    Bytes(Bytes),
    /// Pieces of files.
    Blocks(Blocks),
    /// These items, framed.
    Batch(Vec<Item>, Framing),
    /// Items, one after the other.
    Items(Source),
    /// Items that it is asked to work on.
    Work(Wanted),
}

/// A child that can be started.
pub(super) struct Prepared {
    pub(super) invocation: child::Invocation,
    pub(super) payload: Payload,
    pub(super) stdout: Outlet,
    pub(super) stderr: Outlet,
    pub(super) extra: Outlet,
    /// What it may write its results to.
    pub(super) results: Option<ResultsFile>,
    /// What says whether it is ready, of a service.
    pub(super) probe: Option<Probe>,
}

/// Why there is nothing to start.
pub(super) struct Unready {
    pub(super) why: NotStarted,
    /// Whether the command is to blame and not its item.
    pub(super) command_at_fault: bool,
}

/// Prepares an attempt, or what runs after its node.
pub(super) fn prepare(
    context: &Context,
    start: &Start,
    given: &mut Given,
) -> Result<Prepared, Unready> {
    if let Some(finally) = &start.finally {
        return finally::prepare(context, start, finally, given);
    }
    let has_item = given.lent.is_some();
    let unfit = |unfit: Unfit| Unready {
        why: NotStarted { cause: unfit.to_string(), hint: unfit.hint().map(str::to_owned) },
        // No other item would find what another process has not written.
        command_at_fault: !has_item || matches!(unfit, Unfit::NoResult { .. }),
    };
    let results = results(context, start)?;
    let command = command(context, start, given, results.as_ref()).map_err(unfit)?;
    let blame = |why| Unready { why, command_at_fault: !has_item };
    let (stdin, payload) = input(context, start, given, &command).map_err(blame)?;
    let (stdout, mut out) = output(context, start, given, &command).map_err(blame)?;
    let recent =
        if let Payload::Work(wanted) = &payload { Some(Rc::clone(&wanted.stderr)) } else { None };
    let (stderr, mut err) = match &command.stderr {
        Destination::Log if context.plan.process(start.node).interactive => {
            (own(io::stderr()).map(child::Output::Fd).map_err(blame)?, Outlet::Elsewhere)
        }
        Destination::Log => {
            let whose = (start.node, start.attempt);
            (child::Output::Pipe, Log::outlet(context, whose, Stream::Stderr, recent))
        }
        Destination::Null => (child::Output::Null, Outlet::Elsewhere),
        Destination::File { path, append } => {
            let file = file_output(context, (start, Stream::Stderr), path, *append);
            (file.map_err(blame)?, Outlet::Elsewhere)
        }
    };
    let probe = Probe::of(&command);
    if let Some(lookout) = probe.as_ref().and_then(Probe::lookout) {
        out.looked_at(lookout);
        err.looked_at(lookout);
    }
    watch(context, start, &command, [&mut out, &mut err]);
    let wire = wire(context, start);
    let (extra, more) = match (into_queues(context, start, From::Fd3), wire) {
        (Some(outlet), _) => (child::Extra::Out, outlet),
        (None, Some(Wire::Fd)) => (child::Extra::InOut, Outlet::Elsewhere),
        (None, Some(Wire::Stdio) | None) => (child::Extra::Nothing, Outlet::Elsewhere),
    };
    let launch::Command { argv, mut env, cwd, .. } = command;
    env.extend(wire.into_iter().flat_map(descriptors));
    let is_script = matches!(context.plan.process(start.node).action, Action::Script { .. });
    let server = context.job_server.as_ref();
    let job_server = server.and_then(|server| server.tell(&mut env, (&argv, is_script)));
    let may_leak = context.plan.process(start.node).leaks == Leaks::Allow;
    let interactive = context.plan.process(start.node).interactive;
    let invocation = child::Invocation {
        argv,
        env,
        cwd,
        stdin,
        stdout,
        stderr,
        extra,
        job_server,
        interactive,
        may_leak,
    };
    Ok(Prepared { invocation, payload, stdout: out, stderr: err, extra: more, results, probe })
}

/// Makes the file that an attempt may write its results to, where it may have some.
fn results(context: &Context, start: &Start) -> Result<Option<ResultsFile>, Unready> {
    if !context.has_results(start.node) {
        return Ok(None);
    }
    context.folder.results(start.attempt).map(Some).map_err(|fault| Unready {
        why: NotStarted { cause: format!("cannot {fault}"), hint: None },
        command_at_fault: true,
    })
}

/// Has the problem matchers of the process look at its outputs.
fn watch(context: &Context, start: &Start, command: &launch::Command, outputs: [&mut Outlet; 2]) {
    let whose = (start.node, start.attempt);
    let Some(findings) = Findings::of(context, whose, command.cwd.clone()) else { return };
    for output in outputs {
        output.watched(&findings);
    }
}

/// Fills in the command.
fn command(
    context: &Context,
    start: &Start,
    given: &Given,
    results: Option<&ResultsFile>,
) -> Result<launch::Command, Unfit> {
    let lent = given.lent.as_ref();
    let one = lent.and_then(Lent::one);
    let id = one.map(|item| context.item_id(start.node, item.index));
    let item = one.zip(id.as_deref()).map(|(item, id)| launch::Item {
        id,
        index: item.index,
        bytes: &item.bytes,
    });
    let consumes = context.plan.process(start.node).consumes.as_ref();
    let behind = consumes.is_some_and(|consumes| {
        consumes.deliver == Deliver::Batch && consumes.batch.form == BatchForm::Args
    });
    let items = lent.filter(|_| behind).map_or(&[][..], Lent::items);
    let more: Vec<&[u8]> = items.iter().map(|item| &*item.bytes).collect();
    let stdout = |process: &str| {
        let most = launch::MAX_STDOUT as u64 * 2;
        // What can't be read any more has no value; nothing is no value of it.
        context.printed_by(process).head(most).ok()
    };
    let tries = given.replay.as_ref().map_or(1, |(_, tries)| *tries);
    // Where items are sharded, what is the same for all of one shard is the slot.
    let reads = given.reader.as_ref().and_then(Reader::find);
    let shard = reads.or_else(|| lent.and_then(Lent::shard));
    let values = Values {
        slot: shard.unwrap_or(start.slot),
        attempt: one.map_or(start.number.max(tries), |item| item.attempt),
        lent: &start.lent,
        item,
        more: &more,
        stdout: &stdout,
        result: &|process, key| context.result(process, key),
        results: results.map(ResultsFile::path),
        after: start.finally.map(|finally| launch::After {
            step: finally.step,
            outcome: finally.outcome.word(),
            code: finally.code,
        }),
    };
    context.prepared(start.node)?.command(&values)
}

/// Decides what the child reads.
fn input(
    context: &Context,
    start: &Start,
    given: &mut Given,
    command: &launch::Command,
) -> Result<(child::Input, Payload), NotStarted> {
    use child::Input;
    if let Some(pipe) = given.stdin.take() {
        return Ok((Input::Fd(pipe), Payload::None));
    }
    let process = context.plan.process(start.node);
    let items = given.lent.as_ref().map_or(&[][..], Lent::items);
    if let Some(consumes) = &process.consumes {
        match consumes.deliver {
            Deliver::Stdin => {
                let item = items.first().map(|item| item.bytes.bytes());
                return Ok((Input::Pipe, Payload::Bytes(item.unwrap_or_default())));
            }
            Deliver::Batch if consumes.batch.form == BatchForm::Stdin => {
                let framing = context.framing(start.node);
                return Ok((Input::Pipe, Payload::Batch(items.to_vec(), framing)));
            }
            Deliver::Stream => {
                let (node, ack) = (start.node, consumes.ack);
                return Ok((Input::Pipe, context.items(node, ack, given)));
            }
            Deliver::Worker => {
                let input = match consumes.wire {
                    Wire::Fd => Input::Null,
                    Wire::Stdio => Input::Pipe,
                };
                let stderr = Rc::new(Recent::new(TAIL_LINES, TAIL_BYTES));
                let wanted = given.reader.take().map(|reader| Wanted { reader, stderr });
                return Ok((input, wanted.map_or(Payload::None, Payload::Work)));
            }
            Deliver::Args | Deliver::Batch => {}
        }
    }
    Ok(match &command.stdin {
        launch::Payload::Closed | launch::Payload::Pipe(_) => (Input::Null, Payload::None),
        launch::Payload::Text(text) => (Input::Pipe, Payload::Bytes(Bytes::copy_from_slice(text))),
        launch::Payload::File(path) => {
            let file = File::open(path).map_err(|error| unopened("payload", path, &error))?;
            (Input::Fd(file.into()), Payload::None)
        }
        launch::Payload::Inherit => (own(io::stdin()).map(Input::Fd)?, Payload::None),
        launch::Payload::Process(name) => (Input::Pipe, Payload::Blocks(context.printed_by(name))),
    })
}

/// Decides where the child's standard output goes.
fn output(
    context: &Context,
    start: &Start,
    given: &mut Given,
    command: &launch::Command,
) -> Result<(child::Output, Outlet), NotStarted> {
    use child::Output;
    if let Some(pipe) = given.stdout.take() {
        return Ok((Output::Fd(pipe), Outlet::Elsewhere));
    }
    if wire(context, start) == Some(Wire::Stdio) {
        return Ok((Output::Pipe, Outlet::Elsewhere));
    }
    if let Some(outlet) = into_queues(context, start, From::Stdout) {
        return Ok((Output::Pipe, outlet));
    }
    Ok(match &command.stdout {
        Destination::Log if context.plan.process(start.node).interactive => {
            (own(io::stdout()).map(Output::Fd)?, Outlet::Elsewhere)
        }
        Destination::Log => {
            let whose = (start.node, start.attempt);
            (Output::Pipe, Log::outlet(context, whose, Stream::Stdout, None))
        }
        Destination::Null => (Output::Null, Outlet::Elsewhere),
        Destination::File { path, append } => {
            (file_output(context, (start, Stream::Stdout), path, *append)?, Outlet::Elsewhere)
        }
    })
}

/// Returns one of the runner's own streams, for a process that owns the terminal.
fn own(stream: impl AsFd) -> Result<OwnedFd, NotStarted> {
    stream.as_fd().try_clone_to_owned().map_err(|error| {
        let cause = format!("cannot hand the terminal on: {error}");
        NotStarted { cause, hint: None }
    })
}

/// Returns where a child speaks the protocol of workers, if it is one.
fn wire(context: &Context, start: &Start) -> Option<Wire> {
    let consumes = context.plan.process(start.node).consumes.as_ref()?;
    (consumes.deliver == Deliver::Worker).then_some(consumes.wire)
}

/// Returns the variables that tell a worker its descriptors.
fn descriptors(wire: Wire) -> [(OsString, OsString); 2] {
    let (input, output) = match wire {
        Wire::Fd => ("3", "4"),
        Wire::Stdio => ("0", "1"),
    };
    let [in_name, out_name] = Environment::WIRE;
    [(in_name.into(), input.into()), (out_name.into(), output.into())]
}

/// Returns what frames a stream of a child into queues, if one of them is fed from there. What a
/// worker makes stands in its replies.
fn into_queues(context: &Context, start: &Start, from: From) -> Option<Outlet> {
    let process = context.plan.process(start.node);
    let consumes = process.consumes.as_ref();
    if consumes.is_some_and(|consumes| consumes.deliver == Deliver::Worker) {
        return None;
    }
    let is_fed = |id: &&QueueId| {
        let name = &context.plan.queue(**id).name;
        process.produces.iter().any(|fed| fed.from == from && fed.queue == *name)
    };
    let node = context.plan.node(start.node);
    let queues: Vec<QueueId> = node.produces.iter().filter(is_fed).copied().collect();
    if queues.is_empty() {
        return None;
    }
    let frames = Frames::new(context, Origin::of(start.node), &queues);
    let at_once = match consumes {
        None => process.emit != Emit::OnSuccess,
        Some(consumes) => consumes.deliver == Deliver::Stream && consumes.ack == Ack::Read,
    };
    Some(if at_once {
        Outlet::Queues(frames)
    } else {
        Outlet::Held(frames, Spool::new(context.folder.path()))
    })
}

/// Opens a file of the user's for output. A file that several attempts of one node share is emptied
/// by the first of them only.
fn file_output(
    context: &Context,
    (start, stream): (&Start, Stream),
    path: &Path,
    append: bool,
) -> Result<child::Output, NotStarted> {
    let of_items = context.plan.node(start.node).consumes.is_some();
    let keep = append || (of_items && !context.opens_first(start.node, stream));
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    let open = || -> std::io::Result<File> {
        let file = options.open(path)?;
        // A device has no length.
        if !keep && file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        Ok(file)
    };
    let file = open().map_err(|error| unopened("output", path, &error))?;
    Ok(child::Output::Fd(file.into()))
}

fn unopened(what: &str, path: &Path, error: &std::io::Error) -> NotStarted {
    let cause = format!("cannot open the {what} `{}`: {error}", path.display());
    NotStarted { cause, hint: None }
}
