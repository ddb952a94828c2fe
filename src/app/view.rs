//! View: a job shown in some form, without running it.
//!
//! Unaware of how each form is written.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::choice::{Choice, unselected};
use super::graph::{Format, graph};
use super::load::{Load, load};
use super::past::Past;
use super::{FINE, Invoked, WRONG, list, plan};
use crate::report::Color;

/// A form of a job.
#[derive(Debug)]
pub enum View {
    /// What would run.
    Plan {
        /// The processes to plan; empty means all.
        processes: Vec<String>,
        /// `--jobs`.
        jobs: Option<u32>,
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
    let Some(job) = load(file, add, color)? else { return Ok(WRONG) };
    let mut out = BufWriter::new(io::stdout());
    match view {
        View::Plan { processes, jobs, state } => {
            let past = Past::load(file, state.as_deref());
            match (Choice { processes, jobs }).plan(job, &past.expected()) {
                Ok(planned) => plan::plan(&planned, &mut out)?,
                Err(unselectable) => return unselected(&unselectable),
            }
        }
        View::Graph(format) => match Choice::default().plan(job, &BTreeMap::new()) {
            Ok(planned) => graph(&planned, format, &mut out)?,
            Err(unselectable) => return unselected(&unselectable),
        },
        View::List { json: false } => list::list(&job, &mut out)?,
        View::List { json: true } => list::json(&job, &mut out)?,
    }
    out.flush()?;
    Ok(FINE)
}
