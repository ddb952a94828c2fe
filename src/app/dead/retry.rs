//! `runner dead retry`: dead items of a run go through its job once more, in a run of their own.
//!
//! Nothing is lost and nothing is tried twice unseen, whenever this is killed: the old run is taken
//! for as long as it lasts; the items lie in the new run's folder, and that they are being tried is
//! written down, before any of them is. What came of them is read off the new run's events, now or
//! by the next command that needs to know. Unaware of how a run goes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use super::Named;
use super::letters::{Chosen, read};
use super::settle::{settle, take};
use crate::app::choice::Choice;
use crate::app::find::{Found, find};
use crate::app::load::load;
use crate::app::past::Past;
use crate::app::run::{Going, now, options, secrets};
use crate::app::source::Source;
use crate::app::words::{count, safe};
use crate::app::{FINE, Fault, Invoked, WRONG};
use crate::engine::Standby;
use crate::journal::{Fate, Fates, KEEP_RUNS, Keeper, RunFolder, mark};
use crate::model::{Job, nearest};
use crate::plan::{Plan, Share, again};
use crate::queue::fits;
use crate::report::Mode;

/// A retry as it was asked for.
#[derive(Debug)]
pub struct Retry {
    /// The run and its items.
    pub named: Named,
    /// `--jobs`.
    pub jobs: Option<u32>,
    /// `--output`; `None` is `auto`.
    pub mode: Option<Mode>,
}

/// Tries dead items again.
pub fn retry(asked: Retry) -> Invoked {
    let standby = Standby::prepare()?;
    let Retry { named, jobs, mode } = asked;
    let found = find(&named)?;
    let _taken = take(&found)?;
    settle(&found)?;
    let fates = Fates::read(&found.path)?;
    let chosen = Chosen::of(&found, &fates)?;
    if chosen.count() == 0 {
        writeln!(io::stdout(), "nothing to do: no item of run {} is dead", safe(&found.id))?;
        return Ok(FINE);
    }
    let source = Source::of(
        &found,
        (&chosen.letters.file, &chosen.letters.options),
        named.state.as_deref(),
    )?;
    let Some(job) = load(&source.file, &source.load, named.color)? else { return Ok(WRONG) };
    let shares = shares(&job, &source.file, &chosen)?;
    check(&job, &found, &chosen, &fates)?;
    let keep = job.limits.keep_runs.unwrap_or(KEEP_RUNS);
    let past = Past::load(&source.file, source.state.as_deref());
    let job = again(job, &shares, &|process, when| chosen.letters.has_met(process, when));
    let choice = Choice { jobs, ..Choice::default() }.ask(&source.file)?;
    let plan = match choice.plan(job, &source.file, &past.expected())? {
        Ok(plan) => plan,
        Err(code) => return Ok(code),
    };
    let secrets = secrets(&plan)?;
    let started = now();
    let folder = RunFolder::create(past.state(), keep, started)?;
    leave(&found, &chosen, &fates, (&plan, &folder))?;
    tell(&found, &chosen)?;
    let options = options(&source.load, source.state.as_deref());
    let (file, color) = (source.file, named.color);
    let ended = Going { plan, secrets, folder, started, file, options, mode, color }.go(standby);
    settle(&found)?;
    Ok(ended?.exit)
}

/// Returns the queues that the items go into again, as the job file has them now.
fn shares(job: &Job, file: &Path, chosen: &Chosen) -> Result<BTreeSet<Share>, Fault> {
    let named: BTreeSet<Share> = chosen.counts.keys().map(|name| Share::named(name)).collect();
    let Some(gone) = named.iter().find(|share| !share.is_of(job)) else { return Ok(named) };
    let near = nearest(&gone.queue, job.queues.iter().map(|queue| queue.name.as_str()));
    let near = near.filter(|near| *near != gone.queue);
    let meant = near.map(|near| format!("; is it `{near}` now?")).unwrap_or_default();
    let of = gone.group.as_ref().map(|group| format!(" for its group `{}`", safe(group)));
    let (of, queue) = (of.unwrap_or_default(), safe(&gone.queue));
    let file = safe(&file.to_string_lossy());
    Err(Fault::Wrong(format!("in `{file}` nobody reads queue `{queue}`{of} any more{meant}")))
}

/// Fails where an item does not fit its queue as the job file declares it now.
fn check(job: &Job, found: &Found, chosen: &Chosen, fates: &Fates) -> Result<(), Fault> {
    read(found, |_, letter| {
        let share = Share::named(&letter.queue);
        let queue = job.queues.iter().find(|queue| queue.name == share.queue);
        let Some(queue) = queue.filter(|_| chosen.has(&letter, fates)) else { return Ok(()) };
        let Err(reason) = fits(letter.exact(), queue) else { return Ok(()) };
        Err(Fault::Wrong(format!("`{}` does not fit any more: {reason}", safe(&letter.item))))
    })?;
    Ok(())
}

/// Leaves the items to the new run, and writes down that it tries them.
fn leave(
    found: &Found,
    chosen: &Chosen,
    fates: &Fates,
    (plan, folder): (&Plan, &RunFolder),
) -> Result<(), Fault> {
    let mut keepers = BTreeMap::new();
    for queue in chosen.counts.keys() {
        keepers.insert(queue.clone(), Keeper::create(folder.items(queue))?);
    }
    read(found, |_, letter| {
        if chosen.has(&letter, fates)
            && let Some(keeper) = keepers.get_mut(&letter.queue)
        {
            keeper.keep(letter.index, letter.exact())?;
        }
        Ok(())
    })?;
    for (queue, keeper) in keepers {
        let indices = keeper.finish()?;
        let items: Vec<String> = indices.iter().map(|index| format!("{queue}:{index}")).collect();
        let fate = fate(plan, folder, &queue);
        mark(&found.path, &fate, items.iter().map(String::as_str))?;
    }
    Ok(())
}

/// Returns that a run tries the items of a queue.
fn fate(plan: &Plan, folder: &RunFolder, name: &str) -> Fate {
    let path = folder.path();
    let mut queues = plan.queues.iter().filter(|queue| plan.queue(queue.id).name == name);
    let mut consumers = queues.clone().flat_map(|queue| &queue.consumers).map(|id| plan.node(*id));
    Fate::Retrying {
        run: folder.id().to_owned(),
        folder: path.canonicalize().unwrap_or_else(|_| path.to_owned()),
        mixed: queues.any(|queue| !queue.producers.is_empty() || !queue.dead_of.is_empty()),
        flows: consumers.any(|node| !node.produces.is_empty() || !node.dead.is_empty()),
    }
}

/// Tells what is tried again, and of which it is not certain that it should be.
fn tell(found: &Found, chosen: &Chosen) -> Result<(), Fault> {
    for (run, doubtful) in &chosen.doubtful {
        let items = count(usize::try_from(*doubtful).unwrap_or(usize::MAX), "item");
        let cut_short = "which was cut short and may have done some";
        writeln!(io::stderr(), "note: {items} went into run {}, {cut_short}", safe(run))?;
    }
    let items = count(usize::try_from(chosen.count()).unwrap_or(usize::MAX), "item");
    writeln!(io::stderr(), "tries {items} of run {} again", safe(&found.id))?;
    Ok(())
}
