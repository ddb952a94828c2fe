//! Launch: a declared command and the values of one attempt become argv, environment and folder.
//!
//! Pure: it starts nothing and asks nothing of the system. Whatever a value holds, it stays data:
//! one element of `command` is one argument, and what stands in a `script` travels in a variable.
//! What does not change between attempts is done once, in [`Launch::prepare`]. Unaware of whether
//! the command exists, and of what it does.
//!
//! Reading order: `prepare`, `environment`, `pieces`, `values`, `script` with `sh` and
//! `code`, `ready`, `condition`, `fit`.

mod code;
mod condition;
mod environment;
mod fit;
mod pieces;
mod prepare;
mod ready;
mod script;
mod sh;
mod values;

pub use condition::{Asked, Conditions, Inquiry, Look};
pub use fit::{Limits, Unfit};
pub use prepare::{Command, Destination, Launch, OfItems, Payload, Prepared, Preview};
pub use ready::Probe;
pub use script::check;
pub use values::{After, Item, MAX_STDOUT, Values};
