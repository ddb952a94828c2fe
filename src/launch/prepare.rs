//! Prepare: what is the same for every attempt of a node, done once.
//!
//! An attempt then costs a copy of the environment and the filling of what is left open. Unaware of
//! how often and when it is started.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::environment::{Environment, Variables, inherited};
use super::fit::{fit, os};
use super::pieces::{Fixed, Pieces};
use super::ready::{Probe, Ready};
use super::script::{name, named_first, rewrite};
use super::values::put;
use super::{After, Item, Limits, Unfit, Values};
use crate::model::{
    Action, Cell, Deliver, Environment as Declared, Inherit, Job, Output, Placeholder, Process,
    Stdin, Template, TemplatePart,
};

/// What every node of a run shares.
#[derive(Debug)]
pub struct Launch {
    vars: std::collections::BTreeMap<String, String>,
    pub(super) run: String,
    declared: Declared,
    /// The runner's own environment, without the names that only it sets.
    pub(super) all: Variables,
    inherited: Rc<Variables>,
    limits: Limits,
}

/// A node, ready to be tried.
#[derive(Debug)]
pub struct Prepared {
    run: String,
    process: String,
    action: Words,
    /// `finally`.
    finally: Vec<Words>,
    environment: Environment,
    base: PathBuf,
    cwd: Option<Pieces>,
    stdin: Source,
    stdout: Target,
    stderr: Target,
    ready: Option<Ready>,
    /// What stands before items behind the arguments: a shell takes the first for its own name.
    before_more: Option<OsString>,
    /// Whether the item stands in `RUNNER_ITEM`.
    shows_item: bool,
    limits: Limits,
}

/// A command or a script, half filled.
#[derive(Debug)]
struct Words {
    words: Vec<Pieces>,
    /// What `RUNNER_VALUE_1` … hold, in a script.
    carried: Vec<Pieces>,
}

/// A text of which only the item is not known.
#[derive(Debug)]
pub struct OfItems {
    pieces: Pieces,
    env: Variables,
}

/// What an attempt executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its arguments; the first is the program.
    pub argv: Vec<OsString>,
    /// Its environment, whole.
    pub env: Vec<(OsString, OsString)>,
    /// Its folder, absolute if the job file's is.
    pub cwd: PathBuf,
    /// What it reads, where the process says so.
    pub stdin: Payload,
    /// Where its standard output goes.
    pub stdout: Destination,
    /// Where its standard error goes.
    pub stderr: Destination,
    /// What says whether it is ready, of a service.
    pub ready: Option<Probe>,
}

/// What an attempt reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    Closed,
    /// These bytes.
    Text(Vec<u8>),
    /// A file.
    File(PathBuf),
    /// What a process printed that has ended.
    Process(String),
    /// A pipe from a process that runs at the same time.
    Pipe(String),
    /// The standard input of the runner.
    Inherit,
}

/// Where output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To the log.
    Log,
    /// Nowhere.
    Null,
    /// To a file of the user's.
    File {
        /// The file.
        path: PathBuf,
        /// Whether it is added to.
        append: bool,
    },
}

/// A command as it will be, as far as that is known before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The command; what only an attempt knows stands in braces: `{item}`. Its environment is what
    /// is added to the inherited one, without what the runner says itself.
    pub command: Command,
    /// Whether variables of the runner's own environment are missing, so that all others are
    /// listed.
    pub is_clean: bool,
}

/// `stdin`, half filled.
#[derive(Debug)]
enum Source {
    Closed,
    Text(Pieces),
    File(Pieces),
    Process(String),
    Pipe(String),
    Inherit,
}

/// `stdout` and `stderr`, half filled.
#[derive(Debug)]
enum Target {
    Log,
    Null,
    File(Pieces, bool),
}

impl Launch {
    /// Takes what is common to a run: its job, `{run.id}`, the runner's own environment and what
    /// the system takes.
    pub fn new(job: &Job, run: &str, env: &[(OsString, OsString)], limits: Limits) -> Self {
        let inherit = job.env.inherit.clone().unwrap_or(Inherit::All);
        Self {
            vars: job.vars.clone(),
            run: run.to_owned(),
            declared: job.env.clone(),
            inherited: Rc::new(inherited(env, &inherit)),
            all: inherited(env, &Inherit::All),
            limits,
        }
    }

    /// Prepares a node.
    pub fn prepare(&self, process: &Process, cell: &Cell) -> Result<Prepared, Unfit> {
        let fixed = self.fixed(cell);
        let of = |template: &Template| Pieces::of(template, &fixed);
        let before_more = match &process.action {
            Action::Command(_) => None,
            Action::Script { shell, .. } => named_first(shell).map(OsString::from),
        };
        let consumes = process.consumes.as_ref();
        let ready = process.service.as_ref().and_then(|service| service.ready.as_ref());
        Ok(Prepared {
            run: self.run.clone(),
            process: process.name.clone(),
            action: Words::of(&process.action, &fixed)?,
            finally: process
                .finally
                .iter()
                .map(|action| Words::of(action, &fixed))
                .collect::<Result<_, _>>()?,
            before_more,
            environment: self.environment(process, &fixed)?,
            base: process.base.clone(),
            cwd: process.cwd.as_ref().map(of).transpose()?,
            stdin: source(&process.stdin, &of)?,
            stdout: target(&process.stdout, &of)?,
            stderr: target(&process.stderr, &of)?,
            ready: ready.map(|ready| Ready::of(&ready.probe, &of)).transpose()?,
            shows_item: consumes.is_some_and(|consumes| consumes.deliver == Deliver::Args),
            limits: self.limits,
        })
    }

    /// Returns what is the same for every attempt of a node.
    pub(super) fn fixed<'a>(&'a self, cell: &'a Cell) -> Fixed<'a> {
        Fixed { vars: &self.vars, cell, run: &self.run }
    }

    /// Returns the environment of a process.
    pub(super) fn environment(
        &self,
        process: &Process,
        fixed: &Fixed<'_>,
    ) -> Result<Environment, Unfit> {
        let inherited = match &process.env.inherit {
            None => Rc::clone(&self.inherited),
            same if *same == self.declared.inherit => Rc::clone(&self.inherited),
            Some(inherit) => Rc::new(inherited(&self.all, inherit)),
        };
        Environment::of(inherited, [&self.declared, &process.env], fixed)
    }

    /// Prepares a text of which only the item is not known, such as the `key` of a queue.
    pub fn of_items(&self, template: &Template) -> Result<OfItems, Unfit> {
        let fixed = Fixed { vars: &self.vars, cell: &[], run: &self.run };
        let layers = [&self.declared, &Declared::default()];
        let env = Environment::of(Rc::clone(&self.inherited), layers, &fixed)?;
        let nothing = Values::of_item(None);
        let env = env.variables(Some(&nothing))?;
        Ok(OfItems { pieces: Pieces::of(template, &fixed)?, env })
    }

    /// Returns a text for people: with `vars`, and with what else stands in braces.
    pub fn told(&self, template: &Template) -> String {
        let piece = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Value(Placeholder::Var(name), _) if self.vars.contains_key(name) => {
                self.vars[name].clone()
            }
            TemplatePart::Value(placeholder, _) => format!("{{{}}}", placeholder.name()),
        };
        template.parts().iter().map(piece).collect()
    }

    /// Fills in a text that no attempt is known for, such as a path of `items`.
    pub fn text(&self, template: &Template) -> Result<Vec<u8>, Unfit> {
        self.of_items(template)?.filled(&Values::of_item(None))
    }

    /// Does so with a path, relative to `base`.
    pub fn path(&self, template: &Template, base: &Path) -> Result<PathBuf, Unfit> {
        Ok(base.join(os(self.text(template)?, || "a path".to_owned())?))
    }
}

impl Words {
    fn of(action: &Action, fixed: &Fixed<'_>) -> Result<Self, Unfit> {
        let mut carried = Vec::new();
        let words = match action {
            Action::Command(words) => {
                words.iter().map(|word| Pieces::of(word, fixed)).collect::<Result<_, _>>()?
            }
            Action::Script { shell, text } => {
                let script = rewrite(shell, text)?;
                for placeholder in &script.values {
                    carried.push(Pieces::value(placeholder, fixed)?);
                }
                shell.iter().chain([&script.text]).map(|word| Pieces::text(word)).collect()
            }
        };
        Ok(Self { words, carried })
    }
}

impl OfItems {
    /// Fills in what an item says.
    pub fn fill(&self, item: &[u8]) -> Result<Vec<u8>, Unfit> {
        self.filled(&Values::of_item(Some(Item { id: "", index: 0, bytes: item })))
    }

    fn filled(&self, values: &Values<'_>) -> Result<Vec<u8>, Unfit> {
        self.pieces.fill(&|placeholder, out| put(placeholder, Some(values), &self.env, out))
    }
}

impl Prepared {
    /// Makes the command of one attempt.
    pub fn command(&self, values: &Values<'_>) -> Result<Command, Unfit> {
        let command = self.filled(Some(values))?;
        fit(&command, &self.limits)?;
        Ok(command)
    }

    /// Makes the command of an attempt that nothing is known of yet.
    pub fn preview(&self, launch: &Launch) -> Result<Preview, Unfit> {
        Ok(Self::shown(self.filled(None)?, launch))
    }

    /// Makes those of `finally`.
    pub fn preview_finally(&self, launch: &Launch) -> Result<Vec<Preview>, Unfit> {
        let shown = |action| Ok(Self::shown(self.bare(action, None)?.0, launch));
        self.finally.iter().map(shown).collect()
    }

    fn shown(mut command: Command, launch: &Launch) -> Preview {
        let has = |name: &OsStr| command.env.iter().any(|(have, _)| have == name);
        let whole = &launch.all;
        let is_clean = whole.iter().any(|(name, _)| !has(name));
        if !is_clean {
            command.env.retain(|pair| !whole.contains(pair));
        }
        Preview { command, is_clean }
    }

    /// Fills in what is left open; without values, for a preview.
    fn filled(&self, values: Option<&Values<'_>>) -> Result<Command, Unfit> {
        if let Some(after) = values.and_then(|values| values.after) {
            let action = self.finally.get(after.step).unwrap_or(&self.action);
            return Ok(self.bare(action, values)?.0);
        }
        let (command, plain) = self.bare(&self.action, values)?;
        let seen = &command.env[..plain];
        let fill = |pieces: &Pieces| pieces.fill(&|at, out| put(at, values, seen, out));
        let path = |pieces: &Pieces| path(&self.base, pieces, &fill);
        let stdin = match &self.stdin {
            Source::Closed => Payload::Closed,
            Source::Text(text) => Payload::Text(fill(text)?),
            Source::File(name) => Payload::File(path(name)?),
            Source::Process(name) => Payload::Process(name.clone()),
            Source::Pipe(name) => Payload::Pipe(name.clone()),
            Source::Inherit => Payload::Inherit,
        };
        let destination = |target: &Target| {
            Ok::<_, Unfit>(match target {
                Target::Log => Destination::Log,
                Target::Null => Destination::Null,
                Target::File(name, append) => {
                    Destination::File { path: path(name)?, append: *append }
                }
            })
        };
        let (stdout, stderr) = (destination(&self.stdout)?, destination(&self.stderr)?);
        let ready = self.ready.as_ref().map(|ready| ready.filled(&fill, &path)).transpose()?;
        Ok(Command { stdin, stdout, stderr, ready, ..command })
    }

    /// Fills in a command that reads nothing and prints to the log. Returns how many of its
    /// variables other texts may name.
    fn bare(&self, action: &Words, values: Option<&Values<'_>>) -> Result<(Command, usize), Unfit> {
        let mut env = self.environment.variables(values)?;
        if let Some(values) = values {
            self.say(&mut env, values)?;
        }
        let plain = env.len();
        for (number, piece) in action.carried.iter().enumerate() {
            let name = name(number);
            let filled = piece.fill(&|at, out| put(at, values, &env[..plain], out))?;
            let value = os(filled, || format!("variable `{name}`"))?;
            env.push((name.into(), value));
        }
        let seen = &env[..plain];
        let fill = |pieces: &Pieces| pieces.fill(&|at, out| put(at, values, seen, out));
        let word = |(at, pieces)| os(fill(pieces)?, || format!("argument {at}"));
        let mut argv = action.words.iter().enumerate().map(word).collect::<Result<Vec<_>, _>>()?;
        if let Some(Values { more: more @ [_, ..], .. }) = values {
            argv.extend(self.before_more.clone());
            let more = more.iter().map(|item| os(item.to_vec(), || "an item".to_owned()));
            argv.extend(more.collect::<Result<Vec<_>, _>>()?);
        }
        let cwd = folder(&self.base, self.cwd.as_ref(), &fill)?;
        let (stdout, stderr) = (Destination::Log, Destination::Log);
        let stdin = Payload::Closed;
        Ok((Command { argv, env, cwd, stdin, stdout, stderr, ready: None }, plain))
    }

    /// Adds what the runner says itself.
    fn say(&self, env: &mut Variables, values: &Values<'_>) -> Result<(), Unfit> {
        let mut say = |name: &str, value: OsString| env.push((name.into(), value));
        say("RUNNER_RUN_ID", self.run.as_str().into());
        say("RUNNER_PROCESS", self.process.as_str().into());
        say("RUNNER_ATTEMPT", values.attempt.to_string().into());
        say("RUNNER_SLOT", values.slot.to_string().into());
        if let Some(After { outcome, code, .. }) = values.after {
            let [of_outcome, of_code] = Declared::ENDED;
            say(of_outcome, outcome.into());
            say(of_code, code.map(|code| code.to_string()).unwrap_or_default().into());
        }
        if let Some(results) = values.results {
            say(Declared::RESULTS, results.into());
        }
        if let Some(item) = values.item {
            say("RUNNER_ITEM_ID", item.id.into());
            say("RUNNER_ITEM_INDEX", item.index.to_string().into());
            if self.shows_item {
                let value = os(item.bytes.to_vec(), || "variable `RUNNER_ITEM`".to_owned())?;
                say("RUNNER_ITEM", value);
            }
        }
        Ok(())
    }
}

/// Fills in the bytes of what is left open.
type Fill<'a> = &'a dyn Fn(&Pieces) -> Result<Vec<u8>, Unfit>;

/// Fills in a path, which is relative to the folder of the job file.
fn path(base: &Path, pieces: &Pieces, fill: Fill<'_>) -> Result<PathBuf, Unfit> {
    Ok(base.join(os(fill(pieces)?, || "a path".to_owned())?))
}

/// Fills in the folder that a process runs in.
pub(super) fn folder(base: &Path, cwd: Option<&Pieces>, fill: Fill<'_>) -> Result<PathBuf, Unfit> {
    cwd.map_or_else(|| Ok(base.to_owned()), |cwd| path(base, cwd, fill))
}

/// Prepares `stdin`.
fn source(stdin: &Stdin, of: &dyn Fn(&Template) -> Result<Pieces, Unfit>) -> Result<Source, Unfit> {
    Ok(match stdin {
        Stdin::Closed => Source::Closed,
        Stdin::Text(text) => Source::Text(of(text)?),
        Stdin::File(path) => Source::File(of(path)?),
        Stdin::Process(name) => Source::Process(name.clone()),
        Stdin::Pipe(name) => Source::Pipe(name.clone()),
        Stdin::Inherit => Source::Inherit,
    })
}

/// Prepares `stdout` or `stderr`.
fn target(
    output: &Output,
    of: &dyn Fn(&Template) -> Result<Pieces, Unfit>,
) -> Result<Target, Unfit> {
    Ok(match output {
        Output::Log | Output::Inherit => Target::Log,
        Output::Null => Target::Null,
        Output::File { path, append } => Target::File(of(path)?, *append),
    })
}

#[cfg(test)]
mod tests;
