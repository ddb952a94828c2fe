//! View: a job shown in some form, without running it.
//!
//! Unaware of how each form is written.

use std::path::PathBuf;

use super::load::{Load, load};
use super::{Invoked, WRONG};
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

/// How a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For Markdown pages.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// For programs.
    Json,
}

/// Shows a job.
pub fn view(job: PathBuf, add: Load, color: Color, view: View) -> Invoked {
    let Some(loaded) = load(&job, &add, color)? else { return Ok(WRONG) };
    let _ = (loaded, view);
    Ok(0)
}

/// Shows what a dry run would execute.
pub(super) fn dry(_plan: &crate::plan::Plan) -> Invoked {
    Ok(0)
}
