//! View: a job shown in some form, without running it.
//!
//! Unaware of how each form is written.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::choice::Choice;
use super::graph::{Format, graph};
use super::load::{Load, load};
use super::past::Past;
use super::{FINE, Invoked, WRONG, conditions, list, plan};
use crate::report::Color;

/// A form of a job.
#[derive(Debug)]
pub enum View {
    /// What would run.
    Plan {
        /// What of it.
        choice: Box<Choice>,
        /// `--state-dir`.
        state: Option<PathBuf>,
    },
    /// The graph.
    Graph(Format),
    /// Processes, pools and queues.
    List {
        /// As JSON.
        json: bool,
    },
}

/// Shows a job.
pub fn view(file: &Path, add: &Load, color: Color, view: View) -> Invoked {
    let asked = match &view {
        View::Plan { choice, .. } => choice.as_ref().clone().ask(file)?,
        View::Graph(_) | View::List { .. } => Choice::default().ask(file)?,
    };
    let Some(job) = load(file, add, color)? else { return Ok(WRONG) };
    let mut out = BufWriter::new(io::stdout());
    match view {
        View::Plan { state, .. } => {
            let past = Past::load(file, state.as_deref());
            match asked.plan(job, file, &past.expected())? {
                Ok(planned) => plan::plan(&planned, &conditions::launch(&planned), &mut out)?,
                Err(code) => return Ok(code),
            }
        }
        View::Graph(format) => match asked.plan(job, file, &BTreeMap::new())? {
            Ok(planned) => graph(&planned, format, &mut out)?,
            Err(code) => return Ok(code),
        },
        View::List { json: false } => list::list(&job, &mut out)?,
        View::List { json: true } => list::json(&job, &mut out)?,
    }
    out.flush()?;
    Ok(FINE)
}
