//! After: what becomes of the items of a worker that is over.
//!
//! One in its hand is charged with how it ended; of several any may have ended it, so each is run
//! alone and none is charged. Nor is any at the first nonsense. Whom the runner ended itself
//! charges nobody. Unaware of how its end is judged.

use std::time::Duration;

use super::books::Failure;
use super::desk::Desk;
use crate::engine::fault::Fault;
use crate::event::{Exit, Verdict};

/// How a worker ended.
pub(in crate::engine) struct Death {
    pub(in crate::engine) verdict: Verdict,
    pub(in crate::engine) exit: Exit,
    /// Why it failed although its exit looks well.
    pub(in crate::engine) reason: Option<String>,
}

/// Settles all that a worker leaves.
pub(in crate::engine) async fn conclude(mut desk: Box<Desk>, death: Death) -> Result<(), Fault> {
    empty_hand(&mut desk, death);
    while !desk.pending.is_empty() {
        let settled = desk.next().await?;
        desk.settle(settled);
    }
    desk.books.tell().await;
    Ok(())
}

fn empty_hand(desk: &mut Desk, death: Death) {
    let culprit = match death.verdict {
        Verdict::Stopped => return give_back(desk),
        Verdict::TimedOut => match desk.overdue {
            // It replied while it was asked to end; what else it has is not to blame.
            Some(index) if !desk.hand.holds(index) => return give_back(desk),
            overdue => overdue,
        },
        // One that hangs up with items in its hand is no better than one that dies.
        Verdict::Passed | Verdict::Ended | Verdict::Failed | Verdict::Killed => None,
    };
    if let Some(given) = culprit.and_then(|index| desk.hand.take(index)) {
        give_back(desk);
        let total = desk.works.total.unwrap_or_default();
        desk.failed(given, death.failure(Some(over("total of", total))));
    } else if desk.hand.len() == 1 {
        let idle = desk.books.context.plan.process(desk.works.node).timeout.idle;
        let is_idle = death.verdict == Verdict::TimedOut;
        let silent = idle.filter(|_| is_idle).map(|idle| over("idle for", idle));
        let Some(given) = desk.hand.take_all().next() else { return };
        if death.reason.is_some() && !given.delivery.alone {
            // Nonsense need not be about the item that is in hand.
            desk.books.suspect(given);
        } else {
            desk.failed(given, death.failure(silent));
        }
    } else {
        for given in desk.hand.take_all() {
            desk.books.suspect(given);
        }
    }
}

fn give_back(desk: &mut Desk) {
    for given in desk.hand.take_all() {
        desk.books.back(given);
    }
}

impl Death {
    /// Returns the failure of the one item that it is charged to.
    fn failure(self, limit: Option<String>) -> Failure {
        let Self { verdict, exit, reason } = self;
        let passed = matches!(verdict, Verdict::Passed | Verdict::Ended);
        let left = passed.then(|| "the worker ended before it had replied".to_owned());
        Failure {
            verdict: if passed { Verdict::Failed } else { verdict },
            exit,
            reason: limit.or(reason).or(left),
            retry: true,
        }
    }
}

/// Says which limit is over.
fn over(what: &str, limit: Duration) -> String {
    format!("{what} {}", humantime::format_duration(limit))
}
