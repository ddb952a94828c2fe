//! Tokens: slots of the machine that a run shares with `make` and the like, by a job server.
//!
//! The run serves them, or joins a server that it was started under. What counts in the pool
//! `default` has one while it runs, its implicit slot for what is inside; where the run joins, what
//! counts anywhere. What is in a pool of its own has one where there is one to spare, and lends it
//! to who needs it: a pool of four is a pool of four also on two CPUs. A token that comes free is
//! handed on in the same turn, or goes back.
//!
//! None is ever waited for in vain: a joiner has one of its own from the start, and a server lets
//! one attempt start without where none that counts runs, whoever has lost or keeps them all.
//! Unaware of pipes.

use super::ready::Lack;
use super::slots::Claim;
use super::{Core, Effect};
use crate::event::Exit;
use crate::model::PoolId;

/// The pool whose attempts need tokens: the first of every plan.
const DEFAULT: PoolId = PoolId(0);

/// With whom a run shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::engine) enum Sharing {
    /// With nobody.
    #[default]
    Nothing,
    /// It has all tokens, for those that it starts.
    Serves,
    /// It has one, and takes more of a server.
    Joins,
}

/// What an attempt is to the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Nothing.
    Nothing,
    /// It has one where there is one to spare.
    Wishes,
    /// It needs one.
    Needs,
    /// It needs one, and its end depends on that of others.
    Keeps,
}

/// The tokens in hand, and who is there for them.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    sharing: Sharing,
    /// Those in hand, in use or not.
    held: u32,
    wish: u32,
    need: u32,
    keep: u32,
    /// Wishes of which the body knows.
    heard: u32,
    /// Whether a token was asked for that has not come.
    asked: bool,
    /// Whether it is known that it has to be waited for.
    waits: bool,
    /// Whether somebody was killed who may have had some, since they were counted last.
    lost: bool,
}

impl Tokens {
    /// Begins with what this way of sharing gives.
    pub(super) fn new(sharing: Sharing) -> Self {
        let held = u32::from(sharing == Sharing::Joins);
        Self { sharing, held, ..Self::default() }
    }

    fn of(&self, claim: Claim<'_>) -> Use {
        let counts = match self.sharing {
            Sharing::Nothing => return Use::Nothing,
            Sharing::Serves => claim.in_pools && claim.pools.contains(&DEFAULT),
            Sharing::Joins => true,
        };
        match (claim.in_jobs, counts) {
            (false, _) => Use::Nothing,
            (true, true) if claim.extra => Use::Keeps,
            (true, true) => Use::Needs,
            // It would keep it from those that it waits for.
            (true, false) if claim.long => Use::Nothing,
            (true, false) => Use::Wishes,
        }
    }

    /// Counts an attempt. Whether there are enough is asked once all are counted that start
    /// together.
    pub(super) fn count(&mut self, claim: Claim<'_>) -> Use {
        let token = self.of(claim);
        if let Some(users) = self.users(token) {
            *users += 1;
        }
        token
    }

    /// Counts an attempt no more.
    pub(super) fn give_back(&mut self, token: Use) {
        if let Some(users) = self.users(token) {
            *users -= 1;
        }
    }

    /// Notes how a child ended: only what was killed loses tokens.
    pub(super) fn may_be_lost(&mut self, exit: &Exit) {
        self.lost |= matches!(exit, Exit::Signal(_) | Exit::OutOfMemory);
    }

    fn users(&mut self, token: Use) -> Option<&mut u32> {
        match token {
            Use::Nothing => None,
            Use::Wishes => Some(&mut self.wish),
            Use::Needs => Some(&mut self.need),
            Use::Keeps => Some(&mut self.keep),
        }
    }

    /// Returns whether there are enough, with these that were counted last.
    pub(super) fn suffice(&self, last: impl Iterator<Item = Use>) -> bool {
        let (mut needs, mut keeps) = (0, false);
        for token in last {
            needs += u32::from(token == Use::Needs);
            keeps |= token == Use::Keeps;
        }
        if needs == 0 && !keeps {
            return true;
        }
        if keeps && self.sharing == Sharing::Joins && self.keep >= self.held {
            // What they wait for needs the last one.
            return false;
        }
        let nobody_else = self.waits && self.need == needs && !keeps;
        self.need + self.keep <= self.held || nobody_else
    }

    /// Returns whether nothing starts for want of a token, although something might.
    pub(super) fn are_lacking(&self) -> bool {
        self.asked && self.waits && self.need + self.keep >= self.held
    }

    /// Returns whether the body is about to say whether there is one.
    pub(super) fn are_counted(&self) -> bool {
        self.asked && !self.waits
    }

    /// Returns how many are in use or wanted, or can't be given back.
    fn wanted(&self) -> u32 {
        (self.wish + self.need + self.keep).max(u32::from(self.sharing == Sharing::Joins))
    }
}

impl Core {
    /// Shares the slots of the machine with others. To be said before the run begins.
    pub(in crate::engine) fn share(&mut self, sharing: Sharing) {
        self.slots.tokens = Tokens::new(sharing);
    }

    /// Asks for a token that is lacking.
    pub(super) fn ask_for_token(&mut self) {
        if !std::mem::replace(&mut self.slots.tokens.asked, true) {
            self.out.push(Effect::TakeToken { wait: true });
        }
    }

    /// Takes in that a token was taken.
    pub(super) fn token_came(&mut self) {
        let tokens = &mut self.slots.tokens;
        tokens.held += 1;
        (tokens.asked, tokens.waits) = (false, false);
        self.ready.room(Lack::Token);
    }

    /// Takes in that there is no token now, and that the one that was asked for will come.
    pub(super) fn token_is_late(&mut self) {
        let tokens = &mut self.slots.tokens;
        tokens.waits = tokens.asked;
        self.ready.room(Lack::Token);
    }

    /// Gives back what nobody wants, and asks for what was only wished for. Who needs more than one
    /// keeps the first until it has the others.
    pub(super) fn settle_tokens(&mut self) {
        let gathers = self.ready.is_lacking(Lack::Token);
        let tokens = &mut self.slots.tokens;
        let short = tokens.wanted().saturating_sub(tokens.held);
        let tries = tokens.wish.saturating_sub(tokens.heard).min(short);
        tokens.heard = tokens.wish;
        let spare = if gathers { 0 } else { tokens.held.saturating_sub(tokens.wanted()) };
        tokens.held -= spare;
        for _ in 0..tries {
            self.out.push(Effect::TakeToken { wait: false });
        }
        if spare > 0 {
            self.out.push(Effect::GiveTokens(spare));
        }
    }

    /// Has tokens made again that were lost with who had them, once nobody can have any. While
    /// what lives long is there, that is done only if some may be lost, and it is looked whether
    /// that has them.
    pub(super) fn recount_tokens(&mut self) {
        let tokens = &mut self.slots.tokens;
        let mut attempts = self.attempts.values();
        let alone = self.living.is_empty() && attempts.all(|attempt| attempt.step.is_none());
        if tokens.sharing == Sharing::Serves && tokens.need == 0 && (alone || tokens.lost) {
            tokens.lost = false;
            self.out.push(Effect::RecountTokens { sure: alone });
        }
    }
}
