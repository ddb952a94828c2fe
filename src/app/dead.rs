//! Dead: the items of a run that failed for good, looked at, tried again or given up.
//!
//! A run's own events are read and never changed; what becomes of an item afterwards stands beside
//! them. All commands name what they are about in the same way: a run first, if at all, and then
//! items as they are listed, `pages:17`. Unaware of how anything is drawn or run.
//!
//! Reading order: [`letters`] says which items; `list`, `show`, `retry` with [`settle`], `drop`.

mod drop;
mod letters;
mod list;
mod retry;
mod settle;
mod show;

use std::path::PathBuf;

pub use drop::drop;
pub(super) use letters::open_items;
pub use list::list;
pub use retry::{Retry, retry};
pub use show::show;

use crate::report::Color;

/// What a command is about.
#[derive(Debug, Clone)]
pub struct Named {
    /// A run, if one is named, and then items.
    pub words: Vec<String>,
    /// `--state-dir`.
    pub state: Option<PathBuf>,
    /// `--color`.
    pub color: Color,
}
