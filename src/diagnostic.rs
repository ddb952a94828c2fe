//! Diagnostic: problems of job files, written for whoever reads them.
//!
//! Takes problems whose places are bytes of a text, as [`config`](crate::config) leaves them, and
//! writes them for a person or for a program. Nothing that stands in a file can act on a terminal.
//! Unaware of how problems are found and of TOML.
//!
//! Reading order: [`pretty`] draws with [`snippet`].

mod pretty;
mod snippet;

pub use pretty::{Style, pretty};
