//! Schema: the shapes of what is read and written, for editors and programs.
//!
//! Unaware of how they are made.

use std::io::{self, Write};

use super::{FINE, Invoked};
use crate::{config, diagnostic, event};

/// Whose schema is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// That of a job file.
    Job,
    /// That of `validate --format json`.
    Problems,
    /// That of the event stream.
    Events,
}

/// Prints a JSON Schema.
pub fn schema(of: Schema) -> Invoked {
    let text = match of {
        Schema::Job => config::schema(),
        Schema::Problems => diagnostic::schema(),
        Schema::Events => event::schema(),
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(FINE)
}
