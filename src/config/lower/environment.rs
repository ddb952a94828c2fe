//! Environment: `env`, `env-file` and `inherit-env`, of the job and of a process.
//!
//! An env file is read once, however many processes name it. Unaware of which variables are used.

use std::path::Path;
use std::rc::Rc;

use super::placeholder::Use;
use super::{Lowering, Reader};
use crate::config::forms::{At, Either, Key, List, Map};
use crate::config::raw::OneOrMany;
use crate::config::{Purpose, env_file, read};
use crate::model::{Environment, FileId, Inherit, Place, Problem, code};

/// Variables of an env file, or none where it could not be read, which was told.
pub(super) type Pairs = Option<Rc<Variables>>;

/// Names and values.
type Variables = Vec<(String, String)>;

/// The three keys, of a job or of a process.
pub(super) struct Environs<'k> {
    /// `env`.
    pub(super) env: &'k Key<Map<String>>,
    /// `env-file`.
    pub(super) env_file: &'k Key<OneOrMany<String>>,
    /// `inherit-env`.
    pub(super) inherit_env: &'k Key<Either<bool, List<String>>>,
}

impl Lowering<'_> {
    /// Reads the env files of the command line, which win over those of the job.
    pub(super) fn more_env_files(&mut self) {
        for path in &self.options.env_files {
            match pairs(path, &path.display().to_string()) {
                Ok(read) => {
                    self.job.env.from_files.extend(read);
                    self.job.env.files.push(path.clone());
                }
                Err(faults) => {
                    for Fault { said, help, .. } in faults {
                        let label = Place::whole(FileId::default()).label("");
                        let problem = Problem::error(code::BAD_VALUE, said, label);
                        self.problems.push(problem.help(help));
                    }
                }
            }
        }
    }
}

impl Reader<'_, '_, '_> {
    /// Reads the three keys; placeholders in `env` are added to `uses`.
    pub(super) fn environment(&mut self, keys: &Environs<'_>, uses: &mut Vec<Use>) -> Environment {
        let mut read = Environment::default();
        for (name, value) in keys.env.get().map_or(&[][..], |env| &env.value.0) {
            self.env_name(name);
            self.own_name(name);
            if let Some(value) = value.get() {
                let before = uses.len();
                let value = self.template(value, uses);
                self.note_late(&name.value, &uses[before..]);
                read.set.push((name.value.clone(), value));
            }
        }
        for path in one_or_many(keys.env_file) {
            let pairs = self.env_file(&path);
            read.files.push(self.file.base.join(&path.value));
            read.from_files.extend(pairs.iter().flat_map(|pairs| pairs.iter().cloned()));
        }
        read.inherit = keys.inherit_env.get().map(|inherit| match &inherit.value {
            Either::A(true) => Inherit::All,
            Either::A(false) => Inherit::None,
            Either::B(names) => {
                names.entries.iter().for_each(|name| self.env_name(name));
                Inherit::Only(names.entries.iter().map(|name| name.value.clone()).collect())
            }
        });
        read
    }

    /// Says where a name is one that the runner sets itself, so that what is given is never seen.
    pub(super) fn own_name(&mut self, name: &At<String>) {
        if Environment::OWN.contains(&name.value.as_str()) {
            let said = format!("`{}` is set by the runner itself", name.value);
            let problem = Problem::error(code::BAD_NAME, said, self.label(name.at, "never seen"));
            self.tell(problem.help("choose another name"));
        }
    }

    /// Says where a name cannot be that of a variable.
    pub(super) fn env_name(&mut self, name: &At<String>) {
        let why = match name.value.as_str() {
            "" => "it is empty",
            text if text.contains('=') => "it holds a `=`",
            text if text.contains('\0') => "it holds a zero byte",
            _ => return,
        };
        let said = format!("{:?} cannot name an environment variable: {why}", name.value);
        let problem = Problem::error(code::BAD_NAME, said, self.label(name.at, "this name"));
        self.tell(problem.help("use letters, digits and `_`"));
    }

    fn env_file(&mut self, path: &At<String>) -> Pairs {
        let full = self.file.base.join(&path.value);
        if let Some(known) = self.all.env_files.get(&full) {
            return known.clone();
        }
        let read = match pairs(&full, &path.value) {
            Ok(read) => Some(Rc::new(read)),
            Err(faults) => {
                for Fault { said, help, is_missing } in faults {
                    let label = self.label(path.at, "named here");
                    let problem = match self.all.options.purpose {
                        Purpose::Check if is_missing => {
                            Problem::error(code::NO_FILE, said, label).warning()
                        }
                        Purpose::Run | Purpose::Check => {
                            Problem::error(code::BAD_VALUE, said, label)
                        }
                    };
                    self.tell(problem.help(help));
                }
                None
            }
        };
        self.all.env_files.insert(full, read.clone());
        read
    }
}

/// Returns the entries of a key that takes one or several.
pub(super) fn one_or_many(key: &Key<OneOrMany<String>>) -> Vec<At<String>> {
    match key.get() {
        Some(At { value: Either::A(one), at }) => vec![At { value: one.clone(), at: *at }],
        Some(At { value: Either::B(many), .. }) => many.entries.clone(),
        None => Vec::new(),
    }
}

/// What is wrong with an env file.
struct Fault {
    said: String,
    /// What would be right.
    help: String,
    /// Whether there is no such file: on another machine there may be one.
    is_missing: bool,
}

/// Reads an env file, or returns all that is wrong with it.
fn pairs(path: &Path, shown: &str) -> Result<Variables, Vec<Fault>> {
    let text = read::file(path).map_err(|error| {
        let said = format!("the env file `{shown}` cannot be read: {}", error.why);
        vec![Fault { said, help: error.help, is_missing: error.is_missing }]
    })?;
    env_file::parse(&text).map_err(|bad| {
        let told = bad.iter().map(|bad| {
            let said = format!("line {} of the env file `{shown}`: {}", bad.line, bad.why);
            let help = "write KEY=VALUE, with quotes around a value that needs them".to_owned();
            Fault { said, help, is_missing: false }
        });
        told.collect()
    })
}
