//! A declarative job runner: TOML files declare processes, pools, queues and payloads; the runner
//! builds a graph of them, executes it with bounded parallelism and shows what happens.
//!
//! # Layout
//!
//! Rooms stand on floors, and a room imports from lower floors only; `tests/it/tidy.rs` proves it.
//!
//! - floor 0: [`model`], the nouns.
//! - floor 1: [`config`] reads job files, [`plan`] proves the graph, [`event`] says what happened,
//!   [`lookup`] finds programs and files, [`ci`] speaks to systems that show a run.
//! - floor 2: [`diagnostic`] writes what is wrong with files, [`child`] starts processes,
//!   [`launch`] writes their command lines, [`queue`] holds items, [`journal`] keeps runs on disk,
//!   [`report`] draws them, [`mask`] hides secrets, [`matcher`] finds problems in an output,
//!   [`preflight`] misses what a job names and the machine lacks, [`draft`] writes a first job
//!   file.
//! - floor 3: [`engine`] decides and drives, [`lsp`] answers editors.
//! - floor 4: [`app`] has one function per command.
//! - floor 5: [`cli`] turns words into calls.
//!
//! The library serves `main` and the tests; it promises nothing to others.

pub mod app;
pub mod child;
pub mod ci;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod draft;
pub mod engine;
pub mod event;
pub mod journal;
pub mod launch;
pub mod lookup;
pub mod lsp;
pub mod mask;
pub mod matcher;
pub mod model;
pub mod plan;
pub mod preflight;
pub mod queue;
pub mod report;
