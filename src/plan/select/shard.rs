//! Shard: one of several parts into which a run is split, each for a machine of its own.
//!
//! What nobody else of the run needs is dealt out, and what that needs comes along. So nothing is
//! lost and nothing that is dealt out runs twice, as long as every machine deals alike: therefore
//! only what all of them have decides, which is the job, the selection, and durations where they
//! are given. What each has learnt by itself does not. Unaware of the other machines.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;

use super::cells::Cells;
use super::partners::Partners;
use super::why::{Ground, Left};
use super::{Asked, Chosen, Unselectable};

/// What a node of unknown time counts, as in the order of a plan.
const UNKNOWN: Duration = Duration::from_secs(1);

/// One of several parts of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Which, counted from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// How long nodes take, by their names: the parts then take about as long. Without it they have
    /// about as many.
    pub durations: Option<BTreeMap<String, Duration>>,
}

/// What stays together: processes that are joined, or a single cell.
struct Unit {
    cells: Vec<(usize, Cells)>,
    cost: Duration,
}

impl Shard {
    /// Leaves to others what is theirs.
    pub(super) fn narrow(
        &self,
        asked: &mut Asked,
        partners: &Partners<'_>,
        chosen: &Chosen,
        names: &[Vec<String>],
    ) -> Result<(), Unselectable> {
        let units = self.units(asked, &ends(partners, chosen), partners, names);
        let ours = self.dealt(&units);
        let mut cells = vec![Cells::None; names.len()];
        for (unit, _) in units.iter().zip(ours).filter(|(_, ours)| *ours) {
            for (process, some) in &unit.cells {
                cells[*process] = cells[*process].either(some, names[*process].len());
            }
        }
        for (process, cells) in cells.into_iter().enumerate() {
            if cells != Cells::None {
                asked.grounds[process].push(Ground::Dealt);
            } else if asked.left[process].is_none() {
                asked.leave(process, Left::Elsewhere);
            }
            asked.cells[process] = cells;
        }
        asked.or_nothing(|| {
            let (number, of, units) = (self.number, self.of, units.len());
            format!("shard {number}/{of} is empty: there is work for {units} only")
        })
    }

    /// Returns what can be dealt out, in the order of the file.
    fn units(
        &self,
        asked: &Asked,
        ends: &[Vec<usize>],
        partners: &Partners<'_>,
        names: &[Vec<String>],
    ) -> Vec<Unit> {
        let mut units = Vec::new();
        for joined in ends {
            let unit = |cells: Vec<(usize, Cells)>| {
                let cost = cells.iter().map(|(at, cells)| self.cost(&names[*at], cells)).sum();
                Unit { cells, cost }
            };
            if let [process] = joined[..]
                && partners.links.consumes[process].is_none()
            {
                let own = (0..names[process].len()).filter(|&cell| asked.cells[process].has(cell));
                let one = |cell| Cells::of(BTreeSet::from([cell]), names[process].len());
                units.extend(own.map(|cell| unit(vec![(process, one(cell))])));
            } else {
                units.push(unit(joined.iter().map(|&at| (at, asked.cells[at].clone())).collect()));
            }
        }
        units
    }

    fn cost(&self, names: &[String], cells: &Cells) -> Duration {
        let known = self.durations.as_ref();
        let took = |name: &String| known.and_then(|known| known.get(name)).copied();
        let own = (0..names.len()).filter(|&cell| cells.has(cell));
        own.map(|cell| took(&names[cell]).unwrap_or(UNKNOWN)).sum()
    }

    /// Returns which of them are this shard's.
    fn dealt(&self, units: &[Unit]) -> Vec<bool> {
        if self.durations.is_none() {
            return (0..units.len()).map(|at| at % self.of == self.number - 1).collect();
        }
        // The longest first, each to whoever has the least.
        let mut order: Vec<usize> = (0..units.len()).collect();
        order.sort_by_key(|&at| (Reverse(units[at].cost), at));
        let mut loads: BinaryHeap<_> =
            (0..self.of).map(|shard| Reverse((Duration::ZERO, shard))).collect();
        let mut ours = vec![false; units.len()];
        for at in order {
            let Some(Reverse((load, shard))) = loads.pop() else { break };
            ours[at] = shard == self.number - 1;
            loads.push(Reverse((load.saturating_add(units[at].cost), shard)));
        }
        ours
    }
}

/// Returns the processes that no other of the run needs, those together that can't do without each
/// other; in the order of the file.
fn ends(partners: &Partners<'_>, chosen: &Chosen) -> Vec<Vec<usize>> {
    let runs = |process: &usize| chosen.cells[*process] != Cells::None;
    let mut graph: DiGraphMap<usize, ()> = DiGraphMap::new();
    for process in (0..chosen.cells.len()).filter(runs) {
        graph.add_node(process);
        partners.each(process, |partner| {
            if runs(&partner.process) {
                graph.add_edge(process, partner.process, ());
            }
        });
    }
    let mut group = vec![usize::MAX; chosen.cells.len()];
    let mut joined = kosaraju_scc(&graph);
    for (number, processes) in joined.iter_mut().enumerate() {
        processes.sort_unstable();
        for &process in processes.iter() {
            group[process] = number;
        }
    }
    let mut needed = vec![false; joined.len()];
    for (from, to, ()) in graph.all_edges() {
        needed[group[to]] |= group[from] != group[to];
    }
    let mut ends: Vec<Vec<usize>> =
        joined.into_iter().zip(needed).filter(|(_, needed)| !needed).map(|(all, _)| all).collect();
    ends.sort_unstable();
    ends
}
