//! Select: the processes that were asked for, and what they can't do without.
//!
//! Each way to ask narrows what is left: names, `--only`, `--since`, a run to be made again,
//! `--skip`, and last `--shard`, which splits it. What the rest needs comes along, but for what is
//! skipped; who can't do without that does not run either. One cell of a matrix can be asked for by
//! the name of its node. Unaware of sizes and order.
//!
//! Reading order: this file; [`pattern`], [`cells`]; [`partners`], who needs whom; [`shard`];
//! [`why`], the reason of each process.

mod cells;
#[cfg(test)]
mod laws;
mod partners;
mod pattern;
mod shard;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use super::links::Links;
pub(super) use cells::Cells;
use partners::Partners;
use pattern::{Hit, Words};
pub use shard::Shard;
pub use why::{Ground, Left, Why};

/// What a run was asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of processes, or of nodes: `test (linux, 1.88)`, or globs of them; empty means all.
    pub processes: Vec<String>,
    /// `--only`: names, globs and tags; empty means all.
    pub only: Vec<String>,
    /// `--skip`: the same; empty means none.
    pub skip: Vec<String>,
    /// `--since`: what is affected by changes.
    pub since: Option<Since>,
    /// What of an earlier run shall run again.
    pub again: Option<Rerun>,
    /// `--shard`.
    pub shard: Option<Shard>,
}

/// What is affected by changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The revision, as it was given.
    pub revision: String,
    /// By name of a node: what of its own has changed, in words.
    pub affected: BTreeMap<String, String>,
}

/// What of an earlier run shall run again, by names of nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rerun {
    /// What runs again, with the reason in words.
    pub wanted: BTreeMap<String, String>,
    /// What passed, and is not run again only because somebody needs it to have passed.
    pub done: BTreeSet<String>,
}

/// Why nothing can be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unselectable {
    /// No process has the name.
    #[error("no process is called {}`{name}`{}", if *tags { "or tagged " } else { "" },
        .nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The name, as it was given.
        name: String,
        /// Whether it could have been a tag.
        tags: bool,
        /// The nearest name that there is.
        nearest: Option<String>,
    },
    /// A pattern that is none.
    #[error("`{0}` is no pattern: {1}")]
    Pattern(String, String),
    /// Nothing is left to run.
    #[error("nothing was selected{}{}", if .0.is_empty() { "" } else { ": " }, .0)]
    Nothing(String),
}

/// What will run of a job, and why.
#[derive(Debug)]
pub(super) struct Chosen {
    /// By process: which cells.
    pub(super) cells: Vec<Cells>,
    /// By process: the reason.
    pub(super) why: Vec<Why>,
}

/// Returns which cells of each process will run; `names` are those of the nodes, by process.
pub(super) fn select(
    links: &Links<'_>,
    names: &[Vec<String>],
    selection: &Selection,
) -> Result<Chosen, Unselectable> {
    if names.is_empty() {
        return Err(Unselectable::Nothing(String::new()));
    }
    if *selection == Selection::default() {
        let (cells, why) =
            (vec![Cells::All; names.len()], vec![Why::Runs(Vec::new()); names.len()]);
        return Ok(Chosen { cells, why });
    }
    let words = Words::of(links, names);
    let mut asked = Asked::all(names);
    if !selection.processes.is_empty() {
        asked.narrow(words.named(&selection.processes)?, &Left::Unasked);
    }
    if !selection.only.is_empty() {
        asked.narrow(words.matching(&selection.only)?, &Left::Unasked);
        asked.or_nothing(|| "`--only` matches nothing of what is named".to_owned())?;
    }
    let partners = Partners::of(links);
    if let Some(since) = &selection.since {
        asked.narrow(affected(&partners, names, since), &Left::Unaffected);
        asked.or_nothing(|| {
            format!("what changed since `{}` affects nothing of it", since.revision)
        })?;
    }
    let mut done = vec![Cells::None; names.len()];
    if let Some(Rerun { wanted, done: passed }) = &selection.again {
        let hit = |name: &String| Some(Ground::Again(wanted.get(name)?.clone()));
        asked.narrow(hits(names, hit), &Left::Done);
        asked.or_nothing(|| "nothing of that run is left to run again".to_owned())?;
        done = hits(names, |name| passed.contains(name).then(|| Ground::Again(String::new())))
            .into_iter()
            .map(|hit| hit.cells)
            .collect();
    }
    let mut skipped = vec![Cells::None; names.len()];
    if !selection.skip.is_empty() {
        skipped = asked.skip(words.matching(&selection.skip)?);
    }
    asked.or_nothing(|| "everything that was asked for is skipped".to_owned())?;
    let without = partners.without(&asked.left_out(&skipped), &asked.left_out(&done));
    for (at, left) in without.into_iter().enumerate() {
        if let Some(left) = left {
            asked.leave(at, left);
            skipped[at] = Cells::All;
        }
    }
    asked.or_nothing(|| "what was asked for can't run without what is left out".to_owned())?;
    let mut chosen = partners.close(&asked, &skipped, &done);
    if let Some(shard) = &selection.shard {
        shard.narrow(&mut asked, &partners, &chosen, names)?;
        chosen = partners.close(&asked, &skipped, &done);
    }
    Ok(chosen)
}

/// What is asked for, while it is narrowed.
#[derive(Debug)]
struct Asked {
    /// By process: how many cells it has.
    counts: Vec<usize>,
    /// By process: what of it is asked for.
    cells: Vec<Cells>,
    /// By process: why.
    grounds: Vec<Vec<Ground>>,
    /// By process: why nothing of it is asked for.
    left: Vec<Option<Left>>,
}

impl Asked {
    fn all(names: &[Vec<String>]) -> Self {
        Self {
            counts: names.iter().map(Vec::len).collect(),
            cells: vec![Cells::All; names.len()],
            grounds: vec![Vec::new(); names.len()],
            left: vec![None; names.len()],
        }
    }

    /// Leaves out what was not hit.
    fn narrow(&mut self, hits: Vec<Hit>, left: &Left) {
        for (at, hit) in hits.into_iter().enumerate() {
            if self.cells[at] == Cells::None {
                continue;
            }
            self.cells[at] = self.cells[at].both(&hit.cells, self.counts[at]);
            if self.cells[at] == Cells::None {
                self.leave(at, left.clone());
            } else {
                self.grounds[at].extend(hit.ground);
            }
        }
    }

    /// Leaves out what was hit; returns that, by process.
    fn skip(&mut self, hits: Vec<Hit>) -> Vec<Cells> {
        for (at, hit) in hits.iter().enumerate() {
            if hit.cells == Cells::None {
                continue;
            }
            self.cells[at] = self.cells[at].less(&hit.cells, self.counts[at]);
            let word = hit.ground.as_ref().map(Ground::word).unwrap_or_default();
            if self.cells[at] == Cells::None {
                self.leave(at, Left::Skipped(word));
            }
        }
        hits.into_iter().map(|hit| hit.cells).collect()
    }

    fn leave(&mut self, at: usize, left: Left) {
        self.cells[at] = Cells::None;
        self.grounds[at].clear();
        self.left[at] = Some(left);
    }

    /// Returns of which processes every cell is among these.
    fn left_out(&self, cells: &[Cells]) -> Vec<bool> {
        let all = cells.iter().zip(&self.counts);
        all.map(|(cells, count)| *count > 0 && cells.count(*count) == *count).collect()
    }

    fn or_nothing(&self, why: impl FnOnce() -> String) -> Result<(), Unselectable> {
        let any = self.cells.iter().any(|cells| *cells != Cells::None);
        if any { Ok(()) } else { Err(Unselectable::Nothing(why())) }
    }
}

/// Returns what changes affect: what has changed itself, and what depends on that.
fn affected(partners: &Partners<'_>, names: &[Vec<String>], since: &Since) -> Vec<Hit> {
    let changed = |name: &String| Some(Ground::Affected(since.affected.get(name)?.clone()));
    let mut hits = hits(names, changed);
    let first = hits.iter().map(|hit| hit.cells != Cells::None).collect();
    partners.dependants(first, |process, of| {
        if hits[process].ground.is_none() {
            hits[process].ground = Some(Ground::Depends(of));
        }
        hits[process].cells = Cells::All;
    });
    hits
}

/// Returns which nodes have a ground; of each process the first of them is told.
fn hits(names: &[Vec<String>], ground: impl Fn(&String) -> Option<Ground>) -> Vec<Hit> {
    let hit = |names: &Vec<String>| {
        let grounds: Vec<_> = names.iter().map(&ground).collect();
        let cells = (0..names.len()).filter(|&cell| grounds[cell].is_some());
        let cells = Cells::of(cells.collect(), names.len());
        Hit { cells, ground: grounds.into_iter().flatten().next() }
    };
    names.iter().map(hit).collect()
}
