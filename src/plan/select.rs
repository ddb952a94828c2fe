//! Select: the processes that were asked for, and what they can't do without.
//!
//! That is what they need, what feeds the queues that they consume, who consumes the queues that
//! they feed, because nothing else would empty them, and whoever a pipe joins them to. One cell of
//! a matrix can be asked for by the name of its node. Unaware of sizes and order.

use std::collections::{BTreeSet, HashMap};

use super::links::{Kind, Links};
use crate::model::nearest;

/// What a run was asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of processes, or of nodes: `test (linux, 1.88)`; empty means all.
    pub processes: Vec<String>,
}

/// Why nothing can be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unselectable {
    /// No process has the name.
    #[error("no process is called `{name}`{}", .nearest.as_ref().map(|near|
        format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The name, as it was given.
        name: String,
        /// The nearest name that there is.
        nearest: Option<String>,
    },
    /// Nothing is left to run.
    #[error("nothing was selected")]
    Nothing,
}

/// Which cells of a process will run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cells {
    /// None: it is not selected.
    None,
    /// All of them.
    All,
    /// Some, by position.
    Some(BTreeSet<usize>),
}

impl Cells {
    /// Returns whether a cell will run.
    pub(super) fn has(&self, at: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(cells) => cells.contains(&at),
        }
    }
}

/// Returns which cells of each process will run; `names` are those of the nodes, by process.
pub(super) fn select(
    links: &Links<'_>,
    names: &[Vec<String>],
    selection: &Selection,
) -> Result<Vec<Cells>, Unselectable> {
    let count = links.edges.len();
    if count == 0 {
        return Err(Unselectable::Nothing);
    }
    if selection.processes.is_empty() {
        return Ok(vec![Cells::All; count]);
    }
    let mut chosen = vec![Cells::None; count];
    let asked = asked(links, names, selection)?;
    let mut next: Vec<usize> = asked.iter().map(|(process, _)| *process).collect();
    for (process, cell) in asked {
        match (cell, &mut chosen[process]) {
            (Some(_), Cells::All) => {}
            (Some(cell), Cells::Some(cells)) => drop(cells.insert(cell)),
            (Some(cell), none @ Cells::None) => *none = Cells::Some(BTreeSet::from([cell])),
            (None, any) => *any = Cells::All,
        }
    }
    let mut walked = vec![false; count];
    while let Some(process) = next.pop() {
        if !std::mem::replace(&mut walked[process], true) {
            each_partner(links, process, |partner| {
                chosen[partner] = Cells::All;
                next.push(partner);
            });
        }
    }
    Ok(chosen)
}

/// Returns the processes that were asked for, with the cell where one was.
fn asked(
    links: &Links<'_>,
    names: &[Vec<String>],
    selection: &Selection,
) -> Result<Vec<(usize, Option<usize>)>, Unselectable> {
    let cells: HashMap<&str, (usize, Option<usize>)> = names
        .iter()
        .enumerate()
        .filter(|(process, _)| links.process(*process).matrix.is_some())
        .flat_map(|(process, names)| {
            names.iter().enumerate().map(move |(at, name)| (name.as_str(), (process, Some(at))))
        })
        .collect();
    let find = |name: &String| {
        let process = links.names.get(name.as_str()).map(|&at| (at, None));
        process.or_else(|| cells.get(name.as_str()).copied()).ok_or_else(|| {
            let known = links.job.processes.iter().map(|process| process.name.as_str());
            let near = nearest(name, known).map(str::to_owned);
            Unselectable::Unknown { name: name.clone(), nearest: near }
        })
    };
    selection.processes.iter().map(find).collect()
}

/// Calls `found` for every process that one can't do without.
fn each_partner(links: &Links<'_>, process: usize, mut found: impl FnMut(usize)) {
    for edge in &links.edges[process] {
        match edge.kind {
            Kind::After => {}
            Kind::Need(_) | Kind::Stdin | Kind::Stdout | Kind::Result | Kind::Pipe => {
                found(edge.to);
            }
        }
    }
    links.readers[process].iter().copied().for_each(&mut found);
    for &queue in &links.feeds[process] {
        links.consumers[queue].iter().copied().for_each(&mut found);
    }
    if let Some(queue) = links.consumes[process] {
        links.feeders[queue].iter().copied().for_each(&mut found);
    }
}
