//! Machine: what a run is given beside children, as a test likes it: memory, and the pipe of a job
//! server with make at its other end.
//!
//! Unaware of who is started.

use std::collections::BTreeSet;

use super::body::Body;
use super::child::Child;
use crate::child::CpuTurns;
use crate::engine::core::{Effect, Input, Manner, Sharing};
use crate::model::{NodeId, PoolId};

/// The machine.
#[derive(Debug, Default)]
pub(in crate::engine::core) struct Machine {
    /// Bytes of memory that are available.
    pub(in crate::engine::core) memory: Option<u64>,
    /// What everybody had of the CPUs.
    pub(in crate::engine::core) turns: CpuTurns,
    pub(in crate::engine::core) sharing: Sharing,
    /// Tokens: all of them, those in the pipe, in the hand of the run, and in that of make.
    pub(in crate::engine::core) all: u32,
    pub(in crate::engine::core) there: u32,
    pub(in crate::engine::core) hand: u32,
    pub(in crate::engine::core) made: u32,
    /// Nodes of which it is asked whether their conditions hold.
    pub(in crate::engine::core) asks: BTreeSet<NodeId>,
    /// Whether the run waits for a token.
    awaits: bool,
}

impl Machine {
    /// Does what is asked of the machine, and answers.
    pub(in crate::engine::core) fn answer(&mut self, effect: &Effect) -> Option<Input> {
        match effect {
            Effect::LookAtMemory => Some(Input::Memory(self.memory)),
            Effect::LookAtTurns { attempt, .. } => {
                Some(Input::Turns { attempt: *attempt, turns: self.turns })
            }
            Effect::TakeToken { wait } => {
                let taken = self.take();
                self.awaits |= *wait && !taken;
                Some(if taken { Input::Token } else { Input::NoToken })
            }
            Effect::GiveTokens(count) => {
                assert!(*count > 0 && *count <= self.hand, "it gives what it has not");
                self.hand -= count;
                self.there += count;
                self.late()
            }
            Effect::RecountTokens { sure } => {
                assert_eq!(self.sharing, Sharing::Serves);
                if *sure || self.made == 0 {
                    (self.there, self.made) = (self.all - self.hand, 0);
                }
                self.late()
            }
            other => panic!("the machine can't {other:?}"),
        }
    }

    fn take(&mut self) -> bool {
        let is_there = self.there > 0;
        self.there -= u32::from(is_there);
        self.hand += u32::from(is_there);
        is_there
    }

    /// Returns the token that was waited for, if it is there now.
    fn late(&mut self) -> Option<Input> {
        (self.awaits && self.take()).then(|| {
            self.awaits = false;
            Input::Token
        })
    }
}

impl Body {
    /// Shares so many tokens from now on.
    pub(in crate::engine::core) fn shares(&mut self, sharing: Sharing, tokens: u32) {
        self.core.share(sharing);
        self.machine = Machine { sharing, all: tokens, there: tokens, ..Machine::default() };
    }

    /// Has make take a token, if there is one.
    pub(in crate::engine::core) fn make_takes(&mut self) {
        let is_there = self.machine.there > 0;
        self.machine.there -= u32::from(is_there);
        self.machine.made += u32::from(is_there);
    }

    /// Has make give a token back.
    pub(in crate::engine::core) fn make_gives(&mut self) {
        let has = self.machine.made > 0;
        self.machine.made -= u32::from(has);
        self.machine.there += u32::from(has);
        if let Some(token) = self.machine.late() {
            self.on(token);
        }
    }

    /// Has make die with a token.
    pub(in crate::engine::core) fn make_dies(&mut self) {
        self.machine.made = self.machine.made.saturating_sub(1);
    }

    /// Proves that all in the pool `default` have a token, but for one that runs alone.
    pub(in crate::engine::core) fn all_have_tokens(&self) {
        let counts = |node| {
            let node = self.plan.node(node);
            Manner::of(&self.plan, node) == Manner::Works
                && (self.machine.sharing == Sharing::Joins || node.pools.contains(&PoolId(0)))
        };
        // What runs after a node has its slots, or none.
        let holds = |child: &&Child| child.start.finally.is_none_or(|it| it.slot.is_some());
        let children = self.children.values().filter(holds);
        let needs = children.filter(|child| counts(child.node)).count();
        let own = u32::from(self.machine.sharing == Sharing::Joins);
        let most = (self.machine.hand + own).max(1) as usize;
        assert!(self.machine.sharing == Sharing::Nothing || needs <= most, "{needs} of {most}");
    }
}
