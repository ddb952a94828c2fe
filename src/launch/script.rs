//! Script: placeholders in the text of a script become variables of its language.
//!
//! A value never becomes text of a script, so no item can be read as a command. It travels in
//! `RUNNER_VALUE_1` and so on, and the script gets that language's own way to read a variable, as
//! one quoted word. Unaware of values.

use super::environment::VALUE;
use super::{Unfit, code, sh};
use crate::model::{
    Action, Job, Place, Placeholder, Problem, Process, Template, TemplatePart, code as codes,
};

/// Shells of the plain language of POSIX.
const PLAIN: [&str; 4] = ["sh", "dash", "ash", "busybox"];

/// Shells that know more of it, such as `$'…'`.
const RICH: [&str; 5] = ["bash", "zsh", "ksh", "mksh", "rbash"];

/// A script whose placeholders are variables.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// The text.
    pub(super) text: String,
    /// What `RUNNER_VALUE_1`, `RUNNER_VALUE_2` … hold.
    pub(super) values: Vec<Placeholder>,
}

/// Writes a script in one language, piece by piece.
pub(super) trait Writer {
    /// Takes in text; `is_last` if nothing follows.
    fn text(&mut self, text: &str, is_last: bool);

    /// Reads a variable where the writer is now.
    fn variable(&mut self, name: &str, placeholder: &Placeholder) -> Result<(), Unfit>;

    /// Returns what was written.
    fn finish(self: Box<Self>) -> String;
}

/// Rewrites a script for the shell that will run it.
pub(super) fn rewrite(shell: &[String], template: &Template) -> Result<Script, Unfit> {
    let Some(mut writer) = writer(shell) else {
        return match template.placeholders().next() {
            Some(_) => Err(Unfit::Shell(shell.join(" "))),
            None => Ok(Script { text: plain(template), values: Vec::new() }),
        };
    };
    let mut values: Vec<Placeholder> = Vec::new();
    let last = template.parts().len().saturating_sub(1);
    for (at, part) in template.parts().iter().enumerate() {
        match part {
            TemplatePart::Text(text) => writer.text(text, at == last),
            TemplatePart::Value(placeholder, _) => {
                let known = values.iter().position(|have| have == placeholder);
                let number = known.unwrap_or_else(|| {
                    values.push(placeholder.clone());
                    values.len() - 1
                });
                writer.variable(&name(number), placeholder)?;
            }
        }
    }
    Ok(Script { text: writer.finish(), values })
}

/// Returns the variable that carries a value.
pub(super) fn name(number: usize) -> String {
    format!("{VALUE}{}", number + 1)
}

/// Tells of scripts whose placeholders can't be put in, before anything runs.
pub fn check(job: &Job) -> Vec<Problem> {
    let own = |process: &Process| {
        let place = |key| Place::value(process.file, ["process", &process.name, key]);
        let after = process.finally.iter().map(|action| (action, place("finally")));
        let all = std::iter::once((&process.action, place("script"))).chain(after);
        all.filter_map(|(action, place)| unreachable(process, action, place)).collect::<Vec<_>>()
    };
    job.processes.iter().flat_map(own).collect()
}

/// Tells why the placeholders of a script can't be put in, where that is so.
fn unreachable(process: &Process, action: &Action, place: Place) -> Option<Problem> {
    let Action::Script { shell, text } = action else { return None };
    let unfit = rewrite(shell, text).err()?;
    let named = |placeholder: &Placeholder| match &unfit {
        Unfit::Unreachable { name, .. } => *name == placeholder.name(),
        _ => true,
    };
    let (_, range) = text.placeholders().find(|(placeholder, _)| named(placeholder))?;
    let message = format!("process `{}`: {unfit}", process.name);
    let label = place.within(range.clone()).label("this placeholder");
    let problem = Problem::error(codes::PLACEHOLDER, message, label);
    Some(match unfit.hint() {
        Some(hint) => problem.help(hint),
        None => problem,
    })
}

/// Returns who writes the language of a shell, if it is known.
fn writer(shell: &[String]) -> Option<Box<dyn Writer>> {
    let stem = stem(program(shell)?);
    Some(if is_sh(stem) {
        Box::new(sh::Sh::new(RICH.contains(&stem)))
    } else {
        Box::new(code::Code::new(stem)?)
    })
}

/// Returns the name that a shell must be told before the arguments of its script, if it must be
/// told one: `sh -c TEXT NAME ARGUMENT…`.
pub(super) fn named_first(shell: &[String]) -> Option<&str> {
    let name = program(shell)?;
    is_sh(stem(name)).then_some(name)
}

fn is_sh(stem: &str) -> bool {
    PLAIN.contains(&stem) || RICH.contains(&stem)
}

/// Returns a name without its version: `python` of `python3.12`.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-')
}

/// Returns the name of the program that a shell's argv starts, past `env` and its settings.
fn program(shell: &[String]) -> Option<&str> {
    let mut names = shell.iter().map(|word| word.rsplit('/').next().unwrap_or(word));
    let first = names.next()?;
    if first != "env" {
        return Some(first);
    }
    names.find(|word| !word.starts_with('-') && !word.contains('='))
}

/// Returns the text of a template without placeholders.
fn plain(template: &Template) -> String {
    let text = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => text.clone(),
        TemplatePart::Value(..) => String::new(),
    };
    template.parts().iter().map(text).collect()
}

#[cfg(test)]
mod tests;
