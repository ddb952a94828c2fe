//! Ledger: every line of a file of another tool, and what became of it.
//!
//! A line is taken, or it is listed with the reason. What nobody has accounted for at the end is
//! listed too, so that nothing can be dropped unseen. Blank lines and comments need no account.
//! Unaware of which tool it is.

use std::collections::HashSet;

/// A line that was not taken, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its number, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// Why it was not taken.
    pub why: String,
}

/// Why the lines of a recipe are left of which one can't be taken.
pub(super) const NOT_WHOLE: &str = "another line of its recipe can't be taken";

/// The account of a file.
#[derive(Debug)]
pub(super) struct Ledger<'t> {
    lines: Vec<&'t str>,
    taken: Vec<bool>,
    listed: Vec<bool>,
    left: Vec<Left>,
    /// What is listed already.
    known: HashSet<(usize, String)>,
}

impl<'t> Ledger<'t> {
    /// Opens the account.
    pub(super) fn new(text: &'t str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let (taken, listed) = (vec![false; lines.len()], vec![false; lines.len()]);
        Self { lines, taken, listed, left: Vec::new(), known: HashSet::new() }
    }

    /// Returns the lines of the file.
    pub(super) fn lines(&self) -> Vec<&'t str> {
        self.lines.clone()
    }

    /// Notes that a line, from 1, is in the job.
    pub(super) fn take(&mut self, line: usize) {
        if let Some(taken) = line.checked_sub(1).and_then(|at| self.taken.get_mut(at)) {
            *taken = true;
        }
    }

    /// Lists a line.
    pub(super) fn leave(&mut self, line: usize, why: impl Into<String>) {
        self.take(line);
        let at = line.checked_sub(1).filter(|at| *at < self.lines.len());
        let text = at.map_or("", |at| self.lines[at]).trim().to_owned();
        if let Some(at) = at {
            self.listed[at] = true;
        }
        let left = Left { line, text, why: why.into() };
        if self.known.insert((line, left.why.clone())) {
            self.left.push(left);
        }
    }

    /// Lists a line that is not listed yet.
    pub(super) fn leave_also(&mut self, line: usize, why: &str) {
        if line.checked_sub(1).is_none_or(|at| self.listed.get(at) != Some(&true)) {
            self.leave(line, why);
        }
    }

    /// Closes the account: returns what is not in the job, in the order of the file. `noted` says
    /// of a line whether it needs no account.
    pub(super) fn close(mut self, noted: impl Fn(&str) -> bool) -> Vec<Left> {
        for line in 1..=self.lines.len() {
            let text = self.lines[line - 1].trim();
            if !self.taken[line - 1] && !text.is_empty() && !noted(text) {
                self.leave(line, "it was not understood");
            }
        }
        self.left.sort_by_key(|left| left.line);
        self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_took_is_listed() {
        let mut ledger = Ledger::new("a\n\n# b\nc\nd");
        ledger.take(1);
        ledger.leave(5, "of no use");
        ledger.leave(5, "of no use");
        let left = ledger.close(|line| line.starts_with('#'));
        let told: Vec<_> = left.iter().map(|it| (it.line, &*it.text, &*it.why)).collect();
        assert_eq!(told, [(4, "c", "it was not understood"), (5, "d", "of no use")]);
    }
}
