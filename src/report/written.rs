//! Written: a run told in a file, for programs and for people who were not there.
//!
//! All of it is made from the events that a run has kept, once it is over: so it costs the run
//! nothing, it can be made at any time, and no two files disagree. Unaware of where the events come
//! from and of where the file lies.
//!
//! Reading order: [`Form`]; [`junit`], [`markdown`], [`trace`], [`events`] and [`codequality`] are
//! one each; [`html`] is a page with everything. [`markup`] is how text stands in some of them;
//! [`spool`] holds what is written before its time.

mod codequality;
mod events;
mod html;
mod junit;
mod markdown;
mod markup;
mod spool;
mod trace;

use std::io::{self, Write};

use crate::event::{Event, Tally};
use spool::Spool;

/// What a file about a run can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tests as `JUnit` has them: a suite for each process, a case for each cell or item.
    Junit,
    /// A page that hosts of code show beside a run.
    Markdown,
    /// A picture in time, as the tools of Chromium and Perfetto draw it.
    Trace,
    /// The events, one JSON value a line.
    Events,
    /// A page for a browser, on which everything is found.
    Html,
    /// What problem matchers have found, as GitLab reads it.
    CodeQuality,
}

/// A file about a run, while its events are read.
pub trait Written {
    /// Takes in the next event, which the tally already counts.
    fn hear(&mut self, event: &Event, tally: &Tally) -> io::Result<()>;

    /// Writes it.
    fn write(&mut self, tally: &Tally, to: &mut dyn Write) -> io::Result<()>;
}

/// Begins a file about a run.
pub fn written(form: Form) -> Box<dyn Written> {
    match form {
        Form::Junit => Box::new(junit::Junit::default()),
        Form::Markdown => Box::new(markdown::Markdown::default()),
        Form::Trace => Box::new(trace::Trace::default()),
        Form::Events => Box::new(events::Lines::default()),
        Form::Html => Box::new(html::Html::default()),
        Form::CodeQuality => Box::new(codequality::CodeQuality),
    }
}

/// Returns a duration in seconds, as most formats have it.
fn seconds(duration: std::time::Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}
