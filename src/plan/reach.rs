//! Reach: processes that can never run, whatever happens.
//!
//! Who needs that another has passed, or has started, runs only where that one's own needs were met
//! as well. So facts travel along the edges: this one passed, that one failed, the run has failed.
//! No process both passes and fails, unless its failure is allowed; and once the run has failed,
//! nothing that is `on-success` starts any more, unless it handles a failure, or reads a queue.
//! Only processes that something needs to fail matter, 64 of them in one pass over what is near.
//! Unaware of circles: what is on one, or behind it, is left out.

mod facts;
mod units;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use super::links::{Links, place};
use super::pipes::Chains;
use facts::{BAD, Facts, GOOD, OVER, says};
use units::{Need, Units, Waiter, needs};

use crate::model::{AllowFailure, Label, OnFailure, Problem, Process, RunWhen, When, code};

/// Processes whose facts travel at the same time: bits of a word.
const AT_ONCE: usize = 64;

/// Problems that also show where a fact comes from: a report draws no more of a file.
const MAX_TRACED: usize = 50;

/// Tells of every process that can never run because of what it itself needs; those that only need
/// such a process are not told.
pub(super) fn check(links: &Links<'_>, chains: &Chains) -> Vec<Problem> {
    let processes = &links.job.processes;
    let mut is_target = vec![false; processes.len()];
    for need in (0..processes.len()).flat_map(|at| needs(links, at)) {
        is_target[need.to] |= need.when == When::Failed && fails_badly(links.process(need.to));
    }
    let mut targets: Vec<usize> = (0..processes.len()).filter(|&at| is_target[at]).collect();
    if targets.is_empty() && processes.iter().all(|process| process.run != RunWhen::OnFailure) {
        return Vec::new();
    }
    let units = Units::of(links, chains);
    // Neighbours are looked at together, so that each pass is a short one.
    targets.sort_by_key(|&target| units.places[units.leaders[target]]);
    let mut reach =
        Reach { links, units, dead: vec![false; processes.len()], problems: Vec::new() };
    // The plainest reason is told: what is said outright, before what follows from a stop.
    let mut facts = Facts::new(processes.len());
    let mut contradictions = |reach: &mut Reach<'_>, stops| {
        let chunks = targets.chunks(AT_ONCE);
        chunks.for_each(|targets| reach.contradictions(targets, &mut facts, stops));
    };
    contradictions(&mut reach, false);
    if links.job.limits.on_failure != Some(OnFailure::Continue) {
        reach.after_failures();
        contradictions(&mut reach, true);
    }
    reach.roots()
}

/// Returns whether a process that failed can not also count as passed.
fn fails_badly(process: &Process) -> bool {
    match &process.allow_failure {
        AllowFailure::No => true,
        AllowFailure::Any => false,
        AllowFailure::Codes(codes) => codes.is_empty(),
    }
}

struct Reach<'a> {
    links: &'a Links<'a>,
    units: Units,
    /// By leader: whether it can never run.
    dead: Vec<bool>,
    /// Problems with their leaders.
    problems: Vec<(usize, Problem)>,
}

/// A fact that holds wherever a unit runs, and the need that it has it from.
#[derive(Clone, Copy)]
struct Because {
    need: Need,
    /// Whether the need itself says so, and not something behind it.
    directly: bool,
}

impl Reach<'_> {
    /// Returns all needs of a unit, but for those between its members, which `pipes` tells.
    fn needs_of(&self, leader: usize) -> impl Iterator<Item = Need> + '_ {
        let members = self.units.members[leader].iter();
        let all = members.flat_map(|&member| needs(self.links, member));
        all.filter(move |need| self.units.leaders[need.to] != leader)
    }

    /// Returns the unit whose needs were met as well where a need is met. A consumer may count as
    /// failed without having been let in, where the runner ends a standstill; so that a failure
    /// proves it only where there are no queues.
    fn behind(&self, need: &Need) -> Option<usize> {
        let leader = self.units.leaders[need.to];
        (self.proves(need.when) && !self.may_be_left_out(leader)).then_some(leader)
    }

    /// Returns whether a unit may count as passed although the needs of a member were not met: a
    /// condition of another member is asked when only that one lacks nothing.
    fn may_be_left_out(&self, leader: usize) -> bool {
        let members = &self.units.members[leader];
        let asks = |&member: &usize| !self.links.process(member).conditions.is_empty();
        members.len() > 1 && members.iter().any(asks)
    }

    fn proves(&self, when: When) -> bool {
        match when {
            When::Passed | When::Started | When::Ready => true,
            When::Failed => self.links.job.queues.is_empty(),
            When::Ended => false,
        }
    }

    /// Notes what follows for a unit from what it needs; returns whether it can run so far.
    fn inherit(&mut self, leader: usize) -> bool {
        let dead = {
            let mut behind = self.needs_of(leader).filter_map(|need| self.behind(&need));
            self.dead[leader] || behind.any(|unit| self.dead[unit])
        };
        self.dead[leader] = dead;
        !dead
    }

    /// Returns the problems of those that need nothing that can't run either.
    fn roots(mut self) -> Vec<Problem> {
        for at in 0..self.units.order.len() {
            self.inherit(self.units.order[at]);
        }
        let mut problems = std::mem::take(&mut self.problems);
        problems.retain(|(leader, _)| {
            let mut behind = self.needs_of(*leader).filter_map(|need| self.behind(&need));
            behind.all(|unit| !self.dead[unit])
        });
        problems.into_iter().map(|(_, problem)| problem).collect()
    }

    /// Finds what comes only after a failure, when nothing of its kind starts any more.
    fn after_failures(&mut self) {
        // By leader: the process that runs only after a failure.
        let mut late: Vec<Option<Because>> = vec![None; self.links.edges.len()];
        let mut is_late = vec![false; self.links.edges.len()];
        for at in 0..self.units.order.len() {
            let leader = self.units.order[at];
            let can_run = self.inherit(leader);
            let because = self.needs_of(leader).find_map(|need| {
                let fails = need.when == When::Failed && fails_badly(self.links.process(need.to));
                let behind = self.behind(&need).is_some_and(|unit| is_late[unit]);
                (fails || behind).then_some(Because { need, directly: fails })
            });
            let members = &self.units.members[leader];
            let cleans_up =
                members.iter().any(|&member| self.links.process(member).run == RunWhen::OnFailure);
            late[leader] = because;
            is_late[leader] = because.is_some() || cleans_up;
            let Some(because) = because.filter(|_| can_run) else { continue };
            let too_late = members.iter().copied().find(|&member| self.only_before(member));
            if let Some(member) = too_late {
                self.dead[leader] = true;
                let problem = self.too_late(member, because, &late);
                self.problems.push((leader, problem));
            }
        }
    }

    /// Returns whether a process never starts once the run has failed.
    fn only_before(&self, process: usize) -> bool {
        let handles = |need: Need| matches!(need.when, When::Failed | When::Ended);
        self.links.process(process).run == RunWhen::OnSuccess
            && self.links.consumes[process].is_none()
            && !needs(self.links, process).any(handles)
    }

    fn too_late(&self, process: usize, because: Because, late: &[Option<Because>]) -> Problem {
        let links = self.links;
        let (name, needed) = (links.name(process), links.name(because.need.to));
        let message = format!(
            "process `{name}` can never run: `{needed}` runs only after a failure, and then \
             nothing else starts"
        );
        let text = format!("`{}` needs `{needed}`", links.name(because.need.of));
        let problem = Problem::error(code::UNREACHABLE, message, self.label(because.need, text))
            .help(format!("add `run = \"on-failure\"` to [process.{name}]"));
        let mut source = because;
        if self.problems.len() < MAX_TRACED {
            while !source.directly
                && let Some(next) = late[self.units.leaders[source.need.to]]
            {
                source = next;
            }
        }
        if source.directly {
            return problem.also(self.said(source.need));
        }
        let members = &self.units.members[self.units.leaders[source.need.to]];
        let runs_late = |at: &&usize| links.process(**at).run == RunWhen::OnFailure;
        members.iter().find(runs_late).into_iter().fold(problem, |problem, &late| {
            let late = links.process(late);
            problem.also(place(late).then("run").label("only once the run has failed"))
        })
    }

    /// Finds what needs that one of these has passed and that it has failed; where runs stop after
    /// a failure, whoever would not start then proves that what is over did not fail.
    fn contradictions(&mut self, targets: &[usize], facts: &mut Facts, stops: bool) {
        facts.begin(targets);
        let last = self.last_that_matters(targets);
        let mut next = BinaryHeap::new();
        for &target in targets {
            for &waiter in &self.units.waiters[target] {
                let own = says(waiter.when, facts.bits[target]);
                self.pass_on(waiter, own, facts, (&mut next, last));
            }
        }
        while let Some(Reverse(place)) = next.pop() {
            let leader = self.units.order[place];
            if stops && self.is_early(leader) {
                facts.of[leader][GOOD] |= facts.of[leader][OVER];
            }
            let found = facts.of[leader];
            let both = found[GOOD] & found[BAD];
            if both != 0 && self.inherit(leader) {
                self.dead[leader] = true;
                let problem = self.contradiction(leader, facts, 1 << both.trailing_zeros());
                self.problems.push((leader, problem));
            }
            let proves = |waiter: &Waiter| self.proves(waiter.when);
            let waiters = self.units.waiters_of(leader).filter(proves);
            for waiter in waiters.filter(|_| !self.may_be_left_out(leader)) {
                self.pass_on(waiter, found, facts, (&mut next, last));
            }
        }
        facts.end();
    }

    /// Returns the last place in order at which something needs, directly or through others, that
    /// one of these has failed: behind it nothing can contradict that.
    fn last_that_matters(&self, targets: &[usize]) -> usize {
        let mut seen = HashSet::new();
        let waiters = targets.iter().flat_map(|&target| &self.units.waiters[target]);
        let handlers = waiters.filter(|waiter| waiter.when == When::Failed);
        let mut rest: Vec<usize> = handlers.map(|waiter| waiter.leader).collect();
        let mut last = 0;
        while let Some(leader) = rest.pop() {
            // What is on a circle has no place.
            if self.units.places[leader] != usize::MAX && seen.insert(leader) {
                last = last.max(self.units.places[leader]);
                let waiters = self.units.waiters_of(leader);
                let proven = waiters.filter(|waiter| self.proves(waiter.when));
                rest.extend(proven.map(|waiter| waiter.leader));
            }
        }
        last
    }

    /// Hands facts to one who waits, and has it looked at unless it comes too late to matter.
    fn pass_on(
        &self,
        waiter: Waiter,
        found: [u64; 3],
        facts: &mut Facts,
        (next, last): (&mut BinaryHeap<Reverse<usize>>, usize),
    ) {
        let place = self.units.places[waiter.leader];
        if place <= last && facts.add(waiter.leader, found) {
            next.push(Reverse(place));
        }
    }

    /// Returns whether a unit never starts once the run has failed.
    fn is_early(&self, leader: usize) -> bool {
        self.units.members[leader].iter().any(|&member| self.only_before(member))
    }

    /// Returns what did not fail, what failed and what is over where a need is met.
    fn facts_of(&self, facts: &Facts, need: &Need) -> [u64; 3] {
        let own = says(need.when, facts.bits[need.to]);
        let behind = self.behind(need).map_or([0; 3], |unit| facts.of[unit]);
        [GOOD, BAD, OVER].map(|side| own[side] | behind[side])
    }

    /// Returns the need from which a unit has a fact: that of `side` about the process of a bit.
    fn because(&self, leader: usize, facts: &Facts, side: usize, bit: u64) -> Option<Because> {
        let from = |side: usize| {
            let has = |need: &Need| self.facts_of(facts, need)[side] & bit != 0;
            self.needs_of(leader).find(has)
        };
        // Where nothing else says so, it starts only while nothing has failed.
        let need = from(side).or_else(|| from(OVER))?;
        Some(Because { need, directly: facts.bits[need.to] == bit })
    }

    fn contradiction(&self, leader: usize, facts: &Facts, bit: u64) -> Problem {
        let links = self.links;
        let target = links.name(facts.targets[bit.trailing_zeros() as usize]);
        let sides = [(GOOD, "passes"), (BAD, "fails")];
        let found = sides.map(|(side, _)| {
            self.because(leader, facts, side, bit).expect("the fact has a source")
        });
        let name = links.name(found[0].need.of);
        let message =
            format!("process `{name}` can never run: it needs `{target}` both to pass and to fail");
        let mut labels = Vec::new();
        for ((side, does), because) in sides.into_iter().zip(found) {
            if because.directly {
                labels.push(self.said(because.need));
                continue;
            }
            let (of, needed) = (links.name(because.need.of), links.name(because.need.to));
            let text = format!("`{of}` needs `{needed}`, which runs only if `{target}` {does}");
            labels.push(self.label(because.need, text));
            let source = self.source(because, facts, side, bit);
            labels.extend(source.map(|need| self.said(need)));
        }
        let needed = links.name(found[1].need.to);
        let help = if found.iter().all(|because| because.directly) {
            format!(
                "write `{{ process = \"{target}\", when = \"ended\" }}` instead of both entries"
            )
        } else {
            format!("write `{{ process = \"{needed}\", when = \"ended\" }}` in `needs` of `{name}`")
        };
        let mut labels = labels.into_iter();
        let first = labels.next().expect("each side has a label");
        labels.fold(Problem::error(code::UNREACHABLE, message, first), Problem::also).help(help)
    }

    /// Follows a fact to the need that says it, unless that is the one it begins with.
    fn source(&self, because: Because, facts: &Facts, side: usize, bit: u64) -> Option<Need> {
        if because.directly || self.problems.len() >= MAX_TRACED {
            return None;
        }
        let mut at = because;
        while !at.directly {
            at = self.because(self.units.leaders[at.need.to], facts, side, bit)?;
        }
        Some(at.need)
    }

    /// Labels a need with what it asks for.
    fn said(&self, need: Need) -> Label {
        let (of, to) = (self.links.name(need.of), self.links.name(need.to));
        let text = match need.when {
            When::Passed => format!("`{of}` needs `{to}` to pass"),
            When::Failed => format!("`{of}` needs `{to}` to fail"),
            When::Started => format!("`{of}` needs the start of `{to}`"),
            When::Ready => format!("`{of}` needs service `{to}`"),
            When::Ended => {
                format!("`{of}` starts after `{to}`, and only while nothing has failed")
            }
        };
        self.label(need, text)
    }

    fn label(&self, need: Need, text: String) -> Label {
        let edge = &self.links.edges[need.of][need.at];
        edge.spot.place(self.links.process(need.of)).label(text)
    }
}
