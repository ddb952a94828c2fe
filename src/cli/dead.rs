//! `runner dead`: what can be typed about dead items, and what it means below.
//!
//! Unaware of what is done with it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::words::{LookWords, OutputWord};
use crate::app::{self, Invoked, Named, Retry};

/// What help shows below the options.
const RUN: &str = "\
RUN is the id of a run, `last`, or the path of its folder. Without one it is the last run. An item
is named as in the list: its queue, a colon and a number.";

#[derive(Debug, Args)]
#[command(after_help = RUN)]
pub(super) struct DeadWords {
    #[command(subcommand)]
    what: Dead,
}

#[derive(Debug, Subcommand)]
enum Dead {
    /// List them, one line for each
    List(ListWords),
    /// Show all that is known of some
    Show(ShowWords),
    /// Run them through the job again, which may have been mended meanwhile
    Retry(RetryWords),
    /// Give them up: they are no longer listed, nor tried again
    Drop(DropWords),
}

#[derive(Debug, Args)]
struct RunWords {
    /// Where runs are kept [default: .runner here, or beside the job files in `jobs`]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    #[command(flatten)]
    look: LookWords,
}

#[derive(Debug, Args)]
#[command(after_help = RUN)]
struct ListWords {
    /// The run
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// As JSON, one value a line
    #[arg(long)]
    json: bool,
    /// Also those that were dropped or retried before
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    of: RunWords,
}

#[derive(Debug, Args)]
#[command(after_help = RUN, override_usage = "runner dead show [OPTIONS] [RUN] <ITEM>...")]
struct ShowWords {
    /// The run, and then items of it
    #[arg(value_name = "RUN|ITEM", required = true)]
    words: Vec<String>,
    /// Write only their bytes, as they are
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    of: RunWords,
}

#[derive(Debug, Args)]
#[command(after_help = RUN, override_usage = "runner dead retry [OPTIONS] [RUN] [ITEM]...")]
struct RetryWords {
    /// The run, and then items of it [default: all of them]
    #[arg(value_name = "RUN|ITEM")]
    words: Vec<String>,
    /// Bound on children over all pools
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// How the run is shown
    #[arg(long, value_name = "MODE", default_value = "auto")]
    output: OutputWord,
    #[command(flatten)]
    of: RunWords,
}

#[derive(Debug, Args)]
#[command(after_help = RUN, override_usage = "runner dead drop [OPTIONS] [RUN] <ITEM|--all>...")]
struct DropWords {
    /// The run, and then items of it
    #[arg(value_name = "RUN|ITEM")]
    words: Vec<String>,
    /// All of them
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    of: RunWords,
}

/// Does what was typed.
pub(super) fn dead(words: DeadWords) -> Invoked {
    match words.what {
        Dead::List(ListWords { run, json, all, of }) => {
            app::dead_list(&of.named(run.into_iter().collect()), all, json)
        }
        Dead::Show(ShowWords { words, raw, of }) => app::dead_show(&of.named(words), raw),
        Dead::Retry(RetryWords { words, jobs, output, of }) => {
            app::dead_retry(Retry { named: of.named(words), jobs, mode: output.into() })
        }
        Dead::Drop(DropWords { words, all, of }) => app::dead_drop(&of.named(words), all),
    }
}

impl RunWords {
    fn named(self, words: Vec<String>) -> Named {
        Named { words, state: self.state_dir, color: self.look.color.into() }
    }
}
