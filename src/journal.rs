//! Journal: what is left of a run on disk: its folder, its events, its logs, and how long things
//! took.
//!
//! ```text
//! .runner/                 the state folder
//!   .gitignore             `*`, so that no repository takes it up
//!   lock                   held for moments: while a run is made or durations are saved
//!   durations.json         how long nodes took in earlier runs
//!   latest                 a link to the newest run
//!   runs/20261123-015618-3f2a/
//!     lock                 held while the run goes on, gone once it has told its end
//!     events.jsonl         the event stream
//!     logs/test.out        standard output of `test`, byte for byte; `test.err` beside it
//!     items/pages          items of queue `pages` that an earlier run has left to this one
//!     results-17           what attempt 17 writes its results to, while it runs
//!     dead.jsonl           what became of its dead items after it had ended
//! ```
//!
//! Folders can be read by their owner only. Unaware of what events mean and of when they happen.
//!
//! Reading order: [`fault`], [`folder`], [`runs`], [`events`], [`log`], [`results`], `tail`,
//! [`durations`], [`fates`], [`kept`].

mod durations;
mod events;
mod fates;
mod fault;
mod folder;
mod kept;
mod log;
mod results;
mod runs;
mod tail;

pub use durations::Durations;
pub use events::{Events, EventsFile, read_events};
pub use fates::{Fate, Fates, mark, marked};
pub use fault::Fault;
pub use folder::RunFolder;
pub use kept::{Keeper, kept_items};
pub use log::{Log, Mode, Piece};
pub use results::{ResultsFile, Unreadable};
pub use runs::{JOB_SERVER, KEEP_RUNS, events_of, run_ids, take_run};
pub use tail::{last_lines, tail};
