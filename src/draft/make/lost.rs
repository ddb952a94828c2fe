//! Lost: what the lines of a Makefile that are left would have said.
//!
//! A name that such a line sets has a value that nobody knows here, and a target of it is missed by
//! who needs it. Unaware of why a line is left.

use std::collections::HashSet;

use super::assignment;
use super::variables::Variables;

/// Words that stand before a variable, and say how it is set.
const MODIFIERS: [&str; 6] = ["define", "export", "override", "private", "undefine", "unexport"];

/// What is missing.
#[derive(Debug, Default)]
pub(super) struct Lost {
    targets: HashSet<String>,
    patterns: Vec<String>,
    /// Variables of single targets, which win over those of all.
    scoped: Vec<String>,
}

impl Lost {
    /// Notes what a line would have said.
    pub(super) fn line(&mut self, line: &str, variables: &mut Variables) {
        let (word, _) = line.trim().split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "include" | "-include" | "sinclude" | "load" | "-load" => return variables.leave_any(),
            "vpath" => return variables.leave_files(),
            _ => {}
        }
        let (modified, text) = bare(line);
        if let Some((name, ..)) = assignment(text) {
            if name == "VPATH" {
                variables.leave_files();
            }
            return variables.leave(name);
        }
        match text.split_once(':') {
            _ if modified => text.split_whitespace().for_each(|name| variables.leave(name)),
            Some((targets, rest)) if !text.starts_with("$(call ") => {
                self.rule(targets, rest.trim_start_matches(':'), variables);
            }
            // A function can set whatever it wants, and so can a name that is computed.
            _ if text.contains('$') => variables.leave_any(),
            _ => {}
        }
    }

    fn rule(&mut self, targets: &str, rest: &str, variables: &Variables) {
        let (_, text) = bare(rest);
        let own = assignment(text).map(|(name, ..)| name.to_owned());
        let is_seen = rest.split_whitespace().any(|word| word == "export");
        let is_own = own.is_some();
        self.scoped.extend(own);
        if is_own && !is_seen {
            return;
        }
        let targets = variables.plain(targets).unwrap_or_default();
        let (patterns, targets): (Vec<_>, Vec<_>) =
            targets.split_whitespace().map(str::to_owned).partition(|name| name.contains('%'));
        self.patterns.extend(patterns);
        self.targets.extend(targets);
    }

    /// Returns the variables of single targets.
    pub(super) fn scoped(&mut self) -> Vec<String> {
        std::mem::take(&mut self.scoped)
    }

    /// Returns whether a line that was left says something of a target.
    pub(super) fn names(&self, target: &str) -> bool {
        self.targets.contains(target)
    }

    /// Returns whether a line that was left would have made a file.
    pub(super) fn makes(&self, file: &str) -> bool {
        let fits = |pattern: &String| {
            let (before, after) = pattern.split_once('%').unwrap_or((pattern, ""));
            let long = file.len() >= before.len() + after.len();
            long && file.starts_with(before) && file.ends_with(after)
        };
        self.names(file) || self.patterns.iter().any(fits)
    }
}

/// Returns whether words stand before a variable that say how it is set, and the text behind them.
pub(super) fn bare(line: &str) -> (bool, &str) {
    let (mut modified, mut text) = (false, line.trim());
    while let Some((word, rest)) = text.split_once(char::is_whitespace) {
        if !MODIFIERS.contains(&word) {
            break;
        }
        (modified, text) = (true, rest.trim_start());
    }
    (modified, text)
}
