//! Cut: the fewest entries of a job file that untie a knot.
//!
//! What waits for all of several things is freed by removing entries; what waits for any of them
//! also by freeing another. A knot is untied greedily first. Then it is searched for something
//! smaller: of a circle in what is still stuck, one entry must go, or something on it must be freed
//! from elsewhere. The search is exact, and bounded; where the bound is met, the greedy answer is
//! still right, and only perhaps not the smallest. Unaware of processes and queues.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

/// Steps of all searches of a job: a tenth of a second. One for a circle of 100 000 takes none, and
/// one for a knot of a dozen processes some thousands.
pub(super) const MOST_TRIED: usize = 20_000_000;

/// Steps of the search in one knot, so that a large one leaves some to the others.
const MOST_TRIED_IN_ONE: usize = 4_000_000;

/// What must have happened before what.
#[derive(Debug, Default)]
pub(super) struct Tangle {
    /// By event: whether one of the things that it waits for is enough.
    any: Vec<bool>,
    /// By event: what it waits for, positions in `arcs`.
    waits: Vec<Vec<usize>>,
    /// By event: what waits for it.
    waiters: Vec<Vec<usize>>,
    /// Events that are free because one of the things they wait for lies outside.
    free: Vec<usize>,
    arcs: Vec<Arc>,
}

/// One event waiting for another.
#[derive(Debug, Clone, Copy)]
struct Arc {
    from: usize,
    to: usize,
    /// The entry that says so, where one does.
    entry: Option<usize>,
}

/// What unties a knot.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The entries to remove.
    pub(super) entries: Vec<usize>,
    /// Whether no smaller number does.
    pub(super) fewest: bool,
}

/// What a search came to.
enum Searched {
    Found(Vec<usize>),
    /// There is nothing of that size.
    Nothing,
    /// Too much was tried.
    Unknown,
}

/// One decision of the search.
#[derive(Debug)]
struct Branch {
    /// Arcs, one of which must be given up.
    choices: Vec<usize>,
    /// How many of them were tried.
    tried: usize,
}

impl Tangle {
    /// Returns events without anything to wait for; `any` says which need only one of it.
    pub(super) fn new(any: Vec<bool>) -> Self {
        let count = any.len();
        Self {
            any,
            waits: vec![Vec::new(); count],
            waiters: vec![Vec::new(); count],
            ..Self::default()
        }
    }

    /// Lets an event wait for another.
    pub(super) fn waits(&mut self, from: usize, to: usize, entry: Option<usize>) {
        self.waits[from].push(self.arcs.len());
        self.waiters[to].push(self.arcs.len());
        self.arcs.push(Arc { from, to, entry });
    }

    /// Lets an event wait for something outside, which will happen.
    pub(super) fn waits_elsewhere(&mut self, from: usize) {
        if self.any[from] {
            self.free.push(from);
        }
    }

    /// Returns whether everything happens.
    pub(super) fn is_free(&self) -> bool {
        self.stuck(&vec![false; self.arcs.len()]).is_empty()
    }

    /// Returns what unties the knot, if possible by removing the one entry that is wished for;
    /// `left` is how many steps the search may still take.
    pub(super) fn cut(&self, wished: Option<usize>, left: &mut usize) -> Cut {
        if let Some(entry) = wished {
            let gone: Vec<bool> = self.arcs.iter().map(|arc| arc.entry == Some(entry)).collect();
            if self.stuck(&gone).is_empty() {
                return Cut { entries: vec![entry], fewest: true };
            }
        }
        let mut most = MOST_TRIED_IN_ONE.min(*left);
        *left -= most;
        let greedy = self.greedy(&mut most);
        let mut cut = Cut { fewest: greedy.len() < 2, entries: greedy };
        for count in 1..cut.entries.len() {
            match self.search(count, &mut most) {
                Searched::Found(entries) => {
                    cut = Cut { entries, fewest: true };
                    break;
                }
                Searched::Nothing => cut.fewest = count + 1 == cut.entries.len(),
                Searched::Unknown => break,
            }
        }
        *left += most;
        cut
    }

    /// Lets happen what can, without some arcs; returns what can't.
    fn stuck(&self, gone: &[bool]) -> Vec<usize> {
        let mut play = Play::new(self, gone);
        play.go_on(self, gone);
        (0..self.any.len()).filter(|&at| !play.happened[at]).collect()
    }

    /// Frees, again and again, whatever needs the fewest entries for it; linear, but for the last
    /// look at whether each of them is needed.
    fn greedy(&self, left: &mut usize) -> Vec<usize> {
        let mut gone = vec![false; self.arcs.len()];
        let mut play = Play::new(self, &gone);
        let mut cut = BTreeSet::new();
        play.go_on(self, &gone);
        while let Some(event) = play.cheapest(self) {
            for &arc in &self.waits[event] {
                let Arc { to, entry, .. } = self.arcs[arc];
                if !play.happened[to] {
                    gone[arc] = true;
                    cut.extend(entry);
                }
            }
            play.free(event);
            play.go_on(self, &gone);
        }
        let mut kept = cut.clone();
        for entry in cut {
            if *left < self.arcs.len() {
                break;
            }
            *left -= self.arcs.len();
            kept.remove(&entry);
            let is_gone = |arc: &Arc| arc.entry.is_some_and(|entry| kept.contains(&entry));
            let gone: Vec<bool> = self.arcs.iter().map(is_gone).collect();
            if !self.stuck(&gone).is_empty() {
                kept.insert(entry);
            }
        }
        kept.into_iter().collect()
    }

    /// Searches for so many entries.
    fn search(&self, count: usize, left: &mut usize) -> Searched {
        let mut gone = vec![false; self.arcs.len()];
        let mut branches: Vec<Branch> = Vec::new();
        let mut cut = 0;
        loop {
            let Some(rest) = left.checked_sub(self.arcs.len().max(1)) else {
                return Searched::Unknown;
            };
            *left = rest;
            let stuck = self.stuck(&gone);
            if stuck.is_empty() {
                let entries = self.arcs.iter().zip(&gone).filter(|(_, gone)| **gone);
                return Searched::Found(entries.filter_map(|(arc, _)| arc.entry).collect());
            }
            let choices = self.choices(&stuck, &gone, cut < count);
            branches.push(Branch { choices, tried: 0 });
            // The last decision that has another choice is made anew.
            loop {
                let Some(branch) = branches.last_mut() else { return Searched::Nothing };
                if let Some(&before) = branch.tried.checked_sub(1).map(|at| &branch.choices[at]) {
                    gone[before] = false;
                    cut -= usize::from(self.arcs[before].entry.is_some());
                }
                if let Some(&next) = branch.choices.get(branch.tried) {
                    branch.tried += 1;
                    gone[next] = true;
                    cut += usize::from(self.arcs[next].entry.is_some());
                    break;
                }
                branches.pop();
            }
        }
    }

    /// Returns the arcs of a circle, one of which must be given up: an entry, if one more may be
    /// removed, or a way to be freed, if there is another.
    fn choices(&self, stuck: &[usize], gone: &[bool], one_more: bool) -> Vec<usize> {
        let Some(circle) = self.circle(stuck, gone) else { return Vec::new() };
        let has_other = |arc: &usize| {
            let from = self.arcs[*arc].from;
            self.any[from] && self.waits[from].iter().filter(|arc| !gone[**arc]).count() > 1
        };
        let may_go = |arc: &usize| match self.arcs[*arc].entry {
            Some(_) => one_more,
            None => has_other(arc),
        };
        circle.into_iter().filter(may_go).collect()
    }

    /// Returns a circle among what is stuck; none where something waits for nothing any more.
    fn circle(&self, stuck: &[usize], gone: &[bool]) -> Option<Vec<usize>> {
        let mut is_stuck = vec![false; self.any.len()];
        for &at in stuck {
            is_stuck[at] = true;
        }
        let next = |at: usize| {
            let mut arcs = self.waits[at].iter().copied();
            arcs.find(|&arc| !gone[arc] && is_stuck[self.arcs[arc].to])
        };
        let mut step_of = vec![usize::MAX; self.any.len()];
        let mut way: Vec<usize> = Vec::new();
        let mut at = *stuck.first()?;
        while step_of[at] == usize::MAX {
            step_of[at] = way.len();
            let arc = next(at)?;
            way.push(arc);
            at = self.arcs[arc].to;
        }
        Some(way.split_off(step_of[at]))
    }
}

/// What has happened so far.
struct Play {
    happened: Vec<bool>,
    /// By event: arcs that it still waits for, those without an entry and those with one.
    plain: Vec<usize>,
    entries: Vec<usize>,
    next: VecDeque<usize>,
    /// What could be freed by removing so many entries, as of when it was put here.
    cheap: BinaryHeap<(Reverse<usize>, usize)>,
}

impl Play {
    fn new(tangle: &Tangle, gone: &[bool]) -> Self {
        let count = tangle.any.len();
        let mut play = Self {
            happened: vec![false; count],
            plain: vec![0; count],
            entries: vec![0; count],
            next: VecDeque::new(),
            cheap: BinaryHeap::new(),
        };
        for (arc, _) in tangle.arcs.iter().zip(gone).filter(|(_, gone)| !**gone) {
            match arc.entry {
                Some(_) => play.entries[arc.from] += 1,
                None => play.plain[arc.from] += 1,
            }
        }
        for event in 0..count {
            if tangle.any[event] {
                // Without any way left it is never freed.
                play.plain[event] = 1;
            } else {
                play.look_at(event);
            }
        }
        for &event in &tangle.free {
            play.free(event);
        }
        play
    }

    /// Notes what an event still lacks.
    fn look_at(&mut self, event: usize) {
        match (self.plain[event], self.entries[event]) {
            (0, 0) => self.free(event),
            (0, entries) => self.cheap.push((Reverse(entries), event)),
            _ => {}
        }
    }

    fn free(&mut self, event: usize) {
        if !std::mem::replace(&mut self.happened[event], true) {
            self.next.push_back(event);
        }
    }

    fn go_on(&mut self, tangle: &Tangle, gone: &[bool]) {
        while let Some(event) = self.next.pop_front() {
            for &arc in tangle.waiters[event].iter().filter(|arc| !gone[**arc]) {
                let Arc { from, entry, .. } = tangle.arcs[arc];
                if self.happened[from] {
                    continue;
                }
                let left = if entry.is_some() { &mut self.entries } else { &mut self.plain };
                left[from] -= 1;
                self.look_at(from);
            }
        }
    }

    /// Returns what is stuck and freed by removing the fewest entries; of several the last.
    fn cheapest(&mut self, tangle: &Tangle) -> Option<usize> {
        while let Some((Reverse(entries), event)) = self.cheap.pop() {
            let is_so = !self.happened[event] && self.entries[event] == entries;
            if is_so && !tangle.any[event] {
                return Some(event);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns a tangle of arcs; those with an entry are numbered in order.
    fn tangle(any: &[bool], arcs: &[(usize, usize, bool)]) -> (Tangle, usize) {
        let mut tangle = Tangle::new(any.to_vec());
        let mut entries = 0;
        for (from, to, is_entry) in arcs {
            tangle.waits(*from, *to, is_entry.then_some(entries));
            entries += usize::from(*is_entry);
        }
        (tangle, entries)
    }

    fn circle(count: usize) -> Tangle {
        let arcs: Vec<_> = (0..count).map(|at| (at, (at + 1) % count, true)).collect();
        tangle(&vec![false; count], &arcs).0
    }

    #[test]
    fn one_entry_of_a_circle_is_enough_and_the_wished_one_is_taken() {
        let left = &mut MOST_TRIED.clone();
        assert_eq!(circle(5).cut(Some(3), left), Cut { entries: vec![3], fewest: true });
        assert_eq!(circle(1).cut(None, left).entries, [0]);
        assert_eq!(circle(200_000).cut(None, left).entries.len(), 1);
    }

    #[test]
    fn without_time_the_answer_still_unties() {
        // Each waits for each: all but the entries of one order must go.
        let all = (0..8).flat_map(|from| (0..8).map(move |to| (from, to, true)));
        let arcs: Vec<_> = all.filter(|(from, to, _)| from != to).collect();
        let (tangle, _) = tangle(&[false; 8], &arcs);
        let cut = tangle.cut(None, &mut 0);
        assert_eq!((cut.entries.len(), cut.fewest), (28, false));
    }

    /// Returns the size of the smallest set of entries that frees everything, by trying them all.
    fn fewest(tangle: &Tangle, entries: usize) -> Option<u32> {
        let frees = |set: &u32| {
            let is_gone = |arc: &Arc| arc.entry.is_some_and(|entry| set & (1 << entry) != 0);
            let gone: Vec<bool> = tangle.arcs.iter().map(is_gone).collect();
            tangle.stuck(&gone).is_empty()
        };
        (0..1_u32 << entries).filter(frees).map(u32::count_ones).min()
    }

    proptest! {
        #[test]
        fn what_is_cut_unties_and_nothing_smaller_does(
            any in prop::collection::vec(prop::bool::weighted(0.3), 6),
            arcs in prop::collection::vec(
                (0..6_usize, 0..6_usize, prop::bool::weighted(0.7)), 1..13),
        ) {
            // As in a job: who needs only one of several has no entry that says so.
            let arcs: Vec<_> =
                arcs.into_iter().map(|(from, to, entry)| (from, to, entry && !any[from])).collect();
            let waits = |at: usize| arcs.iter().any(|(from, ..)| *from == at);
            let any: Vec<bool> = (0..6).map(|at| any[at] && waits(at)).collect();
            let (tangle, entries) = tangle(&any, &arcs);
            // Every circle has an entry, or nothing could be removed.
            let Some(fewest) = fewest(&tangle, entries) else { return Ok(()) };
            let cut = tangle.cut(None, &mut MOST_TRIED.clone());
            prop_assert!(cut.fewest);
            prop_assert_eq!(cut.entries.len(), fewest as usize);
            let is_gone = |arc: &Arc| arc.entry.is_some_and(|entry| cut.entries.contains(&entry));
            let gone: Vec<bool> = tangle.arcs.iter().map(is_gone).collect();
            prop_assert!(tangle.stuck(&gone).is_empty());
        }
    }
}
