//! Raw: one struct for each table of a job file, as it is written.
//!
//! The same struct loads the table, makes its schema and documents its keys: the doc comments here
//! are what an editor shows. Places travel in [`Key`](super::forms::Key); what the values mean is
//! for `lower`. Every key is optional for the loader, so that one that is missing hides nothing.
//! `x-names` tells the language server what the texts of a key name.
//!
//! The order of the fields is the one in which `format` writes keys: what a thing is, what it waits
//! for and takes in, where it runs, what it executes, what comes out, and what if that fails.
//!
//! A key of the language that this version does not run is read like every other, so that what is
//! wrong with it is told; `names` says which ones, and the schema skips them.
//!
//! Reading order: [`job`], [`process`] and its parts [`streams`], [`edges`], [`pace`], [`flow`],
//! [`service`], [`matcher`], then [`queue`].

mod edges;
mod flow;
mod job;
mod matcher;
mod pace;
mod process;
mod queue;
mod service;
mod streams;

pub(super) use edges::{Condition, Matrix, Need, Os, RunWhen, When};
pub(super) use flow::{
    Ack, Batch, BatchForm, Consumes, Deliver, Emit, From, OnEnd, Produces, Recycle, Wire,
};
pub(super) use job::{JobFile, Limits, OnFailure, Pool};
pub(super) use matcher::{ProblemMatcher, Severity, Tool};
pub(super) use pace::{Flaky, Retry, RetryWord, Stop, Timeout};
pub(super) use process::{Defaults, EDGES, Process};
pub(super) use queue::{Framing, ItemsFrom, OnFull, OnProducerFailure, Order, Queue};
pub(super) use service::{Cache, Leaks, Ready, Restart, RestartWord};
pub(super) use streams::{OutputFile, StderrWord, StdinFrom, StdoutWord};

/// An exit code.
pub(super) type ExitCode = super::forms::Whole<0, 255>;

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

/// Makes words the short form of an `Either`.
macro_rules! short {
    ($name:ty, $words:literal) => {
        impl crate::config::forms::Form for $name {
            fn owns(kind: crate::config::forms::Kind) -> bool {
                kind == crate::config::forms::Kind::Text
            }

            fn words() -> String {
                $words.to_owned()
            }
        }
    };
}
use short;

/// One name or a list of them.
pub(super) type OneOrMany<T> = super::forms::Either<T, super::forms::List<T>>;

/// A word of a command, or all words of one.
pub(super) type WordOrCommand = super::forms::Either<String, super::forms::List<String>>;
