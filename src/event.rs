//! Event: what happened, in the order it happened, and the tally of it.
//!
//! The engine speaks these, sinks hear them, the journal is them on disk. Owned plain data; unaware
//! of who speaks and of who listens.
//!
//! Reading order: [`kind`], [`finding`], [`outcome`], [`tally`], [`letter`], [`masked`],
//! [`schema`](mod@schema); [`bytes`] and [`micros`] are how bytes and durations are written.

mod bytes;
mod finding;
mod kind;
mod letter;
mod logs;
mod masked;
mod micros;
mod outcome;
mod schema;
mod tally;

pub use bytes::Text;
pub use finding::Finding;
pub use kind::{Event, EventKind, ItemRef, Needed, QueueLevel, SCHEMA, Stream, Try};
pub use letter::{Letter, Letters};
pub use logs::{Leftover, LogPiece, Logs};
pub use masked::Outside;
pub use outcome::{Exit, NotStarted, Outcome, Stop, Verdict};
pub use schema::schema;
pub use tally::{Attempt, Ended, Findings, Node, NodeState, Outcomes, Queue, Services, Tally};

use std::io;
use std::time::Duration;

/// Hears every event, each with the tally that already counts it.
pub trait Sink {
    /// Takes in one event. An error means that what this sink writes is no longer complete: the
    /// run stops and ends with 3, or quietly where a pipe was closed.
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()>;

    /// Redraws, where this sink draws; called about ten times a second while a run goes on.
    fn tick(&mut self, _at: Duration, _tally: &Tally) -> io::Result<()> {
        Ok(())
    }

    /// Leaves the screen to somebody else, who has the terminal alone, or takes it back.
    fn give_way(&mut self, _away: bool) -> io::Result<()> {
        Ok(())
    }

    /// Returns whether this sink wants [`EventKind::Output`]; without such a sink none are made.
    fn wants_output(&self) -> bool {
        false
    }

    /// Returns whether it keeps, for their owner only, what a later run needs: it is told items as
    /// they are beside what is masked of them.
    fn keeps_items(&self) -> bool {
        false
    }

    /// Writes what is still held and says whether all of it arrived.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}
