//! Fit: why a command can't be given to the system, found before it is tried.
//!
//! The system's own answer to all of these is one word without a name. Unaware of how values are
//! put together.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::Command;

/// Why there is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A placeholder has no value here.
    #[error("`{{{0}}}` has no value here")]
    Missing(String),
    /// `{env.NAME}` names a variable that is not set.
    #[error("`{{env.{0}}}` names a variable that is not set")]
    Unset(String),
    /// `{item.FIELD}` of an item that is not JSON.
    #[error("`{{item.{field}}}` needs an item that is JSON, but {why}")]
    NotJson {
        /// The field.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// `{item.FIELD}` of an item without that field.
    #[error("the item has no field `{0}`")]
    NoField(String),
    /// What a process printed is too long for a placeholder.
    #[error("the output of `{process}` has {bytes} bytes, and a placeholder holds at most {most}")]
    LongOutput {
        /// The process.
        process: String,
        /// Its bytes, trimmed.
        bytes: usize,
        /// The bound.
        most: usize,
    },
    /// A process has not written a result that a placeholder names.
    #[error("process `{process}` has written no result `{key}`")]
    NoResult {
        /// The process.
        process: String,
        /// The result.
        key: String,
    },
    /// A NUL byte, which no argument and no variable can hold.
    #[error("{0} holds a NUL byte, which the system cannot pass on")]
    Nul(String),
    /// One argument or variable is too long.
    #[error("{what} has {bytes} bytes, and the system takes at most {most}")]
    LongArgument {
        /// Which one.
        what: String,
        /// Its bytes.
        bytes: usize,
        /// The bound.
        most: usize,
    },
    /// All arguments and variables together are too long.
    #[error("arguments and environment have {bytes} bytes, and the system takes at most {most}")]
    LongCommand {
        /// Their bytes.
        bytes: usize,
        /// The bound.
        most: usize,
    },
    /// A shell whose language is not known.
    #[error("the language of `{0}` is not known, so a placeholder cannot be put into its script")]
    Shell(String),
    /// A place in a script where a value would be read as text of the script.
    #[error("`{{{name}}}` stands {place}, where no value can be put in")]
    Unreachable {
        /// The placeholder.
        name: String,
        /// Where.
        place: &'static str,
    },
}

impl Unfit {
    /// Returns the cure, where one is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Nul(_) | Self::LongArgument { .. } | Self::LongCommand { .. } => {
                "a payload has no such bound: `deliver = \"stdin\"`, or `stdin = { process = … }`"
            }
            Self::NoResult { .. } => {
                "it writes a line `key=value` to the file that `RUNNER_RESULTS` names"
            }
            Self::LongOutput { .. } => "a payload has no such bound: `stdin = { process = … }`",
            Self::NotJson { .. } => "`{item}` is the whole item, whatever it holds",
            Self::Shell(_) => "set a variable, `env.X = \"{item}\"`, and read it in the script",
            Self::Unreachable { .. } => {
                "put it outside the quotes, or set a variable, `env.X = \"{item}\"`, and read that"
            }
            Self::Unset(_) => "set it in `env`, or name it in `inherit-env`",
            Self::Missing(_) | Self::NoField(_) => return None,
        })
    }
}

/// What the system takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one argument or variable, its end included.
    pub one: usize,
    /// Bytes of all of them, with a pointer each.
    pub all: usize,
}

/// Linux takes strings of 32 pages of 4 KiB.
const ONE: usize = 128 * 1024;

/// Linux takes three quarters of 8 MiB for a program's arguments, however large its stack is.
const MOST: usize = 6 * 1024 * 1024;

/// Left for what the system adds: the path of the program, an interpreter's line.
const SPARE: usize = 8 * 1024;

impl Limits {
    /// Returns the limits of a system with this bound on a stack; `None` is no bound.
    pub fn of_stack(stack: Option<u64>) -> Self {
        let quarter = stack.map_or(MOST, |stack| usize::try_from(stack / 4).unwrap_or(MOST));
        Self { one: ONE, all: quarter.clamp(ONE, MOST) - SPARE }
    }
}

impl Default for Limits {
    /// Returns those of a stack of 8 MiB, as nearly every system has it.
    fn default() -> Self {
        Self::of_stack(Some(8 << 20))
    }
}

/// Refuses what the system would refuse.
pub(super) fn fit(command: &Command, limits: &Limits) -> Result<(), Unfit> {
    let mut total = 0;
    for (at, argument) in command.argv.iter().enumerate() {
        let bytes = argument.len() + 1;
        if bytes > limits.one {
            let what = format!("argument {at}");
            return Err(Unfit::LongArgument { what, bytes: bytes - 1, most: limits.one - 1 });
        }
        total += bytes + size_of::<usize>();
    }
    for (name, value) in &command.env {
        let bytes = name.len() + value.len() + 2;
        if bytes > limits.one {
            let what = variable(name);
            return Err(Unfit::LongArgument { what, bytes: bytes - 1, most: limits.one - 1 });
        }
        total += bytes + size_of::<usize>();
    }
    if total > limits.all {
        return Err(Unfit::LongCommand { bytes: total, most: limits.all });
    }
    Ok(())
}

/// Makes a text of the system, unless it holds a NUL byte.
pub(super) fn os(bytes: Vec<u8>, what: impl FnOnce() -> String) -> Result<OsString, Unfit> {
    use std::os::unix::ffi::OsStringExt;
    if memchr::memchr(0, &bytes).is_some() {
        return Err(Unfit::Nul(what()));
    }
    Ok(OsString::from_vec(bytes))
}

/// Names a variable in a message.
pub(super) fn variable(name: &OsStr) -> String {
    format!("variable `{}`", String::from_utf8_lossy(name.as_bytes()))
}
