//! Report: draws a run for whoever watches it, one file for each audience.
//!
//! Every reporter is a [`Sink`] that is told events and reads the [`Tally`]; none counts by itself,
//! so bars, lines, summary and JSON agree. What children print passes [`sanitize`] before it
//! reaches a terminal. Unaware of the engine and of the plan.
//!
//! Reading order: [`mode`] and [`screen`] say who watches; [`plain`], [`group`], [`quiet`],
//! [`json`] and [`live`] draw; [`said`], [`summary`], [`findings`], [`flow`] and
//! [`words`] are what they say;
//! [`lines`], [`sanitize`], [`fence`], [`heart`], [`replay`], [`page`], [`paint`] and [`patient`]
//! are what they draw with. [`dead`] is about the items that failed for good, once the run is over,
//! and [`written`](mod@written) tells all of it in files.
//!
//! [`Tally`]: crate::event::Tally

mod dead;
mod fence;
mod findings;
mod flow;
mod group;
mod heart;
mod json;
mod lines;
mod live;
mod mode;
mod page;
mod paint;
mod patient;
mod plain;
mod quiet;
mod replay;
mod said;
mod sanitize;
mod screen;
mod summary;
mod words;
mod written;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod strict;

pub use dead::{DeadTable, Remarks, Sheet, dead_item};
pub use mode::{Color, Mode, color};
pub use screen::{Screen, Size, unwritten};
pub use written::{Form, Written, written};

use crate::event::Sink;

/// Returns the reporter that draws a run in this mode; it writes the summary at the end too.
pub fn sink(mode: Mode, screen: Screen) -> Box<dyn Sink> {
    match mode {
        Mode::Live => Box::new(live::Live::new(screen)),
        Mode::Plain => Box::new(plain::Plain::new(screen)),
        Mode::Group => Box::new(group::Group::new(screen)),
        Mode::Quiet => Box::new(quiet::Quiet::new(screen)),
        Mode::Json => Box::new(json::Json::new(screen)),
    }
}
