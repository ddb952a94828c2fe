//! Child: starts children, feeds and reads them, signals them, and ends all they leave behind.
//!
//! Children are not started by the engine but by a small process beside it, the spawner, which is
//! forked before anything else happens. So a start is cheap however much memory a run takes, the
//! engine never blocks in one, and whatever becomes of the engine, the spawner is there to kill
//! what it started. Platform code, and all unsafe code, is in this room. Unaware of the graph,
//! of queues and of retries of processes.
//!
//! Reading order: [`host`] is what the engine calls, `pipe` what it reads and writes, [`alarm`]
//! how it waits for what a pipe does not tell. Below it
//! [`os`] speaks with the spawner by `wire` and `post`; `cause` finds programs and explains why
//! one can't run, `headroom` knows of memory, [`tokens`] are those of a job server. [`signals`] are
//! those to this program, [`terminal`] is its own, [`resort`] ends everything where the engine
//! can't. On the other side `fork` makes the spawner, `spawner` is its loop, `birth` starts one
//! child, `family` knows what belongs to an attempt, by its `mark`, and `kin` ends it; `guard` puts
//! the terminal back in order; `standard` comes before all of it. [`sim`] plays all of that in
//! memory, for tests of the engine.

mod alarm;
mod birth;
mod cause;
mod family;
mod fork;
mod guard;
mod headroom;
mod holders;
mod host;
mod kin;
mod line;
mod mark;
mod memory;
mod os;
mod pipe;
mod post;
mod proc;
mod resort;
mod signals;
mod sim;
mod spawner;
mod standard;
mod system;
mod terminal;
mod tokens;
mod wire;

pub use alarm::Alarm;
pub use fork::Spawner;
pub use host::{Change, Child, Ended, Extra, Fault, Host, Input, Invocation, Output, StartError};
pub use pipe::{PipeReader, PipeWriter, Unread, Wrote, pipe};
pub use proc::{CpuTurns, cpu_turns, descriptors, ignored_signals, resident, waited_for_cpu};
pub use resort::LastResort;
pub use signals::{Heard, Signals, interrupt, stand_still};
pub use sim::{Act, Answers, Script, Sim};
pub use terminal::Terminal;
pub use tokens::Tokens;
pub use wire::JOB_SERVER;
