//! Conditions: what must hold for a node to run, asked once, when all that it needs is done.
//!
//! It is asked before the node takes a slot and before services are started for it, so that nothing
//! is started for what is skipped. A bounded number is asked at the same time, and each answer has
//! its time. Unaware of how an answer is found.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::nodes::State;
use super::timers::Timer;
use super::{Answer, Core, Effect};
use crate::event::Outcome;
use crate::model::{AllowFailure, NodeId};

/// How many nodes are asked for at the same time: their commands take no slots, and a matrix can
/// have a thousand cells.
pub(super) const AT_ONCE: usize = 8;

/// How long an answer may take: a condition is a look, and what takes longer is work.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// What is asked, and what is to be.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// Nodes whose turn has not come.
    next: VecDeque<NodeId>,
    /// Nodes that are asked for, and when they are out of time.
    asked: BTreeMap<NodeId, Duration>,
}

impl Core {
    /// Has a node asked for that lacks nothing else; it goes on with the answer.
    pub(super) fn ask(&mut self, node: NodeId) {
        self.rows[node.index()].asks = false;
        self.enter(node, State::Asking);
        self.conditions.next.push_back(node);
    }

    /// Asks as much as may be asked at the same time.
    pub(super) fn ask_next(&mut self) {
        while self.conditions.asked.len() < AT_ONCE
            && let Some(node) = self.conditions.next.pop_front()
        {
            if self.rows[node.index()].state != State::Asking {
                continue;
            }
            let end = self.now.saturating_add(LONGEST);
            self.timers.set(end, Timer::Unanswered(node));
            self.conditions.asked.insert(node, end);
            self.out.push(Effect::Ask(node));
        }
    }

    /// Takes in whether what a node asks for holds.
    pub(super) fn answered(&mut self, node: NodeId, answer: Answer) {
        if !self.is_asked_no_more(node) {
            return;
        }
        match answer {
            Answer::Holds => {
                self.enter(node, State::Waiting);
                self.admit(node);
            }
            Answer::Unmet(reason) => self.excuse(node, reason),
            Answer::Unanswered(why) => self.condition_failed(node, &why),
        }
    }

    /// Ends a node whose conditions were not answered in time.
    pub(super) fn unanswered(&mut self, node: NodeId) {
        if self.is_asked_no_more(node) {
            let limit = humantime::format_duration(LONGEST);
            self.condition_failed(node, &format!("no answer within {limit}"));
        }
    }

    /// Notes that nobody waits for the answer of a node any more; returns whether somebody did.
    pub(super) fn is_asked_no_more(&mut self, node: NodeId) -> bool {
        let Some(end) = self.conditions.asked.remove(&node) else { return false };
        self.timers.unset(end, Timer::Unanswered(node));
        true
    }

    /// Returns whether something is asked or to be asked.
    pub(super) fn is_asking(&self) -> bool {
        !self.conditions.asked.is_empty() || !self.conditions.next.is_empty()
    }

    /// Ends a node of which nobody knows whether it should run.
    fn condition_failed(&mut self, node: NodeId, why: &str) {
        let outcome = match self.plan.process(node).allow_failure {
            AllowFailure::Any => Outcome::AllowedFailure,
            AllowFailure::No | AllowFailure::Codes(_) => Outcome::Failed,
        };
        self.end_node(node, outcome, Some(format!("its condition cannot be answered: {why}")));
    }
}
