//! Preflight: what a job asks of the machine that it is checked on, and that is not there.
//!
//! Programs, folders, files, globs. All of it is told as warnings: the job may be meant for another
//! machine. Nothing is started, nothing is written, and only folders and the first bytes of scripts
//! are read. What is not certain is not told: a value that only an attempt knows, a path that a
//! process before may make, what may not be looked at. Unaware of how a job is run.
//!
//! Reading order: this file, [`program`] and [`script`], [`files`]; what a text means
//! is for [`values`], what may come to be for [`made`], and what was meant for [`near`].

mod files;
mod made;
mod near;
mod program;
mod script;
mod values;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::model::{
    Action, Code, Condition, Items, Job, Os, Output, Place, Probe, Problem, Process, Question,
    Queue, Stdin, Template,
};
use files::Globs;
use made::Made;
use near::Near;
use program::Programs;
use values::{Environments, Variables};

/// Returns everything that a job names and this machine does not have.
pub fn check(job: &Job) -> Vec<Problem> {
    let environment: Vec<_> = std::env::vars_os().collect();
    check_in(job, &environment)
}

/// Does so with another environment than that of this program.
fn check_in(job: &Job, environment: &[(OsString, OsString)]) -> Vec<Problem> {
    let environments = Environments::new(job, environment);
    let made = Made::of(job, &environments);
    let mut look = Look {
        made,
        near: Near::default(),
        programs: Programs::default(),
        globs: Globs::default(),
        problems: Vec::new(),
    };
    for queue in &job.queues {
        look.queue(queue, &environments.of_job());
    }
    for process in &job.processes {
        look.process(process, &environments.of(process));
    }
    look.problems
}

/// A look at the machine under way.
struct Look<'j> {
    made: Made<'j>,
    near: Near,
    programs: Programs,
    globs: Globs,
    problems: Vec<Problem>,
}

/// Who names something: what its values mean, where its paths begin, and whether anything of the
/// job comes before it.
struct Asker<'a> {
    variables: &'a Variables<'a>,
    base: PathBuf,
    is_later: bool,
}

/// A text of the job file as it is known before a run.
struct Named {
    place: Place,
    text: String,
    /// Whether the text stands so in the file, and can be replaced there.
    is_literal: bool,
}

impl Look<'_> {
    fn process(&mut self, process: &Process, variables: &Variables<'_>) {
        let is_other = |os: Os| os.word() != std::env::consts::OS;
        let never =
            |it: &Condition| matches!(it.question, Question::Os(os) if is_other(os) != it.not);
        if process.conditions.iter().any(never) {
            return;
        }
        let place = Place::value(process.file, ["process", process.name.as_str()]);
        let is_later = self.made.comes_later(process);
        let asker = Asker { variables, base: process.base.clone(), is_later };
        let folder = self.folder(process, &asker, &place);
        match &process.action {
            Action::Command(words) => {
                let named = words
                    .first()
                    .and_then(|word| asker.named(word, place.clone().then("command").item(0)));
                self.program(named, folder.clone(), &asker);
            }
            Action::Script { shell, .. } => {
                let place = place.clone().then("shell").item(0);
                let named = shell.first().map(|text| Named::plain(text, place));
                self.program(named, folder.clone(), &asker);
            }
        }
        for (at, condition) in process.conditions.iter().enumerate() {
            let Question::Command(words) = &condition.question else { continue };
            let place = place.clone().then("if").item(at).then("command").item(0);
            let named = words.first().and_then(|word| asker.named(word, place));
            self.program(named, folder.clone(), &asker);
        }
        let ready = process.service.as_ref().and_then(|service| service.ready.as_ref());
        if let Some(Probe::Command(words)) = ready.map(|ready| &ready.probe) {
            let place = place.clone().then("ready").then("command").item(0);
            let named = words.first().and_then(|word| asker.named(word, place));
            self.program(named, folder, &asker);
        }
        if let Stdin::File(path) = &process.stdin {
            let place = place.clone().then("stdin").then("file");
            self.file(asker.named(path, place), &asker);
        }
        for (key, output) in [("stdout", &process.stdout), ("stderr", &process.stderr)] {
            if let Output::File { path, .. } = output {
                let place = place.clone().then(key).then("file");
                self.output(asker.named(path, place), &asker);
            }
        }
        for (at, glob) in process.inputs.iter().flatten().enumerate() {
            let place = place.clone().then("inputs").item(at);
            self.glob(asker.named(glob, place), &asker);
        }
    }

    fn queue(&mut self, queue: &Queue, variables: &Variables<'_>) {
        let is_later = self.made.is_filled_later(queue);
        let asker = Asker { variables, base: queue.base.clone(), is_later };
        let place = Place::value(queue.file, ["queue", queue.name.as_str(), "items"]);
        match &queue.items {
            Some(Items::File(path)) => {
                self.file(asker.named(path, place.then("file")), &asker);
            }
            Some(Items::Glob(glob)) => {
                self.glob(asker.named(glob, place.then("glob")), &asker);
            }
            Some(Items::Command(words)) => {
                let place = place.then("command").item(0);
                let named = words.first().and_then(|word| asker.named(word, place));
                self.program(named, Some(queue.base.clone()), &asker);
            }
            Some(Items::List(_) | Items::Range(..) | Items::Kept) | None => {}
        }
    }

    /// Returns whether a process that comes before may make what a path leads to.
    fn may_come(&self, path: &Path, asker: &Asker<'_>) -> bool {
        asker.is_later && self.made.may_make(path)
    }
}

impl Asker<'_> {
    /// Returns a text, where all of it is known now.
    fn named(&self, text: &Template, place: Place) -> Option<Named> {
        let is_literal = text.placeholders().next().is_none();
        let text = self.variables.fill(text)?.into_string().ok()?;
        (!text.is_empty()).then_some(Named { place, text, is_literal })
    }
}

impl Named {
    fn plain(text: &str, place: Place) -> Self {
        Self { place, text: text.to_owned(), is_literal: true }
    }

    /// Makes a problem of it.
    fn problem(&self, code: Code, said: String, label: &str) -> Problem {
        Problem::error(code, said, self.place.clone().label(label)).warning()
    }

    /// Adds what was probably meant, or else another cure.
    fn meant(&self, problem: Problem, near: Option<String>, otherwise: &str) -> Problem {
        match near {
            Some(near) => self.instead(problem, &near, format!("did you mean `{near}`?")),
            None => problem.help(otherwise),
        }
    }

    /// Adds a cure: another text in this place.
    fn instead(&self, problem: Problem, text: &str, help: String) -> Problem {
        let problem = problem.help(help);
        match near::written(text).filter(|_| self.is_literal) {
            Some(written) => problem.fix(self.place.clone(), written),
            None => problem,
        }
    }
}
