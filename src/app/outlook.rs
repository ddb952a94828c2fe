//! Outlook: why a process of a job would run or not, what it waits for, and how it went before.
//!
//! Nothing is run: what only a run can answer is shown as a question. Unaware of how a selection is
//! made.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::choice::Choice;
use super::load::{Load, load};
use super::past::Past;
use super::plan::{waits, wrapped};
use super::reports::read_tally;
use super::why::reason;
use super::words::{count, rounded, safe};
use super::{FINE, Fault, Invoked, WRONG, conditions};
use crate::event::{self, NodeState, Tally};
use crate::journal::{events_of, run_ids};
use crate::launch::Launch;
use crate::model::{NodeId, PoolId, QueueId, RunWhen, nearest};
use crate::plan::{Node, Plan, Why};
use crate::report::Color;

/// Columns of what is written.
const WIDTH: usize = 80;

/// Columns of what stands in front.
const INDENT: usize = 11;

/// Cells of a matrix that are shown.
const CELLS: usize = 16;

/// Names that are listed of a kind.
const NAMED: usize = 12;

/// Runs that are looked into, the newest first: a week of somebody's work.
const RUNS: usize = 5;

/// Bytes of the events of a run that is looked into; of a larger one nothing is said.
const EVENTS: u64 = 16 << 20;

/// A process that is asked about.
#[derive(Debug)]
pub struct Outlook {
    /// Its name, or that of one of its cells.
    pub process: String,
    /// The job file.
    pub job: PathBuf,
    /// What of the job would run.
    pub choice: Choice,
    /// What is added to the job file.
    pub load: Load,
    /// `--state-dir`.
    pub state: Option<PathBuf>,
    /// `--color`.
    pub color: Color,
}

/// Tells it.
pub fn outlook(asked: Outlook) -> Invoked {
    let choice = asked.choice.ask(&asked.job)?;
    let Some(job) = load(&asked.job, &asked.load, asked.color)? else { return Ok(WRONG) };
    let past = Past::load(&asked.job, asked.state.as_deref());
    let plan = match choice.plan(job, &asked.job, &past.expected())? {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    let is_it = |node: &Node| node.name == asked.process;
    let by_name = plan.job.processes.iter().position(|it| it.name == asked.process);
    let by_cell = || plan.nodes.iter().find(|node| is_it(node)).map(|node| node.process);
    let Some(at) = by_name.or_else(by_cell) else {
        return Err(Fault::Wrong(unknown(&plan, &asked.process)));
    };
    let nodes = plan.nodes.iter().filter(|node| node.process == at);
    let nodes: Vec<&Node> = nodes.filter(|node| by_name.is_some() || is_it(node)).collect();
    let mut out = BufWriter::new(io::stdout());
    let launch = conditions::launch(&plan);
    writeln!(out, "{}", verdict(&plan, &launch, (at, &nodes)))?;
    for node in nodes.iter().take(CELLS) {
        writeln!(out)?;
        if nodes.len() > 1 {
            writeln!(out, "{}", safe(&node.name))?;
        }
        facts(&plan, &launch, node, &mut out)?;
    }
    let more = nodes.len().saturating_sub(CELLS);
    if more > 0 {
        writeln!(out, "\n… and {more} more cells")?;
    }
    before(&past, &asked.job, &plan.job.processes[at].name, &mut out)?;
    out.flush()?;
    Ok(FINE)
}

/// Says that there is no such process, and which is near.
fn unknown(plan: &Plan, word: &str) -> String {
    let names = plan.job.processes.iter().map(|process| process.name.as_str());
    let near = nearest(word, names).map(|near| format!("; did you mean `{}`?", safe(near)));
    format!("no process is called `{}`{}", safe(word), near.unwrap_or_default())
}

/// Returns in one line whether it would run, and why.
fn verdict(plan: &Plan, launch: &Launch, (at, nodes): (usize, &[&Node])) -> String {
    let process = &plan.job.processes[at];
    let (name, why) = (safe(&process.name), reason(plan, &plan.why[at]));
    if matches!(plan.why[at], Why::Left(_)) {
        return format!("{name} does not run, because {why}");
    }
    let unmet = |node: &&Node| {
        let said = conditions::remarks(plan, node.id, launch);
        said.into_iter().find(|it| it.ends_with(conditions::NO))
    };
    let unmet: Vec<String> = nodes.iter().filter_map(unmet).collect();
    if let Some(first) = unmet.first().filter(|_| unmet.len() == nodes.len()) {
        let condition = first.trim_end_matches(conditions::NO);
        return format!("{name} is skipped, because what it asks does not hold: {condition}");
    }
    match process.run {
        RunWhen::OnSuccess => format!("{name} runs, because {why}"),
        RunWhen::OnFailure => format!("{name} runs once something has failed, because {why}"),
        RunWhen::Always => format!("{name} runs whatever happens, because {why}"),
    }
}

/// Writes what is known of one node.
fn facts(plan: &Plan, launch: &Launch, node: &Node, to: &mut dyn Write) -> io::Result<()> {
    let place = plan.order().iter().position(|id| *id == node.id).unwrap_or_default() + 1;
    let pool = |id: &PoolId| {
        let pool = &plan.pools[id.index()];
        format!("{}, {} of {}", safe(&pool.name), node.weight, count(pool.size as usize, "slot"))
    };
    let queue = |id: &QueueId| plan.queue_name(*id);
    let feeds: Vec<String> = node.produces.iter().map(queue).collect();
    let takes = node.expected.map(|took| format!("about {}, as before", rounded(took)));
    fact("order", &[format!("{place} of {}", count(plan.nodes.len(), "process"))], to)?;
    fact("waits for", &waits(plan, launch, node), to)?;
    fact("pool", &node.pools.iter().map(pool).collect::<Vec<_>>(), to)?;
    fact("feeds", &feeds, to)?;
    let inputs = plan.process(node.id).inputs.iter().flatten();
    fact("inputs", &inputs.map(|glob| safe(&glob.source())).collect::<Vec<_>>(), to)?;
    fact("before", &dependants(plan, node.id), to)?;
    fact("takes", takes.as_slice(), to)
}

/// Returns who waits for a node.
fn dependants(plan: &Plan, id: NodeId) -> Vec<String> {
    let waits = |node: &&Node| {
        node.needs.iter().any(|(of, _)| *of == id)
            || node.after.contains(&id)
            || node.piped_from == Some(id)
    };
    let names: Vec<&str> = plan.nodes.iter().filter(waits).map(|node| node.name.as_str()).collect();
    let more = names.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {more} more"));
    names.iter().take(NAMED).map(|name| safe(name)).chain(more).collect()
}

/// Writes what has a name, where there is anything.
fn fact(name: &str, phrases: &[String], to: &mut dyn Write) -> io::Result<()> {
    for (at, line) in wrapped(phrases, WIDTH - INDENT - 2).into_iter().enumerate() {
        let head = if at == 0 { name } else { "" };
        writeln!(to, "  {head:<INDENT$}{line}")?;
    }
    Ok(())
}

/// Writes how a process ended in the last runs of its job file.
fn before(past: &Past, job: &Path, process: &str, to: &mut dyn Write) -> Result<(), Fault> {
    let mut told = 0;
    for id in run_ids(past.state())?.iter().rev() {
        let run = past.state().join("runs").join(id);
        let events = events_of(&run).metadata();
        if told == RUNS || !events.is_ok_and(|events| events.len() <= EVENTS) {
            continue;
        }
        // One that goes on, or is damaged, says nothing yet.
        let Ok(tally) = read_tally(&run) else { continue };
        if tally.file.file_name() != job.file_name() {
            continue;
        }
        let nodes = tally.nodes.iter().filter(|node| node.process == process).take(CELLS);
        for (at, node) in nodes.enumerate() {
            if told == 0 {
                writeln!(to, "\nin the last runs")?;
            }
            told += usize::from(at == 0);
            writeln!(to, "  {id}  {}", ended(node, &tally, process))?;
        }
    }
    Ok(())
}

/// Returns how a node ended: `test (linux) failed: exit code 1, in 2.1s`.
fn ended(node: &event::Node, tally: &Tally, process: &str) -> String {
    let name = if node.name == process { String::new() } else { format!("{} ", safe(&node.name)) };
    let reason = node.reason.as_ref().map(|why| format!(": {}", safe(why))).unwrap_or_default();
    match node.state {
        NodeState::Waiting => format!("{name}not reached"),
        NodeState::Running if tally.ended.is_some() => format!("{name}not ended"),
        NodeState::Running => format!("{name}running, or cut off"),
        NodeState::Done(outcome) => {
            let took = (node.attempts > 0).then(|| format!(" in {}", rounded(node.took)));
            format!("{name}{}{}{reason}", outcome.word(), took.unwrap_or_default())
        }
    }
}
