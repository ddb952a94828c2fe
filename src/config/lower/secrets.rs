//! Secrets: what is declared to be one must not be shown by the job itself.
//!
//! Which variables are secret is known once every file is read, so what may show one waits until
//! then. Unaware of values.

use super::placeholder::Use;
use super::{Lowering, Reader};
use crate::config::forms::{Key, List};
use crate::model::{Place, Placeholder, Problem, code};

/// What is wrong should a variable be a secret.
#[derive(Debug)]
pub(super) enum Shown {
    /// It stands in a command line.
    InCommand(String, Place),
    /// Its value is known to an attempt only.
    Late(String, Place),
}

impl Reader<'_, '_, '_> {
    /// Reads `secrets`.
    pub(super) fn secrets(&mut self, secrets: &Key<List<String>>) {
        for name in secrets.get().map_or(&[][..], |list| &list.value.entries) {
            self.env_name(name);
            if !self.all.job.secrets.contains(&name.value) {
                self.all.job.secrets.push(name.value.clone());
            }
        }
    }

    /// Notes the variables that a command line holds.
    pub(super) fn note_shown(&mut self, uses: &[Use]) {
        for Use { placeholder, at } in uses {
            if let Placeholder::Env(name) = placeholder {
                let place = Place::span(self.file.id, at.clone());
                self.all.shown.push(Shown::InCommand(name.clone(), place));
            }
        }
    }

    /// Notes a variable whose value only an attempt knows, of those that `uses` are a part of.
    pub(super) fn note_late(&mut self, name: &str, uses: &[Use]) {
        if let Some(used) = uses.iter().find(|used| used.placeholder.is_late()) {
            let place = Place::span(self.file.id, used.at.clone());
            self.all.shown.push(Shown::Late(name.to_owned(), place));
        }
    }
}

impl Lowering<'_> {
    /// Says where the job itself shows a secret, or makes one that can't be masked.
    pub(super) fn shown_secrets(&mut self) {
        for shown in std::mem::take(&mut self.shown) {
            let (Shown::InCommand(name, _) | Shown::Late(name, _)) = &shown;
            if !self.job.secrets.contains(name) {
                continue;
            }
            self.problems.push(match shown {
                Shown::InCommand(name, place) => {
                    let said = format!("the secret `{name}` stands in a command line");
                    let label = place.label("every user of this machine can read it");
                    Problem::error(code::SHOWN, said, label).help(format!(
                        "the program has `{name}` in its environment; or write it to its standard \
                         input: stdin = {{ text = \"{{env.{name}}}\" }}"
                    ))
                }
                Shown::Late(name, place) => {
                    let said = format!("the secret `{name}` is not known before the run");
                    let label = place.label("only an attempt knows this");
                    let help = "give it a value that can be masked from the start, or take it out \
                                of `secrets`";
                    Problem::error(code::CONFLICT, said, label).help(help)
                }
            });
        }
    }
}
