//! Lookup: what a name or a pattern finds on this machine.
//!
//! Whoever starts a program and whoever only says whether it could be started must find the same
//! one; so must those who read the files of a glob and those who ask whether there are any, and all
//! who ask what changed. Nothing is executed, and nothing is opened that could block. Unaware of
//! jobs.
//!
//! Reading order: [`program`], [`glob`], [`mod@plain`], [`mod@named`], [`changed`].

mod changed;
mod glob;
mod named;
mod plain;
mod program;

pub use changed::{Answer, Asking, Changed, LONGEST_ANSWER, OUTER_GIT, Unknown};
pub use glob::{any, files, literal_folder};
pub use named::named;
pub use plain::plain;
pub use program::{Interpreter, Start, USUAL_PATH, candidates, is_executable, start};
