//! Raw: one struct for each table of a job file, as it is written.
//!
//! The same struct loads the table, makes its schema and documents its keys: the doc comments here
//! are what an editor shows. Places travel in [`Key`](super::forms::Key); what the values mean is
//! for `lower`. Every key is optional for the loader, so that one that is missing hides nothing.
//!
//! Reading order: [`job`], [`process`], [`queue`].

mod job;
mod process;
mod queue;

pub(super) use job::{JobFile, Limits, OnFailure, Pool};
pub(super) use process::{
    Ack, Defaults, Deliver, EDGES, ExitCode, Matrix, OnEnd, OutputFile, Process, Retry, RetryWord,
    RunWhen, StderrWord, StdinFrom, StdoutWord, Stop, Timeout, When,
};
pub(super) use queue::{Framing, ItemsFrom, Queue};

/// Marks structs as the table form of an `Either`.
macro_rules! tables {
    ($($name:ty),* $(,)?) => {$(
        impl crate::config::forms::Form for $name {
            fn owns(kind: crate::config::forms::Kind) -> bool {
                kind == crate::config::forms::Kind::Table
            }

            fn words() -> String {
                "a table".to_owned()
            }
        }
    )*};
}
use tables;

/// One name or a list of them.
pub(super) type OneOrMany<T> = super::forms::Either<T, super::forms::List<T>>;
