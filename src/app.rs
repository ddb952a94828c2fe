//! App: one function per command, each a list of steps.
//!
//! Joins the floors below and knows none of their insides. Unaware of argument syntax.
//!
//! Reading order: [`usual`](mod@usual) finds a job, [`load`] reads and proves it; [`choice`] plans
//! it, with what [`past`] runs have taught and what has changed [`since`]; `run` runs it, and
//! `rerun` an earlier run, whose [`source`] is found; `validate` only reads it, with [`places`],
//! and `explain` says what its codes mean; `view` shows it in some form: [`plan`], [`list`],
//! [`graph`], [`dry`], with [`why`] and [`words`]; [`outlook`](mod@outlook) is about one process of
//! it, and [`trace`](mod@trace) tells how a plan comes about; `schema` prints the shapes of what is
//! read and written; `lsp` answers an editor; `fmt` writes job files anew, by [`replace`]; [`dead`]
//! is about the items that failed for good; [`known`] is what can be named while one types; `init`
//! and `import` write a first job file, by [`written`].

mod choice;
mod conditions;
mod dead;
mod dry;
mod explain;
mod fault;
mod find;
mod fmt;
mod graph;
mod import;
mod init;
mod known;
mod list;
mod load;
mod lsp;
mod outlook;
mod past;
mod places;
mod plan;
mod queues;
mod replace;
mod reports;
mod rerun;
mod run;
mod schema;
mod services;
mod since;
mod source;
mod trace;
mod usual;
mod validate;
mod view;
mod why;
mod words;
mod written;

pub use choice::Choice;
pub use dead::{
    Named, Retry, drop as dead_drop, list as dead_list, retry as dead_retry, show as dead_show,
};
pub use explain::{explain, is_code};
pub use fault::{Fault, Invoked, after_output};
pub use fmt::{Fmt, fmt};
pub use graph::Format;
pub use import::{Import, import};
pub use init::{Init, init};
pub use known::{Known, codes, dead_items, processes, runs, tags, vars};
pub use load::{Load, check};
pub use lsp::lsp;
pub use outlook::{Outlook, outlook};
pub use reports::{Report, report};
pub use rerun::{Again, rerun};
pub use run::{Run, run};
pub use schema::{Schema, schema};
pub use usual::{menu, usual, usual_with};
pub use validate::{Validate, validate};
pub use view::{View, view};

/// Exit code of a run or a check in which everything is well.
pub const FINE: u8 = 0;

/// Exit code where files are not as they should be.
pub const UNFORMATTED: u8 = 1;

/// Exit code where the job file or the command line is wrong.
pub const WRONG: u8 = 2;

/// Exit code where the runner itself could not go on.
pub const BROKEN: u8 = 3;

/// Exit code where nothing was selected.
pub const NOTHING: u8 = 4;
