//! Run: what a run does, feature by feature, as `language.md` and `cli.md` promise it.
//!
//! A job that runs one process after the other says the same each time and is compared whole; of
//! what runs at the same time only the laws are proved.

mod batches;
mod changed;
mod children;
mod commands;
mod conditions;
mod crashes;
mod environment;
mod failures;
mod finally;
mod findings;
mod graph;
mod html;
mod items;
mod jobserver;
mod modes;
mod outlook;
mod pools;
mod queues;
mod reports;
mod rerun;
mod results;
mod selection;
mod services;
mod skipped;
mod streams;
mod usual;
mod workers;
