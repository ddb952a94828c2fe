//! `runner rerun`: what can be typed about a run that shall be made again.
//!
//! Unaware of how that is done.

use std::path::PathBuf;

use clap::Args;

use super::words::{LookWords, OnFailureWord, OutputWord, report};
use crate::app::{self, Again, Invoked, Named, Report};

#[derive(Debug, Args)]
#[command(after_help = "\
RUN is the id of a run, `last`, or the path of its folder. Without one it is the last run. Items of
queues that failed for good are tried again by `runner dead retry`.")]
pub(super) struct RerunWords {
    /// The run
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Run only what failed and what was never reached
    #[arg(long)]
    failed: bool,
    /// Bound on children over all pools
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// What happens once a process has failed
    #[arg(long, value_name = "WHAT")]
    on_failure: Option<OnFailureWord>,
    /// Write a file about the run once it is over, as `run` does; may be given more than once
    #[arg(long, value_name = "KIND=FILE", value_parser = report)]
    report: Vec<Report>,
    /// How the run is shown
    #[arg(long, value_name = "MODE", default_value = "auto")]
    output: OutputWord,
    /// Where runs are kept [default: .runner here, or beside the job files in `jobs`]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    #[command(flatten)]
    look: LookWords,
}

/// Runs a run again.
pub(super) fn rerun(words: RerunWords) -> Invoked {
    let run = words.run.into_iter().collect();
    app::rerun(&Again {
        named: Named { words: run, state: words.state_dir, color: words.look.color.into() },
        failed: words.failed,
        jobs: words.jobs,
        on_failure: words.on_failure.map(Into::into),
        mode: words.output.into(),
        reports: words.report,
    })
}
