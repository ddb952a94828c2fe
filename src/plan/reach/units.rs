//! Units: what starts in one step, in an order in which each comes after what it needs.
//!
//! Unaware of what follows from a need.

use std::collections::VecDeque;

use crate::model::{RunWhen, When};
use crate::plan::links::{Edge, Kind, Links};
use crate::plan::pipes::Chains;

/// One edge that must be met.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    /// Who has it, and where among its links.
    pub(super) of: usize,
    pub(super) at: usize,
    /// What it needs.
    pub(super) to: usize,
    pub(super) when: When,
}

/// Returns the needs of a process as they are met: what is implied is said, and cleanup waits for
/// ends only.
pub(super) fn needs<'a>(links: &'a Links<'_>, of: usize) -> impl Iterator<Item = Need> + 'a {
    let edges = &links.edges[of];
    let cleans_up = links.process(of).run != RunWhen::OnSuccess;
    let ends = |kind| matches!(kind, Kind::Need(When::Passed | When::Ended | When::Failed));
    let said = move |to: usize| edges.iter().any(|edge| edge.to == to && ends(edge.kind));
    let when = move |edge: &Edge| match edge.kind {
        Kind::Need(when) => Some(when),
        Kind::Stdin | Kind::Stdout | Kind::Result if !said(edge.to) => Some(When::Passed),
        Kind::Stdin | Kind::Stdout | Kind::Result | Kind::After | Kind::Pipe => None,
    };
    edges.iter().enumerate().filter_map(move |(at, edge)| {
        let when = when(edge)?;
        let when = if cleans_up && when == When::Passed { When::Ended } else { when };
        Some(Need { of, at, to: edge.to, when })
    })
}

/// Processes that start together, in an order in which each comes after what it needs.
pub(super) struct Units {
    /// By leader: its members.
    pub(super) members: Vec<Vec<usize>>,
    /// By process: its leader.
    pub(super) leaders: Vec<usize>,
    /// Leaders that are on no circle, each behind what it needs.
    pub(super) order: Vec<usize>,
    /// By leader: its place in that order.
    pub(super) places: Vec<usize>,
    /// By process: who needs it.
    pub(super) waiters: Vec<Vec<Waiter>>,
}

/// One unit that needs a process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiter {
    pub(super) leader: usize,
    pub(super) when: When,
}

impl Units {
    pub(super) fn of(links: &Links<'_>, chains: &Chains) -> Self {
        let count = links.edges.len();
        let leaders: Vec<usize> = (0..count).map(|at| chains.leader(at)).collect();
        let mut members = vec![Vec::new(); count];
        let mut waiters = vec![Vec::new(); count];
        let mut pending = vec![0_usize; count];
        for (at, &leader) in leaders.iter().enumerate() {
            members[leader].push(at);
            for need in needs(links, at).filter(|need| leaders[need.to] != leader) {
                waiters[need.to].push(Waiter { leader, when: need.when });
                pending[leader] += 1;
            }
        }
        let is_free = |at: &usize| leaders[*at] == *at && pending[*at] == 0;
        let mut next: VecDeque<usize> = (0..count).filter(is_free).collect();
        let mut order = Vec::with_capacity(count);
        let mut places = vec![usize::MAX; count];
        while let Some(leader) = next.pop_front() {
            places[leader] = order.len();
            order.push(leader);
            for waiter in members[leader].iter().flat_map(|&member| &waiters[member]) {
                pending[waiter.leader] -= 1;
                if pending[waiter.leader] == 0 {
                    next.push_back(waiter.leader);
                }
            }
        }
        Self { members, leaders, order, places, waiters }
    }

    /// Returns who needs one of a unit.
    pub(super) fn waiters_of(&self, leader: usize) -> impl Iterator<Item = Waiter> + '_ {
        self.members[leader].iter().flat_map(|&member| &self.waiters[member]).copied()
    }
}
