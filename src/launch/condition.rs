//! Condition: what a node's `if` asks, with its values filled in.
//!
//! What the environment, a value or the system's name decides is answered here; what needs a look
//! at the disk or at a command is handed on. Unaware of how that look is made.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::environment::{Environment, Variables};
use super::fit::os;
use super::pieces::Pieces;
use super::prepare::{Launch, folder};
use super::values::put;
use super::{Unfit, Values};
use crate::model::{self, Cell, Condition, Os, Process, Template};

/// The conditions of a node, half filled.
#[derive(Debug)]
pub struct Conditions {
    entries: Vec<Entry>,
    environment: Environment,
    /// The runner's own environment.
    own: Variables,
    base: PathBuf,
    cwd: Option<Pieces>,
    run: String,
    process: String,
}

/// One condition, filled in.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// What answers it.
    pub look: Look,
    /// Whether the contrary must hold.
    pub not: bool,
}

/// What answers a condition.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing more is needed: whether it is so, and what is the case.
    Known(bool, String),
    /// Whether this path is there; as it is written.
    Path(PathBuf, String),
    /// Whether this command passes.
    Command(Inquiry),
    /// Whether a file has changed that one of these globs matches, below the folder.
    Changed {
        /// The globs.
        globs: Vec<String>,
        /// The revision.
        since: String,
        /// The folder.
        folder: PathBuf,
        /// The environment of git.
        env: Vec<(OsString, OsString)>,
    },
}

/// A command that asks something; it is run beside attempts, and holds no slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// Its arguments; the first is the program.
    pub argv: Vec<OsString>,
    /// Its environment, whole.
    pub env: Vec<(OsString, OsString)>,
    /// Its folder.
    pub cwd: PathBuf,
}

#[derive(Debug)]
struct Entry {
    question: Question,
    not: bool,
    /// Whether the answer is known before the run.
    early: bool,
}

#[derive(Debug)]
enum Question {
    Env { name: String, is: Option<Pieces> },
    Value { value: Pieces, written: String, is: Option<Pieces> },
    Os(Os),
    Exists(Pieces),
    Command(Vec<Pieces>),
    Changed { globs: Vec<Pieces>, since: Option<Pieces> },
}

impl Launch {
    /// Prepares the conditions of a node.
    pub fn conditions(&self, process: &Process, cell: &Cell) -> Result<Conditions, Unfit> {
        let fixed = self.fixed(cell);
        let of = |template: &Template| Pieces::of(template, &fixed);
        let entries = process.conditions.iter().map(|condition| {
            let question = half_filled(&condition.question, &of)?;
            Ok(Entry { question, not: condition.not, early: is_early(condition) })
        });
        Ok(Conditions {
            entries: entries.collect::<Result<_, Unfit>>()?,
            environment: self.environment(process, &fixed)?,
            own: self.all.clone(),
            base: process.base.clone(),
            cwd: process.cwd.as_ref().map(of).transpose()?,
            run: self.run.clone(),
            process: process.name.clone(),
        })
    }
}

impl Conditions {
    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Fills one in. Each on its own: whether a later one can be asked at all may hang on an
    /// earlier one.
    pub fn asked(&self, at: usize, values: &Values<'_>) -> Result<Asked, Unfit> {
        let Entry { question, not, .. } = &self.entries[at];
        let env = self.environment.before(values)?;
        let look = self.look(question, values, &env)?;
        Ok(Asked { look, not: *not })
    }

    /// Returns whether one holds, if that is known before anything is run.
    pub fn known(&self, at: usize) -> Option<bool> {
        let Entry { not, early, .. } = &self.entries[at];
        let nothing = Values::of_item(None);
        match early.then(|| self.asked(at, &nothing))?.ok()?.look {
            Look::Known(is, _) => Some(is != *not),
            Look::Path(..) | Look::Command(_) | Look::Changed { .. } => None,
        }
    }

    fn look(
        &self,
        question: &Question,
        values: &Values<'_>,
        env: &Variables,
    ) -> Result<Look, Unfit> {
        let fill = |pieces: &Pieces| {
            pieces.fill(&|placeholder, out| put(placeholder, Some(values), env, out))
        };
        let wanted = |is: &Option<Pieces>| is.as_ref().map(fill).transpose();
        let word = |pieces: &Pieces| os(fill(pieces)?, || "a word of a condition".to_owned());
        Ok(match question {
            Question::Env { name, is } => {
                let found = [env, &self.own].into_iter().find_map(|env| variable(env, name));
                let found = found.map(OsStr::as_encoded_bytes).unwrap_or_default();
                let what = if found.is_empty() && is.is_some() {
                    format!("{name} is not set")
                } else {
                    compared(name, found, wanted(is)?.as_deref(), ["set", "not set"])
                };
                Look::Known(holds(found, wanted(is)?.as_deref()), what)
            }
            Question::Value { value, written, is } => {
                let (found, wanted) = (fill(value)?, wanted(is)?);
                let what = compared(written, &found, wanted.as_deref(), ["not empty", "empty"]);
                Look::Known(holds(&found, wanted.as_deref()), what)
            }
            Question::Os(os) => {
                let here = std::env::consts::OS;
                let is = here == os.word();
                let but = if is { String::new() } else { format!(", not {}", os.word()) };
                Look::Known(is, format!("this is {here}{but}"))
            }
            Question::Exists(path) => {
                let path = word(path)?;
                let written = path.to_string_lossy().into_owned();
                Look::Path(self.base.join(path), written)
            }
            Question::Command(words) => {
                let argv = words.iter().map(word).collect::<Result<_, _>>()?;
                let cwd = folder(&self.base, self.cwd.as_ref(), &fill)?;
                Look::Command(self.inquiry(argv, cwd, env.clone()))
            }
            Question::Changed { globs, since } => {
                let text = |of: &Pieces| Ok(word(of)?.to_string_lossy().into_owned());
                let since = since.as_ref().map(text).transpose()?;
                Look::Changed {
                    globs: globs.iter().map(text).collect::<Result<_, Unfit>>()?,
                    since: since.unwrap_or_else(|| model::Question::SINCE.to_owned()),
                    folder: self.base.clone(),
                    env: env.clone(),
                }
            }
        })
    }

    /// Adds what the runner says itself, as far as there is no attempt.
    fn inquiry(&self, argv: Vec<OsString>, cwd: PathBuf, mut env: Variables) -> Inquiry {
        env.push(("RUNNER_RUN_ID".into(), self.run.as_str().into()));
        env.push(("RUNNER_PROCESS".into(), self.process.as_str().into()));
        Inquiry { argv, env, cwd }
    }
}

/// Fills in what is fixed.
fn half_filled(
    question: &model::Question,
    of: &dyn Fn(&Template) -> Result<Pieces, Unfit>,
) -> Result<Question, Unfit> {
    use model::Question as Written;
    let maybe = |text: &Option<Template>| text.as_ref().map(of).transpose();
    Ok(match question {
        Written::Env { name, is } => Question::Env { name: name.clone(), is: maybe(is)? },
        Written::Value { value, is } => {
            Question::Value { value: of(value)?, written: value.source(), is: maybe(is)? }
        }
        Written::Os(os) => Question::Os(*os),
        Written::Exists(path) => Question::Exists(of(path)?),
        Written::Command(words) => {
            Question::Command(words.iter().map(of).collect::<Result<_, _>>()?)
        }
        Written::Changed { globs, since } => {
            let globs = globs.iter().map(of).collect::<Result<_, _>>()?;
            Question::Changed { globs, since: maybe(since)? }
        }
    })
}

/// Returns whether the answer is known before the run: nothing in it comes from a process.
fn is_early(condition: &Condition) -> bool {
    let texts = condition.question.templates();
    let mut placeholders = texts.iter().flat_map(|(text, ..)| text.placeholders());
    placeholders.all(|(placeholder, _)| !placeholder.is_late())
}

fn variable<'e>(env: &'e Variables, name: &str) -> Option<&'e OsStr> {
    env.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_os_str())
}

/// Returns whether a text is what it should be: this, or anything at all.
fn holds(found: &[u8], wanted: Option<&[u8]>) -> bool {
    wanted.map_or(!found.is_empty(), |wanted| found == wanted)
}

/// Says what a text is: beside what it should be, or whether it is anything.
fn compared(name: &str, found: &[u8], wanted: Option<&[u8]>, [some, none]: [&str; 2]) -> String {
    match wanted {
        None if found.is_empty() => format!("{name} is {none}"),
        None => format!("{name} is {some}"),
        Some(wanted) if found == wanted => format!("{name} is {}", shown(found)),
        Some(wanted) => format!("{name} is {}, not {}", shown(found), shown(wanted)),
    }
}

/// Returns a text in quotes.
fn shown(text: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(text))
}
