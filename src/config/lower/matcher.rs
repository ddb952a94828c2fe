//! Matcher: the problem matchers of a process, known ones by name and own ones.
//!
//! Unaware of what they are held against.

use std::collections::HashSet;

use regex::Regex;

use super::Reader;
use super::environment::one_or_many;
use crate::config::forms::{At, Either, Key, Span};
use crate::config::raw::{self, OneOrMany, ProblemMatcher};
use crate::model::{GROUPS, Matcher, Problem, Severity, Tool, code, nearest};

/// An entry of `problem-matcher`.
type Entry = Either<raw::Tool, ProblemMatcher>;

impl Reader<'_, '_, '_> {
    /// Reads `problem-matcher` of a process.
    pub(super) fn problem_matcher(
        &mut self,
        key: &Key<OneOrMany<Entry>>,
        process: &str,
    ) -> Vec<Matcher> {
        let entries = match key.get() {
            None => return Vec::new(),
            Some(At { value: Either::A(one), at }) => vec![At { value: one.clone(), at: *at }],
            Some(At { value: Either::B(many), .. }) => many.entries.clone(),
        };
        let read = |entry: &At<Entry>| match &entry.value {
            Either::A(tool) => of(*tool).matchers(),
            Either::B(own) => self.own(own, entry.at, process).into_iter().collect(),
        };
        entries.iter().flat_map(read).collect()
    }

    fn own(&mut self, own: &ProblemMatcher, at: Span, process: &str) -> Option<Matcher> {
        self.required(&own.pattern, ("problem-matcher", "pattern"), at)?;
        let patterns = one_or_many(&own.pattern);
        let mut groups = HashSet::new();
        let mut sound = true;
        for pattern in &patterns {
            self.regex(pattern);
            match Regex::new(&pattern.value) {
                Ok(regex) => sound &= self.found_by(&regex, pattern, &mut groups),
                Err(_) => sound = false,
            }
        }
        let missing = ["file", "message"].into_iter().find(|group| !groups.contains(*group));
        if let Some(group) = missing.filter(|_| sound) {
            let said = format!("no pattern of this problem matcher has a group `{group}`");
            let place = own.pattern.at().unwrap_or(at);
            let label = self.label(place, "finds nothing that could be told");
            let problem = Problem::error(code::BAD_VALUE, said, label);
            self.tell(problem.help(format!("name what it finds: (?<{group}>…)")));
        }
        let severity = match own.severity.get().map(|severity| severity.value) {
            None | Some(raw::Severity::Error) => Severity::Error,
            Some(raw::Severity::Warning) => Severity::Warning,
        };
        let name = own.name.get().map_or(process, |name| name.value.as_str());
        let repeats = own.repeats.get().is_some_and(|repeats| repeats.value);
        let patterns = patterns.into_iter().map(|pattern| pattern.value).collect();
        Some(Matcher { name: name.to_owned(), severity, patterns, repeats })
    }

    /// Notes what the groups of an expression find, and says which can't be found; returns whether
    /// there is none of these.
    fn found_by(
        &mut self,
        regex: &Regex,
        pattern: &At<String>,
        groups: &mut HashSet<String>,
    ) -> bool {
        let mut sound = true;
        for group in regex.capture_names().flatten() {
            if !GROUPS.contains(&group) {
                let said = format!("a problem matcher finds no `{group}`");
                let known = GROUPS.join("`, `");
                let label = self.label(pattern.at, format!("known groups are `{known}`"));
                let problem = Problem::error(code::BAD_VALUE, said, label);
                let help = match nearest(group, GROUPS.iter().copied()) {
                    Some(near) => format!("did you mean (?<{near}>…)?"),
                    None => "write (?:…) for a group that has no name".to_owned(),
                };
                self.tell(problem.help(help));
                sound = false;
            }
            groups.insert(group.to_owned());
        }
        sound
    }
}

fn of(tool: raw::Tool) -> Tool {
    match tool {
        raw::Tool::Gcc => Tool::Gcc,
        raw::Tool::Rustc => Tool::Rustc,
        raw::Tool::Go => Tool::Go,
        raw::Tool::Tsc => Tool::Tsc,
        raw::Tool::Eslint => Tool::Eslint,
        raw::Tool::Ruff => Tool::Ruff,
        raw::Tool::Python => Tool::Python,
        raw::Tool::Pytest => Tool::Pytest,
        raw::Tool::Shellcheck => Tool::Shellcheck,
        raw::Tool::Maven => Tool::Maven,
        raw::Tool::Msbuild => Tool::Msbuild,
    }
}
