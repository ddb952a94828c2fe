//! Placeholder: which of them name something, where they stand.
//!
//! What one table can say is said at once. Whether a variable exists may depend on a file that is
//! not read yet, and whether a slot lends one on its pool: these wait as loose ends. Unaware of
//! what the values will be.

use std::collections::HashSet;
use std::ops::Range;

use super::{Lowering, Reader, braces};
use crate::config::document::{exact, inside};
use crate::config::forms::At;
use crate::model::{
    Place, Placeholder, Pool, Problem, Template, TemplateError, code, nearest, unusable,
};

/// A placeholder and where it stands.
#[derive(Debug)]
pub(super) struct Use {
    /// What it names.
    pub(super) placeholder: Placeholder,
    /// Its bytes in the file.
    pub(super) at: Range<usize>,
}

/// A placeholder that another file, or a pool, may still explain.
#[derive(Debug)]
pub(super) enum Loose {
    /// `{vars.NAME}`.
    Var(String, Place),
    /// `{env.NAME}`, and the pools whose slots may lend it; every pool where none is named.
    Env(String, Place, Vec<String>),
}

/// What the placeholders of a process may name.
pub(super) struct Scope<'s> {
    /// Keys of its matrix.
    pub(super) axes: &'s [&'s str],
    /// Whether it has one item at a time.
    pub(super) items: Items,
    /// Names of its own environment.
    pub(super) env: HashSet<&'s str>,
    /// Its pools.
    pub(super) pools: &'s [String],
}

/// Whether `{item}` names something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Items {
    /// One item, one child.
    Each,
    /// Several items, one child: `deliver = "batch"`.
    Batch,
    /// Many items, one after the other: `deliver = "stream"`.
    Stream,
    /// Many items, each in a request: `deliver = "worker"`.
    Worker,
    /// The process has ended: `finally`.
    Over,
    /// The process consumes nothing.
    None,
    /// A condition is asked, before there is an attempt.
    Asked,
}

/// The cure for `{item}` where there are many.
const ONE_EACH: &str = "set deliver = \"args\" for one child an item";

/// The cure for what a condition can't ask for.
const ASK_ELSE: &str = "ask for `{vars.NAME}`, `{env.NAME}`, `{matrix.KEY}` or what another \
                        process printed, and look at the rest in the command";

impl Reader<'_, '_, '_> {
    /// Takes text apart, and notes its placeholders for when it is known what they may name.
    pub(super) fn template(&mut self, text: &At<String>, uses: &mut Vec<Use>) -> Template {
        self.no_nul(text);
        self.payload(text, uses)
    }

    /// Warns of a placeholder of another tool, which stays as it stands: `{{ item }}`.
    fn other_braces(&mut self, text: &At<String>) {
        let Some((range, meant)) = braces::other(&text.value) else { return };
        let at = inside(self.file.text, text.at, &text.value, &range);
        let written = &text.value[range];
        let place = Place::span(self.file.id, at);
        let label = place.clone().label(format!("did you mean `{{{meant}}}`?"));
        let said = format!("`{written}` is not filled in: `{{{{` is a literal brace");
        let problem = Problem::error(code::BRACES, said, label).warning();
        self.tell(instead(problem, place, &meant));
    }

    /// Warns of the `{}` of xargs and GNU parallel in a command that no item reaches otherwise.
    pub(super) fn empty_braces(&mut self, words: &[At<String>]) {
        let Some(word) = words.iter().skip(1).find(|word| word.value.contains("{}")) else {
            return;
        };
        let start = word.value.find("{}").unwrap_or_default();
        let at = inside(self.file.text, word.at, &word.value, &(start..start + 2));
        let place = Place::span(self.file.id, at);
        let label = place.clone().label("did you mean `{item}`?");
        let said = "`{}` is not filled in: an item is `{item}`";
        let problem = Problem::error(code::BRACES, said, label).warning();
        self.tell(instead(problem, place, "item"));
    }

    /// As [`Self::template`], for text that may hold a zero byte.
    pub(super) fn payload(&mut self, text: &At<String>, uses: &mut Vec<Use>) -> Template {
        if !text.value.contains('{') {
            return Template::literal(text.value.clone());
        }
        self.other_braces(text);
        let (template, errors) = Template::parse(&text.value);
        let start = exact(self.file.text, text.at, &text.value);
        let bytes = |range: &Range<usize>| match start {
            Some(start) => start + range.start..start + range.end,
            None => text.at.range(),
        };
        uses.extend(template.placeholders().map(|(placeholder, range)| Use {
            placeholder: placeholder.clone(),
            at: bytes(range),
        }));
        for error in errors {
            let at = bytes(&error.range);
            self.unknown(&error, at);
        }
        template
    }

    /// Says where text holds a zero byte, which no argument, path or variable can.
    pub(super) fn no_nul(&mut self, text: &At<String>) {
        if text.value.contains('\0') {
            let said = "this text holds a zero byte, which ends it for the operating system";
            let problem = Problem::error(code::BAD_VALUE, said, self.label(text.at, "here"));
            self.tell(problem.help("remove the `\\u0000`"));
        }
    }

    fn unknown(&mut self, error: &TemplateError, at: Range<usize>) {
        let said = format!("`{{{}}}` does not name anything", error.name);
        let place = Place::span(self.file.id, at);
        let problem = if let Some(meant) = meant(&error.name) {
            let label = place.clone().label(format!("did you mean `{{{meant}}}`?"));
            instead(Problem::error(code::PLACEHOLDER, said, label), place, &meant)
        } else {
            let label = place.label("no such placeholder");
            Problem::error(code::PLACEHOLDER, said, label).help(
                "placeholders: {vars.NAME}, {env.NAME}, {matrix.KEY}, {item}, {item.FIELD}, \
                 {item.index}, {process.NAME.stdout}, {process.NAME.result.KEY}, {run.id}, {slot}; \
                 a literal brace is `{{`",
            )
        };
        self.tell(problem);
    }

    /// Checks the placeholders of a process against what they may name.
    pub(super) fn uses(&mut self, uses: Vec<Use>, scope: &Scope<'_>) {
        for Use { placeholder, at } in uses {
            let place = Place::span(self.file.id, at);
            let name = placeholder.name();
            match placeholder {
                Placeholder::Var(var) => self.var(var, place),
                Placeholder::Env(var) if scope.env.contains(var.as_str()) => {}
                Placeholder::Env(var) => self.env(var, place, scope.pools.to_vec()),
                Placeholder::Matrix(key) if !scope.axes.contains(&key.as_str()) => {
                    self.no_axis(&key, place, scope.axes);
                }
                Placeholder::Item | Placeholder::ItemField(_) | Placeholder::ItemIndex
                    if scope.items != Items::Each =>
                {
                    self.no_item(&name, place, scope.items);
                }
                Placeholder::Slot if scope.items == Items::Asked => {
                    self.no_item(&name, place, scope.items);
                }
                Placeholder::Result(_, key) => self.result(&key, place),
                Placeholder::Matrix(_)
                | Placeholder::Item
                | Placeholder::ItemField(_)
                | Placeholder::ItemIndex
                | Placeholder::Stdout(_)
                | Placeholder::RunId
                | Placeholder::Slot => {}
            }
        }
    }

    /// Says where no process can write a result of that name.
    fn result(&mut self, key: &str, place: Place) {
        if let Some(why) = unusable(key) {
            let said = format!("{key:?} cannot name a result: {why}");
            let problem = Problem::error(code::PLACEHOLDER, said, place.label("no such result"));
            self.tell(problem.help("use letters, digits, `.`, `_` and `-`, at most 64 of them"));
        }
    }

    /// Checks placeholders that stand outside of processes, where only the run is known.
    pub(super) fn uses_outside(&mut self, uses: Vec<Use>, here: &str) {
        for Use { placeholder, at } in uses {
            let place = Place::span(self.file.id, at);
            let name = placeholder.name();
            match placeholder {
                Placeholder::Var(var) => self.var(var, place),
                Placeholder::Env(var) => self.env(var, place, Vec::new()),
                Placeholder::RunId => {}
                Placeholder::Slot
                | Placeholder::Matrix(_)
                | Placeholder::Item
                | Placeholder::ItemField(_)
                | Placeholder::ItemIndex
                | Placeholder::Stdout(_)
                | Placeholder::Result(..) => {
                    let said = format!("`{{{name}}}` does not name anything in {here}");
                    let label = place.label("only a process has it");
                    let problem = Problem::error(code::PLACEHOLDER, said, label);
                    self.tell(problem.help("move it to the processes that need it"));
                }
            }
        }
    }

    pub(super) fn var(&mut self, name: String, place: Place) {
        if !self.all.job.vars.contains_key(&name) {
            self.all.loose.push(Loose::Var(name, place));
        }
    }

    pub(super) fn env(&mut self, name: String, place: Place, pools: Vec<String>) {
        if std::env::var_os(&name).is_none() {
            self.all.loose.push(Loose::Env(name, place, pools));
        }
    }

    fn no_axis(&mut self, key: &str, place: Place, axes: &[&str]) {
        let said = format!("`{{matrix.{key}}}` does not name anything here");
        if let Some(near) = nearest(key, axes.iter().copied()) {
            let label = place.clone().label(format!("did you mean `{{matrix.{near}}}`?"));
            let problem = Problem::error(code::PLACEHOLDER, said, label);
            self.tell(instead(problem, place, &format!("matrix.{near}")));
            return;
        }
        let (label, help) = if axes.is_empty() {
            let help = format!("give it one: matrix = {{ {key} = [\"…\"] }}");
            ("this process has no `matrix`", help)
        } else {
            let help = format!("add `{key}` to its `matrix`, with a list of values");
            ("its `matrix` has no such key", help)
        };
        self.tell(Problem::error(code::PLACEHOLDER, said, place.label(label)).help(help));
    }

    fn no_item(&mut self, name: &str, place: Place, items: Items) {
        let said = format!("`{{{name}}}` does not name anything here");
        let (label, help) = match items {
            Items::Batch => ("a child that gets a batch has many items", ONE_EACH),
            Items::Stream => ("a child that reads a stream has many items", ONE_EACH),
            Items::Worker => {
                ("a worker gets one item after the other, each in a request", ONE_EACH)
            }
            Items::Asked => ("a condition is asked before an attempt has it", ASK_ELSE),
            Items::Over => (
                "it runs once, after the last item",
                "a command that is for each item belongs into `command` or `script`",
            ),
            Items::None | Items::Each => {
                ("this process consumes no queue", "add `consumes` with the name of a queue")
            }
        };
        self.tell(Problem::error(code::PLACEHOLDER, said, place.label(label)).help(help));
    }
}

impl Lowering<'_> {
    /// Says which loose ends no file explains.
    pub(super) fn tie(&mut self) {
        let set: HashSet<&str> = self.job.env.set.iter().map(|(name, _)| name.as_str()).collect();
        let read = self.job.env.from_files.iter().map(|(name, _)| name.as_str());
        let env: HashSet<&str> = read.chain(set).collect();
        let lent: HashSet<(&str, &str)> = self.job.pools.iter().flat_map(lent).collect();
        let lent_by_any: HashSet<&str> = lent.iter().map(|(_, name)| *name).collect();
        let lends = |pools: &[String], name: &str| match pools {
            [] => lent_by_any.contains(name),
            pools => pools.iter().any(|pool| lent.contains(&(pool.as_str(), name))),
        };
        // A file that could not be read may set anything.
        let all_read = self.env_files.values().all(Option::is_some);
        let mut told = Vec::new();
        for loose in &self.loose {
            match loose {
                Loose::Var(name, place) => {
                    if !self.job.vars.contains_key(name) && self.names_known {
                        told.push(no_var(name, place, self.job.vars.keys()));
                    }
                }
                Loose::Env(name, place, pools) => {
                    let known = self.names_known && self.slots_known && all_read;
                    if known && !env.contains(name.as_str()) && !lends(pools, name) {
                        told.push(no_env(name, place));
                    }
                }
            }
        }
        self.problems.extend(told);
    }
}

/// Returns the variables that the slots of a pool lend, each with the pool's name.
fn lent(pool: &Pool) -> impl Iterator<Item = (&str, &str)> {
    let slots = pool.slots.iter().flatten();
    slots.map(|(name, _)| (pool.name.as_str(), name.as_str()))
}

fn no_var<'v>(name: &str, place: &Place, vars: impl Iterator<Item = &'v String>) -> Problem {
    let said = format!("`{{vars.{name}}}` does not name anything");
    if let Some(near) = nearest(name, vars.map(String::as_str)) {
        let label = place.clone().label(format!("did you mean `{{vars.{near}}}`?"));
        let problem = Problem::error(code::PLACEHOLDER, said, label);
        return instead(problem, place.clone(), &format!("vars.{near}"));
    }
    Problem::error(code::PLACEHOLDER, said, place.clone().label("no file declares it"))
        .help(format!("declare it: [vars] with {name} = \"…\""))
}

/// Adds the placeholder to write instead.
fn instead(problem: Problem, place: Place, meant: &str) -> Problem {
    problem.help(format!("write `{{{meant}}}`")).fix(place, format!("{{{meant}}}"))
}

fn no_env(name: &str, place: &Place) -> Problem {
    let said = format!("`{{env.{name}}}` is not set");
    let label = "set neither where `runner` runs nor in this job";
    Problem::error(code::PLACEHOLDER, said, place.clone().label(label)).help(format!(
        "set it when you start `runner`, or in `env`, in an `env-file` or in the slots of a pool: \
         [env] with {name} = \"…\""
    ))
}

/// Returns the placeholder that was probably meant.
fn meant(name: &str) -> Option<String> {
    const HEADS: [&str; 7] = ["vars", "env", "matrix", "item", "process", "run", "slot"];
    let (head, tail) = name.split_once('.').unwrap_or((name, ""));
    if name == "index" || name == "item-index" {
        return Some("item.index".to_owned());
    }
    let head = match head {
        "var" => "vars",
        _ => nearest(head, HEADS)?,
    };
    let meant = match (head, tail) {
        ("run", _) => "run.id".to_owned(),
        ("slot" | "item", "") => head.to_owned(),
        ("process", tail) => {
            let mut words = tail.split('.');
            let process = words.next().filter(|name| !name.is_empty())?;
            let is_result = words.next().is_some_and(|word| {
                // That of GitHub Actions, too.
                nearest(word, ["result", "results", "output", "outputs"]).is_some()
            });
            match words.next().filter(|key| is_result && !key.is_empty()) {
                Some(key) => format!("process.{process}.result.{key}"),
                None => format!("process.{process}.stdout"),
            }
        }
        (_, "") => return None,
        (head, tail) => format!("{head}.{tail}"),
    };
    (meant != name).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn slips_in_placeholders_are_understood() {
        for (written, want) in [
            ("itme.path", Some("item.path")),
            ("var.x", Some("vars.x")),
            ("run", Some("run.id")),
            ("process.a.stderr", Some("process.a.stdout")),
            ("process.a.outputs.tag", Some("process.a.result.tag")),
            ("proces.a.reslt.tag", Some("process.a.result.tag")),
            ("process.a.result", Some("process.a.stdout")),
            ("slots", Some("slot")),
            ("zebra", None),
            ("vars", None),
        ] {
            assert_eq!(meant(written).as_deref(), want, "{written}");
        }
    }
}
