//! View: a job shown in some form, without running it.
//!
//! Unaware of how each form is written.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::graph::{Format, graph};
use super::load::{Load, load};
use super::run::{Past, machine, unselected};
use super::{FINE, Invoked, WRONG, dry, list, plan};
use crate::launch::{Launch, Limits};
use crate::model::Job;
use crate::plan::{Plan, Selection, plan as make};
use crate::report::Color;

/// What stands for `{run.id}` where there is no run.
const NO_RUN: &str = "{run.id}";

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
            match make(job, &Selection { processes }, &machine(jobs), &past.expected()) {
                Ok(planned) => plan::plan(&planned, &mut out)?,
                Err(unselectable) => return unselected(&unselectable),
            }
        }
        View::Graph(format) => match whole(job) {
            Ok(planned) => graph(&planned, format, &mut out)?,
            Err(unselectable) => return unselected(&unselectable),
        },
        View::List { json: false } => list::list(&job, &mut out)?,
        View::List { json: true } => list::json(&job, &mut out)?,
    }
    out.flush()?;
    Ok(FINE)
}

/// Plans all of a job, whatever it took in earlier runs.
fn whole(job: Job) -> Result<Plan, crate::plan::Unselectable> {
    make(job, &Selection::default(), &machine(None), &std::collections::BTreeMap::new())
}

/// Shows a plan, and every command as it would be executed.
pub(super) fn dry_run(planned: &Plan) -> Invoked {
    let environment = std::env::vars_os().collect();
    let launch = Launch::new(&planned.job, NO_RUN, environment, Limits::default());
    let mut out = BufWriter::new(io::stdout());
    dry::dry(planned, &launch, &mut out)?;
    out.flush()?;
    Ok(FINE)
}
