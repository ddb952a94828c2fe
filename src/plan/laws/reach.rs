//! Reach: what is told as unreachable never runs in any way that a run can go, and nothing else.
//!
//! Every way is walked: each process may pass or fail, whenever it may. Unaware of messages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;

use crate::model::{AllowFailure, Job, OnFailure, RunWhen, When, code};
use crate::plan::check;
use crate::plan::sample::job;

/// How far a process has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Waits,
    Runs,
    Passed,
    Failed,
    /// Failed, as it was allowed to.
    Allowed,
    Skipped,
}

use State::{Allowed, Failed, Passed, Runs, Skipped, Waits};

/// Returns whether a need is met, or `None` as long as that is open.
fn met(job: &Job, process: usize, need: (usize, When), states: &[State]) -> Option<bool> {
    let state = states[need.0];
    let cleans_up = job.processes[process].run != RunWhen::OnSuccess;
    match need.1 {
        When::Started | When::Ready => match state {
            Waits => None,
            state => Some(state != Skipped),
        },
        _ if matches!(state, Waits | Runs) => None,
        When::Ended => Some(true),
        When::Passed => Some(cleans_up || matches!(state, Passed | Allowed)),
        When::Failed => Some(matches!(state, Failed | Allowed)),
    }
}

/// Returns the states that may come next.
fn next(job: &Job, needs: &[Vec<(usize, When)>], states: &[State]) -> Vec<Vec<State>> {
    let with = |at: usize, state| {
        let mut states = states.to_vec();
        states[at] = state;
        states
    };
    let failed = states.contains(&Failed);
    let stopped = failed && job.limits.on_failure != Some(OnFailure::Continue);
    let mut found = Vec::new();
    for (at, process) in job.processes.iter().enumerate() {
        if states[at] == Runs {
            let allowed = process.allow_failure != AllowFailure::No;
            found.extend([with(at, Passed), with(at, if allowed { Allowed } else { Failed })]);
        }
        if states[at] != Waits {
            continue;
        }
        let met: Vec<_> = needs[at].iter().map(|need| met(job, at, *need, states)).collect();
        let handles = |(_, when): &(usize, When)| matches!(when, When::Failed | When::Ended);
        let after = process.run != RunWhen::OnSuccess || needs[at].iter().any(handles);
        if met.contains(&Some(false)) {
            return vec![with(at, Skipped)];
        }
        if met.contains(&None) || process.run == RunWhen::OnFailure && !failed {
            continue;
        }
        if stopped && !after {
            return vec![with(at, Skipped)];
        }
        found.push(with(at, Runs));
    }
    if found.is_empty() {
        let is_waiting = |at: &usize| states[*at] == Waits;
        found.extend((0..states.len()).find(is_waiting).map(|at| with(at, Skipped)));
    }
    found
}

/// Returns which processes run in some way.
fn reached(job: &Job) -> Vec<bool> {
    let names: BTreeMap<&str, usize> =
        job.processes.iter().enumerate().map(|(at, p)| (p.name.as_str(), at)).collect();
    let needs: Vec<Vec<(usize, When)>> = job
        .processes
        .iter()
        .map(|p| p.needs.iter().map(|need| (names[need.process.as_str()], need.when)).collect())
        .collect();
    let mut reached = vec![false; needs.len()];
    let mut seen = BTreeSet::new();
    let mut rest = vec![vec![Waits; needs.len()]];
    while let Some(states) = rest.pop() {
        for (at, state) in states.iter().enumerate() {
            reached[at] |= *state == Runs;
        }
        if seen.insert(states.clone()) {
            rest.extend(next(job, &needs, &states));
        }
    }
    reached
}

proptest! {
    #[test]
    fn what_is_unreachable_is_told_at_its_root(
        lines in prop::collection::vec(
            (prop::collection::vec((0..6_usize, 0..5_usize), 0..4), 0..6_usize, 0..4_usize), 1..5),
        goes_on in prop::bool::weighted(0.2),
    ) {
        // Something that nobody needs can always fail.
        let mut text = "any\np0\n".to_owned();
        for (at, (needs, run, allow)) in lines.iter().enumerate() {
            write!(text, "p{}", at + 1).unwrap();
            text += ["", "", "", "", " on-failure!", " always!"][*run];
            text += if *allow == 0 { " allow! needs" } else { " needs" };
            for (when, to) in needs {
                let when = ["", "", "failed:", "failed:", "ended:", "started:"][*when];
                write!(text, " {when}p{}", to % (at + 1)).unwrap();
            }
            text.push('\n');
        }
        let mut job = job(&text);
        job.limits.on_failure = goes_on.then_some(OnFailure::Continue);
        let problems = check(&job);
        prop_assert!(problems.iter().all(|problem| problem.code == code::UNREACHABLE));
        let told: Vec<usize> = problems.iter().map(|problem| {
            let name = problem.message.split('`').nth(1).unwrap();
            job.processes.iter().position(|process| process.name == name).unwrap()
        }).collect();
        let reached = reached(&job);
        for (at, process) in job.processes.iter().enumerate() {
            let needs = process.needs.iter().filter(|need| need.when != When::Ended);
            let cleans_up = process.run != RunWhen::OnSuccess;
            let mut hard = needs.filter(|need| !(cleans_up && need.when == When::Passed));
            let follows = hard.any(|need| {
                job.processes.iter().zip(&reached).any(|(p, run)| p.name == need.process && !run)
            });
            let root = !reached[at] && !follows;
            prop_assert_eq!(told.contains(&at), root, "{}: {}", text, process.name);
        }
    }
}
